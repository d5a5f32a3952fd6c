//! Parts, both of uploads and of objects: one row each.

use dray_s3::checksum::{Algorithm, Checksum};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    allowance::{Held, Replaced},
    failure::Failure,
    ids::{PartDigest, PartFileId, SetId, split_part_id},
    meta::{
        garbage,
        pieces::{self, Slice, StoredBytes, pack, unpack},
    },
};

/// Where a part's bytes are.
#[derive(Debug)]
pub(crate) enum Content {
    /// In the file with this tag.
    File(u64),
    /// In the row.
    Inline(Vec<u8>),
    /// In files of other parts, or in rows of its own.
    Pieces(Vec<Slice>),
}

/// A part that was received or copied completely.
pub(crate) struct NewPart {
    pub(crate) set: SetId,
    pub(crate) number: u16,
    pub(crate) size_bytes: u64,
    pub(crate) crc64: u64,
    pub(crate) digest: PartDigest,
    /// The checksum by the upload's algorithm; `None` for CRC-64/NVME, which every part has.
    pub(crate) checksum: Option<Vec<u8>>,
    /// CRC-64/NVME of each block; empty for a part of one block, because the part's own CRC is the same.
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
    pub(crate) digest: PartDigest,
    checksum: Option<Vec<u8>>,
}

impl Part {
    pub(crate) fn etag(&self) -> String {
        self.digest.etag()
    }

    /// Its checksum by the algorithm of its upload.
    pub(crate) fn checksum(&self, algorithm: Algorithm) -> Option<Checksum> {
        match algorithm {
            Algorithm::Crc64Nvme => Checksum::from_bytes(algorithm, &self.crc64.to_be_bytes()),
            other => Checksum::from_bytes(other, self.checksum.as_deref()?),
        }
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let half = row.get(5)?;
        let digest = if row.get(6)? { PartDigest::Md5(half) } else { PartDigest::Blake3(half) };
        Ok(Self {
            number: split_part_id(row.get(0)?).1,
            size_bytes: row.get(1)?,
            crc64: row.get::<_, i64>(2)?.cast_unsigned(),
            modified_at: row.get(3)?,
            digest,
            checksum: row.get(4)?,
        })
    }
}

/// Stores a part, and returns the part that it replaces. The file of the replaced part becomes garbage unless
/// something else names it.
pub(crate) fn put(db: &Connection, part: &NewPart, now: i64) -> rusqlite::Result<Option<Replaced>> {
    let id = part.set.part_id(part.number);
    let replaced = there(db, part.set, part.number)?;
    release(db, id)?;
    let (tag, inline, slices) = match &part.content {
        Content::File(tag) => (Some(tag.cast_signed()), None, None),
        Content::Inline(bytes) => (None, Some(bytes), None),
        Content::Pieces(slices) => (None, None, Some(slices)),
    };
    let sql = "insert or replace into part (id, size, crc64, modified_at, file_tag, checksum, blocks, inline,
               digest, digest_is_md5) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let (size, crc64) = (part.size_bytes, part.crc64.cast_signed());
    let checksum = part.checksum.as_ref();
    let blocks = pack(&part.blocks);
    let (digest, is_md5) = match part.digest {
        PartDigest::Blake3(half) => (half, false),
        PartDigest::Md5(md5) => (md5, true),
    };
    db.prepare_cached(sql)?
        .execute(params![id, size, crc64, now, tag, checksum, blocks, inline, digest, is_md5])?;
    slices.map_or(Ok(()), |slices| pieces::put(db, id, slices))?;
    Ok(replaced)
}

/// Removes one reference to each file that the part with this row id names.
fn release(db: &Connection, id: i64) -> rusqlite::Result<()> {
    let sql = "select file_tag, inline is null from part where id = ?1";
    let found: Option<(Option<i64>, bool)> =
        db.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match found {
        Some((Some(tag), _)) => {
            garbage::release_file(db, PartFileId { part_id: id, tag: tag.cast_unsigned() })
        }
        Some((None, true)) => pieces::remove(db, id, id),
        Some((None, false)) | None => Ok(()),
    }
}

/// The part with this number, which a new one would replace.
pub(crate) fn there(db: &Connection, set: SetId, number: u16) -> rusqlite::Result<Option<Replaced>> {
    let part_id = set.part_id(number);
    let mut statement = db.prepare_cached("select size, file_tag from part where id = ?1")?;
    let read = |row: &Row<'_>| {
        let tag: Option<i64> = row.get(1)?;
        let file = tag.map(|tag| PartFileId { part_id, tag: tag.cast_unsigned() });
        Ok(Replaced { bytes: row.get(0)?, file })
    };
    statement.query_row([part_id], read).optional()
}

