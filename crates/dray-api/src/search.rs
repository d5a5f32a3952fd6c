//! Searching, on the wire.

use serde::{Deserialize, Serialize};

use crate::id::{ItemId, UserId, WorkspaceId};
use crate::item::{Item, ItemType};

/// Answer of `GET /drive/search`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchHits {
    /// The items, in the requested order.
    pub hits: Vec<Item>,
    /// How many items match. `hits` has only the first of them.
    pub total_hits: u64,
    /// Whether `totalHits` is exact. If it is not, more items match than the search looked at, and it looked at the
    /// newest ones. Add words to narrow the search.
    pub total_is_exact: bool,
    /// The text of the search, as it was sent.
    pub query: String,
}

/// Answer of `GET /search`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceHits {
    /// The text of the search, as it was sent.
    pub query: String,
    /// How many items match. `hits` has only the first of them.
    pub total_hits: u64,
    /// How long the search took, in milliseconds.
    pub processing_time_ms: u64,
    /// What was found, in the requested order.
    pub hits: Vec<WorkspaceHit>,
}

/// A hit of `GET /search`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceHit {
    /// What it is.
    pub entity_type: EntityType,
    /// The item's id.
    #[serde(rename = "_id")]
    pub id: ItemId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its name.
    pub name: String,
    /// File or folder.
    pub r#type: ItemType,
    /// Its MIME type; absent on folders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub mime_type: Option<String>,
    /// Its size in bytes; absent on folders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub size: Option<u64>,
    /// Its owner.
    pub user: UserId,
    /// When it was created, in milliseconds since 1970.
    pub created_at: i64,
    /// When it last changed, in milliseconds since 1970.
    pub updated_at: i64,
}

/// What `GET /search` finds.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EntityType {
    /// Files and folders of the drive.
    DriveContent,
}

impl EntityType {
    /// Its text on the wire.
    pub const DRIVE_CONTENT: &str = "driveContent";
}

/// What `GET /drive/search` sorts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SearchSort {
    /// When the item was created.
    CreatedAt,
    /// When it last changed.
    #[default]
    UpdatedAt,
    /// Its name; upper and lower case count as the same.
    Name,
}

/// The direction in which a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum SortOrder {
    /// Smallest first.
    Ascending,
    /// Greatest first.
    #[default]
    Descending,
}

impl SearchSort {
    /// All values, with their texts on the wire.
    pub const ALL: &[(&str, Self)] =
        &[("createdAt", Self::CreatedAt), ("updatedAt", Self::UpdatedAt), ("name", Self::Name)];

    /// Those that `GET /search` sorts by.
    pub const TIMES: &[(&str, Self)] = &[("createdAt", Self::CreatedAt), ("updatedAt", Self::UpdatedAt)];
}

impl SortOrder {
    /// Both values, with their texts on the wire.
    pub const ALL: &[(&str, Self)] = &[("asc", Self::Ascending), ("desc", Self::Descending)];
}
