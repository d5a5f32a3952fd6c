//! Public links: made and revoked under the API, followed under `/l/`.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse as _, NoContent, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dray_api::{LinkId, Links, NewLink};

use super::App;
use super::auth::User;
use super::error::Error;
use super::extract::{Json, PathId, PathIds, PathText, PublicEndpoint, PublicUrl};
use crate::drive::link::Link;
use crate::drive::{self, wire_time};

/// Neither the address nor where it leads is to be kept or told to anybody.
const PRIVATE: [(HeaderName, HeaderValue); 3] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
];

pub(super) async fn create(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId,
    PublicUrl(url): PublicUrl,
    Json(request): Json<NewLink>,
) -> Result<axum::Json<dray_api::Link>, Error> {
    let link = app.service.create_link(&caller, id, request, app.service.clock.now()).await?;
    Ok(axum::Json(to_wire(&link, &url)))
}

pub(super) async fn list(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId,
    PublicUrl(url): PublicUrl,
) -> Result<axum::Json<Links>, Error> {
    let links = app.service.list_links(&caller, id).await?;
    Ok(axum::Json(Links { links: links.iter().map(|link| to_wire(link, &url)).collect() }))
}

pub(super) async fn revoke(
    State(app): State<App>,
    User(caller): User,
    PathIds(id, link): PathIds<LinkId>,
) -> Result<NoContent, Error> {
    app.service.revoke_link(&caller, id, link).await?;
    Ok(NoContent)
}

/// Sends whoever has the address to the file.
pub(super) async fn follow(
    State(app): State<App>,
    PathText(slug): PathText,
    method: Method,
    PublicEndpoint(endpoint): PublicEndpoint,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let slug = slug.ok_or(drive::Error::LinkNotFound)?;
    let counts = method == Method::GET;
    let url = app.service.follow_link(&slug, password(&headers), &endpoint, counts).await?;
    Ok((PRIVATE, Redirect::temporary(&url)).into_response())
}

/// The password of HTTP Basic authentication (RFC 7617), whoever's name stands before it.
fn password(headers: &HeaderMap) -> Option<String> {
    let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

fn to_wire(link: &Link, public_url: &str) -> dray_api::Link {
    dray_api::Link {
        id: link.id,
        url: format!("{public_url}/l/{}", link.slug),
        item_id: link.item,
        created_by: link.created_by,
        created_at: wire_time(link.created_at),
        expires_at: link.expires_at.map(wire_time),
        has_password: link.password_hash.is_some(),
        downloads: link.downloads,
    }
}
