//! Reads requests: JSON bodies, ids in paths, parameters in queries, and the address that the caller used. Every
//! failure is one of Dray's errors, and names the field.

use std::borrow::Cow;
use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use dray_api::limits::{DEFAULT_PAGE_ITEMS, MAX_BODY_BYTES, MAX_PAGE_ITEMS, MAX_QUERY_CHARS};
use dray_api::{InvalidId, ItemId, ListSort, SortOrder};
use dray_s3::Endpoint;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body as _;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use super::App;
use super::auth::{AdmittedAt, admit_again};
use super::described::NamedInPath;
use super::error::Error;
use super::json;
use crate::config::public_endpoint;
use crate::drive::body::typed;
use crate::drive::cursor::List;
use crate::drive::listing::ListOrder;
use crate::service::PageRequest;

/// The maximum size of the body of somebody without a token or grant: a password, a name, an address.
const STRANGERS_BODY_BYTES: usize = 16 << 10;

/// A JSON body of at most [`MAX_BODY_BYTES`], or [`STRANGERS_BODY_BYTES`].
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        Ok(Self(typed(read_json(request, app).await?)?))
    }
}

/// Whether the body of a request is arriving. Until it is there, nobody has done anything about the request.
#[derive(Clone, Default)]
pub(super) struct Arrival(Arc<AtomicBool>);

impl Arrival {
    /// Whether the body has begun to be read, and is not there yet.
    pub(super) fn is_under_way(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request's JSON as a tree. No other function reads the body of a request to the API, because the caller must be
/// admitted again if the body took long.
pub(super) async fn read_json(request: Request, app: &App) -> Result<serde_json::Value, Error> {
    if !is_json(request.headers()) || is_encoded(request.headers()) {
        return Err(Error::UnsupportedMediaType);
    }
    let (parts, body) = request.into_parts();
    let is_admitted = parts.extensions.get::<AdmittedAt>().is_some();
    let arrival = parts.extensions.get::<Arrival>().cloned().unwrap_or_default();
    arrival.0.store(true, Ordering::Relaxed);
    let body = read(body, if is_admitted { MAX_BODY_BYTES } else { STRANGERS_BODY_BYTES }).await?;
    arrival.0.store(false, Ordering::Relaxed);
    admit_again(&parts, app).await?;
    json::parse(&body).map_err(|err| Error::InvalidJson { detail: err.to_string() })
}

/// A header that decides something was sent more than once.
pub(super) struct Several;

/// The value of a header that may be sent once. If it is sent several times, there is no telling which of them a proxy before
/// this server has acted on.
pub(super) fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Several> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_none() { Ok(first) } else { Err(Several) }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Ok(content_type) = single(headers, &header::CONTENT_TYPE) else { return false };
    let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Whether the body is compressed (RFC 9110, 8.4).
fn is_encoded(headers: &HeaderMap) -> bool {
    let codings = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .flat_map(|list| list.as_bytes().split(|&b| b == b','));
    // Empty elements of a list mean nothing (RFC 9110, 5.6.1.2).
    codings
        .map(<[u8]>::trim_ascii)
        .any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

async fn read(body: Body, limit_bytes: usize) -> Result<Bytes, Error> {
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > limit_bytes) {
        return Err(Error::BodyTooLarge { limit_bytes });
    }
    match Limited::new(body, limit_bytes).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(err) if err.is::<LengthLimitError>() => Err(Error::BodyTooLarge { limit_bytes }),
        Err(_) => Err(Error::BodyCutOff),
    }
}

/// The `{id}` of the path.
pub(crate) struct PathId<T = ItemId>(pub(crate) T);

impl<T: FromStr<Err = InvalidId> + NamedInPath> FromRequestParts<App> for PathId<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, app).await.map_err(|_| not_an_id(T::NAME))?;
        parse_id(T::NAME, &text).map(Self)
    }
}

/// The `{id}` of an item in the path, and the id of something that belongs to it.
pub(crate) struct PathIds<T>(pub(crate) ItemId, pub(crate) T);

impl<T: FromStr<Err = InvalidId> + NamedInPath> FromRequestParts<App> for PathIds<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Path((item, other)) =
            Path::<(String, String)>::from_request_parts(parts, app).await.map_err(|_| not_an_id("id"))?;
        Ok(Self(parse_id("id", &item)?, parse_id(T::NAME, &other)?))
    }
}

/// The `{id}` of the path, which may be `root` instead (`None`).
pub(crate) struct PathFolder(pub(crate) Option<ItemId>);

impl FromRequestParts<App> for PathFolder {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Path(text) = Path::<String>::from_request_parts(parts, app).await.map_err(|_| not_an_id("id"))?;
        if text == "root" { Ok(Self(None)) } else { parse_id("id", &text).map(|id| Self(Some(id))) }
    }
}

/// The only parameter of a path if it is not an id; `None` if it is not UTF-8.
pub(crate) struct PathText(pub(crate) Option<String>);

impl FromRequestParts<App> for PathText {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(Path::<String>::from_request_parts(parts, app).await.ok().map(|Path(text)| text)))
    }
}

/// The error for a path that is not even UTF-8.
fn not_an_id(name: &'static str) -> Error {
    invalid(name, InvalidId.to_string())
}

fn parse_id<T: FromStr<Err = InvalidId>>(name: &'static str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|err: InvalidId| invalid(name, err.to_string()))
}

/// The parameters of the query. Each may occur at most once, unless its handler asks for all of its values. Those that a route
/// does not know are ignored.
pub(crate) struct Parameters(Vec<(String, Text)>);

