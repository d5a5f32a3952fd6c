//! Errors as answers. The only file of the service that names a status: one exhaustive match from cause to
//! status, code and words.

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use dray_api::ErrorBody;
use dray_api::ErrorCode as Code;
use dray_api::limits::MAX_BODY_BYTES;

use super::shown_path::shown_path;
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
    Timeout {
        /// Whether the same request, sent again, would make a second thing.
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
            Self::BodyTooLarge => {
                (Code::BodyTooLarge, format!("The body is over the limit of {MAX_BODY_BYTES} bytes."))
            }
            Self::BodyCutOff => (Code::InvalidJson, "The body ended before it was complete.".into()),
            Self::UnsupportedMediaType => (
                Code::UnsupportedMediaType,
                "Send the body as JSON, with the header Content-Type: application/json.".into(),
            ),
            Self::RouteNotFound { path } => (Code::RouteNotFound, format!("There is no route {path}.")),
            Self::MethodNotAllowed { method } => (
                Code::MethodNotAllowed,
                format!("This route does not take {method}; the Allow header says which it does."),
            ),
            Self::RateLimited { with, retry_after_secs } => {
                (Code::RateLimited, format!("Too many requests {with}; ask again in {retry_after_secs} s."))
            }
            Self::Timeout { makes_another } => (Code::Timeout, timed_out(*makes_another).into()),
            Self::Panicked => (Code::Internal, INTERNAL.into()),
        }
    }
}

fn timed_out(makes_another: bool) -> &'static str {
    if makes_another {
        "The request took too long; what it asked for may be done all the same. Sent again it makes another, so look first, \
         and send an Idempotency-Key next time: with it, asking again is safe."
    } else {
        "The request took too long; what it asked for may be done all the same. It can safely be asked again: nothing is made twice."
    }
}

/// The status that a code always comes with.
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
        | Code::NotAFile
        | Code::NotAFolder
        | Code::TooDeep => StatusCode::BAD_REQUEST,
        Code::MissingToken
        | Code::InvalidToken
        | Code::ExpiredToken
        | Code::RevokedToken
        | Code::LinkPassword => StatusCode::UNAUTHORIZED,
        Code::WrongTokenKind | Code::MissingScope | Code::ConfinedToken | Code::RoleTooLow => {
            StatusCode::FORBIDDEN
        }
        Code::NotFound
        | Code::UploadNotFound
        | Code::UserNotFound
        | Code::ParticipantNotFound
        | Code::LinkNotFound
        | Code::TokenNotFound
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
        | Code::OwnerIsFixed => StatusCode::CONFLICT,
        Code::UploadAborted | Code::UploadExpired => StatusCode::GONE,
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

const INTERNAL: &str =
    "Something went wrong in the server; its log has the cause under this answer's x-request-id.";

