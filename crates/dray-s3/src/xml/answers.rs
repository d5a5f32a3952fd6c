//! Answers as a client reads them: stores name the root as they like and say more than is asked for, so nothing is read
//! but what is needed.

use jiff::Timestamp;

use super::{
    error::ROOT as ERROR,
    reader::{Cursor, malformed},
};
use crate::S3Error;

/// Longest answer that is worth reading: a page of 1,000 keys of 1,024 bytes, each of them escaped.
pub const MAX_ANSWER_BYTES: usize = 16 << 20;

/// A page of `ListParts`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartsPage {
    /// The parts, ascending.
    pub parts: Vec<ReadPart>,
    /// The `part-number-marker` of the next page; none: this is the last.
    pub next_marker: Option<String>,
}

/// A part that a store has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadPart {
    /// Its number.
    pub part_number: u64,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its `ETag`, as the store writes it: with the double quotes.
    pub etag: String,
}

/// A page of `ListMultipartUploads`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadsPage {
    /// The uploads.
    pub uploads: Vec<ReadUpload>,
    /// The `key-marker` and `upload-id-marker` of the next page; none: this is the last.
    pub next_marker: Option<(String, String)>,
}

/// An upload that a store has begun and not ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadUpload {
    /// Its key.
    pub key: String,
    /// Its id.
    pub upload_id: String,
    /// When it was created, if the store says so.
    pub initiated: Option<Timestamp>,
}

/// A page of `ListObjectsV2`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectsPage {
    /// The objects.
    pub objects: Vec<ReadObject>,
    /// The `continuation-token` of the next page; none: this is the last.
    pub next_token: Option<String>,
}

/// An object in a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadObject {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it was stored, if the store says so.
    pub last_modified: Option<Timestamp>,
}

/// The id in an answer to `CreateMultipartUpload`; none if it is not one.
pub fn read_upload_id(body: &[u8]) -> Option<String> {
    read_text(body, "UploadId")
}

/// The `ETag` in an answer to `CompleteMultipartUpload`; none if it is not one: an `Error`, say, which can come with
/// status 200.
pub fn read_etag(body: &[u8]) -> Option<String> {
    read_text(body, "ETag")
}

impl PartsPage {
    /// The page in an answer; none if it is not one.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let (mut parts, mut is_truncated, mut next) = (Vec::new(), false, None);
        read(body, |name, cursor| {
            match name {
                "Part" => parts.push(ReadPart::read(cursor)?),
                "IsTruncated" => is_truncated = cursor.text()? == "true",
                "NextPartNumberMarker" => next = Some(cursor.text()?),
                _ => cursor.skip()?,
            }
            Ok(())
        })?;
        Some(Self { parts, next_marker: next.filter(|_| is_truncated) })
    }
}

impl ReadPart {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, S3Error> {
        let mut part = Self::default();
        while let Some(name) = cursor.child()? {
            match name.as_str() {
                "PartNumber" => part.part_number = number(cursor)?,
                "Size" => part.size_bytes = number(cursor)?,
                "ETag" => part.etag = cursor.text()?,
                _ => cursor.skip()?,
            }
        }
        Ok(part)
    }
}

impl UploadsPage {
    /// The page in an answer; none if it is not one.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let (mut uploads, mut is_truncated, mut key, mut id) = (Vec::new(), false, None, None);
        read(body, |name, cursor| {
            match name {
                "Upload" => uploads.push(ReadUpload::read(cursor)?),
                "IsTruncated" => is_truncated = cursor.text()? == "true",
                "NextKeyMarker" => key = Some(cursor.text()?),
                "NextUploadIdMarker" => id = Some(cursor.text()?),
                _ => cursor.skip()?,
            }
            Ok(())
        })?;
        let next = key.map(|key| (key, id.unwrap_or_default()));
        Some(Self { uploads, next_marker: next.filter(|_| is_truncated) })
    }
}

impl ReadUpload {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, S3Error> {
        let mut upload = Self::default();
        while let Some(name) = cursor.child()? {
            match name.as_str() {
                "Key" => upload.key = cursor.text()?,
                "UploadId" => upload.upload_id = cursor.text()?,
                "Initiated" => upload.initiated = moment(cursor)?,
                _ => cursor.skip()?,
            }
        }
        Ok(upload)
    }
}

