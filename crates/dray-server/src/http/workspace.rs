//! The caller's workspace, who is in it, and what they use of it.

use axum::Json;
use axum::extract::State;
use dray_api::limits::{DEFAULT_MEMBERS, MAX_MEMBERS};
use dray_api::{Members, Usage, WorkspaceInfo};

use super::App;
use super::auth::Reader;
use super::error::Error;
use super::extract::Parameters;

pub(super) async fn info(
    State(app): State<App>,
    Reader(caller): Reader,
) -> Result<Json<WorkspaceInfo>, Error> {
    Ok(Json(app.service.workspace_info(&caller).await?))
}

pub(super) async fn members(
    State(app): State<App>,
    Reader(caller): Reader,
    parameters: Parameters,
) -> Result<Json<Members>, Error> {
    let part = parameters.query_text("q")?.unwrap_or_default();
    let limit = parameters.number("limit", 1..=MAX_MEMBERS)?.unwrap_or(DEFAULT_MEMBERS);
    let offset = parameters.number("offset", 0..=u32::MAX)?.unwrap_or(0);
    Ok(Json(app.service.members(&caller, part, limit, offset).await?))
}

pub(super) async fn usage(State(app): State<App>, Reader(caller): Reader) -> Result<Json<Usage>, Error> {
    Ok(Json(app.service.usage(&caller).await?))
}
