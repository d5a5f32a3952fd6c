//! Turns errors into answers. Only this file names statuses: one exhaustive match from code to status.
//! `refusals.rs` has the code and the message of each cause.

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use dray_api::ErrorBody;
use dray_api::ErrorCode as Code;

use super::refusals::{INTERNAL, drive_parts};
use super::shown_path::shown_path;
use crate::drive;

/// The status for an answer that the caller already has. It is not an error.
pub(super) const NOT_MODIFIED: StatusCode = StatusCode::NOT_MODIFIED;
/// How many seconds to wait before asking again when the database or the store is unreachable.
const RETRY_AFTER_SECS: u64 = 2;

/// How a token is sent (RFC 6750).
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");
/// How a link's password is sent (RFC 7617): browsers ask for it by themselves.
const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"link\", charset=\"UTF-8\"");

/// What can go wrong between the socket and the drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    /// The drive refused.
    Drive(drive::Error),
    /// The body is not JSON at all.
    InvalidJson { detail: String },
    /// A value in the path or the query is invalid.
    InvalidParameter { name: &'static str, rule: String },
    /// The body is larger than the limit.
    BodyTooLarge { limit_bytes: usize },
    /// The client stopped sending.
    BodyCutOff,
    /// The header `Authorization` was sent more than once.
    SeveralTokens,
    /// The body is not `application/json`, or it is compressed.
    UnsupportedMediaType,
    /// There is no such route.
    RouteNotFound { path: String },
    /// The route exists, but not with this method.
    MethodNotAllowed { method: Method },
    /// Too many requests: with these tokens, with these grants, or from this address.
    RateLimited { with: &'static str, retry_after_secs: u64 },
    /// The request's body had not arrived when its time was over.
    BodyStalled,
    /// The request took too long.
    Timeout {
        /// Whether the same request, sent again, would create a second thing.
        makes_another: bool,
    },
    /// A handler panicked.
    Panicked,
}

impl From<drive::Error> for Error {
    fn from(err: drive::Error) -> Self {
        Self::Drive(err)
    }
}

impl Error {
    fn parts(&self) -> (Code, String) {
        match self {
            Self::Drive(err) => drive_parts(err),
            Self::InvalidJson { detail } => {
                (Code::InvalidJson, format!("The body is not valid JSON: {detail}."))
            }
            Self::InvalidParameter { name, rule } => (Code::InvalidParameter, format!("{name} {rule}.")),
            Self::BodyTooLarge { limit_bytes } => {
                (Code::BodyTooLarge, format!("The body is over the limit of {limit_bytes} bytes."))
            }
            Self::BodyCutOff => (Code::InvalidJson, "The body ended before it was complete.".into()),
            Self::SeveralTokens => {
                (Code::InvalidToken, "The header Authorization was sent more than once. Send it once.".into())
            }
            Self::UnsupportedMediaType => (
                Code::UnsupportedMediaType,
                "Send the body as JSON, with one header Content-Type: application/json and without Content-Encoding."
                    .into(),
            ),
            Self::RouteNotFound { path } => (
                Code::RouteNotFound,
                format!(
                    "There is no route {path}. Check the address, and whether this server serves below another path."
                ),
            ),
            Self::MethodNotAllowed { method } => (
                Code::MethodNotAllowed,
                format!(
                    "This route does not have the method {method}; the Allow header lists the methods that it has."
                ),
            ),
            Self::RateLimited { with, retry_after_secs } => {
                (Code::RateLimited, format!("Too many requests {with}; ask again in {retry_after_secs} s."))
            }
            Self::BodyStalled => (
                Code::Timeout,
                "The body did not arrive in time, so nothing was done. Send the request again.".into(),
            ),
            Self::Timeout { makes_another } => (Code::Timeout, timed_out(*makes_another).into()),
            Self::Panicked => (Code::Internal, INTERNAL.into()),
        }
    }
}

fn timed_out(makes_another: bool) -> &'static str {
    if makes_another {
        "The request took too long, but may still take effect. Sending it again could create a second one, so look first, \
         and send an Idempotency-Key next time: with a key, sending again is safe."
    } else {
        "The request took too long, but may still take effect. You can safely send it again: nothing is created twice."
    }
}

