//! One item: what it is, where it is, how to get its bytes, and how to change it.

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use dray_api::{Ancestors, DownloadUrl, Item, ItemChange};

use super::App;
use super::auth::{Reader, User};
use super::error::Error;
use super::extract::{self, PathId, PublicEndpoint};

/// Get an item
///
/// A file or a folder that the caller owns, or that is shared with them directly or through a folder above, and which
/// role they have on it.
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
/// A signed GET of the bytes, straight from the object store, good for three hours. It takes ranges, and saves
/// under the item's own name.
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
) -> Result<Json<DownloadUrl>, Error> {
    let url = app.service.download_url(&caller, id, &endpoint, app.service.now()).await?;
    Ok(Json(DownloadUrl { url }))
}

/// List the folders above an item
///
/// Those that the caller sees, the topmost first: for a path to click on.
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
/// What is absent stays as it is. A `parentId` of null moves the item to the root of whoever owns it, which only they
/// may; an absent one leaves it where it is. Renaming takes the role `member` on the item, moving that role on the
/// folder that it is in and on the one that it goes to. If other people could reach it there than can now, or with
/// another role, moving takes `admin` on the item too; and nobody gives others, or themselves, more than they have.
#[utoipa::path(
    patch, path = "/drive/files/{id}", operation_id = "changeItem", tag = "Drive",
    params(PathId), request_body = ItemChange,
    responses((status = OK, description = "The item, as it is now.", body = Item)),
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
/// A folder goes with all that is below it. It can be restored until it is removed for good, by itself or by hand.
#[utoipa::path(
    delete, path = "/drive/files/{id}", operation_id = "trashItem", tag = "Trash",
    params(PathId),
    responses((status = NO_CONTENT, description = "It is in the trash.")),
)]
pub(super) async fn trash(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId,
) -> Result<NoContent, Error> {
    app.service.trash_item(&caller, id, app.service.now()).await?;
    Ok(NoContent)
}
