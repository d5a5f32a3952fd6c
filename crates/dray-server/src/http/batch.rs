//! Many small files at once: starting and finalizing them.

use axum::extract::State;
use axum::response::Response;
use dray_api::batch::{FinalizeFiles, FinalizedFile, FinalizedFiles, StartFiles, StartedFile, StartedFiles};

use super::App;
use super::auth::Depositor;
use super::creating::{Creating, made};
use super::error::{Error, log_failures, told};
use super::extract::{Json, PublicEndpoint};
use crate::drive::wire_time;
use crate::service::{self, Made};

/// Start many small files
///
/// Up to 1,000 files of up to 8 MiB, each with its name or its path. In one transaction, the folders of the paths are made as far
/// as they are not there, and every file gets an upload of its own, with one signed URL: a `PUT` of the whole file, with exactly the
/// headers of the answer. A file that cannot be started has an `error`, and hinders no other. A file that says its `checksum` and
/// that the caller has already, with the same name, place and bytes, is answered as that `item`. Then `batch/finalize` makes the
/// files. The URL changes nothing any more once its file is finalized. A repeat with the same `Idempotency-Key` answers the same
/// uploads with new URLs, and tries again what was refused. With a grant, its files are those that fit into what the grant leaves,
/// in their order, and a path is a name, because a grant makes no folders.
#[utoipa::path(
    post, path = "/drive/files/upload/batch/start", operation_id = "startFiles", tag = "Uploads",
    request_body = StartFiles,
    responses((status = OK, description = "An upload, an item or an error for each file.", body = StartedFiles)),
)]
pub(super) async fn start(
    State(app): State<App>,
    Depositor(caller): Depositor,
    PublicEndpoint(endpoint): PublicEndpoint,
    Creating { body, once }: Creating<StartFiles>,
) -> Result<Response, Error> {
    let started = app.service.start_files(&caller, body, &endpoint, once, app.service.now()).await?;
    log_failures(started.answer.files.iter().filter_map(|file| match file {
        service::StartedFile::Refused(err) => Some(err),
        service::StartedFile::Upload(_) | service::StartedFile::Item(_) => None,
    }));
    let files = started.answer.files.into_iter().map(|file| match file {
        service::StartedFile::Upload(upload) => {
            StartedFile { upload: Some(upload), ..StartedFile::default() }
        }
        service::StartedFile::Item(item) => {
            StartedFile { item: Some(item.to_wire()), ..StartedFile::default() }
        }
        service::StartedFile::Refused(err) => {
            StartedFile { error: Some(told(&err)), ..StartedFile::default() }
        }
    });
    let answer = StartedFiles { files: files.collect(), expires_at: wire_time(started.answer.expires_at) };
    Ok(made(Made { answer, is_repeat: started.is_repeat }))
}

/// Finalize many small files
///
/// Makes the files whose bytes have arrived: for each an `item`, or an `error` that is its own. Nothing is all-or-nothing, and it can
/// be repeated, from anywhere, in any groups: a file that was finalized is answered as its item again. A file whose `PUT` has not
/// arrived is refused with `invalid_part`, and its upload stays open. What is said of `multipart/finalize` about names, folders
/// and tokens holds for each file.
#[utoipa::path(
    post, path = "/drive/files/upload/batch/finalize", operation_id = "finalizeFiles", tag = "Uploads",
    request_body = FinalizeFiles,
    responses((status = OK, description = "An item or an error for each file.", body = FinalizedFiles)),
)]
pub(super) async fn finalize(
    State(app): State<App>,
    Depositor(caller): Depositor,
    Json(request): Json<FinalizeFiles>,
) -> Result<axum::Json<FinalizedFiles>, Error> {
    let outcomes = app.service.finalize_files(&caller, request).await?;
    log_failures(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()));
    let files = outcomes.iter().map(|outcome| match outcome {
        Ok(item) => FinalizedFile { item: Some(item.to_wire()), error: None },
        Err(err) => FinalizedFile { item: None, error: Some(told(err)) },
    });
    Ok(axum::Json(FinalizedFiles { files: files.collect() }))
}
