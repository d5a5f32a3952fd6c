//! The object store, as S3 and nothing else: the drive asks here for what it needs, and learns what came of it.
//!
//! Control calls go through the AWS SDK. Part URLs are signed by `dray-s3`'s batch presigner.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use dray_api::limits::MAX_PARTS;
use dray_api::upload::StoredPart;
use dray_s3::{AddressingStyle, Credentials, Endpoint, ErrorCode, PartPresigner, PresignScope};
use http::Method;
use jiff::Timestamp;

use crate::drive::parts::{Crc64, PartList};
use crate::drive::{Error, Result};
use crate::metrics::Metrics;

/// The metadata entry that proves whose upload an object is.
const TOKEN_METADATA: &str = "dray-upload";
const ATTEMPTS: u32 = 3;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Somebody waits to hear whether all is well.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
/// A store may take long to complete an upload of many parts (AWS: minutes), so this is only a bound.
const OPERATION_TIMEOUT: Duration = Duration::from_mins(10);

/// A bucket of an object store.
#[derive(Clone)]
pub(crate) struct Objects {
    client: Client,
    credentials: Credentials,
    region: String,
    bucket: String,
    metrics: Arc<Metrics>,
}

/// How the store is reached.
pub(crate) struct ObjectsConfig {
    /// Where *this server* reaches the store.
    pub(crate) endpoint: String,
    pub(crate) credentials: Credentials,
    pub(crate) region: String,
    pub(crate) bucket: String,
    /// Where calls are timed.
    pub(crate) metrics: Arc<Metrics>,
}

