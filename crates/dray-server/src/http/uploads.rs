//! The three steps of an upload, and the routes that resume or abort it.

use axum::extract::State;
use axum::response::NoContent;
use axum::response::Response;
use dray_api::Item;
use dray_api::upload::{
    FinalizeUpload, ListParts, OpenUploads, PresignParts, PresignedParts, StartUpload, StartedUpload,
    StoredParts, UploadKey,
};

use super::auth::{Depositor, Uploader};
use super::creating::{Creating, made};
use super::described::Paging;
use super::error::Error;
use super::extract::{Json, Parameters, PublicEndpoint};
use super::{App, presigned};

/// Start an upload
///
/// Returns the ids that the next steps need, and how Dray recommends to cut the file. Any other cut that S3 accepts
/// works as well. The upload expires when nobody has signed or listed its parts for 24 hours, or after 7 days.
/// `onConflict` says what finalize does if the folder has a file of this name by then: `fail` needs a token that may
/// read, `replace` a token with `access_drive`. With a grant (`cp_grant_…`) as bearer token, the grant says where the
/// file goes and what happens if the name is taken.
#[utoipa::path(
    post, path = "/drive/files/upload/multipart/start", operation_id = "startUpload", tag = "Uploads",
    request_body = StartUpload,
    responses((status = OK, description = "The upload is open.", body = StartedUpload, links(
        ("presignParts" = (operation_id = "presignParts", request_body = json!({ "uploadId": "$response.body#/uploadId", "fileKey": "$response.body#/fileKey" }))),
        ("listParts" = (operation_id = "listParts", request_body = json!({ "uploadId": "$response.body#/uploadId", "fileKey": "$response.body#/fileKey" }))),
        ("finalizeUpload" = (operation_id = "finalizeUpload", request_body = json!({ "uploadId": "$response.body#/uploadId", "fileKey": "$response.body#/fileKey" }))),
        ("abortUpload" = (operation_id = "abortUpload", request_body = json!({ "uploadId": "$response.body#/uploadId", "fileKey": "$response.body#/fileKey" }))),
    ))),
)]
pub(super) async fn start(
    State(app): State<App>,
    Depositor(caller): Depositor,
    Creating { body, once }: Creating<StartUpload>,
) -> Result<Response, Error> {
    let started = app.service.start_upload(&caller, body, once, app.service.now()).await?;
    tracing::Span::current().record("upload", &started.answer.upload_id);
    Ok(made(started))
}

/// Sign an upload's parts
///
/// One URL for each part: a signed S3 `UploadPart`. Until the URL expires, anyone who has it can `PUT` that part's
/// bytes. Finalize needs the `ETag` of the store's answer. This call may be repeated at any time before finalize.
/// With `partNumbers` the server signs only those parts, and with `contentLengths` each URL accepts exactly that many
/// bytes. A part has 5 MiB to 5 GiB; the last one may have less.
#[utoipa::path(
    post, path = "/drive/files/upload/multipart/presigned-urls", operation_id = "presignParts", tag = "Uploads",
    request_body = PresignParts,
    responses((status = OK, description = "The signed URLs.", body = PresignedParts)),
)]
pub(super) async fn presigned_urls(
    State(app): State<App>,
    Depositor(caller): Depositor,
    PublicEndpoint(endpoint): PublicEndpoint,
    Json(request): Json<PresignParts>,
) -> Result<Response, Error> {
    let signed = app.service.presign_parts(&caller, &request, &endpoint, app.service.now()).await?;
    Ok(presigned::answer(signed))
}

/// Finalize an upload
///
/// Creates the file once every byte is there: the parts must add up to the announced `fileSize`. It can be repeated
/// from anywhere: the same list of parts returns the same item. Without a list, it takes every part that the store
/// has. With `checksum`, the server creates the file only if its bytes have that checksum. After a refusal the upload
/// is still open, unless it is gone (410) or its name was taken at the last moment. If its folder is gone or closed
/// to the uploader, the file goes to the uploader's root, under a free name; an upload of a confined token waits
/// instead (409). A token that has only `drive_upload` gets the file as it was announced.
#[utoipa::path(
    post, path = "/drive/files/upload/multipart/finalize", operation_id = "finalizeUpload", tag = "Uploads",
    request_body = FinalizeUpload,
    responses((status = OK, description = "The file.", body = Item)),
)]
pub(super) async fn finalize(
    State(app): State<App>,
    Depositor(caller): Depositor,
    Json(request): Json<FinalizeUpload>,
) -> Result<axum::Json<Item>, Error> {
    let item = app.service.finalize(&caller, request).await?;
    Ok(axum::Json(item.to_wire()))
}

/// List an upload's parts
///
/// What the store has of the caller's upload. It is enough to continue the upload from anywhere. The call extends the
/// upload's expiry, as signing does, unless `keepAlive` is false.
#[utoipa::path(
    post, path = "/drive/files/upload/multipart/parts", operation_id = "listParts", tag = "Uploads",
    request_body = ListParts,
    responses((status = OK, description = "The upload and its parts.", body = StoredParts)),
)]
pub(super) async fn parts(
    State(app): State<App>,
    Depositor(caller): Depositor,
    Json(asked): Json<ListParts>,
) -> Result<axum::Json<StoredParts>, Error> {
    Ok(axum::Json(app.service.uploaded_parts(&caller, &asked, app.service.now()).await?))
}

/// Abort an upload
///
/// The store removes its parts. Aborting again changes nothing.
#[utoipa::path(
    post, path = "/drive/files/upload/multipart/abort", operation_id = "abortUpload", tag = "Uploads",
    request_body = UploadKey,
    responses((status = NO_CONTENT, description = "The upload is aborted.")),
)]
pub(super) async fn abort(
    State(app): State<App>,
    Depositor(caller): Depositor,
    Json(key): Json<UploadKey>,
) -> Result<NoContent, Error> {
    app.service.abort_upload(&caller, &key).await?;
    Ok(NoContent)
}

/// List the caller's unfinished uploads
///
/// The caller's unfinished uploads, page by page, the latest first.
#[utoipa::path(
    get, path = "/drive/uploads", operation_id = "listUploads", tag = "Uploads",
    params(Paging),
    responses((status = OK, description = "The page.", body = OpenUploads)),
)]
pub(super) async fn list(
    State(app): State<App>,
    Uploader(caller): Uploader,
    parameters: Parameters,
) -> Result<axum::Json<OpenUploads>, Error> {
    let (cursor, limit) = (parameters.text("cursor")?, parameters.page_limit()?);
    Ok(axum::Json(app.service.open_uploads(&caller, cursor, limit, app.service.now()).await?))
}
