//! The element `Error`: servers write it and clients read it. A 200 answer to `CompleteMultipartUpload` can contain one.

use super::{reader::Cursor, writer::Writer};
use crate::{ErrorCode, S3Error};

/// The longest error body that is read.
pub const MAX_ERROR_BYTES: usize = 64 << 10;
pub(super) const ROOT: &str = "Error";

/// An error as a server writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error<'a> {
    /// The code.
    pub code: ErrorCode,
    /// A message for people.
    pub message: &'a str,
    /// The region to sign for, if the request was signed for another.
    pub region: Option<&'a str>,
    /// The bucket or object, as a path.
    pub resource: &'a str,
    /// The id under which the server logged the request.
    pub request_id: &'a str,
}

impl Error<'_> {
    /// The body of the answer.
    pub fn to_xml(&self) -> String {
        Writer::plain_document(ROOT, |out| {
            out.text("Code", self.code.as_str());
            out.text("Message", self.message);
            if let Some(region) = self.region {
                out.text("Region", region);
            }
            out.text("Resource", self.resource);
            out.text("RequestId", self.request_id);
        })
    }
}

/// An error as a client reads it. Stores may use their own codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// The code as sent; [`ErrorCode::parse`] knows those of S3.
    pub code: String,
    /// A message for people; may be empty.
    pub message: String,
}

impl ErrorAnswer {
    /// The error in this body; `None` if its root is not `Error` or it has no code. It ignores elements and attributes
    /// that it does not know.
    pub fn parse(body: &[u8]) -> Option<Self> {
        Self::read(body).ok().flatten()
    }

    fn read(body: &[u8]) -> Result<Option<Self>, S3Error> {
        let (root, mut cursor) = Cursor::lenient_root(body, MAX_ERROR_BYTES)?;
        if root != ROOT {
            return Ok(None);
        }
        let (mut code, mut message) = (None, String::new());
        while let Some(name) = cursor.child()? {
            match name.as_str() {
                "Code" => code = Some(cursor.text()?),
                "Message" => message = cursor.text()?,
                _ => cursor.skip()?,
            }
        }
        cursor.finish()?;
        Ok(code.map(|code| Self { code, message }))
    }
}
