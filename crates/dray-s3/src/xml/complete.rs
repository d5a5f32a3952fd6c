//! `CompleteMultipartUpload`: the list of parts that a client names, and the answer.

use super::{
    ObjectChecksum,
    reader::{Cursor, malformed, once},
    writer::Writer,
};
use crate::{
    ErrorCode, MAX_PART_NUMBER, PartNumber, S3Error,
    checksum::{Algorithm, Checksum},
};

/// The longest body, in bytes. 10,000 parts with a checksum each need under 3 MB, even indented.
pub const MAX_COMPLETE_BODY_BYTES: usize = 4 << 20;

/// The body of a `CompleteMultipartUpload` request: 1 to 10,000 parts, strictly ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteMultipartUpload {
    /// The parts, in ascending order of their numbers.
    pub parts: Vec<CompletedPart>,
}

/// A part as the client names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedPart {
    /// Its number.
    pub part_number: PartNumber,
    /// Its `ETag`, without the double quotes.
    pub etag: String,
    /// The checksum that the client gave.
    pub checksum: Option<Checksum>,
}

impl CompleteMultipartUpload {
    /// Parses a body. Errors: `MalformedXML`; `InvalidArgument` for a number outside 1 to 10,000, and for a part with a
    /// checksum that is not base64 or with several; `InvalidPartOrder`.
    pub fn parse(body: &[u8]) -> Result<Self, S3Error> {
        let mut cursor = Cursor::root(body, "CompleteMultipartUpload", MAX_COMPLETE_BODY_BYTES)?;
        let mut parts: Vec<CompletedPart> = Vec::new();
        while let Some(name) = cursor.child()? {
            if name != "Part" || parts.len() == usize::from(MAX_PART_NUMBER) {
                return Err(malformed());
            }
            let part = parse_part(&mut cursor)?;
            if parts.last().is_some_and(|last| last.part_number >= part.part_number) {
                let message = "The list of parts was not in ascending order";
                return Err(S3Error::new(ErrorCode::InvalidPartOrder, message));
            }
            parts.push(part);
        }
        cursor.finish()?;
        if parts.is_empty() { Err(malformed()) } else { Ok(Self { parts }) }
    }
}

impl CompleteMultipartUpload {
    /// The body of the request.
    pub fn to_xml(&self) -> String {
        Writer::document("CompleteMultipartUpload", |out| {
            for part in &self.parts {
                out.nested("Part", |out| {
                    out.value("PartNumber", part.part_number);
                    out.etag(&part.etag);
                    if let Some(checksum) = &part.checksum {
                        out.text(checksum.algorithm().element_name(), &checksum.to_base64());
                    }
                });
            }
        })
    }
}

fn parse_part(cursor: &mut Cursor<'_>) -> Result<CompletedPart, S3Error> {
    let (mut part_number, mut etag, mut checksum) = (None, None, None);
    while let Some(name) = cursor.child()? {
        let text = cursor.text()?;
        match (name.as_str(), Algorithm::from_element_name(&name)) {
            ("PartNumber", _) => once(&mut part_number, parse_number(text.trim())?)?,
            ("ETag", _) => once(&mut etag, unquoted(text.trim()))?,
            // Some clients write every element that they know, without a value.
            (_, Some(_)) if text.trim().is_empty() => {}
            (_, Some(algorithm)) => {
                let given = Checksum::from_base64(algorithm, text.trim()).ok_or_else(invalid_checksum)?;
                if checksum.replace(given).is_some() {
                    return Err(invalid_checksum());
                }
            }
            (_, None) => return Err(malformed()),
        }
    }
    match (part_number, etag) {
        (Some(part_number), Some(etag)) => Ok(CompletedPart { part_number, etag, checksum }),
        _ => Err(malformed()),
    }
}

/// As on AWS.
fn invalid_checksum() -> S3Error {
    S3Error::new(ErrorCode::InvalidArgument, "Invalid Base64 or multiple checksums present in request")
}

fn parse_number(text: &str) -> Result<PartNumber, S3Error> {
    let number: i64 = text.parse().map_err(|_| malformed())?;
    PartNumber::try_from(number).map_err(|error| S3Error::new(ErrorCode::InvalidArgument, error.to_string()))
}

/// An `ETag` without its double quotes; clients send both forms.
fn unquoted(etag: &str) -> String {
    etag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(etag).to_owned()
}

/// The answer to a completed upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteMultipartUploadResult<'a> {
    /// URL of the object.
    pub location: &'a str,
    /// Its bucket.
    pub bucket: &'a str,
    /// Its key.
    pub key: &'a str,
    /// Its `ETag`, without the double quotes.
    pub etag: &'a str,
    /// Its checksum, if the upload was created with one.
    pub checksum: Option<ObjectChecksum>,
}

impl CompleteMultipartUploadResult<'_> {
    /// The body of the answer.
    pub fn to_xml(&self) -> String {
        Writer::document("CompleteMultipartUploadResult", |out| {
            out.text("Location", self.location);
            out.text("Bucket", self.bucket);
            out.text("Key", self.key);
            out.etag(self.etag);
            if let Some(checksum) = &self.checksum {
                checksum.write(out);
            }
        })
    }
}
