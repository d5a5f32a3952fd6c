//! The XML of S3: bodies of requests and answers (AWS S3 API reference, each operation's syntax).
//!
//! Requests are parsed strictly and within limits. An element that is not in the schema is `MalformedXML`. DTDs are
//! refused, and so are entities other than XML's own five. Answers are read leniently (`answers.rs`), because stores
//! differ.

mod answers;
mod bucket;
mod complete;
mod copy;
mod delete;
mod error;
mod multipart;
mod object;
mod objects;
mod reader;
mod tagging;
#[cfg(test)]
mod tests;
mod writer;

pub use answers::{
    BucketsPage, MAX_ANSWER_BYTES, ObjectsPage, PartsPage, ReadObject, ReadPart, ReadUpload, UploadsPage,
    read_etag, read_upload_id,
};
pub use bucket::{
    AccessControlPolicy, Bucket, CreateBucketConfiguration, EmptyConfiguration, ListAllMyBucketsResult,
    LocationConstraint,
};
pub use complete::{
    CompleteMultipartUpload, CompleteMultipartUploadResult, CompletedPart, MAX_COMPLETE_BODY_BYTES,
};
pub use copy::{CopyResult, PostResponse};
pub use delete::{
    Delete, DeleteFailure, DeleteObject, DeleteResult, MAX_DELETE_BODY_BYTES, MAX_DELETE_OBJECTS,
};
pub use error::{Error, ErrorAnswer, MAX_ERROR_BYTES};
pub use multipart::{
    InitiateMultipartUploadResult, ListMultipartUploadsResult, ListPartsResult, ListedPart, ListedUpload,
};
pub use object::{GetObjectAttributesResponse, ObjectPart, ObjectParts};
pub use objects::{
    ListBucketResult, ListBucketResultV2, ListVersionsResult, ListedObject, Listing, NULL_VERSION,
};
pub use tagging::{MAX_TAGGING_BODY_BYTES, Tagging};

use std::borrow::Cow;

use crate::checksum::{Checksum, ChecksumType, composite_text};

/// The media type of every body here.
pub const CONTENT_TYPE: &str = "application/xml";

/// The storage class of every object; there is no other.
const STORAGE_CLASS: &str = "STANDARD";

/// The `encoding-type` of a listing: how it writes keys that XML cannot hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EncodingType {
    /// Unencoded; characters that XML 1.0 cannot hold become references, as on AWS.
    #[default]
    None,
    /// Percent-encoded (`encoding-type=url`); `/` stays.
    Url,
}

impl EncodingType {
    fn encode(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::None => text.into(),
            Self::Url => crate::encode_path(text),
        }
    }

    fn write(self, out: &mut writer::Writer) {
        if self == Self::Url {
            out.text("EncodingType", "url");
        }
    }
}

/// The checksum of a whole object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectChecksum {
    /// The checksum.
    pub checksum: Checksum,
    /// What the checksum covers, and so how it is written.
    pub checksum_type: ChecksumType,
    /// Number of parts of the object; written at the end of a composite checksum.
    pub parts: usize,
}

impl ObjectChecksum {
    /// The text in headers and XML: base64, with `-<parts>` at the end if the checksum is composite.
    pub fn text(&self) -> String {
        match self.checksum_type {
            ChecksumType::FullObject => self.checksum.to_base64(),
            ChecksumType::Composite => composite_text(&self.checksum, self.parts),
        }
    }

    fn write(&self, out: &mut writer::Writer) {
        out.text(self.checksum.algorithm().element_name(), &self.text());
        out.text("ChecksumType", self.checksum_type.as_str());
    }
}
