//! The names of all buckets, in memory, because the server must know for every request whether its host names a
//! bucket. The writer's thread changes them, in the order of its commits.

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, RwLock},
};

use dray_sqlite::Settled;

use crate::meta::buckets::Bucket;

/// The names of all buckets. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct BucketNames(Arc<RwLock<HashSet<String>>>);

impl BucketNames {
    pub(crate) fn of(buckets: &[Bucket]) -> Self {
        let names = buckets.iter().map(|bucket| bucket.name.clone());
        Self(Arc::new(RwLock::new(names.collect())))
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Records the outcome of creating a bucket. If the outcome is unknown, requests about this bucket go to the store.
    pub(crate) fn made(&self, name: String, settled: Settled) {
        if settled != Settled::Undone {
            self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name);
        }
    }

    /// Records the outcome of removing a bucket.
    pub(crate) fn removed(&self, name: &str, settled: Settled) {
        if settled == Settled::Committed {
            self.0.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        }
    }
}
