//! The places of those who wait for their password to be checked. If there is none left, a place goes from the network that has
//! most of them to a network that has fewer, so that nobody who guesses keeps others out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::{Guarded, Guess, locked};
use crate::drive::network::Network;
use crate::drive::{Error, Result};

/// The maximum number of passwords that wait. Further callers are told to ask again.
const MOST_WAITING: usize = 64;
/// The maximum of these for one link or request, so that however many clients guess at it, others still have a place.
const MOST_OF_ONE_LINK: usize = MOST_WAITING / 2;

/// Those who wait.
#[derive(Default)]
pub(super) struct Places(Mutex<Table>);

#[derive(Default)]
struct Table {
    waiting: HashMap<u64, Waiting>,
    next: u64,
}

struct Waiting {
    /// Passwords that are hashed for a new link or request have none.
    guess: Option<(Guarded, Network)>,
    give_up: Arc<Notify>,
}

/// A place, held until it is dropped.
pub(super) struct Place<'a> {
    places: &'a Places,
    number: u64,
    give_up: Arc<Notify>,
}

impl Places {
    /// Takes a place, perhaps from somebody of the network that has most.
    pub(super) fn take(&self, guess: Option<Guess>) -> Result<Place<'_>> {
        let guess = guess.map(|guess| (guess.of, Network::of(guess.client)));
        let mut table = locked(&self.0);
        table.make_room(guess)?;
        let (number, give_up) = (table.next, Arc::<Notify>::default());
        table.next += 1;
        table.waiting.insert(number, Waiting { guess, give_up: Arc::clone(&give_up) });
        Ok(Place { places: self, number, give_up })
    }
}

impl Table {
    /// Makes sure that there is room for a guess, at its link and among all.
    fn make_room(&mut self, guess: Option<(Guarded, Network)>) -> Result<()> {
        let link = |guess: Option<(Guarded, Network)>| guess.map(|(of, _)| of);
        let at_link = self.waiting.values().filter(|one| link(one.guess) == link(guess)).count();
        if at_link >= MOST_OF_ONE_LINK {
            self.take_one(guess, |one| link(one) == link(guess))
        } else if self.waiting.len() >= MOST_WAITING {
            self.take_one(guess, |_| true)
        } else {
            Ok(())
        }
    }

    /// Sends the latest guess of the network away that has most of these places, if the newcomer's network then has no more
    /// than that one.
    fn take_one(
        &mut self,
        newcomer: Option<(Guarded, Network)>,
        is_among: impl Fn(Option<(Guarded, Network)>) -> bool,
    ) -> Result<()> {
        let network = |guess: Option<(Guarded, Network)>| guess.map(|(_, network)| network);
        let mut counts: HashMap<Option<Network>, (usize, u64)> = HashMap::new();
        for (number, one) in self.waiting.iter().filter(|(_, one)| is_among(one.guess)) {
            let (count, latest) = counts.entry(network(one.guess)).or_default();
            (*count, *latest) = (*count + 1, (*latest).max(*number));
        }
        let own = counts.get(&network(newcomer)).map_or(0, |(count, _)| *count);
        let (most, latest) = counts.into_values().max().unwrap_or_default();
        if own + 1 >= most {
            return Err(Error::Busy);
        }
        if let Some(gone) = self.waiting.remove(&latest) {
            gone.give_up.notify_one();
        }
        Ok(())
    }
}

impl Place<'_> {
    /// Waits until the place goes to somebody else.
    pub(super) async fn given_up(&self) {
        self.give_up.notified().await;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        locked(&self.places.0).waiting.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use dray_api::LinkId;

    use super::*;

    fn guess(link: u32, site: u16, network: u16) -> Guess {
        let client = Ipv6Addr::new(0x2001, 0xdb8, site, network, 0, 0, 0, 1).into();
        Guess { of: Guarded::Link(LinkId::new(link, [0; 8])), client }
    }

    #[test]
    fn guessers_at_one_link_leave_places_for_other_links() {
        let places = Places::default();
        let take = |link: u32, site: u16| places.take(Some(guess(link, site, 0)));
        let mut taken: Vec<_> = (0..32).map(|site| take(1, site).unwrap()).collect();
        assert_eq!(take(1, 99).err(), Some(Error::Busy), "each network has one");
        taken.extend((32..64).map(|site| take(2, site).unwrap()));
        assert_eq!(take(3, 99).err(), Some(Error::Busy), "all places are taken");
        taken.pop();
        assert!(take(3, 99).is_ok());
        taken.clear();
        assert!(locked(&places.0).waiting.is_empty(), "who has left is forgotten");
    }

    #[tokio::test]
    async fn a_network_that_takes_all_places_gives_one_to_whoever_comes_from_elsewhere() {
        let places = Places::default();
        let mut taken: Vec<_> = (0..32).map(|at| places.take(Some(guess(1, 7, at))).unwrap()).collect();
        assert_eq!(places.take(Some(guess(1, 7, 99))).err(), Some(Error::Busy), "it gives none to itself");
        let elsewhere = places.take(Some(guess(1, 8, 0))).unwrap();
        taken.pop().unwrap().given_up().await;
        let others: Vec<_> = (9..24).map(|site| places.take(Some(guess(1, site, 0))).unwrap()).collect();
        assert_eq!(locked(&places.0).waiting.len(), 32);
        drop((elsewhere, others));
        assert_eq!(locked(&places.0).waiting.len(), 16, "half of them are left");
    }
}
