//! Who has which role on an item.

use axum::extract::State;
use axum::response::NoContent;
use dray_api::{NewRole, Participant, Participants, UserId};

use super::App;
use super::auth::{Reader, User};
use super::error::Error;
use super::extract::{Json, PathId, PathIds};

pub(super) async fn list(
    State(app): State<App>,
    Reader(caller): Reader,
    PathId(id): PathId,
) -> Result<axum::Json<Participants>, Error> {
    Ok(axum::Json(app.service.participants(&caller, id).await?))
}

pub(super) async fn put(
    State(app): State<App>,
    User(caller): User,
    PathIds(id, user): PathIds<UserId>,
    Json(NewRole { role }): Json<NewRole>,
) -> Result<axum::Json<Participant>, Error> {
    let now = app.service.clock.now();
    Ok(axum::Json(app.service.put_participant(&caller, id, user, role.into(), now).await?))
}

pub(super) async fn remove(
    State(app): State<App>,
    User(caller): User,
    PathIds(id, user): PathIds<UserId>,
) -> Result<NoContent, Error> {
    app.service.remove_participant(&caller, id, user).await?;
    Ok(NoContent)
}
