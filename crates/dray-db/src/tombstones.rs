//! Objects that nothing refers to. The transaction that releases an object records it here. After the store has
//! removed the object, the record is removed.

use jiff::{SignedDuration, Timestamp};

use super::clock::{LeaseTime, execute_at, list_at, span};
use super::{Conn, Error, execute, millis, rows_at_most, size};

/// An object to remove.
pub struct Tombstone {
    /// Key of the object that the store must remove.
    pub object_key: String,
    /// How often the removal was tried before.
    pub tries: u64,
}

/// Records that no item refers to an object any more, so that the sweeper removes it.
pub fn add(c: &Conn, object_key: &str, now: Timestamp) -> Result<(), Error> {
    let sql = "insert into tombstones (object_key, created_at) values ($1, $2) on conflict do nothing";
    execute(c, sql, &[&object_key, &millis(now)]).map(drop)
}

/// Up to `limit` objects to remove. Those that were never tried come first, then those that have waited longest for
/// their next try.
pub fn due(c: &Conn, limit: usize, now: LeaseTime) -> Result<Vec<Tombstone>, Error> {
    let sql = "select object_key, tries from tombstones
               where coalesce(next_try_at, 0) <= $now or coalesce(next_try_at, 0) > $now + 86400000
               order by coalesce(next_try_at, 0), created_at limit $1";
    list_at(c, sql, &[&rows_at_most(limit)], now, |row| {
        Ok(Tombstone { object_key: row.get("object_key")?, tries: size(row, "tries")? })
    })
}

/// Records that the store could not remove the object: the removal is due again after `wait`.
pub fn postpone(c: &Conn, object_key: &str, wait: SignedDuration, now: LeaseTime) -> Result<(), Error> {
    let sql = "update tombstones set tries = tries + 1, next_try_at = $now + $2 where object_key = $1";
    execute_at(c, sql, &[&object_key, &span(wait)], now).map(drop)
}

/// Removes the record of an object that the store has removed.
pub fn forget(c: &Conn, object_key: &str) -> Result<(), Error> {
    execute(c, "delete from tombstones where object_key = $1", &[&object_key]).map(drop)
}

/// Records that the store has removed the object, but that somebody may write it again until `wait` has passed. The
/// removal is due once more after that.
pub fn repeat_after(c: &Conn, object_key: &str, wait: SignedDuration, now: LeaseTime) -> Result<(), Error> {
    let sql = "update tombstones set tries = 0, next_try_at = $now + $2 where object_key = $1";
    execute_at(c, sql, &[&object_key, &span(wait)], now).map(drop)
}
