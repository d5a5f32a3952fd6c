//! Finding items by their names.

use axum::Json;
use axum::extract::State;
use dray_api::limits::{DEFAULT_SEARCH_HITS, MAX_SEARCH_HITS};
use dray_api::{SearchHits, SearchSort, SortOrder};

use super::App;
use super::auth::Reader;
use super::error::Error;
use super::extract::Parameters;

/// Find items by their names
///
/// The items that have every word of `q` in their names, or a word that begins so. Case, accents and punctuation
/// do not count. A query without a letter or a digit finds nothing.
#[utoipa::path(
    get, path = "/drive/search", operation_id = "search", tag = "Drive",
    params(
        ("q" = String, Query, min_length = 1, max_length = 255, description = "Words, or how they begin."),
        ("sortBy" = inline(Option<SearchSort>), Query, description = "What to sort by; `updatedAt` if it is not said."),
        ("sortOrder" = inline(Option<SortOrder>), Query, description = "Which way to sort; `desc` if it is not said."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 50, description = "Most hits; 20 if it is not said."),
    ),
    responses((status = OK, description = "The first hits, and how many there are.", body = SearchHits)),
)]
pub(super) async fn find(
    State(app): State<App>,
    Reader(caller): Reader,
    parameters: Parameters,
) -> Result<Json<SearchHits>, Error> {
    let Some(query) = parameters.query_text("q")?.filter(|query| !query.is_empty()) else {
        let rule = "is missing or empty: give a word, or how one begins".into();
        return Err(Error::InvalidParameter { name: "q", rule });
    };
    let sort = parameters.choice("sortBy", SearchSort::ALL)?.unwrap_or_default();
    let order = parameters.choice("sortOrder", SortOrder::ALL)?.unwrap_or_default();
    let limit = parameters.number("limit", 1..=MAX_SEARCH_HITS)?.unwrap_or(DEFAULT_SEARCH_HITS);
    Ok(Json(app.service.search(&caller, query, (sort, order), limit as usize).await?))
}
