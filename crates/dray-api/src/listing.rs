//! Lists in pages: the content of a folder of any size, the trash, and what others share.

use serde::{Deserialize, Serialize};

use crate::item::Item;

/// A page of items: answer of `GET /drive/folders/{id}/children` and `GET /drive/shared`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemPage {
    /// The items, folders first.
    pub items: Vec<Item>,
    /// The cursor of the next page; null on the last page.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_cursor: Option<String>,
}

/// Answer of `GET /drive/files/{id}/ancestors`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ancestors {
    /// The folders above the item that the caller sees, the topmost first.
    pub ancestors: Vec<Item>,
}

/// An item in the trash.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrashedItem {
    /// The item.
    #[serde(flatten)]
    pub item: Item,
    /// When it was put there: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub trashed_at: String,
    /// When the server removes it permanently.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub removed_at: String,
}

/// Answer of `GET /drive/trash`: the latest first.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrashPage {
    /// The items. The content of a trashed folder is not listed.
    pub items: Vec<TrashedItem>,
    /// The cursor of the next page; null on the last page.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_cursor: Option<String>,
}

/// Answer of `DELETE /drive/trash`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmptiedTrash {
    /// How many items were in the trash, not counting the content of trashed folders.
    pub removed: u64,
}

/// What a folder's children are sorted by. Folders always come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ListSort {
    /// Their names, in the order that people expect.
    #[default]
    Name,
    /// Their sizes.
    Size,
    /// When they were created.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
}

impl ListSort {
    /// All values, with their texts on the wire.
    pub const ALL: &[(&str, Self)] = &[
        ("name", Self::Name),
        ("size", Self::Size),
        ("createdAt", Self::CreatedAt),
        ("updatedAt", Self::UpdatedAt),
    ];
}

/// Answer of `GET /drive/usage`: what the caller owns in the workspace, the trash included.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Files and folders.
    pub items: u64,
    /// Bytes of the files.
    pub used_bytes: u64,
    /// The maximum size, in bytes, of everything that the caller may own. Null means no limit.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub quota_bytes: Option<u64>,
    /// How many unfinished uploads the caller has.
    #[serde(default)]
    pub open_uploads: u64,
    /// Bytes that unfinished uploads reserve in the quota, besides `usedBytes`. An upload reserves its announced
    /// size, or what the store already has of it if that is more.
    #[serde(default)]
    pub reserved_bytes: u64,
    /// Bytes of unfinished uploads in the store, as of the server's last look. It looks every few minutes.
    #[serde(default)]
    pub uploading_bytes: u64,
}
