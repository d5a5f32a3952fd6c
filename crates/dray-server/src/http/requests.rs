//! File requests: managed under the API by the admins of their folder, and used under `/r/` by anyone who has the
//! address.

use axum::extract::State;
use axum::response::{IntoResponse as _, NoContent, Response};
use dray_api::request::{
    CreatedSubmitter, FileRequests, NewRequest, NewSubmitter, OpenRequest, OpenedRequest, RequestChange,
    SentFiles, Submissions,
};
use dray_api::{FileRequest, ItemId, RequestId};

use super::App;
use super::auth::{MaybeBearer, Submitter, User};
use super::creating::{Creating, made};
use super::described::Paging;
use super::error::Error;
use super::extract::{Json, Parameters, PathId, PathText, PublicUrl};
use super::links::{NO_STORE, PRIVATE};
use crate::client_address::ClientAddress;
use crate::drive;

/// Create a file request
///
/// Creates an address at which people without an account can upload files into a folder. The files belong to the user
/// who created the request. It works until its deadline, until somebody closes it, or until that user is no longer an
/// `admin` of the folder. This needs the role `admin` on the folder; a user has at most 1,000 requests.
#[utoipa::path(
    post, path = "/drive/requests", operation_id = "createRequest", tag = "File requests",
    request_body = NewRequest,
    responses((status = OK, description = "The request.", body = FileRequest, links(
        ("getRequest" = (operation_id = "getRequest", parameters(("id" = "$response.body#/id")))),
        ("changeRequest" = (operation_id = "changeRequest", parameters(("id" = "$response.body#/id")))),
        ("deleteRequest" = (operation_id = "deleteRequest", parameters(("id" = "$response.body#/id")))),
        ("listSubmissions" = (operation_id = "listSubmissions", parameters(("id" = "$response.body#/id")))),
    ))),
)]
pub(super) async fn create(
    State(app): State<App>,
    User(caller): User,
    PublicUrl(url): PublicUrl,
    Creating { body, once }: Creating<NewRequest>,
) -> Result<Response, Error> {
    Ok(made(app.service.create_request(&caller, body, url, once, app.service.now()).await?))
}

/// List file requests
///
/// The requests that the caller's user has created, or with `folderId` all requests to that folder, page by page, the
/// latest first. Closed ones are included. `folderId` needs the role `admin` on the folder.
#[utoipa::path(
    get, path = "/drive/requests", operation_id = "listRequests", tag = "File requests",
    params(("folderId" = inline(Option<ItemId>), Query, description = "The folder whose requests to list."), Paging),
    responses((status = OK, description = "The page.", body = FileRequests)),
)]
pub(super) async fn list(
    State(app): State<App>,
    User(caller): User,
    PublicUrl(url): PublicUrl,
    parameters: Parameters,
) -> Result<Response, Error> {
    let (folder, cursor) = (parameters.id("folderId")?, parameters.text("cursor")?);
    let limit = parameters.page_limit()?;
    let page = app.service.list_requests(&caller, &url, folder, cursor, limit).await?;
    Ok((NO_STORE, axum::Json(page)).into_response())
}

/// Get a file request
///
/// This needs the role `admin` on its folder, or to have created it.
#[utoipa::path(
    get, path = "/drive/requests/{id}", operation_id = "getRequest", tag = "File requests",
    params(PathId<RequestId>),
    responses((status = OK, description = "The request.", body = FileRequest)),
)]
pub(super) async fn get(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId<RequestId>,
    PublicUrl(url): PublicUrl,
) -> Result<Response, Error> {
    Ok((NO_STORE, axum::Json(app.service.get_request(&caller, id, &url).await?)).into_response())
}

/// Change, close or reopen a file request
///
/// Fields that the body does not have stay as they are. Closing a request aborts its unfinished uploads; files that
/// have arrived stay. After a change of the password, submitters must enter the new one before they can start another
/// upload. Only whoever created the request may change everything. Another `admin` of its folder may close it, set an
/// earlier deadline or smaller limits, and set a password if it has none. Whoever created it and is no longer an `admin` of
/// its folder may only close it.
#[utoipa::path(
    patch, path = "/drive/requests/{id}", operation_id = "changeRequest", tag = "File requests",
    params(PathId<RequestId>), request_body = RequestChange,
    responses((status = OK, description = "The request as it is now.", body = FileRequest)),
)]
pub(super) async fn change(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId<RequestId>,
    PublicUrl(url): PublicUrl,
    Json(change): Json<RequestChange>,
) -> Result<axum::Json<FileRequest>, Error> {
    Ok(axum::Json(app.service.change_request(&caller, id, change, &url, app.service.now()).await?))
}

