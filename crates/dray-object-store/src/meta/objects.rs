//! Objects: reading, replacing and removing their rows.

use dray_s3::{checksum::Checksum, xml::ObjectChecksum};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    ids::SetId,
    meta::{buckets::BucketId, garbage, layout::Layout, uploads::ChecksumChoice},
};

/// An object.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) set: SetId,
    /// The random half of the id of the upload that made it. It shows that a Complete is a repetition.
    pub(crate) token: Option<[u8; 16]>,
    pub(crate) size_bytes: u64,
    /// Without quotes.
    pub(crate) etag: String,
    pub(crate) modified_at: i64,
    /// The headers that it is returned with, as JSON.
    pub(crate) headers: String,
    /// Its tags as JSON, names and values.
    pub(crate) tags: String,
    pub(crate) layout: Layout,
    pub(crate) checksum: ObjectChecksum,
}

/// An object as listed.
pub(crate) struct Listed {
    pub(crate) key: String,
    pub(crate) size_bytes: u64,
    pub(crate) etag: String,
    pub(crate) modified_at: i64,
    pub(crate) checksum: ChecksumChoice,
}

impl Object {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let layout =
            Layout::decode(row.get_ref(6)?.as_blob()?).ok_or(rusqlite::Error::InvalidColumnIndex(6))?;
        let choice = ChecksumChoice::from_row(row, 7, 8)?;
        let checksum = Checksum::from_bytes(choice.algorithm, row.get_ref(9)?.as_blob()?)
            .ok_or(rusqlite::Error::InvalidColumnIndex(9))?;
        Ok(Self {
            set: SetId(row.get(0)?),
            token: row.get(1)?,
            size_bytes: row.get(2)?,
            etag: row.get(3)?,
            modified_at: row.get(4)?,
            headers: row.get(5)?,
            tags: row.get(10)?,
            checksum: ObjectChecksum {
                checksum,
                checksum_type: choice.checksum_type,
                parts: usize::from(layout.parts()),
            },
            layout,
        })
    }
}

/// The object of this key.
pub(crate) fn find(db: &Connection, bucket: BucketId, key: &str) -> rusqlite::Result<Option<Object>> {
    let sql =
        "select set_id, token, size, etag, modified_at, headers, layout, algorithm, checksum_type, checksum,
               tags from object where bucket = ?1 and key = ?2";
    db.prepare_cached(sql)?.query_row(params![bucket, key], Object::from_row).optional()
}

/// The parts that the object of this key has now.
pub(crate) fn set_of(db: &Connection, bucket: BucketId, key: &str) -> rusqlite::Result<Option<SetId>> {
    let sql = "select set_id from object where bucket = ?1 and key = ?2";
    db.prepare_cached(sql)?.query_row(params![bucket, key], |row| row.get(0).map(SetId)).optional()
}

/// Creates the object, or replaces it. The parts of the replaced object become garbage.
pub(crate) fn put(db: &Connection, bucket: BucketId, key: &str, object: &Object) -> rusqlite::Result<()> {
    if let Some(replaced) = set_of(db, bucket, key)? {
        garbage::add_set(db, replaced)?;
    }
    let sql = "insert or replace into object (bucket, key, set_id, token, size, etag, modified_at, headers,
               layout, algorithm, checksum_type, checksum, tags)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    let values = params![
        bucket,
        key,
        object.set.0,
        object.token,
        object.size_bytes,
        object.etag,
        object.modified_at,
        object.headers,
        object.layout.encode(),
        object.checksum.checksum.algorithm().as_str(),
        object.checksum.checksum_type.as_str(),
        object.checksum.checksum.as_bytes(),
        object.tags,
    ];
    db.prepare_cached(sql)?.execute(values).map(drop)
}

/// Removes the object, if it exists. Its parts become garbage.
pub(crate) fn remove(db: &Connection, bucket: BucketId, key: &str) -> rusqlite::Result<()> {
    let Some(set) = set_of(db, bucket, key)? else {
        return Ok(());
    };
    garbage::add_set(db, set)?;
    db.prepare_cached("delete from object where bucket = ?1 and key = ?2")?
        .execute(params![bucket, key])
        .map(drop)
}

/// Gives the object other tags, and keeps its time of change. Returns whether the object exists.
pub(crate) fn set_tags(db: &Connection, bucket: BucketId, key: &str, tags: &str) -> rusqlite::Result<bool> {
    let sql = "update object set tags = ?3 where bucket = ?1 and key = ?2";
    Ok(db.prepare_cached(sql)?.execute(params![bucket, key, tags])? == 1)
}

/// Up to `limit` objects whose keys are `from` or after it, by key.
pub(crate) fn from(
    db: &Connection,
    bucket: BucketId,
    from: &str,
    limit: usize,
) -> rusqlite::Result<Vec<Listed>> {
    let sql = "select key, size, etag, modified_at, algorithm, checksum_type from object
               where bucket = ?1 and key >= ?2 order by key limit ?3";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(params![bucket, from, limit], |row| {
        Ok(Listed {
            key: row.get(0)?,
            size_bytes: row.get(1)?,
            etag: row.get(2)?,
            modified_at: row.get(3)?,
            checksum: ChecksumChoice::from_row(row, 4, 5)?,
        })
    })?;
    rows.collect()
}
