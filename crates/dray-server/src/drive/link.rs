//! A public link to a file.

use dray_api::{ItemId, LinkId, UserId};
use jiff::Timestamp;

/// A link as the database has it. `Debug` would show its secret, so there is none.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its record.
    pub(crate) id: LinkId,
    /// The file.
    pub(crate) item: ItemId,
    /// The secret end of its address.
    pub(crate) slug: String,
    /// Argon2id, in the PHC string format, if it has a password.
    pub(crate) password_hash: Option<String>,
    /// Who made it.
    pub(crate) created_by: UserId,
    /// When.
    pub(crate) created_at: Timestamp,
    /// From this moment on it leads nowhere.
    pub(crate) expires_at: Option<Timestamp>,
    /// How often it was followed to the file.
    pub(crate) downloads: u64,
}

impl Link {
    /// Whether its time is over.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }
}
