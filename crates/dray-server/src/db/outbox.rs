//! Events on their way to those who want to know: one row for each address that is still to be told.

use jiff::Timestamp;

use super::{Conn, Error, execute, list, millis, rows_at_most, size, time};

/// An event that is to be posted.
pub(crate) struct Delivery {
    /// The event's id, the same for each address.
    pub(crate) event: String,
    /// What is posted.
    pub(crate) body: String,
    /// How often it has been tried, this time included.
    pub(crate) attempts: u64,
    /// When it happened.
    pub(crate) created_at: Timestamp,
}

pub(crate) fn add(c: &Conn, url: &str, event: &str, body: &str, now: Timestamp) -> Result<(), Error> {
    let sql =
        "insert into outbox (url, event, body, attempts, next_at, created_at) values ($1, $2, $3, 0, $4, $4)";
    execute(c, sql, &[&url, &event, &body, &millis(now)]).map(drop)
}

/// Whether there is anything to claim.
pub(crate) fn is_due(c: &Conn, url: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "select event from outbox where url = $1 and next_at <= $2 limit 1";
    Ok(!list(c, sql, &[&url, &millis(now)], |_| Ok(()))?.is_empty())
}

/// Takes up to `limit` deliveries that are due. Nobody else gets them until `until`, when they are due again.
pub(crate) fn claim(
    c: &Conn,
    url: &str,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Delivery>, Error> {
    // The time is asked for twice: on Postgres, another may have taken a row while this waited for it.
    let sql = "update outbox set next_at = $3, attempts = attempts + 1
               where url = $1 and next_at <= $2 and event in
                   (select event from outbox where url = $1 and next_at <= $2 order by next_at, event limit $4)
               returning event, body, attempts, created_at";
    let params: [&dyn super::Param; 4] = [&url, &millis(now), &millis(until), &rows_at_most(limit)];
    list(c, sql, &params, |row| {
        Ok(Delivery {
            event: row.get("event")?,
            body: row.get("body")?,
            attempts: size(row, "attempts")?,
            created_at: time(row, "created_at")?,
        })
    })
}

/// It has been told, or never will be.
pub(crate) fn forget(c: &Conn, url: &str, event: &str) -> Result<(), Error> {
    execute(c, "delete from outbox where url = $1 and event = $2", &[&url, &event]).map(drop)
}

/// It is tried again, at `next_at`.
pub(crate) fn postpone(c: &Conn, url: &str, event: &str, next_at: Timestamp) -> Result<(), Error> {
    let sql = "update outbox set next_at = $3 where url = $1 and event = $2";
    execute(c, sql, &[&url, &event, &millis(next_at)]).map(drop)
}

/// Forgets what happened before `before`: nobody could be told in all that time, or the address is not configured
/// any more. Up to `limit` rows; how many.
pub(crate) fn forget_old(c: &Conn, before: Timestamp, limit: usize) -> Result<u64, Error> {
    let sql = "delete from outbox where (url, event) in
                   (select url, event from outbox where created_at < $1 order by created_at limit $2)";
    execute(c, sql, &[&millis(before), &rows_at_most(limit)])
}
