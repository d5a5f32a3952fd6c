//! Objects as an operator's commands handle them: listing all of them, and moving whole objects piece by piece.

use std::path::Path;

use dray_api::PartPlan;
use dray_api::upload::StoredPart;
use dray_s3::xml::{BucketsPage, ObjectsPage, UploadsPage};
use http::Method;
use jiff::Timestamp;

use super::request::Request;
use super::{MARK_PREFIX, NewUpload, Objects, not_understood, text};
use crate::drive::Result;
use crate::drive::parts::PartList;

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub key: String,
    pub size_bytes: u64,
    pub since: Timestamp,
}

/// An unfinished upload of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    pub key: String,
    pub upload_id: String,
    pub since: Timestamp,
}

impl Objects {
    /// The names of all buckets of the store that its keys see.
    pub async fn buckets(&self) -> Result<Vec<String>> {
        let service = self.in_bucket("");
        let (mut names, mut from) = (Vec::new(), None::<String>);
        loop {
            let mut request = Request::new("ListBuckets", Method::GET, "");
            if let Some(from) = &from {
                request = request.query("continuation-token", from);
            }
            let answer = service.client.ask(request).await?;
            let page = BucketsPage::parse(&answer.body).ok_or_else(|| not_understood("ListBuckets"))?;
            names.extend(page.names);
            if page.next_token.is_none() || page.next_token == from {
                return Ok(names);
            }
            from = page.next_token;
        }
    }

    /// A page of the objects below `prefix`, ascending by key, and where the next page starts. Only operators'
    /// commands call it, so it waits for a slow store. It leaves out the marks of drives.
    pub async fn list(&self, prefix: &str, from: Option<String>) -> Result<(Vec<Listed>, Option<String>)> {
        let mut request = Request::new("ListObjectsV2", Method::GET, "")
            .query("list-type", "2")
            .query("prefix", prefix)
            .patient();
        if let Some(from) = &from {
            request = request.query("continuation-token", from);
        }
        let answer = self.client.ask(request).await?;
        let page = ObjectsPage::parse(&answer.body).ok_or_else(|| not_understood("ListObjectsV2"))?;
        if page.next_token.is_some() && page.next_token == from {
            return Err(not_understood("ListObjectsV2"));
        }
        let others = page.objects.into_iter().filter(|object| !object.key.starts_with(MARK_PREFIX));
        let listed = others.map(|object| Listed {
            key: object.key,
            size_bytes: object.size_bytes,
            since: object.last_modified.unwrap_or(Timestamp::MAX),
        });
        Ok((listed.collect(), page.next_token))
    }

    /// Every upload below `prefix` that the store has begun and not ended. Operators' commands call it, like
    /// [`Self::list`].
    pub async fn begun_uploads(&self, prefix: &str) -> Result<Vec<Unfinished>> {
        let (mut begun, mut from) = (Vec::new(), None);
        loop {
            let page = self.uploads_page(uploads_below(prefix).patient(), from.as_ref()).await?;
            begun.extend(page.uploads.into_iter().map(|upload| Unfinished {
                key: upload.key,
                upload_id: upload.upload_id,
                since: upload.initiated.unwrap_or(Timestamp::MAX),
            }));
            match page.next_marker {
                None => return Ok(begun),
                // Stop if the pages do not advance; otherwise the list would never end.
                next if next == from => return Err(not_understood("ListMultipartUploads")),
                next => from = next,
            }
        }
    }

    /// A page of the answer to [`uploads_below`], starting at a key and an upload id.
    pub(super) async fn uploads_page<'a>(
        &self,
        mut request: Request<'a>,
        from: Option<&'a (String, String)>,
    ) -> Result<UploadsPage> {
        if let Some((key, id)) = from {
            request = request.query("key-marker", key).query("upload-id-marker", id);
        }
        let answer = self.client.ask(request).await?;
        UploadsPage::parse(&answer.body).ok_or_else(|| not_understood("ListMultipartUploads"))
    }

    /// Begins an object of `size_bytes`, whose parts are then put one by one.
    pub async fn begin_object(&self, key: &str, mime_type: &str, size_bytes: u64) -> Result<NewObject<'_>> {
        let token = crate::random::text()?;
        let new = NewUpload { key, mime_type, store_token: &token, size_bytes };
        let upload_id = self.create_upload(&new).await?.upload_id;
        let (plan, key, mime_type) =
            (PartPlan::recommended(size_bytes), key.to_owned(), mime_type.to_owned());
        Ok(NewObject { objects: self, key, mime_type, token, upload_id, size_bytes, plan, parts: Vec::new() })
    }
}

