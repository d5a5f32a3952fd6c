//! Folders.

use axum::extract::State;
use dray_api::{Item, NewFolder};

use super::App;
use super::auth::Authenticated;
use super::error::Error;
use super::extract::Json;

/// Make a folder
///
/// Two folders of one name in one place are two folders. Folders can be nested 100 deep.
#[utoipa::path(
    post, path = "/drive/folders", operation_id = "createFolder", tag = "Drive",
    request_body = NewFolder,
    responses((status = OK, description = "The folder.", body = Item, links(
        ("getItem" = (operation_id = "getItem", parameters(("id" = "$response.body#/id")))),
        ("getDownloadUrl" = (operation_id = "getDownloadUrl", parameters(("id" = "$response.body#/id")))),
        ("getTree" = (operation_id = "getTree", parameters(("parentId" = "$response.body#/id")))),
    ))),
)]
pub(super) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Json(request): Json<NewFolder>,
) -> Result<axum::Json<Item>, Error> {
    let folder = app.service.create_folder(&caller, request, app.service.clock.now()).await?;
    Ok(axum::Json(folder.to_wire()))
}
