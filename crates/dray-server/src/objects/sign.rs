//! Signed URLs, with which clients reach the store directly.

use std::sync::Arc;

use dray_object_store::RELAYED_SIZE;
use dray_s3::{Credentials, Endpoint, PartNumber, PartPresigner, PresignScope};
use http::Method;
use jiff::{SignedDuration, Timestamp};

use super::credentials::{Kept, Keys};
use super::{Kind, Objects, scratch_key};
use crate::drive::{Error, Result};

/// What a signed URL is for, and how long it is valid.
pub struct UrlScope<'a> {
    /// Where clients reach the store.
    pub endpoint: &'a Endpoint,
    /// Key of the object.
    pub key: &'a str,
    /// When the URL begins to be valid.
    pub now: Timestamp,
    /// How long it is valid.
    pub expires_secs: u32,
}

/// What a signed URL reads of an object. A signature is valid for one method only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Its bytes.
    Get,
    /// Its metadata, without the bytes.
    Head,
}

impl Reading {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Head => Method::HEAD,
        }
    }
}

/// Writes the URLs of an upload's parts.
pub enum PartUrls {
    /// Each URL puts a part of the multipart upload.
    Parts(Box<PartPresigner>),
    /// One URL for the whole file. Either the client puts the file whole (`objects/whole.rs`), or this is the one
    /// part of an empty file on a store that may refuse empty parts (`objects/empty.rs`).
    Whole(String),
}

impl PartUrls {
    /// An upper bound of a URL's length.
    pub fn max_url_bytes(&self) -> usize {
        match self {
            Self::Parts(presigner) => presigner.max_url_bytes(),
            Self::Whole(url) => url.len(),
        }
    }

    /// Appends a part's URL, which accepts exactly `length_bytes` if it is given. The URL needs no escaping in JSON.
    pub fn write(&self, number: PartNumber, length_bytes: Option<u64>, out: &mut Vec<u8>) {
        match (self, length_bytes) {
            (Self::Whole(url), _) => out.extend_from_slice(url.as_bytes()),
            (Self::Parts(presigner), None) => presigner.write_url(number, out),
            (Self::Parts(presigner), Some(length)) => presigner.write_url_for_length(number, length, out),
        }
    }
}

/// The keys and names that URLs for clients are signed with.
pub(super) struct Signing {
    pub(super) keys: Keys,
    pub(super) region: String,
    pub(super) bucket: String,
}

impl Objects {
    /// Signs URLs with this key instead, for a region and a bucket that may differ from the store's.
    pub(crate) fn signing_with(self, key: &Credentials, region: &str, bucket: &str) -> Self {
        let (region, bucket) = (region.to_owned(), bucket.to_owned());
        Self { signing: Arc::new(Signing { keys: Keys::fixed(key), region, bucket }), ..self }
    }

    /// Signs the part URLs of an upload for clients that reach the store at `endpoint`.
    pub async fn presign_parts(
        &self,
        url: &UrlScope<'_>,
        upload_id: &str,
    ) -> Result<(PartPresigner, Timestamp)> {
        let signer = self.signer(url).await?;
        let presigner = PartPresigner::new(&signer.scope(self, url), upload_id).map_err(Error::internal)?;
        Ok((presigner, signer.expires_at))
    }

    /// Signs the part URLs of an upload of `size_bytes`, like [`Objects::presign_parts`]. The only part of an empty
    /// file goes to a key where every store accepts it.
    pub async fn part_urls(
        &self,
        url: &UrlScope<'_>,
        upload_id: &str,
        size_bytes: u64,
    ) -> Result<(PartUrls, Timestamp)> {
        if self.takes_empty_parts() || size_bytes > 0 {
            let (presigner, expires_at) = self.presign_parts(url, upload_id).await?;
            return Ok((PartUrls::Parts(Box::new(presigner)), expires_at));
        }
        let key = scratch_key(url.key);
        let url = UrlScope { key: &key, ..*url };
        let signer = self.signer(&url).await?;
        let bound = [("content-length", "0")];
        let presigned = dray_s3::presign_with_headers(&Method::PUT, &signer.scope(self, &url), &[], &bound);
        Ok((PartUrls::Whole(presigned.map_err(Error::internal)?), signer.expires_at))
    }

    /// A signed GET or HEAD of an object, whose answer will have these headers. If the URL leads to a relay, it also names
    /// the object's size, if that is given, so that the relay hands on nothing else.
    pub async fn presign_read(
        &self,
        reading: Reading,
        url: &UrlScope<'_>,
        size_bytes: Option<u64>,
        disposition: &str,
        mime_type: &str,
    ) -> Result<String> {
        let is_relayed = self.kind == Kind::Other(None);
        let size = size_bytes.filter(|_| is_relayed).map(|size| size.to_string());
        let mut query =
            vec![("response-content-disposition", disposition), ("response-content-type", mime_type)];
        query.extend(size.as_deref().map(|size| (RELAYED_SIZE, size)));
        let signer = self.signer(url).await?;
        dray_s3::presign(&reading.method(), &signer.scope(self, url), &query).map_err(Error::internal)
    }

    /// The signer of a URL. The URL is valid no longer than the credentials that sign it.
    pub(super) async fn signer(&self, url: &UrlScope<'_>) -> Result<Signer> {
        let Kept { credentials, expires_at } = self.signing.keys.get(url.now).await?;
        let left = expires_at.map_or(i64::MAX, |end| end.duration_since(url.now).as_secs());
        let expires_secs = url.expires_secs.min(u32::try_from(left.max(1)).unwrap_or(u32::MAX));
        let life = SignedDuration::from_secs(expires_secs.into());
        let expires_at = url.now.checked_add(life).map_err(Error::internal)?;
        Ok(Signer { credentials, expires_secs, expires_at })
    }
}

pub(super) struct Signer {
    credentials: Credentials,
    expires_secs: u32,
    pub(super) expires_at: Timestamp,
}

impl Signer {
    pub(super) fn scope<'a>(&'a self, objects: &'a Objects, url: &UrlScope<'a>) -> PresignScope<'a> {
        PresignScope {
            credentials: &self.credentials,
            region: &objects.signing.region,
            endpoint: url.endpoint,
            bucket: &objects.signing.bucket,
            key: url.key,
            now: url.now,
            expires_secs: self.expires_secs,
        }
    }
}
