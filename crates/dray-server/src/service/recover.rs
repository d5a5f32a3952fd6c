//! What a crash left behind: finalizes that never came to an end, uploads that nobody came back to.

use jiff::{SignedDuration, Timestamp};

use super::Service;
use super::sweep::Report;
use crate::db::tombstones;
use crate::db::uploads::{self, TakeFrom};
use crate::die_at;
use crate::drive::parts::{Digest, PartList};
use crate::drive::upload::{FINALIZE_LEASE, State, Upload};
use crate::drive::{Error, Result};
use crate::objects::scratch_key;
use crate::webhooks::Event;

/// How long a store may take to begin an upload whose start was given up: what it has begun is looked for after that.
const OPENING_QUIET: SignedDuration = SignedDuration::from_mins(10);

/// What became of an upload that was due.
enum Swept {
    Finalized,
    Reopened,
    Expired,
    /// Nothing that counts.
    Nothing,
}

impl Service {
    /// For the only server of a database, as it starts: finalizes that its predecessor left are nobody's now.
    pub(crate) async fn end_leases(&self) -> Result<()> {
        if self.db.is_shared() {
            return Ok(());
        }
        self.db.write(|c| Ok(uploads::end_leases(c)?)).await
    }

    /// Brings up to `limit` unfinished uploads to an end, or at least further. An upload that fails is logged
    /// and tried again next time; the others go on.
    pub(super) async fn sweep_uploads(&self, now: Timestamp, limit: u32, report: &mut Report) -> Result<()> {
        let latest_lease = now.checked_add(FINALIZE_LEASE).map_err(Error::internal)?;
        let opened_before = now.checked_sub(OPENING_QUIET).map_err(Error::internal)?;
        let due =
            self.db.read_long(move |c| Ok(uploads::due(c, now, latest_lease, opened_before, limit)?)).await?;
        for upload in due {
            let (service, id) = (self.clone(), upload.id);
            // A server that stops in the middle of one waits for it: a lease that it took would hold others up.
            let swept = self.tasks.spawn(async move { service.sweep_one(upload, now).await });
            match swept.await.map_err(Error::internal).flatten() {
                Ok(Swept::Finalized) => report.finalized += 1,
                Ok(Swept::Reopened) => report.reopened += 1,
                Ok(Swept::Expired) => report.expired += 1,
                Ok(Swept::Nothing) => {}
                Err(err) => tracing::warn!(upload = %id, %err, "an upload could not be swept"),
            }
        }
        Ok(())
    }

    async fn sweep_one(&self, upload: Upload, now: Timestamp) -> Result<Swept> {
        match upload.state.clone() {
            State::Completing { digest, .. } => {
                let finalized = self.resume_finalize(upload, digest).await?;
                return Ok(if finalized { Swept::Finalized } else { Swept::Reopened });
            }
            State::Opening | State::Open => {
                let (service, row) = (self.clone(), upload.clone());
                let expired = self.db.write_freeing(move |c| {
                    let is_done = uploads::expire(c, row.id, now)?;
                    if is_done {
                        service.webhooks.note(c, &Event::UploadExpired(&row), now)?;
                    }
                    Ok(is_done)
                });
                if expired.await? {
                    die_at("W8-expire");
                    self.free_parts(&upload).await?;
                    return Ok(Swept::Expired);
                }
            }
            State::Aborted | State::Expired => self.free_parts(&upload).await?,
            State::Completed { .. } => {}
        }
        Ok(Swept::Nothing)
    }

    /// Goes on with a finalize whose server is gone. Its list of parts went with it, but the store has the
    /// parts, and the digest tells whether they are the ones.
    pub(super) async fn resume_finalize(&self, upload: Upload, digest: Digest) -> Result<bool> {
        let Some(lease) = self.take_lease(upload, digest, TakeFrom::Lapsed).await? else { return Ok(false) };
        if self.is_put_whole(&lease.upload) {
            return Ok(self.complete(lease, &PartList::none()).await.is_ok());
        }
        let stored = match &lease.upload.store_upload_id {
            Some(upload_id) => self.objects.list_parts(&lease.upload.object_key, upload_id).await,
            None => Ok(None),
        };
        let outcome = match stored.map(|parts| parts.map(PartList::of_stored)) {
            // It would never come to an end.
            Err(err @ Error::StoreLacks { .. }) => self.reopen(&lease, err).await,
            Err(err) => self.give_back(&lease, err).await,
            Ok(None) => self.look_for_object(lease, None).await,
            Ok(Some(Ok(parts))) if parts.digest() == lease.digest => self.complete(lease, &parts).await,
            Ok(Some(_)) => self.reopen(&lease, Error::FinalizePending).await,
        };
        Ok(outcome.is_ok())
    }

    /// Has the store drop the parts of an upload that is over.
    pub(super) async fn free_parts(&self, upload: &Upload) -> Result<()> {
        match &upload.store_upload_id {
            Some(upload_id) => self.objects.abort_upload(&upload.object_key, upload_id).await?,
            // A crash came between the store's answer and the note of it.
            None => self.objects.abort_uploads_of(&upload.object_key, None).await?,
        }
        die_at("W9");
        let (id, key, now) = (upload.id, upload.object_key.clone(), self.clock.now());
        let is_put_whole = self.is_put_whole(upload);
        self.db
            .write_freeing(move |c| {
                // A finalize may have got as far as the object, and then have been refused for its name.
                tombstones::add(c, &key, now)?;
                if is_put_whole {
                    tombstones::add(c, &scratch_key(&key), now)?;
                }
                Ok(uploads::parts_freed(c, id, now)?)
            })
            .await
    }
}
