//! Parts: one row each, of uploads and of objects alike.

use dray_s3::checksum::{Algorithm, Checksum};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    failure::Failure,
    ids::{PartFileId, SetId, part_etag, split_part_id},
    meta::garbage,
};

/// Where a part's bytes are.
#[derive(Debug)]
pub(crate) enum Content {
    /// In the file of this tag.
    File(u64),
    /// In the row.
    Inline(Vec<u8>),
}

/// A part that was received whole.
pub(crate) struct NewPart {
    pub(crate) set: SetId,
    pub(crate) number: u16,
    pub(crate) size_bytes: u64,
    pub(crate) crc64: u64,
    /// See [`part_etag`].
    pub(crate) blake3: [u8; 16],
    /// By the upload's algorithm, unless that is CRC-64/NVME.
    pub(crate) checksum: Option<Checksum>,
    /// CRC-64/NVME of each block; empty for a part of one block, whose CRC is the part's.
    pub(crate) blocks: Vec<u64>,
    pub(crate) content: Content,
}

/// A part as listed.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) number: u16,
    pub(crate) size_bytes: u64,
    pub(crate) crc64: u64,
    pub(crate) modified_at: i64,
    pub(crate) file: Option<PartFileId>,
    checksum: Option<Vec<u8>>,
    blake3: [u8; 16],
}

/// A part as read.
pub(crate) struct StoredPart {
    pub(crate) crc64: u64,
    pub(crate) blocks: Vec<u64>,
    pub(crate) bytes: StoredBytes,
}

/// Where the bytes of a stored part are.
pub(crate) enum StoredBytes {
    File(PartFileId),
    Inline(Vec<u8>),
}

impl Part {
    pub(crate) fn etag(&self) -> String {
        part_etag(self.blake3)
    }

    /// Its checksum by the algorithm of its upload.
    pub(crate) fn checksum(&self, algorithm: Algorithm) -> Option<Checksum> {
        match algorithm {
            Algorithm::Crc64Nvme => Checksum::from_bytes(algorithm, &self.crc64.to_be_bytes()),
            other => Checksum::from_bytes(other, self.checksum.as_deref()?),
        }
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let id: i64 = row.get(0)?;
        let tag: Option<i64> = row.get(4)?;
        Ok(Self {
            number: split_part_id(id).1,
            size_bytes: row.get(1)?,
            crc64: row.get::<_, i64>(2)?.cast_unsigned(),
            modified_at: row.get(3)?,
            file: tag.map(|tag| PartFileId { part_id: id, tag: tag.cast_unsigned() }),
            checksum: row.get(5)?,
            blake3: row.get(6)?,
        })
    }
}

/// Stores a part; the file of one that it replaces becomes garbage.
pub(crate) fn put(db: &Connection, part: &NewPart, now: i64) -> rusqlite::Result<()> {
    let id = part.set.part_id(part.number);
    let mut replaced = db.prepare_cached("select file_tag from part where id = ?1")?;
    let tag: Option<Option<i64>> = replaced.query_row([id], |row| row.get(0)).optional()?;
    if let Some(tag) = tag.flatten() {
        garbage::add_file(db, PartFileId { part_id: id, tag: tag.cast_unsigned() })?;
    }
    let (tag, inline) = match &part.content {
        Content::File(tag) => (Some(tag.cast_signed()), None),
        Content::Inline(bytes) => (None, Some(bytes)),
    };
    let sql = "insert or replace into part (id, size, crc64, modified_at, file_tag, checksum, blocks, inline, blake3)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let (size, crc64) = (part.size_bytes, part.crc64.cast_signed());
    let checksum = part.checksum.as_ref().map(Checksum::as_bytes);
    let blocks = pack(&part.blocks);
    db.prepare_cached(sql)?
        .execute(params![id, size, crc64, now, tag, checksum, blocks, inline, part.blake3])
        .map(drop)
}

/// Up to `limit` parts with numbers over `after`, ascending.
pub(crate) fn page(db: &Connection, set: SetId, after: u16, limit: usize) -> rusqlite::Result<Vec<Part>> {
    let sql = "select id, size, crc64, modified_at, file_tag, checksum, blake3 from part
               where id > ?1 and id <= ?2 order by id limit ?3";
    let mut statement = db.prepare_cached(sql)?;
    statement.query_map(params![set.part_id(after), set.part_ids().1, limit], Part::from_row)?.collect()
}

/// All parts of a set, ascending.
pub(crate) fn all(db: &Connection, set: SetId) -> rusqlite::Result<Vec<Part>> {
    page(db, set, 0, usize::from(u16::MAX))
}

/// Removes a part that a Complete left out.
pub(crate) fn discard(db: &Connection, set: SetId, part: &Part) -> rusqlite::Result<()> {
    if let Some(file) = part.file {
        garbage::add_file(db, file)?;
    }
    db.prepare_cached("delete from part where id = ?1")?.execute([set.part_id(part.number)]).map(drop)
}

/// What is needed to read a part.
pub(crate) fn stored(db: &Connection, set: SetId, number: u16) -> Result<StoredPart, Failure> {
    let id = set.part_id(number);
    let sql = "select crc64, file_tag, blocks, inline from part where id = ?1";
    let row = db.prepare_cached(sql)?.query_row([id], |row| {
        let tag: Option<i64> = row.get(1)?;
        let bytes = match tag {
            Some(tag) => StoredBytes::File(PartFileId { part_id: id, tag: tag.cast_unsigned() }),
            None => StoredBytes::Inline(row.get(3)?),
        };
        let blocks = unpack(row.get_ref(2)?.as_blob()?);
        Ok(StoredPart { crc64: row.get::<_, i64>(0)?.cast_unsigned(), blocks, bytes })
    });
    Ok(row?)
}

fn pack(blocks: &[u64]) -> Vec<u8> {
    blocks.iter().flat_map(|crc| crc.to_le_bytes()).collect()
}

fn unpack(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks().0.iter().map(|crc| u64::from_le_bytes(*crc)).collect()
}
