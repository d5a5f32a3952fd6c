//! The requests of an upload to the drive: `POST /drive/files/upload/multipart/…`.
//!
//! Requests hold the JSON's values unchecked. The server checks ranges and names, so that its errors can
//! name the field and the limit.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::id::ItemId;
use crate::spelling::Spelled;

/// Step 1, `start`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartUpload {
    /// The item's name, one path segment. It has no slash, no backslash, no control or line-breaking character, and
    /// none that changes the direction of the text around it (U+202A to U+202E, U+2066 to U+206F). It is not `.` or
    /// `..`, and it has at least one visible character.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub file_name: String,
    /// Its size in bytes.
    #[cfg_attr(feature = "openapi", schema(maximum = 5_497_558_138_880_i64))]
    pub file_size: u64,
    /// Its MIME type; an empty text means `application/octet-stream`.
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub mime_type: String,
    /// The folder it goes to. Absent or null means the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<ItemId>,
    /// What to do if the folder already has a file of this name when finalize creates the file.
    #[serde(default)]
    pub on_conflict: OnConflict,
    /// The checksum that the whole file must have, if the client already knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
}

/// A checksum of a whole file.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// CRC-64/NVME of all bytes, big-endian, in base64, as in S3's `x-amz-checksum-crc64nvme`.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9+/]{10}[AEIMQUYcgkosw048]=$"))]
    pub crc64nvme: String,
}

/// What finalize does if the folder has a file with the same name.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// Both stay, under the same name.
    #[default]
    Keep,
    /// Both stay; the new one becomes `report (2).pdf`.
    Rename,
    /// The server refuses finalize, and the upload stays open. This needs a token that may read.
    Fail,
    /// The item keeps its id and gets the new bytes; the old bytes go to the trash. If the file belongs neither to the
    /// uploader nor to an owner of the folder, the whole file goes to the trash instead, and the new bytes become a new
    /// item of the uploader. This needs a token with `access_drive`.
    Replace,
}

/// Answer of `start`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedUpload {
    /// The object store's multipart upload id.
    pub upload_id: String,
    /// The object's key in the store.
    pub file_key: String,
    /// The recommended size, in bytes, of each part except the last.
    pub part_size: u64,
    /// How many parts of this size the file has.
    pub parts: u32,
    /// When the upload expires if nobody continues it: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: String,
}

/// Step 2, `presigned-urls`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PresignParts {
    /// From `start`.
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub upload_id: String,
    /// From `start`.
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub file_key: String,
    /// How many parts the client cuts the file into. Optional if `partNumbers` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10_000))]
    pub parts: Option<u64>,
    /// Sign only these parts, for example after their URLs expired or to resume. Each number is from 1 to 10,000,
    /// none twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<crate::written::PartNumber>>, inline, min_items = 1, max_items = 10_000))]
    pub part_numbers: Option<Vec<u64>>,
    /// How many bytes each of these parts has, in the same order. Each URL then accepts exactly that many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<crate::written::PartBytes>>, inline, min_items = 1, max_items = 10_000))]
    pub content_lengths: Option<Vec<u64>>,
}

/// Answer of `presigned-urls`, as a client reads it.
///
/// The server also writes `urls: ["…", …]` with the same addresses in the same order, and each number as
/// `PartNumber` too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PresignedParts {
    /// One for each part, in part order.
    pub parts: Vec<PresignedPart>,
    /// The headers that the one `PUT` must have, for an upload that `batch/start` began.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// When the addresses expire: RFC 3339 in UTC with milliseconds.
    pub expires_at: String,
}

/// A signed S3 `UploadPart`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PresignedPart {
    /// The part's number, from 1.
    pub part_number: u32,
    /// Where to `PUT` its bytes.
    pub signed_url: String,
}

/// Step 4, `finalize`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalizeUpload {
    /// From `start`.
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub upload_id: String,
    /// From `start`.
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub file_key: String,
    /// Every part, in any order, none twice. Absent or null means every part that the store has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 10_000))]
    pub parts: Option<Vec<UploadedPart>>,
    /// The checksum that the whole file must have. If the file has another one, the server creates no item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
    /// Whether the server reads the file back if the store cannot prove its checksum. The embedded store always can.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verify: bool,
}

/// A part that the store has, with the `ETag` that the store returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadedPart {
    /// The part's number, from 1.
    pub part_number: u64,
    /// The store's `ETag`, with or without its double quotes. Absent or null means the one that the store has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e_tag: Option<String>,
}

