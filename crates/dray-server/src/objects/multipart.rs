//! Multipart uploads in the store.

use dray_api::limits::MAX_PARTS;
use dray_api::upload::StoredPart;
use dray_s3::xml::{CompleteMultipartUpload, CompletedPart, PartsPage, read_etag, read_upload_id};
use http::Method;

use super::failure::refusal;
use super::request::Request;
use super::{CRC64, Kind, ObjectHead, Objects, TOKEN_METADATA, copy, not_understood};
use crate::drive::parts::{Crc64, PartList, distinct};
use crate::drive::upload::Upload;
use crate::drive::{Error, Result};

/// The maximum number of parts that a store may list. Some stores list the same number several times.
const MOST_LISTED_PARTS: usize = 10 * MAX_PARTS as usize;

/// The outcome of asking the store to complete an upload.
#[derive(Debug)]
pub enum Completion {
    /// The object exists.
    Done,
    /// No Complete was sent yet, because the store does not answer.
    NotYet(Error),
    /// The store refused the parts. The upload is still open.
    Refused(Error),
    /// The store does not know the upload: somebody completed it before, or it is gone.
    NoSuchUpload {
        /// Whether no Complete of this upload can still be at work. If a Complete was sent more than once, this
        /// answer belongs to the last one, and an earlier one may still be at work.
        is_settled: bool,
    },
    /// No answer, or one that proves nothing: the object may exist.
    Unknown(Error),
}

/// What the store learns about an upload at its start.
pub struct NewUpload<'a> {
    /// Key of the object that it becomes.
    pub key: &'a str,
    /// The object's `Content-Type`.
    pub mime_type: &'a str,
    /// A random text that its object will carry. It proves which upload the object belongs to.
    pub store_token: &'a str,
    /// The announced size.
    pub size_bytes: u64,
}

/// An upload that the store has begun.
#[derive(Debug)]
pub struct BegunUpload {
    /// The store's upload id.
    pub upload_id: String,
    /// Whether the request was sent more than once. One that broke off may still reach the store, which then begins an
    /// upload that nobody knows.
    pub may_begin_again: bool,
}

/// The ending of [`strays_key`].
const STRAYS: &str = ".begun";

/// A key that no object has. If it is recorded as one to remove, that stands for the uploads of an object's key that nobody
/// knows.
pub fn strays_key(object_key: &str) -> String {
    format!("{object_key}{STRAYS}")
}

/// The object whose unknown uploads this key stands for, if it does.
pub fn object_of_strays(key: &str) -> Option<&str> {
    key.strip_suffix(STRAYS)
}

impl<'a> NewUpload<'a> {
    /// What the store learns about this upload.
    pub fn of(upload: &'a Upload) -> Self {
        let Upload { object_key, mime_type, store_token, size_bytes, .. } = upload;
        Self { key: object_key, mime_type, store_token, size_bytes: *size_bytes }
    }
}

impl Objects {
    /// Starts a multipart upload. The embedded store learns the announced size,
    /// and accepts no more bytes than that size allows.
    ///
    /// If the first answer is lost, the repeated request may start a second upload. Then this aborts all other
    /// uploads under the key.
    pub async fn create_upload(&self, new: &NewUpload<'_>) -> Result<BegunUpload> {
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
        let may_begin_again = answer.asked > 1;
        if may_begin_again {
            self.abort_uploads_of(key, Some(&id)).await?;
        }
        Ok(BegunUpload { upload_id: id, may_begin_again })
    }

    /// Completes an upload from `parts`, if they add up to `size_bytes`.
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
            checksum: None,
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

    /// Completes an upload. If the answer proves nothing, looks at the object: it belongs to the upload if it has the
    /// upload's size and token.
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

    /// The parts of an upload that the store has (`distinct`); `None` if it does not know the upload.
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
            if parts.len() > MOST_LISTED_PARTS {
                return Err(Error::internal("the store lists more parts than an upload can have"));
            }
            match page.next_marker {
                None => return Ok(Some(distinct(parts))),
                // Stop if the pages do not advance; otherwise the list would never end.
                Some(next) if next == marker => return Err(not_understood("ListParts")),
                Some(next) => marker = next,
            }
        }
    }

    /// Aborts an upload and removes its parts. It succeeds if the store does not know the upload.
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
}
