//! The store's answer, as the relay passes it on: only the headers that the embedded store would send, and errors in
//! S3's form. If the store says something about the server's own keys or bucket, that goes only to the server's log.

use std::{io, time::Duration};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use dray_s3::{
    ErrorCode, Query,
    xml::{ErrorAnswer, MAX_ERROR_BYTES},
};
use futures_util::{Stream, StreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tokio::time::timeout;

use super::{
    STORE_PATIENCE, Unanswered,
    told::{Told, Wanted},
};
use crate::{
    failure::{Failure, slow_down},
    http::apply_overrides,
};

/// Headers of an object that are passed on. Its metadata and its rules for caches are not among them, because the
/// server sets its own.
const OF_OBJECT: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_ENCODING,
    header::ETAG,
    header::LAST_MODIFIED,
    header::ACCEPT_RANGES,
];
/// Headers with this prefix carry a part's checksum.
const CHECKSUM: &str = "x-amz-checksum-";

/// Passes on a store's answer to `GetObject` or `HeadObject`. `held` is dropped when the answer ends.
pub(super) async fn read(
    answer: http::Response<Body>,
    operation: &'static str,
    (query, wanted): (&Query, &Wanted<'_>),
    held: impl Send + 'static,
) -> Result<Response, Failure> {
    let status = answer.status();
    if !status.is_success() && status != StatusCode::NOT_MODIFIED {
        let refusal = refused(answer, operation).await;
        let is_range = refusal.error.code == ErrorCode::InvalidRange;
        let is_told = refusal.headers.iter().any(|(name, _)| name == header::CONTENT_RANGE);
        let range = wanted.unsatisfied().filter(|_| is_range && !is_told);
        return Err(refusal.with_header(header::CONTENT_RANGE, range));
    }
    let (parts, body) = answer.into_parts();
    let Told { status, bytes } = match status {
        StatusCode::NOT_MODIFIED => Told { status, bytes: None },
        status => wanted.told(status, &parts.headers).map_err(|why| not_the_object(operation, why))?,
    };
    let is_head = operation == "HeadObject" || status == StatusCode::NOT_MODIFIED;
    let body = if is_head { Body::empty() } else { Body::from_stream(pieces(body, bytes, held)) };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for name in OF_OBJECT {
        headers.extend(parts.headers.get(&name).map(|value| (name, value.clone())));
    }
    if status == StatusCode::NOT_MODIFIED {
        headers.remove(header::CONTENT_LENGTH);
    } else {
        if let Some(bytes) = bytes {
            headers.insert(header::CONTENT_LENGTH, bytes.into());
        }
        // The relay sets these headers itself, because some stores forget them, for ranges or always.
        apply_overrides(query, headers)?;
    }
    Ok(response)
}

/// Passes on a store's answer to a part. An answer without an `ETag`, or with an error in its body, does not say that the
/// store has the part.
pub(super) async fn stored(
    answer: http::Response<Body>,
    operation: &'static str,
) -> Result<Response, Failure> {
    if !answer.status().is_success() {
        return Err(refused(answer, operation).await);
    }
    let (head, body) = answer.into_parts();
    if let Some(said) = error_in(body).await {
        let status = ErrorCode::parse(&said.code).unwrap_or(ErrorCode::InternalError).status();
        return Err(failure(status, Some(said), operation, &head.headers));
    }
    if !head.headers.contains_key(header::ETAG) {
        return Err(not_the_object(operation, "it has no ETag"));
    }
    let mut response = Response::new(Body::empty());
    let is_checksum = |name: &HeaderName| name.as_str().starts_with(CHECKSUM);
    let told = head.headers.iter().filter(|(name, _)| **name == header::ETAG || is_checksum(name));
    response.headers_mut().extend(told.map(|(name, value)| (name.clone(), value.clone())));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    Ok(response)
}

/// The error that a store says in a body. If the body does not arrive, there is none.
async fn error_in(body: Body) -> Option<ErrorAnswer> {
    let body = timeout(STORE_PATIENCE, axum::body::to_bytes(body, MAX_ERROR_BYTES)).await;
    body.ok().and_then(Result::ok).and_then(|body| ErrorAnswer::parse(&body))
}

/// The pieces of an answer. If they stop arriving, or are not as many `bytes` as the answer must have, the connection to
/// the client is cut, so that what it has received does not look complete.
fn pieces(
    body: Body,
    bytes: Option<u64>,
    held: impl Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold(Some((body.into_data_stream(), bytes, held)), |state| async {
        let (mut pieces, left, held) = state?;
        let cut = |cause: &dyn std::fmt::Display, what| {
            tracing::warn!(%cause, "the store broke off a download");
            Some((Err(io::Error::other(what)), None))
        };
        match timeout(STORE_PATIENCE, pieces.next()).await {
            Ok(None) if left.is_some_and(|left| left > 0) => {
                cut(&"its answer ended too early", "the store broke off its answer")
            }
            Ok(None) => None,
            Ok(Some(Ok(piece))) => match left.map(|left| left.checked_sub(piece.len() as u64)) {
                Some(None) => cut(&"its answer is too long", "the store sends too much"),
                left => Some((Ok(piece), Some((pieces, left.flatten(), held)))),
            },
            Ok(Some(Err(err))) => cut(&err, "the store broke off its answer"),
            Err(_) => cut(&"it was silent for too long", "the store sends nothing more"),
        }
    })
}

/// The error for an answer with the status of a success that is not what was requested. It proves nothing.
fn not_the_object(operation: &'static str, why: &'static str) -> Failure {
    let cause = format!("the store's answer to {operation} is not S3's: {why}");
    let told = slow_down("The store behind this server gave an answer that cannot be used; try again");
    Failure { cause: Some(cause.into()), ..told }
}

/// The error if the store could not be asked.
pub(super) fn unanswered(Unanswered(why): Unanswered) -> Failure {
    let message = "The store behind this server does not answer; try again";
    Failure { cause: Some(why.into()), ..Failure::new(ErrorCode::ServiceUnavailable, message) }
}

/// The error if the store did not answer in time.
pub(super) fn silent(waited: Duration) -> Failure {
    unanswered(Unanswered(format!("the store did not answer within {} s", waited.as_secs())))
}

/// The store's refusal, in S3's form.
async fn refused(answer: http::Response<Body>, operation: &'static str) -> Failure {
    let (head, body) = answer.into_parts();
    // Without a body, the status is enough.
    failure(head.status, error_in(body).await, operation, &head.headers)
}

fn failure(
    status: StatusCode,
    said: Option<ErrorAnswer>,
    operation: &'static str,
    headers: &HeaderMap,
) -> Failure {
    let told = said.as_ref().and_then(|said| ErrorCode::parse(&said.code));
    let code = told.unwrap_or_else(|| by_status(status, operation));
    if let Some(message) = of_request(code) {
        let range = headers.get(header::CONTENT_RANGE).filter(|_| code == ErrorCode::InvalidRange);
        return Failure::new(code, message).with_header(header::CONTENT_RANGE, range.cloned());
    }
    // The store's own words are for the log only: they may name its bucket, keys, accounts and addresses.
    let (own_code, message) = if is_beyond_clients(status, told, said.as_ref()) {
        let message = "The store behind this server refuses the server; the server's log says why";
        (ErrorCode::ServiceUnavailable, message)
    } else {
        (code, "The store behind this server refused the request; the server's log says why")
    };
    let said = said.map(|said| format!(" {}, {}", said.code, said.message)).unwrap_or_default();
    let why = format!("the store answered {operation} with {}{said}", status.as_u16());
    Failure { cause: Some(why.into()), ..Failure::new(own_code, message) }
}

/// What an answer means that clients cause themselves, or that will pass. `None` for all others.
fn of_request(code: ErrorCode) -> Option<&'static str> {
    use ErrorCode as Code;
    Some(match code {
        Code::BadDigest | Code::XAmzContentSHA256Mismatch => {
            "The body does not have the digest that was sent"
        }
        Code::EntityTooLarge => "The store takes no part as large as this",
        Code::IncompleteBody => "The body ended before its length was reached",
        Code::InsufficientStorage => "The store behind this server is full",
        Code::InvalidDigest => "A digest in the headers is not one",
        Code::InvalidRange => "The range is beyond the end of the object",
        Code::MethodNotAllowed => "The store does not serve this method here",
        Code::MissingContentLength => "The length of the body must be sent",
        Code::NoSuchKey => "There is no such object",
        Code::NoSuchUpload => "There is no such upload; it may have been completed or aborted",
        Code::PreconditionFailed => "A condition in the headers does not hold",
        Code::RequestTimeout => "The body came too slowly",
        Code::SlowDown | Code::ServiceUnavailable => "The store behind this server is busy; try again",
        _ => return None,
    })
}

