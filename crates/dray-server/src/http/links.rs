//! Public links: created and revoked under the API, followed under `/l/`.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, NoContent, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dray_api::{LinkId, Links, NewLink};

use super::App;
use super::auth::User;
use super::conditional::OnlyHead;
use super::creating::{Creating, made};
use super::error::Error;
use super::extract::{PathId, PathIds, PathText, PublicEndpoint, PublicUrl, single};
use crate::client_address::ClientAddress;
use crate::drive;
use crate::service::Reading;

/// No cache may keep the link's address or its target, and neither is sent as a referrer.
pub(super) const PRIVATE: [(HeaderName, HeaderValue); 3] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
];

/// No cache may keep an answer with addresses that whoever has them may use.
pub(super) const NO_STORE: [(HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

/// Create a public link to a file
///
/// Anyone who has its address can download the file, without a token, until the link expires, is revoked, the file is gone,
/// or its creator is no longer an `admin` of the file. This needs the role `admin` on the file; a file has at most 100 links.
#[utoipa::path(
    post, path = "/drive/files/{id}/links", operation_id = "createLink", tag = "Sharing",
    params(PathId), request_body = NewLink,
    responses((status = OK, description = "The link.", body = dray_api::Link, links(
        ("revokeLink" = (operation_id = "revokeLink", parameters(("id" = "$response.body#/itemId"), ("linkId" = "$response.body#/id")))),
    ))),
)]
pub(super) async fn create(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId,
    PublicUrl(url): PublicUrl,
    Creating { body, once }: Creating<NewLink>,
) -> Result<Response, Error> {
    Ok(made(app.service.create_link(&caller, id, body, url, once, app.service.now()).await?))
}

/// List a file's public links
///
/// Expired ones included. This needs the role `admin` on the file.
#[utoipa::path(
    get, path = "/drive/files/{id}/links", operation_id = "listLinks", tag = "Sharing",
    params(PathId),
    responses((status = OK, description = "The links.", body = Links)),
)]
pub(super) async fn list(
    State(app): State<App>,
    User(caller): User,
    PathId(id): PathId,
    PublicUrl(url): PublicUrl,
) -> Result<Response, Error> {
    let links = app.service.list_links(&caller, id).await?;
    let links = Links { links: links.iter().map(|link| link.to_wire(&url)).collect() };
    Ok((NO_STORE, axum::Json(links)).into_response())
}

/// Revoke a public link
///
/// It stops working at once. This needs the role `admin` on the file.
#[utoipa::path(
    delete, path = "/drive/files/{id}/links/{linkId}", operation_id = "revokeLink", tag = "Sharing",
    params(PathIds<LinkId>),
    responses((status = NO_CONTENT, description = "The link is revoked.")),
)]
pub(super) async fn revoke(
    State(app): State<App>,
    User(caller): User,
    PathIds(id, link): PathIds<LinkId>,
) -> Result<NoContent, Error> {
    app.service.revoke_link(&caller, id, link).await?;
    Ok(NoContent)
}

/// Follow a public link
///
/// Redirects to the file's bytes: a signed GET in the object store, valid for fifteen minutes at most.
/// A HEAD is redirected to a signed HEAD, and does not count as a download. The link asks for its password, if it has one, by HTTP Basic
/// authentication, with any user name. An address that sent many wrong passwords has to wait.
#[utoipa::path(
    get, path = "/l/{slug}", operation_id = "followLink", tag = "Sharing",
    security((), ("linkPassword" = [])),
    params(("slug" = String, Path, description = "The secret part of the link's address.")),
    responses((
        status = TEMPORARY_REDIRECT, description = "The file's bytes are at `Location`.",
        headers(("Location" = String, description = "A signed GET of its bytes.")),
    )),
)]
pub(super) async fn follow(
    State(app): State<App>,
    PathText(slug): PathText,
    only_head: Option<Extension<OnlyHead>>,
    client: ClientAddress,
    PublicEndpoint(endpoint): PublicEndpoint,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let slug = slug.ok_or(drive::Error::LinkNotFound)?;
    let reading = if only_head.is_some() { Reading::Head } else { Reading::Get };
    let (password, client) = (password(&headers), client.address());
    let url = app.service.follow_link(&slug, password, client, &endpoint, reading).await?;
    Ok((PRIVATE, Redirect::temporary(&url)).into_response())
}

/// The password of HTTP Basic authentication (RFC 7617), whatever the user name.
fn password(headers: &HeaderMap) -> Option<String> {
    let header = single(headers, &header::AUTHORIZATION).ok().flatten()?;
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}
