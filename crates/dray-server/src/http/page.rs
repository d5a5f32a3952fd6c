//! The browser page, the API's reference page, and the kit for other people's pages, built from `web/` into the binary.
//!
//! The same origin may serve files of users. So a page marks its own scripts and styles with a nonce, which is
//! different in each answer (W3C, "Content Security Policy Level 3", 2.3.1). Nothing else of the origin can run in
//! the page.

use std::borrow::Cow;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use super::error::{Error, route_not_found};
use super::extract::PathText;
use super::{App, BasePath, compression};
use crate::{drive, random};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Files;

/// What a script, style or icon may do if somebody opens it directly: nothing.
const ASSET_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'");
/// The beginnings of elements that load scripts and styles in the built pages. Each gets the nonce.
const LOADING: [&str; 2] = ["<script ", "<link rel=\"stylesheet\" "];
/// Their names change with their bytes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const CHECK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");
/// The length of the hash in a built file's name.
const HASH_CHARS: usize = 10;
/// The beginning of a file that `web/build.mjs` has compressed because it is large (RFC 1952, 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The end of the name of a compressed file beside the plain one.
const GZIPPED: &str = ".gz";

pub(super) async fn index(State(app): State<App>) -> Result<Response, Error> {
    html("index.html", &app, CHECKSUMS)
}

/// The page of a file request. It is the same for every request, and its script loads what it shows. Search engines must not
/// list it, because its address is a secret.
pub(super) async fn request(State(app): State<App>) -> Result<Response, Error> {
    let mut page = html("request.html", &app, CHECKSUMS)?;
    page.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Ok(page)
}

/// The reference page of the API, which draws `/openapi.json`.
pub(super) async fn docs(State(app): State<App>) -> Result<Response, Error> {
    html("docs.html", &app, Extra::default())
}

fn html(name: &str, app: &App, extra: Extra) -> Result<Response, Error> {
    let Some(file) = Files::get(name) else {
        let text =
            "Dray is running. This binary was built without the browser page: `make run` builds both.\n";
        return Ok(text.into_response());
    };
    let nonce = random::text()?;
    let policy =
        HeaderValue::try_from(policy(&nonce, &app.store_origins, extra)).map_err(drive::Error::internal)?;
    let html = below(file.data, &app.base_path);
    let html = with_nonce(&String::from_utf8_lossy(&html), &nonce).into_bytes();
    Ok(page(html.into(), "text/html; charset=utf-8", CHECK_FIRST, policy))
}

/// What a page may do beyond what all pages may.
#[derive(Default, Clone, Copy)]
struct Extra {
    /// Comes after the nonce in `script-src`.
    scripts: &'static str,
    /// One more directive, which ends in "; ".
    directive: &'static str,
}

/// The page computes checksums in WebAssembly, in a worker. A worker cannot have a nonce. A worker from a `blob:` URL
/// is a script that the page itself made, and it has the page's policy (HTML, 10.2.4). `'self'` would allow a user's
/// file as a worker.
const CHECKSUMS: Extra = Extra { scripts: " 'wasm-unsafe-eval'", directive: "worker-src blob:; " };

/// Allows only the page's own scripts and styles, and requests to this origin and to where parts and downloads go.
fn policy(nonce: &str, store_origins: &str, Extra { scripts, directive }: Extra) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'{scripts}; {directive}style-src 'nonce-{nonce}'; \
         img-src 'self' data:; connect-src 'self'{store_origins}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

fn with_nonce(html: &str, nonce: &str) -> String {
    let mut html = html.to_owned();
    for element in LOADING {
        html = html.replace(element, &format!("{element}nonce=\"{nonce}\" "));
    }
    html
}

fn below(html: Cow<'static, [u8]>, base_path: &BasePath) -> Cow<'static, [u8]> {
    if base_path.is_root() {
        return html;
    }
    let base = escaped(base_path.as_str());
    let html = String::from_utf8_lossy(&html)
        .replace("=\"/", &format!("=\"{base}/"))
        .replace("name=\"base-path\" content=\"\"", &format!("name=\"base-path\" content=\"{base}\""));
    Cow::Owned(html.into_bytes())
}

/// A text in the form of an attribute in double quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

pub(super) async fn asset(uri: Uri, headers: HeaderMap, PathText(path): PathText) -> Result<Response, Error> {
    let Some(path) = path else { return Err(route_not_found(uri).await) };
    built(&format!("assets/{path}"), &headers, FOR_EVER)
}

/// The kit for pages without a bundler. `/kit/upload.js` always has the same address and imports the current build.
/// The files of a build have names that change with their bytes.
pub(super) async fn kit(uri: Uri, headers: HeaderMap, PathText(path): PathText) -> Result<Response, Error> {
    let Some(path) = path else { return Err(route_not_found(uri).await) };
    let cache = if has_hash(&path) { FOR_EVER } else { CHECK_FIRST };
    built(&format!("kit/{path}"), &headers, cache)
}

/// A script, style or icon. `web/build.mjs` has laid a compressed one beside each that is long: its level of gzip takes too
/// long for a request, and saves more than the fast levels of any coding.
fn built(name: &str, headers: &HeaderMap, cache: HeaderValue) -> Result<Response, Error> {
    let file = Files::get(name).filter(|_| !name.ends_with(GZIPPED));
    let file = file.ok_or_else(|| Error::RouteNotFound { path: format!("/{name}") })?;
    let gzipped = Files::get(&format!("{name}{GZIPPED}"));
    let varies = gzipped.is_some();
    let data =
        gzipped.filter(|_| compression::accepts_gzip(headers)).map_or(file.data, |gzipped| gzipped.data);
    let mut response = page(data, file.metadata.mimetype(), cache, ASSET_POLICY);
    if varies {
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    Ok(response)
}

/// Whether the name ends as `web/build.mjs` ends the names that change with the file's bytes: `-0123456789.js`.
fn has_hash(name: &str) -> bool {
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let hash = stem.rsplit_once('-').map_or("", |(_, hash)| hash);
    hash.len() == HASH_CHARS && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn page(data: Cow<'static, [u8]>, mime_type: &str, cache: HeaderValue, policy: HeaderValue) -> Response {
    let mime_type =
        HeaderValue::from_str(mime_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, mime_type),
        (header::CACHE_CONTROL, cache),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    let is_gzipped = data.starts_with(&GZIP_MAGIC);
    let mut response = (headers, data.into_owned()).into_response();
    if is_gzipped {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_with_a_hash_is_cached_forever() {
        let names =
            ["upload-0123456789.js", "upload.js", "upload-element.js", "upload-012345678.js", "-0123456789"];
        assert_eq!(names.map(has_hash), [true, false, false, false, true]);
    }

    #[test]
    fn every_script_and_style_of_a_page_has_the_nonce() {
        let html = r#"<link rel="icon" href="/i" /><link rel="stylesheet" href="/s" /><script type="module" src="/m">"#;
        let page = with_nonce(html, "7");
        assert_eq!(
            page,
            r#"<link rel="icon" href="/i" /><link rel="stylesheet" nonce="7" href="/s" /><script nonce="7" type="module" src="/m">"#
        );
        for name in ["index.html", "request.html", "docs.html"] {
            let Some(file) = Files::get(name) else { continue };
            let page = with_nonce(&String::from_utf8_lossy(&file.data), "7");
            let loading = page.matches("<script").count() + page.matches("rel=\"stylesheet\"").count();
            assert_eq!((page.matches("nonce=\"7\"").count(), loading >= 2), (loading, true), "{name}");
        }
    }
}
