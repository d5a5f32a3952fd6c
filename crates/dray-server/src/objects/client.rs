//! Sends requests to the store: signs them, and sends them again while that may help. The embedded store of this
//! process is asked without a socket: its router gets the request directly.

use std::future::Future;
use std::io::SeekFrom;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use dray_s3::xml::{ErrorAnswer, MAX_ANSWER_BYTES, MAX_ERROR_BYTES};
use dray_s3::{Endpoint, PayloadHash, SigningScope, encode_component, sign_request};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method, Response, Uri};
use reqwest::redirect::Policy;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, Take};
use tokio_util::io::ReaderStream;
use tower::ServiceExt as _;

use super::credentials::Keys;
use super::failure::Failed;
use crate::config::Clock;
use crate::metrics::Metrics;

/// How often a request is sent in all.
const ATTEMPTS: u32 = 3;
/// Before it is sent the second time; before the third it is twice that.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A request and its repeats: whoever waits for a store that is down shall hear of it within two seconds.
const PATIENCE: Duration = Duration::from_millis(1400);
/// A store may take long to complete an upload of many parts (AWS: minutes), or to list a whole bucket for an operator, so
/// this is only a bound.
const LONG_PATIENCE: Duration = Duration::from_mins(10);

/// A bucket, and all that is needed to ask for something in it.
pub(super) struct Client {
    pub(super) way: Transport,
    /// Where this process reaches the store.
    pub(super) endpoint: Endpoint,
    pub(super) region: String,
    pub(super) bucket: String,
    pub(super) keys: Keys,
    /// The machine's, as the store's is, whatever a test has the service believe.
    pub(super) clock: Clock,
    /// Where requests are timed.
    pub(super) metrics: Arc<Metrics>,
}

/// How this process comes to the store.
#[derive(Clone)]
pub(super) enum Transport {
    /// It has the store open itself, and this answers.
    Router(Router),
    /// By a connection.
    Network(reqwest::Client),
}

impl Transport {
    /// By connections of its own, which are kept for the next request.
    pub(super) fn network(endpoint: &Endpoint) -> reqwest::Result<Self> {
        // An error means that a provider is installed, which is what we want.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(concat!("dray/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            // The store is where the settings say, whatever the environment has for the rest of the machine.
            .no_proxy()
            .redirect(Policy::none());
        // Without TLS, a machine without certificates will do.
        let client = if endpoint.scheme() == "http" { client.tls_certs_only([]) } else { client };
        client.build().map(Self::Network)
    }
}

/// Something to ask of the store.
pub(super) struct Request<'a> {
    operation: &'static str,
    method: Method,
    key: &'a str,
    query: Vec<(&'static str, &'a str)>,
    headers: Vec<(&'static str, String)>,
    content: Content<'a>,
    patience: Duration,
}

/// What a request carries.
enum Content<'a> {
    Bytes(Bytes),
    /// So many bytes of a file, from an offset on.
    File {
        path: &'a Path,
        offset: u64,
        len: u64,
    },
}

/// An answer in full.
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// How often it was asked for.
    pub(super) asked: u32,
}

impl<'a> Request<'a> {
    /// An operation, as S3 calls it, on a key of the bucket; an empty one is the bucket itself.
    pub(super) fn new(operation: &'static str, method: Method, key: &'a str) -> Self {
        let (content, patience) = (Content::Bytes(Bytes::new()), PATIENCE);
        Self { operation, method, key, query: Vec::new(), headers: Vec::new(), content, patience }
    }

    pub(super) fn query(mut self, name: &'static str, value: &'a str) -> Self {
        self.query.push((name, value));
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(self, body: impl Into<Bytes>) -> Self {
        Self { content: Content::Bytes(body.into()), ..self }
    }

    pub(super) fn file(self, path: &'a Path, offset: u64, len: u64) -> Self {
        Self { content: Content::File { path, offset, len }, ..self }
    }

    /// Waits for an answer that may take long.
    pub(super) fn patient(self) -> Self {
        Self { patience: LONG_PATIENCE, ..self }
    }

    fn address(&self, endpoint: &Endpoint, bucket: &str) -> String {
        let mut url = endpoint.url(bucket, self.key);
        for (at, (name, value)) in self.query.iter().enumerate() {
            let separator = if at == 0 { '?' } else { '&' };
            url.push(separator);
            url.push_str(name);
            url.push('=');
            url.push_str(&encode_component(value));
        }
        url
    }
}

impl Content<'_> {
    fn hash(&self) -> PayloadHash {
        match self {
            Self::Bytes(bytes) => PayloadHash::of(bytes),
            Self::File { .. } => PayloadHash::Unsigned,
        }
    }

    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    async fn open(&self) -> std::io::Result<Opened> {
        match self {
            Self::Bytes(bytes) => Ok(Opened::Bytes(bytes.clone())),
            Self::File { path, offset, len } => {
                let mut file = File::open(path).await?;
                file.seek(SeekFrom::Start(*offset)).await?;
                Ok(Opened::File(ReaderStream::new(file.take(*len))))
            }
        }
    }
}

