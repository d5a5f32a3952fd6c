//! Errors as answers. The only file of the service that names a status: one exhaustive match from cause to
//! status, code and words.

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use dray_api::ErrorBody;
use dray_api::ErrorCode as Code;
use dray_api::limits::MAX_BODY_BYTES;

use crate::drive;

/// No error, but a status: the caller has the answer already.
pub(super) const NOT_MODIFIED: StatusCode = StatusCode::NOT_MODIFIED;
/// Seconds after which asking again makes sense when something that we need is away.
const RETRY_AFTER_SECS: u64 = 2;

/// How a token is sent (RFC 6750).
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");
/// How a link's password is sent (RFC 7617): browsers ask for it by themselves.
const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"link\", charset=\"UTF-8\"");

/// What can go wrong between the socket and the drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    /// The drive said no.
    Drive(drive::Error),
    /// The body is not JSON at all.
    InvalidJson { detail: String },
    /// A value in the path or the query is not what it must be.
    InvalidParameter { name: &'static str, rule: String },
    /// The body is over the limit.
    BodyTooLarge,
    /// The client stopped sending.
    BodyCutOff,
    /// The body is not `application/json`.
    UnsupportedMediaType,
    /// No such route.
    RouteNotFound { path: String },
    /// The route is there, the method is not.
    MethodNotAllowed { method: Method },
    /// Too many requests: with this token, or from this address.
    RateLimited { with: &'static str, retry_after_secs: u64 },
    /// The request took too long.
    Timeout,
    /// A handler panicked.
    Panicked,
}

impl From<drive::Error> for Error {
    fn from(err: drive::Error) -> Self {
        Self::Drive(err)
    }
}

impl Error {
    fn parts(&self) -> (StatusCode, Code, String) {
        match self {
            Self::Drive(err) => drive_parts(err),
            Self::InvalidJson { detail } => {
                (StatusCode::BAD_REQUEST, Code::InvalidJson, format!("The body is not valid JSON: {detail}."))
            }
            Self::InvalidParameter { name, rule } => {
                (StatusCode::BAD_REQUEST, Code::InvalidParameter, format!("{name} {rule}."))
            }
            Self::BodyTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                Code::BodyTooLarge,
                format!("The body is over the limit of {MAX_BODY_BYTES} bytes."),
            ),
            Self::BodyCutOff => {
                (StatusCode::BAD_REQUEST, Code::InvalidJson, "The body ended before it was complete.".into())
            }
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Code::UnsupportedMediaType,
                "Send the body as JSON, with the header Content-Type: application/json.".into(),
            ),
            Self::RouteNotFound { path } => {
                (StatusCode::NOT_FOUND, Code::RouteNotFound, format!("There is no route {path}."))
            }
            Self::MethodNotAllowed { method } => (
                StatusCode::METHOD_NOT_ALLOWED,
                Code::MethodNotAllowed,
                format!("This route does not take {method}; the Allow header says which it does."),
            ),
            Self::RateLimited { with, retry_after_secs } => (
                StatusCode::TOO_MANY_REQUESTS,
                Code::RateLimited,
                format!("Too many requests {with}; ask again in {retry_after_secs} s."),
            ),
            Self::Timeout => (
                StatusCode::SERVICE_UNAVAILABLE,
                Code::Timeout,
                "The request took too long and was given up. Every route can safely be asked again.".into(),
            ),
            Self::Panicked => (StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, INTERNAL.into()),
        }
    }
}

const INTERNAL: &str =
    "Something went wrong in the server; its log has the cause under this answer's x-request-id.";

