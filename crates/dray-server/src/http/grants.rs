//! Grants: what a backend gives to one person's page, so that it may upload and do nothing else.

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
/// A backend creates one for one person's page. The page sends it as bearer to the five calls of an upload (`start`,
/// `presigned-urls`, `parts`, `finalize`, `abort`); it is good for its own uploads, and for nothing else. The limits hold when an
/// upload is started, where the announced bytes are reserved, and for the stored bytes when it is finalized. A grant has no more
/// scope, folder or life than the token that creates it, and ends with that token. Its holder learns of no other file: answers
/// repeat the name that it gave.
#[utoipa::path(
    post, path = "/drive/grants", operation_id = "createGrant", tag = "Grants",
    request_body = NewGrant,
    responses((status = OK, description = "The grant. Its secret is shown only once.", body = CreatedGrant, links(
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
/// Page by page, the latest first: those that the caller's token created, and those of the tokens that come from it. A
/// token that an operator created, that may read and is not confined, sees all grants of its user.
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
/// What it allows, and what it was used for.
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
/// It is invalid at once, and its unfinished uploads are aborted. Files that it has brought stay.
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
/// Every upload that was started with it, page by page, the latest first, with its state, its item and what was attached to
/// the grant: for a backend that missed a webhook.
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
