//! The object store, reached only through S3: what the drive asks of it, and what the answers mean for the drive.
//!
//! The drive's own requests are signed in headers. The batch presigner of `dray-s3` signs part URLs.

#[cfg(feature = "aws-chain")]
mod aws_chain;
mod copy;
mod credentials;
mod empty;
#[cfg(not(feature = "aws-chain"))]
mod environment;
mod failure;
mod gate;
mod held;
mod mark;
mod multipart;
mod proof;
mod read_back;
mod relay;
mod request;
mod s3_client;
mod sign;
#[cfg(test)]
mod testing;
mod whole;

use std::sync::Arc;

use axum::Router;
use dray_api::with_causes;
use dray_s3::Endpoint;
use http::{HeaderMap, Method};
use jiff::Timestamp;

use crate::config::{Clock, S3Config, SettingError, public_endpoint};
use crate::drive::{Error, Result};
use crate::metrics::Metrics;
#[cfg(feature = "aws-chain")]
use aws_chain::find as find_credentials;
pub use credentials::Current;
use credentials::Keys;
pub use empty::{object_of_scratch, scratch_key};
#[cfg(not(feature = "aws-chain"))]
use environment::find as find_credentials;
pub use gate::Mark;
use gate::SharedGate;
pub use held::{Depth, Held, Wanted};
pub use multipart::{BegunUpload, Completion, NewUpload, object_of_strays, strays_key};
pub use read_back::{Source, Stretch};
use request::Request;
use s3_client::S3Client;
use sign::Signing;
pub use sign::{PartUrls, Reading, UrlScope};
pub use whole::{PutUrl, WholeFile};

/// The address for signatures of requests that never leave this process.
const NO_HOST: &str = "http://embedded";
/// The metadata that proves which upload an object belongs to.
pub const TOKEN_METADATA: &str = "x-amz-meta-dray-upload";
/// The beginning of the keys of marks, which no item has.
pub const MARK_PREFIX: &str = "files/.dray-store/";
const CRC64: &str = "x-amz-checksum-crc64nvme";

/// A bucket of an object store. It is cheap to clone.
#[derive(Clone)]
pub struct Objects {
    client: Arc<S3Client>,
    kind: Kind,
    signing: Arc<Signing>,
}

/// Which store it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The embedded store, which clients reach at this server's address. It refuses to complete an upload with
    /// another size or checksum than announced.
    Embedded,
    /// An external store, and where clients reach it; `None` means through this server. Dray does not know what the
    /// store checks, and so checks everything itself.
    Other(Option<Endpoint>),
}

/// How the embedded store is reached.
pub struct Embedded {
    /// How this process reaches it.
    pub way: Way,
    /// The keys that sign requests and URLs.
    pub keys: Current,
    /// The region that requests are signed for.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The timers of calls.
    pub metrics: Arc<Metrics>,
}

/// How this process reaches the embedded store.
pub enum Way {
    /// This process has the store open, and this router answers.
    Router(Router),
    /// Another process has the store open, at this address.
    Url(String),
}

/// An object in the store.
#[derive(Debug, PartialEq, Eq)]
pub struct ObjectHead {
    /// How many bytes it has.
    pub size_bytes: u64,
    /// The store's `ETag`, unchanged.
    pub etag: String,
    /// The token of the upload that made it, if that was an upload of Dray.
    pub store_token: Option<String>,
}

impl Objects {
    /// The embedded store.
    pub fn embedded(config: Embedded) -> Result<Self> {
        let Embedded { way, keys, region, bucket, metrics } = config;
        let (way, endpoint) = match way {
            Way::Router(router) => (s3_client::Transport::Router(router), public_endpoint(NO_HOST)?),
            Way::Url(url) => {
                let endpoint = public_endpoint(&url)?;
                (
                    s3_client::Transport::network(&endpoint)
                        .map_err(|err| Error::internal(with_causes(&err)))?,
                    endpoint,
                )
            }
        };
        let (keys, clock) = (Keys::Current(keys), Clock::system());
        Ok(Self::of(
            S3Client { way, endpoint, region, bucket, keys, clock, metrics, gate: SharedGate::default() },
            Kind::Embedded,
        ))
    }

