//! How much there is: in the drive, and on its way into it.

use super::{Conn, Error, find, list, size};

/// What the whole drive holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Files and folders.
    pub(crate) items: u64,
    /// Bytes of all files.
    pub(crate) size_bytes: u64,
}

/// Adds everything up. Reads every item.
pub(crate) fn total(c: &Conn) -> Result<Usage, Error> {
    let sql =
        "select count(*) as items, cast(coalesce(sum(size_bytes), 0) as bigint) as size_bytes from items";
    let read =
        |row: &super::Row<'_>| Ok(Usage { items: size(row, "items")?, size_bytes: size(row, "size_bytes")? });
    Ok(find(c, sql, &[], read)?.unwrap_or_default())
}

/// How many uploads there are in each state, of those that are not over or whose parts may still be in the store.
/// What the index `uploads_unfinished` has.
pub(crate) fn unfinished_uploads(c: &Conn) -> Result<Vec<(String, u64)>, Error> {
    let sql = "select state, count(*) as uploads from uploads
               where state <> 'completed' and parts_freed_at is null group by state";
    list(c, sql, &[], |row| Ok((row.get("state")?, size(row, "uploads")?)))
}
