//! The drive's time. Whatever is stored with a time, and whatever is removed because of its age, goes by it and not by one
//! machine's clock: a clock that is wrong for a minute must not empty the trash.
//!
//! On Postgres the database's clock counts. On SQLite, a clock that starts with the server and never jumps does. As long as
//! the machine's clock is close to that, it is used itself. If the two differ, somebody set one of them, and nobody here
//! knows which is right: the server says so, and ends nothing because of its age before they have agreed for an hour.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::config::Clock;
use crate::db::quiet::{self, Found};
use crate::db::{Db, clock as db_clock};
use crate::drive::{Error, Result};

/// How far the machine's clock may be from the drive's time.
pub const MOST_OFF: SignedDuration = SignedDuration::from_mins(10);
/// How long the clocks must agree before anything ends because of its age. A machine's clock on SQLite that has kept its
/// distance for this long is right: somebody has set it, or the machine was suspended.
const AGREE: SignedDuration = SignedDuration::from_hours(1);
/// A difference that changes by less than this is the same difference.
const DRIFT: SignedDuration = SignedDuration::from_mins(1);
/// How long the database may take to say what time it is.
const PROMPT: SignedDuration = SignedDuration::from_secs(30);
/// How often a server on SQLite records the time.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// A server that was off for longer than this may have started with a wrong clock.
const LONG_OFF: SignedDuration = SignedDuration::from_hours(48);

/// The drive's time. It is cheap to clone.
#[derive(Clone)]
pub(crate) struct DriveTime(Arc<Inner>);

struct Inner {
    machine: Clock,
    db: Db,
    /// The drive's time minus the steady clock, in milliseconds.
    ahead_of_steady_ms: AtomicI64,
    doubt: Mutex<Doubt>,
}

/// Whether the clocks agree. Times are those of the steady clock.
#[derive(Default)]
struct Doubt {
    /// Since when the machine's clock has been off, and by how much.
    off: Option<(Timestamp, SignedDuration)>,
    /// When they last disagreed.
    last: Option<Timestamp>,
    /// When the time was last recorded.
    seen: Option<Timestamp>,
    /// Whether the database has said what time it is.
    has_followed: bool,
}

impl DriveTime {
    /// The time of the drive in `db`. `machine` is the machine's clock.
    pub(crate) fn new(machine: Clock, db: Db) -> Self {
        Self(Arc::new(Inner { machine, db, ahead_of_steady_ms: AtomicI64::new(0), doubt: Mutex::default() }))
    }

    /// The current time.
    pub(crate) fn now(&self) -> Timestamp {
        let (machine, kept) = (self.0.machine.now(), self.kept());
        if machine.duration_since(kept).abs() <= MOST_OFF { machine } else { kept }
    }

    /// The machine's time. Signatures need it, because the store checks them by the clock of its own machine.
    pub(crate) fn machine_now(&self) -> Timestamp {
        self.0.machine.now()
    }

    /// What has ended by this time may be removed: now, or nothing that exists if the clocks do not agree.
    pub(crate) fn ended_by(&self) -> Timestamp {
        if self.agrees() { self.now() } else { Timestamp::UNIX_EPOCH }
    }

    /// Whether the clocks have agreed for long enough.
    pub(crate) fn agrees(&self) -> bool {
        let now = self.steady();
        self.doubt().last.is_none_or(|last| now.duration_since(last) >= AGREE)
    }

    /// By how much the machine's clock is ahead of the drive's time, if that is too much.
    pub(crate) fn off(&self) -> Option<SignedDuration> {
        let off = self.0.machine.now().duration_since(self.kept());
        (off.abs() > MOST_OFF).then_some(off)
    }

    /// Compares the clocks, and returns the current time. The first call is at the start of the server.
    pub(crate) async fn observe(&self) -> Result<Timestamp> {
        if self.0.db.is_shared() {
            self.follow_database().await?;
        } else {
            self.record_seen().await?;
        }
        self.compare();
        Ok(self.now())
    }

