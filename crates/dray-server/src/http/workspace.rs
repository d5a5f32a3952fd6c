//! The caller's workspace.

use axum::Json;
use axum::extract::State;
use dray_api::WorkspaceInfo;

use super::App;
use super::auth::Authenticated;
use super::error::Error;

pub(super) async fn info(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
) -> Result<Json<WorkspaceInfo>, Error> {
    Ok(Json(app.service.workspace_info(&caller).await?))
}