/// The number of parts in the set, and their bytes.
pub(crate) fn held(db: &Connection, set: SetId) -> rusqlite::Result<Held> {
    let sql = "select count(*), ifnull(sum(size), 0) from part where id between ?1 and ?2";
    let (first, last) = set.part_ids();
    db.prepare_cached(sql)?
        .query_row([first, last], |row| Ok(Held { parts: row.get(0)?, bytes: row.get(1)? }))
}

/// Up to `limit` parts with numbers over `after`, ascending.
pub(crate) fn page(db: &Connection, set: SetId, after: u16, limit: usize) -> rusqlite::Result<Vec<Part>> {
    let sql = "select id, size, crc64, modified_at, checksum, digest, digest_is_md5 from part
               where id > ?1 and id <= ?2 order by id limit ?3";
    let mut statement = db.prepare_cached(sql)?;
    statement.query_map(params![set.part_id(after), set.part_ids().1, limit], Part::from_row)?.collect()
}

/// All parts of a set, ascending.
pub(crate) fn all(db: &Connection, set: SetId) -> rusqlite::Result<Vec<Part>> {
    page(db, set, 0, usize::from(u16::MAX))
}

/// Gives the set `to` the parts of `from`: both name the same files. The parts keep their checksums if the object of
/// `to` uses the same algorithm. It takes the same short time for any size, because it only writes rows.
pub(crate) fn share(db: &Connection, from: SetId, to: SetId, keep_checksums: bool) -> Result<(), Failure> {
    for part in all(db, from)? {
        let Part { number, size_bytes, crc64, modified_at, digest, checksum } = part;
        let content = match size_bytes {
            0 => Content::Inline(Vec::new()),
            _ => Content::Pieces(stored(db, from, number)?),
        };
        let checksum = checksum.filter(|_| keep_checksums);
        let part =
            NewPart { set: to, number, size_bytes, crc64, digest, checksum, blocks: Vec::new(), content };
        put(db, &part, modified_at)?;
    }
    Ok(())
}

/// Removes a part that a Complete did not list.
pub(crate) fn discard(db: &Connection, set: SetId, part: &Part) -> rusqlite::Result<()> {
    let id = set.part_id(part.number);
    release(db, id)?;
    db.prepare_cached("delete from part where id = ?1")?.execute([id]).map(drop)
}

/// The stored bytes that contain the byte at `offset` of a part, and where in the part they begin.
pub(crate) fn stored_at(
    db: &Connection,
    set: SetId,
    number: u16,
    offset: u64,
) -> Result<(u64, Slice), Failure> {
    let id = set.part_id(number);
    match own_bytes(db, id)? {
        Some(whole) => Ok((0, whole)),
        None => pieces::at(db, id, offset)?.ok_or_else(|| Failure::internal("a part has no such byte")),
    }
}

/// All stored bytes of a part, in order.
pub(crate) fn stored(db: &Connection, set: SetId, number: u16) -> Result<Vec<Slice>, Failure> {
    let id = set.part_id(number);
    match own_bytes(db, id)? {
        Some(whole) => Ok(vec![whole]),
        None => Ok(pieces::all(db, id)?),
    }
}

/// The bytes in a part's own file or row; `None` if the part consists of pieces.
fn own_bytes(db: &Connection, id: i64) -> rusqlite::Result<Option<Slice>> {
    let sql = "select size, crc64, file_tag, blocks, inline from part where id = ?1";
    db.prepare_cached(sql)?.query_row([id], |row| {
        let (tag, inline): (Option<i64>, Option<Vec<u8>>) = (row.get(2)?, row.get(4)?);
        let file = tag.map(|tag| StoredBytes::File(PartFileId { part_id: id, tag: tag.cast_unsigned() }));
        let Some(bytes) = file.or(inline.map(StoredBytes::Inline)) else {
            return Ok(None);
        };
        let mut blocks = unpack(row.get_ref(3)?.as_blob()?);
        if blocks.is_empty() {
            blocks.push(row.get::<_, i64>(1)?.cast_unsigned());
        }
        Ok(Some(Slice::whole(row.get(0)?, blocks, bytes)))
    })
}