    /// While no server ran, somebody may have set the machine's clock. Nobody here knows which time was right. Another start within the
    /// hour changes nothing.
    pub(crate) fn was_set(&self, Found { set_by, set_at }: Found) {
        if let Some(by) = set_by.filter(|by| by.abs() > MOST_OFF) {
            let by = format!("{by:#}");
            tracing::warn!(
                by,
                "this machine's clock was set since the last run; nothing is removed because of its age within the next hour"
            );
        }
        let steady = self.steady();
        let mut doubt = self.doubt();
        doubt.last = doubt.last.max(set_at.map(|at| at.min(steady)));
    }

    fn compare(&self) {
        let (off, steady) = (self.off(), self.steady());
        let mut doubt = self.doubt();
        let Some(off) = off else {
            doubt.off = None;
            return;
        };
        let since = match doubt.off {
            Some((since, before)) if (off - before).abs() <= DRIFT => since,
            _ => {
                let off = format!("{off:#}");
                tracing::error!(
                    off,
                    "this machine's clock and the drive's time differ: correct the clock; nothing is removed because of \
                     its age until they have agreed for an hour"
                );
                steady
            }
        };
        doubt.off = Some((since, off));
        doubt.last = Some(steady);
        if !self.0.db.is_shared() && steady.duration_since(since) >= AGREE {
            tracing::warn!(
                "this machine's clock has not changed again for an hour, so it is taken to be right"
            );
            self.move_by(off);
            *doubt = Doubt { seen: doubt.seen, has_followed: doubt.has_followed, ..Doubt::default() };
        }
    }

    async fn follow_database(&self) -> Result<()> {
        let lease_now = self.0.db.lease_time();
        let database = self.0.db.read(move |c| Ok(db_clock::now(c, lease_now)?)).await?;
        // An answer that took long says little about the time.
        if self.steady().duration_since(lease_now.0) > PROMPT {
            return Ok(());
        }
        let moved = database.duration_since(self.kept());
        let has_followed = std::mem::replace(&mut self.doubt().has_followed, true);
        if has_followed && moved.abs() > DRIFT {
            let by = format!("{moved:#}");
            tracing::warn!(by, "the database's clock was set, or another machine is the database now");
            self.0.db.write(move |c| Ok(quiet::watch_anew(c, lease_now)?)).await?;
        }
        self.move_by(moved);
        Ok(())
    }

    /// Records the time from time to time, so that the next start notices a clock that is far from it. Such a clock is
    /// doubted.
    async fn record_seen(&self) -> Result<()> {
        let (steady, recorded) = (self.steady(), self.doubt().seen);
        if recorded.is_some_and(|at| steady.duration_since(at) < SEEN_EVERY) {
            return Ok(());
        }
        let now = self.now();
        if recorded.is_none() {
            let before = self.0.db.read(|c| Ok(db_clock::seen(c)?)).await?;
            if let Some(passed) = before.map(|before| now.duration_since(before))
                && (passed > LONG_OFF || passed < -MOST_OFF)
            {
                let passed = format!("{passed:#}");
                tracing::warn!(
                    passed,
                    "much time has passed since the last run, or this machine's clock is wrong; nothing is removed because \
                     of its age within the next hour"
                );
                self.doubt().last = Some(steady);
            }
        }
        self.doubt().seen = Some(steady);
        if !self.agrees() {
            return Ok(());
        }
        match self.0.db.write(move |c| Ok(db_clock::set_seen(c, now)?)).await {
            Err(Error::NoSpace) => Ok(()),
            recorded => recorded,
        }
    }

    fn steady(&self) -> Timestamp {
        self.0.db.lease_time().0
    }

    /// The drive's time as the steady clock keeps it.
    fn kept(&self) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.0.ahead_of_steady_ms.load(Ordering::Relaxed));
        self.steady().checked_add(ahead).unwrap_or(Timestamp::MAX)
    }

    fn move_by(&self, time: SignedDuration) {
        let millis = i64::try_from(time.as_millis()).unwrap_or_default();
        self.0.ahead_of_steady_ms.fetch_add(millis, Ordering::Relaxed);
    }

    fn doubt(&self) -> MutexGuard<'_, Doubt> {
        self.0.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
