//! The trash.

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use dray_api::{EmptiedTrash, Item, TrashPage};

use super::App;
use super::auth::{Reader, User};
use super::described::Paging;
use super::error::Error;
use super::extract::{Parameters, PathId};

/// List the trash
///
/// What the caller owns, directly or through a folder above, and what the caller put into the trash, page by page,
/// the latest first. The content of a trashed folder is not listed. Bytes that an upload replaced are in the trash
/// too, as an item.
#[utoipa::path(
    get, path = "/drive/trash", operation_id = "listTrash", tag = "Trash",
    params(Paging),
    responses((status = OK, description = "The page.", body = TrashPage)),
)]
pub(super) async fn list(
    State(app): State<App>,
    Reader(caller): Reader,
    parameters: Parameters,
) -> Result<Json<TrashPage>, Error> {
    let (cursor, limit) = (parameters.text("cursor")?, parameters.page_limit()?);
    Ok(Json(app.service.list_trash(&caller, cursor, limit).await?))
}

/// Restore an item
///
/// The item goes back to its folder, or to its owner's root if the folder is gone or closed to the caller.
#[utoipa::path(
    post, path = "/drive/files/{id}/restore", operation_id = "restoreItem", tag = "Trash",
    params(PathId),
    responses((status = OK, description = "The item, where it is now.", body = Item)),
)]
pub(super) async fn restore(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId,
) -> Result<Json<Item>, Error> {
    Ok(Json(app.service.restore_item(&caller, id, app.service.now()).await?.to_wire()))
}

/// Remove an item permanently
///
/// Removes an item of the trash, and everything below it. Only its owner may do this.
#[utoipa::path(
    delete, path = "/drive/trash/{id}", operation_id = "purgeItem", tag = "Trash",
    params(PathId),
    responses((status = NO_CONTENT, description = "The item is removed.")),
)]
pub(super) async fn purge(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId,
) -> Result<NoContent, Error> {
    app.service.purge_item(&caller, id, app.service.now()).await?;
    Ok(NoContent)
}

/// Empty the trash
///
/// Removes permanently everything in the caller's trash that the caller may remove.
#[utoipa::path(
    delete, path = "/drive/trash", operation_id = "emptyTrash", tag = "Trash",
    responses((status = OK, description = "What was removed.", body = EmptiedTrash)),
)]
pub(super) async fn empty(State(app): State<App>, User(caller): User) -> Result<Json<EmptiedTrash>, Error> {
    let removed = app.service.empty_trash(&caller, app.service.now()).await?;
    Ok(Json(EmptiedTrash { removed }))
}
