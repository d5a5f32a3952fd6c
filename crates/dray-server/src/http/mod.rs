//! HTTP: a handler reads the request, calls a service and writes the answer. Only `error.rs` names statuses.

mod admission;
mod auth;
mod base_path;
mod batch;
mod compression;
mod conditional;
mod creating;
mod described;
mod destination;
mod error;
mod extract;
mod folders;
mod forwarded;
mod grants;
mod health;
mod idempotency;
mod items;
mod json;
mod layers;
mod links;
mod metrics;
mod not_modified;
mod one_host;
mod openapi;
mod page;
mod participants;
mod presigned;
mod rate_limit;
mod refusals;
mod requests;
mod routes;
mod search;
mod shown_path;
mod tokens;
#[cfg_attr(not(feature = "traces"), path = "no_trace.rs")]
mod trace;
mod trash;
mod tree;
mod uploads;
mod workspace;

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, Method};
use dray_s3::Endpoint;

use crate::config::{OwnHosts, TrustedProxy};
use crate::metrics::Metrics;
use crate::service::Service;
use crate::storefront::Storefront;

pub(crate) use base_path::BasePath;
pub(crate) use metrics::router as metrics_router;
pub(crate) use rate_limit::RateLimits;

/// The values that handlers share. Cheap to clone, because every layer and every route clones it for every request.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

/// The content of an [`App`].
pub(crate) struct Shared {
    pub(crate) service: Service,
    /// The address in signed URLs, if the operator sets one. Otherwise signed URLs have the address that the caller
    /// used.
    pub(crate) public_url: Option<Arc<str>>,
    /// The prefix of every public path.
    pub(crate) base_path: BasePath,
    /// The server's own hosts; empty if the operator named none.
    pub(crate) hosts: Arc<OwnHosts>,
    /// Where clients reach the store's bytes, if that is another address than this server's.
    pub(crate) bytes: Option<Endpoint>,
    /// Origins besides its own that the page may send requests to, each after a space.
    pub(crate) store_origins: Arc<str>,
    /// The rate limits of callers.
    pub(crate) rate_limits: RateLimits,
}

impl App {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// Every route: its method, and its path with parameters in braces.
///
/// Paths are complete: those of the API begin with [`dray_api::BASE_PATH`].
pub fn route_table() -> Vec<(Method, String)> {
    routes::table()
}

/// The first segments of all routes' paths, without the root's. No bucket may have these names.
pub(crate) fn first_segments() -> Vec<String> {
    let paths = routes::table().into_iter().map(|(_, path)| path);
    let mut segments: Vec<String> =
        paths.filter_map(|path| path.split('/').nth(1).map(str::to_owned)).collect();
    segments.sort_unstable();
    segments.dedup();
    segments.retain(|segment| !segment.is_empty());
    segments
}

/// Routes that create another thing with every request, unless the request repeats an `Idempotency-Key`. Same form as
/// [`route_table`].
pub fn creating_routes() -> Vec<(Method, String)> {
    routes::creating_table().to_vec()
}

/// What the layers around the routes need, besides the values that handlers share.
pub(crate) struct Around<'a> {
    /// What answers S3 requests, if this server does.
    pub(crate) front: Option<Storefront>,
    /// Its bucket.
    pub(crate) bucket: &'static str,
    /// Origins of pages that may send requests; empty means any.
    pub(crate) origins: &'a [HeaderValue],
    /// Trusted proxies.
    pub(crate) proxies: &'a [TrustedProxy],
    /// Whether requests become spans of traces.
    pub(crate) traces: bool,
    /// Where requests are counted.
    pub(crate) metrics: &'a Arc<Metrics>,
}

/// The whole service: the API, and the embedded store or the relay if one is used.
pub(crate) fn router(app: &App, around: Around<'_>) -> Router {
    layers::around(routes::router(app.clone()), app, around)
}
