//! The object store, as S3 and nothing else: what the drive asks of it, and what the answers mean for the drive.
//!
//! What the drive asks itself is signed in headers; part URLs are signed by `dray-s3`'s batch presigner.

mod client;
mod copy;
mod credentials;
mod empty;
mod failure;
mod proof;
mod read;
mod relay;
mod sign;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use axum::Router;
use dray_api::limits::MAX_PARTS;
use dray_api::upload::StoredPart;
use dray_s3::Endpoint;
use dray_s3::xml::{CompleteMultipartUpload, CompletedPart, PartsPage, read_etag, read_upload_id};
use http::{HeaderMap, Method};
use jiff::Timestamp;

use crate::config::{Clock, S3Config, SettingError, public_endpoint};
use crate::drive::parts::{Crc64, PartList};
use crate::drive::upload::Upload;
use crate::drive::{Error, Result, with_causes};
use crate::metrics::Metrics;
use client::{Client, Request};
pub use credentials::Current;
use credentials::{Keys, credentials_chain};
pub use empty::scratch_key;
use failure::refusal;
use sign::Signing;
pub use sign::{PartUrls, Reading, UrlScope};

/// What requests that never leave this process are signed for.
const NO_HOST: &str = "http://embedded";
/// The metadata that proves whose upload an object is.
pub const TOKEN_METADATA: &str = "x-amz-meta-dray-upload";
const CRC64: &str = "x-amz-checksum-crc64nvme";

/// A bucket of an object store. Cheap to clone.
#[derive(Clone)]
pub struct Objects {
    client: Arc<Client>,
    kind: Kind,
    signing: Arc<Signing>,
}

/// Which store it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The embedded one, which clients reach where they reach this server. It refuses a Complete of another size or
    /// checksum.
    Embedded,
    /// An external store, and where clients reach it; `None`: through this server. Dray does not know what the store checks,
    /// and so checks everything itself.
    Other(Option<Endpoint>),
}

/// How the embedded store is reached.
pub struct Embedded {
    /// By which way.
    pub way: Way,
    /// What requests and URLs are signed with.
    pub keys: Current,
    /// The region that requests are signed for.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// Where calls are timed.
    pub metrics: Arc<Metrics>,
}

/// How this process comes to the embedded store.
pub enum Way {
    /// It has the store open itself, and this answers.
    Router(Router),
    /// Another process has; this is its address.
    Url(String),
}

/// The outcome of asking the store to complete an upload.
#[derive(Debug)]
pub enum Completion {
    /// The object exists.
    Done,
    /// Nothing was asked yet, as the store does not answer.
    NotYet(Error),
    /// The store refused the parts; the upload is as it was.
    Refused(Error),
    /// The store does not know the upload: it was completed before, or is gone.
    NoSuchUpload {
        /// Whether this Complete is over with that, and does nothing any more. One that was sent again is not: the answer is
        /// that of the last.
        is_settled: bool,
    },
    /// No answer, or none that tells: the object may be there.
    Unknown(Error),
}

/// What the store is told of an upload when it is begun.
pub struct NewUpload<'a> {
    /// Key of the object that it becomes.
    pub key: &'a str,
    /// The object's `Content-Type`.
    pub mime_type: &'a str,
    /// A random text that its object will carry: it proves whose the object is.
    pub store_token: &'a str,
    /// The announced size.
    pub size_bytes: u64,
}

impl<'a> NewUpload<'a> {
    /// What the store is told of this upload.
    pub fn of(upload: &'a Upload) -> Self {
        let Upload { object_key, mime_type, store_token, size_bytes, .. } = upload;
        Self { key: object_key, mime_type, store_token, size_bytes: *size_bytes }
    }
}

/// An object as the store has it.
#[derive(Debug, PartialEq, Eq)]
pub struct ObjectHead {
    /// How many bytes it has.
    pub size_bytes: u64,
    /// The token of the upload that made it, if it was one of ours.
    pub store_token: Option<String>,
}

impl Objects {
    /// The embedded store.
    pub fn embedded(config: Embedded) -> Result<Self> {
        let Embedded { way, keys, region, bucket, metrics } = config;
        let (way, endpoint) = match way {
            Way::Router(router) => (client::Transport::Router(router), public_endpoint(NO_HOST)?),
            Way::Url(url) => {
                let endpoint = public_endpoint(&url)?;
                (
                    client::Transport::network(&endpoint)
                        .map_err(|err| Error::internal(with_causes(&err)))?,
                    endpoint,
                )
            }
        };
        let (keys, clock) = (Keys::Current(keys), Clock::system());
        Ok(Self::of(Client { way, endpoint, region, bucket, keys, clock, metrics }, Kind::Embedded))
    }

