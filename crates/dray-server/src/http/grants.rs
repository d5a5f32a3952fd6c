//! Grants: what a backend gives to one person's page, so that the page can upload and do nothing else.

use axum::extract::State;
use axum::response::{NoContent, Response};
use dray_api::{CreatedGrant, Grant, GrantId, GrantUploads, Grants, NewGrant};

use super::App;
use super::auth::Uploader;
use super::creating::{Creating, made};
use super::described::Paging;
use super::error::Error;
use super::extract::{Parameters, PathId};

/// Create a grant
///
/// A backend creates one grant for one person's page. The page sends it as its bearer token in the five calls of an
/// upload (`start`, `presigned-urls`, `parts`, `finalize`, `abort`). A grant works only for the uploads that it
/// started. The server checks its limits twice: at `start`, which reserves the announced bytes, and at finalize, for
/// the stored bytes. A grant has no more rights, folders or lifetime than the token that creates it, and ends with
/// that token. Its holder learns nothing about other files: answers repeat the name that the holder gave.
#[utoipa::path(
    post, path = "/drive/grants", operation_id = "createGrant", tag = "Grants",
    request_body = NewGrant,
    responses((status = OK, description = "The grant. The server shows its secret only once.", body = CreatedGrant, links(
        ("getGrant" = (operation_id = "getGrant", parameters(("id" = "$response.body#/id")))),
        ("listGrantUploads" = (operation_id = "listGrantUploads", parameters(("id" = "$response.body#/id")))),
        ("revokeGrant" = (operation_id = "revokeGrant", parameters(("id" = "$response.body#/id")))),
    ))),
)]
pub(super) async fn create(
    State(app): State<App>,
    Uploader(caller): Uploader,
    Creating { body, once }: Creating<NewGrant>,
) -> Result<Response, Error> {
    Ok(made(app.service.create_grant(&caller, body, once, app.service.now()).await?))
}

/// List grants
///
/// Page by page, the latest first: the grants that the caller's token created, and those of the tokens that come from
/// it. A token that an operator created sees all grants of its user, if it may read and is not confined to a folder.
#[utoipa::path(
    get, path = "/drive/grants", operation_id = "listGrants", tag = "Grants",
    params(Paging),
    responses((status = OK, description = "The page.", body = Grants)),
)]
pub(super) async fn list(
    State(app): State<App>,
    Uploader(caller): Uploader,
    parameters: Parameters,
) -> Result<axum::Json<Grants>, Error> {
    let (cursor, limit) = (parameters.text("cursor")?, parameters.page_limit()?);
    Ok(axum::Json(app.service.list_grants(&caller, cursor, limit).await?))
}

/// Get a grant
///
/// What the grant allows, and how much of it is used.
#[utoipa::path(
    get, path = "/drive/grants/{id}", operation_id = "getGrant", tag = "Grants",
    params(PathId<GrantId>),
    responses((status = OK, description = "The grant.", body = Grant)),
)]
pub(super) async fn get(
    State(app): State<App>,
    Uploader(caller): Uploader,
    PathId(id): PathId<GrantId>,
) -> Result<axum::Json<Grant>, Error> {
    Ok(axum::Json(app.service.get_grant(&caller, id).await?))
}

/// Revoke a grant
///
/// The grant is invalid at once, and the server aborts its unfinished uploads. Its finished files stay.
#[utoipa::path(
    delete, path = "/drive/grants/{id}", operation_id = "revokeGrant", tag = "Grants",
    params(PathId<GrantId>),
    responses((status = NO_CONTENT, description = "The grant is revoked.")),
)]
pub(super) async fn revoke(
    State(app): State<App>,
    Uploader(caller): Uploader,
    PathId(id): PathId<GrantId>,
) -> Result<NoContent, Error> {
    app.service.revoke_grant(&caller, id, app.service.now()).await?;
    Ok(NoContent)
}

/// List a grant's uploads
///
/// Every upload that was started with the grant, page by page, the latest first. Each comes with its state, its item,
/// and the grant's `externalId` and `metadata`. A backend that missed a webhook finds here what it needs.
#[utoipa::path(
    get, path = "/drive/grants/{id}/uploads", operation_id = "listGrantUploads", tag = "Grants",
    params(PathId<GrantId>, Paging),
    responses((status = OK, description = "The page.", body = GrantUploads)),
)]
pub(super) async fn uploads(
    State(app): State<App>,
    Uploader(caller): Uploader,
    PathId(id): PathId<GrantId>,
    parameters: Parameters,
) -> Result<axum::Json<GrantUploads>, Error> {
    let (cursor, limit) = (parameters.text("cursor")?, parameters.page_limit()?);
    Ok(axum::Json(app.service.grant_uploads(&caller, id, cursor, limit).await?))
}
