//! The object store, as S3 and nothing else: the drive asks here for what it needs, and learns what came of it.
//!
//! Control calls go through the AWS SDK. Part URLs are signed by `dray-s3`'s batch presigner.

mod answers;
mod clients;
mod copy;
mod failure;
mod in_process;
mod keys;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::types::{ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart};
use axum::Router;
use dray_api::limits::MAX_PARTS;
use dray_api::upload::StoredPart;
use dray_s3::{AddressingStyle, Credentials, Endpoint, ErrorCode, PartPresigner, PresignScope};
use http::Method;
use jiff::{SignedDuration, Timestamp};

use crate::config::{S3Config, SettingError};
use crate::drive::parts::{Crc64, PartList};
use crate::drive::{Error, Result};
use crate::metrics::Metrics;
use clients::{ATTEMPTS, Clients, FIRST_PAUSE, credentials_chain, sdk_config};
use failure::{code, failure, may_pass, refusal};
use keys::{Kept, Keys};

/// What requests that never leave this process are signed for.
const NO_HOST: &str = "http://embedded";
/// The metadata entry that proves whose upload an object is.
const TOKEN_METADATA: &str = "dray-upload";
/// Between two pieces of an object that is read back.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// A bucket of an object store. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Objects {
    clients: Clients,
    keys: Arc<Keys>,
    region: String,
    bucket: String,
    kind: Kind,
    metrics: Arc<Metrics>,
}

/// Which store it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The embedded one, which clients reach where they reach this server. It refuses a Complete of another size or
    /// checksum.
    Embedded,
    /// Another, which clients reach here. What it checks is not known, so we do.
    Other(Endpoint),
}

/// How the embedded store is reached.
pub(crate) struct Embedded {
    pub(crate) way: Way,
    pub(crate) credentials: Credentials,
    pub(crate) region: String,
    pub(crate) bucket: String,
    /// Where calls are timed.
    pub(crate) metrics: Arc<Metrics>,
}

/// How this process comes to the embedded store.
pub(crate) enum Way {
    /// It has the store open itself, and this answers.
    Router(Router),
    /// Another process has; this is its address.
    Url(String),
}

/// What became of asking the store to complete an upload.
#[derive(Debug)]
pub(crate) enum Completion {
    /// The object is there.
    Done,
    /// Nothing was asked yet, as the store does not answer.
    NotYet(Error),
    /// The store refused the parts; the upload is as it was.
    Refused(Error),
    /// The store does not know the upload: it was completed before, or is gone.
    NoSuchUpload,
    /// No answer, or none that tells: the object may be there.
    Unknown(Error),
}

/// An object as the store has it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ObjectHead {
    pub(crate) size_bytes: u64,
    /// The token of the upload that made it, if it was one of ours.
    pub(crate) store_token: Option<String>,
}

impl Objects {
    /// The embedded store.
    pub(crate) fn embedded(config: Embedded) -> Self {
        let Embedded { way, credentials, region, bucket, metrics } = config;
        let keys = Keys::fixed(&credentials);
        let sdk_config = sdk_config(&keys, &region, true);
        let sdk_config = match way {
            Way::Router(router) => sdk_config.endpoint_url(NO_HOST).http_client(in_process::client(router)),
            Way::Url(url) => sdk_config.endpoint_url(url),
        };
        let clients = Clients::new(sdk_config);
        Self { clients, keys: Arc::new(keys), region, bucket, kind: Kind::Embedded, metrics }
    }

    /// Any other store.
    pub(crate) async fn other(config: &S3Config, metrics: &Arc<Metrics>) -> Result<Self, SettingError> {
        let region = config.region.clone();
        let public = config.public_endpoint()?;
        let keys = match &config.credentials {
            Some(credentials) => Keys::fixed(credentials),
            None => Keys::of_chain(credentials_chain(&region).await?),
        };
        let mut sdk_config = sdk_config(&keys, &region, config.path_style);
        if let Some(endpoint) = &config.endpoint {
            sdk_config = sdk_config.endpoint_url(endpoint);
        }
        let clients = Clients::new(sdk_config);
        let (keys, bucket, kind) = (Arc::new(keys), config.bucket.clone(), Kind::Other(public));
        Ok(Self { clients, keys, region, bucket, kind, metrics: metrics.clone() })
    }

    /// Whether the store refuses to complete an upload of another size or checksum.
    pub(crate) fn checks_what_it_completes(&self) -> bool {
        self.kind == Kind::Embedded
    }

    /// Where clients reach the store; `None`: where they reach this server.
    pub(crate) fn public_endpoint(&self) -> Option<&Endpoint> {
        match &self.kind {
            Kind::Embedded => None,
            Kind::Other(endpoint) => Some(endpoint),
        }
    }

    /// What to call it: its bucket.
    pub(crate) fn name(&self) -> &str {
        &self.bucket
    }

    /// Finds the credentials, and says when they end if they do.
    pub(crate) async fn credentials_end(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        Ok(self.keys.get(now).await?.expires_at)
    }