    /// Any other store, which clients reach at `public`; `None`: through this server.
    pub async fn other(
        config: &S3Config,
        public: Option<Endpoint>,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, SettingError> {
        let S3Config { bucket, region, credentials, .. } = config;
        let endpoint = config.server_endpoint()?;
        let keys = match credentials {
            Some(credentials) => Keys::fixed(credentials),
            None => Keys::of_chain(credentials_chain(region).await?),
        };
        let unusable = |err| {
            let rule = format!("cannot be used: {}", with_causes(&err));
            SettingError { setting: "--s3-endpoint", rule }
        };
        let way = client::Transport::network(&endpoint).map_err(unusable)?;
        let (region, bucket, clock) = (region.clone(), bucket.clone(), Clock::system());
        let client = Client { way, endpoint, region, bucket, keys, clock, metrics: metrics.clone() };
        Ok(Self::of(client, Kind::Other(public)))
    }

    /// URLs are signed as requests are.
    fn of(client: Client, kind: Kind) -> Self {
        let Client { keys, region, bucket, .. } = &client;
        let signing = Signing { keys: keys.clone(), region: region.clone(), bucket: bucket.clone() };
        Self { signing: signing.into(), client: client.into(), kind }
    }

    /// Another bucket of the same store; an empty name is the store itself.
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

    /// Where clients reach the store; `None`: where they reach this server.
    pub fn public_endpoint(&self) -> Option<&Endpoint> {
        match &self.kind {
            Kind::Embedded => None,
            Kind::Other(endpoint) => endpoint.as_ref(),
        }
    }

    /// What to call it: its bucket.
    pub fn name(&self) -> &str {
        &self.client.bucket
    }

    /// Finds the credentials, and says when they end if they do.
    pub async fn credentials_end(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        Ok(self.client.keys.get(now).await?.expires_at)
    }

    /// Whether the bucket exists and accepts Dray's keys at the moment.
    pub async fn check(&self) -> Result<()> {
        self.client.ask(Request::new("HeadBucket", Method::HEAD, "")).await?;
        Ok(())
    }

    /// Begins a multipart upload; answers the store's upload id. The embedded store is told the announced size, and
    /// takes no more of the upload than that allows.
    ///
    /// Asking twice may begin two, if it is the first answer that was lost. Then whatever else there is under the key
    /// is given up.
    pub async fn create_upload(&self, new: &NewUpload<'_>) -> Result<String> {
        let key = new.key;
        let mut request = Request::new("CreateMultipartUpload", Method::POST, key)
            .query("uploads", "")
            .header("content-type", new.mime_type)
            .header(TOKEN_METADATA, new.store_token);
        if self.kind == Kind::Embedded {
            request = request.header("x-amz-mp-object-size", new.size_bytes.to_string());
        }
        let answer = self.client.ask(request).await?;
        let id = read_upload_id(&answer.body).ok_or_else(|| not_understood("CreateMultipartUpload"))?;
        if answer.asked > 1 {
            self.abort_uploads_of(key, Some(&id)).await?;
        }
        Ok(id)
    }

    /// Completes an upload out of `parts`, if they make `size_bytes`.
    pub async fn complete_upload(
        &self,
        key: &str,
        upload_id: &str,
        parts: &PartList,
        size_bytes: u64,
        crc64: Option<&Crc64>,
    ) -> Completion {
        let listed = parts.iter().map(|(part_number, etag)| CompletedPart {
            part_number,
            etag: etag.to_owned(),
            checksums: Vec::new(),
        });
        let listed = CompleteMultipartUpload { parts: listed.collect() };
        let mut request = Request::new("CompleteMultipartUpload", Method::POST, key)
            .query("uploadId", upload_id)
            .header("content-type", dray_s3::xml::CONTENT_TYPE)
            .header("x-amz-mp-object-size", size_bytes.to_string())
            .body(listed.to_xml())
            .patient();
        if let Some(crc64) = crc64.filter(|_| self.checks_what_it_completes()) {
            request = request.header(CRC64, crc64.as_str());
        }
        match self.client.ask(request).await {
            Ok(answer) if read_etag(&answer.body).is_some() => Completion::Done,
            Ok(_) => Completion::Unknown(not_understood("CompleteMultipartUpload")),
            Err(failed) => refusal(failed, size_bytes),
        }
    }

    /// The parts that the store has of an upload; `None` if it does not know the upload.
    pub async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Option<Vec<StoredPart>>> {
        let (mut parts, mut marker) = (Vec::new(), String::new());
        loop {
            let mut request = Request::new("ListParts", Method::GET, key).query("uploadId", upload_id);
            if !marker.is_empty() {
                request = request.query("part-number-marker", &marker);
            }
            let body = match self.client.ask(request).await {
                Ok(answer) => answer.body,
                Err(failed) if failed.is_gone() => return Ok(None),
                Err(failed) => return Err(failed.into()),
            };
            let page = PartsPage::parse(&body).ok_or_else(|| not_understood("ListParts"))?;
            parts.extend(page.parts.into_iter().map(|part| StoredPart {
                part_number: part.part_number,
                size: part.size_bytes,
                e_tag: part.etag,
            }));
            if parts.len() > MAX_PARTS as usize {
                return Err(Error::internal("the store lists more parts than an upload can have"));
            }
            match page.next_marker {
                None => return Ok(Some(parts)),
                // Stop if the pages do not advance; otherwise the list would never end.
                Some(next) if next == marker => return Err(not_understood("ListParts")),
                Some(next) => marker = next,
            }
        }
    }

    /// Gives an upload up and frees its parts. One that the store does not know is given up already.
    pub async fn abort_upload(&self, key: &str, upload_id: &str) -> Result<()> {
        let request = Request::new("AbortMultipartUpload", Method::DELETE, key).query("uploadId", upload_id);
        match self.client.ask(request).await {
            Err(failed) if !failed.is_gone() => Err(failed.into()),
            _ => Ok(()),
        }
    }

    /// Aborts every upload of the store for `key`, except the one to `keep`.
    pub async fn abort_uploads_of(&self, key: &str, keep: Option<&str>) -> Result<()> {
        let page = self.uploads_page(copy::uploads_below(key), None).await?;
        let of_key = page.uploads.into_iter().filter(|upload| upload.key == key);
        for id in of_key.map(|upload| upload.upload_id).filter(|id| keep != Some(id)) {
            self.abort_upload(key, &id).await?;
        }
        Ok(())
    }

    /// The CRC-64/NVME of an object's bytes, if the store has one of the whole object.
    pub async fn stored_crc64(&self, key: &str) -> Result<Option<Crc64>> {
        let request = Request::new("HeadObject", Method::HEAD, key).header("x-amz-checksum-mode", "ENABLED");
        let headers = self.client.ask(request).await?.headers;
        let is_whole = text(&headers, "x-amz-checksum-type") == Some("FULL_OBJECT");
        Ok(text(&headers, CRC64).filter(|_| is_whole).map(|crc64| Crc64::from_stored(crc64.to_owned())))
    }

    /// Removes an object. One that is not there is removed already.
    pub async fn delete(&self, key: &str) -> Result<()> {
        match self.client.ask(Request::new("DeleteObject", Method::DELETE, key)).await {
            Err(failed) if !failed.is_gone() => Err(failed.into()),
            _ => Ok(()),
        }
    }

    /// As [`Objects::head`], for whom `None` has to be proof: a 404 is none as long as the bucket does not answer.
    pub async fn find(&self, key: &str) -> Result<Option<ObjectHead>> {
        let found = self.head(key).await?;
        if found.is_none() {
            self.check().await?;
        }
        Ok(found)
    }

    /// Completes an upload and, where the answer does not tell, looks at the object: it is the upload's if it has its
    /// size and its token.
    pub async fn complete_and_look(
        &self,
        (key, upload_id): (&str, &str),
        parts: &PartList,
        size_bytes: u64,
        store_token: &str,
    ) -> Result<()> {
        let failure = match self.complete_upload(key, upload_id, parts, size_bytes, None).await {
            Completion::Done => return Ok(()),
            Completion::NotYet(err) | Completion::Refused(err) => return Err(err),
            Completion::Unknown(err) => err,
            Completion::NoSuchUpload { .. } => {
                Error::StoreRefused { detail: "it knows neither the upload nor its object".into() }
            }
        };
        let is_ours = |head: &ObjectHead| {
            head.size_bytes == size_bytes && head.store_token.as_deref() == Some(store_token)
        };
        self.find(key).await?.filter(is_ours).map(drop).ok_or(failure)
    }

    /// The object under `key`, if there is one.
    pub async fn head(&self, key: &str) -> Result<Option<ObjectHead>> {
        match self.client.ask(Request::new("HeadObject", Method::HEAD, key)).await {
            Ok(answer) => {
                // Without a size, an object must not be taken for one of another size than was announced.
                let size = text(&answer.headers, "content-length").and_then(|bytes| bytes.parse().ok());
                Ok(Some(ObjectHead {
                    size_bytes: size.ok_or_else(|| not_understood("HeadObject"))?,
                    store_token: text(&answer.headers, TOKEN_METADATA).map(str::to_owned),
                }))
            }
            Err(failed) if failed.is_gone() => Ok(None),
            Err(failed) => Err(failed.into()),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// An answer that is a success and says nothing that can be understood.
fn not_understood(operation: &str) -> Error {
    Error::StoreUnreachable { detail: format!("its answer to {operation} is not S3's") }
}
