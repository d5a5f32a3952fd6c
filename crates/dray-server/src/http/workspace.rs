//! The caller's workspace, and who is in it.

use axum::Json;
use axum::extract::State;
use dray_api::limits::{DEFAULT_MEMBERS, MAX_MEMBERS};
use dray_api::{Members, WorkspaceInfo};

use super::App;
use super::auth::Authenticated;
use super::error::Error;
use super::extract::Parameters;

pub(super) async fn info(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
) -> Result<Json<WorkspaceInfo>, Error> {
    Ok(Json(app.service.workspace_info(&caller)?))
}

pub(super) async fn members(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    parameters: Parameters,
) -> Result<Json<Members>, Error> {
    let part = parameters.query_text("q")?.unwrap_or_default();
    let limit = parameters.number("limit", 1..=MAX_MEMBERS)?.unwrap_or(DEFAULT_MEMBERS);
    let offset = parameters.number("offset", 0..=u32::MAX)?.unwrap_or(0);
    Ok(Json(app.service.members(&caller, part, limit, offset).await?))
}
