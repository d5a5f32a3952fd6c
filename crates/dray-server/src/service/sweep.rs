//! What is done from time to time, by one server for all: unfinished uploads are brought to an end, the trash is
//! emptied of what has been there long enough, and what is removed for good is removed bit by bit.

use jiff::{SignedDuration, Timestamp};

use super::Service;
use crate::db::{leases, outbox, tombstones, trash};
use crate::die_at;
use crate::drive::{Error, Result};
use crate::webhooks::GIVE_UP_AFTER;

/// How long a server keeps the sweep to itself. It is taken anew before each part of it.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
const LEASE_NAME: &str = "sweep";
/// While somebody has this one, objects stay: a backup is copying them.
pub(crate) const BACKUP_LEASE: &str = "backup";
/// Steps of removing that are one transaction: it keeps other writers waiting.
const STEPS_AT_ONCE: usize = 500;
/// Transactions of removing in one sweep.
const ROUNDS: usize = 200;

/// Objects, one after another, that the store does not remove before it is left alone until the next sweep.
const FAILURES: u32 = 3;

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Finalizes that a crash had cut off, and whose items now exist.
    pub finalized: u64,
    /// Finalizes that a crash had cut off, and whose uploads are open again or gone.
    pub reopened: u64,
    /// Uploads that had expired and were aborted in the store.
    pub expired: u64,
    /// Items whose time in the trash is over.
    pub trash_expired: u64,
    /// Items that were removed for good.
    pub removed: u64,
    /// Objects that the store has removed.
    pub objects_removed: u64,
}

impl Service {
    /// Does up to `limit` of each thing that is due, unless another server is at it.
    pub(crate) async fn sweep(&self, now: Timestamp, limit: u32) -> Result<Report> {
        let mut report = Report::default();
        if self.has_sweep_lease(now).await? {
            self.sweep_uploads(now, limit, &mut report).await?;
        }
        if self.has_sweep_lease(now).await? {
            self.sweep_trash(now, &mut report).await?;
        }
        if self.has_sweep_lease(now).await? {
            self.sweep_outbox(now).await?;
            self.sweep_keys(now).await?;
            self.sweep_objects(now, limit, &mut report).await?;
        }
        Ok(report)
    }

    /// Lets another server sweep at once.
    pub(crate) async fn end_sweep(&self) -> Result<()> {
        let server = self.server.clone();
        self.db.write(move |c| Ok(leases::give_back(c, LEASE_NAME, &server)?)).await
    }

    async fn has_sweep_lease(&self, now: Timestamp) -> Result<bool> {
        if !self.db.is_shared() {
            return Ok(true);
        }
        let (service, until) = (self.clone(), now.checked_add(LEASE).map_err(Error::internal)?);
        // A server that stops in the middle of this waits for it, and gives the lease back afterwards.
        let take = self.tasks.spawn(async move {
            let server = service.server.clone();
            service.db.write(move |c| Ok(leases::take(c, LEASE_NAME, &server, now, until)?)).await
        });
        take.await.map_err(Error::internal)?
    }

    async fn sweep_trash(&self, now: Timestamp, report: &mut Report) -> Result<()> {
        let before = now.checked_sub(self.trash_life).map_err(Error::internal)?;
        for _ in 0..ROUNDS {
            let expire =
                self.db.write_freeing(move |c| Ok(trash::purge_expired(c, before, now, STEPS_AT_ONCE)?));
            let expired = expire.await?;
            report.trash_expired += expired;
            if expired < STEPS_AT_ONCE as u64 {
                break;
            }
        }
        for _ in 0..ROUNDS {
            let removed =
                self.db.write_freeing(move |c| Ok(trash::remove_some(c, now, STEPS_AT_ONCE)?)).await?;
            report.removed += removed.items;
            if removed.is_all {
                break;
            }
        }
        Ok(())
    }

    /// Events for addresses that are not configured any more: those that are, give up by themselves.
    async fn sweep_outbox(&self, now: Timestamp) -> Result<()> {
        let before = now.checked_sub(GIVE_UP_AFTER * 2).map_err(Error::internal)?;
        let forgotten = self.db.write(move |c| Ok(outbox::forget_old(c, before, STEPS_AT_ONCE)?)).await?;
        if forgotten > 0 {
            tracing::warn!(forgotten, "events were not told to addresses that are not configured any more");
        }
        Ok(())
    }

    /// Has the store remove what nothing refers to. An object that can not be removed goes to the end of the line, so
    /// that it keeps no other waiting; if several can not, the store itself is not well.
    async fn sweep_objects(&self, now: Timestamp, limit: u32, report: &mut Report) -> Result<()> {
        let due = self.db.read_long(move |c| {
            if leases::is_held(c, BACKUP_LEASE, now)? {
                return Ok(Vec::new());
            }
            Ok(tombstones::oldest(c, limit as usize)?)
        });
        let due = due.await?;
        let mut failures = 0;
        for key in due {
            die_at("W10");
            match self.objects.delete(&key).await {
                Ok(()) => {
                    die_at("W10-deleted");
                    self.db.write_freeing(move |c| Ok(tombstones::forget(c, &key)?)).await?;
                    report.objects_removed += 1;
                    failures = 0;
                }
                Err(err) if failures + 1 == FAILURES => return Err(err),
                Err(err) => {
                    tracing::warn!(key, %err, "an object could not be removed");
                    self.db.write(move |c| Ok(tombstones::postpone(c, &key, now)?)).await?;
                    failures += 1;
                }
            }
        }
        Ok(())
    }
}
