//! Long transactions, long reads and the hashing of passwords take turns. A user has a few of them at a time, and the others
//! wait here. So other people never wait for more than a few of them, however many requests one user sends at once. Limits on
//! the rate of requests cannot do this: one batch of small files, or one page of a large tree, costs as much as a hundred
//! requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use dray_api::UserId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Service;
use super::tokens::check_still_valid;
use crate::db::Conn;
use crate::drive::access::Caller;
use crate::drive::{Error, Result};

/// How many long transactions of one user run or wait for the database at the same time, and passwords for a core. Two keep
/// the database busy while an answer is on its way.
const AT_ONCE: usize = 2;
/// How many long reads of one user run at the same time.
const READS_AT_ONCE: usize = 4;
/// How many users are remembered before those who have no turn are forgotten.
const REMEMBERED: usize = 1024;

/// Whose turns these are: a user's own, or those of the strangers who upload for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Whose {
    user: UserId,
    is_strangers: bool,
    is_reading: bool,
}

/// The turns of all users.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<Whose, Weak<Semaphore>>>);

/// A turn, until this is dropped.
#[derive(Debug)]
pub(super) struct Turn(#[expect(dead_code, reason = "it is held, and nothing else")] OwnedSemaphorePermit);

impl Service {
    /// Waits until the caller has a turn. Turns come in the order in which they were asked for.
    pub(super) async fn turn(&self, caller: &Caller) -> Result<Turn> {
        self.turn_to(caller, false).await
    }

    /// Runs a longer read for the caller when it is their turn. Isolation: as for [`Db::read_long`](crate::db::Db::read_long).
    pub(super) async fn read_in_turn<T, F>(&self, caller: &Caller, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> Result<T> + Send + 'static,
    {
        let _turn = self.turn_to(caller, true).await?;
        self.db.read_long(work).await
    }

    async fn turn_to(&self, caller: &Caller, is_reading: bool) -> Result<Turn> {
        let whose = Whose { user: caller.user, is_strangers: caller.grant().is_some(), is_reading };
        let turns = self.turns.of(whose);
        if let Ok(turn) = turns.clone().try_acquire_owned() {
            return Ok(Turn(turn));
        }
        let turn = turns.acquire_owned().await.map(Turn).map_err(Error::internal)?;
        // The caller's token may have ended meanwhile. The transaction itself asks whether a submitter's request is still open.
        if caller.submitter().is_some() {
            return Ok(turn);
        }
        let (caller, now) = (*caller, self.clock.now());
        self.db.read(move |c| check_still_valid(c, &caller, now)).await?;
        Ok(turn)
    }

    /// The hash of a caller's new password.
    pub(super) async fn hash_in_turn(&self, caller: &Caller, password: String) -> Result<String> {
        let _turn = self.turn(caller).await?;
        self.passwords.hash(password).await
    }
}

impl Turns {
    fn of(&self, whose: Whose) -> Arc<Semaphore> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = known.get(&whose).and_then(Weak::upgrade) {
            return turns;
        }
        if known.len() >= REMEMBERED {
            known.retain(|_, turns| turns.strong_count() > 0);
        }
        let turns = Arc::new(Semaphore::new(if whose.is_reading { READS_AT_ONCE } else { AT_ONCE }));
        known.insert(whose, Arc::downgrade(&turns));
        turns
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn whose(user: u32, is_strangers: bool) -> Whose {
        Whose { user: UserId::new(user, [0; 8]), is_strangers, is_reading: false }
    }

    #[test]
    fn a_user_has_a_few_turns_at_a_time_and_keeps_nobody_else_waiting() {
        let turns = Turns::default();
        let take = |whose| turns.of(whose).acquire_owned().now_or_never();
        let held: Vec<_> = (0..AT_ONCE).map(|_| take(whose(1, false)).unwrap()).collect();
        assert!(take(whose(1, false)).is_none());
        assert!(take(whose(2, false)).is_some(), "another user");
        assert!(take(whose(1, true)).is_some(), "strangers who upload for the same user");
        let reading = Whose { is_reading: true, ..whose(1, false) };
        let reads: Vec<_> = (0..READS_AT_ONCE).map(|_| take(reading).unwrap()).collect();
        assert!(take(reading).is_none());
        drop(reads);
        drop(held);
        assert!(take(whose(1, false)).is_some());
    }

    #[test]
    fn users_without_a_turn_are_forgotten() {
        let turns = Turns::default();
        let held = turns.of(whose(0, false));
        for user in 1..3000 {
            turns.of(whose(user, false));
        }
        assert!(turns.0.lock().unwrap().len() <= REMEMBERED);
        assert!(Arc::ptr_eq(&held, &turns.of(whose(0, false))), "a turn that is taken still counts");
    }
}
