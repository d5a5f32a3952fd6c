//! Measures how much of each open upload is in the store, because not every store refuses bytes that nobody
//! announced. Bytes beyond the announced size count towards quotas. An upload with far more bytes is aborted.

use dray_api::upload::StoredPart;
use jiff::{SignedDuration, Timestamp};

use super::Service;
use crate::db::measures;
use crate::drive::report::Report;
use crate::drive::upload::{Upload, is_oversized};
use crate::drive::{Error, Result};

/// How long after its start, and after its last measurement, an upload is measured.
const EVERY: SignedDuration = SignedDuration::from_mins(5);
/// How many uploads one sweep measures. The uploads that have waited longest come first.
const AT_ONCE: u32 = 100;

impl Service {
    /// Asks the store for the parts of some open uploads, several at once. One about which the store does not answer waits
    /// for its next turn and delays no other.
    pub(super) async fn measure_uploads(&self, now: Timestamp, report: &mut Report) -> Result<()> {
        let before = now.checked_sub(EVERY).map_err(Error::internal)?;
        let lease_now = self.db.lease_time();
        let due = self.db.read_long(move |c| Ok(measures::due(c, before, now, lease_now, AT_ONCE)?)).await?;
        let measure = move |service: Self, upload| service.measure(upload, now);
        self.several(due, measure, |is_oversized| report.oversized += u64::from(is_oversized)).await;
        self.db.write_freeing(|c| Ok(measures::forget_ended(c)?)).await
    }

    /// Measures one upload. Returns whether it was aborted.
    async fn measure(self, upload: Upload, now: Timestamp) -> Result<bool> {
        let (id, Some(store_id)) = (upload.id, &upload.store_upload_id) else { return Ok(false) };
        let measured = match self.objects.list_parts(&upload.object_key, store_id).await {
            Ok(parts) => self.note_stored(upload, &parts.unwrap_or_default(), now).await,
            Err(err) => Err(err),
        };
        if let Err(err) = &measured {
            tracing::warn!(upload = %id, %err, "an upload could not be measured");
            self.db.write(move |c| Ok(measures::postpone(c, id, now)?)).await?;
        }
        measured
    }

    /// Records what the store has of an upload, and aborts the upload if that is too much. Returns whether it did
    /// abort it.
    async fn note_stored(&self, upload: Upload, parts: &[StoredPart], now: Timestamp) -> Result<bool> {
        let (id, stored_bytes) = (upload.id, parts.iter().map(|part| part.size).sum());
        self.db.write(move |c| Ok(measures::note(c, id, stored_bytes, now)?)).await?;
        if !is_oversized(upload.size_bytes, parts) {
            return Ok(false);
        }
        let (announced_bytes, user, parts) = (upload.size_bytes, upload.user, parts.len());
        let (service, freed) = (self.clone(), upload.clone());
        if !self.end_upload(&upload, now).await? {
            return Ok(false);
        }
        tracing::warn!(
            upload = %id, %user, announced_bytes, stored_bytes, parts,
            "an upload was aborted: the store has far more of it than was announced"
        );
        let free = self.tasks.spawn(async move { service.free_parts(&freed).await });
        free.await.map_err(Error::internal)??;
        Ok(true)
    }
}
