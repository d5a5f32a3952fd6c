//! Many small files at once, `POST /drive/files/upload/batch/…`: each is one signed PUT of the whole file.
//!
//! A file that is refused has its own error, and hinders no other.

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
    /// The folder that they go to, unless a file names another; absent or null: the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<ItemId>,
    /// What to do if a file's folder has a file of its name when it is finalized.
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
    /// Its name, or its path below the folder, with slashes: `photos/2026/a.jpg`. Folders that are not there are made; a token
    /// that may only upload always gets new ones. Every segment follows the rules of names.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 8192))]
    pub path: String,
    /// Its size in bytes: at most 8 MiB.
    #[cfg_attr(feature = "openapi", schema(maximum = 8_388_608))]
    pub file_size: u64,
    /// Its MIME type; an empty text means `application/octet-stream`.
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub mime_type: String,
    /// The folder that `path` begins at, if it is another than that of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<ItemId>,
    /// The checksum of the whole file. With it, a file that is already there, with the same name and the same bytes, need not be
    /// sent: its item is the answer. And the file appears only if its bytes have this checksum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
}

/// What became of the files, in the order of the request.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedFiles {
    /// One for each file.
    pub files: Vec<StartedFile>,
    /// When the addresses expire: RFC 3339 in UTC with milliseconds. The uploads live longer: start them again, with the same
    /// `Idempotency-Key`, for new addresses.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: String,
}

/// What became of a file: exactly one of these is there.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedFile {
    /// It is to be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub upload: Option<FileToPut>,
    /// It is there already, with the same bytes: this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub item: Option<Item>,
    /// It is refused.
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
    /// The folder that the file goes to; absent at the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub parent_id: Option<ItemId>,
    /// Where to `PUT` the file. It takes exactly `fileSize` bytes. 412 means that the file has arrived before.
    pub url: String,
    /// The headers that the `PUT` must have, as they are; they are signed.
    pub headers: BTreeMap<String, String>,
}

/// The files to finalize.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalizeFiles {
    /// The files: 1 to 1,000, of any batches.
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
    /// The checksum that the file must have, if `batch/start` was not told; otherwise no item appears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
}

/// What became of the files, in the order of the request.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalizedFiles {
    /// One for each file.
    pub files: Vec<FinalizedFile>,
}

/// What became of a file: exactly one of these is there.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalizedFile {
    /// The file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub item: Option<Item>,
    /// Why there is none. After one that may pass (503), finalize again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub error: Option<ErrorBody>,
}
