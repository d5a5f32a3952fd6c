//! Grants: what a backend gives to one person's page, so that the page can upload into one folder and do nothing
//! else.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{GrantId, ItemId, TokenId};
use crate::item::Item;
use crate::upload::OnConflict;

/// What a grant lets its holder do.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Start uploads; sign, list, finalize and abort the uploads that this grant has started.
    Upload,
}

/// `POST /drive/grants`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewGrant {
    /// The folder that the files go to. Absent or null means the root. A token that is confined to a folder must name
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder_id: Option<ItemId>,
    /// What the holder may do. Absent or null means `upload`, the only verb so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub verbs: Option<Vec<Verb>>,
    /// How many files the holder may upload. Absent or null means 10,000. A file counts from the start of its upload.
    /// An upload that was aborted or expired, or that made no file, no longer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10_000))]
    pub max_files: Option<u32>,
    /// The largest file, in bytes. Absent or null means the server's own limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 5_497_558_138_880_i64))]
    pub max_file_bytes: Option<u64>,
    /// The maximum size of all files together, in bytes. Absent or null means that only the quota limits them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 9_007_199_254_740_991_i64))]
    pub max_bytes: Option<u64>,
    /// Which types of files the holder may upload: a MIME type (`image/png`), a group (`image/*`) or a file extension
    /// (`.pdf`). Absent, null or empty means every type that the server accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub types: Option<Vec<String>>,
    /// When the grant expires (RFC 3339): at most a year from now, and not after the token that creates it. Absent or
    /// null means in 24 hours, or together with that token if it expires sooner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: Option<String>,
    /// What to do if the folder has a file of the same name: `keep` or `rename`.
    #[serde(default)]
    pub on_conflict: OnConflict,
    /// The name by which your application knows this grant's uploads. It comes back on each item, in webhooks and in
    /// the list of uploads. The holder of the grant does not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub external_id: Option<String>,
    /// A JSON object of your own, at most 2,048 bytes long and nested at most 16 levels deep, counting the object itself.
    /// It comes back in the same places as `externalId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<std::collections::BTreeMap<String, Value>>))]
    pub metadata: Option<Map<String, Value>>,
}

/// A grant, without its secret.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Its id, which lists its uploads and revokes it.
    pub id: GrantId,
    /// The token that created it, or that token's replacement. The grant ends when this token ends.
    pub token_id: TokenId,
    /// The folder that the files go to; absent means the root, or that the folder was removed permanently, which ends the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub folder_id: Option<ItemId>,
    /// What the holder may do.
    pub verbs: Vec<Verb>,
    /// How many files the holder may upload.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10_000))]
    pub max_files: u32,
    /// The largest file, in bytes, if the grant limits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub max_file_bytes: Option<u64>,
    /// The maximum size of all files together, in bytes, if the grant limits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub max_bytes: Option<u64>,
    /// Which types of files the holder may upload; empty means every type.
    pub types: Vec<String>,
    /// What to do if the folder has a file of the same name.
    pub on_conflict: OnConflict,
    /// The name by which your application knows this grant's uploads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub external_id: Option<String>,
    /// Your JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<std::collections::BTreeMap<String, Value>>))]
    pub metadata: Option<Map<String, Value>>,
    /// How many files count against `maxFiles`: the finished ones and those whose upload is open.
    pub used_files: u64,
    /// The bytes of those files.
    pub used_bytes: u64,
    /// When it was created: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
    /// When it expires.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: String,
    /// When it was revoked, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime, nullable = false))]
    pub revoked_at: Option<String>,
}

/// Answer of `POST /drive/grants`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedGrant {
    /// The grant's record.
    #[serde(flatten)]
    pub record: Grant,
    /// The secret for the page, `cp_grant_…`: its bearer token. It is shown only once: a repeat with the same
    /// `Idempotency-Key` does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub grant: Option<String>,
}

/// Answer of `GET /drive/grants`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grants {
    /// The grants, the latest first. A grant that has ended stays in the list for a week.
    pub grants: Vec<Grant>,
    /// The cursor of the next page; null on the last page.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_cursor: Option<String>,
}

/// The state of a grant's upload.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrantUploadState {
    /// It accepts parts.
    Open,
    /// It is being finalized.
    Finalizing,
    /// The item was created. It may have been removed since.
    Finalized,
    /// A client aborted it, or the server refused its file.
    Aborted,
    /// It expired before it was finalized.
    Expired,
}

/// An upload that was started with a grant.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GrantUpload {
    /// The object store's multipart upload id; absent if the store never answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub upload_id: Option<String>,
    /// The object's key in the store.
    pub file_key: String,
    /// Its state.
    pub state: GrantUploadState,
    /// The name that the holder gave.
    pub file_name: String,
    /// The announced size in bytes. After finalize, the stored size is the same.
    pub file_size: u64,
    /// The announced MIME type.
    pub mime_type: String,
    /// The item's id, after finalize.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub item_id: Option<ItemId>,
    /// The item as it is now; absent if the caller can no longer see it. A token that may not read gets the item as
    /// it was announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub item: Option<Item>,
    /// `externalId` of the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub external_id: Option<String>,
    /// `metadata` of the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<std::collections::BTreeMap<String, Value>>))]
    pub metadata: Option<Map<String, Value>>,
    /// When it was started: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
}

/// Answer of `GET /drive/grants/{id}/uploads`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GrantUploads {
    /// The uploads, the latest first. Aborted and expired ones are listed for a week, all others until a week after
    /// the grant's end.
    pub uploads: Vec<GrantUpload>,
    /// The cursor of the next page; null on the last page.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_cursor: Option<String>,
}
