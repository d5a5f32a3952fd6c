//! The clock for leases and for work that waits. Servers that share a database may have different clocks. So there
//! the database's clock counts. A SQLite file has one server, and this clock of that server never jumps.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::query::NOW;
use super::{Conn, Error, Param, Row, execute, find, list, millis, time};
use dray_drive::clock::Clock;

/// Postgres's clock, in milliseconds since 1970, at the time of the statement, not at the start of its transaction.
pub(super) const DATABASE: &str = "(extract(epoch from clock_timestamp()) * 1000)::bigint";

/// The source of SQLite's time: the machine's clock at the start, plus the time that has passed since. Setting the
/// machine's clock changes nothing.
#[derive(Debug, Clone)]
pub struct SteadyClock(Source);

#[derive(Debug, Clone)]
enum Source {
    Passed { at_start: Timestamp, started: Instant },
    Given(Clock),
}

/// The time for leases. Only SQLite uses it, because Postgres has its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeaseTime(pub Timestamp);

impl SteadyClock {
    pub(super) fn start() -> Self {
        Self::at(Clock::system().now())
    }

    /// A clock that shows this time now.
    pub fn at(at_start: Timestamp) -> Self {
        Self(Source::Passed { at_start, started: Instant::now() })
    }

    /// A clock that shows what `clock` shows.
    pub fn given(clock: Clock) -> Self {
        Self(Source::Given(clock))
    }

    pub(super) fn now(&self) -> LeaseTime {
        match &self.0 {
            Source::Passed { at_start, started } => {
                let passed = SignedDuration::try_from(started.elapsed()).unwrap_or_default();
                LeaseTime(at_start.checked_add(passed).unwrap_or(Timestamp::MAX))
            }
            Source::Given(clock) => LeaseTime(clock.now()),
        }
    }
}

/// The time of the clock for leases.
pub fn now(c: &Conn, now: LeaseTime) -> Result<Timestamp, Error> {
    let read = |row: &Row<'_>| time(row, "at");
    Ok(find_at(c, "select $now as at", &[], now, read)?.unwrap_or(now.0))
}

/// The last time that a server on this database knew.
pub fn seen(c: &Conn) -> Result<Option<Timestamp>, Error> {
    find(c, "select seen_at from clock_seen", &[], |row| time(row, "seen_at"))
}

/// Records the last time that a server knew.
pub fn set_seen(c: &Conn, now: Timestamp) -> Result<(), Error> {
    let sql = "insert into clock_seen (one, seen_at) values (1, $1)
               on conflict (one) do update set seen_at = excluded.seen_at";
    execute(c, sql, &[&millis(now)]).map(drop)
}

/// Like [`execute`], for a statement with the time as [`NOW`].
pub(super) fn execute_at(c: &Conn, sql: &str, params: &[&dyn Param], now: LeaseTime) -> Result<u64, Error> {
    with_now(c, sql, params, now, |sql, params| execute(c, sql, params))
}

/// Like [`find`], for a statement with the time as [`NOW`].
pub(super) fn find_at<T>(
    c: &Conn,
    sql: &str,
    params: &[&dyn Param],
    now: LeaseTime,
    read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    with_now(c, sql, params, now, |sql, params| find(c, sql, params, read))
}

/// Like [`list`], for a statement with the time as [`NOW`].
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

/// A duration as a parameter of a statement.
pub(super) fn span(time: SignedDuration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4)
}
