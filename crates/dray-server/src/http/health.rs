//! For load balancers and supervisors: whether the process is up, and whether it can serve.

use axum::extract::State;

use super::App;
use super::error::Error;

/// Whether the process is up
///
/// It does not check the database or the store.
#[utoipa::path(
    get, path = "/healthz", operation_id = "isAlive", tag = "Server", security(()),
    responses((status = OK, description = "It is.", body = String, content_type = "text/plain", example = "ok\n")),
)]
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether the server can serve
///
/// Asks the database and the object store, or repeats their answers of the last second.
#[utoipa::path(
    get, path = "/readyz", operation_id = "isReady", tag = "Server", security(()),
    responses((status = OK, description = "It can.", body = String, content_type = "text/plain", example = "ready\n")),
)]
pub(super) async fn ready(State(app): State<App>) -> Result<&'static str, Error> {
    app.service.check_ready().await?;
    Ok("ready\n")
}
