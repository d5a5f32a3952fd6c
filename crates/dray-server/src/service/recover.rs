//! Cleans up after a crash: finalizes that did not finish, and uploads that nobody continued.

use std::sync::Arc;
use std::time::Duration;

use dray_api::UploadRowId;
use jiff::{SignedDuration, Timestamp};

use super::Service;
use super::finalize_lease::Lease;
use super::sweep::{wait, wait_after_completes};
use crate::db::finalizing::{self, Due};
use crate::db::quiet::{self, Boot};
use crate::db::{puts, tombstones, uploads};
use crate::drive::event::Event;
use crate::drive::item::Item;
use crate::drive::parts::{Digest, PartList};
use crate::drive::report::Report;
use crate::drive::upload::{CLOCK_SKEW, State, Upload};
use crate::drive::{Error, Result};
use crate::drive_time::MOST_OFF;
use crate::objects::scratch_key;
use dray_object_store::die_at;

/// How long a sweep waits for one upload. A finalize may take longer, and then continues by itself.
const SWEEP_PATIENCE: Duration = Duration::from_secs(10);
/// How many finalizes that sweeps continue may be under way in total. A store may need ten minutes for each, and a
/// sweep comes every minute. The others wait for a later sweep.
pub(crate) const MAX_RESUMED: usize = 32;
/// After a request to begin it was given up, an upload may still appear in the store for this long. Then the sweeper looks
/// for it.
pub(super) const OPENING_QUIET: SignedDuration = SignedDuration::from_mins(10);

/// The outcome of an upload that was due.
enum Swept {
    Finalized,
    Reopened,
    Expired,
    /// Nothing to count.
    Nothing,
}

impl Service {
    /// Ends the leases of the previous process, and begins to watch what the store does. Only for the only server of a
    /// database, at its start. `boot`: of this machine, now.
    pub(crate) async fn begin_alone(&self, boot: Option<Boot>) -> Result<()> {
        if self.db.is_shared() {
            return Ok(());
        }
        let lease_now = self.db.lease_time();
        let begun = self.db.write(move |c| {
            finalizing::end_leases(c)?;
            Ok(quiet::watch(c, boot.as_ref(), MOST_OFF, lease_now)?)
        });
        self.clock.was_set(begun.await?);
        Ok(())
    }

    /// Ends up to `limit` unfinished uploads, or at least takes them a step further, several at once. One that fails
    /// waits for its next try and delays no other. If several in a row cannot reach the store, the rest wait for a
    /// later sweep.
    pub(super) async fn sweep_uploads(
        &self,
        now: Timestamp,
        ended_by: Timestamp,
        limit: u32,
        report: &mut Report,
    ) -> Result<()> {
        let expired_before = ended_by.checked_sub(CLOCK_SKEW).map_err(Error::internal)?;
        let opened_before = now.checked_sub(OPENING_QUIET).map_err(Error::internal)?;
        let lease_now = self.db.lease_time();
        let resumable = u32::try_from(self.resumed.available_permits()).unwrap_or(limit).min(limit);
        self.set_right_future_uploads(now).await?;
        let due = self.db.read_long(move |c| {
            Ok(finalizing::due(c, expired_before, opened_before, lease_now, limit, resumable)?)
        });
        let due = due.await?;
        let work = move |service: Self, due| service.sweep_upload(due, now, expired_before);
        let count = |swept| match swept {
            Swept::Finalized => report.finalized += 1,
            Swept::Reopened => report.reopened += 1,
            Swept::Expired => report.expired += 1,
            Swept::Nothing => {}
        };
        self.several(due, work, count).await;
        Ok(())
    }

    /// Uploads that a server with a wrong clock began in the future would hold their quota until then.
    async fn set_right_future_uploads(&self, now: Timestamp) -> Result<()> {
        let latest = now.checked_add(MOST_OFF).map_err(Error::internal)?;
        if !self.clock.agrees() || !self.db.read(move |c| Ok(uploads::begin_after(c, latest)?)).await? {
            return Ok(());
        }
        self.db.write(move |c| Ok(uploads::begin_at_latest(c, latest, now)?)).await
    }

    async fn sweep_upload(self, due: Due, now: Timestamp, expired_before: Timestamp) -> Result<Swept> {
        let (service, id) = (self.clone(), due.upload.id);
        let place = match due.upload.state {
            State::Completing { .. } => match Arc::clone(&self.resumed).try_acquire_owned() {
                Ok(place) => Some(place),
                Err(_) => return Ok(Swept::Nothing),
            },
            _ => None,
        };
        // A server that stops in the middle waits for this task, because a lease that it has taken would delay other
        // servers.
        let sweeping = self.tasks.spawn(async move {
            let _place = place;
            let swept = service.sweep_one(due.upload, now, expired_before).await;
            if let Err(err) = &swept {
                tracing::warn!(upload = %id, %err, tries = due.tries, "an upload could not be swept");
                let wait = wait_after_completes(due.inconclusive).unwrap_or_else(|| wait(due.tries, err));
                let now = service.db.lease_time();
                service.db.write(move |c| Ok(finalizing::postpone(c, id, wait, now)?)).await?;
            }
            swept
        });
        match tokio::time::timeout(SWEEP_PATIENCE, sweeping).await {
            Ok(swept) => swept.map_err(Error::internal)?,
            Err(_) => Ok(Swept::Nothing),
        }
    }

