//! Rate limits: one for each client address, checked before anything else of a request (so that
//! it covers wrong tokens too), and one for each line of tokens, checked once the token is known.
//!
//! A line is a first token, the tokens that it created, and those that replaced any of these. All count as one, because a token
//! can make as many others as it likes. Grants are given to strangers, who must not use up the requests of the grant's maker. So
//! the grants of a line share a second limit of the same size, and one grant may use half of that. Anybody can get any number of
//! grants from a file request. So its submitters have a limit for each network that they come from.
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

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use dray_api::{GrantId, TokenId};
use metrics::Counter;

use super::error::Error;
use crate::client_address::ClientAddress;
use crate::config::Config;
use crate::config::{Rate, RateLimit};
use crate::drive::access::Caller;
use crate::drive::network::Network;
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
    tokens: Option<TokenLimits>,
    per_address: Option<Limiter<ClientAddress>>,
    refused_tokens: Counter,
    refused_addresses: Counter,
}

/// The limits of callers with tokens or grants.
struct TokenLimits {
    /// Under the first token of each line.
    tokens: Limiter<TokenId>,
    /// The same for the grants of the line.
    grants: Limiter<TokenId>,
    per_grant: Limiter<GrantId>,
    /// Under the file request, which is the first token of its submitters' line, and the network of the client.
    submitters: Limiter<(TokenId, Network)>,
}

/// Carries the state of the caller's limit from where the caller is known to where the answer is written.
#[derive(Clone, Default)]
struct Ticket(Arc<OnceLock<Standing>>);

impl TokenLimits {
    fn new(rate: Rate) -> Self {
        let half = NonZeroU32::new(rate.requests.get() / 2).unwrap_or(rate.requests);
        let per_grant = Limiter::new(Rate { requests: half, ..rate });
        let (tokens, grants, submitters) = (Limiter::new(rate), Limiter::new(rate), Limiter::new(rate));
        Self { tokens, grants, per_grant, submitters }
    }

    /// Counts a request of a caller whose tokens begin with `line`, if it is allowed. Returns the limit that decides, or that is
    /// closer to its end, and for whom it is.
    fn check(&self, caller: &Caller, line: TokenId, network: Network) -> (Standing, &'static str) {
        if caller.submitter().is_some() {
            return (self.submitters.check(&(line, network)), "to this file request from this network");
        }
        let Some(grant) = caller.grant() else {
            return (self.tokens.check(&line), "with this token and those that come from the same one");
        };
        let own = (self.per_grant.check(&grant), "with this grant");
        // What one grant is refused does not count against the others.
        if own.0.refused_for_secs.is_some() {
            return own;
        }
        let shared = (self.grants.check(&line), "with the grants of this application");
        if own.0.remaining < shared.0.remaining { own } else { shared }
    }

    fn forget_idle(&self) {
        self.tokens.forget_idle();
        self.grants.forget_idle();
        self.per_grant.forget_idle();
        self.submitters.forget_idle();
    }
}

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
            tokens: rate(config.rate_limit_per_token, PER_TOKEN).map(TokenLimits::new),
            per_address: rate(config.rate_limit_per_address, PER_ADDRESS).map(Limiter::new),
            refused_tokens: metrics.limited_by_token.clone(),
            refused_addresses: metrics.limited_by_address.clone(),
        }))
    }

    /// Counts a request of an address, if it is allowed. Some requests are not counted.
    pub(super) fn count(&self, request: &mut Request) -> (Result<(), Error>, Option<Counted>) {
        let Inner { tokens, per_address, refused_addresses, .. } = &*self.0;
        if (tokens.is_none() && per_address.is_none()) || is_probe(request.uri().path()) {
            return (Ok(()), None);
        }
        let of_address = per_address.as_ref().map(|limiter| limiter.check(&ClientAddress::of(request)));
        let admitted =
            of_address.map_or(Ok(()), |standing| let_in(standing, "from this address", refused_addresses));
        let ticket = Ticket::default();
        request.extensions_mut().insert(ticket.clone());
        (admitted, Some(Counted { of_address, ticket }))
    }

    /// Counts a request of a caller, if it is allowed.
    pub(super) fn check_caller(&self, caller: &Caller, parts: &Parts) -> Result<(), Error> {
        let (Some(limits), Some(line)) = (&self.0.tokens, caller.line) else { return Ok(()) };
        let network = ClientAddress::in_extensions(&parts.extensions).network();
        let (standing, with) = limits.check(caller, line, network);
        if let Some(Ticket(ticket)) = parts.extensions.get() {
            // Only the first is recorded, because no request has two callers.
            let _ = ticket.set(standing);
        }
        let_in(standing, with, &self.0.refused_tokens)
    }

    /// Forgets keys that no limit holds back any more.
    pub(crate) fn forget_idle(&self) {
        if let Some(limits) = &self.0.tokens {
            limits.forget_idle();
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

/// A request that was counted, and which limit it came near.
pub(super) struct Counted {
    of_address: Option<Standing>,
    ticket: Ticket,
}

impl Counted {
    /// Tells the client of the limit that is closest to being reached.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        let standings = self.of_address.into_iter().chain(self.ticket.0.get().copied());
        if let Some(nearest) = standings.min_by_key(|standing| standing.remaining) {
            headers.insert(LIMIT, HeaderValue::from(nearest.limit));
            headers.insert(REMAINING, HeaderValue::from(nearest.remaining));
            headers.insert(RESET, HeaderValue::from(nearest.reset_secs));
        }
    }
}

/// Health checks are not limited. How often an address checks says nothing about the address, and a prober may
/// share the address of a proxy.
fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/public/v1/health")
}