/// The status that always comes with a code.
pub(super) fn status(code: Code) -> StatusCode {
    match code {
        Code::InvalidJson
        | Code::InvalidField
        | Code::InvalidName
        | Code::InvalidParameter
        | Code::ImpossiblePartCount
        | Code::InvalidPart
        | Code::PartTooSmall
        | Code::SizeMismatch
        | Code::ChecksumMismatch
        | Code::ChecksumUnproven
        | Code::FileTooLarge
        | Code::FileTypeNotAllowed
        | Code::FileTypeMismatch
        | Code::NotAFile
        | Code::NotAFolder
        | Code::TooDeep => StatusCode::BAD_REQUEST,
        Code::MissingToken
        | Code::InvalidToken
        | Code::ExpiredToken
        | Code::RevokedToken
        | Code::LinkPassword => StatusCode::UNAUTHORIZED,
        Code::WrongTokenKind
        | Code::MissingScope
        | Code::NoSearchTypes
        | Code::ConfinedToken
        | Code::RoleTooLow
        | Code::RequestPassword
        | Code::RequestOfOthers => StatusCode::FORBIDDEN,
        Code::NotFound
        | Code::UploadNotFound
        | Code::UserNotFound
        | Code::ParticipantNotFound
        | Code::LinkNotFound
        | Code::TokenNotFound
        | Code::GrantNotFound
        | Code::RequestNotFound
        | Code::RouteNotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::FinalizedDifferently
        | Code::AlreadyFinalized
        | Code::FinalizeInProgress
        | Code::IntoItself
        | Code::NameTaken
        | Code::UploadFolderClosed
        | Code::TokenRotated
        | Code::IdempotencyKeyReused
        | Code::IdempotencyKeyInUse
        | Code::TooManyUploads
        | Code::GrantUsedUp
        | Code::RequestFull
        | Code::OwnerIsFixed => StatusCode::CONFLICT,
        Code::UploadAborted | Code::UploadExpired | Code::ItemGone | Code::RequestClosed => StatusCode::GONE,
        Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::Internal | Code::Unknown | Code::StoreLacks => StatusCode::INTERNAL_SERVER_ERROR,
        Code::StoreUnreachable
        | Code::DatabaseUnreachable
        | Code::Busy
        | Code::FinalizePending
        | Code::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        Code::QuotaExceeded | Code::NoSpace => StatusCode::INSUFFICIENT_STORAGE,
    }
}

/// The body of an answer with this code.
pub(super) fn body(code: Code, message: String) -> ErrorBody {
    let status = status(code);
    let asks_to_wait = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
        || code == Code::IdempotencyKeyInUse;
    ErrorBody {
        status_code: status.as_u16(),
        error: status.canonical_reason().unwrap_or_default().to_owned(),
        code,
        message,
        retry_after: asks_to_wait.then_some(RETRY_AFTER_SECS),
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (code, message) = self.parts();
        let status = status(code);
        if status.is_server_error() && code != Code::QuotaExceeded {
            let cause = match &self {
                Self::Drive(err) => err.to_string(),
                Self::Timeout { .. } => "it took too long".to_owned(),
                Self::Panicked => "its handler panicked".to_owned(),
                _ => message.clone(),
            };
            tracing::error!(code = code.as_str(), cause, "request failed");
        } else {
            tracing::debug!(code = code.as_str(), %message, "request refused");
        }
        let mut body = body(code, message);
        if let Self::Drive(drive::Error::TooManyRequests { retry_after_secs })
        | Self::RateLimited { retry_after_secs, .. } = &self
        {
            body.retry_after = Some(*retry_after_secs);
        }
        let retry_after = body.retry_after;
        let mut response = (status, Json(body)).into_response();
        if let Some(secs) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if status == StatusCode::UNAUTHORIZED {
            let scheme = if code == Code::LinkPassword { BASIC } else { BEARER };
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        if matches!(
            self,
            Self::BodyTooLarge { .. } | Self::BodyCutOff | Self::BodyStalled | Self::Timeout { .. }
        ) {
            // The server does not read the rest of the body, so the connection cannot be used again.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// The error of one file of a batch, as the answer reports it.
pub(super) fn told(err: &drive::Error) -> ErrorBody {
    let (code, message) = drive_parts(err);
    body(code, message)
}

/// Logs the server's own failures, for all files of one request in one line.
pub(super) fn log_failures<'a>(refusals: impl Iterator<Item = &'a drive::Error>) {
    let is_servers = |err: &&drive::Error| {
        let (code, _) = drive_parts(err);
        status(code).is_server_error() && code != Code::QuotaExceeded
    };
    let mut failures = refusals.filter(is_servers);
    if let Some(first) = failures.next() {
        tracing::error!(cause = %first, files = 1 + failures.count(), "files of a batch failed");
    }
}

/// Whether the log mentions this error. Refusals by a rate limit are only counted, because a flood of
/// requests must not become a flood of lines.
pub(super) fn is_logged(status: StatusCode) -> bool {
    (status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS) || status.is_server_error()
}

pub(super) async fn route_not_found(uri: Uri) -> Error {
    Error::RouteNotFound { path: shown_path(uri.path()).into_owned() }
}

pub(super) async fn method_not_allowed(method: Method) -> Error {
    Error::MethodNotAllowed { method }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_the_status_in_its_description() {
        for code in Code::ALL {
            let said = code.description().split(':').next().unwrap();
            assert_eq!(said, status(*code).as_str(), "{code:?}");
        }
    }
}
