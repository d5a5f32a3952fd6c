//! Until when an object may still be written: by the signed PUT of a whole file.

use dray_api::UploadRowId;
use jiff::Timestamp;

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
