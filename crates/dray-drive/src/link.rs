//! A public link to a file.

use dray_api::{ItemId, LinkId, UserId};
use jiff::Timestamp;

use crate::wire_time;

/// A link as the database has it. `Debug` would show its secret, so there is none.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Its record.
    pub id: LinkId,
    /// The file.
    pub item: ItemId,
    /// The secret end of its address.
    pub slug: String,
    /// Argon2id, in the PHC string format, if it has a password.
    pub password_hash: Option<String>,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// From this moment on it leads nowhere.
    pub expires_at: Option<Timestamp>,
    /// How often it was followed to the file.
    pub downloads: u64,
}

/// Whether a text can be a [`Link::slug`]: 128 bits in hexadecimal.
pub fn is_slug(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl Link {
    /// The link as the wire has it, below the server's address `public_url`.
    pub fn to_wire(&self, public_url: &str) -> dray_api::Link {
        dray_api::Link {
            id: self.id,
            url: format!("{public_url}/l/{}", self.slug),
            item_id: self.item,
            created_by: self.created_by,
            created_at: wire_time(self.created_at),
            expires_at: self.expires_at.map(wire_time),
            has_password: self.password_hash.is_some(),
            downloads: self.downloads,
        }
    }

    /// Whether its time is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_what_the_server_makes_and_nothing_else() {
        assert!(is_slug("0123456789abcdef0123456789abcdef"));
        for text in ["", "0123456789abcdef0123456789abcde", "0123456789ABCDEF0123456789abcdef", "\0"] {
            assert!(!is_slug(text), "{text:?}");
        }
    }
}
