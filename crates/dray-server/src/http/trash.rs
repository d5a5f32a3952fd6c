//! The trash.

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use dray_api::{EmptiedTrash, TrashPage};

use super::App;
use super::auth::{Reader, User};
use super::error::Error;
use super::extract::{Parameters, PathId};

pub(super) async fn list(
    State(app): State<App>,
    Reader(caller): Reader,
    parameters: Parameters,
) -> Result<Json<TrashPage>, Error> {
    let (cursor, limit) = (parameters.text("cursor")?, parameters.page_limit()?);
    Ok(Json(app.service.list_trash(&caller, cursor, limit).await?))
}

pub(super) async fn restore(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId,
) -> Result<Json<dray_api::Item>, Error> {
    Ok(Json(app.service.restore_item(&caller, id).await?.to_wire()))
}

pub(super) async fn purge(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId,
) -> Result<NoContent, Error> {
    app.service.purge_item(&caller, id, app.service.clock.now()).await?;
    Ok(NoContent)
}

pub(super) async fn empty(State(app): State<App>, User(caller): User) -> Result<Json<EmptiedTrash>, Error> {
    let removed = app.service.empty_trash(&caller, app.service.clock.now()).await?;
    Ok(Json(EmptiedTrash { removed }))
}
