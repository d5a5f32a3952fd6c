//! Lists of a bucket's objects. `ListObjects` and `ListObjectsV2` share the listing, but not the way to get the next page.

use jiff::Timestamp;

use super::{EncodingType, STORAGE_CLASS, writer::Writer};
use crate::checksum::{Algorithm, ChecksumType};

/// What both versions list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The list has only keys with this prefix.
    pub prefix: &'a str,
    /// What groups keys into common prefixes.
    pub delimiter: Option<&'a str>,
    /// The maximum number of keys and common prefixes that the page may hold.
    pub max_keys: u16,
    /// The objects, by key in byte order.
    pub objects: Vec<ListedObject<'a>>,
    /// Prefixes that stand for all keys below them.
    pub common_prefixes: Vec<&'a str>,
    /// How keys are written.
    pub encoding_type: EncodingType,
}

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject<'a> {
    /// Its key.
    pub key: &'a str,
    /// When it was stored.
    pub last_modified: Timestamp,
    /// Its `ETag`, without the double quotes.
    pub etag: &'a str,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The checksum that it has.
    pub checksum: Option<(Algorithm, ChecksumType)>,
    /// Who owns it, if the client asked for owners.
    pub owner: Option<&'a str>,
}

/// The answer to `ListObjects` (version 1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListBucketResult<'a> {
    /// What is listed.
    pub listing: Listing<'a>,
    /// The page holds keys after this one.
    pub marker: &'a str,
    /// Where the next page begins; `None` on the last page. It is written only with a delimiter, as on AWS:
    /// without one, clients use the last key.
    pub next_marker: Option<&'a str>,
}

/// The answer to `ListObjectsV2`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListBucketResultV2<'a> {
    /// What is listed.
    pub listing: Listing<'a>,
    /// Where this page began, as the client sent it.
    pub continuation_token: Option<&'a str>,
    /// Where the next page begins; `None` on the last page.
    pub next_continuation_token: Option<&'a str>,
    /// The page holds keys after this one, as the client sent it.
    pub start_after: Option<&'a str>,
}

impl ListBucketResult<'_> {
    /// The body of the answer.
    pub fn to_xml(&self) -> String {
        let listing = &self.listing;
        Writer::document("ListBucketResult", |out| {
            // Clients of version 1 use the prefix as it is written, whatever the encoding (botocore does, for example).
            listing.write_head(out, listing.prefix);
            out.text("Marker", &listing.encoding_type.encode(self.marker));
            let next = self.next_marker.filter(|_| listing.delimiter.is_some());
            out.optional("NextMarker", next.map(|next| listing.encoding_type.encode(next)).as_deref());
            out.value("IsTruncated", self.next_marker.is_some());
            listing.write_entries(out);
        })
    }
}

impl ListBucketResultV2<'_> {
    /// The body of the answer.
    pub fn to_xml(&self) -> String {
        let listing = &self.listing;
        Writer::document("ListBucketResult", |out| {
            listing.write_head(out, &listing.encoding_type.encode(listing.prefix));
            out.value("KeyCount", listing.objects.len() + listing.common_prefixes.len());
            out.optional("ContinuationToken", self.continuation_token);
            out.optional("NextContinuationToken", self.next_continuation_token);
            let start_after = self.start_after.map(|key| listing.encoding_type.encode(key));
            out.optional("StartAfter", start_after.as_deref());
            out.value("IsTruncated", self.next_continuation_token.is_some());
            listing.write_entries(out);
        })
    }
}

/// The answer to `ListObjectVersions`: each object has one version, `null`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListVersionsResult<'a> {
    /// What is listed.
    pub listing: Listing<'a>,
    /// The page holds keys after this one.
    pub key_marker: &'a str,
    /// The marker, as the client sent it.
    pub version_id_marker: &'a str,
    /// Where the next page begins; `None` on the last page.
    pub next_key_marker: Option<&'a str>,
}

impl ListVersionsResult<'_> {
    /// The body of the answer.
    pub fn to_xml(&self) -> String {
        let listing = &self.listing;
        Writer::document("ListVersionsResult", |out| {
            listing.write_head(out, &listing.encoding_type.encode(listing.prefix));
            out.text("KeyMarker", &listing.encoding_type.encode(self.key_marker));
            out.text("VersionIdMarker", self.version_id_marker);
            if let Some(next) = self.next_key_marker {
                out.text("NextKeyMarker", &listing.encoding_type.encode(next));
                out.text("NextVersionIdMarker", NULL_VERSION);
            }
            out.value("IsTruncated", self.next_key_marker.is_some());
            for object in &listing.objects {
                out.nested("Version", |out| {
                    object.write(out, listing.encoding_type);
                    out.text("VersionId", NULL_VERSION);
                    out.value("IsLatest", true);
                });
            }
            out.common_prefixes(&listing.common_prefixes, listing.encoding_type);
        })
    }
}

/// The id of an object's only version in a bucket without versions.
pub const NULL_VERSION: &str = "null";

impl Listing<'_> {
    fn write_head(&self, out: &mut Writer, prefix: &str) {
        out.text("Name", self.bucket);
        out.text("Prefix", prefix);
        let delimiter = self.delimiter.map(|delimiter| self.encoding_type.encode(delimiter));
        out.optional("Delimiter", delimiter.as_deref());
        self.encoding_type.write(out);
        out.value("MaxKeys", self.max_keys);
    }

    fn write_entries(&self, out: &mut Writer) {
        for object in &self.objects {
            out.nested("Contents", |out| object.write(out, self.encoding_type));
        }
        out.common_prefixes(&self.common_prefixes, self.encoding_type);
    }
}

impl ListedObject<'_> {
    fn write(&self, out: &mut Writer, encoding_type: EncodingType) {
        out.text("Key", &encoding_type.encode(self.key));
        out.time("LastModified", self.last_modified);
        out.etag(self.etag);
        if let Some((algorithm, checksum_type)) = self.checksum {
            out.text("ChecksumAlgorithm", algorithm.as_str());
            out.text("ChecksumType", checksum_type.as_str());
        }
        out.value("Size", self.size_bytes);
        if let Some(owner) = self.owner {
            out.owner("Owner", owner);
        }
        out.text("StorageClass", STORAGE_CLASS);
    }
}