/// The value of a parameter; `None` if it is not UTF-8.
type Text = Option<String>;

impl FromRequestParts<App> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let given = parts.uri.query().unwrap_or_default().split('&').filter(|one| !one.is_empty());
        let named = given.filter_map(|one| {
            let (name, value) = one.split_once('=').unwrap_or((one, ""));
            Some((decoded(name)?, decoded(value)))
        });
        Ok(Self(named.collect()))
    }
}

/// Decodes `application/x-www-form-urlencoded` (WHATWG URL, 5.1).
fn decoded(text: &str) -> Text {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(Cow::into_owned)
}

impl Parameters {
    /// A parameter as it was sent, percent-decoded.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&str>, Error> {
        match self.all(name)?[..] {
            [] => Ok(None),
            [value] => Ok(Some(value)),
            [..] => Err(invalid(name, "must be given only once")),
        }
    }

    /// The values of a parameter that may occur several times.
    pub(crate) fn all(&self, name: &'static str) -> Result<Vec<&str>, Error> {
        let values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_deref());
        let no_text = || invalid(name, "must be UTF-8, percent-encoded");
        values.map(|value| value.ok_or_else(no_text)).collect()
    }

    /// The text of a search: at most [`MAX_QUERY_CHARS`] characters, none of them NUL.
    pub(crate) fn query_text(&self, name: &'static str) -> Result<Option<&str>, Error> {
        let text = self.text(name)?;
        if text.is_some_and(|text| text.chars().count() > MAX_QUERY_CHARS) {
            return Err(invalid(name, format!("must be at most {MAX_QUERY_CHARS} characters")));
        }
        // No name contains NUL, and databases refuse it or treat it as the end of a text.
        if text.is_some_and(|text| text.contains('\0')) {
            return Err(invalid(name, "must not contain NUL"));
        }
        Ok(text)
    }

    /// A whole number in `range`, in decimal digits.
    pub(crate) fn number(
        &self,
        name: &'static str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if is_digits && range.contains(&number) => Ok(Some(number)),
            _ => Err(invalid(
                name,
                format!("must be a whole number from {} to {}", range.start(), range.end()),
            )),
        }
    }

    /// One of several allowed texts.
    pub(crate) fn choice<T: Copy>(
        &self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        if let Some((_, value)) = choices.iter().find(|(choice, _)| *choice == text) {
            return Ok(Some(*value));
        }
        let choices: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
        Err(invalid(name, format!("must be one of {}", choices.join(", "))))
    }

    /// `true` or `false`; `false` if it is absent.
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool, Error> {
        Ok(self.choice(name, &[("true", true), ("false", false)])?.unwrap_or_default())
    }

    /// An item's id.
    pub(crate) fn id(&self, name: &'static str) -> Result<Option<ItemId>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        parse_id(name, text).map(Some)
    }

    /// The maximum number of items of a page.
    pub(crate) fn page_limit(&self) -> Result<usize, Error> {
        let limit = self.number("limit", 1..=MAX_PAGE_ITEMS)?.unwrap_or(DEFAULT_PAGE_ITEMS);
        Ok(limit as usize)
    }

    /// Which page of a list of items to return, and in which order. `list` is the list in an order.
    pub(crate) fn page(&self, list: impl Fn(ListOrder) -> List) -> Result<PageRequest, Error> {
        let sort = self.choice("sortBy", ListSort::ALL)?.unwrap_or_default();
        let order = self.choice("sortOrder", SortOrder::ALL)?.unwrap_or(SortOrder::Ascending);
        let order = ListOrder { sort, order };
        Ok(PageRequest::new(list(order), order, self.text("cursor")?, self.page_limit()?)?)
    }
}

fn invalid(name: &'static str, rule: impl Into<String>) -> Error {
    Error::InvalidParameter { name, rule: rule.into() }
}

/// Where this caller reaches the server: the public address if one is set, else the host that they used.
pub(crate) struct PublicUrl(pub(crate) String);

impl FromRequestParts<App> for PublicUrl {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        if let Some(url) = &app.public_url {
            return Ok(Self(url.to_string()));
        }
        let (scheme, host) = (parts.extensions.get().unwrap_or(&Scheme::HTTP), host(parts)?);
        if !app.hosts.is_empty() && !app.hosts.contains(&host) {
            let rule =
                "must be a host of this server, that is, one that --host or --public-url names".to_owned();
            return Err(Error::InvalidParameter { name: "The Host header", rule });
        }
        Ok(Self(format!("{scheme}://{host}")))
    }
}

/// Where this caller reaches the store: at `--bytes-url` if it is set, else where they reach the server.
pub(crate) struct PublicEndpoint(pub(crate) Endpoint);

impl FromRequestParts<App> for PublicEndpoint {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        if let Some(endpoint) = app.service.store_endpoint() {
            return Ok(Self(endpoint.clone()));
        }
        if let Some(endpoint) = &app.bytes {
            return Ok(Self(endpoint.clone()));
        }
        let PublicUrl(url) = PublicUrl::from_request_parts(parts, app).await?;
        Ok(Self(public_endpoint(&url)?))
    }
}

fn host(parts: &Parts) -> Result<String, Error> {
    let header = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = header.or_else(|| parts.uri.authority().map(Authority::as_str)).unwrap_or_default();
    match host.parse::<Authority>() {
        // An empty port counts as none.
        Ok(authority) if !authority.as_str().contains('@') => {
            Ok(authority.as_str().trim_end_matches(':').to_owned())
        }
        _ => Err(Error::InvalidParameter {
            name: "The Host header",
            rule: "must be a host, with a port if needed".into(),
        }),
    }
}
