//! Events to post: one row for each address that has not answered yet. The clock of leases decides when an event is
//! due, and how long a server's claim on it lasts.

use jiff::{SignedDuration, Timestamp};

use super::clock::{LeaseTime, execute_at, find_at, list_at, span};
use super::{Conn, Error, execute, millis, rows_at_most, size, time};

/// The longest time that a delivery waits: six hours between two tries, and the claim of a server. A row that would wait
/// longer comes from a wrong clock, and is due.
const LONGEST: SignedDuration = SignedDuration::from_secs(6 * 3600 + 90);

/// An event to post to one address.
pub struct Delivery {
    /// The event's id, the same for each address.
    pub event: String,
    /// The body of the call.
    pub body: String,
    /// How often it has been tried, including this time.
    pub attempts: u64,
    /// When it happened.
    pub created_at: Timestamp,
}

/// Records that `body` is to be posted to `url`, at once.
pub fn add(c: &Conn, url: &str, event: &str, body: &str, now: Timestamp) -> Result<(), Error> {
    let sql =
        "insert into outbox (url, event, body, attempts, next_at, created_at) values ($1, $2, $3, 0, 0, $4)
         on conflict do nothing";
    execute(c, sql, &[&url, &event, &body, &millis(now)]).map(drop)
}

/// Whether there is anything to claim. Like the claim, it reads the beginning and the end of an index, however many events
/// wait.
pub fn is_due(c: &Conn, url: &str, now: LeaseTime) -> Result<bool, Error> {
    let sql = "select 1 as one where exists (select 1 from outbox where url = $1 and next_at <= $now)
                   or exists (select 1 from outbox where url = $1 and next_at > $now + $2)";
    Ok(find_at(c, sql, &[&url, &span(LONGEST)], now, |_| Ok(()))?.is_some())
}

/// Claims up to `limit` deliveries that are due. Nobody else gets them for the duration of `claim`. After that they
/// are due again.
pub fn claim(
    c: &Conn,
    url: &str,
    now: LeaseTime,
    claim: SignedDuration,
    limit: usize,
) -> Result<Vec<Delivery>, Error> {
    let sql = "update outbox set next_at = $now where url = $1 and next_at > $now + $2";
    execute_at(c, sql, &[&url, &span(LONGEST)], now)?;
    // The statement checks the time twice. Under read committed, another server may have claimed a row while this one
    // waited for the row's lock. Then Postgres evaluates the outer condition again, on the changed row. The plus keeps SQLite
    // from reading all due rows for it.
    let sql = "update outbox set next_at = $now + $2, attempts = attempts + 1
               where url = $1 and +next_at <= $now and event in (
                   select event from outbox where url = $1 and next_at <= $now order by next_at limit $3)
               returning event, body, attempts, created_at";
    let params: [&dyn super::Param; 3] = [&url, &span(claim), &rows_at_most(limit)];
    list_at(c, sql, &params, now, |row| {
        Ok(Delivery {
            event: row.get("event")?,
            body: row.get("body")?,
            attempts: size(row, "attempts")?,
            created_at: time(row, "created_at")?,
        })
    })
}

/// Removes a delivery that succeeded or was given up.
pub fn forget(c: &Conn, url: &str, event: &str) -> Result<(), Error> {
    execute(c, "delete from outbox where url = $1 and event = $2", &[&url, &event]).map(drop)
}

/// Tries a delivery again after `wait`.
pub fn postpone(c: &Conn, url: &str, event: &str, wait: SignedDuration, now: LeaseTime) -> Result<(), Error> {
    let sql = "update outbox set next_at = $now + $3 where url = $1 and event = $2";
    execute_at(c, sql, &[&url, &event, &span(wait)], now).map(drop)
}

/// Removes up to `limit` events from before `before`, because their address did not answer in all that time, or is no
/// longer configured. Returns how many.
pub fn forget_old(c: &Conn, before: Timestamp, limit: usize) -> Result<u64, Error> {
    let sql = "delete from outbox where created_at < $1 and (url, event) in
                   (select url, event from outbox where created_at < $1 order by created_at limit $2)";
    execute(c, sql, &[&millis(before), &rows_at_most(limit)])
}
