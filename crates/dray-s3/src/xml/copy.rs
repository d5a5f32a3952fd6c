//! The answers to writes that have a body: `CopyObject`, `UploadPartCopy` and `PostObject`.

use jiff::Timestamp;

use super::{ObjectChecksum, writer::Writer};

/// The result of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyResult<'a> {
    /// Its `ETag`, without the double quotes.
    pub etag: &'a str,
    /// When the copy was created.
    pub last_modified: Timestamp,
    /// Its checksum.
    pub checksum: Option<ObjectChecksum>,
}

impl CopyResult<'_> {
    /// The body of the answer to `CopyObject`.
    pub fn to_object_xml(&self) -> String {
        Writer::document("CopyObjectResult", |out| {
            self.write(out);
            if let Some(checksum) = &self.checksum {
                checksum.write(out);
            }
        })
    }

    /// The body of the answer to `UploadPartCopy`.
    pub fn to_part_xml(&self) -> String {
        Writer::document("CopyPartResult", |out| {
            self.write(out);
            if let Some(checksum) = &self.checksum {
                out.text(checksum.checksum.algorithm().element_name(), &checksum.text());
            }
        })
    }

    fn write(&self, out: &mut Writer) {
        out.time("LastModified", self.last_modified);
        out.etag(self.etag);
    }
}

/// The answer to `PostObject` when the form asks for status 201.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostResponse<'a> {
    /// Address of the object.
    pub location: &'a str,
    /// Its bucket.
    pub bucket: &'a str,
    /// Its key.
    pub key: &'a str,
    /// Its `ETag`, without the double quotes.
    pub etag: &'a str,
}

impl PostResponse<'_> {
    /// The body of the answer; AWS gives it no namespace.
    pub fn to_xml(&self) -> String {
        Writer::plain_document("PostResponse", |out| {
            out.text("Location", self.location);
            out.text("Bucket", self.bucket);
            out.text("Key", self.key);
            out.etag(self.etag);
        })
    }
}
