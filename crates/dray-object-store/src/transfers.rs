//! How many transfers one caller may have under way, and how many may use one URL. Beyond that, the answer is
//! `SlowDown`, as on S3. Requests of the server itself have no caller and no limit.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use http::Extensions;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::failure::{Failure, slow_down};

/// How many uploads of one part may run at once. A client needs only one. But the store may not know yet that the
/// connections of a broken network are gone, and S3's own tests send ten.
const UPLOADS_PER_PART: u64 = 16;
/// How many transfers of one object one caller may have at once: clients fetch a file in 4 to 32 ranges at once.
const TRANSFERS_PER_OBJECT: u64 = 64;
/// How many requests of all pipelines may be stored at once while their pipelines receive further ones.
const PLACES_IN_PIPELINES: usize = 512;

/// Who sends a request, as the server that the store is mounted in sees it: an address that stands for one client. The
/// server puts it into the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Caller(pub IpAddr);

/// The transfers under way, and those that the store has refused since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransferStock {
    /// Uploads under way.
    pub uploads: u64,
    /// Downloads under way.
    pub downloads: u64,
    /// Uploads refused because their caller had too many.
    pub uploads_refused_of_address: u64,
    /// Uploads refused because their URL was used too often at once.
    pub uploads_refused_of_url: u64,
    /// Downloads refused because their caller had too many.
    pub downloads_refused_of_address: u64,
    /// Downloads refused because their URL was used too often at once.
    pub downloads_refused_of_url: u64,
    /// Bodies that were given up because they arrived too slowly.
    pub too_slow: u64,
}

/// Which way the bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// What a URL is for. The signature does not count, so that a caller who can sign more URLs cannot exceed the limit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Of {
    /// A part of an upload, by its row id.
    Part(i64),
    /// A part of an upload of another store, by that store's upload id and the part's number.
    RelayedPart(String, u16),
    /// An object, by bucket and key.
    Object(String, String),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Caller(Direction, Caller),
    Part(i64),
    RelayedPart(String, u16),
    Object(Direction, Caller, String, String),
}

/// The transfers of a store. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Transfers(Arc<Inner>);

struct Inner {
    per_caller: u64,
    under_way: Mutex<HashMap<Key, u64>>,
    /// Up, down.
    now: [AtomicU64; 2],
    refused_of_address: [AtomicU64; 2],
    refused_of_url: [AtomicU64; 2],
    too_slow: AtomicU64,
    places_in_pipelines: Arc<Semaphore>,
}

/// A transfer under way. It ends when this is dropped.
pub(crate) struct Transfer {
    all: Transfers,
    direction: Direction,
    keys: Option<[Key; 2]>,
}

impl Transfers {
    /// Allows this many uploads, and as many downloads, for one caller.
    pub(crate) fn new(per_caller: usize) -> Self {
        Self(Arc::new(Inner {
            per_caller: per_caller as u64,
            under_way: Mutex::default(),
            now: Default::default(),
            refused_of_address: Default::default(),
            refused_of_url: Default::default(),
            too_slow: AtomicU64::new(0),
            places_in_pipelines: Arc::new(Semaphore::new(PLACES_IN_PIPELINES)),
        }))
    }

    /// Begins a transfer for the caller named in the request's extensions.
    pub(crate) fn begin(
        &self,
        direction: Direction,
        extensions: &Extensions,
        of: Of,
    ) -> Result<Transfer, Failure> {
        let caller = extensions.get::<Caller>();
        let keys = caller.map(|caller| self.count(direction, *caller, of)).transpose()?;
        self.0.now[direction as usize].fetch_add(1, Relaxed);
        Ok(Transfer { all: self.clone(), direction, keys })
    }

    fn count(&self, direction: Direction, caller: Caller, of: Of) -> Result<[Key; 2], Failure> {
        let (of, per_url) = match of {
            Of::Part(id) => (Key::Part(id), UPLOADS_PER_PART),
            Of::RelayedPart(upload, number) => (Key::RelayedPart(upload, number), UPLOADS_PER_PART),
            Of::Object(bucket, key) => (Key::Object(direction, caller, bucket, key), TRANSFERS_PER_OBJECT),
        };
        let keys = [Key::Caller(direction, caller), of];
        let mut under_way = self.under_way();
        let [of_caller, of_url] = keys.each_ref().map(|key| under_way.get(key).copied().unwrap_or(0));
        if of_url >= per_url {
            self.0.refused_of_url[direction as usize].fetch_add(1, Relaxed);
            return Err(slow_down("Too many requests are using this URL at the moment; try again"));
        }
        if of_caller >= self.0.per_caller {
            self.0.refused_of_address[direction as usize].fetch_add(1, Relaxed);
            return Err(slow_down("Too many transfers from this address at the moment; try again"));
        }
        for key in keys.clone() {
            *under_way.entry(key).or_default() += 1;
        }
        Ok(keys)
    }

