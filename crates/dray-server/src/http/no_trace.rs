//! In builds without the feature `traces`, no request is a span of a trace.

use axum::extract::Request;
use axum::http::StatusCode;
use tracing::Span;

/// A request that is a span. This type has no values, because such a build has no traces.
pub(super) enum Traced {}

impl Traced {
    /// `None`: such a build has no traces.
    pub(super) fn of(_request: &Request, _is_traced: bool) -> Option<Self> {
        None
    }

    pub(super) fn name(&self) -> String {
        match *self {}
    }

    pub(super) fn begin(&self, _span: &Span) {
        match *self {}
    }
}

/// Does nothing.
pub(super) fn end(_span: &Span, _status: StatusCode) {}
