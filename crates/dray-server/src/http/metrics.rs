//! `/metrics`, on a listener of its own, and the counts of all requests.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use super::error;
use crate::metrics::Metrics;
use crate::service::Service;
use crate::storefront::Storefront;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// What is measured: the service and, if this server has one, the store or relay that transfers bytes.
#[derive(Clone)]
struct Measured {
    service: Service,
    metrics: Arc<Metrics>,
    store: Option<Storefront>,
}

/// The routes of the metrics' own listener.
pub(crate) fn router(service: Service, metrics: Arc<Metrics>, store: Option<Storefront>) -> Router {
    Router::new()
        .route("/metrics", get(scrape))
        .fallback(error::route_not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(Measured { service, metrics, store })
}

async fn scrape(State(Measured { service, metrics, store }): State<Measured>) -> impl IntoResponse {
    service.take_stock().await;
    if let Some(store) = store {
        metrics.set_transfers(&store.transfers());
    }
    ([(header::CONTENT_TYPE, TEXT)], metrics.render())
}

/// Counts a request under the pattern of its route. Values that callers choose never become labels.
pub(super) struct Count {
    metrics: Arc<Metrics>,
    started: Instant,
    method: &'static str,
    route: Option<MatchedPath>,
    is_for_store: bool,
}

impl Count {
    pub(super) fn begin(metrics: &Arc<Metrics>, request: &Request, is_for_store: bool) -> Self {
        Self {
            metrics: metrics.clone(),
            started: Instant::now(),
            method: known(request.method()),
            route: request.extensions().get::<MatchedPath>().filter(|_| !is_for_store).cloned(),
            is_for_store,
        }
    }

    pub(super) fn end(self, status: StatusCode) {
        let route = match &self.route {
            Some(pattern) => pattern.as_str(),
            None if self.is_for_store => "store",
            None => "none",
        };
        self.metrics.answered(self.method, route, status.as_str(), self.started.elapsed());
    }
}

fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
