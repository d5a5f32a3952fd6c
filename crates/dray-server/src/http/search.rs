//! Finding items by their names.

use axum::Json;
use axum::extract::State;
use dray_api::limits::{DEFAULT_SEARCH_HITS, DEFAULT_WORKSPACE_HITS, MAX_SEARCH_HITS, MAX_WORKSPACE_HITS};
use dray_api::{SearchHits, SearchSort, SortOrder, WorkspaceHits};

use super::App;
use super::auth::Reader;
use super::error::Error;
use super::extract::Parameters;

/// Find items by their names
///
/// The items whose names have every word of `q`, or a word that begins with it. Case, accents and punctuation do not
/// matter. A query without a letter or a digit finds nothing.
#[utoipa::path(
    get, path = "/drive/search", operation_id = "search", tag = "Drive",
    params(
        ("q" = String, Query, min_length = 1, max_length = 255, description = "Words, or beginnings of words."),
        ("sortBy" = inline(Option<SearchSort>), Query, description = "What to sort by; `updatedAt` by default."),
        ("sortOrder" = inline(Option<SortOrder>), Query, description = "The direction; `desc` by default."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 50, description = "The maximum number of hits; 20 by default."),
    ),
    responses((status = OK, description = "The first hits, and how many items match.", body = SearchHits)),
)]
pub(super) async fn find(
    State(app): State<App>,
    Reader(caller): Reader,
    parameters: Parameters,
) -> Result<Json<SearchHits>, Error> {
    let query = words(&parameters)?;
    let sort = parameters.choice("sortBy", SearchSort::ALL)?.unwrap_or_default();
    let order = parameters.choice("sortOrder", SortOrder::ALL)?.unwrap_or_default();
    let limit = parameters.number("limit", 1..=MAX_SEARCH_HITS)?.unwrap_or(DEFAULT_SEARCH_HITS);
    Ok(Json(app.service.search(&caller, query, (sort, order), limit as usize).await?))
}

/// Find things of the workspace
///
/// Like `GET /drive/search`, in the form that the published clients of the Copera API read: files and folders are things of
/// one type, "driveContent", and times are numbers.
#[utoipa::path(
    get, path = "/search", operation_id = "searchWorkspace", tag = "Workspace",
    params(
        ("q" = String, Query, min_length = 1, max_length = 255, description = "Words, or beginnings of words."),
        ("types" = Option<String>, Query, description = "The types of things to find, with commas between them; the parameter may be repeated. Types other than driveContent are left out; without `types`, all are searched."),
        ("sortBy" = Option<String>, Query, pattern = "^(createdAt|updatedAt)$", description = "What to sort by, `createdAt` or `updatedAt`; `updatedAt` by default."),
        ("sortOrder" = inline(Option<SortOrder>), Query, description = "The direction; `desc` by default."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "The maximum number of hits; 50 by default."),
    ),
    responses((status = OK, description = "The first hits, and how many things match.", body = WorkspaceHits)),
)]
pub(super) async fn workspace(
    State(app): State<App>,
    Reader(caller): Reader,
    parameters: Parameters,
) -> Result<Json<WorkspaceHits>, Error> {
    let query = words(&parameters)?;
    let types = parameters.all("types")?.into_iter().flat_map(|types| types.split(',')).map(str::trim);
    // A client that joins an empty list sends an empty text.
    let types: Vec<_> = types.filter(|one| !one.is_empty()).collect();
    let sort = parameters.choice("sortBy", SearchSort::TIMES)?.unwrap_or_default();
    let order = parameters.choice("sortOrder", SortOrder::ALL)?.unwrap_or_default();
    let limit = parameters.number("limit", 1..=MAX_WORKSPACE_HITS)?.unwrap_or(DEFAULT_WORKSPACE_HITS);
    Ok(Json(app.service.search_workspace(&caller, query, &types, (sort, order), limit as usize).await?))
}

/// The text of a search.
fn words(parameters: &Parameters) -> Result<&str, Error> {
    let query = parameters.query_text("q")?.filter(|query| !query.is_empty());
    query.ok_or_else(|| {
        let rule = "is missing or empty: give a word, or the beginning of one".into();
        Error::InvalidParameter { name: "q", rule }
    })
}
