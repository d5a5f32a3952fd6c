//! Which unfinished uploads of strangers give way to another visitor who needs the room. An upload of which the store has
//! anything never does.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

/// For how long an upload keeps its room from others, even if the store has nothing of it.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// An unfinished upload that reserves room. `Id` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved<Id> {
    /// The upload.
    pub upload: Id,
    /// The network from which it comes.
    pub network: String,
    /// Its announced size.
    pub size_bytes: u64,
    /// When it was started.
    pub created_at: Timestamp,
    /// Whether the store is known to have something of it.
    pub has_bytes: bool,
}

/// What a visitor lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Places for so many uploads.
    Files(u64),
    /// Room for so many bytes.
    Bytes(u64),
}

impl Need {
    fn amount(self) -> u64 {
        let (Self::Files(amount) | Self::Bytes(amount)) = self;
        amount
    }

    fn of<Id>(self, one: &Reserved<Id>) -> u64 {
        match self {
            Self::Files(_) => 1,
            Self::Bytes(_) => one.size_bytes,
        }
    }
}

/// The uploads of `all` that give way to a visitor from `network`; empty if they would not suffice. An upload gives way if the
/// store has nothing of it, and if it has reserved its room for 15 minutes, or if its network would still have as much as the
/// visitor's network then has. The stalest ones come first, and then the latest.
pub fn giving_way<Id: Copy>(all: &[Reserved<Id>], network: &str, need: Need, now: Timestamp) -> Vec<Id> {
    let mut held: HashMap<&str, u64> = HashMap::new();
    for one in all {
        *held.entry(&one.network).or_default() += need.of(one);
    }
    let own = held.get(network).copied().unwrap_or(0);
    let is_stale = |one: &Reserved<Id>| now.duration_since(one.created_at) >= PATIENCE;
    let mut others: Vec<_> =
        all.iter().filter(|one| !one.has_bytes && one.network != network && need.of(one) > 0).collect();
    others.sort_by_key(|one| {
        let at = one.created_at.as_millisecond();
        if is_stale(one) { (false, at) } else { (true, -at) }
    });
    let (mut freed, mut given) = (0, Vec::new());
    for one in others {
        if freed >= need.amount() {
            break;
        }
        let Some(of_network) = held.get_mut(one.network.as_str()) else { continue };
        let left = of_network.saturating_sub(need.of(one));
        let is_fair =
            if is_stale(one) { *of_network >= own } else { left >= own.saturating_add(need.amount()) };
        if is_fair {
            *of_network = left;
            freed += need.of(one);
            given.push(one.upload);
        }
    }
    if freed >= need.amount() { given } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(number: u32, network: &str, size_bytes: u64, age_mins: i64) -> Reserved<u32> {
        let created_at = Timestamp::from_second(10_000 - 60 * age_mins).unwrap();
        Reserved { upload: number, network: network.into(), size_bytes, created_at, has_bytes: false }
    }

    fn giving(all: &[Reserved<u32>], network: &str, need: Need) -> Vec<u32> {
        giving_way(all, network, need, Timestamp::from_second(10_000).unwrap())
    }

    #[test]
    fn a_network_that_has_more_than_its_share_gives_way_at_once_with_its_latest_uploads() {
        let all: Vec<_> = (0..4).map(|at| upload(at, "a", 10, 4 - i64::from(at))).collect();
        assert_eq!(giving(&all, "b", Need::Files(1)), [3]);
        assert_eq!(giving(&all, "b", Need::Files(2)), [3, 2]);
        assert!(giving(&all, "b", Need::Files(3)).is_empty(), "less than all that is needed helps nobody");
        assert_eq!(giving(&all, "b", Need::Bytes(15)), [3, 2]);
        assert!(giving(&all, "a", Need::Files(1)).is_empty(), "nobody gives way to themselves");
        let own: Vec<_> = all.into_iter().chain((4..6).map(|at| upload(at, "b", 10, 1))).collect();
        assert!(giving(&own, "b", Need::Files(2)).is_empty(), "both have the same");
    }

    #[test]
    fn one_upload_keeps_its_room_for_fifteen_minutes_and_what_has_bytes_keeps_it_for_good() {
        let at = |age| [upload(1, "a", 100, age)];
        assert!(giving(&at(14), "b", Need::Bytes(1)).is_empty());
        assert_eq!(giving(&at(15), "b", Need::Bytes(1)), [1]);
        let stored = at(60).map(|one| Reserved { has_bytes: true, ..one });
        assert!(giving(&stored, "b", Need::Bytes(1)).is_empty());
    }

    #[test]
    fn who_has_more_takes_nothing_from_who_has_less() {
        let all = [upload(1, "a", 100, 60), upload(2, "b", 300, 1)];
        assert!(giving(&all, "b", Need::Bytes(50)).is_empty());
        assert_eq!(giving(&all, "c", Need::Bytes(50)), [1]);
    }
}
