//! How far the objects of uploads were read back. If the reading server dies, the next one continues from there.

use dray_api::UploadRowId;

use super::{Conn, Error, execute, find, size, stored_size};
use dray_drive::parts::Crc64;

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

/// Stores how far the object was read, unless another server has already read further. All servers read the same bytes.
pub fn keep(c: &Conn, id: UploadRowId, so_far: ReadBack) -> Result<(), Error> {
    let sql = "insert into read_backs (upload_id, read_bytes, crc64nvme) values ($1, $2, $3)
               on conflict (upload_id) do update
               set read_bytes = excluded.read_bytes, crc64nvme = excluded.crc64nvme
               where read_backs.read_bytes < excluded.read_bytes";
    let params: [&dyn super::Param; 3] =
        [&id.to_string(), &stored_size(so_far.bytes)?, &so_far.crc64.cast_signed()];
    execute(c, sql, &params).map(drop)
}

/// Records that the whole object was read back: stores its checksum with the upload, and removes the progress.
pub fn end(c: &Conn, id: UploadRowId, crc64: &Crc64) -> Result<(), Error> {
    let sql = "update uploads set proven_crc64nvme = $2 where id = $1";
    execute(c, sql, &[&id.to_string(), &crc64.as_str()])?;
    execute(c, "delete from read_backs where upload_id = $1", &[&id.to_string()]).map(drop)
}
