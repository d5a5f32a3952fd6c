//! Proof that an object has the checksum that its uploader announced.

use crc_fast::CrcAlgorithm;
use dray_api::UploadRowId;

use super::Service;
use super::finalize_lease::Lease;
use crate::db::Conn;
use crate::db::read_backs::{self, ReadBack};
use crate::drive::parts::Crc64;
use crate::drive::upload::Upload;
use crate::drive::{Error, Result};
use crate::objects::{Source, Stretch};

/// How much one request reads back: at first, and at most.
const SHORTEST_STRETCH_BYTES: u64 = 8 << 20;
const LONGEST_STRETCH_BYTES: u64 = 256 << 20;

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
    /// object back. A mismatch ends the upload permanently, so it must show twice.
    pub(super) async fn prove_checksum(&self, lease: &Lease) -> Result<()> {
        let is_unchecked = !self.objects.checks_what_it_completes();
        let Some(announced) = lease.upload.crc64.as_ref().filter(|_| is_unchecked) else { return Ok(()) };
        for is_repeat in [false, true] {
            let found = Box::pin(self.found_checksum(lease, is_repeat)).await?;
            if found.as_ref() == Some(announced) {
                return Ok(());
            }
        }
        Err(Error::ChecksumMismatch)
    }

    /// The checksum of what the store has; `None` if its bytes are damaged there, and so are not those that were announced.
    async fn found_checksum(&self, lease: &Lease, is_repeat: bool) -> Result<Option<Crc64>> {
        let Upload { object_key, size_bytes, .. } = &lease.upload;
        if *size_bytes == 0 {
            // There is nothing to read.
            return Ok(Some(Crc64::of(0)));
        }
        let file = self.objects.whole_file(object_key, true).await?.ok_or(Error::FinalizePending)?;
        if file.crc64.is_some() {
            return Ok(file.crc64);
        }
        let of = file.source(object_key);
        let read =
            if is_repeat { self.objects.read_crc64(of).await } else { self.read_back(lease, of).await };
        match read {
            Ok(read) => Ok(Some(read)),
            Err(Error::BytesDamaged { .. }) => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// The checksum of the object's bytes. It reads each byte once: Dray stores how far it has read, and the result,
    /// in case this or another server has to repeat the rest of the finalize.
    async fn read_back(&self, lease: &Lease, of: Source<'_>) -> Result<Crc64> {
        let upload = &lease.upload;
        if let Some(proven) = &upload.proven_crc64 {
            return Ok(proven.clone());
        }
        let (id, size_bytes) = (upload.id, upload.size_bytes);
        let mut so_far = self.db.read(move |c| Ok(read_backs::so_far(c, id)?)).await?;
        while so_far.bytes < size_bytes {
            let most = stretch_bytes(so_far.bytes).min(size_bytes - so_far.bytes);
            let stretch = self.objects.read_stretch(of, so_far.bytes, most).await?;
            so_far = joined(so_far, stretch);
            if so_far.bytes < size_bytes {
                let holder = lease.holder.clone();
                self.note_read_back(id, move |c| Ok(read_backs::keep(c, id, &holder, so_far)?)).await;
            }
        }
        let (read, proof) = (Crc64::of(so_far.crc64), Crc64::of(so_far.crc64));
        let holder = lease.holder.clone();
        self.note_read_back(id, move |c| Ok(read_backs::end(c, id, &holder, &proof)?)).await;
        Ok(read)
    }

    /// Stores how far the object was read back. If that fails, a repeat only has to read it again.
    async fn note_read_back(&self, id: UploadRowId, note: impl Fn(&Conn) -> Result<()> + Send + 'static) {
        if let Err(err) = self.db.write(note).await {
            tracing::warn!(upload = %id, %err, "the progress of reading an object back could not be stored");
        }
    }
}

/// How much to read next after `read_bytes`. If that read breaks off, a repeat reads no more again than was read
/// before.
fn stretch_bytes(read_bytes: u64) -> u64 {
    read_bytes.clamp(SHORTEST_STRETCH_BYTES, LONGEST_STRETCH_BYTES)
}

fn joined(before: ReadBack, stretch: Stretch) -> ReadBack {
    let ReadBack { bytes, crc64 } = before;
    ReadBack {
        bytes: bytes + stretch.bytes,
        crc64: crc_fast::checksum_combine(CrcAlgorithm::Crc64Nvme, crc64, stretch.crc64, stretch.bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_come_to_the_checksum_of_all_their_bytes() {
        let whole = b"the bytes of an object";
        let mut so_far = ReadBack::default();
        for piece in whole.chunks(5) {
            let stretch = Stretch { bytes: piece.len() as u64, crc64: crc_fast::crc64_nvme(piece) };
            so_far = joined(so_far, stretch);
        }
        assert_eq!(so_far, ReadBack { bytes: 22, crc64: crc_fast::crc64_nvme(whole) });
    }

    #[test]
    fn stretches_grow_with_what_was_read_and_have_bounds() {
        let mib = |read: u64| stretch_bytes(read << 20) >> 20;
        assert_eq!([0, 8, 16, 100, 256, 9000].map(mib), [8, 8, 16, 100, 256, 256]);
    }
}
