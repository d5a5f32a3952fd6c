//! Items of the drive, and MIME types.

use std::ops::Deref;

use dray_api::limits::{MAX_METADATA_DEPTH, MAX_MIME_TYPE_BYTES};
use dray_api::{GrantId, ItemId, ItemType, RequestId, UserId, WorkspaceId};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{Error, Result, wire_time};

/// The maximum number of bytes of each of the two names in a MIME type (RFC 6838, 4.2).
const MAX_TYPE_NAME_BYTES: usize = 127;

/// A MIME type (RFC 9110, 8.3.1): `type/subtype` and perhaps parameters, in visible ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MimeType(String);

impl MimeType {
    /// The type for bytes of unknown content, as browsers use it.
    pub const UNKNOWN: &'static str = "application/octet-stream";

    /// Checks a MIME type. Browsers give an empty one for extensions that they do not know; it becomes
    /// [`MimeType::UNKNOWN`].
    pub fn parse(mime_type: String) -> Result<Self> {
        if mime_type.is_empty() {
            return Ok(Self(Self::UNKNOWN.to_owned()));
        }
        let essence = mime_type.split(';').next().unwrap_or_default().trim_end();
        let is_well_formed = mime_type.len() <= MAX_MIME_TYPE_BYTES
            && mime_type.bytes().all(|b| (b' '..=b'~').contains(&b))
            && essence.split_once('/').is_some_and(|(main, sub)| is_name(main) && is_name(sub));
        if is_well_formed {
            Ok(Self(mime_type))
        } else {
            Err(Error::field("mimeType", "must be a MIME type such as \"application/pdf\""))
        }
    }

    /// The type as given.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// RFC 6838, 4.2. A range of types, such as `image/*`, is not the type of a file.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.len() <= MAX_TYPE_NAME_BYTES
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
}

/// An item, as it is in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// The workspace it is in; items never leave it.
    pub workspace: WorkspaceId,
    /// The folder it is in; `None` at the root.
    pub parent: Option<ItemId>,
    /// The user who owns it.
    pub owner: UserId,
    /// Its name.
    pub name: String,
    /// File or folder, and what only files have.
    pub content: Content,
    /// What an application attached to the upload that made the item.
    pub attached: Attached,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What an application attached to the uploads of a grant, and to the items that they became. Most have nothing attached, so
/// this is one pointer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attached(Option<Box<Notes>>);

/// What is attached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes {
    /// The grant; `None` means that the upload had no grant.
    pub grant: Option<GrantId>,
    /// The file request, if the grant is that of a submitter.
    pub request: Option<RequestId>,
    /// The name by which the application knows it.
    pub external_id: Option<String>,
    /// The application's JSON object.
    pub metadata: Option<String>,
}

static NOTHING: Notes = Notes { grant: None, request: None, external_id: None, metadata: None };

impl From<Notes> for Attached {
    fn from(notes: Notes) -> Self {
        Self((notes != NOTHING).then(|| Box::new(notes)))
    }
}

impl Deref for Attached {
    type Target = Notes;

    fn deref(&self) -> &Notes {
        self.0.as_deref().unwrap_or(&NOTHING)
    }
}

impl Notes {
    /// The metadata in the wire format. Earlier versions accepted metadata that is nested too deep, with which others
    /// could not read the whole answer. It is left out.
    pub fn metadata_to_wire(&self) -> Option<Map<String, Value>> {
        let metadata = serde_json::from_str(self.metadata.as_deref()?).ok()?;
        is_shallow(&metadata).then_some(metadata)
    }
}

/// Whether metadata is nested at most [`MAX_METADATA_DEPTH`] levels deep, so that an answer may contain it.
pub fn is_shallow(metadata: &Map<String, Value>) -> bool {
    fn fits<'a>(mut members: impl Iterator<Item = &'a Value>, levels: usize) -> bool {
        members.all(|value| match value {
            Value::Object(inner) => levels > 0 && fits(inner.values(), levels - 1),
            Value::Array(inner) => levels > 0 && fits(inner.iter(), levels - 1),
            _ => true,
        })
    }
    fits(metadata.values(), MAX_METADATA_DEPTH - 1)
}

/// What an item holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Other items.
    Folder,
    /// Bytes.
    File {
        /// MIME type.
        mime_type: String,
        /// How many bytes.
        size_bytes: u64,
        /// Where the store has them.
        object_key: String,
    },
}

impl Item {
    /// The size of its bytes; a folder has none.
    pub fn size_bytes(&self) -> u64 {
        match self.content {
            Content::Folder => 0,
            Content::File { size_bytes, .. } => size_bytes,
        }
    }

    /// Where the store has its bytes; a folder has none.
    pub fn object_key(&self) -> Option<&str> {
        match &self.content {
            Content::Folder => None,
            Content::File { object_key, .. } => Some(object_key),
        }
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.content == Content::Folder
    }

    /// The item in the wire format.
    pub fn to_wire(&self) -> dray_api::Item {
        let (kind, mime_type, file_size) = match &self.content {
            Content::Folder => (ItemType::Folder, None, None),
            Content::File { mime_type, size_bytes, .. } => {
                (ItemType::File, Some(mime_type.clone()), Some(*size_bytes))
            }
        };
        dray_api::Item {
            id: self.id,
            name: self.name.clone(),
            kind,
            owner: self.owner,
            parent_id: self.parent,
            mime_type,
            file_size,
            role: None,
            grant_id: self.attached.grant,
            request_id: self.attached.request,
            external_id: self.attached.external_id.clone(),
            metadata: self.attached.metadata_to_wire(),
            created_at: wire_time(self.created_at),
            updated_at: wire_time(self.updated_at),
        }
    }
}

/// The prefix of the keys of all objects.
pub const OBJECT_PREFIX: &str = "files/";

/// The key of an item's bytes in the store. It consists of ids, never of a name.
pub fn object_key(workspace: WorkspaceId, item: ItemId) -> String {
    format!("{OBJECT_PREFIX}{workspace}/{item}")
}

/// The workspace that an object's key names. `None`: Dray made no such key.
pub fn workspace_of_key(key: &str) -> Option<WorkspaceId> {
    let text = key.strip_prefix(OBJECT_PREFIX)?.split_once('/')?.0;
    text.parse().ok().filter(|id: &WorkspaceId| id.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_workspace() {
        let (workspace, item) = (WorkspaceId::new(1, [2; 8]), ItemId::new(3, [4; 8]));
        assert_eq!(workspace_of_key(&object_key(workspace, item)), Some(workspace));
        for key in
            ["files/", "files/a/b", "other/000000010202020202020202/a", "files/000000010202020202020202"]
        {
            assert_eq!(workspace_of_key(key), None, "{key}");
        }
    }

    #[test]
    fn a_mime_type_is_checked_and_an_empty_one_becomes_unknown_bytes() {
        let parse = |text: &str| MimeType::parse(text.to_owned());
        assert_eq!(parse("").unwrap().into_string(), "application/octet-stream");
        for text in ["application/pdf", "text/plain; charset=utf-8", "image/svg+xml"] {
            assert_eq!(parse(text).unwrap().into_string(), text);
        }
        for text in [
            "pdf",
            "a/",
            "/b",
            "a/b\r\nX: y",
            "a b/c",
            "a/b/c",
            "é/b",
            "image/*",
            "*/*",
            "*/a",
            "a/*",
            "a/-b",
            "+a/b",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(parse(&format!("a/{}", "b".repeat(300))).is_err());
    }
}
