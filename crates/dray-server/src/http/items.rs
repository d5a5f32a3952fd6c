//! One item: what it is, and how to get its bytes.

use axum::Json;
use axum::extract::State;
use dray_api::{DownloadUrl, Item};

use super::App;
use super::auth::Authenticated;
use super::error::Error;
use super::extract::{PathId, PublicEndpoint};

/// Get an item
///
/// A file or a folder that the caller owns, or that is shared with them directly or through a folder above.
#[utoipa::path(
    get, path = "/drive/files/{id}", operation_id = "getItem", tag = "Drive",
    params(PathId),
    responses((status = OK, description = "The item.", body = Item)),
)]
pub(super) async fn get_item(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(id): PathId,
) -> Result<Json<Item>, Error> {
    Ok(Json(app.service.get_item(&caller, id)?.to_wire()))
}

/// Get a file's download URL
///
/// A signed GET of the bytes, straight from the object store, good for three hours. It takes ranges, and saves
/// under the item's own name.
#[utoipa::path(
    get, path = "/drive/files/{id}/download", operation_id = "getDownloadUrl", tag = "Drive",
    params(PathId),
    responses((status = OK, description = "The URL.", body = DownloadUrl)),
)]
pub(super) async fn download(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(id): PathId,
    PublicEndpoint(endpoint): PublicEndpoint,
) -> Result<Json<DownloadUrl>, Error> {
    let url = app.service.download_url(&caller, id, &endpoint, app.service.clock.now())?;
    Ok(Json(DownloadUrl { url }))
}
