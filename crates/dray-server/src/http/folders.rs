//! Folders.

use axum::extract::State;
use dray_api::NewFolder;

use super::App;
use super::auth::Authenticated;
use super::error::Error;
use super::extract::Json;

pub(super) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Json(request): Json<NewFolder>,
) -> Result<axum::Json<dray_api::Item>, Error> {
    let folder = app.service.create_folder(&caller, request, app.service.clock.now()).await?;
    Ok(axum::Json(folder.to_wire()))
}
