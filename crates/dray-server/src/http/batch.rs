//! Many small files at once: starting and finalizing them.

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use dray_api::batch::{FinalizeFiles, FinalizedFile, FinalizedFiles, StartFiles, StartedFile, StartedFiles};

use super::App;
use super::auth::Depositor;
use super::compression::AsItIs;
use super::creating::{Creating, made};
use super::error::{Error, log_failures, told};
use super::extract::{Json, PublicEndpoint};
use crate::drive::wire_time;
use crate::service::{self, Made};

/// Start many small files
///
/// Up to 1,000 files of up to 8 MiB, each with its name or its path. In one transaction, the missing folders of the
/// paths are created, and every file gets its own upload with one signed URL. Send the whole file with one `PUT` to
/// this URL, with exactly the headers of the answer; then `batch/finalize` creates the files. Once a file is
/// finalized, its URL changes nothing any more.
///
/// If the answer has a `pipeline`, the store also takes many of these `PUT`s in the body of one `POST`, which saves the
/// cost of a request for each file.
///
/// A file that cannot be started gets an `error`, and the others are started all the same. If a file has a `checksum`,
/// and the caller already has a file with the same name, place and bytes, the answer is that file's `item`. A repeat
/// with the same `Idempotency-Key` answers the same uploads with new URLs, and tries the refused files again.
///
/// With a grant, each file is started if it fits into what the grant has left, in the order of the request. Its path
/// must be a name, because a grant creates no folders.
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
    let expires_at = wire_time(started.answer.expires_at);
    let answer = StartedFiles { files: files.collect(), pipeline: started.answer.pipeline, expires_at };
    Ok((Extension(AsItIs), made(Made { answer, is_repeat: started.is_repeat })).into_response())
}

/// Finalize many small files
///
/// Creates the files whose bytes have arrived. Each file gets its own `item` or `error`: some may succeed while
/// others fail. It can be repeated from any machine, with the files grouped in any way: for a file that was already
/// finalized, the answer is its item again. A file whose `PUT` has not arrived is refused with `invalid_part`, and
/// its upload stays open. For each file, names, folders and tokens are treated as `multipart/finalize` describes.
#[utoipa::path(
    post, path = "/drive/files/upload/batch/finalize", operation_id = "finalizeFiles", tag = "Uploads",
    request_body = FinalizeFiles,
    responses((status = OK, description = "An item or an error for each file.", body = FinalizedFiles)),
)]
pub(super) async fn finalize(
    State(app): State<App>,
    Depositor(caller): Depositor,
    Json(request): Json<FinalizeFiles>,
) -> Result<(Extension<AsItIs>, axum::Json<FinalizedFiles>), Error> {
    let outcomes = app.service.finalize_files(&caller, request).await?;
    log_failures(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()));
    let files = outcomes.iter().map(|outcome| match outcome {
        Ok(item) => FinalizedFile { item: Some(item.to_wire()), error: None },
        Err(err) => FinalizedFile { item: None, error: Some(told(err)) },
    });
    Ok((Extension(AsItIs), axum::Json(FinalizedFiles { files: files.collect() })))
}
