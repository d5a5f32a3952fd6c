//! Passwords of links and file requests: Argon2id, at most one per core at a time (each takes 19 MiB), and limits on each client's
//! guesses and on how often it becomes a submitter.

mod guesses;
mod places;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, PasswordHash};
use dray_api::{LinkId, RequestId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use crate::drive::network::Network;
use crate::drive::{Error, Result};
use guesses::{Counted, Rate};
use places::Places;

/// Wrong passwords that one client may send for one link: ten at once, for a person who mistypes, and in the long run some
/// 36,000 a year, for passwords of 8 characters or more.
const GUESSES: Rate = Rate { at_once: 10, earned_in: Duration::from_secs(15), a_day: 100 };
/// New submitters of one file request from one address: enough for a class of pupils who share it.
const VISITS: Rate = Rate { at_once: 60, earned_in: Duration::from_secs(5), a_day: 2000 };
/// How long one waits for its turn before its caller is told to ask again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something whose address strangers know, and that may have a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Guarded {
    /// A public link.
    Link(LinkId),
    /// A file request.
    Request(RequestId),
}

/// A client, and what it guesses the password of, or becomes a submitter of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Guess {
    /// The link or request.
    pub(super) of: Guarded,
    /// The client: its address, or the first of its network.
    pub(super) client: IpAddr,
}

impl Guess {
    /// The same by the whole network of the client.
    fn of_network(self) -> Self {
        Self { client: Network::of(self.client).first(), ..self }
    }
}

/// Hashes and checks passwords.
pub(crate) struct Passwords {
    at_once: Arc<Semaphore>,
    guesses: Mutex<Counted>,
    /// New submitters, by request and client.
    visits: Mutex<Counted>,
    /// Those who wait.
    waiting: Places,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            at_once: Arc::new(Semaphore::new(cores)),
            guesses: Mutex::new(Counted::of(GUESSES)),
            visits: Mutex::new(Counted::of(VISITS)),
            waiting: Places::default(),
        }
    }
}

impl Passwords {
    /// The hash of a password, in the PHC string format.
    pub(super) async fn hash(&self, password: String) -> Result<String> {
        self.run(None, move || {
            let hash = Argon2::default().hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(Error::internal)
        })
        .await
    }

    /// Whether this is the password with this hash. A wrong one counts against the client. A client that has
    /// sent too many is refused before any work is done.
    pub(super) async fn check(&self, guess: Guess, password: String, hash: String) -> Result<bool> {
        // Counted before it is known to be wrong, so that many at once are limited like many in a row.
        let refused = locked(&self.guesses).count(guess, Instant::now());
        refused.map_err(|wait| Error::TooManyRequests { retry_after_secs: wait.as_secs().max(1) })?;
        let checked = self.run(Some(guess), move || {
            let hash = PasswordHash::new(&hash).map_err(Error::internal)?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        });
        let checked = checked.await;
        if !matches!(checked, Ok(false)) {
            locked(&self.guesses).take_back(guess);
        }
        checked
    }

    /// Counts a new submitter of a file request, or says how long the client has to wait.
    pub(super) fn count_visit(&self, visit: Guess) -> Result<()> {
        let refused = locked(&self.visits).count(visit, Instant::now());
        refused.map_err(|wait| Error::TooManyRequests { retry_after_secs: wait.as_secs().max(1) })
    }

    /// Does `work` when it is its turn. Passwords that are hashed for a new link or request belong to no guess.
    async fn run<T: Send + 'static>(
        &self,
        guess: Option<Guess>,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = {
            let place = self.waiting.take(guess)?;
            tokio::select! {
                permit = self.turn(PATIENCE) => permit?,
                () = place.given_up() => return Err(Error::Busy),
            }
        };
        let work = move || {
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }

    async fn turn(&self, patience: Duration) -> Result<OwnedSemaphorePermit> {
        let turn = timeout(patience, Arc::clone(&self.at_once).acquire_owned());
        turn.await.map_err(|_| Error::Busy)?.map_err(Error::internal)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(number: u32) -> Guarded {
        Guarded::Link(LinkId::new(number, [0; 8]))
    }

    #[tokio::test]
    async fn a_caller_who_does_not_get_a_turn_in_time_is_told_to_ask_again() {
        let passwords = Passwords { at_once: Arc::new(Semaphore::new(0)), ..Passwords::default() };
        assert_eq!(passwords.turn(Duration::ZERO).await.err(), Some(Error::Busy));
    }

    #[tokio::test]
    async fn only_wrong_passwords_count_against_a_client() {
        let passwords = Passwords::default();
        let hash = passwords.hash("right".into()).await.unwrap();
        let guess = Guess { of: link(1), client: [127, 0, 0, 1].into() };
        for _ in 0..30 {
            assert_eq!(passwords.check(guess, "right".into(), hash.clone()).await, Ok(true));
        }
        while passwords.check(guess, "wrong".into(), hash.clone()).await == Ok(false) {}
        let refused = passwords.check(guess, "right".into(), hash.clone()).await;
        assert!(matches!(refused, Err(Error::TooManyRequests { retry_after_secs: 1.. })), "{refused:?}");
        let other = Guess { client: [127, 0, 0, 2].into(), ..guess };
        assert_eq!(passwords.check(other, "right".into(), hash).await, Ok(true));
    }
}
