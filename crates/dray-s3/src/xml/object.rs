//! `GetObjectAttributes`: the attributes of one object, and of each of its parts on request.

use super::{ObjectChecksum, STORAGE_CLASS, writer::Writer};
use crate::{PartNumber, checksum::Checksum};

/// The answer to `GetObjectAttributes`. It has only the fields that the client asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetObjectAttributesResponse<'a> {
    /// The `ETag`, without double quotes (AWS writes none here).
    pub etag: Option<&'a str>,
    /// The object's checksum.
    pub checksum: Option<ObjectChecksum>,
    /// Its parts, if it was uploaded in parts.
    pub object_parts: Option<ObjectParts>,
    /// Whether to write the storage class.
    pub storage_class: bool,
    /// Its size in bytes.
    pub object_size_bytes: Option<u64>,
}

/// One page of an object's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectParts {
    /// How many parts the object has in total.
    pub total_parts: u16,
    /// The page holds parts after this number; 0 for the first page.
    pub part_number_marker: u32,
    /// The maximum number of parts that the page may hold.
    pub max_parts: u16,
    /// Whether more parts follow. The next marker is the last part's number.
    pub is_truncated: bool,
    /// The parts, ascending.
    pub parts: Vec<ObjectPart>,
}

/// A part of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPart {
    /// Its number.
    pub part_number: PartNumber,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its checksum, if it has one.
    pub checksum: Option<Checksum>,
}

impl GetObjectAttributesResponse<'_> {
    /// The body of the answer.
    pub fn to_xml(&self) -> String {
        Writer::document("GetObjectAttributesResponse", |out| {
            out.optional("ETag", self.etag);
            if let Some(checksum) = &self.checksum {
                out.nested("Checksum", |out| checksum.write(out));
            }
            if let Some(parts) = &self.object_parts {
                out.nested("ObjectParts", |out| parts.write(out));
            }
            out.optional("StorageClass", self.storage_class.then_some(STORAGE_CLASS));
            if let Some(size_bytes) = self.object_size_bytes {
                out.value("ObjectSize", size_bytes);
            }
        })
    }
}

impl ObjectParts {
    fn write(&self, out: &mut Writer) {
        out.value("PartsCount", self.total_parts);
        out.value("PartNumberMarker", self.part_number_marker);
        if let Some(last) = self.parts.last().filter(|_| self.is_truncated) {
            out.value("NextPartNumberMarker", last.part_number);
        }
        out.value("MaxParts", self.max_parts);
        out.value("IsTruncated", self.is_truncated);
        for part in &self.parts {
            out.nested("Part", |out| {
                out.value("PartNumber", part.part_number);
                out.value("Size", part.size_bytes);
                if let Some(checksum) = &part.checksum {
                    out.text(checksum.algorithm().element_name(), &checksum.to_base64());
                }
            });
        }
    }
}
