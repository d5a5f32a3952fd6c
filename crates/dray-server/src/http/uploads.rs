//! The three steps of an upload, and what resumes or ends it.

use axum::extract::State;
use axum::response::NoContent;
use axum::response::Response;
use dray_api::upload::{
    FinalizeUpload, OpenUploads, PresignParts, StartUpload, StartedUpload, StoredParts, UploadKey,
};

use super::auth::Uploader;
use super::error::Error;
use super::extract::{Json, Parameters, PublicEndpoint};
use super::{App, presigned};

pub(super) async fn start(
    State(app): State<App>,
    Uploader(caller): Uploader,
    Json(request): Json<StartUpload>,
) -> Result<axum::Json<StartedUpload>, Error> {
    let started = app.service.start_upload(&caller, request, app.service.clock.now()).await?;
    tracing::Span::current().record("upload", &started.upload_id);
    Ok(axum::Json(started))
}

pub(super) async fn presigned_urls(
    State(app): State<App>,
    Uploader(caller): Uploader,
    PublicEndpoint(endpoint): PublicEndpoint,
    Json(request): Json<PresignParts>,
) -> Result<Response, Error> {
    let signed = app.service.presign_parts(&caller, &request, &endpoint, app.service.clock.now()).await?;
    Ok(presigned::answer(&signed))
}

pub(super) async fn finalize(
    State(app): State<App>,
    Uploader(caller): Uploader,
    Json(request): Json<FinalizeUpload>,
) -> Result<axum::Json<dray_api::Item>, Error> {
    let item = app.service.finalize(&caller, request).await?;
    Ok(axum::Json(item.to_wire()))
}

pub(super) async fn parts(
    State(app): State<App>,
    Uploader(caller): Uploader,
    Json(key): Json<UploadKey>,
) -> Result<axum::Json<StoredParts>, Error> {
    Ok(axum::Json(app.service.uploaded_parts(&caller, &key, app.service.clock.now()).await?))
}

pub(super) async fn abort(
    State(app): State<App>,
    Uploader(caller): Uploader,
    Json(key): Json<UploadKey>,
) -> Result<NoContent, Error> {
    app.service.abort_upload(&caller, &key).await?;
    Ok(NoContent)
}

pub(super) async fn list(
    State(app): State<App>,
    Uploader(caller): Uploader,
    parameters: Parameters,
) -> Result<axum::Json<OpenUploads>, Error> {
    let (cursor, limit) = (parameters.text("cursor")?, parameters.page_limit()?);
    Ok(axum::Json(app.service.open_uploads(&caller, cursor, limit, app.service.clock.now()).await?))
}
