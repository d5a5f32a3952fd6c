//! The size of open uploads in the store, as the sweeper last measured it. Only rows of open uploads count.

use dray_api::UploadRowId;
use jiff::Timestamp;

use super::clock::{LeaseTime, list_at};
use super::uploads::columns;
use super::{Conn, Error, execute, millis, stored_size, uploads};
use dray_drive::upload::Upload;

/// Up to `limit` open uploads that were started, and last measured, before this time. Those that have waited longest
/// come first. A measurement after `now` comes from a wrong clock, and counts as none.
pub fn due(
    c: &Conn,
    before: Timestamp,
    now: Timestamp,
    lease_now: LeaseTime,
    limit: u32,
) -> Result<Vec<Upload>, Error> {
    let sql = concat!(
        "select ",
        columns!(),
        " from uploads left join measured_uploads on upload_id = id
          where state = 'open' and put_key is null and parts_freed_at is null and created_at <= $1
            and (coalesce(measured_at, 0) <= $1 or measured_at > $3)
          order by case when measured_at > $3 then 0 else coalesce(measured_at, 0) end, created_at limit $2"
    );
    list_at(c, sql, &[&millis(before), &i64::from(limit), &millis(now)], lease_now, uploads::upload)
}

/// Records how many bytes the store has of an upload.
pub fn note(c: &Conn, id: UploadRowId, stored_bytes: u64, now: Timestamp) -> Result<(), Error> {
    let sql = "insert into measured_uploads (upload_id, stored_bytes, measured_at) values ($1, $2, $3)
               on conflict (upload_id) do update
               set stored_bytes = excluded.stored_bytes, measured_at = excluded.measured_at";
    execute(c, sql, &[&id.to_string(), &stored_size(stored_bytes)?, &millis(now)]).map(drop)
}

/// Records that the store did not answer about an upload, so that others are measured first.
pub fn postpone(c: &Conn, id: UploadRowId, now: Timestamp) -> Result<(), Error> {
    let sql = "insert into measured_uploads (upload_id, stored_bytes, measured_at) values ($1, 0, $2)
               on conflict (upload_id) do update set measured_at = excluded.measured_at";
    execute(c, sql, &[&id.to_string(), &millis(now)]).map(drop)
}

/// Removes the measurements of uploads that have ended.
pub fn forget_ended(c: &Conn) -> Result<(), Error> {
    // `cross join` makes SQLite begin with the few measurements, and not with all uploads.
    let sql = "delete from measured_uploads where upload_id in (
                   select m.upload_id from measured_uploads m cross join uploads u
                   where u.id = m.upload_id and u.state <> 'open' and u.state <> 'completing'
               )";
    execute(c, sql, &[]).map(drop)
}
