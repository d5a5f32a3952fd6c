//! Whether the server can serve. Anyone may ask as often as they like: one probe answers everybody who asks within a
//! second.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::{Instant, timeout};

use super::Service;
use crate::db::users;
use crate::drive::{Error, Result};

/// How old the result of a probe may be.
const OLDEST: Duration = Duration::from_secs(1);
/// How long database and store have to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The latest probe, which may still be under way.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<Probe>>);

struct Probe {
    begun: Instant,
    outcome: Shared<BoxFuture<'static, Result<()>>>,
}

impl Readiness {
    /// The result of the latest probe. `begin` begins another if the latest is older than [`OLDEST`] and has ended.
    fn outcome(
        &self,
        now: Instant,
        begin: impl FnOnce() -> BoxFuture<'static, Result<()>>,
    ) -> Shared<BoxFuture<'static, Result<()>>> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old =
            |probe: &Probe| now.duration_since(probe.begun) >= OLDEST && probe.outcome.peek().is_some();
        match &*latest {
            Some(probe) if !is_old(probe) => probe.outcome.clone(),
            _ => {
                let outcome = begin().shared();
                *latest = Some(Probe { begun: now, outcome: outcome.clone() });
                outcome
            }
        }
    }
}

impl Service {
    /// Whether database and store answer, or answered at most a second ago.
    pub(crate) async fn check_ready(&self) -> Result<()> {
        self.readiness.outcome(Instant::now(), || self.begin_probe()).await
    }

    /// What is wrong with the clocks, if anything is.
    pub(crate) fn clock_trouble(&self) -> Option<String> {
        if let Some(off) = self.clock.off() {
            return Some(format!("this machine's clock is wrong by {off:#}"));
        }
        (!self.clock.agrees()).then(|| "this machine's clock was wrong within the last hour".to_owned())
    }

    /// The probe runs in a task of its own, so that it ends even if its caller goes away. Otherwise each caller who
    /// asks and leaves would begin another.
    fn begin_probe(&self) -> BoxFuture<'static, Result<()>> {
        let service = self.clone();
        let probe = tokio::spawn(async move { timeout(PATIENCE, service.probe()).await });
        async move {
            let detail = format!("no answer within {PATIENCE:?}");
            probe.await.map_err(Error::internal)?.unwrap_or(Err(Error::StoreUnreachable { detail }))
        }
        .boxed()
    }

    async fn probe(&self) -> Result<()> {
        let (database, store) = (self.db.read(|c| Ok(users::default_workspace(c)?)), self.objects.check());
        database.await?;
        store.await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    /// Counts the probes. Each of them ends when `end` is notified.
    fn probes() -> (Arc<AtomicUsize>, Arc<Notify>, impl Fn() -> BoxFuture<'static, Result<()>>) {
        let (counted, end) = (Arc::<AtomicUsize>::default(), Arc::new(Notify::new()));
        let (count, ended) = (counted.clone(), end.clone());
        let begin = move || {
            count.fetch_add(1, Ordering::Relaxed);
            let ended = ended.clone();
            async move {
                ended.notified().await;
                Ok(())
            }
            .boxed()
        };
        (counted, end, begin)
    }

    #[tokio::test]
    async fn one_probe_answers_everybody_who_asks_within_a_second() {
        let (readiness, now) = (Readiness::default(), Instant::now());
        let (counted, end, begin) = probes();
        let first = readiness.outcome(now, &begin);
        let second = readiness.outcome(now + OLDEST / 2, &begin);
        end.notify_one();
        assert_eq!(tokio::join!(first, second), (Ok(()), Ok(())));
        assert_eq!(readiness.outcome(now + OLDEST / 2, &begin).await, Ok(()));
        assert_eq!(counted.load(Ordering::Relaxed), 1);
        end.notify_one();
        assert_eq!(readiness.outcome(now + OLDEST, &begin).await, Ok(()));
        assert_eq!(counted.load(Ordering::Relaxed), 2, "a second later it is asked again");
    }

    #[tokio::test]
    async fn no_second_probe_begins_while_one_is_under_way() {
        let (readiness, now) = (Readiness::default(), Instant::now());
        let (counted, end, begin) = probes();
        let first = readiness.outcome(now, &begin);
        let later = readiness.outcome(now + 10 * OLDEST, &begin);
        assert_eq!(counted.load(Ordering::Relaxed), 1);
        end.notify_one();
        assert_eq!(tokio::join!(first, later), (Ok(()), Ok(())));
    }
}