/// Whether an answer is about the server's own request and not about the client's: about its keys, its bucket, its clock,
/// or the store's address and settings.
fn is_beyond_clients(status: StatusCode, code: Option<ErrorCode>, said: Option<&ErrorAnswer>) -> bool {
    use ErrorCode as Code;
    status.is_redirection()
        || [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::PROXY_AUTHENTICATION_REQUIRED]
            .contains(&status)
        || matches!(
            code,
            Some(
                Code::AuthorizationHeaderMalformed
                    | Code::AuthorizationQueryParametersError
                    | Code::ExpiredToken
                    | Code::InvalidBucketName
                    | Code::InvalidToken
                    | Code::NoSuchBucket
                    | Code::RequestTimeTooSkewed
            )
        )
        // AWS's codes for the encryption keys of a bucket (AWS S3 API reference, "Error responses").
        || said.is_some_and(|said| said.code.starts_with("KMS."))
}

/// The code for an answer without one of S3's codes: answers to HEAD have none, and some stores have their own codes.
fn by_status(status: StatusCode, operation: &str) -> ErrorCode {
    match status.as_u16() {
        404 if operation == "UploadPart" => ErrorCode::NoSuchUpload,
        404 => ErrorCode::NoSuchKey,
        405 => ErrorCode::MethodNotAllowed,
        411 => ErrorCode::MissingContentLength,
        412 => ErrorCode::PreconditionFailed,
        413 => ErrorCode::EntityTooLarge,
        416 => ErrorCode::InvalidRange,
        408 => ErrorCode::RequestTimeout,
        429 => ErrorCode::SlowDown,
        501 => ErrorCode::NotImplemented,
        507 => ErrorCode::InsufficientStorage,
        502..=504 => ErrorCode::ServiceUnavailable,
        400..=499 => ErrorCode::InvalidRequest,
        _ => ErrorCode::InternalError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(status: u16, code: &str, operation: &'static str) -> (ErrorCode, bool) {
        let said = Some(ErrorAnswer { code: code.into(), message: "m".into() }).filter(|_| !code.is_empty());
        let status = StatusCode::from_u16(status).unwrap();
        let failure = failure(status, said, operation, &HeaderMap::new());
        (failure.error.code, failure.cause.is_some())
    }

    #[test]
    fn an_error_about_the_request_is_passed_on_and_an_error_about_the_server_is_logged() {
        for (status, code, operation, wanted) in [
            (404, "NoSuchUpload", "UploadPart", ErrorCode::NoSuchUpload),
            (404, "", "UploadPart", ErrorCode::NoSuchUpload),
            (404, "", "HeadObject", ErrorCode::NoSuchKey),
            (416, "InvalidRange", "GetObject", ErrorCode::InvalidRange),
            (412, "", "HeadObject", ErrorCode::PreconditionFailed),
            (400, "BadDigest", "UploadPart", ErrorCode::BadDigest),
            (503, "SlowDown", "UploadPart", ErrorCode::SlowDown),
            (502, "", "UploadPart", ErrorCode::ServiceUnavailable),
            (507, "XMinioStorageFull", "UploadPart", ErrorCode::InsufficientStorage),
        ] {
            assert_eq!(passed(status, code, operation), (wanted, false), "{status} {code}");
        }
        for (status, code) in [
            (403, "AccessDenied"),
            (403, "SignatureDoesNotMatch"),
            (403, ""),
            (401, ""),
            (301, "PermanentRedirect"),
            (400, "ExpiredToken"),
            (400, "AuthorizationHeaderMalformed"),
            (404, "NoSuchBucket"),
            (400, "InvalidBucketName"),
            (400, "KMS.DisabledException"),
        ] {
            assert_eq!(passed(status, code, "GetObject"), (ErrorCode::ServiceUnavailable, true), "{code}");
        }
    }

    #[test]
    fn the_stores_own_words_are_for_the_log_only() {
        for status in (400..=416).chain([429, 500, 501, 502, 503, 507]) {
            for code in
                ErrorCode::ALL.iter().map(|code| code.as_str()).chain(["OfItsOwn", "KMS.Disabled", ""])
            {
                let said =
                    ErrorAnswer { code: code.into(), message: "arn:aws:kms:1234/key in bucket b".into() };
                let status = StatusCode::from_u16(status).unwrap();
                let failure = failure(status, Some(said), "GetObject", &HeaderMap::new());
                let text = failure.error.to_string();
                assert!(!text.contains("arn:") && !text.contains("bucket b"), "{status} {code}: {text}");
                assert!(
                    failure.cause.is_some() || of_request(failure.error.code).is_some(),
                    "{status} {code}"
                );
            }
        }
        assert_eq!(passed(400, "OfItsOwn", "UploadPart"), (ErrorCode::InvalidRequest, true));
        assert_eq!(passed(500, "", "GetObject"), (ErrorCode::InternalError, true));
    }
}
