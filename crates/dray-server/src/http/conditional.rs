//! Reads whose answer the caller already has (RFC 9110, 13.1.2). Answers of bounded size get a weak `ETag` made from their
//! bytes, and a request that names it in `If-None-Match` gets a 304. This saves transfer, not computation.
//!
//! A HEAD is answered as the same GET, and the router leaves the body out of the answer (RFC 9110, 9.3.2).
//!
//! The tags are of answers, not of what writes change, and a weak tag never fulfils `If-Match` (RFC 9110, 13.1.1). So no
//! condition of a write can be evaluated, and a write that has one is refused: its caller relies on it.

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hyper::body::Body as _;

use super::error::{Error, NOT_MODIFIED};
use super::{compression, routes};
use crate::drive;

/// The longest answer that this file hashes: a tree with the most items and the longest names.
const MOST_BYTES: usize = 1024 * 1024;
/// 128 bits of BLAKE3.
const TAG_BYTES: usize = 16;
/// Only the caller may cache it, and must check it before each use.
const CHECK_FIRST: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Marks the request of a caller who asked with HEAD. Handlers see GET.
#[derive(Clone, Copy)]
pub(super) struct OnlyHead;

/// Tags the answer to a read, or answers 304 if the caller already has it.
pub(super) async fn answer(mut request: Request, next: Next) -> Response {
    if let Some(refused) = condition_of_write(request.method(), request.headers())
        && has_route(&request)
    {
        return refused.into_response();
    }
    if request.method() == Method::HEAD {
        *request.method_mut() = Method::GET;
        request.extensions_mut().insert(OnlyHead);
    }
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    let known = request.headers().get_all(header::IF_NONE_MATCH).iter().cloned().collect::<Vec<_>>();
    let response = next.run(request).await;
    if !is_tagged(&response) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // The body is already in memory, so this does not wait.
    let body = match to_bytes(body, MOST_BYTES).await {
        Ok(body) => body,
        Err(err) => return Error::from(drive::Error::internal(err)).into_response(),
    };
    let tag = hex::encode(&blake3::hash(&body).as_bytes()[..TAG_BYTES]);
    if let Ok(weak) = HeaderValue::try_from(format!("W/\"{tag}\"")) {
        parts.headers.insert(header::ETAG, weak);
    }
    parts.headers.entry(header::CACHE_CONTROL).or_insert(CHECK_FIRST);
    compression::note_variants(&mut parts.headers, body.len());
    if is_listed(&tag, &known) {
        parts.status = NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, no_body());
    }
    Response::from_parts(parts, Body::from(body))
}

/// No body, and no length: the length of a 304 would be that of the 200 (RFC 9110, 8.6), and to a HEAD the router would say 0.
fn no_body() -> Body {
    Body::from_stream(futures_util::stream::empty::<Result<bytes::Bytes, std::io::Error>>())
}

/// Whether there is such a route. If not, the answer is a 404 or a 405, whatever else the request says.
fn has_route(request: &Request) -> bool {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    routes::table().iter().any(|(method, of)| request.method() == method && Some(of.as_str()) == path)
}

/// The refusal of a write with a condition. `If-Match: *` passes, because every route that changes something answers 404
/// if it does not exist.
fn condition_of_write(method: &Method, headers: &HeaderMap) -> Option<Error> {
    if ![Method::PUT, Method::PATCH, Method::DELETE].contains(method) {
        return None;
    }
    let is_any = |value: &HeaderValue| value.as_bytes().trim_ascii() == b"*";
    let name = if headers.get_all(header::IF_MATCH).iter().any(|value| !is_any(value)) {
        "If-Match"
    } else if headers.contains_key(header::IF_NONE_MATCH) {
        "If-None-Match"
    } else if headers.contains_key(header::IF_UNMODIFIED_SINCE) {
        "If-Unmodified-Since"
    } else {
        return None;
    };
    let rule =
        "is not evaluated when something is changed: read it again before, and leave the header out".into();
    Some(Error::InvalidParameter { name, rule })
}

/// Successful answers of the API and the page: they can change, and are completely in memory.
fn is_tagged(response: &Response) -> bool {
    let size = response.body().size_hint().exact().and_then(|size| usize::try_from(size).ok());
    response.status().is_success()
        && size.is_some_and(|size| size <= MOST_BYTES)
        && (has_type(response.headers(), "application/json") || has_type(response.headers(), "text/html"))
}

fn has_type(headers: &HeaderMap, essence: &str) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(essence.as_bytes()))
}

/// Weak comparison (RFC 9110, 8.8.3.2): it compares only the opaque tag.
fn is_listed(tag: &str, known: &[HeaderValue]) -> bool {
    let listed = known.iter().filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    listed.map(str::trim).any(|one| {
        let opaque = one.strip_prefix("W/").unwrap_or(one);
        one == "*" || opaque.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) == Some(tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_any_list_however_it_is_written() {
        let is_in = |lists: &[&'static str]| {
            is_listed("ab", &lists.iter().map(|list| HeaderValue::from_static(list)).collect::<Vec<_>>())
        };
        for lists in
            [&["W/\"ab\""][..], &["\"ab\""], &["\"x\", W/\"ab\" ,\"y\""], &["\"x\"", "\"ab\""], &["*"]]
        {
            assert!(is_in(lists), "{lists:?}");
        }
        for lists in [&[][..], &[""], &["ab"], &["\"AB\""], &["\"abc\""], &["w/\"ab\""], &["\"x\", \"y\""]] {
            assert!(!is_in(lists), "{lists:?}");
        }
    }
}
