//! Folders with what is below them.

use axum::Json;
use axum::extract::State;
use dray_api::limits::{DEFAULT_TREE_DEPTH, MAX_TREE_DEPTH};
use dray_api::{ItemId, Tree};

use super::App;
use super::auth::Reader;
use super::error::Error;
use super::extract::Parameters;

/// List a folder and what is below it
///
/// Breadth first, at most 500 items. If there are more, `truncated` is true and `nextParentIds` has the folders to
/// continue with.
#[utoipa::path(
    get, path = "/drive/tree", operation_id = "getTree", tag = "Drive",
    params(
        ("parentId" = inline(Option<ItemId>), Query, description = "The folder to list; the root by default."),
        ("depth" = Option<u32>, Query, minimum = 1, maximum = 10, description = "How many levels; 3 by default."),
    ),
    responses((status = OK, description = "The items.", body = Tree)),
)]
pub(super) async fn list(
    State(app): State<App>,
    Reader(caller): Reader,
    parameters: Parameters,
) -> Result<Json<Tree>, Error> {
    let parent = parameters.id("parentId")?;
    let depth = parameters.number("depth", 1..=MAX_TREE_DEPTH)?.unwrap_or(DEFAULT_TREE_DEPTH);
    Ok(Json(app.service.tree(&caller, parent, depth).await?))
}