    /// A place for one more request of a pipeline, if one is free.
    pub(crate) fn place_in_pipelines(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.places_in_pipelines).try_acquire_owned().ok()
    }

    /// Counts a body that arrived too slowly.
    pub(crate) fn too_slow(&self) {
        self.0.too_slow.fetch_add(1, Relaxed);
    }

    pub(crate) fn stock(&self) -> TransferStock {
        let Inner { now, refused_of_address, refused_of_url, too_slow, .. } = &*self.0;
        let read = |[up, down]: &[AtomicU64; 2]| (up.load(Relaxed), down.load(Relaxed));
        let (uploads, downloads) = read(now);
        let (uploads_refused_of_address, downloads_refused_of_address) = read(refused_of_address);
        let (uploads_refused_of_url, downloads_refused_of_url) = read(refused_of_url);
        TransferStock {
            uploads,
            downloads,
            uploads_refused_of_address,
            uploads_refused_of_url,
            downloads_refused_of_address,
            downloads_refused_of_url,
            too_slow: too_slow.load(Relaxed),
        }
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<Key, u64>> {
        self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.all.0.now[self.direction as usize].fetch_sub(1, Relaxed);
        let mut under_way = self.all.under_way();
        for key in self.keys.iter().flatten() {
            if let Some(count) = under_way.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    under_way.remove(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dray_s3::ErrorCode;

    use super::*;

    fn of(address: [u8; 4]) -> Extensions {
        let mut extensions = Extensions::new();
        extensions.insert(Caller(address.into()));
        extensions
    }

    fn refusal(begun: Result<Transfer, Failure>) -> Option<ErrorCode> {
        begun.err().map(|failure| failure.error.code)
    }

    #[test]
    fn a_part_accepts_a_few_uploads_at_once_whoever_sends_them() {
        let transfers = Transfers::new(100);
        let begin = |last, part| transfers.begin(Direction::Up, &of([10, 0, 0, last]), Of::Part(part));
        let mut held: Vec<_> = (0..16).map(|last| begin(last, 1).ok().unwrap()).collect();
        assert_eq!(refusal(begin(99, 1)), Some(ErrorCode::SlowDown));
        assert!(begin(99, 2).is_ok(), "another part");
        held.pop();
        assert!(begin(99, 1).is_ok(), "one has ended");
        assert_eq!(transfers.stock().uploads_refused_of_url, 1);
    }

    #[test]
    fn a_caller_has_a_bound_each_way_and_other_callers_have_their_own() {
        let transfers = Transfers::new(3);
        let object = |n: i32| Of::Object("b".into(), n.to_string());
        let begin = |way, last, n| transfers.begin(way, &of([10, 0, 0, last]), object(n));
        let held: Vec<_> = (0..3).map(|n| begin(Direction::Down, 1, n).ok().unwrap()).collect();
        assert_eq!(refusal(begin(Direction::Down, 1, 4)), Some(ErrorCode::SlowDown));
        assert!(begin(Direction::Up, 1, 4).is_ok() && begin(Direction::Down, 2, 4).is_ok());
        drop(held);
        assert!(begin(Direction::Down, 1, 4).is_ok());
        assert!(transfers.under_way().is_empty(), "nothing is kept of what is over");
        assert_eq!(transfers.stock().downloads_refused_of_address, 1);
    }

    #[test]
    fn each_caller_may_fetch_one_object_a_bounded_number_of_times_at_once() {
        let transfers = Transfers::new(100);
        let object = || Of::Object("b".into(), "k".into());
        let begin = |last| transfers.begin(Direction::Down, &of([10, 0, 0, last]), object());
        let held: Vec<_> = (0..64).map(|_| begin(1).ok().unwrap()).collect();
        assert_eq!(refusal(begin(1)), Some(ErrorCode::SlowDown));
        assert!(begin(2).is_ok());
        assert_eq!(transfers.stock().downloads, 64);
        drop(held);
    }

    #[test]
    fn the_servers_own_requests_are_not_bounded() {
        let transfers = Transfers::new(1);
        let none = Extensions::new();
        let held: Vec<_> =
            (0..50).map(|_| transfers.begin(Direction::Up, &none, Of::Part(1)).ok().unwrap()).collect();
        assert_eq!(transfers.stock().uploads, 50);
        drop(held);
    }
}
