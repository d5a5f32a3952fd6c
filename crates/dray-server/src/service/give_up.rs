//! How a finalize ends that comes to nothing. A store that has neither the upload nor its object proves something only once no
//! Complete may be under way any more.
//!
//! And a store may never complete an upload: it answers each Complete with what proves nothing, or not at all, and the
//! object does not appear. It is not asked for ever. When their end is long past and several Completes have come to nothing, no
//! other is sent; once all has been quiet for long enough, the upload is given up, unless its object has appeared.

use super::Service;
use super::finalize::Lease;
use crate::db::finalizing;
use crate::drive::event::Event;
use crate::drive::item::Item;
use crate::drive::{Error, Result};

impl Service {
    /// Notes that the Complete of this lease came to nothing that proves anything, if one was sent. The count decides only
    /// when to stop, so it may miss one.
    pub(super) async fn note_inconclusive(&self, lease: &Lease) {
        if !lease.may_have_completed() {
            return;
        }
        let (id, holder) = (lease.upload.id, lease.holder.clone());
        if let Err(err) = self.db.write(move |c| Ok(finalizing::note_inconclusive(c, id, &holder)?)).await {
            tracing::warn!(upload = %id, %err, "a Complete that came to nothing was not counted");
        }
    }

    /// Instead of another Complete. Until it is quiet, an earlier one may still be under way. The abort comes before the last
    /// look, so that nothing that the store does later can make the object; if it does so all the same, the object is
    /// removed with what an aborted upload leaves.
    pub(super) async fn end_hopeless(&self, lease: &Lease) -> Result<Item> {
        let (id, key, now) = (lease.upload.id, &lease.upload.object_key, self.db.lease_time());
        match self.db.read(move |c| Ok(finalizing::is_quiet(c, id, now)?)).await {
            Ok(true) => {}
            Ok(false) => return self.look_for_object(lease, Some(Error::FinalizePending)).await,
            Err(err) => return self.give_back(lease, err).await,
        }
        tracing::warn!(upload = %id, "the store has never completed this upload, which is given up");
        let upload_id = lease.upload.store_upload_id.as_deref().unwrap_or_default();
        if lease.upload.put_key.is_none()
            && let Err(err) = self.objects.abort_upload(key, upload_id).await
        {
            // Its parts are tried again with those of all uploads that are over.
            tracing::warn!(upload = %id, %err, "the store does not abort it either");
        }
        self.look_for_object(lease, None).await
    }

    /// The store has neither the upload nor its object: there is nothing to make an item of. But if somebody's Complete may
    /// still be under way there, the object may yet appear: ask again, until it has been quiet for long enough.
    pub(super) async fn abandon(&self, lease: &Lease) -> Result<Item> {
        let is_proof = self.objects.checks_what_it_completes() || lease.is_unattempted();
        let (service, upload, holder) = (self.clone(), lease.upload.clone(), lease.holder.clone());
        let lease_now = self.db.lease_time();
        let aborted = self.db.write(move |c| {
            let is_over = finalizing::give_up(c, upload.id, &holder, is_proof, lease_now)?;
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
