//! Work that one server does for all servers, from time to time: it ends unfinished uploads, removes what has been in
//! the trash long enough, and removes large trees bit by bit.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};

use super::Service;
use crate::db::clock::LeaseTime;
use crate::db::leases::{BACKUP_LEASE, BACKUP_LEASE_LIFE};
use crate::db::tombstones::{self, Tombstone};
use crate::db::{Conn, grants, leases, outbox, puts, quiet, trash, uploads};
use crate::drive::report::Report;
use crate::drive::upload::{KEEP_FINISHED, PUT_SLACK, STAGED};
use crate::drive::{Error, Result};
use crate::lease::{Term, holding};
use crate::objects::{object_of_scratch, object_of_strays};
use crate::webhooks::GIVE_UP_AFTER;
use dray_object_store::die_at;

/// How long a server keeps the lease of the sweep after its last heartbeat.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
const LEASE_NAME: &str = "sweep";
/// How many steps of removal one transaction does. Other writers wait meanwhile.
const STEPS_AT_ONCE: usize = 500;
/// The maximum number of transactions of removal in one sweep.
const ROUNDS: usize = 200;

/// How many requests to the store are under way at once.
const AT_ONCE: usize = 8;
/// After this many failures in a row to reach the store, the sweeper checks whether it is reachable at all.
const FAILURES: u32 = 3;
/// The wait before another try: this long after the first failure, twice as long after each further one, up to the
/// longest. Work that only waits until the store or the database answers again is tried again soon.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(1);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(6);
const WAIT_FOR_OTHERS: SignedDuration = SignedDuration::from_secs(20);
/// A removal that must be repeated is repeated within a day. Only a wrong clock could ask for a longer wait.
const LONGEST_REPEAT: SignedDuration = SignedDuration::from_hours(23);
/// After this many tries, which take some hours, Dray leaves an upload without parts to a store that refuses to abort it.
const MOST_ABORTS: u64 = 8;
/// How many Completes of an upload may prove nothing before the next ones wait longer and longer.
const FREE_COMPLETES: u64 = 3;

impl Service {
    /// Compares the machine's clock with the drive's time.
    pub(crate) async fn compare_clocks(&self) -> Result<()> {
        self.clock.observe().await.map(drop)
    }

    /// Does up to `limit` of each kind of due work, unless another server sweeps: then it returns `None`.
    pub(crate) async fn sweep(&self, limit: u32) -> Result<Option<Report>> {
        let now = self.clock.observe().await?;
        if !self.db.is_shared() {
            return self.sweep_all(now, limit).await.map(Some);
        }
        let term = Term::asked_now(LEASE);
        if !self.take_sweep().await? {
            return Ok(None);
        }
        let swept = holding(term, &self.halt, || self.take_sweep(), self.sweep_all(now, limit)).await;
        if !self.clock.agrees() {
            // Another server, whose clock is right, does the rest.
            self.end_sweep().await?;
        }
        let swept = swept.unwrap_or_else(|lost| {
            tracing::warn!(%lost, "a sweep was stopped");
            Ok(Report::default())
        });
        swept.map(Some)
    }

    /// Does each kind of work, also if another kind fails. What ends because of its age has ended by `ended_by`.
    async fn sweep_all(&self, now: Timestamp, limit: u32) -> Result<Report> {
        let ended_by = self.clock.ended_by();
        let mut report = Report::default();
        let stages = [
            ("unfinished uploads", self.sweep_uploads(now, ended_by, limit, &mut report).await),
            ("the trash", self.sweep_trash(now, ended_by, &mut report).await),
            ("events", self.sweep_outbox(ended_by).await),
            ("idempotency keys", self.sweep_keys(ended_by).await),
            ("ended uploads", self.forget_finished(ended_by).await),
            ("idle submitters", self.sweep_submitters(ended_by).await),
            ("objects", self.sweep_objects(now, limit, &mut report).await),
            ("sizes of uploads", self.measure_uploads(now, &mut report).await),
        ];
        for (stage, outcome) in stages {
            if let Err(err) = outcome {
                self.metrics.sweep_failures.increment(1);
                tracing::warn!(stage, %err, "a part of the sweep failed; the next sweep tries it again");
            }
        }
        Ok(report)
    }

    /// Lets another server sweep at once.
    pub(crate) async fn end_sweep(&self) -> Result<()> {
        let server = self.server.clone();
        self.db.write(move |c| Ok(leases::give_back(c, LEASE_NAME, &server)?)).await
    }

