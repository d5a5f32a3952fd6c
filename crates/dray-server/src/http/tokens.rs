//! The caller's own access tokens.

use axum::extract::State;
use axum::response::NoContent;
use dray_api::{CreatedToken, NewToken, TokenId, Tokens};

use super::App;
use super::auth::User;
use super::error::Error;
use super::extract::{Json, PathId};

/// List the caller's tokens
///
/// Without their secrets; those that have ended too.
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
/// `drive_upload` uploads and makes folders. With `folderId` it is confined to that folder and what is below it.
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
    Json(request): Json<NewToken>,
) -> Result<axum::Json<CreatedToken>, Error> {
    Ok(axum::Json(app.service.create_token(&caller, request, app.service.clock.now()).await?))
}

/// Revoke a token
///
/// One of the caller's; it is good for nothing from now on. It may be the one that asks.
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
    app.service.revoke_token(&caller, id, app.service.clock.now()).await?;
    Ok(NoContent)
}