/// [`Content`], as it is sent once.
enum Opened {
    Bytes(Bytes),
    File(ReaderStream<Take<File>>),
}

impl From<Opened> for Body {
    fn from(opened: Opened) -> Self {
        match opened {
            Opened::Bytes(bytes) => bytes.into(),
            Opened::File(stream) => Self::from_stream(stream),
        }
    }
}

impl From<Opened> for reqwest::Body {
    fn from(opened: Opened) -> Self {
        match opened {
            Opened::Bytes(bytes) => bytes.into(),
            Opened::File(stream) => Self::wrap_stream(stream),
        }
    }
}

impl Client {
    /// The same for another bucket.
    pub(super) fn in_bucket(&self, bucket: &str) -> Self {
        Self {
            way: self.way.clone(),
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            bucket: bucket.to_owned(),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
        }
    }

    /// Asks, and reads the answer to its end.
    pub(super) async fn ask(&self, request: Request<'_>) -> Result<Answer, Failed> {
        let (mut answer, asked) = self.repeat(&request, || self.read(&request)).await?;
        answer.asked = asked;
        Ok(answer)
    }

    /// Sends a request, and returns the answer to read. The answer has begun when this returns, and may still break off.
    pub(super) async fn open(&self, request: Request<'_>) -> Result<Response<Body>, Failed> {
        self.repeat(&request, || self.send(&request)).await.map(|(answer, _)| answer)
    }

    /// Tries until it succeeds, it cannot help to try again, or patience ends. Tells how often it tried.
    async fn repeat<T, F>(&self, request: &Request<'_>, attempt: impl Fn() -> F) -> Result<(T, u32), Failed>
    where
        F: Future<Output = Result<T, Failed>>,
    {
        let _timing = self.metrics.store(request.operation);
        let mut last = None;
        let attempts = async {
            let mut asked = 1;
            loop {
                match attempt().await {
                    Err(failed) if asked < ATTEMPTS && failed.may_pass() => {
                        last = Some(failed);
                        tokio::time::sleep(FIRST_PAUSE * asked).await;
                    }
                    Ok(value) => return Ok((value, asked)),
                    Err(failed) => return Err(failed.repeated(asked > 1)),
                }
                asked += 1;
            }
        };
        match tokio::time::timeout(request.patience, attempts).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failed::TooLate {
                operation: request.operation,
                waited: request.patience,
                last: last.map(Box::new),
            }),
        }
    }

    async fn read(&self, request: &Request<'_>) -> Result<Answer, Failed> {
        let (head, body) = self.send(request).await?.into_parts();
        let body = to_bytes(body, MAX_ANSWER_BYTES).await;
        let body = body.map_err(|err| Failed::silent(request.operation, err))?;
        // A Complete that takes long begins its answer before it knows what that will be.
        match ErrorAnswer::parse(&body) {
            Some(error) => Err(Failed::late(request.operation, error)),
            None => Ok(Answer { headers: head.headers, body, asked: 1 }),
        }
    }

    /// Sends it once. The answer is a success.
    async fn send(&self, request: &Request<'_>) -> Result<Response<Body>, Failed> {
        let sent = self.sign(request).await?;
        let answer = match &self.way {
            Transport::Router(router) => match router.clone().oneshot(as_received(sent)).await {
                Ok(answer) => answer,
                Err(never) => match never {},
            },
            Transport::Network(http) => {
                let sent = reqwest::Request::try_from(sent).map_err(Failed::local)?;
                let answer = http.execute(sent).await;
                let answer = answer.map_err(|err| Failed::silent(request.operation, err.without_url()))?;
                Response::<reqwest::Body>::from(answer).map(Body::new)
            }
        };
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        // The status tells enough if the rest does not come.
        let body = to_bytes(answer.into_body(), MAX_ERROR_BYTES).await.unwrap_or_default();
        Err(Failed::said(request.operation, status, ErrorAnswer::parse(&body)))
    }

    async fn sign(&self, request: &Request<'_>) -> Result<http::Request<Opened>, Failed> {
        let Request { method, content, .. } = request;
        let mut headers = HeaderMap::with_capacity(8);
        for (name, value) in &request.headers {
            headers.insert(*name, HeaderValue::from_str(value).map_err(Failed::local)?);
        }
        let (uri, mut headers) = self.signed(request, headers, &content.hash()).await?;
        if [Method::POST, Method::PUT].contains(method) {
            headers.insert(CONTENT_LENGTH, content.len().into());
        }
        let mut sent = http::Request::new(content.open().await.map_err(Failed::local)?);
        *sent.method_mut() = method.clone();
        *sent.uri_mut() = uri;
        *sent.headers_mut() = headers;
        Ok(sent)
    }
}

