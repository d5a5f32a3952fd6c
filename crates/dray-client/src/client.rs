//! The HTTP client of the API: connections, time limits, the token, and reading an answer. This file does not know
//! the routes.

use std::fmt;
use std::time::Duration;

use dray_api::{BASE_PATH, ErrorBody};
use reqwest::header::AUTHORIZATION;
use reqwest::redirect::Policy;
use reqwest::{Body, Method, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;

use crate::bounded::{self, MAX_ANSWER_BYTES, MAX_REFUSAL_BYTES, Pace};
use crate::error::Error;
use crate::retry::{self, Repeat};
use crate::retry_after;
use crate::token::Token;

/// The header by which the server recognises a repeated request that creates something.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the peer's kernel may take no bytes or acknowledge none. Then the line is dead, and not slow.
#[cfg(any(target_os = "android", target_os = "linux"))]
const TCP_USER_TIMEOUT: Duration = Duration::from_mins(5);

/// A drive's API, as one user.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: Url,
    token: Token,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base_url", &self.base_url.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the server at `base_url` (such as `http://127.0.0.1:8080`; a path in it stays before the API's own
    /// path). It makes rustls use ring, unless the process has chosen another provider already.
    pub fn new(base_url: &str, token: Token) -> Result<Self, Error> {
        let invalid = || Error::InvalidUrl { url: base_url.to_owned() };
        let url: Url = base_url.trim_end_matches('/').parse().map_err(|_| invalid())?;
        if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
            return Err(invalid());
        }
        // An error means that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder();
        // reqwest's default, 30 seconds, ends connections that share a slow line.
        #[cfg(any(target_os = "android", target_os = "linux"))]
        let builder = builder.tcp_user_timeout(TCP_USER_TIMEOUT);
        let http = builder
            .user_agent(concat!("dray/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http1_only()
            // A redirect would send the token, or a part's bytes, to an address that nobody named.
            .redirect(Policy::none())
            .build()
            .map_err(|error| Error::network("this machine's TLS", error))?;
        Ok(Self { http, base_url: url, token })
    }

    /// The HTTP client, for signed URLs: no token, no time limit.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The server's address.
    pub(crate) fn base_url(&self) -> &Url {
        &self.base_url
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.address(path))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(self.address(path))
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.address(path))
    }

    fn address(&self, path: &str) -> String {
        format!("{}{BASE_PATH}{path}", self.base_url.as_str().trim_end_matches('/'))
    }

    fn peer(&self) -> String {
        format!("the server at {}", self.base_url.origin().ascii_serialization())
    }

    /// The error for an answer with this status that does not fit the API.
    pub(crate) fn not_dray(&self, status: u16) -> Error {
        Error::NotDray { server: self.peer(), status, retry_after: None }
    }

    /// Sends the request that `request` builds, again if the retry policy says so, and reads the answer.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        repeat: Repeat,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, Error> {
        let mut tries = 0;
        loop {
            let error = match self.call_once(request()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            tries += 1;
            match retry::wait_before_retry(&error, tries, repeat, retry::random()) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(error),
            }
        }
    }

    /// Like [`Client::call`], for requests that create something: all tries have the same `Idempotency-Key`, so the
    /// server creates it once.
    pub(crate) async fn make<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, Error> {
        match retry::new_key() {
            Some(key) => self.call(Repeat::Safe, || request().header(IDEMPOTENCY_KEY, &key)).await,
            None => self.call(Repeat::MakesAnother, request).await,
        }
    }

    async fn call_once<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let request = request.header(AUTHORIZATION, self.token.authorization()).build();
        let request = request.map_err(|error| Error::network(&self.peer(), error))?;
        let sent_bytes = request.body().and_then(Body::as_bytes).map_or(0, <[u8]>::len);
        let pace = Pace::new(sent_bytes);
        let response = pace.step(&self.peer(), self.http.execute(request)).await?;
        self.read(response, pace).await
    }

    async fn read<T: DeserializeOwned>(&self, response: Response, pace: Pace) -> Result<T, Error> {
        let (status, retry_after) = (response.status(), retry_after::of(response.headers()));
        let limit = if status.is_success() { MAX_ANSWER_BYTES } else { MAX_REFUSAL_BYTES };
        let bytes = bounded::whole(response, limit, &self.peer(), pace).await?;
        let not_dray = || Error::NotDray { server: self.peer(), status: status.as_u16(), retry_after };
        if status.is_success() {
            // 204 has no body.
            let bytes = if bytes.is_empty() { &b"null"[..] } else { &bytes };
            return serde_json::from_slice(bytes).map_err(|_| not_dray());
        }
        let mut body: ErrorBody = serde_json::from_slice(&bytes).map_err(|_| not_dray())?;
        body.retry_after = body.retry_after.or(retry_after);
        Err(Error::Api { status: status.as_u16(), body: Box::new(body) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(base_url: &str) -> Result<Client, Error> {
        Client::new(base_url, "cp_pat_secret".parse().unwrap())
    }

    #[test]
    fn a_path_before_the_apis_own_is_kept() {
        for (base, address) in [
            ("http://h:1", "http://h:1/public/v1/x"),
            ("http://h:1/", "http://h:1/public/v1/x"),
            ("https://h/drive/", "https://h/drive/public/v1/x"),
        ] {
            assert_eq!(client(base).unwrap().address("/x"), address);
        }
    }

    #[test]
    fn a_base_url_that_is_no_server_address_is_refused() {
        for base in ["", "localhost:8080", "ftp://h", "http://h?a=b", "http://h#f"] {
            assert!(matches!(client(base), Err(Error::InvalidUrl { .. })), "{base}");
        }
    }

    #[test]
    fn debug_output_shows_nothing_of_the_token() {
        assert!(!format!("{:?}", client("http://h").unwrap()).contains("secret"));
    }
}
