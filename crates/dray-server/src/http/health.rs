//! For load balancers and supervisors: is the process up, and can it serve.

use axum::extract::State;

use super::App;
use super::error::Error;

/// The process is up. Says nothing of what it needs.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// The database and the object store answer.
pub(super) async fn ready(State(app): State<App>) -> Result<&'static str, Error> {
    app.service.check_ready().await?;
    Ok("ready\n")
}
