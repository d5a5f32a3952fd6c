//! Events to post: one row for each address that has not answered yet. When an event is due, and
//! until when it is claimed, is by the clock of leases.

use jiff::{SignedDuration, Timestamp};

use super::clock::{LeaseTime, execute_at, list_at, span};
use super::{Conn, Error, execute, millis, rows_at_most, size, time};

/// An event that is to be posted.
pub struct Delivery {
    /// The event's id, the same for each address.
    pub event: String,
    /// What is posted.
    pub body: String,
    /// How often it has been tried, this time included.
    pub attempts: u64,
    /// When it happened.
    pub created_at: Timestamp,
}

/// Notes that `body` is to be posted to `url`.
pub fn add(c: &Conn, url: &str, event: &str, body: &str, now: Timestamp) -> Result<(), Error> {
    let sql = "insert into outbox (url, event, body, attempts, next_at, created_at) values ($1, $2, $3, 0, $now, $4)";
    execute_at(c, sql, &[&url, &event, &body, &millis(now)], LeaseTime(now)).map(drop)
}

/// Whether there is anything to claim.
pub fn is_due(c: &Conn, url: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "select event from outbox where url = $1 and next_at <= $now limit 1";
    Ok(!list_at(c, sql, &[&url], LeaseTime(now), |_| Ok(()))?.is_empty())
}

/// Takes up to `limit` deliveries that are due. Nobody else gets them for the time of `claim`; then they are due again.
pub fn claim(
    c: &Conn,
    url: &str,
    now: Timestamp,
    claim: SignedDuration,
    limit: usize,
) -> Result<Vec<Delivery>, Error> {
    // The time is asked for twice: on Postgres, another may have taken a row while this waited for it.
    let sql = "update outbox set next_at = $now + $2, attempts = attempts + 1
               where url = $1 and next_at <= $now and event in
                   (select event from outbox where url = $1 and next_at <= $now order by next_at, event limit $3)
               returning event, body, attempts, created_at";
    let params: [&dyn super::Param; 3] = [&url, &span(claim), &rows_at_most(limit)];
    list_at(c, sql, &params, LeaseTime(now), |row| {
        Ok(Delivery {
            event: row.get("event")?,
            body: row.get("body")?,
            attempts: size(row, "attempts")?,
            created_at: time(row, "created_at")?,
        })
    })
}

/// It has been told, or never will be.
pub fn forget(c: &Conn, url: &str, event: &str) -> Result<(), Error> {
    execute(c, "delete from outbox where url = $1 and event = $2", &[&url, &event]).map(drop)
}

/// It is tried again after `wait`.
pub fn postpone(c: &Conn, url: &str, event: &str, wait: SignedDuration, now: Timestamp) -> Result<(), Error> {
    let sql = "update outbox set next_at = $now + $3 where url = $1 and event = $2";
    execute_at(c, sql, &[&url, &event, &span(wait)], LeaseTime(now)).map(drop)
}

/// Forgets what happened before `before`: nobody could be told in all that time, or the address is not configured
/// any more. Up to `limit` rows; how many.
pub fn forget_old(c: &Conn, before: Timestamp, limit: usize) -> Result<u64, Error> {
    let sql = "delete from outbox where (url, event) in
                   (select url, event from outbox where created_at < $1 order by created_at limit $2)";
    execute(c, sql, &[&millis(before), &rows_at_most(limit)])
}