/// What became of asking the store to complete an upload.
#[derive(Debug)]
pub(crate) enum Completion {
    /// The object is there.
    Done,
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
    pub(crate) fn new(config: ObjectsConfig) -> Self {
        let ObjectsConfig { endpoint, credentials, region, bucket, metrics } = config;
        let sdk_credentials = aws_credential_types::Credentials::new(
            &credentials.access_key_id,
            &credentials.secret_access_key,
            credentials.session_token.clone(),
            None,
            "dray",
        );
        let sdk_config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(endpoint)
            .region(Region::new(region.clone()))
            .credentials_provider(sdk_credentials)
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_timeout(OPERATION_TIMEOUT)
                    .build(),
            )
            .build();
        Self { client: Client::from_conf(sdk_config), credentials, region, bucket, metrics }
    }

    /// Whether the bucket is there and lets us in, now.
    pub(crate) async fn check(&self) -> Result<()> {
        let _timing = self.metrics.store("HeadBucket");
        let answer = self.client.head_bucket().bucket(&self.bucket).send();
        match tokio::time::timeout(CHECK_TIMEOUT, answer).await {
            Ok(answer) => answer.map(|_| ()).map_err(|err| unreachable(&err)),
            Err(_) => Err(Error::StoreUnreachable { detail: format!("no answer within {CHECK_TIMEOUT:?}") }),
        }
    }

    /// Begins a multipart upload whose object will carry `store_token`; answers the store's upload id.
    pub(crate) async fn create_upload(
        &self,
        key: &str,
        mime_type: &str,
        store_token: &str,
    ) -> Result<String> {
        let _timing = self.metrics.store("CreateMultipartUpload");
        let request = self.client.create_multipart_upload().bucket(&self.bucket).key(key);
        let answer = request.content_type(mime_type).metadata(TOKEN_METADATA, store_token).send().await;
        let created = answer.map_err(|err| unreachable(&err))?;
        created.upload_id.ok_or_else(|| Error::internal("the store answered no upload id"))
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
        let request =
            self.client.complete_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload_id);
        let size = i64::try_from(size_bytes).ok();
        let request = request.set_checksum_crc64_nvme(crc64.map(|crc64| crc64.as_str().to_owned()));
        match request.set_mpu_object_size(size).multipart_upload(listed).send().await {
            Ok(_) => Completion::Done,
            Err(err) => refusal(&err, size_bytes),
        }
    }

    /// The parts that the store has of an upload; `None` if it does not know the upload.
    pub(crate) async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Option<Vec<StoredPart>>> {
        let _timing = self.metrics.store("ListParts");
        let request = self.client.list_parts().bucket(&self.bucket).key(key).upload_id(upload_id);
        let mut pages = request.into_paginator().send();
        let mut parts = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Err(err) if code(&err) == Some(ErrorCode::NoSuchUpload) => return Ok(None),
                page => page.map_err(|err| unreachable(&err))?,
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
        let request = self.client.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload_id);
        match request.send().await {
            Err(err) if code(&err) != Some(ErrorCode::NoSuchUpload) => Err(unreachable(&err)),
            _ => Ok(()),
        }
    }

    /// Gives up every upload that the store has begun for `key`.
    pub(crate) async fn abort_uploads_of(&self, key: &str) -> Result<()> {
        let _timing = self.metrics.store("ListMultipartUploads");
        let listed = self.client.list_multipart_uploads().bucket(&self.bucket).prefix(key).send().await;
        let uploads = listed.map_err(|err| unreachable(&err))?.uploads.unwrap_or_default();
        for upload in uploads.into_iter().filter(|upload| upload.key.as_deref() == Some(key)) {
            self.abort_upload(key, &upload.upload_id.unwrap_or_default()).await?;
        }
        Ok(())
    }

    /// Removes an object. One that is not there is removed already.
    pub(crate) async fn delete(&self, key: &str) -> Result<()> {
        let _timing = self.metrics.store("DeleteObject");
        let answer = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        answer.map(drop).map_err(|err| unreachable(&err))
    }

    /// The object under `key`, if there is one.
    pub(crate) async fn head(&self, key: &str) -> Result<Option<ObjectHead>> {
        let _timing = self.metrics.store("HeadObject");
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
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
            Err(err) => Err(unreachable(&err)),
        }
    }

    /// Signs the part URLs of an upload for clients that reach the store at `endpoint`.
    pub(crate) fn presign_parts(&self, url: &UrlScope<'_>, upload_id: &str) -> Result<PartPresigner> {
        PartPresigner::new(&self.presign_scope(url), upload_id).map_err(Error::internal)
    }

    /// A signed GET of an object, which answers with these headers.
    pub(crate) fn presign_get(
        &self,
        url: &UrlScope<'_>,
        disposition: &str,
        mime_type: &str,
    ) -> Result<String> {
        let overrides = [("response-content-disposition", disposition), ("response-content-type", mime_type)];
        dray_s3::presign(&Method::GET, &self.presign_scope(url), &overrides).map_err(Error::internal)
    }

    fn presign_scope<'a>(&'a self, url: &UrlScope<'a>) -> PresignScope<'a> {
        PresignScope {
            credentials: &self.credentials,
            region: &self.region,
            endpoint: url.endpoint,
            bucket: &self.bucket,
            key: url.key,
            now: url.now,
            expires_secs: url.expires_secs,
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

fn code<E: ProvideErrorMetadata, R>(err: &SdkError<E, R>) -> Option<ErrorCode> {
    err.code().and_then(ErrorCode::parse)
}

/// The error of a call that should have worked: the store is down, full, or refuses us.
fn unreachable<E, R>(err: &SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    if code(err) == Some(ErrorCode::InsufficientStorage) {
        return Error::NoSpace;
    }
    Error::StoreUnreachable { detail: aws_sdk_s3::error::DisplayErrorContext(err).to_string() }
}

/// What an error of Complete says about the upload.
fn refusal<E, R>(err: &SdkError<E, R>, size_bytes: u64) -> Completion
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let detail = || err.message().unwrap_or_default().to_owned();
    match code(err) {
        Some(ErrorCode::NoSuchUpload) => Completion::NoSuchUpload,
        Some(ErrorCode::InvalidPart | ErrorCode::InvalidPartOrder) => {
            Completion::Refused(Error::InvalidPart { detail: detail() })
        }
        Some(ErrorCode::EntityTooSmall) => Completion::Refused(Error::PartTooSmall),
        Some(ErrorCode::BadDigest) => Completion::Refused(Error::ChecksumMismatch),
        Some(ErrorCode::InvalidRequest) => {
            Completion::Refused(Error::SizeMismatch { announced_bytes: size_bytes, detail: detail() })
        }
        _ => Completion::Unknown(unreachable(err)),
    }
}
