//! The checks of an upload's stored bytes before they become an item. The store or `finalize.rs` has already compared
//! their number with the announced size, which was within every limit when the upload was started.

use super::Service;
use super::finalize_lease::Lease;
use crate::db::grants;
use crate::drive::sniff::{self, SNIFFED_BYTES};
use crate::drive::upload::Upload;
use crate::drive::{Error, Result};

/// Whether a refusal says that the bytes themselves are wrong, so that they can never become an item.
pub(super) fn is_about_bytes(refusal: &Error) -> bool {
    matches!(refusal, Error::ChecksumMismatch | Error::FileTypeMismatch { .. } | Error::FileTypeNotAllowed)
}

impl Service {
    /// Refuses stored bytes that differ from what was announced: by their checksum and, if the operator asks for it,
    /// by their type.
    pub(super) async fn check_stored(&self, lease: &Lease) -> Result<()> {
        self.prove_checksum(lease).await?;
        self.check_type(&lease.upload, &lease.upload.object_key).await
    }

    /// Refuses an object of another size than was announced. That ends the upload permanently, so it must show twice.
    pub(super) async fn check_size(&self, upload: &Upload) -> Result<()> {
        let announced_bytes = upload.size_bytes;
        let find = async || self.objects.find(&upload.object_key).await?.ok_or(Error::FinalizePending);
        if find().await?.size_bytes == announced_bytes {
            return Ok(());
        }
        let found = find().await?.size_bytes;
        if found == announced_bytes {
            return Ok(());
        }
        Err(Error::SizeMismatch { announced_bytes, detail: format!("the object has {found} bytes.") })
    }

    /// Refuses the bytes at `key` if they are of another type than was announced, if the operator asks for that
    /// check. That ends the upload permanently, so an external store must show it twice.
    pub(super) async fn check_type(&self, upload: &Upload, key: &str) -> Result<()> {
        if !self.rules.verify_types || upload.size_bytes == 0 {
            return Ok(());
        }
        let types = match upload.attached.grant {
            Some(id) => self.db.read(move |c| Ok(grants::types(c, id)?)).await?,
            None => Vec::new(),
        };
        let check = async || {
            let object = self.objects.find(key).await?.ok_or(Error::FinalizePending)?;
            let head = self.objects.read_head(object.source(key), SNIFFED_BYTES).await?;
            sniff::check(&self.rules, &types, (&upload.name, &upload.mime_type), &head)
        };
        match Box::pin(check()).await {
            Err(refusal) if is_about_bytes(&refusal) && !self.objects.checks_what_it_completes() => {
                Box::pin(check()).await
            }
            checked => checked,
        }
    }
}
