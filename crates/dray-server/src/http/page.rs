//! The browser page and the API's reference page, built from `web/` into the binary.

use std::borrow::Cow;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use super::error::{Error, route_not_found};
use super::extract::PathText;
use super::{App, BasePath};

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
/// How a file begins that `web/build.mjs` has compressed because it is large (RFC 1952, 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

pub(super) async fn index(State(app): State<App>) -> Response {
    html("index.html", &app.base_path)
}

/// The reference page of the API, which draws `/openapi.json`.
pub(super) async fn docs(State(app): State<App>) -> Response {
    html("docs.html", &app.base_path)
}

/// A page, whose addresses begin with the base path. Its scripts find that in `<meta name="base-path">`.
fn html(name: &str, base_path: &BasePath) -> Response {
    match Files::get(name) {
        Some(file) => page(below(file.data, base_path), "text/html; charset=utf-8", CHECK_FIRST),
        None => "Dray is running. This binary was built without the browser page: `make run` builds both.\n"
            .into_response(),
    }
}

fn below(html: Cow<'static, [u8]>, base_path: &BasePath) -> Cow<'static, [u8]> {
    if base_path.is_root() {
        return html;
    }
    let base = escaped(base_path.as_str());
    let html = String::from_utf8_lossy(&html)
        .replace("name=\"base-path\" content=\"\"", &format!("name=\"base-path\" content=\"{base}\""))
        .replace("=\"/", &format!("=\"{base}/"));
    Cow::Owned(html.into_bytes())
}

/// A text as an attribute in double quotes has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
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
    let is_gzipped = data.starts_with(&GZIP_MAGIC);
    let mut response = (headers, data.into_owned()).into_response();
    if is_gzipped {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
