//! Answers: XML, errors, and the headers of every answer. Only this file logs errors.

use axum::{body::Body, response::Response};
use dray_s3::{
    ErrorCode,
    xml::{self, CONTENT_TYPE},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};

use crate::failure::Failure;

pub(super) const X_AMZ_BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");
pub(super) const X_AMZ_REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// As many headers as an answer usually has. A map that grows allocates twice.
const MANY_HEADERS: usize = 12;

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = of(Body::empty());
    *response.status_mut() = status;
    response
}

/// A 200, with room for all its headers.
fn of(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().reserve(MANY_HEADERS);
    response
}

/// 200 with XML.
pub(super) fn xml(document: String) -> Response {
    let mut response = of(Body::from(document));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    response
}

/// An error in S3's form. Answers to HEAD and answers with 304 have no body (RFC 9110, 9.3.2 and 15.4.5).
pub(super) fn failure(failure: Failure, path: &str, request_id: &str, is_head: bool) -> Response {
    let Failure { error, cause, headers } = failure;
    let code = error.code;
    if let Some(cause) = &cause {
        tracing::error!(request_id, path, code = code.as_str(), %cause, "a request failed");
    } else {
        tracing::debug!(request_id, path, code = code.as_str(), "a request was refused");
    }
    let mut response = if is_head || code == ErrorCode::NotModified {
        empty(StatusCode::OK)
    } else {
        let document = xml::Error {
            code,
            message: &error.message,
            region: error.region.as_deref(),
            resource: path,
            request_id,
        };
        xml(document.to_xml())
    };
    *response.status_mut() = code.status();
    response.headers_mut().extend(headers.into_iter().map(|(name, value)| (Some(name), value)));
    if let Some(region) = &error.region {
        set(response.headers_mut(), X_AMZ_BUCKET_REGION, region);
    }
    if matches!(code, ErrorCode::ServiceUnavailable | ErrorCode::SlowDown) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Headers of every answer. Dray's own pages may share this origin, so no stored file may run scripts in it.
pub(super) fn add_common_headers(headers: &mut HeaderMap, request_id: &str) {
    set(headers, X_AMZ_REQUEST_ID, request_id);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = HeaderValue::from_static("sandbox; default-src 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    // Pages of other origins may embed objects whose URL they have, as they could without this header.
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
}

/// The answer to a signed URL is only for the holder of the URL. So no cache on the way may keep it (RFC 9111,
/// 5.2.2), unless the object or the signer says otherwise.
pub(super) fn keep_private(headers: &mut HeaderMap) {
    let private = HeaderValue::from_static("private, no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(private);
}

/// Sets a header whose value this crate made, in visible ASCII. It leaves out any other value.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// An `ETag` as a header's value, in double quotes.
pub(super) fn quoted(etag: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{etag}\"")).ok()
}

/// A stored time as an HTTP date (RFC 9110, 5.6.7).
pub(super) fn http_date(milliseconds: i64) -> Option<HeaderValue> {
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp(milliseconds)).ok()?;
    HeaderValue::from_str(&text).ok()
}

/// A stored time.
pub(super) fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}
