//! The server's S3 client: it signs requests to the store, sends them, and sends them again while that may help. It
//! calls the embedded store of this process without a socket: the store's router gets the request directly.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use dray_s3::xml::{ErrorAnswer, MAX_ANSWER_BYTES, MAX_ERROR_BYTES};
use dray_s3::{Endpoint, PayloadHash, SigningScope, sign_request};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method, Response, Uri};
use reqwest::redirect::Policy;
use tower::ServiceExt as _;

use super::credentials::Keys;
use super::failure::Failed;
use super::gate::SharedGate;
use super::request::{Opened, Request};
use crate::config::Clock;
use crate::metrics::Metrics;

/// How often a request is sent in total.
const ATTEMPTS: u32 = 3;
/// The pause before the second try; before the third it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Why an answer with the status of a success is not the requested thing.
pub(super) const NOT_S3: &str = "its answer is not S3's";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A bucket, and everything that is needed to send requests to it.
pub(super) struct S3Client {
    pub(super) way: Transport,
    /// Where this process reaches the store.
    pub(super) endpoint: Endpoint,
    pub(super) region: String,
    pub(super) bucket: String,
    pub(super) keys: Keys,
    /// The machine's clock, because the store uses the machine's clock too, whatever time a test gives to the service.
    pub(super) clock: Clock,
    /// The timers of requests.
    pub(super) metrics: Arc<Metrics>,
    /// What all requests pass.
    pub(super) gate: SharedGate,
}

/// How long the store's kernel may take no bytes or acknowledge none. It is longer than any patience of the code above it.
#[cfg(any(target_os = "android", target_os = "linux"))]
const TCP_USER_TIMEOUT: Duration = Duration::from_mins(5);

/// How this process reaches the store.
#[derive(Clone)]
pub(super) enum Transport {
    /// This process has the store open, and this router answers.
    Router(Router),
    /// Over a network connection.
    Network(reqwest::Client),
}

impl Transport {
    /// Over network connections, which are kept for the next request.
    pub(super) fn network(endpoint: &Endpoint) -> reqwest::Result<Self> {
        // An error means that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder();
        // reqwest's default, 30 seconds, is less than the patience with a store that pauses.
        #[cfg(any(target_os = "android", target_os = "linux"))]
        let client = client.tcp_user_timeout(TCP_USER_TIMEOUT);
        let client = client
            .user_agent(concat!("dray/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            // The settings say where the store is. A proxy that the environment names is for other programs.
            .no_proxy()
            .redirect(Policy::none());
        // Without TLS, the machine needs no root certificates.
        let client = if endpoint.scheme() == "http" { client.tls_certs_only([]) } else { client };
        client.build().map(Self::Network)
    }
}

/// A complete answer.
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// How often the request was sent.
    pub(super) asked: u32,
}

impl S3Client {
    /// The same client for another bucket.
    pub(super) fn in_bucket(&self, bucket: &str) -> Self {
        Self { bucket: bucket.to_owned(), ..self.through(self.gate.clone()) }
    }

    /// The same client, whose requests pass this gate.
    pub(super) fn through(&self, gate: SharedGate) -> Self {
        Self {
            way: self.way.clone(),
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            bucket: self.bucket.clone(),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
            gate,
        }
    }

    /// Sends a request, and reads the whole answer.
    pub(super) async fn ask(&self, request: Request<'_>) -> Result<Answer, Failed> {
        let (mut answer, asked) = self.repeat(&request, || self.read(&request)).await?;
        answer.asked = asked;
        Ok(answer)
    }

    /// Sends a request, and returns the answer with what `understand` makes of its head. An answer that it does not
    /// understand counts as none. The body has only begun when this returns, and may still break off.
    pub(super) async fn open<T>(
        &self,
        request: Request<'_>,
        understand: impl Fn(&Response<Body>) -> Option<T>,
    ) -> Result<(Response<Body>, T), Failed> {
        let attempt = || async {
            let answer = self.send(&request).await?;
            let understood = understand(&answer);
            understood.map(|it| (answer, it)).ok_or_else(|| Failed::silent(request.operation, NOT_S3))
        };
        self.repeat(&request, attempt).await.map(|(answer, _)| answer)
    }

    /// Tries until it succeeds, until another try cannot help, or until the time is over. Returns how often it tried.
    async fn repeat<T, F>(&self, request: &Request<'_>, attempt: impl Fn() -> F) -> Result<(T, u32), Failed>
    where
        F: Future<Output = Result<T, Failed>>,
    {
        self.gate.pass().await.map_err(Failed::Unproven)?;
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
        // A store begins the answer to a slow Complete before it knows the outcome, so the body may be an error.
        match ErrorAnswer::parse(&body) {
            Some(error) => Err(Failed::late(request.operation, error)),
            None => Ok(Answer { headers: head.headers, body, asked: 1 }),
        }
    }

    /// Sends the request once. A returned answer is a success.
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
        // If the body does not arrive, the status is enough.
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

impl S3Client {
    /// The address of a request, and its headers with the signature over all of them.
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

/// A request in the form that a server receives: the target is only a path, and the host is in a header.
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

    /// A store that gives the answer of `answer` to the n-th request, counted from 1.
    fn client(
        answer: impl Fn(u32) -> (StatusCode, &'static str) + Clone + Send + Sync + 'static,
    ) -> S3Client {
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
        S3Client {
            way: Transport::Router(router),
            endpoint: Endpoint::parse("http://h", AddressingStyle::Path).unwrap(),
            region: "us-east-1".into(),
            bucket: "b".into(),
            keys: Keys::fixed(&credentials),
            clock: Clock::system(),
            metrics: Arc::new(Metrics::off()),
            gate: SharedGate::default(),
        }
    }

    fn request() -> Request<'static> {
        Request::new("HeadBucket", Method::GET, "")
    }

    #[test]
    fn an_address_is_encoded_wherever_the_bucket_is() {
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
    async fn a_temporary_failure_is_repeated_and_the_answer_says_so() {
        let client = client(|asked| match asked {
            1 => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            2 => (StatusCode::OK, "<Error><Code>InternalError</Code></Error>"),
            _ => (StatusCode::OK, "<Done/>"),
        });
        let answer = client.ask(request()).await.unwrap();
        assert_eq!((&answer.body[..], answer.asked), (&b"<Done/>"[..], 3));
    }

    #[tokio::test]
    async fn a_refusal_and_a_lasting_failure_are_reported() {
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