    /// Takes or renews the lease of the sweep.
    async fn take_sweep(&self) -> Result<bool> {
        let service = self.clone();
        // A server that stops in the middle of this waits for it, and gives the lease back afterwards.
        let take = self.tasks.spawn(async move {
            let (server, now) = (service.server.clone(), service.db.lease_time());
            service.db.write(move |c| Ok(leases::take(c, LEASE_NAME, &server, LEASE, now)?)).await
        });
        take.await.map_err(Error::internal)?
    }

    /// Removes the rows of uploads and grants that ended long ago.
    async fn forget_finished(&self, now: Timestamp) -> Result<()> {
        let before = now.checked_sub(KEEP_FINISHED).map_err(Error::internal)?;
        for _ in 0..ROUNDS {
            let forget =
                self.db.write_freeing(move |c| Ok(uploads::forget_finished(c, before, STEPS_AT_ONCE)?));
            if forget.await? < STEPS_AT_ONCE as u64 {
                break;
            }
        }
        for _ in 0..ROUNDS {
            let forget = self.db.write_freeing(move |c| Ok(grants::forget_ended(c, before, STEPS_AT_ONCE)?));
            if forget.await? < STEPS_AT_ONCE as u64 {
                break;
            }
        }
        Ok(())
    }

    async fn sweep_trash(&self, now: Timestamp, ended_by: Timestamp, report: &mut Report) -> Result<()> {
        let before = ended_by.checked_sub(self.trash_life).map_err(Error::internal)?;
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

    /// Removes events for addresses that are no longer configured. `deliver.rs` gives up events for configured
    /// addresses.
    async fn sweep_outbox(&self, now: Timestamp) -> Result<()> {
        let before = now.checked_sub(GIVE_UP_AFTER * 2).map_err(Error::internal)?;
        let forget = self.db.write_freeing(move |c| Ok(outbox::forget_old(c, before, STEPS_AT_ONCE)?));
        let forgotten = forget.await?;
        if forgotten > 0 {
            tracing::warn!(forgotten, "dropped events for addresses that are no longer configured");
        }
        Ok(())
    }

    /// Makes the store remove objects that nothing refers to, several at once. An object that cannot be removed waits
    /// for its next try and delays no other. If several in a row cannot reach the store, the rest wait for a later
    /// sweep.
    async fn sweep_objects(&self, now: Timestamp, limit: u32, report: &mut Report) -> Result<()> {
        let lease_now = self.db.lease_time();
        // A backup runs in a process of its own. On SQLite, its lease clock began with the machine's clock at another time. If
        // any of these clocks says that the backup is running, this assumes that it is.
        let clocks = [lease_now, LeaseTime(now), LeaseTime(self.clock.machine_now())];
        let due = self.db.read_long(move |c| {
            for clock in clocks {
                if leases::is_held(c, BACKUP_LEASE, BACKUP_LEASE_LIFE, clock)? {
                    return Ok(Vec::new());
                }
            }
            Ok(tombstones::due(c, limit as usize, lease_now)?)
        });
        let (due, mut removed) = (due.await?, 0);
        let is_full = due.len() >= limit as usize;
        self.several(due, Self::remove_object, |()| removed += 1).await;
        report.objects_removed += removed;
        if is_full && removed > 0 {
            // More are due, and the store removes them: the next sweep begins at once.
            self.sweep_soon.notify_one();
        }
        Ok(())
    }

    /// Does `work` on each due thing, several at once, and reports what was done. If several in a row cannot reach
    /// the store, and a check confirms that it is unreachable, the rest wait for a later sweep.
    pub(super) async fn several<T, O, W>(
        &self,
        due: Vec<T>,
        work: impl Fn(Self, T) -> W,
        mut done: impl FnMut(O),
    ) where
        W: Future<Output = Result<O>>,
    {
        let (mut due, mut failures) = (due.into_iter(), 0);
        let mut under_way = FuturesUnordered::new();
        loop {
            if failures < FAILURES || self.objects.check().await.is_ok() {
                failures %= FAILURES;
                let room = AT_ONCE - under_way.len();
                under_way.extend(due.by_ref().take(room).map(|next| work(self.clone(), next)));
            }
            match under_way.next().await {
                Some(Ok(outcome)) => {
                    failures = 0;
                    done(outcome);
                }
                Some(Err(Error::StoreUnreachable { .. })) => failures += 1,
                // The failure was logged, and the thing waits for its next try.
                Some(Err(_)) => {}
                None => return,
            }
        }
    }

    /// Removes an object. With the scratch object of an empty file, it also aborts the multipart upload that was
    /// begun for the file, in case the store did not abort it when the file was made. A key that stands for unknown uploads
    /// removes those.
    async fn remove(&self, key: &str, tries: u64) -> Result<()> {
        let aborted = if let Some(object_key) = object_of_strays(key) {
            let of = object_key.to_owned();
            let known = self.db.read(move |c| Ok(uploads::store_id_of(c, &of)?)).await?;
            self.objects.abort_uploads_of(object_key, known.as_deref()).await
        } else {
            self.objects.delete(key).await?;
            let Some(object_key) = object_of_scratch(key) else { return Ok(()) };
            self.objects.abort_uploads_of(object_key, None).await
        };
        match aborted {
            Err(err) if tries >= MOST_ABORTS && !err.is_passing() => {
                tracing::warn!(key, %err, "the store keeps a multipart upload without parts");
                Ok(())
            }
            aborted => aborted,
        }
    }

    async fn remove_object(self, tombstone: Tombstone) -> Result<()> {
        let Tombstone { object_key: key, tries } = tombstone;
        die_at("W10");
        let writable = self.writable_for(&key).await?;
        let removed = match writable {
            Some(_) => self.objects.block(&key).await,
            None => self.remove(&key, tries).await,
        };
        let Err(err) = removed else {
            die_at("W10-deleted");
            let lease_now = self.db.lease_time();
            let forget = move |c: &Conn<'_>| match writable {
                Some(wait) => Ok(tombstones::repeat_after(c, &key, wait, lease_now)?),
                None => Ok(tombstones::forget(c, &key)?),
            };
            return self.db.write_freeing(forget).await;
        };
        tracing::warn!(key, %err, tries, "an object could not be removed");
        let (wait, now) = (wait(tries, &err), self.db.lease_time());
        self.db.write(move |c| Ok(tombstones::postpone(c, &key, wait, now)?)).await?;
        Err(err)
    }
}

