//! The caller's own access tokens.

use axum::extract::State;
use axum::response::{NoContent, Response};
use dray_api::{CreatedToken, NewToken, RotateToken, TokenId, Tokens};

use super::App;
use super::auth::{Holder, User};
use super::creating::{Creating, made};
use super::error::Error;
use super::extract::{Parameters, PathId};

/// List the caller's tokens
///
/// Without their secrets, including those that have ended. A token that another token created sees only itself and
/// the tokens that come from it: those that it created, and those that it replaced. A token that an operator created
/// sees all tokens of its user.
#[utoipa::path(
    get, path = "/tokens", operation_id = "listTokens", tag = "Tokens",
    responses((status = OK, description = "The tokens.", body = Tokens)),
)]
pub(super) async fn list(State(app): State<App>, User(caller): User) -> Result<axum::Json<Tokens>, Error> {
    Ok(axum::Json(app.service.list_tokens(&caller).await?))
}

/// Create a token
///
/// The new token can do no more than the caller's token: `access_drive` allows everything, `drive_read` reads and
/// downloads, `drive_upload` uploads and creates folders. With `folderId` it is confined to that folder and what is
/// below it. It ends when the token that creates it ends, and is revoked with it. If that token is rotated, the new token
/// belongs to its replacement, and revoking the replaced one does not end it: see `withReplacements` of `DELETE /tokens/{id}`.
#[utoipa::path(
    post, path = "/tokens", operation_id = "createToken", tag = "Tokens",
    request_body = NewToken,
    responses((status = OK, description = "The token. The server shows its secret only once.", body = CreatedToken, links(
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

/// Rotate the caller's token
///
/// A new token replaces it, with the same scopes and folder. Tokens that the old one created belong to the new one.
/// The old one stays valid for a day at most. The new one ends at `rotateUntil` at the latest. The creator of the
/// first token set that time, and rotation does not change it. Any token may rotate itself, once.
#[utoipa::path(
    post, path = "/tokens/rotate", operation_id = "rotateToken", tag = "Tokens",
    request_body = RotateToken,
    responses((status = OK, description = "The new token. The server shows its secret only once.", body = CreatedToken)),
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
/// One of the tokens that the caller can list. It is invalid at once, and so are the tokens that it created and those
/// that it replaced. A token may revoke itself. If the token was replaced by rotation, its replacement goes on, with
/// what the token created: `withReplacements=true` ends these as well, for example after a secret has leaked, because
/// whoever had it may have replaced it. The caller must be able to list the replacement.
#[utoipa::path(
    delete, path = "/tokens/{id}", operation_id = "revokeToken", tag = "Tokens",
    params(
        PathId<TokenId>,
        ("withReplacements" = Option<bool>, Query, description = "Whether the tokens that have replaced it end too, one after the other, with the tokens that they created; `false` by default."),
    ),
    responses((status = NO_CONTENT, description = "The token is revoked.")),
)]
pub(super) async fn revoke(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId<TokenId>,
    parameters: Parameters,
) -> Result<NoContent, Error> {
    let ends_replacements = parameters.flag("withReplacements")?;
    app.service.revoke_token(&caller, id, ends_replacements, app.service.now()).await?;
    Ok(NoContent)
}
