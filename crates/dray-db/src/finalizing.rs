//! Uploads that are being finalized or wait for the sweeper: who holds the lease, what is known of the Complete, and
//! when the next try is due. Every change is one compare-and-set, and uses the clock of leases.

use dray_api::UploadRowId;
use jiff::{SignedDuration, Timestamp};

use super::clock::{LeaseTime, execute_at, list_at, span};
use super::uploads::{columns, upload};
use super::{Conn, Error, execute, find, millis, size};
use dray_drive::parts::{Crc64, Digest};
use dray_drive::upload::{FINALIZE_LEASE, LeaseHolder, State, Upload};

/// An upload with work that is due.
pub struct Due {
    /// The upload.
    pub upload: Upload,
    /// How often it was tried before.
    pub tries: u64,
    /// How many Completes had an outcome that proves nothing.
    pub inconclusive: u64,
}

/// The outcomes of an upload's Completes so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempts {
    /// When the newest Complete was sent, in milliseconds since 1970.
    pub newest_at: Option<i64>,
    /// How many had an outcome that proves nothing.
    pub inconclusive: u64,
}

/// A finalize takes the lease of an upload that has not changed since it was read. Either the upload is open; then it
/// becomes `completing` and its Complete will be sent. Or its lease has ended. `false` if the upload has changed.
///
/// One statement, as in `leases::take`: only one of two servers gets `true`.
pub fn begin(
    c: &Conn,
    upload: &Upload,
    digest: &Digest,
    holder: &LeaseHolder,
    now: LeaseTime,
) -> Result<bool, Error> {
    let sql = "update uploads
               set attempted_at = case when state = 'completing' and attempted_at <= $now then attempted_at else $now end,
                   state = 'completing', digest = $2, lease_holder = $3, lease_until = $now + $4
               where id = $1
                 and ((state = 'open' and $5 and (attempted_at is not null) = $6)
                      or (state = 'completing' and not $5 and digest = $2
                          and (lease_until <= $now or lease_until > $now + $4 + $4)))";
    let (id, is_open) = (upload.id.to_string(), upload.state == State::Open);
    let life = span(FINALIZE_LEASE);
    let params: [&dyn super::Param; 6] = [&id, &digest.0, &holder.0, &life, &is_open, &upload.is_attempted];
    Ok(execute_at(c, sql, &params, now)? == 1)
}

/// The holder renews the lease; `false` if it no longer holds it. `is_completing` means that its Complete is still
/// under way.
pub fn renew(
    c: &Conn,
    id: UploadRowId,
    holder: &LeaseHolder,
    is_completing: bool,
    now: LeaseTime,
) -> Result<bool, Error> {
    let sql = "update uploads set lease_until = $now + $3,
                   attempted_at = case when $4 then $now else attempted_at end
               where id = $1 and state = 'completing' and lease_holder = $2";
    Ok(execute_at(c, sql, &[&id.to_string(), &holder.0, &span(FINALIZE_LEASE), &is_completing], now)? == 1)
}

/// What is known of the Completes of an upload.
pub fn attempts(c: &Conn, id: UploadRowId) -> Result<Attempts, Error> {
    let sql = "select attempted_at, inconclusive from uploads where id = $1";
    let found = find(c, sql, &[&id.to_string()], |row| {
        Ok(Attempts { newest_at: row.get("attempted_at")?, inconclusive: size(row, "inconclusive")? })
    });
    Ok(found?.unwrap_or_default())
}

/// Records that the Complete of this lease had an outcome that proves nothing, and that there is no object.
pub fn note_inconclusive(c: &Conn, id: UploadRowId, holder: &LeaseHolder) -> Result<(), Error> {
    let sql = "update uploads set inconclusive = inconclusive + 1
               where id = $1 and state = 'completing' and lease_holder = $2";
    execute(c, sql, &[&id.to_string(), &holder.0]).map(drop)
}

/// Records that the newest Complete did nothing. The newest one that may have done something was sent at
/// `attempted_at`.
pub fn settle(c: &Conn, id: UploadRowId, holder: &LeaseHolder, attempted_at: i64) -> Result<(), Error> {
    let sql = "update uploads set attempted_at = $3
               where id = $1 and state = 'completing' and lease_holder = $2";
    execute(c, sql, &[&id.to_string(), &holder.0, &attempted_at]).map(drop)
}

/// Sets the checksum that the bytes must have, according to the finalize that holds the lease.
pub fn set_checksum(c: &Conn, id: UploadRowId, crc64: &Crc64, verify: bool) -> Result<(), Error> {
    let sql = "update uploads set finalize_crc64nvme = $2, verify = $3 where id = $1";
    execute(c, sql, &[&id.to_string(), &crc64.as_str(), &verify]).map(drop)
}

