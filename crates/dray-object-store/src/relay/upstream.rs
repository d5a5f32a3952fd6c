//! The store behind a relay, as the relay knows it: it can be asked, and it may not answer.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::body::Body;
use http::{HeaderMap, Method};

/// A request to the store behind a relay.
#[derive(Debug)]
pub struct Relayed {
    /// The operation, as S3 calls it: `GetObject`, `HeadObject`, `UploadPart` or `PutObject`.
    pub operation: &'static str,
    /// Its method.
    pub method: Method,
    /// The object's key.
    pub key: String,
    /// The parameters of the operation, not encoded.
    pub query: Vec<(&'static str, String)>,
    /// The client's headers that the store must obey.
    pub headers: HeaderMap,
    /// The SHA-256 of the body, if the client announced it.
    pub sha256: Option<[u8; 32]>,
    /// The body and how many bytes it has; none for reads.
    pub body: Option<(Body, u64)>,
}

/// Why the store behind a relay could not be asked, or broke off.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unanswered(pub String);

/// The store's answer, once it arrives.
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
    /// `ask` sends a request to the store, and `probe` finds out whether the store answers at all.
    pub fn new(
        ask: impl Fn(Relayed) -> Asking + Send + Sync + 'static,
        probe: impl Fn() -> Probing + Send + Sync + 'static,
    ) -> Self {
        Self { ask: Arc::new(ask), probe: Arc::new(probe) }
    }

    pub(super) fn ask(&self, request: Relayed) -> Asking {
        (self.ask)(request)
    }

    /// Waits for as long as `pause` takes, then probes the store once. Returns only if the store is down: a store
    /// that answers may take its time.
    pub(super) async fn is_down(&self, pause: impl Future<Output = ()>) -> Unanswered {
        pause.await;
        match (self.probe)().await {
            Ok(()) => std::future::pending().await,
            Err(unanswered) => unanswered,
        }
    }
}
