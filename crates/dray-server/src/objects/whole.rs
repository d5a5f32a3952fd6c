//! Files that a client sends whole, with one signed PUT. This file also makes that URL harmless once the file is
//! finalized.
//!
//! The embedded store refuses to overwrite what is there (`If-None-Match: *`), so the PUT writes the object itself.
//! Dray does not know whether other stores refuse. There the PUT writes a key beside the object, and finalize copies
//! it from there.

use dray_object_store::pipeline;
use dray_s3::encode_path;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;

use super::TOKEN_METADATA;
use super::failure::copy_refusal;
use super::request::Request;
use super::sign::UrlScope;
use super::{CRC64, Completion, ObjectHead, Objects, not_understood, read_head, text};
use crate::drive::parts::Crc64;
use crate::drive::upload::{STAGED, Upload};
use crate::drive::{Error, Result};

/// A file in the store.
#[derive(Debug, PartialEq, Eq)]
pub struct WholeFile {
    /// How many bytes it has.
    pub size_bytes: u64,
    /// The store's `ETag`, unchanged.
    pub etag: String,
    /// The CRC-64/NVME of its bytes, if the caller asked for it and the store knows it.
    pub crc64: Option<Crc64>,
    store_token: Option<String>,
    is_encoded: bool,
}

impl WholeFile {
    /// Whether this upload's client sent the file: it must carry the upload's token. That a file exists proves nothing.
    pub fn is_of(&self, upload: &Upload) -> bool {
        self.store_token.as_deref() == Some(&upload.store_token)
    }

    /// Whether its sender named a coding of its bytes. Browsers would decode it, so what they download would not be
    /// what was measured here.
    pub fn is_encoded(&self) -> bool {
        self.is_encoded
    }
}

/// The URL of a PUT, the headers that it must have, and its expiry.
#[derive(Debug)]
pub struct PutUrl {
    /// The signed URL.
    pub url: String,
    /// The signed headers, without the length.
    pub headers: Vec<(&'static str, String)>,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Objects {
    /// Whether the store refuses a PUT to a key that has an object already, even if two requests race.
    pub fn refuses_to_overwrite(&self) -> bool {
        self.checks_what_it_completes()
    }

    /// The key that the PUT of an object writes.
    pub fn put_key(&self, object_key: &str) -> String {
        if self.refuses_to_overwrite() { object_key.to_owned() } else { format!("{object_key}{STAGED}") }
    }

    /// Refuses an upload whose PUT was signed for a store of another kind, as before a move of the drive to another store.
    /// Its key follows the rules of that store, and what was sent is there. The client must begin anew.
    pub fn check_put_key(&self, upload: &Upload) -> Result<()> {
        match &upload.put_key {
            Some(key) if *key != self.put_key(&upload.object_key) => Err(Error::UploadExpired),
            _ => Ok(()),
        }
    }

    /// Signs the PUT of an upload. The signature covers its exact size, its type and its token.
    pub async fn presign_put(&self, url: &UrlScope<'_>, upload: &Upload) -> Result<PutUrl> {
        self.check_put_key(upload)?;
        let signer = self.signer(url).await?;
        let mut headers =
            vec![("content-type", upload.mime_type.clone()), (TOKEN_METADATA, upload.store_token.clone())];
        if upload.staging_key().is_none() {
            headers.push(("if-none-match", "*".to_owned()));
        }
        let length = upload.size_bytes.to_string();
        let mut bound: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        bound.push(("content-length", &length));
        let presigned = dray_s3::presign_with_headers(&Method::PUT, &signer.scope(self, url), &[], &bound);
        let expires_at = signer.expires_at;
        Ok(PutUrl { url: presigned.map_err(Error::internal)?, headers, expires_at })
    }

    /// Signs an address that takes many PUTs in one request, if clients reach the store through this server.
    pub async fn presign_pipeline(&self, url: &UrlScope<'_>) -> Result<Option<String>> {
        if self.public_endpoint().is_some() {
            return Ok(None);
        }
        let (signer, of_bucket) = (self.signer(url).await?, UrlScope { key: "", ..*url });
        let scope = signer.scope(self, &of_bucket);
        let presigned = dray_s3::presign(&Method::POST, &scope, &[(pipeline::PARAMETER, "")]);
        presigned.map(Some).map_err(Error::internal)
    }

    /// What the store has under `key`, with its checksum if `with_crc64`.
    pub async fn whole_file(&self, key: &str, with_crc64: bool) -> Result<Option<WholeFile>> {
        let mut request = Request::new("HeadObject", Method::HEAD, key);
        if with_crc64 {
            request = request.header("x-amz-checksum-mode", "ENABLED");
        }
        match self.client.ask(request).await {
            Ok(answer) => {
                read_whole_file(&answer.headers).ok_or_else(|| not_understood("HeadObject")).map(Some)
            }
            Err(failed) if failed.is_gone() => Ok(None),
            Err(failed) => Err(failed.into()),
        }
    }

    /// Makes the object of an upload: copies what its client has put beside it, if that still has this `ETag`.
    pub async fn copy_staged(&self, upload: &Upload, staging_key: &str, etag: &str) -> Completion {
        let request = Request::new("CopyObject", Method::PUT, &upload.object_key)
            .header("x-amz-copy-source", encode_path(&format!("/{}/{staging_key}", self.bucket())))
            .header("x-amz-copy-source-if-match", format!("\"{etag}\""))
            .header("x-amz-metadata-directive", "REPLACE")
            .header("content-type", &upload.mime_type)
            .header(TOKEN_METADATA, &upload.store_token)
            .patient();
        match self.client.ask(request).await {
            Ok(_) => Completion::Done,
            Err(failed) => copy_refusal(failed),
        }
    }

    /// Frees the bytes of a key that a signed URL can still write. If the store refuses to overwrite, an empty object
    /// takes their place, so that the URL can write nothing more. Otherwise this removes the key, and the caller must
    /// remove it once more after the URL has expired.
    pub async fn block(&self, key: &str) -> Result<()> {
        if !self.refuses_to_overwrite() {
            return self.delete(key).await;
        }
        self.client.ask(Request::new("PutObject", Method::PUT, key)).await?;
        Ok(())
    }
}

fn read_whole_file(headers: &HeaderMap) -> Option<WholeFile> {
    let is_whole = text(headers, "x-amz-checksum-type") == Some("FULL_OBJECT");
    let crc64 = text(headers, CRC64).filter(|_| is_whole);
    let ObjectHead { size_bytes, etag, store_token } = read_head(headers)?;
    Some(WholeFile {
        size_bytes,
        etag,
        crc64: crc64.map(|crc64| Crc64::from_stored(crc64.to_owned())),
        store_token,
        is_encoded: headers.get_all(CONTENT_ENCODING).iter().any(is_coding),
    })
}

/// Whether this `Content-Encoding` names a coding of the bytes. Some stores keep the framing of an upload there.
fn is_coding(value: &HeaderValue) -> bool {
    let is_none = |coding: &[u8]| {
        let coding = coding.trim_ascii();
        coding.is_empty()
            || [&b"aws-chunked"[..], b"identity"].iter().any(|none| coding.eq_ignore_ascii_case(none))
    };
    !value.as_bytes().split(|byte| *byte == b',').all(is_none)
}
