//! What the drive is, without storage and without requests: types, settings as values, and pure decisions.
//!
//! It has no IO, no async, no HTTP and no SQL. Time is an argument, `now`. Only [`clock`] can read the machine's
//! clock, for callers that then pass the time on.

pub mod access;
pub mod body;
pub mod clock;
pub mod cursor;
pub mod error;
pub mod event;
pub mod extension;
pub mod grant;
pub mod item;
pub mod line;
pub mod link;
pub mod listing;
pub mod name;
pub mod network;
pub mod parts;
pub mod path;
pub mod permit;
pub mod report;
pub mod request;
pub mod role;
pub mod rules;
pub mod search;
pub mod settings;
pub mod sniff;
pub mod time;
pub mod token;
pub mod upload;

pub use error::{Error, QuotaOf, Result};
pub use time::wire_time;
