//! What an answer that is no success says: the store is away, it refuses us, it is full, or the caller's parts are wrong.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use dray_s3::ErrorCode;

use super::Completion;
use crate::drive::Error;

/// The code of S3, if it is one that means something to us.
pub(super) fn code<E: ProvideErrorMetadata, R>(err: &SdkError<E, R>) -> Option<ErrorCode> {
    err.code().and_then(ErrorCode::parse)
}

/// Whether it may help to ask again at once: whoever has waited long already shall hear of it.
pub(super) fn may_pass<E>(err: &SdkError<E>) -> bool {
    let is_refused = err.raw_response().is_some_and(|answer| answer.status().is_client_error());
    !is_refused && !matches!(err, SdkError::TimeoutError(_))
}

/// The error of a call that should have worked: the store is down, full, or refuses us.
pub(super) fn failure<E>(err: &SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if code(err) == Some(ErrorCode::InsufficientStorage) {
        return Error::NoSpace;
    }
    let detail = detail(err);
    match err.raw_response().map(HttpResponse::status) {
        Some(status) if status.is_client_error() => Error::StoreRefused { detail },
        _ => Error::StoreUnreachable { detail },
    }
}

/// What the store said, or why it said nothing.
fn detail<E>(err: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if let (SdkError::ServiceError(_), Some(answer)) = (err, err.raw_response()) {
        let said = [err.code(), err.message()].into_iter().flatten().collect::<Vec<_>>().join(", ");
        return format!("it answered {} {said}", answer.status()).trim_end().to_owned();
    }
    let causes = std::iter::successors(std::error::Error::source(err), |cause| cause.source());
    causes.fold(err.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// What an error of Complete says about the upload.
pub(super) fn refusal<E>(err: &SdkError<E>, size_bytes: u64) -> Completion
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let detail = || err.message().unwrap_or_default().to_owned();
    match code(err) {
        Some(ErrorCode::NoSuchUpload) => Completion::NoSuchUpload,
        Some(ErrorCode::InvalidPart | ErrorCode::InvalidPartOrder) => {
            Completion::Refused(Error::InvalidPart { detail: detail() })
        }
        Some(ErrorCode::EntityTooSmall) => Completion::Refused(Error::PartTooSmall),
        Some(ErrorCode::BadDigest) => Completion::Refused(Error::ChecksumMismatch),
        Some(ErrorCode::InvalidRequest) => {
            Completion::Refused(Error::SizeMismatch { announced_bytes: size_bytes, detail: detail() })
        }
        _ => Completion::Unknown(failure(err)),
    }
}
