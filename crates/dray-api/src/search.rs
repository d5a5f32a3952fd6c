//! Searching, on the wire.

use serde::{Deserialize, Serialize};

use crate::item::Item;

/// Answer of `GET /drive/search`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchHits {
    /// The items, in the order that was asked for.
    pub hits: Vec<Item>,
    /// How many there are, of which `hits` are the first.
    pub total_hits: u64,
    /// Whether that is exact. If not there are more, and these come from the newest of them: more words help.
    pub total_is_exact: bool,
    /// What was searched for, as it was given.
    pub query: String,
}

/// What `GET /drive/search` sorts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SearchSort {
    /// When the item was made.
    CreatedAt,
    /// When it last changed.
    #[default]
    UpdatedAt,
    /// Its name, without regard to case.
    Name,
}

/// Which way a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortOrder {
    /// The least first.
    Ascending,
    /// The greatest first.
    #[default]
    Descending,
}

impl SearchSort {
    /// Every one, with its text on the wire.
    pub const ALL: &[(&str, Self)] =
        &[("createdAt", Self::CreatedAt), ("updatedAt", Self::UpdatedAt), ("name", Self::Name)];
}

impl SortOrder {
    /// Both, with their texts on the wire.
    pub const ALL: &[(&str, Self)] = &[("asc", Self::Ascending), ("desc", Self::Descending)];
}
