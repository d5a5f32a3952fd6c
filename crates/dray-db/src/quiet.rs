//! What silence proves. A store may still carry out a request that nobody waits for any more, so an upload is given up only after
//! [`QUIET_TIME`] without one. On SQLite, the time is the machine's clock at the server's start, plus what has passed since. If the clock
//! was set while no server ran, the silence may have been shorter than it seems, and counts from the start. On Postgres it counts from
//! the moment at which a server finds that the database's clock was set.

use dray_api::UploadRowId;
use dray_drive::upload::{LeaseHolder, QUIET_TIME};
use jiff::{SignedDuration, Timestamp};

use super::clock::{LeaseTime, execute_at, find_at, span};
use super::finalizing::postpone;
use super::{Conn, Error, Row, find, millis, time};

/// How long the machine has run since its boot. Nobody can set these clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// Another boot has another one.
    pub id: String,
    /// Milliseconds since the boot.
    pub passed_ms: i64,
    /// Milliseconds since the boot without the time for which the machine was suspended, for which the clock of leases stood still, too.
    pub awake_ms: i64,
}

/// What a server finds at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// By how much the machine's clock was set since the last start; `None` if nobody can tell.
    pub set_by: Option<SignedDuration>,
    /// When a start last found that it was set by more than was allowed.
    pub set_at: Option<Timestamp>,
}

/// The condition that a server has watched an upload for this time, and no Complete of it was under way.
macro_rules! quiet_for {
    ($time:literal) => {
        concat!(
            "attempted_at <= $now - ",
            $time,
            " and not exists (select 1 from watches where since > $now - ",
            $time,
            ")"
        )
    };
}

/// How far the two clocks may be apart: they are not read at the same moment.
const READING_MS: i64 = 2_000;

/// The only server of a database begins to watch. If the machine has run since the last start, was not suspended and its clock was not set
/// meanwhile, the silence before counts, too. `most_off`: by how much a clock may be set.
pub fn watch(
    c: &Conn,
    boot: Option<&Boot>,
    most_off: SignedDuration,
    now: LeaseTime,
) -> Result<Found, Error> {
    let id = boot.map(|boot| boot.id.as_str());
    let (passed_ms, awake_ms) = (boot.map(|boot| boot.passed_ms), boot.map(|boot| boot.awake_ms));
    let sql = "select ($now - started_at) - ($2 - boot_ms) as set_by, ($now - started_at) - ($3 - awake_ms) as unseen_ms
               from watches where boot_id = $1";
    let read = |row: &Row<'_>| Ok((row.get("set_by")?, row.get("unseen_ms")?));
    let (set_by, unseen_ms): (Option<i64>, Option<i64>) =
        find_at(c, sql, &[&id, &passed_ms, &awake_ms], now, read)?.unwrap_or_default();
    let has_watched = unseen_ms.is_some_and(|unseen| unseen.abs() <= READING_MS);
    let is_set = set_by.is_some_and(|by| by.abs() > span(most_off));
    let sql = "insert into watches (one, since, started_at, boot_id, boot_ms, awake_ms) values (1, $now, $now, $1, $2, $3)
               on conflict (one) do update set since = case when $4 then watches.since else excluded.since end,
                   set_at = case when $5 then excluded.started_at else watches.set_at end, started_at = excluded.started_at,
                   boot_id = excluded.boot_id, boot_ms = excluded.boot_ms, awake_ms = excluded.awake_ms";
    execute_at(c, sql, &[&id, &passed_ms, &awake_ms, &has_watched, &is_set], now)?;
    let set_at =
        find(c, "select set_at from watches where set_at is not null", &[], |row| time(row, "set_at"))?;
    Ok(Found { set_by: set_by.map(SignedDuration::from_millis), set_at })
}

/// The database's clock was set, or another machine is the database now: nobody knows any more how long nothing has happened.
pub fn watch_anew(c: &Conn, now: LeaseTime) -> Result<(), Error> {
    let sql = "insert into watches (one, since, started_at) values (1, $now, $now)
               on conflict (one) do update set since = excluded.since";
    execute_at(c, sql, &[], now).map(drop)
}

