//! How many wrong passwords each client has sent for each link, and how long it has to wait. It is pure: time is an
//! argument.
//!
//! It is written here because governor, which limits requests, cannot take back a guess that turned out to be right.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::Guess;

/// Wrong passwords that may come at once, for people who mistype.
const AT_ONCE: u32 = 10;
/// How long it takes to earn another try.
const EARNED_IN: Duration = Duration::from_secs(15);
/// Wrong passwords of one client for one link in a day: some 36,000 a year of 8 characters or more.
const A_DAY: u32 = 100;
const DAY: Duration = Duration::from_hours(24);
/// How many pairs of client and link are remembered at once: some 10 MB. Beyond that the oldest are forgotten. Whoever
/// has so many addresses is slowed only by the cost of checking.
const MOST_REMEMBERED: usize = 100_000;

/// What is remembered for each client and link.
#[derive(Default)]
pub(super) struct Guesses(HashMap<Guess, Tries>);

struct Tries {
    day_began: Instant,
    today: u32,
    /// How many of [`AT_ONCE`] tries are used up at `counted_at`.
    used: f64,
    counted_at: Instant,
}

impl Tries {
    fn new(now: Instant) -> Self {
        Self { day_began: now, today: 0, used: 0.0, counted_at: now }
    }

    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.day_began) >= DAY
    }

    /// Counts one try, or returns how long to wait.
    fn count(&mut self, now: Instant) -> Result<(), Duration> {
        if self.today >= A_DAY {
            return Err(DAY.saturating_sub(now.duration_since(self.day_began)));
        }
        let earned = now.duration_since(self.counted_at).as_secs_f64() / EARNED_IN.as_secs_f64();
        let used = (self.used - earned).max(0.0);
        let over = used + 1.0 - f64::from(AT_ONCE);
        if over > 0.0 {
            return Err(EARNED_IN.mul_f64(over));
        }
        (self.used, self.counted_at, self.today) = (used + 1.0, now, self.today + 1);
        Ok(())
    }
}

impl Guesses {
    /// Counts a guess that is about to be checked. The error says how long its client has to wait.
    pub(super) fn count(&mut self, guess: Guess, now: Instant) -> Result<(), Duration> {
        if self.0.len() >= MOST_REMEMBERED && !self.0.contains_key(&guess) {
            self.make_room(now);
        }
        let tries = self.0.entry(guess).or_insert_with(|| Tries::new(now));
        if tries.is_over(now) {
            *tries = Tries::new(now);
        }
        tries.count(now)
    }

    /// Takes back a counted guess, because it was right or was not checked.
    pub(super) fn take_back(&mut self, guess: Guess) {
        let Some(tries) = self.0.get_mut(&guess) else { return };
        (tries.used, tries.today) = ((tries.used - 1.0).max(0.0), tries.today.saturating_sub(1));
        if tries.today == 0 {
            self.0.remove(&guess);
        }
    }

    /// Forgets those whose day is over. If these are less than half, it forgets the older half of all.
    fn make_room(&mut self, now: Instant) {
        self.0.retain(|_, tries| !tries.is_over(now));
        if self.0.len() <= MOST_REMEMBERED / 2 {
            return;
        }
        let mut began: Vec<Instant> = self.0.values().map(|tries| tries.day_began).collect();
        let (_, middle, _) = began.select_nth_unstable(MOST_REMEMBERED / 2);
        let middle = *middle;
        self.0.retain(|_, tries| tries.day_began > middle);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use dray_api::LinkId;

    use super::*;

    fn guess(client: u32) -> Guess {
        Guess { link: LinkId::new(1, [0; 8]), client: Ipv4Addr::from_bits(client).into() }
    }

    #[test]
    fn a_few_guesses_may_come_at_once_and_then_one_at_a_time() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        for _ in 0..AT_ONCE {
            assert_eq!(guesses.count(guess(1), now), Ok(()));
        }
        let wait = guesses.count(guess(1), now).unwrap_err();
        assert_eq!(wait, EARNED_IN);
        assert_eq!(guesses.count(guess(1), now), Err(wait), "being refused costs nothing");
        assert_eq!(guesses.count(guess(1), now + wait), Ok(()));
        assert!(guesses.count(guess(1), now + wait).is_err());
        assert_eq!(guesses.count(guess(2), now), Ok(()), "another client");
    }

    #[test]
    fn the_guesses_of_a_day_are_bounded() {
        let (mut guesses, mut now) = (Guesses::default(), Instant::now());
        let began = now;
        let mut counted = 0;
        while now < began + DAY {
            counted += u32::from(guesses.count(guess(1), now).is_ok());
            now += Duration::from_secs(20);
        }
        assert_eq!(counted, A_DAY);
        assert_eq!(guesses.count(guess(1), now), Ok(()), "the next day has new guesses");
    }

    #[test]
    fn a_guess_that_is_taken_back_does_not_count() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        for _ in 0..10 * A_DAY {
            guesses.count(guess(1), now).unwrap();
            guesses.take_back(guess(1));
        }
        assert!(guesses.0.is_empty());
    }

    #[test]
    fn the_number_of_remembered_guessers_is_bounded_and_the_latest_are_kept() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        let most = u32::try_from(MOST_REMEMBERED).unwrap();
        for client in 0..most + 10 {
            guesses.count(guess(client), now + Duration::from_millis(client.into())).unwrap();
        }
        assert!(guesses.0.len() <= MOST_REMEMBERED && guesses.0.len() > MOST_REMEMBERED / 3);
        assert!(guesses.0.contains_key(&guess(most + 9)) && !guesses.0.contains_key(&guess(0)));
    }
}
