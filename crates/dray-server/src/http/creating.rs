//! Requests that create something: their body, and the `Idempotency-Key` that makes it safe to send them again
//! (draft-ietf-httpapi-idempotency-key-header-07).

use axum::extract::{FromRequest, MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use dray_api::limits::MAX_KEY_CHARS;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::App;
use super::error::Error;
use super::extract::{Several, read_json, single};
use super::routes;
use crate::drive;
use crate::drive::body::typed;
use crate::service::{Made, Once};

pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header that says that an earlier request with the same key created what this answer shows.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The body of a request that creates something, and what identifies the request. A handler takes it if the route
/// table says `once`.
pub(crate) struct Creating<T> {
    pub(crate) body: T,
    pub(crate) once: Once,
}

impl<T: DeserializeOwned> FromRequest<App> for Creating<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        let key = read_key(request.headers())?;
        let route =
            request.extensions().get::<MatchedPath>().and_then(|path| routes::creating(path.as_str()));
        let path = same_path(&request);
        let tree = read_json(request, app).await?;
        let once = match (key, route) {
            (None, _) => Once::default(),
            (Some(_), None) => {
                return Err(drive::Error::internal(
                    "the route table does not say that this route creates something",
                )
                .into());
            }
            (Some(key), Some(route)) => {
                // The text is written again from the parsed tree, so that a repeat with different white space counts
                // as the same request.
                let text = format!("{path}\n{tree}");
                Once::keyed(route, key, blake3::hash(text.as_bytes()).to_hex().to_string())
            }
        };
        Ok(Self { body: typed(tree)?, once })
    }
}

/// The answer to a request that created something, or that repeats one that did.
pub(super) fn made<T: Serialize>(made: Made<T>) -> Response {
    let mut response = axum::Json(made.answer).into_response();
    if made.is_repeat {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// The path of a request, in one spelling: the ids in it are hexadecimal digits, in upper or lower case.
fn same_path(request: &Request) -> String {
    request.uri().path().to_ascii_lowercase()
}

/// The key of a request, if it has one.
fn read_key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let rule = || Error::InvalidParameter {
        name: "Idempotency-Key",
        rule: format!(
            "must be one text of 1 to {MAX_KEY_CHARS} visible ASCII characters, with or without double quotes around it"
        ),
    };
    let Some(value) = single(headers, &IDEMPOTENCY_KEY).map_err(|Several| rule())? else { return Ok(None) };
    let text = value.to_str().ok().ok_or_else(rule)?;
    let is_short = text.len() <= MAX_KEY_CHARS;
    let key = unquoted(text.trim()).filter(|key| is_short && !key.is_empty());
    key.ok_or_else(rule).map(Some)
}

/// A string of RFC 8941, 3.3.3, without its quotes; or the bare text that many clients send.
fn unquoted(text: &str) -> Option<String> {
    let Some(quoted) = text.strip_prefix('"') else {
        return text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b','))
            .then(|| text.to_owned());
    };
    let mut key = String::new();
    let mut rest = quoted.strip_suffix('"')?.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => key.push(rest.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            ' '..='~' if character != '"' => key.push(character),
            _ => return None,
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(values: &[&str]) -> Result<Option<String>, ()> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        read_key(&headers).map_err(drop)
    }

    #[test]
    fn a_key_is_the_same_with_quotes_and_without() {
        assert_eq!(key(&[]), Ok(None));
        for text in ["8e03978e-40d5", "\"8e03978e-40d5\"", "  8e03978e-40d5 "] {
            assert_eq!(key(&[text]), Ok(Some("8e03978e-40d5".to_owned())), "{text}");
        }
        assert_eq!(key(&["\"a b \\\" \\\\\""]), Ok(Some("a b \" \\".to_owned())));
    }

    #[test]
    fn an_invalid_key_is_refused() {
        let long = "k".repeat(256);
        for text in
            ["", "\"\"", "\"", "\"a", "a\"", "\"a\"b\"", "a b", "a, b", "\"\\n\"", "\"a\\\"", "é", &long]
        {
            assert_eq!(key(&[text]), Err(()), "{text}");
        }
        assert_eq!(key(&["a", "a"]), Err(()), "twice");
        assert!(key(&["k".repeat(255).as_str()]).is_ok());
    }
}
