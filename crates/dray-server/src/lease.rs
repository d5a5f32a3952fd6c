//! Work that needs a lease. It continues while a heartbeat renews the lease, and stops when the lease is lost. This is
//! the only way to hold a lease, whatever it is for.

use std::pin::pin;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::drive::Result;

/// Why unfinished work was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Another holder has taken the lease.
    #[error("somebody else has taken the lease")]
    Taken,
    /// The heartbeat could not reach the database in time to renew the lease.
    #[error("the lease expired, because the database did not answer in time")]
    Silent,
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
}

/// How long a lease may be used that nobody has renewed yet. It counts from before the database was asked for the lease: the
/// database counts from some moment after that, and its answer may come much later.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    asked_at: Instant,
    life: Duration,
}

impl Term {
    /// The term of a lease of this life that will now be asked for.
    pub fn asked_now(life: SignedDuration) -> Self {
        Self { asked_at: Instant::now(), life: life.unsigned_abs() }
    }
}

/// Does `work` while `renew` keeps a lease that was taken for this term. `renew` returns `false` if
/// another holder has the lease. If the lease is lost, the work is dropped at the point where it waits, so it must be
/// safe to stop after any step.
pub async fn holding<T, R>(
    term: Term,
    halt: &CancellationToken,
    renew: impl Fn() -> R,
    work: impl Future<Output = T>,
) -> std::result::Result<T, Lost>
where
    R: Future<Output = Result<bool>>,
{
    let mut work = pin!(work);
    tokio::select! {
        biased;
        done = &mut work => Ok(done),
        lost = keep(term, renew) => Err(lost),
        () = halt.cancelled() => Err(Lost::Stopping),
    }
}

/// Renews a lease until it is lost. It renews three times per life, so that one lost answer does no harm. However
/// long failed renewals take, it stops in time, before the lease ends.
async fn keep<R: Future<Output = Result<bool>>>(
    Term { asked_at, life }: Term,
    renew: impl Fn() -> R,
) -> Lost {
    let mut held_until = asked_at + life;
    loop {
        tokio::time::sleep_until(held_until.min(Instant::now() + life / 3)).await;
        let asked_at = Instant::now();
        match tokio::time::timeout_at(held_until, renew()).await {
            Ok(Ok(true)) => held_until = asked_at + life,
            Ok(Ok(false)) => return Lost::Taken,
            Ok(Err(err)) if Instant::now() < held_until => {
                tracing::warn!(%err, "a lease could not be renewed yet");
            }
            Ok(Err(_)) | Err(_) => return Lost::Silent,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::{pending, ready};

    use super::*;
    use crate::drive::Error;

    const LIFE: SignedDuration = SignedDuration::from_secs(30);

    fn unreachable() -> Error {
        Error::DatabaseUnreachable { detail: String::new() }
    }

    #[tokio::test(start_paused = true)]
    async fn work_of_any_length_keeps_its_lease() {
        let renewed = Cell::new(0);
        let renew = || {
            renewed.set(renewed.get() + 1);
            ready(Ok(true))
        };
        let work = tokio::time::sleep(Duration::from_mins(10));
        assert_eq!(holding(Term::asked_now(LIFE), &CancellationToken::new(), renew, work).await, Ok(()));
        assert!((55..=60).contains(&renewed.get()), "{}", renewed.get());
    }

    #[tokio::test(start_paused = true)]
    async fn work_stops_once_another_holder_has_the_lease() {
        let begun = Instant::now();
        let lost =
            holding(Term::asked_now(LIFE), &CancellationToken::new(), || ready(Ok(false)), pending::<()>())
                .await;
        assert_eq!((lost, begun.elapsed().as_secs()), (Err(Lost::Taken), 10));
    }

    #[tokio::test(start_paused = true)]
    async fn work_stops_before_its_lease_ends_if_the_database_is_silent_or_away() {
        for is_silent in [true, false] {
            let renew = || async move { if is_silent { pending().await } else { Err(unreachable()) } };
            let begun = Instant::now();
            let lost =
                holding(Term::asked_now(LIFE), &CancellationToken::new(), renew, pending::<()>()).await;
            assert_eq!((lost, begun.elapsed().as_secs()), (Err(Lost::Silent), 30));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_answer_makes_a_lease_no_longer() {
        let (term, begun) = (Term::asked_now(LIFE), Instant::now());
        tokio::time::sleep(Duration::from_secs(2)).await;
        let lost = holding(term, &CancellationToken::new(), pending, pending::<()>()).await;
        assert_eq!((lost, begun.elapsed().as_secs()), (Err(Lost::Silent), 30));
    }

    #[tokio::test(start_paused = true)]
    async fn work_stops_in_time_if_the_database_takes_long_to_fail() {
        for fails_after in [1, 2, 4, 9] {
            let renew = || async move {
                tokio::time::sleep(Duration::from_secs(fails_after)).await;
                Err(unreachable())
            };
            let begun = Instant::now();
            let lost =
                holding(Term::asked_now(LIFE), &CancellationToken::new(), renew, pending::<()>()).await;
            assert_eq!((lost, begun.elapsed().as_secs()), (Err(Lost::Silent), 30), "{fails_after}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_failed_renewal_does_no_harm() {
        let tries = Cell::new(0);
        let renew = || {
            tries.set(tries.get() + 1);
            ready(if tries.get() % 2 == 0 { Ok(true) } else { Err(unreachable()) })
        };
        let work = tokio::time::sleep(Duration::from_mins(5));
        assert_eq!(holding(Term::asked_now(LIFE), &CancellationToken::new(), renew, work).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopping_server_waits_for_no_work() {
        let halt = CancellationToken::new();
        halt.cancel();
        assert_eq!(
            holding(Term::asked_now(LIFE), &halt, || ready(Ok(true)), pending::<()>()).await,
            Err(Lost::Stopping)
        );
    }
}
