//! The clock for leases and for work that waits. Servers that share a database must not be affected by differences between
//! their clocks, so there it is the database's clock. A SQLite file has one server, and that server's clock never jumps.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::query::NOW;
use super::{Conn, Error, Param, Row, execute, find, list};
use dray_drive::clock::Clock;

/// Postgres's clock, in milliseconds since 1970, as it is when the statement runs and not when its transaction began.
const DATABASE: &str = "(extract(epoch from clock_timestamp()) * 1000)::bigint";

/// Where SQLite's time comes from: what the machine's clock said at the start, and what has passed since. Setting the
/// machine's clock changes nothing.
#[derive(Debug, Clone)]
pub struct SteadyClock {
    at_start: Timestamp,
    started: Instant,
}

/// The time of a lease. Only SQLite goes by it: Postgres has a clock of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeaseTime(pub Timestamp);

impl SteadyClock {
    pub(super) fn start() -> Self {
        Self::at(Clock::system().now())
    }

    /// A clock that shows this time now.
    pub fn at(at_start: Timestamp) -> Self {
        Self { at_start, started: Instant::now() }
    }

    pub(super) fn now(&self) -> LeaseTime {
        let passed = SignedDuration::try_from(self.started.elapsed()).unwrap_or_default();
        LeaseTime(self.at_start.checked_add(passed).unwrap_or(Timestamp::MAX))
    }
}

/// As [`execute`], of a statement in which [`NOW`] is what time it is.
pub(super) fn execute_at(c: &Conn, sql: &str, params: &[&dyn Param], now: LeaseTime) -> Result<u64, Error> {
    with_now(c, sql, params, now, |sql, params| execute(c, sql, params))
}

/// As [`find`], of a statement in which [`NOW`] is what time it is.
pub(super) fn find_at<T>(
    c: &Conn,
    sql: &str,
    params: &[&dyn Param],
    now: LeaseTime,
    read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    with_now(c, sql, params, now, |sql, params| find(c, sql, params, read))
}

/// As [`list`], of a statement in which [`NOW`] is what time it is.
pub(super) fn list_at<T>(
    c: &Conn,
    sql: &str,
    params: &[&dyn Param],
    now: LeaseTime,
    read: impl FnMut(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    with_now(c, sql, params, now, |sql, params| list(c, sql, params, read))
}

fn with_now<T>(
    c: &Conn,
    sql: &str,
    params: &[&dyn Param],
    LeaseTime(now): LeaseTime,
    run: impl FnOnce(&str, &[&dyn Param]) -> T,
) -> T {
    match c {
        Conn::Postgres(_) => run(&sql.replace(NOW, DATABASE), params),
        Conn::Sqlite(_) => {
            let now = now.as_millisecond();
            run(sql, &[params, &[&now]].concat())
        }
    }
}

/// A length of time as statements have it.
pub(super) fn span(time: SignedDuration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4)
}
