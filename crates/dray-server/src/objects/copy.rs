//! Objects as an operator handles them: listing all there are, and moving whole ones, piece by piece.

use std::io::Write as _;
use std::path::Path;

use aws_sdk_s3::primitives::{ByteStream, Length};
use dray_api::PartPlan;
use dray_api::upload::StoredPart;
use jiff::Timestamp;

use super::{Completion, Objects, READ_TIMEOUT, failure};
use crate::drive::parts::PartList;
use crate::drive::{Error, Result};

/// An object, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: String,
    pub(crate) size_bytes: u64,
    pub(crate) since: Timestamp,
}

/// An upload that the store has begun and not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfinished {
    pub(crate) key: String,
    pub(crate) upload_id: String,
    pub(crate) since: Timestamp,
}

impl Objects {
    /// A page of the objects below `prefix`, ascending by key, and where the next page starts.
    pub(crate) async fn list(
        &self,
        prefix: &str,
        from: Option<String>,
    ) -> Result<(Vec<Listed>, Option<String>)> {
        let _timing = self.metrics.store("ListObjectsV2");
        let request = self.clients.usual.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let answer = request.set_continuation_token(from).send().await.map_err(|err| failure(&err))?;
        let listed = answer.contents.unwrap_or_default().into_iter().filter_map(|object| {
            Some(Listed {
                key: object.key?,
                size_bytes: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                since: time(object.last_modified),
            })
        });
        Ok((listed.collect(), answer.next_continuation_token))
    }

    /// Every upload below `prefix` that the store has begun and not ended.
    pub(crate) async fn begun_uploads(&self, prefix: &str) -> Result<Vec<Unfinished>> {
        let _timing = self.metrics.store("ListMultipartUploads");
        let mut begun = Vec::new();
        let (mut key, mut id) = (None, None);
        loop {
            let request = self.clients.usual.list_multipart_uploads().bucket(&self.bucket).prefix(prefix);
            let request = request.set_key_marker(key).set_upload_id_marker(id);
            let page = request.send().await.map_err(|err| failure(&err))?;
            begun.extend(page.uploads.unwrap_or_default().into_iter().filter_map(|upload| {
                Some(Unfinished {
                    key: upload.key?,
                    upload_id: upload.upload_id?,
                    since: time(upload.initiated),
                })
            }));
            (key, id) = (page.next_key_marker, page.next_upload_id_marker);
            if page.is_truncated != Some(true) || key.is_none() {
                return Ok(begun);
            }
        }
    }

    /// Reads `len` bytes of an object from `offset` on into `to`, and into `digest`.
    pub(crate) async fn read(
        &self,
        key: &str,
        (offset, len): (u64, u64),
        to: &mut std::fs::File,
        digest: &mut crc_fast::Digest,
    ) -> Result<()> {
        let request = self.clients.usual.get_object().bucket(&self.bucket).key(key);
        // An empty range can not be asked for.
        let range = (len > 0).then(|| format!("bytes={offset}-{}", offset + len - 1));
        let mut body = request.set_range(range).send().await.map_err(|err| failure(&err))?.body;
        let mut read = 0;
        let broken =
            |err: &dyn std::fmt::Display| Error::StoreUnreachable { detail: format!("reading {key}: {err}") };
        while let Some(bytes) =
            tokio::time::timeout(READ_TIMEOUT, body.next()).await.map_err(|err| broken(&err))?
        {
            let bytes = bytes.map_err(|err| broken(&err))?;
            read += bytes.len() as u64;
            digest.update(&bytes);
            to.write_all(&bytes).map_err(Error::internal)?;
        }
        if read == len { Ok(()) } else { Err(broken(&format_args!("{read} bytes of {len}"))) }
    }

    /// Begins an object of `size_bytes`, whose parts are then put one by one.
    pub(crate) async fn begin_object(
        &self,
        key: &str,
        mime_type: &str,
        size_bytes: u64,
    ) -> Result<NewObject<'_>> {
        let token = crate::random::text()?;
        let upload_id = self.create_upload(key, mime_type, &token).await?;
        let (plan, key) = (PartPlan::recommended(size_bytes), key.to_owned());
        Ok(NewObject { objects: self, key, upload_id, size_bytes, plan, parts: Vec::new() })
    }
}

/// An object that is being written.
pub(crate) struct NewObject<'a> {
    objects: &'a Objects,
    key: String,
    upload_id: String,
    size_bytes: u64,
    plan: PartPlan,
    parts: Vec<StoredPart>,
}

impl NewObject<'_> {
    /// Where the next part begins, and how long it is; `None`: there are all.
    pub(crate) fn next_part(&self) -> Option<(u64, u64)> {
        self.plan.part(u32::try_from(self.parts.len()).ok()? + 1)
    }

    /// Puts the next part: so many bytes of a file, from `offset` on.
    pub(crate) async fn put(&mut self, file: &Path, offset: u64, len: u64) -> Result<()> {
        let Objects { clients, bucket, metrics, .. } = self.objects;
        let _timing = metrics.store("UploadPart");
        let bytes = ByteStream::read_from().path(file).offset(offset).length(Length::Exact(len)).build();
        let number = self.parts.len() + 1;
        let answer = clients
            .patient
            .upload_part()
            .bucket(bucket)
            .key(&self.key)
            .upload_id(&self.upload_id)
            .part_number(i32::try_from(number).map_err(Error::internal)?)
            .body(bytes.await.map_err(Error::internal)?)
            .send()
            .await
            .map_err(|err| failure(&err))?;
        let e_tag = answer.e_tag.ok_or_else(|| Error::internal("the store answered no ETag"))?;
        self.parts.push(StoredPart { part_number: number as u64, size: len, e_tag });
        Ok(())
    }

    /// Ends the object: it is there.
    pub(crate) async fn complete(self) -> Result<()> {
        let parts = PartList::of_stored(self.parts)?;
        let Self { objects, key, upload_id, size_bytes, .. } = self;
        match objects.complete_upload(&key, &upload_id, &parts, size_bytes, None).await {
            Completion::Done => Ok(()),
            Completion::NotYet(err) | Completion::Refused(err) | Completion::Unknown(err) => Err(err),
            Completion::NoSuchUpload => Err(Error::internal("the store has forgotten the upload")),
        }
    }

    /// Gives it up. What can not be freed, the store's own rules or `dray sweep` free later.
    pub(crate) async fn abort(self) {
        if let Err(err) = self.objects.abort_upload(&self.key, &self.upload_id).await {
            tracing::warn!(key = self.key, %err, "parts of an object that was not finished stay in the store");
        }
    }
}

fn time(at: Option<aws_sdk_s3::primitives::DateTime>) -> Timestamp {
    at.and_then(|at| Timestamp::from_second(at.secs()).ok()).unwrap_or(Timestamp::MAX)
}
