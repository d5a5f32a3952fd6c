//! Finding items by their names.

use axum::Json;
use axum::extract::State;
use dray_api::limits::{DEFAULT_SEARCH_HITS, MAX_SEARCH_HITS};
use dray_api::{SearchHits, SearchSort, SortOrder};

use super::App;
use super::auth::Reader;
use super::error::Error;
use super::extract::Parameters;

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
