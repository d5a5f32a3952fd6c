//! Ids: 12 bytes, written as 24 hexadecimal characters. The first four are seconds since 1970, so ids of
//! one table sort roughly by age; the rest is random.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 24 hexadecimal characters")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 12]);

        impl $name {
            /// Builds an id from the time of creation (seconds since 1970) and eight random bytes.
            pub fn new(unix_secs: u32, random: [u8; 8]) -> Self {
                let mut bytes = [0; 12];
                bytes[..4].copy_from_slice(&unix_secs.to_be_bytes());
                bytes[4..].copy_from_slice(&random);
                Self(bytes)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let mut bytes = [0; 12];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidId)?;
                Ok(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0; 24];
                hex::encode_to_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
                f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A file or folder of the drive.
    ItemId
);
id!(
    /// A person who can sign in.
    UserId
);
id!(
    /// A workspace: the tenant that everything belongs to.
    WorkspaceId
);
id!(
    /// An access token's record (not the token itself, which is a secret).
    TokenId
);
id!(
    /// A grant's record (not the grant itself, which is a secret). In the database a grant is a token of a kind of its own.
    GrantId
);
id!(
    /// A file request's record (not its address, which is a secret). In the database a request is a token that nobody holds.
    RequestId
);
id!(
    /// A public link's record (not its address, which is a secret).
    LinkId
);
id!(
    /// An upload's row in the database (the `uploadId` of the wire is the object store's).
    UploadRowId
);

impl From<TokenId> for GrantId {
    fn from(id: TokenId) -> Self {
        Self(id.0)
    }
}

impl From<GrantId> for TokenId {
    fn from(id: GrantId) -> Self {
        Self(id.0)
    }
}

impl From<TokenId> for RequestId {
    fn from(id: TokenId) -> Self {
        Self(id.0)
    }
}

impl From<RequestId> for TokenId {
    fn from(id: RequestId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_writes() {
        let id = ItemId::new(0x0102_0304, [0xff; 8]);
        assert_eq!(id.to_string(), "01020304ffffffffffffffff");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"01020304ffffffffffffffff\"");
    }

    #[test]
    fn an_id_in_capitals_is_the_same_id() {
        let lower: ItemId = "01020304ffffffffffffffff".parse().unwrap();
        assert_eq!("01020304FFFFFFFFFFFFFFFF".parse(), Ok(lower));
    }

    #[test]
    fn other_texts_are_not_ids() {
        for text in
            ["", "01020304fffffffffffffff", "01020304fffffffffffffffff", "0102030gffffffffffffffff", "été"]
        {
            assert_eq!(text.parse::<ItemId>(), Err(InvalidId), "{text}");
        }
    }
}
