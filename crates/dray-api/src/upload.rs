//! The three steps of an upload, all `POST /drive/files/upload/multipart/…`.
//!
//! Requests hold what JSON said, not yet judged: ranges and names are checked by the server, which can then
//! name the field and the limit.

use serde::{Deserialize, Serialize};

use crate::id::ItemId;

/// Step 1, `start`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartUpload {
    /// Name of the item to be, one path segment: no slash, backslash, control or line-breaking character, none that changes
    /// the direction of text, and not `.` or `..`.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub file_name: String,
    /// Its size in bytes.
    #[cfg_attr(feature = "openapi", schema(maximum = 5_497_558_138_880_i64))]
    pub file_size: u64,
    /// Its MIME type; if it is empty, `application/octet-stream`.
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub mime_type: String,
    /// The folder it goes to; absent or null: the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<ItemId>,
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
    /// Recommended bytes of each part but the last.
    pub part_size: u64,
    /// How many parts that makes.
    pub parts: u32,
    /// When the upload expires if it is left alone: RFC 3339 in UTC with milliseconds.
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
    /// How many parts the client cuts the file into. May be left out when `partNumbers` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10_000))]
    pub parts: Option<u64>,
    /// Sign only these parts (after an expiry, when resuming), each from 1 to 10,000 and none twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 10_000))]
    pub part_numbers: Option<Vec<u64>>,
}

/// Answer of `presigned-urls`, as a client reads it.
///
/// The server also writes `urls: ["…", …]` with the same addresses in the same order, and each number as
/// `PartNumber` too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PresignedParts {
    /// One a part, in part order.
    pub parts: Vec<PresignedPart>,
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
    /// Every part, in any order, none twice.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 10_000))]
    pub parts: Vec<UploadedPart>,
}

/// A part that the store has, by the `ETag` that it answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadedPart {
    /// The part's number, from 1.
    #[serde(alias = "PartNumber")]
    pub part_number: u64,
    /// The store's `ETag`, with or without its double quotes.
    #[serde(alias = "ETag", alias = "etag")]
    pub e_tag: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_read_in_either_spelling() {
        let ours: UploadedPart = serde_json::from_str(r#"{"partNumber": 3, "eTag": "\"abc\""}"#).unwrap();
        let theirs: UploadedPart = serde_json::from_str(r#"{"PartNumber": 3, "ETag": "\"abc\""}"#).unwrap();
        assert_eq!(ours, theirs);
    }

    #[test]
    fn unknown_fields_are_ignored() {
        let start: StartUpload =
            serde_json::from_str(r#"{"fileName":"a","fileSize":1,"mimeType":"a/b","parentId":null,"x":[1]}"#)
                .unwrap();
        assert_eq!(start.parent_id, None);
    }
}
