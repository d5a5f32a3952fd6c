//! Pieces: bytes of a part that are in files of other parts. Also how many parts and pieces name such a file.
//!
//! A copy of an object shares the files of the original: its parts are pieces that name them. A file is removed when
//! the last part or piece that names it is gone, in whatever order they are removed.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    disk::buffer::BLOCK_BYTES,
    ids::PartFileId,
    meta::garbage::{file_id, release_file},
};

/// Stored bytes that can be read and checked: a range of a file, or of a row.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    pub(crate) size_bytes: u64,
    /// Where it begins in the file.
    pub(crate) start: u64,
    /// Size of the whole file (or of the bytes in the row).
    pub(crate) file_bytes: u64,
    /// CRC-64/NVME of each block of the file that the slice touches.
    pub(crate) blocks: Vec<u64>,
    pub(crate) bytes: StoredBytes,
}

/// Where stored bytes are.
#[derive(Debug, Clone)]
pub(crate) enum StoredBytes {
    File(PartFileId),
    Inline(Vec<u8>),
}

impl Slice {
    /// All bytes of a file or row.
    pub(crate) fn whole(size_bytes: u64, blocks: Vec<u64>, bytes: StoredBytes) -> Self {
        Self { size_bytes, start: 0, file_bytes: size_bytes, blocks, bytes }
    }

    /// `size_bytes` of these bytes, starting at `from`.
    pub(crate) fn cut(mut self, from: u64, size_bytes: u64) -> Self {
        let first = self.first_block();
        (self.start, self.size_bytes) = (self.start + from, size_bytes);
        let end = (self.start + size_bytes).div_ceil(BLOCK_BYTES as u64);
        let to = usize::try_from(end.saturating_sub(first)).unwrap_or(usize::MAX).min(self.blocks.len());
        let from = usize::try_from(self.first_block() - first).unwrap_or(usize::MAX).min(to);
        self.blocks = self.blocks[from..to].to_vec();
        self
    }

    /// The number, in the file, of the first block that the slice touches.
    pub(crate) fn first_block(&self) -> u64 {
        self.start / BLOCK_BYTES as u64
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<(u64, Self)> {
        let bytes = match (row.get(2)?, row.get(3)?) {
            (Some(part_id), Some(tag)) => StoredBytes::File(file_id(part_id, tag)),
            _ => StoredBytes::Inline(row.get(7)?),
        };
        let slice = Self {
            size_bytes: row.get(1)?,
            start: row.get(4)?,
            file_bytes: row.get(5)?,
            blocks: unpack(row.get_ref(6)?.as_blob()?),
            bytes,
        };
        Ok((row.get(0)?, slice))
    }
}

const COLUMNS: &str = "at, size, file_part_id, file_tag, file_start, file_size, blocks, inline";

/// The piece of a part that contains the byte at `offset`, and where in the part it begins.
pub(crate) fn at(db: &Connection, part_id: i64, offset: u64) -> rusqlite::Result<Option<(u64, Slice)>> {
    let sql = format!("select {COLUMNS} from piece where part_id = ?1 and at <= ?2 order by at desc limit 1");
    db.prepare_cached(&sql)?.query_row(params![part_id, offset], Slice::from_row).optional()
}

/// All pieces of a part, in order.
pub(crate) fn all(db: &Connection, part_id: i64) -> rusqlite::Result<Vec<Slice>> {
    let sql = format!("select {COLUMNS} from piece where part_id = ?1 order by at");
    let mut statement = db.prepare_cached(&sql)?;
    statement.query_map([part_id], |row| Slice::from_row(row).map(|(_, slice)| slice))?.collect()
}

/// How many pieces the parts `first..=last` have. It stops counting at `most`.
pub(crate) fn count(db: &Connection, first: i64, last: i64, most: usize) -> rusqlite::Result<usize> {
    let sql = "select count(*) from (select 1 from piece where part_id between ?1 and ?2 limit ?3)";
    db.prepare_cached(sql)?.query_row(params![first, last, most], |row| row.get(0))
}

/// Makes a part of these slices. Each file gets one more reference.
pub(crate) fn put(db: &Connection, part_id: i64, slices: &[Slice]) -> rusqlite::Result<()> {
    let sql =
        "insert into piece (part_id, at, size, file_part_id, file_tag, file_start, file_size, blocks, inline)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let mut statement = db.prepare_cached(sql)?;
    let mut at = 0;
    for slice in slices {
        let (file, inline) = match &slice.bytes {
            StoredBytes::File(file) => (Some(*file), None),
            StoredBytes::Inline(bytes) => (None, Some(bytes)),
        };
        let (owner, tag) = (file.map(|file| file.part_id), file.map(|file| file.tag.cast_signed()));
        let blocks = pack(&slice.blocks);
        statement.execute(params![
            part_id,
            at,
            slice.size_bytes,
            owner,
            tag,
            slice.start,
            slice.file_bytes,
            blocks,
            inline
        ])?;
        file.map_or(Ok(()), |file| add_ref(db, file))?;
        at += slice.size_bytes;
    }
    Ok(())
}

/// Removes the pieces of the parts `first..=last`.
pub(crate) fn remove(db: &Connection, first: i64, last: i64) -> rusqlite::Result<()> {
    let sql =
        "select file_part_id, file_tag from piece where part_id between ?1 and ?2 and file_tag is not null";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([first, last], |row| Ok(file_id(row.get(0)?, row.get(1)?)))?;
    let files: Vec<PartFileId> = rows.collect::<Result<_, _>>()?;
    db.prepare_cached("delete from piece where part_id between ?1 and ?2")?.execute([first, last])?;
    files.into_iter().try_for_each(|file| release_file(db, file))
}

/// Adds a reference to the file. A file without a count has one reference already, from its own part.
fn add_ref(db: &Connection, file: PartFileId) -> rusqlite::Result<()> {
    let sql = "insert into shared_file (part_id, file_tag, refs) values (?1, ?2, 2)
               on conflict (part_id, file_tag) do update set refs = refs + 1";
    db.prepare_cached(sql)?.execute(params![file.part_id, file.tag.cast_signed()]).map(drop)
}

/// Removes a reference, and returns how many are left.
pub(super) fn forget_one_ref(db: &Connection, file: PartFileId) -> rusqlite::Result<i64> {
    let key = params![file.part_id, file.tag.cast_signed()];
    let sql = "update shared_file set refs = refs - 1 where part_id = ?1 and file_tag = ?2 returning refs";
    let left: Option<i64> = db.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?;
    if left == Some(0) {
        let sql = "delete from shared_file where part_id = ?1 and file_tag = ?2";
        db.prepare_cached(sql)?.execute(key)?;
    }
    Ok(left.unwrap_or(0))
}

/// Encodes CRCs for the database.
pub(super) fn pack(blocks: &[u64]) -> Vec<u8> {
    blocks.iter().flat_map(|crc| crc.to_le_bytes()).collect()
}

/// Decodes what [`pack`] wrote.
pub(super) fn unpack(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks().0.iter().map(|crc| u64::from_le_bytes(*crc)).collect()
}
