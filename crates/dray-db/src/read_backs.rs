//! How far the objects of uploads were read back. If the reading server dies, the next one continues from there.

use dray_api::UploadRowId;

use super::{Conn, Error, execute, find, size, stored_size};
use dray_drive::parts::Crc64;
use dray_drive::upload::LeaseHolder;

/// The beginning of an object that was read back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadBack {
    /// How many bytes it has.
    pub bytes: u64,
    /// Their CRC-64/NVME.
    pub crc64: u64,
}

/// How far the object of an upload was read back; an empty beginning if nothing was read yet.
pub fn so_far(c: &Conn, id: UploadRowId) -> Result<ReadBack, Error> {
    let sql = "select read_bytes, crc64nvme from read_backs where upload_id = $1";
    let found = find(c, sql, &[&id.to_string()], |row| {
        let crc64: i64 = row.get("crc64nvme")?;
        Ok(ReadBack { bytes: size(row, "read_bytes")?, crc64: crc64.cast_unsigned() })
    });
    Ok(found?.unwrap_or_default())
}

/// Stores how far the object was read, unless another server has already read further. Only the holder of the lease may do
/// this: after the lease, the object may be replaced by one with other bytes.
pub fn keep(c: &Conn, id: UploadRowId, holder: &LeaseHolder, so_far: ReadBack) -> Result<(), Error> {
    let sql = "insert into read_backs (upload_id, read_bytes, crc64nvme)
               select id, cast($2 as bigint), cast($3 as bigint) from uploads
               where id = $1 and state = 'completing' and lease_holder = $4
               on conflict (upload_id) do update
               set read_bytes = excluded.read_bytes, crc64nvme = excluded.crc64nvme
               where read_backs.read_bytes < excluded.read_bytes";
    let params: [&dyn super::Param; 4] =
        [&id.to_string(), &stored_size(so_far.bytes)?, &so_far.crc64.cast_signed(), &holder.0];
    execute(c, sql, &params).map(drop)
}

/// Records that the whole object was read back: stores its checksum with the upload, and removes the progress. Only the
/// holder of the lease may do this, as with [`keep`].
pub fn end(c: &Conn, id: UploadRowId, holder: &LeaseHolder, crc64: &Crc64) -> Result<(), Error> {
    let sql = "update uploads set proven_crc64nvme = $2
               where id = $1 and state = 'completing' and lease_holder = $3";
    if execute(c, sql, &[&id.to_string(), &crc64.as_str(), &holder.0])? == 0 {
        return Ok(());
    }
    execute(c, "delete from read_backs where upload_id = $1", &[&id.to_string()]).map(drop)
}
