//! Who the caller is. The `Authorization` header is read before anything else of a request.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use tracing::Span;

use super::error::Error;
use super::extract::{Several, single};
use super::{App, admission};
use crate::drive;
use crate::drive::access::{Caller, Scope};

/// How long an admission is good for. A caller whose body takes longer is asked for their token again ([`admit_again`]),
/// because it may have been revoked in the meantime. Bodies that come with their headers cost no second look-up.
const ADMITTED_FOR: SignedDuration = SignedDuration::from_millis(50);

/// When a request was admitted.
#[derive(Clone, Copy)]
pub(super) struct AdmittedAt(Timestamp);

/// A caller whose token is valid and has a scope. It is the only way to a [`Caller`], so no handler can forget the check.
macro_rules! callers {
    ($($(#[$doc:meta])* $name:ident needs $scope:ident;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name(pub(crate) Caller);

        impl FromRequestParts<App> for $name {
            type Rejection = Error;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
                let caller = authenticate(parts, app).await?;
                caller.require(Scope::$scope)?;
                Ok(Self(caller))
            }
        }
    )*};
}

callers! {
    /// May read the drive and download.
    Reader needs DriveRead;
    /// May upload, and create folders to upload into.
    Uploader needs DriveUpload;
    /// May do everything that their user may.
    User needs AccessDrive;
}

/// A caller with a token or a grant who may start uploads and continue the uploads that they can see.
pub(crate) struct Depositor(pub(crate) Caller);

impl FromRequestParts<App> for Depositor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let caller = authenticate(parts, app).await?;
        caller.require_uploading()?;
        Ok(Self(caller))
    }
}

/// A caller with a valid token, whatever its scopes. A grant is not a token.
pub(crate) struct Holder(pub(crate) Caller);

impl FromRequestParts<App> for Holder {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let caller = authenticate(parts, app).await?;
        caller.require_token()?;
        Ok(Self(caller))
    }
}

/// A submitter of a file request, who may read what they have sent, even if the request is closed.
pub(crate) struct Submitter(pub(crate) Caller);

impl FromRequestParts<App> for Submitter {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let caller = app.service.authenticate_submitter(bearer(parts)?, app.service.now()).await?;
        Ok(Self(recorded(caller, parts, app)?))
    }
}

/// The bearer of a request that may have one. Nothing is known about it yet.
pub(crate) struct MaybeBearer(pub(crate) Option<String>);

impl<S: Sync> FromRequestParts<S> for MaybeBearer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(bearer(parts).ok().map(str::to_owned)))
    }
}

async fn authenticate(parts: &mut Parts, app: &App) -> Result<Caller, Error> {
    let now = app.service.now();
    let caller = recorded(app.service.authenticate(bearer(parts)?, now).await?, parts, app)?;
    parts.extensions.insert(AdmittedAt(now));
    Ok(caller)
}

/// Refuses a request whose token has ended while its body was read. Whatever reads a body calls this afterwards.
pub(super) async fn admit_again(parts: &Parts, app: &App) -> Result<(), Error> {
    let Some(&AdmittedAt(before)) = parts.extensions.get() else { return Ok(()) };
    let now = app.service.now();
    let waited = now.duration_since(before);
    // A clock that was set back says nothing about the wait.
    if (SignedDuration::ZERO..=ADMITTED_FOR).contains(&waited) {
        return Ok(());
    }
    app.service.authenticate(bearer(parts)?, now).await?;
    Ok(())
}

/// The token of the `Authorization` header, which is sent once: of two, a proxy could check the one and this server the other.
fn bearer(parts: &Parts) -> Result<&str, Error> {
    let header = single(&parts.headers, &header::AUTHORIZATION).map_err(|Several| Error::SeveralTokens)?;
    let header = header.ok_or(drive::Error::MissingToken)?;
    let text = header.to_str().map_err(|_| drive::Error::InvalidToken)?;
    let (scheme, token) = text.split_once(' ').ok_or(drive::Error::MissingToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(drive::Error::MissingToken.into());
    }
    Ok(token.trim())
}

/// The caller, once the log has their ids and the rate limit of their token lets them in.
fn recorded(caller: Caller, parts: &Parts, app: &App) -> Result<Caller, Error> {
    // Records both at once, because the span formats all its fields again whenever one is added.
    tracing::record_all!(Span::current(), workspace = %caller.workspace, user = %caller.user);
    app.rate_limits.check_caller(&caller, parts)?;
    admission::is_of(&caller);
    Ok(caller)
}
