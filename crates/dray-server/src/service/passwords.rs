//! Passwords of links: Argon2id, a few at a time (each takes 19 MiB), and not too many guesses at one.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, PasswordHash};
use dray_api::LinkId;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::Semaphore;

use crate::drive::{Error, Result};

/// Passwords hashed at once.
const AT_ONCE: usize = 2;
/// Guesses at a link's password that may come at once; then one a second.
const GUESSES: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// Links whose guesses are counted, before those that are back at the beginning are forgotten.
const REMEMBERED: usize = 10_000;

/// Hashes and checks passwords.
pub(crate) struct Passwords {
    at_once: Arc<Semaphore>,
    guesses: DefaultKeyedRateLimiter<LinkId>,
}

impl Default for Passwords {
    fn default() -> Self {
        let quota = Quota::per_second(NonZeroU32::MIN).allow_burst(GUESSES);
        Self { at_once: Arc::new(Semaphore::new(AT_ONCE)), guesses: RateLimiter::keyed(quota) }
    }
}

impl Passwords {
    /// The hash of a password, in the PHC string format.
    pub(super) async fn hash(&self, password: String) -> Result<String> {
        self.run(move || {
            let hash = Argon2::default().hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(Error::internal)
        })
        .await
    }

    /// Whether this is the password of the link that has this hash. Refuses to say so too often.
    pub(super) async fn check(&self, link: LinkId, password: String, hash: String) -> Result<bool> {
        if self.guesses.len() > REMEMBERED {
            self.guesses.retain_recent();
        }
        self.guesses.check_key(&link).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now()).max(Duration::from_secs(1));
            Error::TooManyRequests { retry_after_secs: wait.as_secs() }
        })?;
        self.run(move || {
            let hash = PasswordHash::new(&hash).map_err(Error::internal)?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let permit = Arc::clone(&self.at_once).acquire_owned().await.map_err(Error::internal)?;
        let work = move || {
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }
}