/// `completing` → `open`: the store refused the parts, so the client can correct the request. Only the holder of the
/// lease may do this. With `is_unattempted`, it records that no Complete was ever sent.
pub fn reopen(c: &Conn, id: UploadRowId, holder: &LeaseHolder, is_unattempted: bool) -> Result<bool, Error> {
    let sql = "update uploads set state = 'open', digest = null, lease_holder = null, lease_until = null,
                   finalize_crc64nvme = null, verify = false, inconclusive = 0, proven_crc64nvme = null,
                   attempted_at = case when $3 then null else attempted_at end
               where id = $1 and state = 'completing' and lease_holder = $2";
    let is_open = execute(c, sql, &[&id.to_string(), &holder.0, &is_unattempted])? == 1;
    if is_open {
        // The next finalize may create an object with other bytes, for which the bytes read so far prove nothing.
        execute(c, "delete from read_backs where upload_id = $1", &[&id.to_string()])?;
    }
    Ok(is_open)
}

/// Gives the lease back without an outcome, so that the next finalize need not wait until it ends.
pub fn release(c: &Conn, id: UploadRowId, holder: &LeaseHolder) -> Result<(), Error> {
    let sql = "update uploads set lease_until = 0
               where id = $1 and state = 'completing' and lease_holder = $2";
    execute(c, sql, &[&id.to_string(), &holder.0]).map(drop)
}

/// Up to `limit` uploads with work that is due: an expiry before `expired_before`, or parts that the store must still
/// remove. Before them come up to `resumable` finalizes whose lease has ended, so that many finalizes, which have to wait
/// for each other, hide no other work. An upload whose start the store never answered waits until it is as old as
/// `opened_before`, because the store may still carry out the start. Uploads that were never tried come first, then
/// those that have waited longest for their next try.
pub fn due(
    c: &Conn,
    expired_before: Timestamp,
    opened_before: Timestamp,
    now: LeaseTime,
    limit: u32,
    resumable: u32,
) -> Result<Vec<Due>, Error> {
    let sql = concat!(
        "select ",
        columns!(),
        ", tries, inconclusive from uploads
         where state <> 'completed' and parts_freed_at is null and (state = 'completing') = $4
           and (next_try_at is null or next_try_at <= $now or next_try_at > $now + 86400000)
           and ((state = 'completing' and (lease_until <= $now or lease_until > $now + 60000))
                or (state in ('opening', 'open') and expires_at <= $1)
                or (state in ('aborted', 'expired') and (store_upload_id is not null or created_at <= $3)))
         order by coalesce(next_try_at, 0), expires_at limit $2"
    );
    let list = |limit: u32, is_completing: bool| {
        let (expired, limit, opened) = (millis(expired_before), i64::from(limit), millis(opened_before));
        list_at(c, sql, &[&expired, &limit, &opened, &is_completing], now, |row| {
            let (tries, inconclusive) = (size(row, "tries")?, size(row, "inconclusive")?);
            Ok(Due { upload: upload(row)?, tries, inconclusive })
        })
    };
    let mut due = list(resumable, true)?;
    due.extend(list(limit, false)?);
    Ok(due)
}

/// Records that the work could not be done now. It is due again after `wait`, and does not delay other work until then.
pub fn postpone(c: &Conn, id: UploadRowId, wait: SignedDuration, now: LeaseTime) -> Result<(), Error> {
    let sql = "update uploads set tries = tries + 1, next_try_at = $now + $2 where id = $1";
    execute_at(c, sql, &[&id.to_string(), &span(wait)], now).map(drop)
}

/// Ends every lease. Only a server that has just started and is the only one may call this: the previous process held
/// the leases.
pub fn end_leases(c: &Conn) -> Result<(), Error> {
    execute(c, "update uploads set lease_until = 0, next_try_at = null where state = 'completing'", &[])
        .map(drop)
}

#[cfg(test)]
pub(crate) mod tests {
    use dray_api::upload::OnConflict;
    use dray_api::{ItemId, UserId, WorkspaceId};

