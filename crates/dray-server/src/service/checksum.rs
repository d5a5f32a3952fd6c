//! Proof that an object has the checksum that its uploader announced.

use super::Service;
use crate::db::finalizing;
use crate::drive::parts::Crc64;
use crate::drive::upload::Upload;
use crate::drive::{Error, Result};

/// The checksum that `start` announced is binding. A finalize may repeat it, or name one if there is none yet.
pub(super) fn check_announced(upload: &Upload, wanted: Option<&Crc64>) -> Result<()> {
    match (&upload.crc64, wanted) {
        (Some(announced), Some(wanted)) if announced != wanted => {
            Err(Error::field("checksum.crc64nvme", "must be the one that start announced"))
        }
        _ => Ok(()),
    }
}

impl Service {
    /// If the object must have a checksum that the store has not checked: asks the store for its checksum, or reads the
    /// object back.
    pub(super) async fn prove_checksum(&self, upload: &Upload) -> Result<()> {
        match &upload.crc64 {
            Some(crc64) if !self.objects.checks_what_it_completes() && upload.size_bytes > 0 => {
                let stored = match self.objects.stored_crc64(&upload.object_key).await? {
                    Some(stored) => stored,
                    None => self.read_back(upload).await?,
                };
                if stored == *crc64 { Ok(()) } else { Err(Error::ChecksumMismatch) }
            }
            _ => Ok(()),
        }
    }

    /// The checksum of the object's bytes. They are read once: the result is stored, in case the rest of the finalize has
    /// to be done again.
    async fn read_back(&self, upload: &Upload) -> Result<Crc64> {
        if let Some(proven) = &upload.proven_crc64 {
            return Ok(proven.clone());
        }
        let read = self.objects.read_crc64(&upload.object_key).await?;
        let (id, proof) = (upload.id, read.clone());
        if let Err(err) = self.db.write(move |c| Ok(finalizing::set_proof(c, id, &proof)?)).await {
            tracing::warn!(upload = %id, %err, "the checksum of an object's bytes could not be stored");
        }
        Ok(read)
    }
}
