//! Who is asking: the `Authorization` header, before anything else of a request is looked at.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::App;
use super::error::Error;
use crate::drive;
use crate::drive::access::Caller;

/// A caller whose token is good and has the drive's scope.
pub(crate) struct Authenticated(pub(crate) Caller);

impl FromRequestParts<App> for Authenticated {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let header = parts.headers.get(header::AUTHORIZATION).ok_or(drive::Error::MissingToken)?;
        let text = header.to_str().map_err(|_| drive::Error::InvalidToken)?;
        let (scheme, token) = text.split_once(' ').ok_or(drive::Error::MissingToken)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(drive::Error::MissingToken.into());
        }
        let caller = app.service.authenticate(token.trim(), app.service.clock.now())?;
        tracing::Span::current()
            .record("workspace", tracing::field::display(caller.workspace))
            .record("user", tracing::field::display(caller.user));
        app.rate_limits.check_token(caller.token, parts)?;
        Ok(Self(caller))
    }
}