    async fn sweep_one(&self, upload: Upload, now: Timestamp, expired_before: Timestamp) -> Result<Swept> {
        let id = upload.id;
        match upload.state.clone() {
            State::Completing { digest, .. } => {
                return match self.resume_finalize(upload, digest).await {
                    Ok(Some(_)) => Ok(Swept::Finalized),
                    Ok(None) => Ok(Swept::Nothing),
                    Err(err) if err.is_passing() || self.is_completing(id).await? => Err(err),
                    Err(_) => Ok(Swept::Reopened),
                };
            }
            State::Opening | State::Open => {
                let (service, row) = (self.clone(), upload.clone());
                let expired = self.db.write_freeing(move |c| {
                    let is_done = uploads::expire(c, row.id, expired_before)?;
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

    /// Whether an upload still has to be finalized. An error may have ended it.
    async fn is_completing(&self, id: UploadRowId) -> Result<bool> {
        let now = self.db.lease_time();
        let upload = self.db.read(move |c| Ok(uploads::by_id(c, id, now)?)).await?;
        Ok(upload.is_some_and(|upload| matches!(upload.state, State::Completing { .. })))
    }

    /// Continues a finalize whose server is gone. The list of parts is lost. But the store has the parts, and the
    /// digest shows whether they are the right ones. `None` if another server was faster.
    pub(super) async fn resume_finalize(&self, upload: Upload, digest: Digest) -> Result<Option<Item>> {
        let Some(lease) = self.take_lease(upload, digest).await? else { return Ok(None) };
        self.while_held(&lease, Box::pin(self.go_on(&lease))).await.map(Some)
    }

    async fn go_on(&self, lease: &Lease) -> Result<Item> {
        if self.is_put_whole(&lease.upload) {
            return self.complete(lease, &PartList::none()).await;
        }
        let stored = match &lease.upload.store_upload_id {
            Some(_) => self.stored_parts(&lease.upload).await,
            None => Ok(None),
        };
        match stored.map(|parts| parts.map(PartList::of_stored)) {
            // Without this, the finalize would never end.
            Err(err @ Error::StoreLacks { .. }) => self.reopen(lease, err).await,
            Err(Error::StoreRefused { .. }) if lease.upload.is_long_over(self.clock.ended_by()) => {
                self.end_hopeless(lease).await
            }
            Err(err) => self.give_back(lease, err).await,
            Ok(None) => self.look_for_object(lease, None).await,
            Ok(Some(Ok(parts))) if parts.digest() == lease.digest => self.complete(lease, &parts).await,
            // The source of the copy is gone, or is something else.
            Ok(Some(_)) if lease.upload.put_key.is_some() => self.look_for_object(lease, None).await,
            Ok(Some(_)) => self.reopen(lease, Error::FinalizePending).await,
        }
    }

    /// Makes the store remove the parts of an upload that has ended. If a Complete of the upload may be under way,
    /// the sweeper does this again later.
    pub(super) async fn free_parts(&self, upload: &Upload) -> Result<()> {
        match &upload.store_upload_id {
            // The store may have the object, or get it as long as the URL is valid. If the store's PUT does not overwrite,
            // an empty object under this key prevents that, before the upload's share of the quota is given to others.
            Some(_) if upload.put_key.is_some() => {
                if self.objects.refuses_to_overwrite() {
                    self.objects.block(&upload.object_key).await?;
                }
            }
            Some(upload_id) => self.objects.abort_upload(&upload.object_key, upload_id).await?,
            // A crash came after the store's answer and before its upload id was written.
            None => self.objects.abort_uploads_of(&upload.object_key, None).await?,
        }
        die_at("W9");
        let (id, key, now) = (upload.id, upload.object_key.clone(), self.clock.now());
        let (is_put_whole, is_proof) = (self.is_put_whole(upload), self.objects.checks_what_it_completes());
        let lease_now = self.db.lease_time();
        let staging_key = upload.staging_key().map(str::to_owned);
        self.db
            .write_freeing(move |c| {
                if !quiet::parts_freed(c, id, now, is_proof, lease_now)? {
                    return Ok(());
                }
                // A finalize may have made the object before Dray refused it because of its name.
                tombstones::add(c, &key, now)?;
                if is_put_whole {
                    tombstones::add(c, &scratch_key(&key), now)?;
                }
                if let Some(key) = &staging_key {
                    tombstones::add(c, key, now)?;
                    // A copy may be under way, just like a PUT.
                    puts::extend_put(c, id, now)?;
                }
                Ok(())
            })
            .await
    }
}
