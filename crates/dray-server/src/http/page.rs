//! The browser page, built from `web/` into the binary.

use std::borrow::Cow;

use axum::http::{HeaderName, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use super::error::{Error, route_not_found};
use super::extract::PathText;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Files;

/// Own scripts and styles only. Parts and downloads go to the store, which may be any host.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; connect-src 'self' http: https:; img-src 'self' data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);
/// Their names change with their bytes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const CHECK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");

pub(super) async fn index() -> Response {
    match Files::get("index.html") {
        Some(file) => page(file.data, "text/html; charset=utf-8", CHECK_FIRST),
        None => "Dray is running. This binary was built without the browser page: `make run` builds both.\n"
            .into_response(),
    }
}

pub(super) async fn asset(uri: Uri, PathText(path): PathText) -> Result<Response, Error> {
    let Some(path) = path else { return Err(route_not_found(uri).await) };
    let name = format!("assets/{path}");
    let file = Files::get(&name).ok_or(Error::RouteNotFound { path: format!("/{name}") })?;
    Ok(page(file.data, file.metadata.mimetype(), FOR_EVER))
}

fn page(data: Cow<'static, [u8]>, mime_type: &str, cache: HeaderValue) -> Response {
    let mime_type =
        HeaderValue::from_str(mime_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, mime_type),
        (header::CACHE_CONTROL, cache),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, data.into_owned()).into_response()
}
