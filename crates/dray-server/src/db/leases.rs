//! Work that one server at a time does for all that share the database.

use jiff::Timestamp;

use super::{Conn, Error, execute, millis};

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

/// Gives a lease back.
pub(crate) fn give_back(c: &Conn, name: &str, holder: &str) -> Result<(), Error> {
    execute(c, "delete from leases where name = $1 and holder = $2", &[&name, &holder]).map(drop)
}