/// Some pages pass on all headers of the store's answer to a part. So a part may have a field in several spellings,
/// and may have other fields.
impl<'de> Deserialize<'de> for UploadedPart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = UploadedPart;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part, as { \"partNumber\": 1, \"eTag\": \"…\" }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UploadedPart, A::Error> {
        let mut part_number = Spelled::new("partNumber", u64::eq);
        let mut e_tag = Spelled::new("eTag", is_same_e_tag);
        while let Some(key) = map.next_key::<String>()? {
            if part_number.is_spelled(&key) {
                part_number.take(key, &mut map)?;
            } else if e_tag.is_spelled(&key) {
                e_tag.take(key, &mut map)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(UploadedPart { part_number: part_number.required()?, e_tag: e_tag.value() })
    }
}

/// Removes the double quotes around an `ETag`, which do not belong to its value.
#[expect(clippy::ptr_arg, reason = "the field's own type")]
fn is_same_e_tag(one: &String, other: &String) -> bool {
    let bare = |text: &str| -> String {
        text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).to_owned()
    };
    bare(one) == bare(other)
}

/// Which upload's parts to list.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListParts {
    /// From `start`.
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub upload_id: String,
    /// From `start`.
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub file_key: String,
    /// Whether this request extends the upload's expiry. Absent or null means yes; `false` only reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_alive: Option<bool>,
}

/// Which upload to abort.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadKey {
    /// From `start`.
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub upload_id: String,
    /// From `start`.
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub file_key: String,
}

/// The state of an upload.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UploadStatus {
    /// It accepts parts.
    Open,
    /// It is being finalized.
    Finalizing,
    /// The item exists.
    Finalized,
}

/// An unfinished upload.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenUpload {
    /// The object store's multipart upload id.
    pub upload_id: String,
    /// The object's key in the store.
    pub file_key: String,
    /// Its state.
    pub status: UploadStatus,
    /// The item's name.
    pub file_name: String,
    /// Its size in bytes.
    pub file_size: u64,
    /// Its MIME type.
    pub mime_type: String,
    /// The folder it goes to; absent means the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub parent_id: Option<ItemId>,
    /// What to do if the folder already has a file of this name when finalize creates the file.
    #[serde(default)]
    pub on_conflict: OnConflict,
    /// The recommended size, in bytes, of each part except the last.
    pub part_size: u64,
    /// When it was started: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
    /// When it expires if nobody continues it.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: String,
}

/// Answer of `GET /drive/uploads`: the caller's own, the latest first.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenUploads {
    /// The uploads.
    pub uploads: Vec<OpenUpload>,
    /// The cursor of the next page; null on the last page.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_cursor: Option<String>,
}

/// Answer of `parts`: the upload, and what the store has of it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredParts {
    /// The upload.
    #[serde(flatten)]
    pub upload: OpenUpload,
    /// The item, once it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub item_id: Option<ItemId>,
    /// The parts that the store has, in order of their numbers. Empty once the item exists.
    pub parts: Vec<StoredPart>,
}

/// A part in the store.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredPart {
    /// Its number, from 1.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10_000))]
    pub part_number: u64,
    /// Its bytes.
    pub size: u64,
    /// Its `ETag`, as finalize accepts it.
    pub e_tag: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_can_be_spelled_either_way() {
        let ours: UploadedPart = serde_json::from_str(r#"{"partNumber": 3, "eTag": "\"abc\""}"#).unwrap();
        let theirs: UploadedPart = serde_json::from_str(r#"{"PartNumber": 3, "ETag": "\"abc\""}"#).unwrap();
        assert_eq!(ours, theirs);
    }

    fn part(text: &str) -> Result<UploadedPart, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn spellings_with_the_same_value_are_one_field() {
        for text in [
            r#"{"PartNumber":1,"ETag":"\"abc\"","etag":"\"abc\"","content-length":"0"}"#,
            r#"{"PartNumber":1,"partNumber":1,"eTag":"\"abc\"","Etag":"abc"}"#,
            r#"{"partnumber":1,"etag":"\"abc\"","ETag":null,"PartNumber":null}"#,
        ] {
            let part = part(text).unwrap();
            assert_eq!((part.part_number, part.e_tag.as_deref()), (1, Some("\"abc\"")), "{text}");
        }
    }

    #[test]
    fn spellings_with_different_values_are_named() {
        let error = part(r#"{"PartNumber":1,"ETag":"a","etag":"b"}"#).unwrap_err();
        assert!(
            error.contains("has `ETag` and `etag`, two spellings of one field, with different values"),
            "{error}"
        );
        let error = part(r#"{"partNumber":1,"PartNumber":2,"etag":"b"}"#).unwrap_err();
        assert!(error.contains("`partNumber` and `PartNumber`"), "{error}");
        for text in [r#"{"ETag":"a"}"#, r#"{"partNumber":null}"#, r#"{"partNumber":"1"}"#, "[1]", "1"] {
            assert!(part(text).is_err(), "{text}");
        }
    }

    #[test]
    fn unknown_fields_are_ignored() {
        let start: StartUpload =
            serde_json::from_str(r#"{"fileName":"a","fileSize":1,"mimeType":"a/b","parentId":null,"x":[1]}"#)
                .unwrap();
        assert_eq!((start.parent_id, start.on_conflict), (None, OnConflict::Keep));
    }
}
