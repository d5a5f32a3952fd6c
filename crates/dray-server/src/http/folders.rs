//! Folders, what is in one, and what others share.

use axum::extract::State;
use dray_api::{ItemPage, NewFolder};

use super::App;
use super::auth::{Reader, Uploader};
use super::error::Error;
use super::extract::{Json, Parameters, PathFolder};

pub(super) async fn create(
    State(app): State<App>,
    Uploader(caller): Uploader,
    Json(request): Json<NewFolder>,
) -> Result<axum::Json<dray_api::Item>, Error> {
    let folder = app.service.create_folder(&caller, request, app.service.clock.now()).await?;
    Ok(axum::Json(folder.to_wire()))
}

pub(super) async fn children(
    State(app): State<App>,
    Reader(caller): Reader,
    PathFolder(id): PathFolder,
    parameters: Parameters,
) -> Result<axum::Json<ItemPage>, Error> {
    Ok(axum::Json(app.service.children(&caller, id, parameters.page()?).await?))
}

pub(super) async fn shared(
    State(app): State<App>,
    Reader(caller): Reader,
    parameters: Parameters,
) -> Result<axum::Json<ItemPage>, Error> {
    Ok(axum::Json(app.service.shared(&caller, parameters.page()?).await?))
}
