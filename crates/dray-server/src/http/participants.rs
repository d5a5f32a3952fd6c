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
/// On the item itself, or on a folder above it that the caller sees. Each role may do all that those before it may:
/// `viewer` reads and downloads; `member` also uploads, makes folders and changes what is there; `admin` also says who
/// else may do what; `owner` is whoever owns the item.
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
/// And on all that is below it, in place of the role that they may have had. It takes the role `admin`. Nobody is made
/// an owner.
#[utoipa::path(
    put, path = "/drive/files/{id}/participants/{userId}", operation_id = "putParticipant", tag = "Sharing",
    params(PathIds<UserId>), request_body = NewRole,
    responses((status = OK, description = "Who has the role now.", body = Participant)),
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

/// Take a user's role on an item
///
/// It takes the role `admin`; anybody may give up their own.
#[utoipa::path(
    delete, path = "/drive/files/{id}/participants/{userId}", operation_id = "removeParticipant", tag = "Sharing",
    params(PathIds<UserId>),
    responses((status = NO_CONTENT, description = "They have it no more.")),
)]
pub(super) async fn remove(
    State(app): State<App>,
    User(caller): User,
    PathIds(id, user): PathIds<UserId>,
) -> Result<NoContent, Error> {
    app.service.remove_participant(&caller, id, user).await?;
    Ok(NoContent)
}
