//! The caller's own access tokens.

use axum::extract::State;
use axum::response::NoContent;
use dray_api::{CreatedToken, NewToken, TokenId, Tokens};

use super::App;
use super::auth::User;
use super::error::Error;
use super::extract::{Json, PathId};

pub(super) async fn list(State(app): State<App>, User(caller): User) -> Result<axum::Json<Tokens>, Error> {
    Ok(axum::Json(app.service.list_tokens(&caller).await?))
}

pub(super) async fn create(
    State(app): State<App>,
    User(caller): User,
    Json(request): Json<NewToken>,
) -> Result<axum::Json<CreatedToken>, Error> {
    Ok(axum::Json(app.service.create_token(&caller, request, app.service.clock.now()).await?))
}

pub(super) async fn revoke(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId<TokenId>,
) -> Result<NoContent, Error> {
    app.service.revoke_token(&caller, id, app.service.clock.now()).await?;
    Ok(NoContent)
}
