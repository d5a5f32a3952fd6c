//! One limit over many keys: governor's GCRA, with bounded memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::config::Rate;

/// The maximum number of keys that are remembered at once: some 10 MB.
const MOST_KEYS: usize = 100_000;

/// Limits the requests under each key to a rate.
pub(super) struct Limiter<K: Hash + Eq + Clone, C: Clock = DefaultClock> {
    governor: RateLimiter<K, Recent<K>, C, StateInformationMiddleware>,
    rate: Rate,
    /// How long it takes to earn one request again.
    earned_in: Duration,
}

/// The state of a key's limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// The maximum number of requests that may be made at once.
    pub(super) limit: u32,
    /// Requests that may be made at once now.
    pub(super) remaining: u32,
    /// Seconds until all of them may be made again.
    pub(super) reset_secs: u64,
    /// Seconds until the next request may be made, if this one may not.
    pub(super) refused_for_secs: Option<u64>,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    pub(super) fn new(rate: Rate) -> Self {
        Self::with_clock(rate, DefaultClock::default())
    }
}

impl<K: Hash + Eq + Clone, C: Clock> Limiter<K, C> {
    fn with_clock(rate: Rate, clock: C) -> Self {
        let earned_in = rate.window / rate.requests.get();
        // At most a million per second, so the time is never zero.
        let quota = Quota::with_period(earned_in).unwrap_or(Quota::per_second(rate.requests));
        let governor = RateLimiter::new(quota.allow_burst(rate.requests), Recent::default(), clock);
        Self { governor, rate, earned_in }
    }

    /// Counts a request under `key`, if it is allowed.
    pub(super) fn check(&self, key: &K) -> Standing {
        let limit = self.rate.requests.get();
        match self.governor.check_key(key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity().min(limit);
                let reset_secs = whole_secs(self.earned_in * (limit - remaining));
                Standing { limit, remaining, reset_secs, refused_for_secs: None }
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.governor.clock().now());
                let reset_secs = whole_secs(wait + self.earned_in * (limit - 1));
                Standing { limit, remaining: 0, reset_secs, refused_for_secs: Some(whole_secs(wait).max(1)) }
            }
        }
    }

    /// Forgets the keys whose requests have all been earned again.
    pub(super) fn forget_idle(&self) {
        self.governor.retain_recent();
    }
}

/// Rounded up, so that a caller who returns after this time is admitted.
fn whole_secs(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// The state of each key at one moment. If more keys come within a short time than it can hold, it is cleared: a
/// limit per address cannot stop a caller who has so many addresses.
#[derive(Debug)]
struct Recent<K>(Mutex<HashMap<K, Nanos>>);

impl<K> Default for Recent<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K> Recent<K> {
    fn states(&self) -> MutexGuard<'_, HashMap<K, Nanos>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Clone> StateStore for Recent<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut states = self.states();
        let known = states.get(key).copied();
        let (decision, state) = decide(known)?;
        if known.is_none() && states.len() >= MOST_KEYS {
            states.clear();
        }
        states.insert(key.clone(), state);
        Ok(decision)
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for Recent<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.states().retain(|_, state| *state > drop_below);
    }

    fn len(&self) -> usize {
        self.states().len()
    }

    fn is_empty(&self) -> bool {
        self.states().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;
    use proptest::prelude::*;

    use super::*;
    use crate::config::RateLimit;

    fn limiter(rate: &str) -> (Limiter<u32, FakeRelativeClock>, FakeRelativeClock) {
        let RateLimit::To(rate) = rate.parse().unwrap() else { panic!("{rate} is no rate") };
        let clock = FakeRelativeClock::default();
        (Limiter::with_clock(rate, clock.clone()), clock)
    }

    fn is_let_in(standing: Standing) -> bool {
        standing.refused_for_secs.is_none()
    }

    #[test]
    fn a_burst_of_the_whole_rate_is_admitted_and_counted_down() {
        let (limiter, _) = limiter("3/m");
        let standings = [(); 4].map(|()| limiter.check(&1));
        assert_eq!(standings.map(|s| (s.limit, s.remaining)), [(3, 2), (3, 1), (3, 0), (3, 0)]);
        assert_eq!(standings.map(|s| s.reset_secs), [20, 40, 60, 60]);
        assert_eq!(standings.map(|s| s.refused_for_secs), [None, None, None, Some(20)]);
        assert!(is_let_in(limiter.check(&2)), "another key has a limit of its own");
    }

    #[test]
    fn a_caller_who_waits_as_long_as_told_is_admitted() {
        let (limiter, clock) = limiter("7/s");
        while is_let_in(limiter.check(&1)) {}
        let wait = limiter.check(&1).refused_for_secs.unwrap();
        clock.advance(Duration::from_secs(wait));
        assert!(is_let_in(limiter.check(&1)));
    }

    #[test]
    fn a_refused_request_costs_nothing() {
        let (limiter, clock) = limiter("1/s");
        limiter.check(&1);
        for _ in 0..100 {
            assert_eq!(limiter.check(&1).refused_for_secs, Some(1));
        }
        clock.advance(Duration::from_secs(1));
        assert!(is_let_in(limiter.check(&1)));
    }

    #[test]
    fn idle_keys_are_forgotten_and_busy_ones_are_not() {
        let (limiter, clock) = limiter("2/m");
        limiter.check(&1);
        clock.advance(Duration::from_mins(2));
        while is_let_in(limiter.check(&2)) {}
        limiter.forget_idle();
        assert_eq!(limiter.governor.len(), 1);
        assert!(!is_let_in(limiter.check(&2)), "forgetting must not let anybody in");
    }

    #[test]
    fn the_number_of_remembered_keys_is_bounded() {
        let (limiter, _) = limiter("1/h");
        for key in 0..u32::try_from(MOST_KEYS).unwrap() + 10 {
            assert!(is_let_in(limiter.check(&key)));
        }
        assert_eq!(limiter.governor.len(), 10);
    }

    proptest! {
        #[test]
        fn no_window_lets_in_more_than_twice_the_rate(
            requests in 1..50_u32,
            pauses in prop::collection::vec(0..200_u64, 1..300),
        ) {
            let (limiter, clock) = limiter(&format!("{requests}/s"));
            let (mut now, mut let_in) = (0, Vec::new());
            for pause in pauses {
                now += pause;
                clock.advance(Duration::from_millis(pause));
                if is_let_in(limiter.check(&1)) {
                    let_in.push(now);
                }
            }
            for (at, first) in let_in.iter().enumerate() {
                let window = let_in[at..].iter().take_while(|time| **time < first + 1000).count();
                prop_assert!(window <= 2 * requests as usize, "{window} of {requests} a second");
            }
        }
    }
}
