//! Requests of the relay to the store. The relay signs a client's request again with the store's keys, and streams
//! its bytes through. An answer with any status counts as an answer. A request with a body is never repeated.

use std::sync::Arc;

use axum::body::Body;
use dray_object_store::{Asking, Relayed, Unanswered, Upstream};
use dray_s3::PayloadHash;
use http::{HeaderMap, Response, Uri, header};

use super::Objects;
use super::failure::Failed;
use super::request::Request;
use super::s3_client::{S3Client, Transport};
use crate::drive::Error;

impl Objects {
    /// How a relay sends requests to this store.
    pub(crate) fn upstream(&self) -> Upstream {
        let (client, store) = (Arc::clone(&self.client), self.clone());
        let ask = move |asked| -> Asking {
            let client = Arc::clone(&client);
            Box::pin(async move {
                let answer = client.relay(asked).await;
                answer.map_err(|failed| Unanswered(failed.detail()))
            })
        };
        Upstream::new(ask, move || {
            let store = store.clone();
            Box::pin(async move { store.answers().await })
        })
    }

    /// Whether the store answers at all. Whether it accepts these keys does not matter.
    async fn answers(&self) -> Result<(), Unanswered> {
        match self.check().await {
            Err(Error::StoreUnreachable { detail }) => Err(Unanswered(detail)),
            _ => Ok(()),
        }
    }
}

impl S3Client {
    async fn relay(&self, asked: Relayed) -> Result<Response<Body>, Failed> {
        let _timing = self.metrics.store(asked.operation);
        let Relayed { operation, method, key, query, mut headers, sha256, body } = asked;
        let mut request = Request::new(operation, method.clone(), &key);
        for (name, value) in &query {
            request = request.query(name, value);
        }
        if let Some((_, len)) = &body {
            headers.insert(header::CONTENT_LENGTH, (*len).into());
        }
        let hash = sha256.map_or(PayloadHash::Unsigned, PayloadHash::Sha256);
        let (uri, headers) = self.signed(&request, headers, &hash).await?;
        let Some((body, _)) = body else {
            // If the store has closed a kept connection, this shows only when a request uses it.
            return match self.send_once(operation, &method, &uri, &headers, None).await {
                Err(Failed::Silent { .. }) => self.send_once(operation, &method, &uri, &headers, None).await,
                answered => answered,
            };
        };
        self.send_once(operation, &method, &uri, &headers, Some(body)).await
    }

    async fn send_once(
        &self,
        operation: &'static str,
        method: &http::Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: Option<Body>,
    ) -> Result<Response<Body>, Failed> {
        let Transport::Network(http) = &self.way else {
            return Err(Failed::local("the embedded store is not relayed"));
        };
        let body = body.map(|body| reqwest::Body::wrap_stream(body.into_data_stream()));
        let mut sent = http::Request::new(body.unwrap_or_default());
        *sent.method_mut() = method.clone();
        *sent.uri_mut() = uri.clone();
        *sent.headers_mut() = headers.clone();
        let sent = reqwest::Request::try_from(sent).map_err(Failed::local)?;
        let answer = http.execute(sent).await.map_err(|err| Failed::silent(operation, err.without_url()))?;
        Ok(Response::<reqwest::Body>::from(answer).map(Body::new))
    }
}