    /// Whether the bucket is there and lets us in, now.
    pub(crate) async fn check(&self) -> Result<()> {
        let _timing = self.metrics.store("HeadBucket");
        let answer = self.clients.usual.head_bucket().bucket(&self.bucket).send().await;
        answer.map(drop).map_err(|err| failure(&err))
    }

    /// Begins a multipart upload whose object will carry `store_token`; answers the store's upload id.
    ///
    /// Asking twice may begin two, if it is the first answer that was lost. So this asks again by itself, rather than
    /// the SDK, and then gives up whatever else there is under the key.
    pub(crate) async fn create_upload(
        &self,
        key: &str,
        mime_type: &str,
        store_token: &str,
    ) -> Result<String> {
        let _timing = self.metrics.store("CreateMultipartUpload");
        let request = self.clients.once.create_multipart_upload().bucket(&self.bucket).key(key);
        let request = request.content_type(mime_type).metadata(TOKEN_METADATA, store_token);
        let mut asked = 1;
        let created = loop {
            let answer = request.clone().send().await;
            match answer {
                Ok(created) => break created,
                Err(err) if asked == ATTEMPTS || !may_pass(&err) => return Err(failure(&err)),
                Err(_) => tokio::time::sleep(FIRST_PAUSE * asked).await,
            }
            asked += 1;
        };
        let id = created.upload_id.ok_or_else(|| Error::internal("the store answered no upload id"))?;
        if asked > 1 {
            self.abort_uploads_of(key, Some(&id)).await?;
        }
        Ok(id)
    }

