//! One HTTP/1.1 connection that stays open. No client costs less, so the benchmark measures the server.

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, HOST, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::payload::Payload;

/// A connection to one server; one request at a time.
pub(crate) struct Connection {
    sender: SendRequest<Payload>,
    host: HeaderValue,
}

impl Connection {
    /// Connects to `host:port`.
    pub(crate) async fn open(authority: &str) -> anyhow::Result<Self> {
        let stream =
            TcpStream::connect(authority).await.with_context(|| format!("no server at {authority}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // If it fails, the request that it breaks reports it.
        tokio::spawn(connection);
        Ok(Self { sender, host: HeaderValue::from_str(authority)? })
    }

    /// Posts JSON with a token. Returns the body of the answer.
    pub(crate) async fn post_json(
        &mut self,
        path: &str,
        bearer: &HeaderValue,
        json: String,
    ) -> anyhow::Result<Bytes> {
        let headers =
            [(AUTHORIZATION, bearer.clone()), (CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let answer = self.send(Method::POST, path, headers, Payload::whole(json)).await?;
        Ok(answer.into_body().collect().await?.to_bytes())
    }

    /// Posts a body to a presigned URL. Returns the body of the answer.
    pub(crate) async fn post(&mut self, path: &str, body: String) -> anyhow::Result<Bytes> {
        let answer = self.send(Method::POST, path, [], Payload::whole(body)).await?;
        Ok(answer.into_body().collect().await?.to_bytes())
    }

    /// Gets a small answer with a token. Returns its body.
    pub(crate) async fn get_json(&mut self, path: &str, bearer: &HeaderValue) -> anyhow::Result<Bytes> {
        let answer =
            self.send(Method::GET, path, [(AUTHORIZATION, bearer.clone())], Payload::empty()).await?;
        Ok(answer.into_body().collect().await?.to_bytes())
    }

    /// Sends any request with a token, and perhaps JSON. Returns the body of the answer.
    pub(crate) async fn request(
        &mut self,
        method: Method,
        path: &str,
        bearer: &HeaderValue,
        json: Option<String>,
    ) -> anyhow::Result<Bytes> {
        let mut headers = vec![(AUTHORIZATION, bearer.clone())];
        headers.extend(json.is_some().then(|| (CONTENT_TYPE, HeaderValue::from_static("application/json"))));
        let answer = self.send(method, path, headers, Payload::whole(json.unwrap_or_default())).await?;
        Ok(answer.into_body().collect().await?.to_bytes())
    }

    /// Puts a part to its presigned URL. Returns the `ETag` of the answer, with its quotes.
    pub(crate) async fn put(&mut self, path: &str, body: Payload) -> anyhow::Result<String> {
        let answer = self.send(Method::PUT, path, [], body).await?;
        let etag = answer.headers().get(ETAG).context("a part's answer has no ETag")?.to_str()?.to_owned();
        answer.into_body().collect().await?;
        Ok(etag)
    }

    /// Reads a range of a presigned URL and discards it. Returns the number of bytes received.
    pub(crate) async fn read_range(&mut self, path: &str, first: u64, last: u64) -> anyhow::Result<u64> {
        let range = HeaderValue::from_str(&format!("bytes={first}-{last}"))?;
        let answer = self.send(Method::GET, path, [(hyper::header::RANGE, range)], Payload::empty()).await?;
        let mut body = answer.into_body();
        let mut received = 0;
        while let Some(frame) = body.frame().await {
            received += frame?.data_ref().map_or(0, |data| data.len() as u64);
        }
        ensure!(received == last - first + 1, "asked for {} bytes, got {received}", last - first + 1);
        Ok(received)
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
        body: Payload,
    ) -> anyhow::Result<Response<Incoming>> {
        let mut request = Request::builder().method(method.clone()).uri(path).body(body)?;
        request.headers_mut().insert(HOST, self.host.clone());
        request.headers_mut().extend(headers);
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        bail!("{method} {path}: {status}: {}", String::from_utf8_lossy(&body))
    }
}
