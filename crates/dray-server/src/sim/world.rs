//! What a schedule consists of besides servers and clients: its choices, which a seed determines, its time, and the
//! list of its events.

use std::fmt::Display;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::monitor::Monitor;
use super::profile::Profile;
use super::store::Store;

/// One schedule.
pub(super) struct World {
    pub(super) profile: Profile,
    rng: Mutex<fastrand::Rng>,
    started: Instant,
    pub(super) store: Mutex<Store>,
    pub(super) monitor: Mutex<Monitor>,
    story: Mutex<Story>,
    is_calm: AtomicBool,
}

/// The events so far.
#[derive(Default)]
struct Story {
    /// All of them, if they are to be printed.
    lines: Option<Vec<String>>,
    digest: DefaultHasher,
    steps: u64,
    faults: Vec<String>,
}

/// The outcome of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The faults.
    pub(super) faults: Vec<String>,
    /// A digest of the events: the same for two schedules with the same events.
    pub(super) digest: u64,
    /// Calls to the database and the store.
    pub(super) steps: u64,
    /// Digests of the states that occurred.
    pub(super) states: Vec<u64>,
    /// The events, if they are to be printed.
    pub(super) lines: Vec<String>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The time at which every schedule begins.
fn beginning() -> Timestamp {
    Timestamp::from_second(1_900_000_000).unwrap()
}

impl World {
    pub(super) fn new(seed: u64, is_told: bool) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let profile = Profile::choose(&mut rng);
        let mut store = Store::default();
        store.forgets_at_once = profile.forgets_at_once;
        let world = Self {
            profile,
            rng: Mutex::new(rng),
            started: Instant::now(),
            store: Mutex::new(store),
            monitor: Mutex::default(),
            story: Mutex::new(Story { lines: is_told.then(Vec::new), ..Story::default() }),
            is_calm: AtomicBool::new(false),
        };
        world.tell("world", || format!("{:?}", world.profile));
        world
    }

    /// How long the schedule has been running.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The time by a correct clock.
    pub(super) fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.elapsed()).unwrap();
        beginning().checked_add(elapsed).unwrap()
    }

    /// Whether nothing goes wrong any more.
    pub(super) fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::Relaxed)
    }

    /// From now on nothing goes wrong.
    pub(super) fn calm(&self) {
        self.is_calm.store(true, Ordering::Relaxed);
        self.tell("world", || "calm from now on".to_owned());
    }

    pub(super) fn below(&self, end: u64) -> u64 {
        lock(&self.rng).u64(..end.max(1))
    }

    pub(super) fn within(&self, range: Range<u64>) -> u64 {
        lock(&self.rng).u64(range)
    }

    /// A random number of milliseconds in this range.
    pub(super) fn millis(&self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.within(range))
    }

    /// `true` in this many of 1000 cases. After [`World::calm`], never.
    pub(super) fn goes_wrong(&self, per_mille: u64) -> bool {
        let is_chosen = self.chance(per_mille);
        is_chosen && !self.is_calm()
    }

    /// `true` in this many of 1000 cases.
    pub(super) fn chance(&self, per_mille: u64) -> bool {
        per_mille > 0 && self.below(1000) < per_mille
    }

    /// Counts a call, and adds it to the story.
    pub(super) fn tell(&self, who: impl Display + Hash, what: impl FnOnce() -> String) {
        let at = self.elapsed();
        let mut story = lock(&self.story);
        story.steps += 1;
        (at.as_millis(), &who).hash(&mut story.digest);
        if let Some(lines) = &mut story.lines {
            lines.push(format!("{:>11.3} {who:<9} {}", at.as_secs_f64(), what()));
        }
    }

    /// Records a fault of the simulated service.
    pub(super) fn fail(&self, fault: String) {
        self.tell("FAULT", || fault.clone());
        lock(&self.story).faults.push(fault);
    }

    pub(super) fn outcome(&self) -> Outcome {
        let mut story = lock(&self.story);
        Outcome {
            faults: std::mem::take(&mut story.faults),
            digest: story.digest.finish(),
            steps: story.steps,
            states: lock(&self.monitor).take_states(),
            lines: story.lines.take().unwrap_or_default(),
        }
    }
}