/// An object that is being written.
pub struct NewObject<'a> {
    objects: &'a Objects,
    key: String,
    mime_type: String,
    token: String,
    upload_id: String,
    size_bytes: u64,
    plan: PartPlan,
    parts: Vec<StoredPart>,
}

impl NewObject<'_> {
    /// Where the next part begins, and how long it is; `None` after the last part.
    pub fn next_part(&self) -> Option<(u64, u64)> {
        if self.is_put_whole() {
            return None;
        }
        self.plan.part(u32::try_from(self.parts.len()).ok()? + 1)
    }

    /// Puts the next part: `len` bytes of a file, starting at `offset`.
    pub async fn put(&mut self, file: &Path, offset: u64, len: u64) -> Result<()> {
        let number = self.parts.len() + 1;
        let text_number = number.to_string();
        let request = Request::new("UploadPart", Method::PUT, &self.key)
            .query("partNumber", &text_number)
            .query("uploadId", &self.upload_id)
            .file(file, offset, len)
            .patient();
        let answer = self.objects.client.ask(request).await?;
        let e_tag = text(&answer.headers, "etag").ok_or_else(|| not_understood("UploadPart"))?.to_owned();
        self.parts.push(StoredPart { part_number: number as u64, size: len, e_tag });
        Ok(())
    }

    /// Completes the object.
    pub async fn complete(self) -> Result<()> {
        let Self { objects, key, mime_type, token, upload_id, size_bytes, .. } = &self;
        if self.is_put_whole() {
            return objects.put_empty(key, upload_id, mime_type, token).await;
        }
        let parts = PartList::of_stored(self.parts.clone())?;
        objects.complete_and_look((key, upload_id), &parts, *size_bytes, token).await
    }

    /// Whether the object is put in one request: an empty object, if the store may refuse empty parts.
    fn is_put_whole(&self) -> bool {
        self.size_bytes == 0 && !self.objects.takes_empty_parts()
    }

    /// Aborts the object's upload. If the store keeps its parts, the store's own rules or `dray sweep` remove them
    /// later.
    pub async fn abort(self) {
        if let Err(err) = self.objects.abort_upload(&self.key, &self.upload_id).await {
            tracing::warn!(key = self.key, %err, "an object was not finished, and its parts stay in the store");
        }
    }
}

/// A request for the uploads below `prefix` that the store has begun and not ended.
pub(super) fn uploads_below(prefix: &str) -> Request<'_> {
    Request::new("ListMultipartUploads", Method::GET, "").query("uploads", "").query("prefix", prefix)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use axum::Router;
    use dray_s3::{AddressingStyle, Credentials, Endpoint};

    use super::*;
    use crate::config::Clock;
    use crate::metrics::Metrics;
    use crate::objects::Kind;
    use crate::objects::credentials::Keys;
    use crate::objects::gate::SharedGate;
    use crate::objects::s3_client::{S3Client, Transport};

    /// A store that takes half a minute for each answer.
    fn slow_store() -> Objects {
        let answer = || async {
            tokio::time::sleep(Duration::from_secs(30)).await;
            "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
        };
        let credentials = Credentials {
            access_key_id: "id".into(),
            secret_access_key: "secret".into(),
            session_token: None,
        };
        let client = S3Client {
            way: Transport::Router(Router::new().fallback(answer)),
            endpoint: Endpoint::parse("http://h", AddressingStyle::Path).unwrap(),
            region: "us-east-1".into(),
            bucket: "b".into(),
            keys: Keys::fixed(&credentials),
            clock: Clock::system(),
            metrics: Arc::new(Metrics::off()),
            gate: SharedGate::default(),
        };
        Objects::of(client, Kind::Embedded)
    }

    #[tokio::test(start_paused = true)]
    async fn operators_wait_for_a_store_that_lists_slowly_and_nobody_else_does() {
        let store = slow_store();
        assert_eq!(store.list("files/", None).await.unwrap().0.len(), 0);
        assert!(store.begun_uploads("files/").await.is_ok());
        assert!(store.uploads_page(uploads_below("files/"), None).await.is_err(), "a client waits for this");
    }
}
