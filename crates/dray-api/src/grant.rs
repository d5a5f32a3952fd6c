//! Grants: what a backend gives to one person's page, so that the page may upload into a folder and do nothing else.

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
    /// Start uploads, and sign, list, finalize and abort those that this grant has started.
    Upload,
}

/// `POST /drive/grants`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewGrant {
    /// The folder that the files go to; absent or null means the root. A token that is confined to a folder must name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder_id: Option<ItemId>,
    /// What the holder may do. Absent or null means `upload`, which is all there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub verbs: Option<Vec<Verb>>,
    /// How many files; absent or null means 10,000. A file counts from its start on; one that was aborted, expired or came to
    /// nothing does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10_000))]
    pub max_files: Option<u32>,
    /// Most bytes of each file; absent or null means as many as the server accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 5_497_558_138_880_i64))]
    pub max_file_bytes: Option<u64>,
    /// Most bytes of all files together; absent or null means as many as the quota has room for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 9_007_199_254_740_991_i64))]
    pub max_bytes: Option<u64>,
    /// Which files, by MIME type (`image/png`), group (`image/*`) or end of the name (`.pdf`); absent, null or empty means
    /// any that the server accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub types: Option<Vec<String>>,
    /// When the grant expires, at most a year from now and not after the token that creates it: RFC 3339. Absent or null: in
    /// 24 hours, or with the token that creates it, whichever is earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: Option<String>,
    /// What to do if the folder has a file of the same name: `keep` or `rename`.
    #[serde(default)]
    pub on_conflict: OnConflict,
    /// What your application knows this by. It comes back on each item, in webhooks and in the list of uploads. The holder
    /// of the grant is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub external_id: Option<String>,
    /// A JSON object of yours, of at most 2,048 bytes, which comes back in the same places.
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
    /// The token that created it, or the one that has replaced that. The grant ends with it.
    pub token_id: TokenId,
    /// The folder that the files go to; absent means the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub folder_id: Option<ItemId>,
    /// What the holder may do.
    pub verbs: Vec<Verb>,
    /// How many files.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10_000))]
    pub max_files: u32,
    /// Most bytes of each file, if the grant limits them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub max_file_bytes: Option<u64>,
    /// Most bytes of all files together, if the grant limits them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub max_bytes: Option<u64>,
    /// Which files; empty means any.
    pub types: Vec<String>,
    /// What to do if the folder has a file of the same name.
    pub on_conflict: OnConflict,
    /// What your application knows this by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub external_id: Option<String>,
    /// Your JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<std::collections::BTreeMap<String, Value>>))]
    pub metadata: Option<Map<String, Value>>,
    /// How many files it was used for: those that are there, and those under way.
    pub used_files: u64,
    /// Their bytes.
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
    /// The grants, the latest first, ended ones included until a week after their end.
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
    /// The item exists, or has existed.
    Finalized,
    /// It was given up, or refused.
    Aborted,
    /// It was left alone for too long.
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
    /// The announced size in bytes, which is the stored size once it is finalized.
    pub file_size: u64,
    /// The announced MIME type.
    pub mime_type: String,
    /// The item's id, once it was finalized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub item_id: Option<ItemId>,
    /// The item as it is now; absent if the caller sees it no longer. A token that may not read is told it as it was announced.
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
    /// The uploads, the latest first. Those that came to nothing are listed for a week, the others until a week after the
    /// grant's end.
    pub uploads: Vec<GrantUpload>,
    /// The cursor of the next page; null on the last page.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_cursor: Option<String>,
}
