//! The wire format of the drive API: what goes over HTTP as JSON, and the rules that both ends must agree on.
//!
//! The server, the client and other programs use it. It does no IO, has no clock and no HTTP library. Its only
//! dependencies are serde, Unicode's tables and, with the feature `openapi`, the schemas of its types.

pub mod batch;
mod causes;
pub mod error;
pub mod grant;
pub mod id;
pub mod item;
pub mod limits;
pub mod listing;
pub mod plan;
pub mod request;
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

pub use causes::{causes_after, innermost_cause, with_causes};
pub use error::{ErrorBody, ErrorCode};
pub use grant::{CreatedGrant, Grant, GrantUpload, GrantUploadState, GrantUploads, Grants, NewGrant, Verb};
pub use id::{GrantId, InvalidId, ItemId, LinkId, RequestId, TokenId, UploadRowId, UserId, WorkspaceId};
pub use item::{DownloadUrl, Item, ItemChange, ItemType, NewFolder};
pub use listing::{Ancestors, EmptiedTrash, ItemPage, ListSort, TrashPage, TrashedItem, Usage};
pub use plan::PartPlan;
pub use request::{FileRequest, NewRequest, RequestChange};
pub use search::{EntityType, SearchHits, SearchSort, SortOrder, WorkspaceHit, WorkspaceHits};
pub use sharing::{Link, Links, NewLink, NewRole, Participant, Participants, Role};
pub use token::{CreatedToken, NewToken, RotateToken, Token, Tokens};
pub use tree::{Tree, TreeNode};
pub use workspace::{Member, Members, WorkspaceInfo};

/// Path that every route of the API starts with.
pub const BASE_PATH: &str = "/public/v1";
