//! The keys of an open store. It follows the file, so that keys can be made and replaced while the store runs.

use std::{
    path::PathBuf,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};

use dray_s3::Credentials;

use super::{
    KeyKind,
    file::{KeyFile, Stamp},
};
use crate::OpenError;

/// For how long the server's own key is used without a look at the file. Every part is signed with that key. For any
/// other key, the store looks at the file each time (this takes about a microsecond).
const FOLLOW_EVERY_MS: u64 = 1000;

/// A key that requests are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) credentials: Credentials,
    pub(crate) kind: KeyKind,
    /// Whether it was replaced, and is still accepted for some time.
    pub(crate) is_former: bool,
}

/// The keys of an open store.
pub(crate) struct KeyRing {
    root: PathBuf,
    state: RwLock<State>,
    /// Milliseconds since 1970.
    followed_at: AtomicI64,
}

struct State {
    keys: KeyFile,
    /// The stamp of the file that was read last, or that could not be read.
    stamp: Option<Stamp>,
}

impl KeyRing {
    pub(super) fn open(root: PathBuf) -> Result<Self, OpenError> {
        let stamp = Stamp::of(&root);
        let state = RwLock::new(State { keys: KeyFile::read(&root)?, stamp });
        Ok(Self { root, state, followed_at: AtomicI64::new(0) })
    }

    /// The key of this id, if it is accepted at `now` (milliseconds since 1970).
    pub(crate) fn find(&self, id: &str, now: i64) -> Option<Known> {
        let is_servers = self.read(|keys| keys.server.access_key_id == id);
        self.follow(now, !is_servers);
        self.read(|keys| find(keys, id, now))
    }

    /// The key that the server signs with.
    pub(crate) fn server(&self, now: i64) -> Credentials {
        self.follow(now, false);
        self.read(|keys| keys.server.credentials())
    }

    /// Reads the file again if it has changed. It looks at the file only if `at_once`, or if some time has passed.
    fn follow(&self, now: i64, at_once: bool) {
        let followed_at = self.followed_at.load(Ordering::Relaxed);
        if !at_once && now.abs_diff(followed_at) < FOLLOW_EVERY_MS {
            return;
        }
        self.followed_at.store(now, Ordering::Relaxed);
        let stamp = Stamp::of(&self.root);
        if stamp == self.state.read().unwrap_or_else(PoisonError::into_inner).stamp {
            return;
        }
        let read = KeyFile::read(&self.root);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.stamp = stamp;
        match read {
            Ok(keys) => state.keys = keys,
            Err(error) => {
                tracing::error!(%error, "the file of the store's keys has changed and cannot be read; the old keys stay in use");
            }
        }
    }

    fn read<T>(&self, read: impl FnOnce(&KeyFile) -> T) -> T {
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner).keys)
    }
}

fn find(keys: &KeyFile, id: &str, now: i64) -> Option<Known> {
    if keys.server.access_key_id == id {
        let credentials = keys.server.credentials();
        return Some(Known { credentials, kind: KeyKind::Server, is_former: false });
    }
    let entry = keys.others.iter().find(|entry| entry.pair.access_key_id == id)?;
    let is_accepted = entry.ends_at.is_none_or(|ends_at| now < ends_at);
    is_accepted.then(|| Known {
        credentials: entry.pair.credentials(),
        kind: entry.kind,
        is_former: entry.ends_at.is_some(),
    })
}
