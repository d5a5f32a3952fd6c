//! The three steps of an upload.

use axum::extract::State;
use axum::response::Response;
use dray_api::Item;
use dray_api::upload::{FinalizeUpload, PresignParts, PresignedParts, StartUpload, StartedUpload};

use super::auth::Authenticated;
use super::error::Error;
use super::extract::{Json, PublicEndpoint};
use super::{App, presigned};

/// Start an upload
///
/// Answers the ids that the next steps need, and how Dray would cut the file. Any other cut that S3 takes is as
/// good. The upload expires when its parts have not been signed for 24 hours, or after 7 days.
#[utoipa::path(
    post, path = "/drive/files/upload/multipart/start", operation_id = "startUpload", tag = "Uploads",
    request_body = StartUpload,
    responses((status = OK, description = "The upload is open.", body = StartedUpload, links(
        ("presignParts" = (operation_id = "presignParts", request_body = json!({ "uploadId": "$response.body#/uploadId", "fileKey": "$response.body#/fileKey" }))),
        ("finalizeUpload" = (operation_id = "finalizeUpload", request_body = json!({ "uploadId": "$response.body#/uploadId", "fileKey": "$response.body#/fileKey" }))),
    ))),
)]
pub(super) async fn start(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Json(request): Json<StartUpload>,
) -> Result<axum::Json<StartedUpload>, Error> {
    let started = app.service.start_upload(&caller, request, app.service.clock.now()).await?;
    tracing::Span::current().record("upload", &started.upload_id);
    Ok(axum::Json(started))
}

/// Sign an upload's parts
///
/// One URL a part: a signed S3 `UploadPart`, to which anyone may `PUT` that part's bytes until it expires. The
/// `ETag` of the store's answer is what finalize needs. May be called again at any time before finalize; with
/// `partNumbers` only those are signed. A part has 5 MiB to 5 GiB, the last one may have less.
#[utoipa::path(
    post, path = "/drive/files/upload/multipart/presigned-urls", operation_id = "presignParts", tag = "Uploads",
    request_body = PresignParts,
    responses((status = OK, description = "The signed URLs.", body = PresignedParts)),
)]
pub(super) async fn presigned_urls(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PublicEndpoint(endpoint): PublicEndpoint,
    Json(request): Json<PresignParts>,
) -> Result<Response, Error> {
    let signed = app.service.presign_parts(&caller, &request, &endpoint, app.service.clock.now()).await?;
    Ok(presigned::answer(&signed))
}

/// Finalize an upload
///
/// Makes the file, once every byte is there: the parts must add up to the announced `fileSize`. Can be repeated,
/// from anywhere: the same list of parts answers the same item. After a refusal the upload is still open.
#[utoipa::path(
    post, path = "/drive/files/upload/multipart/finalize", operation_id = "finalizeUpload", tag = "Uploads",
    request_body = FinalizeUpload,
    responses((status = OK, description = "The file.", body = Item)),
)]
pub(super) async fn finalize(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Json(request): Json<FinalizeUpload>,
) -> Result<axum::Json<Item>, Error> {
    let item = app.service.finalize(&caller, request).await?;
    Ok(axum::Json(item.to_wire()))
}
