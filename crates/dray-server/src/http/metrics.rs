//! `/metrics`, on a listener of its own, and the counts of all requests.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::destination::{Destination, Sorter};
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

/// The counters of requests, and how to recognise requests for the embedded store.
#[derive(Clone)]
pub(super) struct Counting {
    pub(super) metrics: Arc<Metrics>,
    pub(super) sorter: Option<Arc<Sorter>>,
}

/// Counts a request under the pattern of its route. Values that callers choose never become labels.
pub(super) async fn count(State(counting): State<Counting>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = known(request.method());
    let sorter = counting.sorter.as_ref();
    let is_for_store = sorter.is_some_and(|sorter| matches!(sorter.sort(&request), Destination::Store(_)));
    let pattern = request.extensions().get::<MatchedPath>().filter(|_| !is_for_store).cloned();
    let response = next.run(request).await;
    let route = match &pattern {
        Some(pattern) => pattern.as_str(),
        None if is_for_store => "store",
        None => "none",
    };
    counting.metrics.answered(method, route, response.status().as_str(), started.elapsed());
    response
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