    /// Completes an upload out of `parts`, if they make `size_bytes`.
    pub(crate) async fn complete_upload(
        &self,
        key: &str,
        upload_id: &str,
        parts: &PartList,
        size_bytes: u64,
        crc64: Option<&Crc64>,
    ) -> Completion {
        let _timing = self.metrics.store("CompleteMultipartUpload");
        let listed = parts.iter().map(|(number, etag)| {
            CompletedPart::builder().part_number(number.get().into()).e_tag(format!("\"{etag}\"")).build()
        });
        let listed = CompletedMultipartUpload::builder().set_parts(Some(listed.collect())).build();
        let request = self
            .clients
            .patient
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id);
        let size = i64::try_from(size_bytes).ok();
        let crc64 = crc64.filter(|_| self.checks_what_it_completes());
        let request = request.set_checksum_crc64_nvme(crc64.map(|crc64| crc64.as_str().to_owned()));
        let request = request.set_mpu_object_size(size).multipart_upload(listed);
        match request.send().await {
            Ok(_) => Completion::Done,
            Err(err) => refusal(&err, size_bytes),
        }
    }

    /// The parts that the store has of an upload; `None` if it does not know the upload.
    pub(crate) async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Option<Vec<StoredPart>>> {
        let _timing = self.metrics.store("ListParts");
        let request = self.clients.usual.list_parts().bucket(&self.bucket).key(key).upload_id(upload_id);
        let mut pages = request.into_paginator().send();
        let mut parts = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Err(err) if code(&err) == Some(ErrorCode::NoSuchUpload) => return Ok(None),
                page => page.map_err(|err| failure(&err))?,
            };
            for part in page.parts.unwrap_or_default() {
                let number = part.part_number.and_then(|n| u64::try_from(n).ok());
                let size = part.size.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
                parts.extend(number.zip(part.e_tag).map(|(part_number, e_tag)| StoredPart {
                    part_number,
                    size,
                    e_tag,
                }));
            }
            if parts.len() > MAX_PARTS as usize {
                return Err(Error::internal("the store lists more parts than an upload can have"));
            }
        }
        Ok(Some(parts))
    }

    /// Gives an upload up and frees its parts. One that the store does not know is given up already.
    pub(crate) async fn abort_upload(&self, key: &str, upload_id: &str) -> Result<()> {
        let _timing = self.metrics.store("AbortMultipartUpload");
        let request =
            self.clients.usual.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload_id);
        match request.send().await {
            Err(err) if code(&err) != Some(ErrorCode::NoSuchUpload) => Err(failure(&err)),
            _ => Ok(()),
        }
    }

    /// Gives up every upload that the store has begun for `key`, but for the one to `keep`.
    pub(crate) async fn abort_uploads_of(&self, key: &str, keep: Option<&str>) -> Result<()> {
        let _timing = self.metrics.store("ListMultipartUploads");
        let listed =
            self.clients.usual.list_multipart_uploads().bucket(&self.bucket).prefix(key).send().await;
        let uploads = listed.map_err(|err| failure(&err))?.uploads.unwrap_or_default();
        let of_key = uploads.into_iter().filter(|upload| upload.key.as_deref() == Some(key));
        for id in of_key.filter_map(|upload| upload.upload_id).filter(|id| keep != Some(id)) {
            self.abort_upload(key, &id).await?;
        }
        Ok(())
    }

    /// The CRC-64/NVME of an object's bytes, if the store has one of the whole object.
    pub(crate) async fn stored_crc64(&self, key: &str) -> Result<Option<Crc64>> {
        let _timing = self.metrics.store("HeadObject");
        let request = self.clients.usual.head_object().bucket(&self.bucket).key(key);
        let answer = request.checksum_mode(ChecksumMode::Enabled).send().await;
        let head = answer.map_err(|err| failure(&err))?;
        let is_whole = head.checksum_type == Some(ChecksumType::FullObject);
        Ok(head.checksum_crc64_nvme.filter(|_| is_whole).map(Crc64::from_stored))
    }

    /// Reads an object back; the CRC-64/NVME of its bytes.
    pub(crate) async fn read_crc64(&self, key: &str) -> Result<Crc64> {
        let answer = self.clients.usual.get_object().bucket(&self.bucket).key(key).send().await;
        let mut body = answer.map_err(|err| failure(&err))?.body;
        let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
        let failed = |err: &dyn std::fmt::Display| Error::StoreUnreachable {
            detail: format!("reading an object back: {err}"),
        };
        while let Some(bytes) =
            tokio::time::timeout(READ_TIMEOUT, body.next()).await.map_err(|err| failed(&err))?
        {
            digest.update(&bytes.map_err(|err| failed(&err))?);
        }
        Ok(Crc64::of(digest.finalize()))
    }

    /// Removes an object. One that is not there is removed already.
    pub(crate) async fn delete(&self, key: &str) -> Result<()> {
        let _timing = self.metrics.store("DeleteObject");
        let answer = self.clients.usual.delete_object().bucket(&self.bucket).key(key).send().await;
        answer.map(drop).map_err(|err| failure(&err))
    }

    /// The object under `key`, if there is one.
    pub(crate) async fn head(&self, key: &str) -> Result<Option<ObjectHead>> {
        let _timing = self.metrics.store("HeadObject");
        match self.clients.usual.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(head) => Ok(Some(ObjectHead {
                size_bytes: head.content_length.and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
                store_token: head.metadata.and_then(|mut entries| entries.remove(TOKEN_METADATA)),
            })),
            Err(err)
                if err
                    .as_service_error()
                    .is_some_and(aws_sdk_s3::operation::head_object::HeadObjectError::is_not_found) =>
            {
                Ok(None)
            }
            Err(err) => Err(failure(&err)),
        }
    }

    /// Signs the part URLs of an upload for clients that reach the store at `endpoint`.
    pub(crate) async fn presign_parts(
        &self,
        url: &UrlScope<'_>,
        upload_id: &str,
    ) -> Result<(PartPresigner, Timestamp)> {
        let signer = self.signer(url).await?;
        let presigner = PartPresigner::new(&signer.scope(self, url), upload_id).map_err(Error::internal)?;
        Ok((presigner, signer.expires_at))
    }

    /// A signed GET of an object, which answers with these headers.
    pub(crate) async fn presign_get(
        &self,
        url: &UrlScope<'_>,
        disposition: &str,
        mime_type: &str,
    ) -> Result<String> {
        let overrides = [("response-content-disposition", disposition), ("response-content-type", mime_type)];
        let signer = self.signer(url).await?;
        dray_s3::presign(&Method::GET, &signer.scope(self, url), &overrides).map_err(Error::internal)
    }

    /// Who signs a URL, and until when it can be good: one dies with the credentials that signed it.
    async fn signer(&self, url: &UrlScope<'_>) -> Result<Signer> {
        let Kept { credentials, expires_at } = self.keys.get(url.now).await?;
        let left = expires_at.map_or(i64::MAX, |end| end.duration_since(url.now).as_secs());
        let expires_secs = url.expires_secs.min(u32::try_from(left.max(1)).unwrap_or(u32::MAX));
        let life = SignedDuration::from_secs(expires_secs.into());
        let expires_at = url.now.checked_add(life).map_err(Error::internal)?;
        Ok(Signer { credentials, expires_secs, expires_at })
    }
}

struct Signer {
    credentials: Credentials,
    expires_secs: u32,
    expires_at: Timestamp,
}

impl Signer {
    fn scope<'a>(&'a self, objects: &'a Objects, url: &UrlScope<'a>) -> PresignScope<'a> {
        PresignScope {
            credentials: &self.credentials,
            region: &objects.region,
            endpoint: url.endpoint,
            bucket: &objects.bucket,
            key: url.key,
            now: url.now,
            expires_secs: self.expires_secs,
        }
    }
}

/// What a signed URL is for, and how long it is good.
pub(crate) struct UrlScope<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) key: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) expires_secs: u32,
}

/// Where clients reach the store, from an address such as `https://drive.example.com`.
pub(crate) fn public_endpoint(url: &str) -> Result<Endpoint> {
    Endpoint::parse(url, AddressingStyle::Path).map_err(|err| Error::field("Host", err.to_string()))
}
