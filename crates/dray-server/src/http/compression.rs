//! Compresses answers with zstd or gzip: the API's JSON and the pages, if they are long enough. The page's scripts and styles
//! were compressed when they were built (`page.rs`). Answers of the store do not pass here, so files are sent unchanged.
//!
//! The length of a compressed answer reveals no secret (BREACH): whoever gets an answer sent a token with the request.
//! Another page cannot make a browser do that, so nobody else can choose parts of the answer.

use axum::extract::Request;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, Predicate as _, SizeAbove};

/// Shorter answers are not compressed: an item, the start of an upload, the URLs of a few parts.
const LEAST_BYTES: u64 = 4096;

/// Marks an answer that is sent as it is, however long: those about many small files. Their bytes are many times as long as what is
/// answered, and decompressing it took Node a twelfth of the time of such an upload.
#[derive(Clone, Copy)]
pub(super) struct AsItIs;

type IsText = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// Uses the fastest level: it reduces a long list of items to a tenth of its size in a quarter of a millisecond.
pub(super) fn layer() -> CompressionLayer<And<SizeAbove, IsText>> {
    let is_worth_it = SizeAbove::new(LEAST_BYTES).and(has_text as IsText);
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(is_worth_it)
}

fn has_text(_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<AsItIs>().is_none() && is_text(headers)
}

fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    matches!(essence, "application/json" | "text/html" | "text/css" | "text/javascript" | "image/svg+xml")
}

/// Adds `Vary` to an answer that is compressed for clients that accept it. A 304 needs the header as well (RFC 9110,
/// 15.4.5), and has neither the body nor the type by which the layer would recognise the answer.
pub(super) fn note_variants(headers: &mut HeaderMap, body_bytes: usize) {
    if is_text(headers) && body_bytes as u64 >= LEAST_BYTES {
        headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
}

/// Drops what excludes uncompressed answers from an `Accept-Encoding`: `identity;q=0` and `*;q=0`. A server may ignore it
/// (RFC 9110, 12.5.3); the layer would answer 406 after the work is done. The codings that the client names still count.
pub(super) fn disregard_impossible(mut request: Request) -> Request {
    let values = request.headers().get_all(header::ACCEPT_ENCODING);
    let choices: Vec<&str> =
        values.iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')).collect();
    if !choices.iter().any(|choice| excludes_identity(choice)) {
        return request;
    }
    let left: Vec<&str> = choices.into_iter().filter(|choice| !excludes_identity(choice)).collect();
    let left = HeaderValue::try_from(left.join(",")).ok().filter(|value| !value.is_empty());
    request.headers_mut().remove(header::ACCEPT_ENCODING);
    if let Some(left) = left {
        request.headers_mut().insert(header::ACCEPT_ENCODING, left);
    }
    request
}

/// Whether a client accepts gzip, and may get what was compressed before.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let choices = values.flat_map(|text| text.split(',')).map(weighed);
    choices.into_iter().find(|(coding, _)| coding == "gzip").is_some_and(|(_, is_refused)| !is_refused)
}

fn excludes_identity(choice: &str) -> bool {
    let (coding, is_refused) = weighed(choice);
    is_refused && matches!(&*coding, "*" | "identity")
}

/// A coding of an `Accept-Encoding`, in lower case, and whether the client refuses it: `q=0`.
fn weighed(choice: &str) -> (String, bool) {
    let (coding, weight) = choice.split_once(';').unwrap_or((choice, ""));
    let is_refused = weight
        .trim()
        .strip_prefix(['q', 'Q'])
        .is_some_and(|q| q.strip_prefix('=').is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0)));
    (coding.trim().to_ascii_lowercase(), is_refused)
}
