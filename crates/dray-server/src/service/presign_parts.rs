//! Step 2 of an upload: one signed URL for each part.

use dray_api::upload::PresignParts;
use dray_s3::{Endpoint, PartNumber};
use jiff::Timestamp;

use super::Service;
use crate::db::{Conn, grants, puts, uploads};
use crate::drive::Result;
use crate::drive::access::Caller;
use crate::drive::parts::{parts_to_sign, whole_to_sign};
use crate::drive::rules::UploadRules;
use crate::drive::upload::Upload;
use crate::objects::{PartUrls, UrlScope};

/// What is needed to write the signed URLs of some parts.
pub(crate) struct SignedParts {
    /// Writes them.
    pub(crate) urls: PartUrls,
    /// The parts, ascending, each with its exact size if the URL signs it.
    pub(crate) parts: Vec<(PartNumber, Option<u64>)>,
    /// The headers that a request must have in addition. A part needs none.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// When the URLs expire.
    pub(crate) expires_at: Timestamp,
}

impl Service {
    /// Signs the parts of the caller's upload for clients that reach the store at `endpoint`.
    pub(crate) async fn presign_parts(
        &self,
        caller: &Caller,
        request: &PresignParts,
        endpoint: &Endpoint,
        now: Timestamp,
    ) -> Result<SignedParts> {
        let upload = self.upload_of(caller, &request.upload_id, &request.file_key).await?;
        let upload_id = upload.signable(now)?;
        if let Some(put_key) = &upload.put_key {
            whole_to_sign(upload.size_bytes, request)?;
            return self.presign_whole(&upload, put_key, endpoint, now).await;
        }
        let parts = parts_to_sign(upload.size_bytes, request)?;
        let upload_left = self.keep_alive(&upload, now).await?.duration_since(now).as_secs();
        let expires_secs = self.url_ttl_secs.min(u32::try_from(upload_left).unwrap_or(1)).max(1);
        let now = self.clock.machine_now();
        let url = UrlScope { endpoint, key: &upload.object_key, now, expires_secs };
        let (urls, expires_at) = self.objects.part_urls(&url, upload_id, upload.size_bytes).await?;
        self.metrics.part_urls.increment(u64::try_from(parts.len()).unwrap_or_default());
        Ok(SignedParts { urls, parts, headers: Vec::new(), expires_at })
    }

    /// Signs the one PUT of a whole file again. The upload's row gets the URL's expiry before the caller gets the URL.
    async fn presign_whole(
        &self,
        upload: &Upload,
        put_key: &str,
        endpoint: &Endpoint,
        now: Timestamp,
    ) -> Result<SignedParts> {
        let (signed_at, expires_secs) = (self.clock.machine_now(), self.url_ttl_secs);
        let url = UrlScope { endpoint, key: put_key, now: signed_at, expires_secs };
        let put = self.objects.presign_put(&url, upload).await?;
        let (id, until) = (upload.id, put.expires_at);
        self.keep_alive(upload, now).await?;
        self.db.write(move |c| Ok(puts::extend_put(c, id, until)?)).await?;
        self.metrics.part_urls.increment(1);
        let parts = vec![(PartNumber::FIRST, None)];
        Ok(SignedParts { urls: PartUrls::Whole(put.url), parts, headers: put.headers, expires_at: until })
    }

    /// Extends the upload's expiry, because somebody works on it. Returns the new expiry.
    pub(super) async fn keep_alive(&self, upload: &Upload, now: Timestamp) -> Result<Timestamp> {
        if upload.later_expiry(&self.rules, now).is_none() {
            return Ok(upload.expires_at);
        }
        let (service, upload) = (self.clone(), upload.clone());
        self.db.write(move |c| extend_expiry(c, &service.rules, &upload, now)).await
    }
}

/// Like [`Service::keep_alive`], in a transaction. An upload does not outlive its grant.
pub(super) fn extend_expiry(
    c: &Conn,
    rules: &UploadRules,
    upload: &Upload,
    now: Timestamp,
) -> Result<Timestamp> {
    let Some(expires_at) = upload.later_expiry(rules, now) else { return Ok(upload.expires_at) };
    let expires_at = match upload.attached.grant {
        None => expires_at,
        Some(id) => {
            let grant = grants::by_id(c, id)?;
            grant.map_or(upload.expires_at, |(grant, _)| expires_at.min(grant.expires_at))
        }
    };
    if expires_at <= upload.expires_at {
        return Ok(upload.expires_at);
    }
    uploads::set_expiry(c, upload.id, expires_at)?;
    Ok(expires_at)
}
