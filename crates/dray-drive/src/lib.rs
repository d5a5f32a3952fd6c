//! What the drive is, without how it is stored or asked for: types, settings as values, and pure decisions.
//!
//! No IO, no async, no HTTP, no SQL. Time comes in as `now`; only [`clock`] can read the machine's, for those who pass it on.

pub mod access;
pub mod causes;
pub mod clock;
pub mod error;
pub mod event;
pub mod grant;
pub mod item;
pub mod link;
pub mod listing;
pub mod name;
pub mod parts;
pub mod path;
pub mod permit;
pub mod report;
pub mod role;
pub mod rules;
pub mod search;
pub mod settings;
pub mod sniff;
pub mod time;
pub mod token;
pub mod upload;

pub use causes::{causes_after, with_causes};
pub use error::{Error, QuotaOf, Result};
pub use time::wire_time;
