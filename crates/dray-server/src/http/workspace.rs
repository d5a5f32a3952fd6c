//! The caller's workspace, its members, and the caller's usage.

use axum::Json;
use axum::extract::State;
use dray_api::limits::{DEFAULT_MEMBERS, MAX_MEMBERS};
use dray_api::{Members, Usage, WorkspaceInfo};

use super::App;
use super::auth::Reader;
use super::error::Error;
use super::extract::Parameters;

/// Get the workspace
///
/// The workspace that the token belongs to.
#[utoipa::path(
    get, path = "/workspace/info", operation_id = "getWorkspace", tag = "Workspace",
    responses((status = OK, description = "The workspace.", body = WorkspaceInfo)),
)]
pub(super) async fn info(
    State(app): State<App>,
    Reader(caller): Reader,
) -> Result<Json<WorkspaceInfo>, Error> {
    Ok(Json(app.service.workspace_info(&caller).await?))
}

/// List the workspace's members
///
/// One page, oldest members first.
#[utoipa::path(
    get, path = "/workspace/members", operation_id = "listMembers", tag = "Workspace",
    params(
        ("q" = Option<String>, Query, max_length = 255, description = "Part of a name or email address."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 500, description = "The maximum number of members on this page; 100 by default."),
        ("offset" = Option<u64>, Query, minimum = 0, maximum = 4_294_967_295_i64, description = "How many to skip; 0 by default."),
    ),
    responses((status = OK, description = "The page.", body = Members)),
)]
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

/// Get the caller's usage
///
/// How much the caller stores in the workspace, the trash included, and their quota.
#[utoipa::path(
    get, path = "/drive/usage", operation_id = "getUsage", tag = "Workspace",
    responses((status = OK, description = "The usage and the quota.", body = Usage)),
)]
pub(super) async fn usage(State(app): State<App>, Reader(caller): Reader) -> Result<Json<Usage>, Error> {
    Ok(Json(app.service.usage(&caller).await?))
}