impl Client {
    /// Where a request goes, and its headers with the signature over all of them.
    pub(super) async fn signed(
        &self,
        request: &Request<'_>,
        mut headers: HeaderMap,
        hash: &PayloadHash,
    ) -> Result<(Uri, HeaderMap), Failed> {
        let now = self.clock.now();
        let kept = self.keys.get(now).await.map_err(|err| Failed::silent(request.operation, err))?;
        let scope = SigningScope { credentials: &kept.credentials, region: &self.region, now };
        let uri: Uri = request.address(&self.endpoint, &self.bucket).parse().map_err(Failed::local)?;
        let signed = sign_request(&scope, &request.method, &uri, &headers, hash);
        headers.extend(signed.map_err(Failed::local)?);
        Ok((uri, headers))
    }
}

/// A request as a server receives it: what follows the method is a path. (Its host is in a header.)
fn as_received(mut request: http::Request<Opened>) -> http::Request<Body> {
    let uri = std::mem::take(request.uri_mut()).into_parts();
    *request.uri_mut() = uri.path_and_query.map(Uri::from).unwrap_or_default();
    request.map(Body::from)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::response::IntoResponse as _;
    use dray_s3::{AddressingStyle, Credentials};
    use http::StatusCode;

    use super::*;

    /// A store that answers what `answer` says to the n-th request, from 1.
    fn client(answer: impl Fn(u32) -> (StatusCode, &'static str) + Clone + Send + Sync + 'static) -> Client {
        let asked = Arc::new(AtomicU32::new(0));
        let router = Router::new().fallback(move || {
            let answer = answer(asked.fetch_add(1, Ordering::SeqCst) + 1).into_response();
            async move { answer }
        });
        let credentials = Credentials {
            access_key_id: "id".into(),
            secret_access_key: "secret".into(),
            session_token: None,
        };
        Client {
            way: Transport::Router(router),
            endpoint: Endpoint::parse("http://h", AddressingStyle::Path).unwrap(),
            region: "us-east-1".into(),
            bucket: "b".into(),
            keys: Keys::fixed(&credentials),
            clock: Clock::system(),
            metrics: Arc::new(Metrics::off()),
        }
    }

    fn request() -> Request<'static> {
        Request::new("HeadBucket", Method::GET, "")
    }

    #[test]
    fn an_address_is_encoded_wherever_the_bucket_stands() {
        let request = request().query("prefix", "a b/&").query("uploads", "");
        let address =
            |style| request.address(&Endpoint::parse("https://s3.example.com/base", style).unwrap(), "b");
        assert_eq!(
            address(AddressingStyle::Path),
            "https://s3.example.com/base/b?prefix=a%20b%2F%26&uploads="
        );
        assert_eq!(
            address(AddressingStyle::Virtual),
            "https://b.s3.example.com/base?prefix=a%20b%2F%26&uploads="
        );
    }

    #[tokio::test]
    async fn what_may_pass_is_asked_again_and_the_answer_says_so() {
        let client = client(|asked| match asked {
            1 => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            2 => (StatusCode::OK, "<Error><Code>InternalError</Code></Error>"),
            _ => (StatusCode::OK, "<Done/>"),
        });
        let answer = client.ask(request()).await.unwrap();
        assert_eq!((&answer.body[..], answer.asked), (&b"<Done/>"[..], 3));
    }

    #[tokio::test]
    async fn a_refusal_is_told_at_once_and_so_is_what_does_not_pass() {
        let refused = client(|asked| match asked {
            1 => (StatusCode::NOT_FOUND, "<Error><Code>NoSuchUpload</Code></Error>"),
            _ => (StatusCode::OK, ""),
        });
        let failed = refused.ask(request()).await.err().unwrap();
        assert_eq!(failed.code(), Some(dray_s3::ErrorCode::NoSuchUpload));
        let down = client(|_| (StatusCode::BAD_GATEWAY, ""));
        assert!(matches!(
            down.ask(request()).await,
            Err(Failed::Said { status: StatusCode::BAD_GATEWAY, .. })
        ));
    }
}
