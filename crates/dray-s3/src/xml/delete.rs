//! `DeleteObjects`: up to 1,000 keys in one request, and the outcome of each.

use super::{
    reader::{Cursor, malformed, once},
    writer::Writer,
};
use crate::{ErrorCode, S3Error};

/// The maximum number of keys of one request.
pub const MAX_DELETE_OBJECTS: usize = 1000;
/// The longest body, in bytes: 1,000 keys of 1,024 bytes, with room for escapes.
pub const MAX_DELETE_BODY_BYTES: usize = 4 << 20;

/// The body of a `DeleteObjects` request: 1 to 1,000 objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delete {
    /// What to delete, in the order sent.
    pub objects: Vec<DeleteObject>,
    /// Whether the answer lists failures only.
    pub quiet: bool,
}

/// One object to delete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteObject {
    /// Its key.
    pub key: String,
    /// The requested version, if any.
    pub version_id: Option<String>,
    /// Delete the object only if this is its `ETag` (quotes are optional); `*` matches any `ETag`.
    pub etag: Option<String>,
    /// Delete the object only if it has this size.
    pub size_bytes: Option<u64>,
    /// Delete the object only if it was stored at this time: an HTTP date or ISO 8601, as the client wrote it.
    pub last_modified: Option<String>,
}

impl Delete {
    /// Parses a body. The error is `MalformedXML`.
    pub fn parse(body: &[u8]) -> Result<Self, S3Error> {
        let mut cursor = Cursor::root(body, "Delete", MAX_DELETE_BODY_BYTES)?;
        let (mut objects, mut quiet) = (Vec::new(), None);
        while let Some(name) = cursor.child()? {
            match name.as_str() {
                "Object" if objects.len() < MAX_DELETE_OBJECTS => objects.push(parse_object(&mut cursor)?),
                "Quiet" => once(&mut quiet, parse_bool(&cursor.text()?)?)?,
                _ => return Err(malformed()),
            }
        }
        cursor.finish()?;
        if objects.is_empty() {
            return Err(malformed());
        }
        Ok(Self { objects, quiet: quiet.unwrap_or(false) })
    }
}

fn parse_object(cursor: &mut Cursor<'_>) -> Result<DeleteObject, S3Error> {
    let (mut key, mut version_id) = (None, None);
    let (mut etag, mut size_bytes, mut last_modified) = (None, None, None);
    while let Some(name) = cursor.child()? {
        let text = cursor.text()?;
        match name.as_str() {
            "Key" => once(&mut key, text)?,
            "VersionId" => once(&mut version_id, text)?,
            "ETag" => once(&mut etag, text)?,
            "Size" => once(&mut size_bytes, text.trim().parse().map_err(|_| malformed())?)?,
            "LastModifiedTime" => once(&mut last_modified, text)?,
            _ => return Err(malformed()),
        }
    }
    let key = key.filter(|key| !key.is_empty()).ok_or_else(malformed)?;
    Ok(DeleteObject { key, version_id, etag, size_bytes, last_modified })
}

fn parse_bool(text: &str) -> Result<bool, S3Error> {
    text.trim().parse().map_err(|_| malformed())
}

/// The answer to `DeleteObjects`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteResult<'a> {
    /// Keys that do not exist any more; empty when the request was quiet.
    pub deleted: Vec<&'a str>,
    /// Keys that could not be deleted.
    pub failures: Vec<DeleteFailure<'a>>,
}

/// Why one key could not be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteFailure<'a> {
    /// The key.
    pub key: &'a str,
    /// What went wrong.
    pub code: ErrorCode,
    /// For people.
    pub message: &'a str,
}

impl DeleteResult<'_> {
    /// The body of the answer.
    pub fn to_xml(&self) -> String {
        Writer::document("DeleteResult", |out| {
            for key in &self.deleted {
                out.nested("Deleted", |out| out.text("Key", key));
            }
            for failure in &self.failures {
                out.nested("Error", |out| {
                    out.text("Key", failure.key);
                    out.text("Code", failure.code.as_str());
                    out.text("Message", failure.message);
                });
            }
        })
    }
}
