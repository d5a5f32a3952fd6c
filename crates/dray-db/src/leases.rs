//! Leases: work that one server at a time does for all servers on the database.

use jiff::SignedDuration;

use super::clock::{LeaseTime, execute_at, find_at, span};
use super::{Conn, Error, execute};

/// While a backup holds this lease, the sweeper removes no objects, because the backup is copying them.
pub const BACKUP_LEASE: &str = "backup";

/// How long a backup holds it after its last heartbeat.
pub const BACKUP_LEASE_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Takes a lease for `life` from now on, or renews it; `false` if another holder has it. A lease that ends later than
/// any lease taken now could end comes from a wrong clock, and counts as ended.
///
/// One statement, so that of two servers only one takes the lease: the second waits for the first one's commit, and
/// Postgres then checks the condition on the changed row (read committed).
pub fn take(c: &Conn, name: &str, holder: &str, life: SignedDuration, now: LeaseTime) -> Result<bool, Error> {
    let sql = "insert into leases (name, holder, held_until) values ($1, $2, $now + $3)
               on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until
               where leases.holder = excluded.holder or leases.held_until <= $now
                  or leases.held_until > $now + $3 + $3";
    Ok(execute_at(c, sql, &[&name, &holder, &span(life)], now)? == 1)
}

/// Whether anybody holds a lease that is taken for `life` each time. As for [`take`], one that ends too late counts as
/// ended.
pub fn is_held(c: &Conn, name: &str, life: SignedDuration, now: LeaseTime) -> Result<bool, Error> {
    let sql = "select holder from leases
               where name = $1 and held_until > $now and held_until <= $now + $2 + $2";
    Ok(find_at(c, sql, &[&name, &span(life)], now, |_| Ok(()))?.is_some())
}

/// Gives a lease back.
pub fn give_back(c: &Conn, name: &str, holder: &str) -> Result<(), Error> {
    execute(c, "delete from leases where name = $1 and holder = $2", &[&name, &holder]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::database;

    #[tokio::test]
    async fn nobody_takes_a_held_lease_whatever_their_clock_says() {
        let (db, _folder) = database().await;
        let (LeaseTime(now), life) = (db.lease_time(), SignedDuration::from_mins(5));
        let offs = if db.is_shared() { [-400, -2, 0, 400] } else { [0, 0, 0, 0] };
        let taken = db.write(move |c| {
            let at = |off: i64| LeaseTime(now + SignedDuration::from_secs(off));
            assert!(take(c, "l", "one", life, at(offs[0]))?);
            for off in offs {
                assert!(!take(c, "l", "two", life, at(off))?, "{off}");
                assert!(is_held(c, "l", life, at(off))?, "{off}");
                assert!(take(c, "l", "one", life, at(off))?, "its holder keeps it, {off}");
            }
            give_back(c, "l", "two")?;
            assert!(!take(c, "l", "two", life, at(0))?, "only its holder gives it back");
            give_back(c, "l", "one")?;
            Ok(take(c, "l", "two", life, at(offs[0]))?)
        });
        assert_eq!(taken.await, Ok(true));
    }

    #[tokio::test]
    async fn a_lease_from_a_clock_that_was_far_ahead_counts_as_ended() {
        let (db, _folder) = database().await;
        let (LeaseTime(now), life) = (db.lease_time(), SignedDuration::from_mins(5));
        let held = db.write(move |c| {
            let year = (now + SignedDuration::from_hours(365 * 24)).as_millisecond();
            let sql = "insert into leases (name, holder, held_until) values ('l', 'one', $1)";
            execute(c, sql, &[&year])?;
            let held = is_held(c, "l", life, LeaseTime(now))?;
            Ok((held, take(c, "l", "two", life, LeaseTime(now))?, is_held(c, "l", life, LeaseTime(now))?))
        });
        assert_eq!(held.await, Ok((false, true, true)));
    }
}
