//! Until when an object may still be written: by the signed PUT of a whole file, or by a PUT or a copy of this server.

use dray_api::UploadRowId;
use dray_drive::upload::QUIET_TIME;
use jiff::{SignedDuration, Timestamp};

use super::clock::{LeaseTime, find_at, span};
use super::{Conn, Error, execute, find, millis, time};

/// Records that a URL of an upload's PUT is valid until then, unless another one is valid longer. For an upload in
/// parts the value stays null.
pub fn extend_put(c: &Conn, id: UploadRowId, put_until: Timestamp) -> Result<(), Error> {
    let sql = "update uploads set put_until = $2 where id = $1 and put_until < $2";
    execute(c, sql, &[&id.to_string(), &millis(put_until)]).map(drop)
}

/// Until when a signed URL may write the object of the upload `object_key`, or its temporary key; `None` if there
/// never was such a URL.
pub fn put_until(c: &Conn, object_key: &str) -> Result<Option<Timestamp>, Error> {
    let sql = "select put_until from uploads where object_key = $1 and put_until is not null";
    find(c, sql, &[&object_key], |row| time(row, "put_until"))
}

/// For how long a PUT or a copy that this server sent for an object may still take effect although nobody waits for its
/// answer any more ([`QUIET_TIME`] after the last one). A Complete that comes late finds its upload ended, so files of
/// parts do not count.
pub fn may_be_written_for(
    c: &Conn,
    object_key: &str,
    now: LeaseTime,
) -> Result<Option<SignedDuration>, Error> {
    let sql = "select attempted_at + $2 - $now as left_ms from uploads
               where object_key = $1 and (size_bytes = 0 or put_key is not null) and attempted_at > $now - $2";
    find_at(c, sql, &[&object_key, &span(QUIET_TIME)], now, |row| {
        Ok(SignedDuration::from_millis(row.get("left_ms")?))
    })
}
