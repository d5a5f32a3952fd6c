//! Many small files at once, `POST /drive/files/upload/batch/…`: each is one signed PUT of the whole file.
//!
//! Each file has its own result: a refused file gets an error, and the others go on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::ErrorBody;
use crate::id::ItemId;
use crate::item::Item;
use crate::upload::{Checksum, OnConflict};

/// The files to start.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartFiles {
    /// The folder for files that do not name one themselves. Absent or null: the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<ItemId>,
    /// What to do if, when a file is finalized, its folder already has a file with its name.
    #[serde(default)]
    pub on_conflict: OnConflict,
    /// The files: 1 to 1,000.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 1000))]
    pub files: Vec<NewFile>,
}

/// A file to start.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewFile {
    /// Its name, or its path below the folder, with slashes: `photos/2026/a.jpg`. Folders of the path that do not exist
    /// are created. For a token that may only upload, all of them are created anew. Each part of the path follows the
    /// rules for names.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 8192))]
    pub path: String,
    /// Its size in bytes: at most 8 MiB.
    #[cfg_attr(feature = "openapi", schema(maximum = 8_388_608))]
    pub file_size: u64,
    /// Its MIME type; an empty text means `application/octet-stream`.
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub mime_type: String,
    /// The folder in which `path` begins, if it is not the folder of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<ItemId>,
    /// The checksum of the whole file. If the folder already has a file with the same name and the same bytes, the
    /// answer is that file's item, and nothing needs to be sent. The file appears only if its bytes have this checksum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
}

/// The results for the files, in the order of the request.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedFiles {
    /// One result for each file.
    pub files: Vec<StartedFile>,
    /// How to send many of the files in one request. Absent if no file is to be sent, or if the store does not accept this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub pipeline: Option<Pipeline>,
    /// When the URLs expire: RFC 3339 in UTC with milliseconds. The uploads live longer: for new URLs, send the request
    /// again with the same `Idempotency-Key`.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: String,
}

/// Where many files can be sent in one request: a `POST` of the files' own `PUT` requests, one after the other, as
/// `application/http` (RFC 9112, section 10.2). It saves the cost of a request for each file. A client need not use it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pipeline {
    /// Where to send the `POST`. Each `PUT` in it must be a whole HTTP/1.1 request: the path and query of the file's `url`,
    /// its `Host`, its `headers`, and a `Content-Length`.
    pub url: String,
    /// The maximum number of files in one request.
    pub max_files: u32,
    /// The maximum number of bytes of one request.
    pub max_bytes: u64,
}

/// The result for a file. It has exactly one of these fields.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedFile {
    /// The file is to be sent, in this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub upload: Option<FileToPut>,
    /// The drive already has the file, with the same bytes: this item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub item: Option<Item>,
    /// The file is refused, for this reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub error: Option<ErrorBody>,
}

/// How a file is sent: one `PUT` of all its bytes to `url`, with these headers.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileToPut {
    /// The upload's id, for finalize.
    pub upload_id: String,
    /// The object's key in the store, for finalize.
    pub file_key: String,
    /// The folder that the file goes to. Absent if it goes to the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub parent_id: Option<ItemId>,
    /// Where to `PUT` the file. The URL accepts exactly `fileSize` bytes. An answer 412 means that the file has already
    /// arrived.
    pub url: String,
    /// The headers that the `PUT` must have, unchanged, because they are signed.
    pub headers: BTreeMap<String, String>,
}

/// The files to finalize.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalizeFiles {
    /// The files: 1 to 1,000. They may come from different batches.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 1000))]
    pub files: Vec<FileKey>,
}

/// A file to finalize.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileKey {
    /// From `batch/start`.
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub upload_id: String,
    /// From `batch/start`.
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub file_key: String,
    /// The checksum that the file must have, if `batch/start` was not given one. If the file has another checksum, no
    /// item appears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
}

/// The results for the files, in the order of the request.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalizedFiles {
    /// One result for each file.
    pub files: Vec<FinalizedFile>,
}

/// The result for a file. It has exactly one of these fields.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalizedFile {
    /// The file's item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub item: Option<Item>,
    /// Why there is no item. After an error that may pass (503), finalize the file again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub error: Option<ErrorBody>,
}
