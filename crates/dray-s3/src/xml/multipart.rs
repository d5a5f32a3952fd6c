//! Answers about multipart uploads that are under way.

use jiff::Timestamp;

use super::{EncodingType, STORAGE_CLASS, writer::Writer};
use crate::{
    PartNumber,
    checksum::{Algorithm, Checksum, ChecksumType},
};

/// The answer to `CreateMultipartUpload`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InitiateMultipartUploadResult<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The key.
    pub key: &'a str,
    /// The id of the new upload.
    pub upload_id: &'a str,
}

impl InitiateMultipartUploadResult<'_> {
    /// The body of the answer.
    pub fn to_xml(&self) -> String {
        Writer::document("InitiateMultipartUploadResult", |out| {
            out.text("Bucket", self.bucket);
            out.text("Key", self.key);
            out.text("UploadId", self.upload_id);
        })
    }
}

/// The answer to `ListParts`: one page of an upload's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPartsResult<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The key.
    pub key: &'a str,
    /// The upload.
    pub upload_id: &'a str,
    /// Whose upload it is.
    pub owner: &'a str,
    /// The page holds parts after this number; 0 for the first page.
    pub part_number_marker: u32,
    /// The maximum number of parts that the page may hold.
    pub max_parts: u16,
    /// Whether more parts follow. The next marker is the last part's number.
    pub is_truncated: bool,
    /// The checksum that the upload was created with.
    pub checksum: Option<(Algorithm, ChecksumType)>,
    /// The parts, ascending.
    pub parts: Vec<ListedPart<'a>>,
}

/// A part that the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPart<'a> {
    /// Its number.
    pub part_number: PartNumber,
    /// When it was stored.
    pub last_modified: Timestamp,
    /// Its `ETag`, without the double quotes.
    pub etag: &'a str,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its checksum, if it has one.
    pub checksum: Option<Checksum>,
}

impl ListPartsResult<'_> {
    /// The body of the answer.
    pub fn to_xml(&self) -> String {
        Writer::document("ListPartsResult", |out| {
            out.text("Bucket", self.bucket);
            out.text("Key", self.key);
            out.text("UploadId", self.upload_id);
            out.owner("Initiator", self.owner);
            out.owner("Owner", self.owner);
            out.text("StorageClass", STORAGE_CLASS);
            out.value("PartNumberMarker", self.part_number_marker);
            if let Some(last) = self.parts.last().filter(|_| self.is_truncated) {
                out.value("NextPartNumberMarker", last.part_number);
            }
            out.value("MaxParts", self.max_parts);
            out.value("IsTruncated", self.is_truncated);
            write_checksum_choice(out, self.checksum);
            self.parts.iter().for_each(|part| part.write(out));
        })
    }
}

impl ListedPart<'_> {
    fn write(&self, out: &mut Writer) {
        out.nested("Part", |out| {
            out.value("PartNumber", self.part_number);
            out.time("LastModified", self.last_modified);
            out.etag(self.etag);
            out.value("Size", self.size_bytes);
            if let Some(checksum) = &self.checksum {
                out.text(checksum.algorithm().element_name(), &checksum.to_base64());
            }
        });
    }
}

/// The answer to `ListMultipartUploads`: one page of a bucket's uploads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListMultipartUploadsResult<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The page holds uploads after this key.
    pub key_marker: &'a str,
    /// Among the uploads of that key, the page holds those after this upload.
    pub upload_id_marker: &'a str,
    /// Where the next page begins (key and upload id); `None` on the last page.
    pub next_marker: Option<(&'a str, &'a str)>,
    /// The page lists only keys with this prefix.
    pub prefix: &'a str,
    /// What groups keys into common prefixes.
    pub delimiter: Option<&'a str>,
    /// The maximum number of uploads that the page may hold.
    pub max_uploads: u16,
    /// Whose uploads they are.
    pub owner: &'a str,
    /// The uploads, by key, then by age.
    pub uploads: Vec<ListedUpload<'a>>,
    /// Prefixes that stand for all keys below them.
    pub common_prefixes: Vec<&'a str>,
    /// How keys are written.
    pub encoding_type: EncodingType,
}

/// An upload under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUpload<'a> {
    /// Its key.
    pub key: &'a str,
    /// Its id.
    pub upload_id: &'a str,
    /// When it was created.
    pub initiated: Timestamp,
    /// The checksum that the upload was created with.
    pub checksum: Option<(Algorithm, ChecksumType)>,
}

impl ListMultipartUploadsResult<'_> {
    /// The body of the answer.
    pub fn to_xml(&self) -> String {
        let encode = |text| self.encoding_type.encode(text);
        Writer::document("ListMultipartUploadsResult", |out| {
            out.text("Bucket", self.bucket);
            self.encoding_type.write(out);
            out.text("KeyMarker", &encode(self.key_marker));
            out.text("UploadIdMarker", self.upload_id_marker);
            if let Some((key, upload_id)) = self.next_marker {
                out.text("NextKeyMarker", &encode(key));
                out.text("NextUploadIdMarker", upload_id);
            }
            out.text("Prefix", &encode(self.prefix));
            out.optional("Delimiter", self.delimiter.map(encode).as_deref());
            out.value("MaxUploads", self.max_uploads);
            out.value("IsTruncated", self.next_marker.is_some());
            self.uploads.iter().for_each(|upload| upload.write(out, self.owner, self.encoding_type));
            out.common_prefixes(&self.common_prefixes, self.encoding_type);
        })
    }
}

impl ListedUpload<'_> {
    fn write(&self, out: &mut Writer, owner: &str, encoding_type: EncodingType) {
        out.nested("Upload", |out| {
            out.text("Key", &encoding_type.encode(self.key));
            out.text("UploadId", self.upload_id);
            out.owner("Initiator", owner);
            out.owner("Owner", owner);
            out.text("StorageClass", STORAGE_CLASS);
            out.time("Initiated", self.initiated);
            write_checksum_choice(out, self.checksum);
        });
    }
}

fn write_checksum_choice(out: &mut Writer, checksum: Option<(Algorithm, ChecksumType)>) {
    if let Some((algorithm, checksum_type)) = checksum {
        out.text("ChecksumAlgorithm", algorithm.as_str());
        out.text("ChecksumType", checksum_type.as_str());
    }
}
