//! When Dray gives an upload up: a finalize then ends without an item. That a store has neither the upload nor its
//! object proves something only when no Complete can be under way any more.
//!
//! A store may also never complete an upload: it answers each Complete with something that proves nothing, or does
//! not answer, and no object appears. Dray does not ask it forever. Once the upload is long over and several
//! Completes have proved nothing, Dray sends no more of them. Once no Complete has been under way for long enough, it
//! gives the upload up, unless its object has appeared.

use super::Service;
use super::finalize_lease::Lease;
use crate::db::{finalizing, quiet};
use crate::drive::event::Event;
use crate::drive::item::Item;
use crate::drive::{Error, Result};

impl Service {
    /// Counts the Complete of this lease, if one was sent, as one that proved nothing. The count only decides when to
    /// stop, so it may miss one.
    pub(super) async fn note_inconclusive(&self, lease: &Lease) {
        if !lease.may_have_completed() {
            return;
        }
        let (id, holder) = (lease.upload.id, lease.holder.clone());
        if let Err(err) = self.db.write(move |c| Ok(finalizing::note_inconclusive(c, id, &holder)?)).await {
            tracing::warn!(upload = %id, %err, "a Complete that proved nothing could not be counted");
        }
    }

    /// Replaces another Complete. Until the quiet time has passed, an earlier Complete may still be under way. The
    /// abort comes before the last look, so that the store cannot make the object afterwards. If the store does so
    /// nevertheless, the sweeper removes the object with the rest of the aborted upload.
    pub(super) async fn end_hopeless(&self, lease: &Lease) -> Result<Item> {
        let (id, key, now) = (lease.upload.id, &lease.upload.object_key, self.db.lease_time());
        match self.db.read(move |c| Ok(quiet::is_quiet(c, id, now)?)).await {
            Ok(true) => {}
            Ok(false) => return self.look_for_object(lease, Some(Error::FinalizePending)).await,
            Err(err) => return self.give_back(lease, err).await,
        }
        tracing::warn!(upload = %id, "giving up an upload, because the store never completed it");
        let upload_id = lease.upload.store_upload_id.as_deref().unwrap_or_default();
        if lease.upload.put_key.is_none()
            && let Err(err) = self.objects.abort_upload(key, upload_id).await
        {
            // The sweeper tries to remove its parts again, as it does for all uploads that have ended.
            tracing::warn!(upload = %id, %err, "the store did not abort the upload");
        }
        self.look_for_object(lease, None).await
    }

    /// The store has neither the upload nor its object, so there are no bytes for an item. But while another Complete
    /// may still be under way in the store, the object may still appear. Until the quiet time has passed, the answer
    /// is "ask again".
    pub(super) async fn abandon(&self, lease: &Lease) -> Result<Item> {
        let is_proof = self.objects.checks_what_it_completes() || lease.is_unattempted();
        let (service, upload, holder) = (self.clone(), lease.upload.clone(), lease.holder.clone());
        let lease_now = self.db.lease_time();
        let aborted = self.db.write(move |c| {
            let is_over = quiet::give_up(c, upload.id, &holder, is_proof, lease_now)?;
            if is_over {
                service.webhooks.note(c, &Event::UploadAborted(&upload), service.clock.now())?;
            }
            Ok(is_over)
        });
        if aborted.await? {
            Err(Error::UploadAborted)
        } else {
            self.note_inconclusive(lease).await;
            self.give_back(lease, Error::FinalizePending).await
        }
    }
}