    /// An external store, which clients reach at `public`; `None` means through this server.
    pub async fn other(
        config: &S3Config,
        public: Option<Endpoint>,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, SettingError> {
        let S3Config { bucket, region, credentials, .. } = config;
        let endpoint = config.server_endpoint()?;
        let keys = match credentials {
            Some(credentials) => Keys::fixed(credentials),
            None => Keys::found_by(find_credentials(region).await?),
        };
        let unusable = |err| {
            let rule = format!("cannot be used: {}", with_causes(&err));
            SettingError { setting: "--s3-endpoint", rule }
        };
        let way = s3_client::Transport::network(&endpoint).map_err(unusable)?;
        let (region, bucket, clock) = (region.clone(), bucket.clone(), Clock::system());
        let client = S3Client {
            way,
            endpoint,
            region,
            bucket,
            keys,
            clock,
            metrics: metrics.clone(),
            gate: SharedGate::default(),
        };
        Ok(Self::of(client, Kind::Other(public)))
    }

    /// URLs are signed with the same keys as requests.
    fn of(client: S3Client, kind: Kind) -> Self {
        let S3Client { keys, region, bucket, .. } = &client;
        let signing = Signing { keys: keys.clone(), region: region.clone(), bucket: bucket.clone() };
        Self { signing: signing.into(), client: client.into(), kind }
    }

    /// Another bucket of the same store. An empty name means the store as a whole.
    #[must_use]
    pub fn in_bucket(&self, bucket: &str) -> Self {
        Self::of(self.client.in_bucket(bucket), self.kind.clone())
    }

    /// Which bucket it is.
    pub fn bucket(&self) -> &str {
        &self.client.bucket
    }

    /// Whether the store refuses to complete an upload of another size or checksum.
    pub fn checks_what_it_completes(&self) -> bool {
        self.kind == Kind::Embedded
    }

    /// Where clients reach the store; `None` means at this server's address.
    pub fn public_endpoint(&self) -> Option<&Endpoint> {
        match &self.kind {
            Kind::Embedded => None,
            Kind::Other(endpoint) => endpoint.as_ref(),
        }
    }

    /// The bucket's name, which identifies it for people.
    pub fn name(&self) -> &str {
        &self.client.bucket
    }

    /// Finds the credentials, and returns their expiry, if they have one.
    pub async fn credentials_end(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        Ok(self.client.keys.get(now).await?.expires_at)
    }

    /// Whether the bucket exists and accepts Dray's keys at the moment.
    pub async fn check(&self) -> Result<()> {
        self.client.ask(Request::new("HeadBucket", Method::HEAD, "")).await?;
        Ok(())
    }

    /// Removes an object. It succeeds if the object does not exist.
    pub async fn delete(&self, key: &str) -> Result<()> {
        match self.client.ask(Request::new("DeleteObject", Method::DELETE, key)).await {
            Err(failed) if !failed.is_gone() => Err(failed.into()),
            _ => Ok(()),
        }
    }

    /// Like [`Objects::head`], but `None` is proof. A 404 alone proves nothing, so this also asks whether the bucket is
    /// the drive's.
    pub async fn find(&self, key: &str) -> Result<Option<ObjectHead>> {
        let found = self.head(key).await?;
        if found.is_none() {
            self.check_mark().await?;
        }
        Ok(found)
    }

    /// The object under `key`, if there is one.
    pub async fn head(&self, key: &str) -> Result<Option<ObjectHead>> {
        match self.client.ask(Request::new("HeadObject", Method::HEAD, key)).await {
            Ok(answer) => read_head(&answer.headers).ok_or_else(|| not_understood("HeadObject")).map(Some),
            Err(failed) if failed.is_gone() => Ok(None),
            Err(failed) => Err(failed.into()),
        }
    }
}

/// What an answer says about an object. S3 always tells the size and the `ETag`. An answer without them is not about an
/// object: it may be a proxy's page, whose size must not count as the object's.
fn read_head(headers: &HeaderMap) -> Option<ObjectHead> {
    Some(ObjectHead {
        size_bytes: text(headers, "content-length")?.parse().ok()?,
        etag: text(headers, "etag")?.to_owned(),
        store_token: text(headers, TOKEN_METADATA).map(str::to_owned),
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The error for a successful answer whose content cannot be understood.
fn not_understood(operation: &str) -> Error {
    Error::StoreUnreachable { detail: format!("its answer to {operation} is not S3's") }
}
