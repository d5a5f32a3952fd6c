//! Cross-origin requests (WHATWG Fetch, "CORS protocol"): browsers send parts here from a page of the drive.

use axum::response::Response;
use dray_s3::ErrorCode;
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};

use super::answer;
use crate::{
    CorsOrigins,
    failure::{Failure, invalid_request},
};

const METHODS: HeaderValue = HeaderValue::from_static("GET, PUT, HEAD, POST, DELETE");
/// The headers that a page may read. Without `ETag`, a page could not finalize its upload.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ETag, Content-Length, Content-Range, Accept-Ranges, x-amz-request-id, x-amz-checksum-crc64nvme, \
     x-amz-checksum-crc32, x-amz-checksum-crc32c, x-amz-checksum-sha1, x-amz-checksum-sha256, \
     x-amz-checksum-type, x-amz-mp-parts-count, x-amz-bucket-region",
);
/// How long a browser may remember a preflight; Firefox caps it at a day, Chromium at two hours.
const MAX_AGE_SECS: HeaderValue = HeaderValue::from_static("86400");

/// Answers an `OPTIONS` request, which carries no signature.
pub(crate) fn preflight(origins: &CorsOrigins, head: &Parts) -> Result<Response, Failure> {
    if !head.headers.contains_key(header::ORIGIN) {
        return Err(invalid_request("Insufficient information. Origin request header needed."));
    }
    let requested = head.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
    let method = requested.and_then(|method| method.to_str().ok());
    let known =
        METHODS.to_str().is_ok_and(|all| method.is_some_and(|method| all.split(", ").any(|m| m == method)));
    let origin = head.headers.get(header::ORIGIN);
    if !known || origin.is_none_or(|origin| allowed(origins, origin).is_none()) {
        let message = "This CORS request is not allowed: it needs an allowed Origin and a method of S3";
        return Err(Failure::new(ErrorCode::AccessDenied, message));
    }
    let mut response = answer::empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECS);
    if let Some(asked) = head.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    Ok(response)
}

/// Adds the headers that a page of this origin needs to read the answer, also if it is an error.
pub(super) fn add_headers(origins: &CorsOrigins, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    let varies = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
    headers.append(header::VARY, HeaderValue::from_static(varies));
    if let Some(allowed) = origin.and_then(|origin| allowed(origins, origin)) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

fn allowed(origins: &CorsOrigins, origin: &HeaderValue) -> Option<HeaderValue> {
    match origins {
        CorsOrigins::Any => Some(HeaderValue::from_static("*")),
        CorsOrigins::List(list) => list.iter().any(|known| known == origin).then(|| origin.clone()),
    }
}