/// Whether no Complete has been under way for [`QUIET_TIME`].
pub fn is_quiet(c: &Conn, id: UploadRowId, now: LeaseTime) -> Result<bool, Error> {
    let sql = concat!("select id from uploads where id = $1 and ", quiet_for!("$2"));
    Ok(find_at(c, sql, &[&id.to_string(), &span(QUIET_TIME)], now, |_| Ok(()))?.is_some())
}

/// → `aborted`: the store has neither the upload nor its object. Only the holder of the lease may do this, and only
/// if that is proof: either because `is_proof` says so, or because no Complete has been under way for [`QUIET_TIME`].
pub fn give_up(
    c: &Conn,
    id: UploadRowId,
    holder: &LeaseHolder,
    is_proof: bool,
    now: LeaseTime,
) -> Result<bool, Error> {
    let sql = concat!(
        "update uploads set state = 'aborted', lease_holder = null, lease_until = null
         where id = $1 and state = 'completing' and lease_holder = $2 and ($3 or (",
        quiet_for!("$4"),
        "))"
    );
    Ok(execute_at(c, sql, &[&id.to_string(), &holder.0, &is_proof, &span(QUIET_TIME)], now)? == 1)
}

/// Records that the store has removed the parts of an upload that has ended. Returns `false` if the store's answer
/// proves nothing yet, because a Complete may be under way that makes parts or the object appear; then the store is
/// asked again after [`QUIET_TIME`]. `is_proof` means that this store never continues a Complete whose caller no
/// longer waits.
pub fn parts_freed(
    c: &Conn,
    id: UploadRowId,
    now: Timestamp,
    is_proof: bool,
    lease_now: LeaseTime,
) -> Result<bool, Error> {
    let sql = concat!(
        "update uploads set parts_freed_at = $2 where id = $1 and state in ('aborted', 'expired')
           and ($3 or attempted_at is null or (",
        quiet_for!("$4"),
        "))"
    );
    let (id_text, quiet) = (id.to_string(), span(QUIET_TIME));
    let is_freed = execute_at(c, sql, &[&id_text, &millis(now), &is_proof, &quiet], lease_now)? == 1;
    if !is_freed {
        // A time that is still to come was set by a wrong clock. From now on it passes.
        let sql = "update uploads set attempted_at = $now where id = $1 and attempted_at > $now";
        execute_at(c, sql, &[&id_text], lease_now)?;
        postpone(c, id, QUIET_TIME, lease_now)?;
    }
    Ok(is_freed)
}

/// For how long a PUT or a copy that this server sent for an object may still take effect although nobody waits for its
/// answer any more ([`QUIET_TIME`] after the last one). A Complete that comes late finds its upload ended, so files of
/// parts do not count.
pub fn may_be_written_for(
    c: &Conn,
    object_key: &str,
    now: LeaseTime,
) -> Result<Option<SignedDuration>, Error> {
    let sql = "select attempted_at + $2 - $now as left_ms, (select since + $2 - $now from watches) as watched_ms from uploads
               where object_key = $1 and (size_bytes = 0 or put_key is not null) and attempted_at is not null";
    let left = find_at(c, sql, &[&object_key, &span(QUIET_TIME)], now, |row| {
        let (left, watched): (i64, Option<i64>) = (row.get("left_ms")?, row.get("watched_ms")?);
        Ok(SignedDuration::from_millis(left.max(watched.unwrap_or(left))))
    })?;
    Ok(left.filter(SignedDuration::is_positive))
}

#[cfg(test)]
mod tests {
    use super::super::execute;
    use super::super::finalizing::tests::{FIVE_MINUTES, digest, holder, read, row, with_uploads};
    use super::super::finalizing::{begin, release};
    use super::*;

    #[tokio::test]
    async fn an_upload_is_given_up_on_proof_or_after_the_quiet_time_only() {
        let (db, _folder) = with_uploads(1).await;
        let other = db.clone();
        let checked = db.write(move |c| {
            let now = other.lease_time();
            let id = row(1).id;
            let take = |name: &str| {
                let (upload, now) = read(&other, c, FIVE_MINUTES);
                assert!(begin(c, &upload, &digest(), &holder(name), now).unwrap(), "{name}");
            };
            let quiet = |ago: SignedDuration| {
                let LeaseTime(now) = now;
                let sql = "update uploads set attempted_at = $1";
                execute(c, sql, &[&millis(now - ago)]).unwrap();
            };
            take("one");
            release(c, id, &holder("one"))?;
            take("two");
            assert!(!give_up(c, id, &holder("two"), false, now)?, "the first Complete may be under way");
            quiet(QUIET_TIME - SignedDuration::from_secs(30));
            assert!(!give_up(c, id, &holder("two"), false, now)?);
            quiet(QUIET_TIME + SignedDuration::from_secs(30));
            assert!(!give_up(c, id, &holder("one"), true, now)?, "it has the lease no longer");
            release(c, id, &holder("two"))?;
            take("three");
            Ok(give_up(c, id, &holder("three"), false, now)?)
        });
        assert_eq!(checked.await, Ok(true), "taking the lease alone is no attempt");
    }

    #[tokio::test]
    async fn silence_that_a_clock_may_have_made_up_counts_from_the_start() {
        let (db, _folder) = with_uploads(1).await;
        // Postgres has a clock of its own, and no server there is the only one.
        if db.is_shared() {
            return;
        }
        let other = db.clone();
        let checked = db.write(move |c| {
            let (upload, now) = read(&other, c, SignedDuration::ZERO);
            let at = |passed: SignedDuration| LeaseTime(now.0 + passed);
            let boot = |id: &str, passed: SignedDuration, suspended: SignedDuration| {
                let passed_ms = 5 + span(passed);
                Some(Boot { id: id.into(), passed_ms, awake_ms: passed_ms - span(suspended) })
            };
            let (minute, second) = (SignedDuration::from_mins(1), SignedDuration::from_secs(1));
            let most_off = minute * 4;
            let none = SignedDuration::ZERO;
            let found = watch(c, boot("a", none, none).as_ref(), most_off, now)?;
            assert_eq!(found, Found { set_by: None, set_at: None });
            assert!(begin(c, &upload, &digest(), &holder("one"), now)?);
            let is_quiet_at = |passed| is_quiet(c, upload.id, at(passed));
            assert!(!is_quiet_at(QUIET_TIME - second)?);
            assert!(is_quiet_at(QUIET_TIME + second)?);
            // What the machine says, what its clock says at the next start, by how much it was set, when that was found to be too much, and
            // when the silence was long enough.
            let starts = [
                (boot("a", minute, none), minute, Some(none), None, QUIET_TIME),
                (boot("a", minute * 2, none), minute * 2, Some(none), None, QUIET_TIME),
                (
                    boot("a", minute * 3, none),
                    minute * 8,
                    Some(minute * 5),
                    Some(minute * 8),
                    minute * 8 + QUIET_TIME,
                ),
                (
                    boot("a", minute * 5, none),
                    minute * 10,
                    Some(none),
                    Some(minute * 8),
                    minute * 8 + QUIET_TIME,
                ),
                (
                    boot("a", minute * 9, none),
                    minute * 10,
                    Some(minute * -4),
                    Some(minute * 8),
                    minute * 10 + QUIET_TIME,
                ),
                (
                    boot("a", minute * 10, second * 30),
                    minute * 11,
                    Some(none),
                    Some(minute * 8),
                    minute * 11 + QUIET_TIME,
                ),
                (boot("b", minute * 10, none), minute * 12, None, Some(minute * 8), minute * 12 + QUIET_TIME),
                (None, minute * 13, None, Some(minute * 8), minute * 13 + QUIET_TIME),
                (boot("b", minute * 12, none), minute * 14, None, Some(minute * 8), minute * 14 + QUIET_TIME),
            ];
            for (boot, clock, set_by, set_at, quiet) in starts {
                let found = watch(c, boot.as_ref(), most_off, at(clock))?;
                let set_at = set_at.map(|passed| millis(at(passed).0));
                assert_eq!((found.set_by, found.set_at.map(millis)), (set_by, set_at), "{boot:?} {clock}");
                assert!(!is_quiet_at(quiet - second)?, "{boot:?} {clock}");
                assert!(
                    !give_up(c, upload.id, &holder("one"), false, at(quiet - second))?,
                    "{boot:?} {clock}"
                );
                assert!(is_quiet_at(quiet + second)?, "{boot:?} {clock}");
            }
            Ok(())
        });
        assert_eq!(checked.await, Ok(()));
    }
}
