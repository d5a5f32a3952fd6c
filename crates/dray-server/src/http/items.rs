//! One item: reading it, the folders above it, its download URL, and changing it.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, NoContent, Response};
use dray_api::{Ancestors, DownloadUrl, Item, ItemChange};

use super::App;
use super::auth::{Reader, User};
use super::error::Error;
use super::extract::{self, PathId, PublicEndpoint};
use super::links::NO_STORE;

/// Get an item
///
/// A file or a folder that the caller owns, or that is shared with the caller directly or through a folder above it.
/// The answer includes the caller's role.
#[utoipa::path(
    get, path = "/drive/files/{id}", operation_id = "getItem", tag = "Drive",
    params(PathId),
    responses((status = OK, description = "The item.", body = Item)),
)]
pub(super) async fn get_item(
    State(app): State<App>,
    Reader(caller): Reader,
    PathId(id): PathId,
) -> Result<Json<Item>, Error> {
    let seen = app.service.seen(&caller, id).await?;
    Ok(Json(Item { role: Some(seen.role.into()), ..seen.item.to_wire() }))
}

/// Get a file's download URL
///
/// A signed GET of the bytes, directly from the object store. It accepts ranges, and browsers save the file under the
/// item's own name. It is valid for three hours, unless the operator sets another time.
#[utoipa::path(
    get, path = "/drive/files/{id}/download", operation_id = "getDownloadUrl", tag = "Drive",
    params(PathId),
    responses((status = OK, description = "The URL.", body = DownloadUrl)),
)]
pub(super) async fn download(
    State(app): State<App>,
    Reader(caller): Reader,
    PathId(id): PathId,
    PublicEndpoint(endpoint): PublicEndpoint,
) -> Result<Response, Error> {
    let url = app.service.download_url(&caller, id, &endpoint).await?;
    Ok((NO_STORE, Json(DownloadUrl { url })).into_response())
}

/// List the folders above an item
///
/// Only those that the caller can see, the topmost first.
#[utoipa::path(
    get, path = "/drive/files/{id}/ancestors", operation_id = "listAncestors", tag = "Drive",
    params(PathId),
    responses((status = OK, description = "The folders.", body = Ancestors)),
)]
pub(super) async fn ancestors(
    State(app): State<App>,
    Reader(caller): Reader,
    PathId(id): PathId,
) -> Result<Json<Ancestors>, Error> {
    Ok(Json(app.service.ancestors(&caller, id).await?))
}

/// Rename or move an item
///
/// Absent fields stay as they are. A `parentId` of null moves the item to its owner's root, which only the owner may
/// do. Renaming needs the role `member` on the item. Moving needs that role on the folder that the item is in and on
/// the folder that it goes to. If the move changes who can reach the item, or with which role, it also needs `admin`
/// on the item. Nobody can give others, or themselves, a higher role than their own.
#[utoipa::path(
    patch, path = "/drive/files/{id}", operation_id = "changeItem", tag = "Drive",
    params(PathId), request_body = ItemChange,
    responses((status = OK, description = "The item after the change.", body = Item)),
)]
pub(super) async fn change(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId,
    extract::Json(change): extract::Json<ItemChange>,
) -> Result<Json<Item>, Error> {
    Ok(Json(app.service.change_item(&caller, id, change, app.service.now()).await?.to_wire()))
}

/// Put an item into the trash
///
/// Everything below a folder goes with it. The item can be restored until the server or a person removes it permanently.
#[utoipa::path(
    delete, path = "/drive/files/{id}", operation_id = "trashItem", tag = "Trash",
    params(PathId),
    responses((status = NO_CONTENT, description = "The item is in the trash.")),
)]
pub(super) async fn trash(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId,
) -> Result<NoContent, Error> {
    app.service.trash_item(&caller, id, app.service.now()).await?;
    Ok(NoContent)
}
