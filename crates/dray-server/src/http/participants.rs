//! Who has which role on an item.

use axum::extract::State;
use axum::response::NoContent;
use dray_api::{NewRole, Participant, Participants, UserId};

use super::App;
use super::auth::{Reader, User};
use super::error::Error;
use super::extract::{Json, PathId, PathIds};

/// List who has a role on an item
///
/// The roles on the item itself, and on folders above it that the caller can see. Each role includes those before it:
/// `viewer` reads and downloads; `member` also uploads, creates folders and changes items; `admin` also decides who
/// else has a role; `owner` is the item's owner.
#[utoipa::path(
    get, path = "/drive/files/{id}/participants", operation_id = "listParticipants", tag = "Sharing",
    params(PathId),
    responses((status = OK, description = "Who has which role.", body = Participants)),
)]
pub(super) async fn list(
    State(app): State<App>,
    Reader(caller): Reader,
    PathId(id): PathId,
) -> Result<axum::Json<Participants>, Error> {
    Ok(axum::Json(app.service.participants(&caller, id).await?))
}

/// Give a user a role on an item
///
/// The role also holds for everything below the item. It replaces the role that the user had on the item. This needs
/// the role `admin`. The role `owner` cannot be given.
#[utoipa::path(
    put, path = "/drive/files/{id}/participants/{userId}", operation_id = "putParticipant", tag = "Sharing",
    params(PathIds<UserId>), request_body = NewRole,
    responses((status = OK, description = "The user and the new role.", body = Participant)),
)]
pub(super) async fn put(
    State(app): State<App>,
    User(caller): User,
    PathIds(id, user): PathIds<UserId>,
    Json(NewRole { role }): Json<NewRole>,
) -> Result<axum::Json<Participant>, Error> {
    let now = app.service.now();
    Ok(axum::Json(app.service.put_participant(&caller, id, user, role.into(), now).await?))
}

/// Take a user's role on an item away
///
/// This needs the role `admin`; anybody may give up their own role.
#[utoipa::path(
    delete, path = "/drive/files/{id}/participants/{userId}", operation_id = "removeParticipant", tag = "Sharing",
    params(PathIds<UserId>),
    responses((status = NO_CONTENT, description = "The user no longer has the role.")),
)]
pub(super) async fn remove(
    State(app): State<App>,
    User(caller): User,
    PathIds(id, user): PathIds<UserId>,
) -> Result<NoContent, Error> {
    app.service.remove_participant(&caller, id, user).await?;
    Ok(NoContent)
}
