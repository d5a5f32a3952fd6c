//! Folders: creating one, listing one, and listing what others share.

use axum::extract::State;
use axum::response::Response;
use dray_api::{Item, ItemPage, ListSort, NewFolder, SortOrder};

use super::App;
use super::auth::{Reader, Uploader};
use super::creating::{Creating, made};
use super::described::Paging;
use super::error::Error;
use super::extract::{Parameters, PathFolder};
use crate::drive::cursor::List;

/// Create a folder
///
/// Two folders in one place may have the same name. Folders can be nested 100 deep.
#[utoipa::path(
    post, path = "/drive/folders", operation_id = "createFolder", tag = "Drive",
    request_body = NewFolder,
    responses((status = OK, description = "The folder.", body = Item, links(
        ("getItem" = (operation_id = "getItem", parameters(("id" = "$response.body#/id")))),
        ("getDownloadUrl" = (operation_id = "getDownloadUrl", parameters(("id" = "$response.body#/id")))),
        ("getTree" = (operation_id = "getTree", parameters(("parentId" = "$response.body#/id")))),
        ("listChildren" = (operation_id = "listChildren", parameters(("id" = "$response.body#/id")))),
        ("changeItem" = (operation_id = "changeItem", parameters(("id" = "$response.body#/id")))),
        ("trashItem" = (operation_id = "trashItem", parameters(("id" = "$response.body#/id")))),
        ("restoreItem" = (operation_id = "restoreItem", parameters(("id" = "$response.body#/id")))),
        ("listParticipants" = (operation_id = "listParticipants", parameters(("id" = "$response.body#/id")))),
        ("purgeItem" = (operation_id = "purgeItem", parameters(("id" = "$response.body#/id")))),
    ))),
)]
pub(super) async fn create(
    State(app): State<App>,
    Uploader(caller): Uploader,
    Creating { body, once }: Creating<NewFolder>,
) -> Result<Response, Error> {
    Ok(made(app.service.create_folder(&caller, body, once, app.service.now()).await?))
}

/// List what is in a folder
///
/// One level, page by page, whatever the folder's size: folders first, then files. `root` is the caller's own root
/// together with what others share with them. For a token that is confined to a folder, `root` is that folder.
#[utoipa::path(
    get, path = "/drive/folders/{id}/children", operation_id = "listChildren", tag = "Drive",
    params(
        PathFolder,
        Paging,
        ("sortBy" = inline(Option<ListSort>), Query, description = "What to sort by; `name` by default."),
        ("sortOrder" = inline(Option<SortOrder>), Query, description = "The direction; `asc` by default."),
    ),
    responses((status = OK, description = "The page.", body = ItemPage)),
)]
pub(super) async fn children(
    State(app): State<App>,
    Reader(caller): Reader,
    PathFolder(id): PathFolder,
    parameters: Parameters,
) -> Result<axum::Json<ItemPage>, Error> {
    Ok(axum::Json(
        app.service.children(&caller, id, parameters.page(|order| List::Children(id, order))?).await?,
    ))
}

/// List what others share with the caller
///
/// The items on which the caller was given a role, page by page. The content of a shared folder is not listed.
#[utoipa::path(
    get, path = "/drive/shared", operation_id = "listShared", tag = "Sharing",
    params(
        Paging,
        ("sortBy" = inline(Option<ListSort>), Query, description = "What to sort by; `name` by default."),
        ("sortOrder" = inline(Option<SortOrder>), Query, description = "The direction; `asc` by default."),
    ),
    responses((status = OK, description = "The page.", body = ItemPage)),
)]
pub(super) async fn shared(
    State(app): State<App>,
    Reader(caller): Reader,
    parameters: Parameters,
) -> Result<axum::Json<ItemPage>, Error> {
    Ok(axum::Json(app.service.shared(&caller, parameters.page(List::Shared)?).await?))
}
