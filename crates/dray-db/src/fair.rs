//! Places at something that is short. If many wait, each party gets one place after the other, in turn. So one party's
//! thousand requests delay another party's request by as much as one of them takes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

tokio::task_local! {
    static PARTY: Arc<Party>;
}

/// On whose behalf a task asks. This may become known only while the task runs.
#[derive(Debug)]
pub struct Party(AtomicU64);

impl Party {
    /// The party with this number. Nobody else should have it.
    pub fn new(number: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(number)))
    }

    /// From now on the current task asks on behalf of the party with this number. Without effect outside of
    /// [`on_behalf_of`].
    pub fn becomes(number: u64) {
        let _ = PARTY.try_with(|party| party.0.store(number, Relaxed));
    }

    /// The number of the current task's party. Tasks that ask on nobody's behalf are one party.
    fn current() -> u64 {
        PARTY.try_with(|party| party.0.load(Relaxed)).unwrap_or_default()
    }
}

/// Runs `work` on behalf of a party. (As an `async fn`, it would hold `work` twice: as its argument and while it waits.)
pub fn on_behalf_of<F: Future>(party: Arc<Party>, work: F) -> impl Future<Output = F::Output> {
    PARTY.scope(party, work)
}

/// `work` for another task, on behalf of the party of the current one. It is boxed, because a task that is spawned is moved
/// several times, and the work of a finalize has some ten KiB.
pub fn on_same_behalf<F: Future>(work: F) -> impl Future<Output = F::Output> {
    on_behalf_of(Party::new(Party::current()), Box::pin(work))
}

/// Places, and who waits for one.
#[derive(Debug)]
pub(crate) struct Places(Mutex<State>);

#[derive(Debug)]
struct State {
    free: usize,
    /// The parties that wait. The first one is next.
    waiting: VecDeque<(u64, VecDeque<oneshot::Sender<Place>>)>,
}

/// A place. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place(Option<Arc<Places>>);

impl Places {
    pub(crate) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { free: count, waiting: VecDeque::new() })))
    }

    /// Waits for a place.
    pub(crate) async fn take(self: &Arc<Self>) -> Place {
        loop {
            let given = {
                let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                if state.free > 0 {
                    state.free -= 1;
                    return Place(Some(Arc::clone(self)));
                }
                let (give, given) = oneshot::channel();
                state.wait(Party::current(), give);
                given
            };
            // Whoever waits is in the queue until a place is given to them, so this does not fail.
            if let Ok(place) = given.await {
                return place;
            }
        }
    }

    /// Gives a place to the next one who waits.
    fn give(self: &Arc<Self>) {
        loop {
            let next = {
                let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let next = state.next();
                state.free += usize::from(next.is_none());
                next
            };
            let Some(next) = next else { return };
            match next.send(Place(Some(Arc::clone(self)))) {
                Ok(()) => return,
                // This one no longer waits.
                Err(mut refused) => refused.0 = None,
            }
        }
    }
}

impl State {
    fn wait(&mut self, party: u64, give: oneshot::Sender<Place>) {
        match self.waiting.iter_mut().find(|(other, _)| *other == party) {
            Some((_, queue)) => queue.push_back(give),
            None => self.waiting.push_back((party, VecDeque::from([give]))),
        }
    }

    fn next(&mut self) -> Option<oneshot::Sender<Place>> {
        let (party, mut queue) = self.waiting.pop_front()?;
        let next = queue.pop_front();
        if !queue.is_empty() {
            self.waiting.push_back((party, queue));
        }
        next
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(places) = self.0.take() {
            places.give();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc;

    use super::*;

    /// Lets every party ask this often for the only place, and returns who got it, in order.
    async fn order(asked: &[(u64, usize)]) -> Vec<u64> {
        let places = Places::new(1);
        let only = places.take().await;
        let (told, mut got) = mpsc::unbounded_channel();
        for &(party, times) in asked {
            for _ in 0..times {
                let (places, told) = (Arc::clone(&places), told.clone());
                tokio::spawn(on_behalf_of(Party::new(party), async move {
                    let _place = places.take().await;
                    told.send(Party::current()).unwrap();
                }));
            }
            tokio::task::yield_now().await;
        }
        drop((only, told));
        let mut order = Vec::new();
        while let Some(party) = got.recv().await {
            order.push(party);
        }
        order
    }

    #[tokio::test]
    async fn parties_get_places_in_turn_however_many_requests_each_of_them_has() {
        assert_eq!(order(&[(1, 5), (2, 1), (3, 2)]).await, [1, 2, 3, 1, 3, 1, 1, 1]);
    }

    #[tokio::test]
    async fn who_no_longer_waits_gets_no_place() {
        let places = Places::new(1);
        let held = places.take().await;
        let gave_up = tokio::time::timeout(Duration::from_millis(1), places.take()).await;
        assert!(gave_up.is_err());
        drop(held);
        let again = tokio::time::timeout(Duration::from_secs(1), places.take()).await;
        assert!(again.is_ok(), "the place is free");
    }

    #[tokio::test]
    async fn a_task_of_a_task_asks_for_the_same_party_which_may_become_known_late() {
        let party = on_behalf_of(Party::new(1), async {
            Party::becomes(7);
            tokio::spawn(on_same_behalf(async { Party::current() })).await.unwrap()
        });
        assert_eq!(party.await, 7);
        Party::becomes(9);
        assert_eq!(Party::current(), 0, "nobody's task stays nobody's");
    }
}
