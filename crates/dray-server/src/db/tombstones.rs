//! Objects that nothing refers to any more. They are noted in the transaction that lets go of them, and forgotten
//! when the store has removed them.

use jiff::Timestamp;

use super::{Conn, Error, execute, list, millis, rows_at_most};

pub(crate) fn add(c: &Conn, object_key: &str, now: Timestamp) -> Result<(), Error> {
    let sql = "insert into tombstones (object_key, created_at) values ($1, $2) on conflict do nothing";
    execute(c, sql, &[&object_key, &millis(now)]).map(drop)
}

/// Up to `limit` objects to remove, the longest noted first.
pub(crate) fn oldest(c: &Conn, limit: usize) -> Result<Vec<String>, Error> {
    let sql = "select object_key from tombstones order by created_at limit $1";
    list(c, sql, &[&rows_at_most(limit)], |row| row.get("object_key"))
}

/// The store could not remove the object: others come first.
pub(crate) fn postpone(c: &Conn, object_key: &str, now: Timestamp) -> Result<(), Error> {
    let sql = "update tombstones set created_at = $2 where object_key = $1";
    execute(c, sql, &[&object_key, &millis(now)]).map(drop)
}

/// The store has removed the object.
pub(crate) fn forget(c: &Conn, object_key: &str) -> Result<(), Error> {
    execute(c, "delete from tombstones where object_key = $1", &[&object_key]).map(drop)
}
