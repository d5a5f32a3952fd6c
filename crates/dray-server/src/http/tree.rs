//! Folders with what is below them.

use axum::Json;
use axum::extract::State;
use dray_api::Tree;
use dray_api::limits::{DEFAULT_TREE_DEPTH, MAX_TREE_DEPTH};

use super::App;
use super::auth::Reader;
use super::error::Error;
use super::extract::Parameters;

pub(super) async fn list(
    State(app): State<App>,
    Reader(caller): Reader,
    parameters: Parameters,
) -> Result<Json<Tree>, Error> {
    let parent = parameters.id("parentId")?;
    let depth = parameters.number("depth", 1..=MAX_TREE_DEPTH)?.unwrap_or(DEFAULT_TREE_DEPTH);
    Ok(Json(app.service.tree(&caller, parent, depth).await?))
}
