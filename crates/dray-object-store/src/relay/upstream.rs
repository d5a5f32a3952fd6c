//! The store behind a relay, as the relay knows it: something that is asked, and that may not answer.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::body::Body;
use http::{HeaderMap, Method};

/// What is asked of the store behind a relay.
#[derive(Debug)]
pub struct Relayed {
    /// As S3 calls it: `GetObject`, `HeadObject`, `UploadPart` or `PutObject`.
    pub operation: &'static str,
    /// Its method.
    pub method: Method,
    /// The object's key.
    pub key: String,
    /// The parameters of the operation, not encoded.
    pub query: Vec<(&'static str, String)>,
    /// The headers of the client that the store is to obey.
    pub headers: HeaderMap,
    /// The SHA-256 of the body, if the client said it.
    pub sha256: Option<[u8; 32]>,
    /// The body and how many bytes it has; none for reads.
    pub body: Option<(Body, u64)>,
}

/// The store behind a relay could not be asked, or broke off: why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unanswered(pub String);

/// What came of asking the store.
pub type Asking = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Unanswered>> + Send>>;

/// Whether the store answers at all, within a second or two.
pub type Probing = Pin<Box<dyn Future<Output = Result<(), Unanswered>> + Send>>;

/// Asks the store behind a relay. Dropping the future, or the answer's body, ends the request.
#[derive(Clone)]
pub struct Upstream {
    ask: Arc<dyn Fn(Relayed) -> Asking + Send + Sync>,
    probe: Arc<dyn Fn() -> Probing + Send + Sync>,
}

impl Upstream {
    /// Asks by calling `ask`, and finds out by `probe` whether the store answers at all.
    pub fn new(
        ask: impl Fn(Relayed) -> Asking + Send + Sync + 'static,
        probe: impl Fn() -> Probing + Send + Sync + 'static,
    ) -> Self {
        Self { ask: Arc::new(ask), probe: Arc::new(probe) }
    }

    pub(super) fn ask(&self, request: Relayed) -> Asking {
        (self.ask)(request)
    }

    /// Returns if the store is down, once somebody has waited for it for as long as `pause` takes. It is asked that once: a
    /// store that is there may take its time.
    pub(super) async fn is_down(&self, pause: impl Future<Output = ()>) -> Unanswered {
        pause.await;
        match (self.probe)().await {
            Ok(()) => std::future::pending().await,
            Err(unanswered) => unanswered,
        }
    }
}