impl Service {
    /// For how long an object may still be written: by a signed URL or, on a store that continues what nobody waits for
    /// any more, by a request of a finalize. `None` means that it cannot. The removal must be repeated after that time.
    async fn writable_for(&self, key: &str) -> Result<Option<SignedDuration>> {
        let object_key = key.strip_suffix(STAGED).unwrap_or(key).to_owned();
        let (may_come_late, lease_now) = (!self.objects.checks_what_it_completes(), self.db.lease_time());
        let look = move |c: &Conn<'_>| {
            let until = puts::put_until(c, &object_key)?;
            let late =
                if may_come_late { quiet::may_be_written_for(c, &object_key, lease_now)? } else { None };
            Ok((until, late))
        };
        let (until, late) = self.db.read(look).await?;
        let now = self.clock.now();
        let by_url = until.map(|until| until.duration_since(now) + PUT_SLACK);
        let left = by_url.max(late).filter(SignedDuration::is_positive);
        Ok(left.map(|left| left.min(LONGEST_REPEAT)))
    }
}

/// How long something waits for its next try after this many failures before, and one now for this reason.
pub(super) fn wait(tries: u64, reason: &Error) -> SignedDuration {
    if reason.is_passing() {
        return WAIT_FOR_OTHERS;
    }
    doubled(tries)
}

fn doubled(times: u64) -> SignedDuration {
    let factor = 1_i32.checked_shl(u32::try_from(times.min(16)).unwrap_or(16)).unwrap_or(i32::MAX);
    FIRST_WAIT.checked_mul(factor).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}

/// How long an upload waits for its next Complete after this many have proved nothing. The first few may be due to a
/// temporary fault, so they do not affect the wait.
pub(super) fn wait_after_completes(inconclusive: u64) -> Option<SignedDuration> {
    let beyond = inconclusive.checked_sub(FREE_COMPLETES)?;
    Some(doubled(beyond))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_unless_the_store_or_database_is_away() {
        let waits: Vec<i64> =
            [0, 1, 2, 8, 9, 60, u64::MAX].map(|tries| wait(tries, &Error::NotFound).as_secs() / 60).to_vec();
        assert_eq!(waits, [1, 2, 4, 256, 360, 360, 360]);
        assert_eq!(wait(9, &Error::FinalizePending), WAIT_FOR_OTHERS);
    }

    #[test]
    fn completes_that_prove_nothing_again_and_again_are_sent_more_and_more_rarely() {
        let waits = [0, 2, 3, 5, 99].map(|count| wait_after_completes(count).map(|wait| wait.as_secs() / 60));
        assert_eq!(waits, [None, None, Some(1), Some(4), Some(360)]);
    }
}
