//! Answers as a client reads them. Stores use various root names and add elements, so this reads only
//! the elements that are needed.

use jiff::Timestamp;

use super::{
    error::ROOT as ERROR,
    reader::{Cursor, malformed},
};
use crate::S3Error;

/// The longest answer that is read: a page of 1,000 keys of 1,024 bytes, with every byte escaped.
pub const MAX_ANSWER_BYTES: usize = 16 << 20;

/// A page of `ListParts`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartsPage {
    /// The parts, ascending.
    pub parts: Vec<ReadPart>,
    /// The `part-number-marker` of the next page; `None` on the last page.
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
    /// The `key-marker` and `upload-id-marker` of the next page; `None` on the last page.
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
    /// The `continuation-token` of the next page; `None` on the last page.
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

/// The id in an answer to `CreateMultipartUpload`; `None` if the body is not such an answer.
pub fn read_upload_id(body: &[u8]) -> Option<String> {
    read_text(body, "UploadId")
}

/// The `ETag` in an answer to `CompleteMultipartUpload`; `None` if the body is not such an answer. For example, an
/// `Error` can come with status 200.
pub fn read_etag(body: &[u8]) -> Option<String> {
    read_text(body, "ETag")
}

impl PartsPage {
    /// The page in an answer; `None` if the body is not such a page.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let (mut parts, next) = page(body, "Part", ReadPart::read, ["NextPartNumberMarker"])?;
        parts.retain(|part| part.part_number > 0 && !part.etag.is_empty());
        Some(Self { parts, next_marker: next.map(|[number]| number) })
    }
}

impl ReadPart {
    fn read(&mut self, name: &str, cursor: &mut Cursor<'_>) -> Result<(), S3Error> {
        match name {
            "PartNumber" => self.part_number = number(cursor)?,
            "Size" => self.size_bytes = number(cursor)?,
            "ETag" => self.etag = cursor.text()?,
            _ => cursor.skip()?,
        }
        Ok(())
    }
}

impl UploadsPage {
    /// The page in an answer; `None` if the body is not such a page.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let markers = ["NextKeyMarker", "NextUploadIdMarker"];
        let (mut uploads, next) = page(body, "Upload", ReadUpload::read, markers)?;
        // An abort without an upload id would be a request to remove the object, so entries without an id are dropped.
        uploads.retain(|upload| !upload.key.is_empty() && !upload.upload_id.is_empty());
        Some(Self { uploads, next_marker: next.map(|[key, id]| (key, id)) })
    }
}

impl ReadUpload {
    fn read(&mut self, name: &str, cursor: &mut Cursor<'_>) -> Result<(), S3Error> {
        match name {
            "Key" => self.key = cursor.text()?,
            "UploadId" => self.upload_id = cursor.text()?,
            "Initiated" => self.initiated = moment(cursor)?,
            _ => cursor.skip()?,
        }
        Ok(())
    }
}

impl ObjectsPage {
    /// The page in an answer; `None` if the body is not such a page.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let (mut objects, next) = page(body, "Contents", ReadObject::read, ["NextContinuationToken"])?;
        objects.retain(|object| !object.key.is_empty());
        Some(Self { objects, next_token: next.map(|[token]| token) })
    }
}

/// A page of `ListBuckets`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketsPage {
    /// The names of the buckets.
    pub names: Vec<String>,
    /// The `continuation-token` of the next page; `None` on the last page.
    pub next_token: Option<String>,
}

impl BucketsPage {
    /// The page in an answer; `None` if the body is not such a page.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let (mut names, mut next_token) = (Vec::new(), None);
        read(body, |name, cursor| {
            match name {
                "Buckets" => {
                    while let Some(_bucket) = cursor.child()? {
                        while let Some(child) = cursor.child()? {
                            if child == "Name" {
                                names.push(cursor.text()?);
                            } else {
                                cursor.skip()?;
                            }
                        }
                    }
                }
                "ContinuationToken" => next_token = Some(cursor.text()?).filter(|token| !token.is_empty()),
                _ => cursor.skip()?,
            }
            Ok(())
        })?;
        Some(Self { names, next_token })
    }
}

impl ReadObject {
    fn read(&mut self, name: &str, cursor: &mut Cursor<'_>) -> Result<(), S3Error> {
        match name {
            "Key" => self.key = cursor.text()?,
            "Size" => self.size_bytes = number(cursor)?,
            "LastModified" => self.last_modified = moment(cursor)?,
            _ => cursor.skip()?,
        }
        Ok(())
    }
}

/// Adds a child element to a row, and leaves the child.
type ReadChild<T> = fn(&mut T, &str, &mut Cursor<'_>) -> Result<(), S3Error>;

/// The elements with the name `row`, and the markers of the next page. There are no markers on the last page, or if
/// the answer lacks the first of them. Any other marker that the answer lacks is empty.
fn page<T: Default, const N: usize>(
    body: &[u8],
    row: &str,
    read_child: ReadChild<T>,
    markers: [&str; N],
) -> Option<(Vec<T>, Option<[String; N]>)> {
    let (mut rows, mut is_truncated, mut next) = (Vec::new(), false, markers.map(|_| String::new()));
    read(body, |name, cursor| {
        if name == row {
            let mut one = T::default();
            while let Some(child) = cursor.child()? {
                read_child(&mut one, &child, cursor)?;
            }
            rows.push(one);
        } else if name == "IsTruncated" {
            is_truncated = cursor.text()? == "true";
        } else if let Some(at) = markers.iter().position(|marker| *marker == name) {
            next[at] = cursor.text()?;
        } else {
            cursor.skip()?;
        }
        Ok(())
    })?;
    let has_next = is_truncated && next.first().is_some_and(|first| !first.is_empty());
    Some((rows, has_next.then_some(next)))
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

/// Calls `child` for each child of the root. `child` must leave the element. `None` if the answer is not XML, or is an `Error`.
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
    fn an_answer_is_read_whatever_its_root_is_called_and_whatever_else_it_contains() {
        let body = br#"<?xml version="1.0" encoding="UTF-8"?>
            <InitiateMultipartUpload xmlns="urn:x" more="yes"><New><A/><B>1</B></New><UploadId>a&amp;b</UploadId></InitiateMultipartUpload>"#;
        assert_eq!(read_upload_id(body).as_deref(), Some("a&b"));
    }

    #[test]
    fn a_body_of_another_kind_is_not_an_answer() {
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
    fn the_last_page_has_no_marker_of_a_next_page() {
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
        let nameless = b"<R><Upload><Key>k</Key></Upload></R>";
        assert_eq!(UploadsPage::parse(nameless), Some(UploadsPage::default()));
    }
}
