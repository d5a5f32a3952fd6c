//! One item: what it is, and how to get its bytes.

use axum::Json;
use axum::extract::State;
use dray_api::DownloadUrl;

use super::App;
use super::auth::Authenticated;
use super::error::Error;
use super::extract::{PathId, PublicEndpoint};

pub(super) async fn get_item(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(id): PathId,
) -> Result<Json<dray_api::Item>, Error> {
    Ok(Json(app.service.get_item(&caller, id)?.to_wire()))
}

pub(super) async fn download(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(id): PathId,
    PublicEndpoint(endpoint): PublicEndpoint,
) -> Result<Json<DownloadUrl>, Error> {
    let url = app.service.download_url(&caller, id, &endpoint, app.service.clock.now())?;
    Ok(Json(DownloadUrl { url }))
}
