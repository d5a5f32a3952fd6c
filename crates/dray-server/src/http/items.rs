//! One item: what it is, where it is, how to get its bytes, and how to change it.

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use dray_api::{Ancestors, DownloadUrl, ItemChange};

use super::App;
use super::auth::{Reader, User};
use super::error::Error;
use super::extract::{self, PathId, PublicEndpoint};

pub(super) async fn get_item(
    State(app): State<App>,
    Reader(caller): Reader,
    PathId(id): PathId,
) -> Result<Json<dray_api::Item>, Error> {
    Ok(Json(app.service.get_item(&caller, id).await?.to_wire()))
}

pub(super) async fn download(
    State(app): State<App>,
    Reader(caller): Reader,
    PathId(id): PathId,
    PublicEndpoint(endpoint): PublicEndpoint,
) -> Result<Json<DownloadUrl>, Error> {
    let url = app.service.download_url(&caller, id, &endpoint, app.service.clock.now()).await?;
    Ok(Json(DownloadUrl { url }))
}

pub(super) async fn ancestors(
    State(app): State<App>,
    Reader(caller): Reader,
    PathId(id): PathId,
) -> Result<Json<Ancestors>, Error> {
    Ok(Json(app.service.ancestors(&caller, id).await?))
}

pub(super) async fn change(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId,
    extract::Json(change): extract::Json<ItemChange>,
) -> Result<Json<dray_api::Item>, Error> {
    Ok(Json(app.service.change_item(&caller, id, change, app.service.clock.now()).await?.to_wire()))
}

pub(super) async fn trash(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId,
) -> Result<NoContent, Error> {
    app.service.trash_item(&caller, id, app.service.clock.now()).await?;
    Ok(NoContent)
}
