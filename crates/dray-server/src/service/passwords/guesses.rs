//! How often each client sent wrong passwords or opened a file request, and how long it has to wait. It is pure: time is an
//! argument.
//!
//! It is written here because governor, which limits requests, cannot take back a guess that turned out to be right.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::Guess;

/// How often one client may do something with one link or file request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    /// How many tries may come at once.
    pub(super) at_once: u32,
    /// How long it takes to earn another try.
    pub(super) earned_in: Duration,
    /// The maximum number of tries in a day.
    pub(super) a_day: u32,
}

const DAY: Duration = Duration::from_hours(24);
/// How many pairs of client and link are remembered at once: some 10 MB. If there are more, the oldest are forgotten. A
/// client with so many addresses is slowed down only by the cost of checking a password.
const MOST_REMEMBERED: usize = 100_000;

/// How many times as often all clients of one network may try as one of them, because people may share a network.
const CLIENTS_OF_A_NETWORK: u32 = 4;

/// What is counted for each client and, at a higher rate, for each network.
pub(super) struct Counted {
    clients: Guesses,
    networks: Guesses,
}

impl Counted {
    /// Counts at this rate for each client, from nothing.
    pub(super) fn of(rate: Rate) -> Self {
        let of_network = Rate {
            at_once: rate.at_once * CLIENTS_OF_A_NETWORK,
            earned_in: rate.earned_in / CLIENTS_OF_A_NETWORK,
            a_day: rate.a_day * CLIENTS_OF_A_NETWORK,
        };
        Self { clients: Guesses::of(rate), networks: Guesses::of(of_network) }
    }

    /// Counts a try. The error says how long its client has to wait.
    pub(super) fn count(&mut self, guess: Guess, now: Instant) -> Result<(), Duration> {
        self.networks.count(guess.of_network(), now)?;
        let counted = self.clients.count(guess, now);
        if counted.is_err() {
            self.networks.take_back(guess.of_network());
        }
        counted
    }

    /// Takes back a counted guess, because it was right or was not checked.
    pub(super) fn take_back(&mut self, guess: Guess) {
        self.networks.take_back(guess.of_network());
        self.clients.take_back(guess);
    }
}

/// What is remembered for each client and link.
pub(super) struct Guesses {
    rate: Rate,
    tries: HashMap<Guess, Tries>,
}

struct Tries {
    day_began: Instant,
    today: u32,
    /// How many of [`Rate::at_once`] tries are used up at `counted_at`.
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
    fn count(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        if self.today >= rate.a_day {
            return Err(DAY.saturating_sub(now.duration_since(self.day_began)));
        }
        let earned = now.duration_since(self.counted_at).as_secs_f64() / rate.earned_in.as_secs_f64();
        let used = (self.used - earned).max(0.0);
        let over = used + 1.0 - f64::from(rate.at_once);
        if over > 0.0 {
            return Err(rate.earned_in.mul_f64(over));
        }
        (self.used, self.counted_at, self.today) = (used + 1.0, now, self.today + 1);
        Ok(())
    }
}

impl Guesses {
    /// Counts at this rate, from nothing.
    pub(super) fn of(rate: Rate) -> Self {
        Self { rate, tries: HashMap::new() }
    }

    /// Counts a guess that is about to be checked. The error says how long its client has to wait.
    pub(super) fn count(&mut self, guess: Guess, now: Instant) -> Result<(), Duration> {
        if self.tries.len() >= MOST_REMEMBERED && !self.tries.contains_key(&guess) {
            self.make_room(now);
        }
        let tries = self.tries.entry(guess).or_insert_with(|| Tries::new(now));
        if tries.is_over(now) {
            *tries = Tries::new(now);
        }
        tries.count(self.rate, now)
    }

    /// Takes back a counted guess, because it was right or was not checked.
    pub(super) fn take_back(&mut self, guess: Guess) {
        let Some(tries) = self.tries.get_mut(&guess) else { return };
        (tries.used, tries.today) = ((tries.used - 1.0).max(0.0), tries.today.saturating_sub(1));
        if tries.today == 0 {
            self.tries.remove(&guess);
        }
    }

    /// Forgets those whose day is over. If these are less than half, it forgets the older half of all.
    fn make_room(&mut self, now: Instant) {
        self.tries.retain(|_, tries| !tries.is_over(now));
        if self.tries.len() <= MOST_REMEMBERED / 2 {
            return;
        }
        let mut began: Vec<Instant> = self.tries.values().map(|tries| tries.day_began).collect();
        let (_, middle, _) = began.select_nth_unstable(MOST_REMEMBERED / 2);
        let middle = *middle;
        self.tries.retain(|_, tries| tries.day_began > middle);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use dray_api::LinkId;

    use super::super::{GUESSES, Guarded};
    use super::*;

    const AT_ONCE: u32 = GUESSES.at_once;
    const EARNED_IN: Duration = GUESSES.earned_in;
    const A_DAY: u32 = GUESSES.a_day;

    fn guesses() -> Guesses {
        Guesses::of(GUESSES)
    }

    fn guess(client: u32) -> Guess {
        Guess { of: Guarded::Link(LinkId::new(1, [0; 8])), client: Ipv4Addr::from_bits(client).into() }
    }

    #[test]
    fn a_few_guesses_may_come_at_once_and_then_one_at_a_time() {
        let (mut guesses, now) = (guesses(), Instant::now());
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
        let (mut guesses, mut now) = (guesses(), Instant::now());
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
        let (mut guesses, now) = (guesses(), Instant::now());
        for _ in 0..10 * A_DAY {
            guesses.count(guess(1), now).unwrap();
            guesses.take_back(guess(1));
        }
        assert!(guesses.tries.is_empty());
    }

    #[test]
    fn the_clients_of_one_network_share_a_higher_limit_and_hinder_no_other_network() {
        let (mut counted, now) = (Counted::of(GUESSES), Instant::now());
        let from = |net: u16, client: u16| Guess {
            client: Ipv6Addr::new(0x2001, 0xdb8, net, client, 0, 0, 0, 0).into(),
            ..guess(0)
        };
        let mut of_network = 0;
        for client in 0..100 {
            while counted.count(from(1, client), now).is_ok() {
                of_network += 1;
            }
        }
        assert_eq!(of_network, AT_ONCE * CLIENTS_OF_A_NETWORK);
        assert_eq!(counted.count(from(2, 0), now), Ok(()));
        counted.take_back(from(1, 0));
        assert_eq!(counted.count(from(1, 99), now), Ok(()), "what is taken back counts for nobody");
    }

    #[test]
    fn the_number_of_remembered_guessers_is_bounded_and_the_latest_are_kept() {
        let (mut guesses, now) = (guesses(), Instant::now());
        let most = u32::try_from(MOST_REMEMBERED).unwrap();
        for client in 0..most + 10 {
            guesses.count(guess(client), now + Duration::from_millis(client.into())).unwrap();
        }
        assert!(guesses.tries.len() <= MOST_REMEMBERED && guesses.tries.len() > MOST_REMEMBERED / 3);
        assert!(guesses.tries.contains_key(&guess(most + 9)) && !guesses.tries.contains_key(&guess(0)));
    }
}