#[expect(clippy::too_many_lines, reason = "one row a cause: splitting the table would hide a gap in it")]
fn drive_parts(err: &drive::Error) -> (StatusCode, Code, String) {
    use drive::Error as E;
    match err {
        E::InvalidField { field, rule } => {
            (StatusCode::BAD_REQUEST, Code::InvalidField, format!("{field} {rule}."))
        }
        E::InvalidName { field, rule } => {
            (StatusCode::BAD_REQUEST, Code::InvalidName, format!("{field} {rule}."))
        }
        E::ImpossiblePartCount(cause) => {
            (StatusCode::BAD_REQUEST, Code::ImpossiblePartCount, format!("parts: {cause}."))
        }
        E::InvalidPart { detail } => (
            StatusCode::BAD_REQUEST,
            Code::InvalidPart,
            format!("parts: the store does not have a listed part, or has it with another ETag. It says: {detail} Put that part again, then finalize with the new ETag."),
        ),
        E::PartTooSmall => (
            StatusCode::BAD_REQUEST,
            Code::PartTooSmall,
            "parts: a part that is not the last is under 5 MiB. Put larger parts, then finalize again.".into(),
        ),
        E::SizeMismatch { announced_bytes, detail } => (
            StatusCode::BAD_REQUEST,
            Code::SizeMismatch,
            format!("parts: the stored parts do not add up to the announced fileSize of {announced_bytes} bytes. The store says: {detail} Put what is missing, then finalize again."),
        ),
        E::ChecksumMismatch => (
            StatusCode::BAD_REQUEST,
            Code::ChecksumMismatch,
            "checksum: the stored bytes have another one. Put the parts again that differ, then finalize again; if that is not possible any more, start a new upload.".into(),
        ),
        E::ChecksumUnproven => (
            StatusCode::BAD_REQUEST,
            Code::ChecksumUnproven,
            "checksum: the object store can not prove it. Send verify: true to have the file read back, or leave checksum out.".into(),
        ),
        E::FileTooLarge { size_bytes, limit_bytes } => (
            StatusCode::BAD_REQUEST,
            Code::FileTooLarge,
            format!("fileSize is {size_bytes} bytes; the limit is {limit_bytes}."),
        ),
        E::NotAFile => (StatusCode::BAD_REQUEST, Code::NotAFile, "The item is a folder; only files have bytes.".into()),
        E::NotAFolder => (
            StatusCode::BAD_REQUEST,
            Code::NotAFolder,
            "parentId is a file; only folders have other items in them.".into(),
        ),
        E::TooDeep { limit } => (
            StatusCode::BAD_REQUEST,
            Code::TooDeep,
            format!("parentId is {limit} folders deep already, which is the limit."),
        ),
        E::MissingToken => (
            StatusCode::UNAUTHORIZED,
            Code::MissingToken,
            "Send a personal access token: Authorization: Bearer cp_pat_…".into(),
        ),
        E::InvalidToken => {
            (StatusCode::UNAUTHORIZED, Code::InvalidToken, "The token is malformed or unknown.".into())
        }
        E::ExpiredToken => {
            (StatusCode::UNAUTHORIZED, Code::ExpiredToken, "The token has expired; make a new one.".into())
        }
        E::RevokedToken => {
            (StatusCode::UNAUTHORIZED, Code::RevokedToken, "The token was revoked; make a new one.".into())
        }
        E::WrongTokenKind => (
            StatusCode::FORBIDDEN,
            Code::WrongTokenKind,
            "An integration key (cp_key_…) can not be used on the drive; a personal access token (cp_pat_…) is needed.".into(),
        ),
        E::MissingScope { scope } => (
            StatusCode::FORBIDDEN,
            Code::MissingScope,
            format!("The token lacks the scope {scope}; make one that has it."),
        ),
        E::ConfinedToken => (
            StatusCode::FORBIDDEN,
            Code::ConfinedToken,
            "The token is confined to a folder, and this is not in it: name that folder, or one below it, or use another token.".into(),
        ),
        E::RoleTooLow { needed } => (
            StatusCode::FORBIDDEN,
            Code::RoleTooLow,
            format!("Your role on the item does not allow this; it takes {}.", needed.as_str()),
        ),
        E::IntoItself => (
            StatusCode::CONFLICT,
            Code::IntoItself,
            "parentId is the folder itself or below it; a folder can not be moved there.".into(),
        ),
        E::NameTaken => (
            StatusCode::CONFLICT,
            Code::NameTaken,
            "There is a file with this fileName in the folder already, and onConflict is fail. Rename that one and finalize again, or start a new upload with another fileName.".into(),
        ),
        E::UserNotFound => {
            (StatusCode::NOT_FOUND, Code::UserNotFound, "There is no user with this userId in the workspace.".into())
        }
        E::ParticipantNotFound => (
            StatusCode::NOT_FOUND,
            Code::ParticipantNotFound,
            "The user has no role on the item itself; one that comes from a folder above is taken there.".into(),
        ),
        E::OwnerIsFixed => (
            StatusCode::CONFLICT,
            Code::OwnerIsFixed,
            "The user owns the item; that role can be neither changed nor taken.".into(),
        ),
        E::LinkNotFound => (
            StatusCode::NOT_FOUND,
            Code::LinkNotFound,
            "There is no such link, or it has expired, was revoked, or its file is gone.".into(),
        ),
        E::LinkPassword => (
            StatusCode::UNAUTHORIZED,
            Code::LinkPassword,
            "The link needs its password: send it by HTTP Basic authentication, with any user name.".into(),
        ),
        E::TooManyRequests { .. } => {
            (StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, "Too many tries; wait and try again.".into())
        }
        E::TokenNotFound => {
            (StatusCode::NOT_FOUND, Code::TokenNotFound, "There is no token with this id, or it is not yours.".into())
        }
        E::QuotaExceeded { needed_bytes, left_bytes } => (
            StatusCode::INSUFFICIENT_STORAGE,
            Code::QuotaExceeded,
            format!("fileSize is {needed_bytes} bytes, and {left_bytes} are left of your quota (open uploads and the trash count). Remove something for good, or ask whoever runs this server."),
        ),
        E::InvalidCursor => (
            StatusCode::BAD_REQUEST,
            Code::InvalidParameter,
            "cursor must be the nextCursor of an answer to the same request.".into(),
        ),
        E::NotFound => {
            (StatusCode::NOT_FOUND, Code::NotFound, "There is no such item, or you may not see it.".into())
        }
        E::UploadNotFound => (
            StatusCode::NOT_FOUND,
            Code::UploadNotFound,
            "There is no upload with this uploadId and fileKey, or it is not yours.".into(),
        ),
        E::FinalizedDifferently => (
            StatusCode::CONFLICT,
            Code::FinalizedDifferently,
            "The upload is finalized already, with other parts. Its item is as it was then; start a new upload for other bytes.".into(),
        ),
        E::AlreadyFinalized => (
            StatusCode::CONFLICT,
            Code::AlreadyFinalized,
            "The upload is finalized; its item is a matter of the drive now.".into(),
        ),
        E::FinalizeInProgress => (
            StatusCode::CONFLICT,
            Code::FinalizeInProgress,
            "The upload is being finalized right now.".into(),
        ),
        E::UploadAborted => {
            (StatusCode::GONE, Code::UploadAborted, "The upload was aborted; start a new one.".into())
        }
        E::UploadExpired => (
            StatusCode::GONE,
            Code::UploadExpired,
            "The upload was left alone for too long and has expired; start a new one.".into(),
        ),
        E::FinalizePending => (
            StatusCode::SERVICE_UNAVAILABLE,
            Code::FinalizePending,
            "The upload is still being finalized. Send the same finalize again: it will answer the item.".into(),
        ),
        E::StoreUnreachable { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            Code::StoreUnreachable,
            "The object store can not be reached right now. Nothing is lost; ask again.".into(),
        ),
        E::DatabaseUnreachable { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            Code::DatabaseUnreachable,
            "The database can not be reached right now. Nothing is lost; ask again.".into(),
        ),
        E::NoSpace => (
            StatusCode::INSUFFICIENT_STORAGE,
            Code::NoSpace,
            "The server's disk is full. Nothing is lost; ask again once there is space.".into(),
        ),
        E::Internal { .. } => (StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, INTERNAL.into()),
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, code, message) = self.parts();
        if status.is_server_error() && code != Code::QuotaExceeded {
            match &self {
                Self::Drive(err) => tracing::error!(code = code.as_str(), cause = %err, "request failed"),
                other => tracing::error!(code = code.as_str(), cause = ?other, "request failed"),
            }
        } else {
            tracing::debug!(code = code.as_str(), %message, "request refused");
        }
        let retry_after = match &self {
            Self::Drive(drive::Error::TooManyRequests { retry_after_secs })
            | Self::RateLimited { retry_after_secs, .. } => Some(*retry_after_secs),
            _ => (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_SECS),
        };
        let body = ErrorBody {
            status_code: status.as_u16(),
            error: status.canonical_reason().unwrap_or_default().to_owned(),
            code,
            message,
            retry_after,
        };
        let mut response = (status, Json(body)).into_response();
        if let Some(secs) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if status == StatusCode::UNAUTHORIZED {
            let scheme = if code == Code::LinkPassword { BASIC } else { BEARER };
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        if matches!(self, Self::BodyTooLarge | Self::BodyCutOff | Self::Timeout) {
            // What is left of the body is not worth reading.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// Whether an answer is a refusal that the log tells of. Those by a rate limit are only counted: a flood of
/// requests must not become a flood of lines.
pub(super) fn is_logged(status: StatusCode) -> bool {
    (status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS) || status.is_server_error()
}

pub(super) async fn route_not_found(uri: Uri) -> Error {
    Error::RouteNotFound { path: uri.path().to_owned() }
}

pub(super) async fn method_not_allowed(method: Method) -> Error {
    Error::MethodNotAllowed { method }
}
