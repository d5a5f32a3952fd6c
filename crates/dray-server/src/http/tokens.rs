//! The caller's own access tokens.

use axum::extract::State;
use axum::response::{NoContent, Response};
use dray_api::{CreatedToken, NewToken, RotateToken, TokenId, Tokens};

use super::App;
use super::auth::{Holder, User};
use super::creating::{Creating, made};
use super::error::Error;
use super::extract::PathId;

/// List the caller's tokens
///
/// Without their secrets; those that have ended too. A token that was made with another knows of itself and of what comes
/// of it: what was made with it, and what it took the place of. One that an operator made knows of all its user's.
#[utoipa::path(
    get, path = "/tokens", operation_id = "listTokens", tag = "Tokens",
    responses((status = OK, description = "The tokens.", body = Tokens)),
)]
pub(super) async fn list(State(app): State<App>, User(caller): User) -> Result<axum::Json<Tokens>, Error> {
    Ok(axum::Json(app.service.list_tokens(&caller).await?))
}

/// Make a token
///
/// It can do no more than the caller can: `access_drive` is everything, `drive_read` looks and downloads,
/// `drive_upload` uploads and makes folders. With `folderId` it is confined to that folder and what is below it. It ends with
/// the token that makes it, at the latest, and is revoked with it.
#[utoipa::path(
    post, path = "/tokens", operation_id = "createToken", tag = "Tokens",
    request_body = NewToken,
    responses((status = OK, description = "The token. Its secret is shown this once.", body = CreatedToken, links(
        ("revokeToken" = (operation_id = "revokeToken", parameters(("id" = "$response.body#/id")))),
    ))),
)]
pub(super) async fn create(
    State(app): State<App>,
    User(caller): User,
    Creating { body, once }: Creating<NewToken>,
) -> Result<Response, Error> {
    Ok(made(app.service.create_token(&caller, body, once, app.service.now()).await?))
}

/// Rotate the token that asks
///
/// Another takes its place, with the same scopes and folder, and what was made with it goes on with the new one. The old one
/// is good for another day at most. The new one ends at `rotateUntil` at the latest, which whoever made the first one has
/// set; no rotation changes it. Any token may rotate itself, once.
#[utoipa::path(
    post, path = "/tokens/rotate", operation_id = "rotateToken", tag = "Tokens",
    request_body = RotateToken,
    responses((status = OK, description = "The new token. Its secret is shown this once.", body = CreatedToken)),
)]
pub(super) async fn rotate(
    State(app): State<App>,
    Holder(caller): Holder,
    Creating { body, once }: Creating<RotateToken>,
) -> Result<Response, Error> {
    Ok(made(app.service.rotate_token(&caller, body, once, app.service.now()).await?))
}

/// Revoke a token
///
/// One of those that the caller can list; it is good for nothing from now on, and neither is what was made with it or what it
/// took the place of. It may be the one that asks.
#[utoipa::path(
    delete, path = "/tokens/{id}", operation_id = "revokeToken", tag = "Tokens",
    params(PathId<TokenId>),
    responses((status = NO_CONTENT, description = "It is revoked.")),
)]
pub(super) async fn revoke(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId<TokenId>,
) -> Result<NoContent, Error> {
    app.service.revoke_token(&caller, id, app.service.now()).await?;
    Ok(NoContent)
}
