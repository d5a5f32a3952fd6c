//! The state of a database, for `dray doctor`. Nothing here changes a database.

use std::time::Duration;

use jiff::Timestamp;

/// The state of the database connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The version of its tables; 0 if there are none.
    pub version: usize,
    /// The version of the tables that this program needs.
    pub latest: usize,
    /// The median of some round trips.
    pub round_trip: Duration,
    /// Whether there is a pooler in between that does not keep sessions together.
    pub is_pooled: bool,
    /// The time of its clock; `None` if it has none of its own.
    pub now: Option<Timestamp>,
}

/// The median of measured times.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