/// Delete a file request
///
/// Also deletes the list of its submitters, and aborts unfinished uploads. Files that have arrived stay. Once files have
/// arrived, only an owner of the folder may delete the request, because the list says who sent what; everybody else can
/// close it. Before, this needs the role `admin` on its folder, or to have created it.
#[utoipa::path(
    delete, path = "/drive/requests/{id}", operation_id = "deleteRequest", tag = "File requests",
    params(PathId<RequestId>),
    responses((status = NO_CONTENT, description = "The request is deleted.")),
)]
pub(super) async fn delete(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId<RequestId>,
) -> Result<NoContent, Error> {
    app.service.delete_request(&caller, id, app.service.now()).await?;
    Ok(NoContent)
}

/// List the uploads to a file request
///
/// Every upload with its submitter, finished or not, page by page, the latest first. Aborted uploads are left out. This
/// needs the role `admin` on its folder.
#[utoipa::path(
    get, path = "/drive/requests/{id}/submissions", operation_id = "listSubmissions", tag = "File requests",
    params(PathId<RequestId>, Paging),
    responses((status = OK, description = "The page.", body = Submissions)),
)]
pub(super) async fn submissions(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId<RequestId>,
    parameters: Parameters,
) -> Result<axum::Json<Submissions>, Error> {
    let (cursor, limit) = (parameters.text("cursor")?, parameters.page_limit()?);
    Ok(axum::Json(app.service.submissions(&caller, id, cursor, limit).await?))
}

/// Open a file request
///
/// Returns what the page of the request shows. No token is needed, only the address and, if there is one, the password.
/// A submitter can send their grant as the bearer instead of the password. A client that has sent many wrong passwords
/// has to wait.
#[utoipa::path(
    post, path = "/r/{slug}/open", operation_id = "openRequest", tag = "File requests",
    security((), ("token" = [])), request_body = OpenRequest,
    params(("slug" = String, Path, description = "The secret part of the request's address.")),
    responses((status = OK, description = "What the page shows.", body = OpenedRequest)),
)]
pub(super) async fn open(
    State(app): State<App>,
    PathText(slug): PathText,
    client: ClientAddress,
    MaybeBearer(grant): MaybeBearer,
    Json(asked): Json<OpenRequest>,
) -> Result<Response, Error> {
    let (slug, known) = (slug.ok_or(drive::Error::RequestNotFound)?, (asked.password, grant));
    let opened = app.service.open_request(&slug, known, client.address(), app.service.now()).await?;
    Ok((PRIVATE, axum::Json(opened)).into_response())
}

/// Become a submitter of a file request
///
/// Returns a grant, which is the bearer for the calls of an upload, within the limits of the request. No token is
/// needed. Dray forgets submitters who start no upload within an hour. A client that becomes a submitter very often has
/// to wait.
#[utoipa::path(
    post, path = "/r/{slug}/submitters", operation_id = "addSubmitter", tag = "File requests",
    security(()), request_body = NewSubmitter,
    params(("slug" = String, Path, description = "The secret part of the request's address.")),
    responses((status = OK, description = "The submitter's grant.", body = CreatedSubmitter)),
)]
pub(super) async fn add_submitter(
    State(app): State<App>,
    PathText(slug): PathText,
    client: ClientAddress,
    Json(new): Json<NewSubmitter>,
) -> Result<Response, Error> {
    let slug = slug.ok_or(drive::Error::RequestNotFound)?;
    let made = app.service.add_submitter(&slug, new, client.address(), app.service.now()).await?;
    Ok((PRIVATE, axum::Json(made)).into_response())
}

/// List the files that a submitter has sent
///
/// The files of this submitter that have arrived, page by page, the latest first. The bearer is the submitter's grant;
/// it reads this list also after the request is closed.
#[utoipa::path(
    get, path = "/r/{slug}/uploads", operation_id = "listSentFiles", tag = "File requests",
    security(("token" = [])),
    params(
        ("slug" = String, Path, description = "The secret part of the request's address."),
        ("cursor" = Option<String>, Query, max_length = 4096, description = "The `nextCursor` of the page before."),
    ),
    responses((status = OK, description = "The files.", body = SentFiles)),
)]
pub(super) async fn sent(
    State(app): State<App>,
    Submitter(caller): Submitter,
    PathText(slug): PathText,
    parameters: Parameters,
) -> Result<Response, Error> {
    let slug = slug.ok_or(drive::Error::RequestNotFound)?;
    let sent = app.service.sent_files(&caller, &slug, parameters.text("cursor")?).await?;
    Ok((PRIVATE, axum::Json(sent)).into_response())
}
