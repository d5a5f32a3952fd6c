//! A store for tests: any router can play the store, without a socket.

use std::sync::Arc;

use axum::Router;
use dray_s3::Credentials;

use super::credentials::Keys;
use super::gate::SharedGate;
use super::s3_client::{S3Client, Transport};
use super::{Kind, NO_HOST, Objects, public_endpoint};
use crate::config::Clock;
use crate::metrics::Metrics;

impl Objects {
    /// A store that answers as `router` does. If `is_embedded`, it counts as the embedded store, which checks what it
    /// completes.
    pub(crate) fn answered_by(router: Router, is_embedded: bool) -> Self {
        let credentials = Credentials {
            access_key_id: "id".into(),
            secret_access_key: "secret".into(),
            session_token: None,
        };
        let endpoint = public_endpoint(NO_HOST).unwrap();
        let client = S3Client {
            way: Transport::Router(router),
            endpoint: endpoint.clone(),
            region: "us-east-1".into(),
            bucket: "b".into(),
            keys: Keys::fixed(&credentials),
            clock: Clock::system(),
            metrics: Arc::new(Metrics::off()),
            gate: SharedGate::default(),
        };
        let kind = if is_embedded { Kind::Embedded } else { Kind::Other(Some(endpoint)) };
        Self::of(client, kind)
    }
}