#[expect(clippy::too_many_lines, reason = "one row a cause: splitting the table would hide a gap in it")]
fn drive_parts(err: &drive::Error) -> (Code, String) {
    use drive::Error as E;
    match err {
        E::InvalidField { field, rule } => {
            (Code::InvalidField, format!("{field} {rule}."))
        }
        E::InvalidName { field, rule } => {
            (Code::InvalidName, format!("{field} {rule}."))
        }
        E::ImpossiblePartCount(cause) => {
            (Code::ImpossiblePartCount, format!("parts: {cause}."))
        }
        E::InvalidPart { detail } => (
            Code::InvalidPart,
            format!("parts: the store does not have a listed part, or has it with another ETag. It says: {detail} Put that part again, then finalize with the new ETag."),
        ),
        E::PartTooSmall => (
            Code::PartTooSmall,
            "parts: a part that is not the last is under 5 MiB. Put larger parts, then finalize again.".into(),
        ),
        E::SizeMismatch { announced_bytes, detail } => (
            Code::SizeMismatch,
            format!("parts: the stored parts do not add up to the announced fileSize of {announced_bytes} bytes. The store says: {detail} Put what is missing, then finalize again."),
        ),
        E::ChecksumMismatch => (Code::ChecksumMismatch,
            "checksum: the stored bytes have another one. Put the parts again that differ, then finalize again; if that is not possible any more, start a new upload.".into(),
        ),
        E::ChecksumUnproven => (Code::ChecksumUnproven,
            "checksum: the object store of this server does not prove it. Finalize again with verify: true, and the file is read back, or without checksum.".into(),
        ),
        E::FileTooLarge { size_bytes, limit_bytes } => (
            Code::FileTooLarge,
            format!("fileSize is {size_bytes} bytes; the limit is {limit_bytes}."),
        ),
        E::FileTypeNotAllowed => (
            Code::FileTypeNotAllowed,
            "This server does not take files of that type, which the end of the name and mimeType tell.".into(),
        ),
        E::NotAFile => (Code::NotAFile, "The item is a folder; only files have bytes.".into()),
        E::NotAFolder => (
            Code::NotAFolder,
            "parentId is a file; only folders have other items in them.".into(),
        ),
        E::TooDeep { limit } => (
            Code::TooDeep,
            format!("parentId is {limit} folders deep already, which is the limit."),
        ),
        E::MissingToken => (
            Code::MissingToken,
            "Send a personal access token: Authorization: Bearer cp_pat_…".into(),
        ),
        E::InvalidToken => {
            (Code::InvalidToken, "The token is malformed or unknown.".into())
        }
        E::ExpiredToken => {
            (Code::ExpiredToken, "The token has expired; make a new one.".into())
        }
        E::RevokedToken => {
            (Code::RevokedToken, "The token was revoked; make a new one.".into())
        }
        E::WrongTokenKind => (
            Code::WrongTokenKind,
            "An integration key (cp_key_…) can not be used on the drive; a personal access token (cp_pat_…) is needed.".into(),
        ),
        E::MissingScope { scope } => (
            Code::MissingScope,
            format!("The token lacks the scope {scope}; make one that has it."),
        ),
        E::ConfinedToken => (Code::ConfinedToken,
            "The token is confined to a folder, and this is not in it: name that folder, or one below it, or use another token.".into(),
        ),
        E::RoleTooLow { needed } => (Code::RoleTooLow,
            format!("Your role on the item does not allow this; it takes {}.", needed.as_str()),
        ),
        E::AccessWouldChange { needed } => (Code::RoleTooLow,
            format!("Other people could reach the item there than can now, or with another role. Deciding that takes {} on the item.", needed.as_str()),
        ),
        E::IntoItself => (Code::IntoItself,
            "parentId is the folder itself or below it; a folder can not be moved there.".into(),
        ),
        E::NameTaken => (Code::NameTaken,
            "There is a file with this fileName in the folder already, and onConflict is fail. Rename that one and finalize again, or start a new upload with another fileName.".into(),
        ),
        E::UserNotFound => {
            (Code::UserNotFound, "There is no user with this userId in the workspace.".into())
        }
        E::ParticipantNotFound => (Code::ParticipantNotFound,
            "The user has no role on the item itself; one that comes from a folder above is taken there.".into(),
        ),
        E::OwnerIsFixed => (Code::OwnerIsFixed,
            "The user owns the item; that role can be neither changed nor taken.".into(),
        ),
        E::LinkNotFound => (Code::LinkNotFound,
            "There is no such link, or it has expired, was revoked, or its file is gone.".into(),
        ),
        E::LinkPassword => (Code::LinkPassword,
            "The link needs its password: send it by HTTP Basic authentication, with any user name.".into(),
        ),
        E::TooManyRequests { .. } => {
            (Code::RateLimited, "Too many tries; wait and try again.".into())
        }
        E::Busy => {
            (Code::Busy, "Too many passwords are being checked at this moment; ask again.".into())
        }
        E::TokenRotated => (Code::TokenRotated,
            "Another token has taken this one's place already; use that one, or make a new one.".into(),
        ),
        E::KeyReused => (Code::IdempotencyKeyReused,
            "Idempotency-Key came with another request before. Use a new key for each thing that is to be made.".into(),
        ),
        E::KeyInUse => (Code::IdempotencyKeyInUse,
            "The first request with this Idempotency-Key is still under way. Ask again: you will get its answer.".into(),
        ),
        E::TokenNotFound => {
            (Code::TokenNotFound, "There is no token with this id, or it is not yours.".into())
        }
        E::QuotaExceeded { of, needed_bytes, left_bytes, open_uploads, held_bytes } => {
            let whose = match of {
                drive::QuotaOf::User => "your quota",
                drive::QuotaOf::Workspace => "the workspace's quota",
            };
            (Code::QuotaExceeded, format!("fileSize is {needed_bytes} bytes, and {left_bytes} are left of {whose}. {open_uploads} unfinished uploads hold {held_bytes} bytes of it; the trash counts too. Finish or abort uploads (GET /drive/uploads lists yours, as `dray uploads list` does), remove something for good, or ask whoever runs this server."))
        }
        E::TooManyUploads { limit } => (Code::TooManyUploads, format!(
            "You have {limit} unfinished uploads, which is as many as this server lets one user have. Finish or abort some (GET /drive/uploads lists them, as `dray uploads list` does), or wait until they expire."
        )),
        E::InvalidCursor => (Code::InvalidParameter,
            "cursor must be the nextCursor of an answer to the same request.".into(),
        ),
        E::NotFound => {
            (Code::NotFound, "There is no such item, or you may not see it.".into())
        }
        E::UploadNotFound => (
            Code::UploadNotFound,
            "There is no upload with this uploadId and fileKey, or it is not yours.".into(),
        ),
        E::FinalizedDifferently => (
            Code::FinalizedDifferently,
            "The upload is finalized already, with other parts. Its item is as it was then; start a new upload for other bytes.".into(),
        ),
        E::AlreadyFinalized => (Code::AlreadyFinalized,
            "The upload is finalized; its item is a matter of the drive now.".into(),
        ),
        E::FinalizeInProgress => (
            Code::FinalizeInProgress,
            "The upload is being finalized right now.".into(),
        ),
        E::UploadAborted => {
            (Code::UploadAborted, "The upload was aborted; start a new one.".into())
        }
        E::UploadExpired => (
            Code::UploadExpired,
            "The upload was left alone for too long and has expired; start a new one.".into(),
        ),
        E::UploadFolderClosed => (
            Code::UploadFolderClosed,
            "The upload was begun with a token that is confined to a folder, and its folder is in the trash, gone, moved out of there or closed to you. What was uploaded is kept until the upload expires: finalize again once the folder is back.".into(),
        ),
        E::FinalizePending => (
            Code::FinalizePending,
            "The upload is still being finalized. Send the same finalize again: it will answer the item.".into(),
        ),
        E::StoreUnreachable { .. } | E::StoreRefused { .. } => (
            Code::StoreUnreachable,
            "The object store can not be reached right now. Nothing is lost; ask again.".into(),
        ),
        E::StoreLacks { operation, .. } => (
            Code::StoreLacks,
            format!("The object store of this server does not have {operation}, which this needs. Asking again does not help: tell whoever runs the server; dray doctor says what the store lacks."),
        ),
        E::DatabaseUnreachable { .. } => (
            Code::DatabaseUnreachable,
            "The database can not be reached right now. Nothing is lost; ask again.".into(),
        ),
        E::NoSpace => (
            Code::NoSpace,
            "The server's disk is full. Nothing is lost; ask again once there is space.".into(),
        ),
        E::Internal { .. } => (Code::Internal, INTERNAL.into()),
    }
}

/// The body that a code is answered with.
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
            match &self {
                Self::Drive(err) => tracing::error!(code = code.as_str(), cause = %err, "request failed"),
                other => tracing::error!(code = code.as_str(), cause = ?other, "request failed"),
            }
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
        if matches!(self, Self::BodyTooLarge | Self::BodyCutOff | Self::Timeout { .. }) {
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
    Error::RouteNotFound { path: shown_path(uri.path()).into_owned() }
}

pub(super) async fn method_not_allowed(method: Method) -> Error {
    Error::MethodNotAllowed { method }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_comes_with_the_status_that_its_description_says() {
        for code in Code::ALL {
            let said = code.description().split(':').next().unwrap();
            assert_eq!(said, status(*code).as_str(), "{code:?}");
        }
    }
}
