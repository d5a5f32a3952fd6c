//! What `dray doctor` is told of a database. Nothing here changes one.

use std::time::Duration;

/// How a database is, as seen from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Of its tables; 0: there are none.
    pub version: usize,
    /// Of the tables that this program wants.
    pub latest: usize,
    /// The middle one of some round trips.
    pub round_trip: Duration,
    /// Whether a pooler stands between that takes sessions apart.
    pub is_pooled: bool,
}

/// The middle one of times that were measured.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
