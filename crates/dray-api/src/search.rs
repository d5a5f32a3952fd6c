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

/// Which way `GET /drive/search` sorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SearchOrder {
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

impl SearchOrder {
    /// Both, with their texts on the wire.
    pub const ALL: &[(&str, Self)] = &[("asc", Self::Ascending), ("desc", Self::Descending)];
}
