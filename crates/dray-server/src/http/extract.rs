//! Reading requests: JSON bodies, ids in paths, parameters in queries, and the address that the caller used. Every failure is one of
//! ours, and names the field.

use std::ops::RangeInclusive;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header, uri::Authority};
use dray_api::ItemId;
use dray_api::limits::{MAX_BODY_BYTES, MAX_QUERY_CHARS};
use dray_s3::Endpoint;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body as _;
use serde::de::DeserializeOwned;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::{IntoParams, PartialSchema as _};

use super::App;
use super::error::Error;
use crate::drive;
use crate::objects::public_endpoint;

/// A JSON body of at most [`MAX_BODY_BYTES`].
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &App) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Error::UnsupportedMediaType);
        }
        parse(&read(request.into_body()).await?).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

async fn read(body: Body) -> Result<Bytes, Error> {
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > MAX_BODY_BYTES) {
        return Err(Error::BodyTooLarge);
    }
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(err) if err.is::<LengthLimitError>() => Err(Error::BodyTooLarge),
        Err(_) => Err(Error::BodyCutOff),
    }
}

/// By way of a tree, whose depth `serde_json` bounds (128) even in fields that are ignored.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let tree: serde_json::Value =
        serde_json::from_slice(body).map_err(|err| Error::InvalidJson { detail: err.to_string() })?;
    serde_path_to_error::deserialize(tree).map_err(|err| {
        let path = err.path().to_string();
        let field = if path == "." { "The body".to_owned() } else { path };
        drive::Error::field(field, format!("is not as it must be: {}", err.inner())).into()
    })
}

/// The `{id}` of the path.
pub(crate) struct PathId(pub(crate) ItemId);

impl FromRequestParts<App> for PathId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let text = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|err| invalid("id", err.to_string()))?;
        text.0.parse().map(Self).map_err(|err: dray_api::InvalidId| invalid("id", err.to_string()))
    }
}

impl IntoParams for PathId {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = ParameterBuilder::new()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .description(Some("The item's id."))
            .required(Required::True)
            .schema(Some(ItemId::schema()));
        vec![id.build()]
    }
}

/// The parameters of the query. Each is given at most once; those that a route does not know are ignored.
pub(crate) struct Parameters(Vec<(String, String)>);

impl FromRequestParts<App> for Parameters {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        Query::try_from_uri(&parts.uri)
            .map(|query| Self(query.0))
            .map_err(|err| invalid("The query", format!("can not be read: {err}")))
    }
}

impl Parameters {
    /// A parameter as it was given, percent-decoded.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&str>, Error> {
        let mut given = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match (given.next(), given.next()) {
            (_, Some(_)) => Err(invalid(name, "must be given only once")),
            (value, None) => Ok(value),
        }
    }

    /// What is searched for: at most [`MAX_QUERY_CHARS`] characters, none of them NUL.
    pub(crate) fn query_text(&self, name: &'static str) -> Result<Option<&str>, Error> {
        let text = self.text(name)?;
        if text.is_some_and(|text| text.chars().count() > MAX_QUERY_CHARS) {
            return Err(invalid(name, format!("must be at most {MAX_QUERY_CHARS} characters")));
        }
        // No name has it, and databases take it for the end of a text or refuse it.
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

    /// One of several texts.
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

    /// An item's id.
    pub(crate) fn id(&self, name: &'static str) -> Result<Option<ItemId>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|err: dray_api::InvalidId| invalid(name, err.to_string()))
    }
}

fn invalid(name: &'static str, rule: impl Into<String>) -> Error {
    Error::InvalidParameter { name, rule: rule.into() }
}

/// Where this caller reaches the store: the public address if one is set, else the host that they used.
pub(crate) struct PublicEndpoint(pub(crate) Endpoint);

impl FromRequestParts<App> for PublicEndpoint {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let url = match &app.public_url {
            Some(url) => url.to_string(),
            None => format!("http://{}", host(parts)?),
        };
        Ok(Self(public_endpoint(&url)?))
    }
}

fn host(parts: &Parts) -> Result<String, Error> {
    let header = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = header.or_else(|| parts.uri.authority().map(Authority::as_str)).unwrap_or_default();
    match host.parse::<Authority>() {
        Ok(authority) if !authority.as_str().contains('@') => Ok(authority.to_string()),
        _ => Err(Error::InvalidParameter {
            name: "The Host header",
            rule: "must be a host, with a port if needed".into(),
        }),
    }
}
