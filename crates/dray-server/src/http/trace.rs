//! Requests as spans of OpenTelemetry traces, if the operator exports them. This file adds what such a span needs
//! beyond the log's span. Names follow OpenTelemetry's conventions for HTTP servers. Of the address, a span has only
//! the route's pattern and the path, never the query.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::Status;
use opentelemetry::{Context, global};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// A request that is a span.
pub(super) struct Traced {
    method: Method,
    route: Option<MatchedPath>,
    /// The caller's context, if they sent one (W3C `traceparent`).
    parent: Context,
}

impl Traced {
    /// The request as a span, if requests are traced.
    pub(super) fn of(request: &Request, is_traced: bool) -> Option<Self> {
        let headers = Headers(request.headers());
        is_traced.then(|| Self {
            method: request.method().clone(),
            route: request.extensions().get().cloned(),
            parent: global::get_text_map_propagator(|propagator| propagator.extract(&headers)),
        })
    }

    /// The name of the span, which all requests of the route share.
    pub(super) fn name(&self) -> String {
        match &self.route {
            Some(route) => format!("{} {}", self.method, route.as_str()),
            None => self.method.to_string(),
        }
    }

    /// Makes the span a part of the caller's trace.
    pub(super) fn begin(&self, span: &Span) {
        // This fails for a span that no subscriber wants.
        let _ = span.set_parent(self.parent.clone());
        span.set_attribute("http.request.method", self.method.to_string());
        if let Some(route) = &self.route {
            span.set_attribute("http.route", route.as_str().to_owned());
        }
    }
}

/// Adds the outcome of a request to its span.
pub(super) fn end(span: &Span, status: StatusCode) {
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
