//! Uploads of a whole file with one PUT. Finalize treats such an upload as an upload of one part, which must carry
//! the upload's token in the store. If the PUT did not write the object itself, completing the upload is a copy.

use dray_api::upload::StoredPart;
use dray_s3::PartNumber;

use super::Service;
use super::finalize_lease::Lease;
use crate::drive::parts::PartList;
use crate::drive::upload::Upload;
use crate::drive::{Error, Result};
use crate::objects::Completion;
use dray_object_store::die_at;

impl Service {
    /// The one part of an upload, if the store has it. An object without the upload's token is not its part.
    pub(super) async fn stored_whole(&self, upload: &Upload, put_key: &str) -> Result<Option<StoredPart>> {
        self.objects.check_put_key(upload)?;
        let file = self.objects.whole_file(put_key, false).await?;
        let file = file.filter(|file| file.is_of(upload));
        Ok(file.map(|file| StoredPart {
            part_number: u64::from(PartNumber::FIRST.get()),
            size: file.size_bytes,
            e_tag: file.etag,
        }))
    }

    /// Compares what the store has with what a finalize lists and what was announced. If the PUT wrote the object
    /// itself, this also compares the checksum. If finalize copies it, the copy's checksum is compared later.
    pub(super) async fn check_whole(
        &self,
        upload: &Upload,
        put_key: &str,
        parts: Option<&PartList>,
    ) -> Result<PartList> {
        self.objects.check_put_key(upload)?;
        let is_object = upload.staging_key().is_none();
        let crc64 = upload.crc64.as_ref().filter(|_| is_object);
        let file = self.objects.whole_file(put_key, crc64.is_some()).await?.filter(|file| file.is_of(upload));
        let Some(file) = file else {
            return Err(Error::NothingStored);
        };
        if file.is_encoded() {
            return Err(Error::InvalidPart { detail: "It was sent with a Content-Encoding.".into() });
        }
        if crc64.is_some() && crc64 != file.crc64.as_ref() {
            return Err(Error::ChecksumMismatch);
        }
        let stored = vec![StoredPart { part_number: 1, size: file.size_bytes, e_tag: file.etag }];
        let listed = match parts {
            Some(parts) => parts.clone(),
            None => PartList::of_stored(stored.clone())?,
        };
        listed.check_stored(&stored, upload.size_bytes)?;
        Ok(listed)
    }

    /// Completes an upload: its object is there already, or is copied from the key beside it.
    pub(super) async fn complete_whole(&self, lease: &Lease, put_key: &str, parts: &PartList) -> Completion {
        let upload = &lease.upload;
        if let Err(err) = self.check_whole(upload, put_key, Some(parts)).await {
            return if err.is_passing() { Completion::NotYet(err) } else { Completion::Refused(err) };
        }
        if upload.staging_key().is_none() {
            return Completion::Done;
        }
        if let Err(err) = self.begin_attempt(lease).await {
            return Completion::NotYet(err);
        }
        let etag = parts.iter().next().map(|(_, etag)| etag.to_owned()).unwrap_or_default();
        let copied = self.objects.copy_staged(upload, put_key, &etag).await;
        die_at("W5");
        copied
    }
}
