//! Health checks for load balancers and supervisors: whether the process is up, and whether it can serve.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::App;
use super::error::Error;

/// Whether the process is up
///
/// It does not check the database or the store.
#[utoipa::path(
    get, path = "/healthz", operation_id = "isAlive", tag = "Server", security(()),
    responses((status = OK, description = "The process is up.", body = String, content_type = "text/plain", example = "ok\n")),
)]
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether the process is up, as published clients ask
///
/// The same as `/healthz`, where the published clients of the Copera API ask for it.
#[utoipa::path(
    get, path = "/public/v1/health", operation_id = "getHealth", tag = "Server", security(()),
    responses((status = OK, description = "The process is up.", body = Object, example = json!({ "status": "ok" }))),
)]
pub(super) async fn published() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Whether the server can serve
///
/// Checks the database and the object store. The result of the last second is used again. A second line says if this
/// machine's clock is wrong: the server then uses the drive's time, and removes nothing because of its age.
#[utoipa::path(
    get, path = "/readyz", operation_id = "isReady", tag = "Server", security(()),
    responses((status = OK, description = "The server can serve.", body = String, content_type = "text/plain", example = "ready\n")),
)]
pub(super) async fn ready(State(app): State<App>) -> Result<String, Error> {
    app.service.check_ready().await?;
    let clock = app.service.clock_trouble().map(|trouble| format!("{trouble}\n")).unwrap_or_default();
    Ok(format!("ready\n{clock}"))
}
