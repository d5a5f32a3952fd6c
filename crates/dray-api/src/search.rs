//! Searching, on the wire.

use serde::{Deserialize, Serialize};

use crate::item::Item;

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
}

impl SortOrder {
    /// Both values, with their texts on the wire.
    pub const ALL: &[(&str, Self)] = &[("asc", Self::Ascending), ("desc", Self::Descending)];
}