    use super::*;
    use crate::testing::{count, database};
    use crate::users::{self, UserRow};
    use crate::{Db, uploads};
    use dray_drive::access::Caller;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(secs).unwrap()
    }

    pub(crate) fn row(number: u32) -> Upload {
        Upload {
            id: UploadRowId::new(number, [0; 8]),
            workspace: WorkspaceId::new(1, [0; 8]),
            user: UserId::new(1, [0; 8]),
            parent: None,
            item: ItemId::new(number, [0; 8]),
            name: "a".into(),
            mime_type: "a/b".into(),
            size_bytes: 1,
            on_conflict: OnConflict::Keep,
            confined_to: None,
            only_uploads: false,
            token: None,
            attached: dray_drive::item::Attached::default(),
            crc64: None,
            proven_crc64: None,
            is_attempted: false,
            verify: false,
            object_key: format!("key {number}"),
            store_token: "t".into(),
            store_upload_id: None,
            put_key: None,
            state: State::Opening,
            created_at: at(number.into()),
            expires_at: at(number.into()),
        }
    }

    /// Creates a database with this number of open uploads.
    pub(crate) async fn with_uploads(count: u32) -> (Db, tempfile::TempDir) {
        let (db, folder) = database().await;
        let fill = db.write(move |c| {
            let (workspace, user) = (row(1).workspace, row(1).user);
            users::insert_default_workspace(c, workspace, at(1))?;
            let (email, name, role) = ("a@b".into(), "a".into(), "owner".into());
            users::insert_user(c, workspace, &UserRow { id: user, email, name, role, created_at: at(1) })?;
            for number in 1..=count {
                uploads::insert_opening(c, &row(number))?;
                uploads::open(c, row(number).id, &format!("id {number}"))?;
            }
            Ok(())
        });
        fill.await.unwrap();
        (db, folder)
    }

    pub(crate) fn holder(name: &str) -> LeaseHolder {
        LeaseHolder(name.into())
    }

    pub(crate) fn digest() -> Digest {
        Digest("d".into())
    }

    /// The upload as a server reads it whose clock is wrong by this time, if its clock counts.
    pub(crate) fn read(db: &Db, c: &Conn, off: SignedDuration) -> (Upload, LeaseTime) {
        let now = now(db, off);
        (uploads::by_id(c, row(1).id, now).unwrap().unwrap(), now)
    }

    fn now(db: &Db, off: SignedDuration) -> LeaseTime {
        let LeaseTime(now) = db.lease_time();
        LeaseTime(if db.is_shared() { now + off } else { now })
    }

    pub(crate) const FIVE_MINUTES: SignedDuration = SignedDuration::from_mins(5);

    #[tokio::test]
    async fn no_clock_makes_a_server_take_the_lease_of_another() {
        let (db, _folder) = with_uploads(1).await;
        let other = db.clone();
        let taken = db.write(move |c| {
            let (upload, lease_now) = read(&other, c, FIVE_MINUTES);
            assert!(begin(c, &upload, &digest(), &holder("one"), lease_now)?);
            for off in [-FIVE_MINUTES, SignedDuration::from_secs(-2), SignedDuration::ZERO, FIVE_MINUTES] {
                let (upload, lease_now) = read(&other, c, off);
                assert_eq!(upload.state, State::Completing { digest: digest(), is_held: true }, "{off}");
                assert!(!begin(c, &upload, &digest(), &holder("two"), lease_now)?, "{off}");
                assert!(due(c, at(0), at(0), lease_now, 10, 10)?.is_empty(), "{off}");
                assert!(renew(c, upload.id, &holder("one"), false, lease_now)?, "{off}");
                assert!(!renew(c, upload.id, &holder("two"), false, lease_now)?, "{off}");
            }
            release(c, row(1).id, &holder("one"))?;
            let (upload, lease_now) = read(&other, c, -FIVE_MINUTES);
            assert_eq!(upload.state, State::Completing { digest: digest(), is_held: false });
            Ok(begin(c, &upload, &digest(), &holder("two"), lease_now)?)
        });
        assert_eq!(taken.await, Ok(true));
    }

    #[tokio::test]
    async fn a_thousand_uploads_that_can_not_be_swept_hide_no_other() {
        let (db, _folder) = with_uploads(1001).await;
        let other = db.clone();
        let swept = db.write(move |c| {
            execute(c, "update uploads set state = 'aborted'", &[])?;
            let now = other.lease_time();
            let ids = |c: &Conn| -> Result<Vec<UploadRowId>, Error> {
                Ok(due(c, at(0), at(0), now, 1000, 1000)?.into_iter().map(|due| due.upload.id).collect())
            };
            let first = ids(c)?;
            for id in &first {
                postpone(c, *id, SignedDuration::from_secs(-1), now)?;
            }
            assert_eq!((first.len(), first.contains(&row(1001).id)), (1000, false));
            let next = ids(c)?;
            assert_eq!(next.first(), Some(&row(1001).id), "what was never tried comes before what was");
            for id in &next {
                postpone(c, *id, FIVE_MINUTES, now)?;
            }
            Ok(ids(c)?)
        });
        assert_eq!(swept.await.unwrap().len(), 1, "the one that the second round did not reach");
    }

    #[tokio::test]
    async fn what_became_of_an_upload_is_forgotten_in_time_and_its_item_stays() {
        let (db, _folder) = with_uploads(3).await;
        let forgotten = db.write(|c| {
            let done = |number| uploads::complete(c, row(number).id, row(number).item, &digest(), at(1000));
            assert!(done(1)? && done(2)?);
            let sql = "insert into items (id, workspace_id, owner_id, kind, name, name_key, words, mime_type, size_bytes,
                           object_key, upload_id, created_at, updated_at)
                       select item_id, workspace_id, user_id, 1, name, name, name, mime_type, 1, object_key, id, 1, 1
                       from uploads where state = 'completed'";
            execute(c, sql, &[])?;
            assert_eq!(uploads::forget_finished(c, at(999), 10)?, 0, "they were finished after their expiry");
            let caller = Caller::for_user(row(1).user, row(1).workspace);
            assert_eq!(uploads::forget_finished(c, at(1000), 1)?, 1, "not more than asked for");
            assert_eq!(uploads::forget_finished(c, at(1000), 10)?, 1);
            let LeaseTime(now) = LeaseTime(at(1));
            let of_third = uploads::of_caller(c, &caller, "id 3", "key 3", LeaseTime(now))?;
            Ok((count(c, "items"), of_third.is_some()))
        });
        assert_eq!(forgotten.await, Ok((2, true)));
    }
}