impl ObjectsPage {
    /// The page in an answer; none if it is not one.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let (mut objects, mut is_truncated, mut next) = (Vec::new(), false, None);
        read(body, |name, cursor| {
            match name {
                "Contents" => objects.push(ReadObject::read(cursor)?),
                "IsTruncated" => is_truncated = cursor.text()? == "true",
                "NextContinuationToken" => next = Some(cursor.text()?),
                _ => cursor.skip()?,
            }
            Ok(())
        })?;
        Some(Self { objects, next_token: next.filter(|_| is_truncated) })
    }
}

impl ReadObject {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, S3Error> {
        let mut object = Self::default();
        while let Some(name) = cursor.child()? {
            match name.as_str() {
                "Key" => object.key = cursor.text()?,
                "Size" => object.size_bytes = number(cursor)?,
                "LastModified" => object.last_modified = moment(cursor)?,
                _ => cursor.skip()?,
            }
        }
        Ok(object)
    }
}

/// The text of a child of the root.
fn read_text(body: &[u8], wanted: &str) -> Option<String> {
    let mut found = None;
    read(body, |name, cursor| {
        if name == wanted {
            found = Some(cursor.text()?);
            return Ok(());
        }
        cursor.skip()
    })?;
    found.filter(|text: &String| !text.is_empty())
}

/// Gives each child of the root to `child`, which leaves it; none if the answer is no XML, or an `Error`.
fn read(body: &[u8], mut child: impl FnMut(&str, &mut Cursor<'_>) -> Result<(), S3Error>) -> Option<()> {
    let (root, mut cursor) = Cursor::lenient_root(body, MAX_ANSWER_BYTES).ok()?;
    if root == ERROR {
        return None;
    }
    while let Some(name) = cursor.child().ok()? {
        child(&name, &mut cursor).ok()?;
    }
    cursor.finish().ok()
}

fn number(cursor: &mut Cursor<'_>) -> Result<u64, S3Error> {
    cursor.text()?.trim().parse().map_err(|_| malformed())
}

fn moment(cursor: &mut Cursor<'_>) -> Result<Option<Timestamp>, S3Error> {
    Ok(cursor.text()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_whatever_its_root_is_called_and_whatever_else_it_says() {
        let body = br#"<?xml version="1.0" encoding="UTF-8"?>
            <InitiateMultipartUpload xmlns="urn:x" more="yes"><New><A/><B>1</B></New><UploadId>a&amp;b</UploadId></InitiateMultipartUpload>"#;
        assert_eq!(read_upload_id(body).as_deref(), Some("a&b"));
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for body in [
            "",
            "ok",
            "<html><body>busy</body></html>",
            "<Error><Code>InternalError</Code><ETag>x</ETag></Error>",
            "<R><ETag></ETag></R>",
            "<R><ETag>x</ETag>",
            "<R><ETag>x</ETag></R><R/>",
        ] {
            assert_eq!(read_etag(body.as_bytes()), None, "{body}");
        }
        assert_eq!(read_etag(b"<R><ETag>\"x\"</ETag></R>").as_deref(), Some("\"x\""));
    }

    #[test]
    fn a_page_that_is_the_last_has_no_next() {
        let page = |truncated: &str| {
            let body = format!(
                "<R><IsTruncated>{truncated}</IsTruncated><NextPartNumberMarker>7</NextPartNumberMarker>
                 <Part><PartNumber>7</PartNumber><ETag>\"e\"</ETag><Size>9</Size></Part></R>"
            );
            PartsPage::parse(body.as_bytes()).unwrap()
        };
        let part = ReadPart { part_number: 7, size_bytes: 9, etag: "\"e\"".into() };
        assert_eq!(page("true"), PartsPage { parts: vec![part.clone()], next_marker: Some("7".into()) });
        assert_eq!(page("false"), PartsPage { parts: vec![part], next_marker: None });
        assert_eq!(PartsPage::parse(b"<R><Part><Size>-1</Size></Part></R>"), None);
    }
}
