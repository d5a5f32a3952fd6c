//! The wire of the drive API: what goes over HTTP as JSON, and the rules both ends must agree on.
//!
//! Used by the server, the client and anyone who links them. No IO, no clock, no HTTP library: serde, Unicode's tables,
//! and with the feature `openapi` each type's schema.

pub mod batch;
pub mod error;
pub mod id;
pub mod item;
pub mod limits;
pub mod listing;
pub mod plan;
#[cfg(feature = "openapi")]
mod schema;
pub mod search;
pub mod sharing;
mod spelling;
pub mod text;
pub mod token;
pub mod tree;
pub mod upload;
pub mod workspace;
#[cfg(feature = "openapi")]
mod written;

pub use error::{ErrorBody, ErrorCode};
pub use id::{InvalidId, ItemId, LinkId, TokenId, UploadRowId, UserId, WorkspaceId};
pub use item::{DownloadUrl, Item, ItemChange, ItemType, NewFolder};
pub use listing::{Ancestors, EmptiedTrash, ItemPage, ListSort, TrashPage, TrashedItem, Usage};
pub use plan::PartPlan;
pub use search::{SearchHits, SearchSort, SortOrder};
pub use sharing::{Link, Links, NewLink, NewRole, Participant, Participants, Role};
pub use token::{CreatedToken, NewToken, RotateToken, Token, Tokens};
pub use tree::{Tree, TreeNode};
pub use workspace::{Member, Members, WorkspaceInfo};

/// Path that every route of the API starts with.
pub const BASE_PATH: &str = "/public/v1";
