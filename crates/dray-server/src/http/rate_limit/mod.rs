//! Rate limits: one for each client address, checked before anything else of a request (so that
//! it covers wrong tokens too), and one for each token, checked once the token is known.
//!
//! Answers say how much is left, in `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`:
//! draft-ietf-httpapi-ratelimit-headers-06, whose three fields clients read; later drafts merged them into one.
//!
//! S3 requests to the embedded store are not limited here. Each needs a URL that a limited request had signed, or the
//! store's own keys, and refusing it costs only a hash. If a limit refused a part, the client would have sent
//! megabytes for nothing.

mod limiter;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use dray_api::TokenId;
use metrics::Counter;

use super::error::Error;
use crate::client_address::ClientAddress;
use crate::config::Config;
use crate::config::{Rate, RateLimit};
use crate::metrics::Metrics;
use limiter::{Limiter, Standing};

pub(super) const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
pub(super) const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
pub(super) const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Enough for a folder of 2,000 small files at full speed, and for 33 files per second after that.
const PER_TOKEN: Rate = Rate::per_minute(NonZeroU32::new(6_000).unwrap());
/// More than a token's limit, because several people may share an address.
const PER_ADDRESS: Rate = Rate::per_minute(NonZeroU32::new(12_000).unwrap());

/// The limits of a server. It is cheap to clone.
#[derive(Clone)]
pub(crate) struct RateLimits(Arc<Inner>);

struct Inner {
    per_token: Option<Limiter<TokenId>>,
    per_address: Option<Limiter<ClientAddress>>,
    refused_tokens: Counter,
    refused_addresses: Counter,
}

/// Carries the state of the caller's token from where the token is known to where the answer is written.
#[derive(Clone, Default)]
struct Ticket(Arc<OnceLock<Standing>>);

impl RateLimits {
    /// The limits of the settings. Without settings there are default limits, unless only this machine can reach
    /// `listener`.
    pub(crate) fn new(config: &Config, listener: IpAddr, metrics: &Metrics) -> Self {
        // Behind a proxy, other machines reach it too.
        let is_local = listener.is_loopback() && config.trusted_proxies.is_empty();
        let rate = |setting: Option<RateLimit>, default| match setting {
            Some(RateLimit::To(rate)) => Some(rate),
            Some(RateLimit::Off) => None,
            None => (!is_local).then_some(default),
        };
        Self(Arc::new(Inner {
            per_token: rate(config.rate_limit_per_token, PER_TOKEN).map(Limiter::new),
            per_address: rate(config.rate_limit_per_address, PER_ADDRESS).map(Limiter::new),
            refused_tokens: metrics.limited_by_token.clone(),
            refused_addresses: metrics.limited_by_address.clone(),
        }))
    }

    /// Whether there are any limits.
    pub(super) fn are_on(&self) -> bool {
        self.0.per_token.is_some() || self.0.per_address.is_some()
    }

    /// Counts a request of a token, if it is allowed.
    pub(super) fn check_token(&self, token: TokenId, parts: &Parts) -> Result<(), Error> {
        let Some(limiter) = &self.0.per_token else { return Ok(()) };
        let standing = limiter.check(&token);
        if let Some(Ticket(ticket)) = parts.extensions.get() {
            // Only the first is recorded, because no request has two callers.
            let _ = ticket.set(standing);
        }
        let_in(standing, "with this token", &self.0.refused_tokens)
    }

    /// Forgets keys that no limit holds back any more.
    pub(crate) fn forget_idle(&self) {
        if let Some(limiter) = &self.0.per_token {
            limiter.forget_idle();
        }
        if let Some(limiter) = &self.0.per_address {
            limiter.forget_idle();
        }
    }
}

fn let_in(standing: Standing, with: &'static str, refused: &Counter) -> Result<(), Error> {
    let Some(retry_after_secs) = standing.refused_for_secs else { return Ok(()) };
    refused.increment(1);
    Err(Error::RateLimited { with, retry_after_secs })
}

/// Counts a request of an address, if it is allowed. The answer reports the limit that is closer to being reached.
pub(super) async fn limit(
    State(RateLimits(limits)): State<RateLimits>,
    mut request: Request,
    next: Next,
) -> Response {
    if is_probe(request.uri().path()) {
        return next.run(request).await;
    }
    let of_address = limits.per_address.as_ref().map(|limiter| limiter.check(&ClientAddress::of(&request)));
    let admitted = of_address
        .map_or(Ok(()), |standing| let_in(standing, "from this address", &limits.refused_addresses));
    let ticket = Ticket::default();
    request.extensions_mut().insert(ticket.clone());
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let standings = of_address.into_iter().chain(ticket.0.get().copied());
    if let Some(nearest) = standings.min_by_key(|standing| standing.remaining) {
        tell(nearest, response.headers_mut());
    }
    response
}

/// Health checks are not limited. How often an address checks says nothing about the address, and a prober may
/// share the address of a proxy.
fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

fn tell(standing: Standing, headers: &mut HeaderMap) {
    headers.insert(LIMIT, HeaderValue::from(standing.limit));
    headers.insert(REMAINING, HeaderValue::from(standing.remaining));
    headers.insert(RESET, HeaderValue::from(standing.reset_secs));
}
