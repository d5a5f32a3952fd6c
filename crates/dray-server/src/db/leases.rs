//! Work that one server at a time does for all that share the database.

use jiff::Timestamp;

use super::{Conn, Error, execute, find, millis};

/// Takes a lease, or keeps it; `false`: another server has it. One that ends after `until` was taken before the
/// clock was set back.
pub(crate) fn take(
    c: &Conn,
    name: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let sql = "insert into leases (name, holder, held_until) values ($1, $2, $4)
               on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until
               where leases.holder = excluded.holder or leases.held_until <= $3
                  or leases.held_until > excluded.held_until";
    Ok(execute(c, sql, &[&name, &holder, &millis(now), &millis(until)])? == 1)
}

/// Whether anybody has a lease.
pub(crate) fn is_held(c: &Conn, name: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "select holder from leases where name = $1 and held_until > $2";
    Ok(find(c, sql, &[&name, &millis(now)], |_| Ok(()))?.is_some())
}

/// Gives a lease back.
pub(crate) fn give_back(c: &Conn, name: &str, holder: &str) -> Result<(), Error> {
    execute(c, "delete from leases where name = $1 and holder = $2", &[&name, &holder]).map(drop)
}
