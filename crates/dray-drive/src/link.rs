//! A public link to a file.

use dray_api::{ItemId, LinkId, TokenId, UserId};
use jiff::Timestamp;

use crate::wire_time;

/// A link, as it is in the database. It has no `Debug`, which would show its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Its record.
    pub id: LinkId,
    /// The file.
    pub item: ItemId,
    /// The secret part of its address.
    pub slug: String,
    /// Argon2id in the PHC string format, if the link has a password.
    pub password_hash: Option<String>,
    /// Who made it.
    pub created_by: UserId,
    /// The folder to which the token that made the link was confined, if it was confined. The link works only as long as
    /// the file is in this folder.
    pub confined_to: Option<ItemId>,
    /// The token with which it was made, if that is known. The link does not end with it.
    pub made_with: Option<TokenId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The link is invalid from this time on.
    pub expires_at: Option<Timestamp>,
    /// How often somebody followed it to the file.
    pub downloads: u64,
}

/// Whether a text can be a [`Link::slug`]: 128 bits in hexadecimal.
pub fn is_slug(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl Link {
    /// The link in the wire format, below the server's address `public_url`.
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

    /// Whether it has expired.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_that_the_server_makes_are_slugs() {
        assert!(is_slug("0123456789abcdef0123456789abcdef"));
        for text in ["", "0123456789abcdef0123456789abcde", "0123456789ABCDEF0123456789abcdef", "\0"] {
            assert!(!is_slug(text), "{text:?}");
        }
    }
}
