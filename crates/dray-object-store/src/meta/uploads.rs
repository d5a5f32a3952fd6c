//! Multipart uploads that are under way.

use dray_s3::checksum::{Algorithm, ChecksumType};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    failure::{Failure, no_such_upload},
    ids::{SetId, UploadId},
    meta::{buckets::BucketId, garbage},
};

/// The checksum that an upload's object will have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChecksumChoice {
    pub(crate) algorithm: Algorithm,
    pub(crate) checksum_type: ChecksumType,
}

impl ChecksumChoice {
    /// The checksum of an object if its client asked for none, as on AWS.
    pub(crate) const DEFAULT: Self =
        Self { algorithm: Algorithm::Crc64Nvme, checksum_type: ChecksumType::FullObject };

    pub(super) fn from_row(row: &Row<'_>, algorithm: usize, checksum_type: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            algorithm: Algorithm::from_name(row.get_ref(algorithm)?.as_str()?)
                .ok_or(rusqlite::Error::InvalidColumnIndex(algorithm))?,
            checksum_type: ChecksumType::parse(row.get_ref(checksum_type)?.as_str()?)
                .ok_or(rusqlite::Error::InvalidColumnIndex(checksum_type))?,
        })
    }
}

/// An upload.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) id: UploadId,
    pub(crate) bucket: BucketId,
    pub(crate) key: String,
    pub(crate) created_at: i64,
    /// The headers that its object will be returned with, as JSON.
    pub(crate) headers: String,
    /// The tags that its object will have, as JSON.
    pub(crate) tags: String,
    pub(crate) checksum: ChecksumChoice,
    /// The size of its object, if the client announced it. It limits what the upload may store.
    pub(crate) announced_bytes: Option<u64>,
}

const COLUMNS: &str =
    "set_id, token, bucket, key, created_at, headers, algorithm, checksum_type, tags, announced_bytes";

impl Upload {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: UploadId { set: SetId(row.get(0)?), token: row.get(1)? },
            bucket: row.get(2)?,
            key: row.get(3)?,
            created_at: row.get(4)?,
            headers: row.get(5)?,
            checksum: ChecksumChoice::from_row(row, 6, 7)?,
            tags: row.get(8)?,
            announced_bytes: row.get(9)?,
        })
    }
}

/// Inserts a new upload.
pub(crate) fn insert(db: &Connection, upload: &Upload) -> rusqlite::Result<()> {
    let sql = "insert into upload
                   (set_id, token, bucket, key, created_at, headers, algorithm, checksum_type, tags, announced_bytes)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let Upload { id, bucket, key, created_at, headers, tags, checksum, announced_bytes } = upload;
    let (algorithm, checksum_type) = (checksum.algorithm.as_str(), checksum.checksum_type.as_str());
    let values = params![
        id.set.0,
        id.token,
        bucket,
        key,
        created_at,
        headers,
        algorithm,
        checksum_type,
        tags,
        announced_bytes
    ];
    db.prepare_cached(sql)?.execute(values).map(drop)
}

/// The upload with this id, if it belongs to this bucket and key; else `NoSuchUpload`.
pub(crate) fn find(db: &Connection, bucket: BucketId, key: &str, id: UploadId) -> Result<Upload, Failure> {
    let mut statement = db.prepare_cached(&format!("select {COLUMNS} from upload where set_id = ?1"))?;
    let upload = statement.query_row([id.set.0], Upload::from_row).optional()?;
    let upload = upload.filter(|upload| upload.id == id && upload.bucket == bucket && upload.key == key);
    upload.ok_or_else(no_such_upload)
}

/// Removes the row of an upload whose parts have become the parts of an object.
pub(crate) fn complete(db: &Connection, set: SetId) -> rusqlite::Result<()> {
    db.prepare_cached("delete from upload where set_id = ?1")?.execute([set.0]).map(drop)
}

/// Removes the row of an upload; its parts become garbage.
pub(crate) fn abort(db: &Connection, set: SetId) -> rusqlite::Result<()> {
    complete(db, set)?;
    garbage::add_set(db, set)
}

/// Removes the rows of all uploads of a bucket; their parts become garbage.
pub(crate) fn abort_all(db: &Connection, bucket: BucketId) -> rusqlite::Result<()> {
    let sql = "insert into garbage_set (set_id) select set_id from upload where bucket = ?1";
    db.prepare_cached(sql)?.execute([bucket])?;
    db.prepare_cached("delete from upload where bucket = ?1")?.execute([bucket]).map(drop)
}

/// Up to `limit` uploads after (`key`, `set`), by key, then by age.
pub(crate) fn after(
    db: &Connection,
    bucket: BucketId,
    (key, set): (&str, i64),
    limit: usize,
) -> rusqlite::Result<Vec<Upload>> {
    let sql = format!(
        "select {COLUMNS} from upload where bucket = ?1 and (key, set_id) > (?2, ?3)
         order by key, set_id limit ?4"
    );
    db.prepare_cached(&sql)?.query_map(params![bucket, key, set, limit], Upload::from_row)?.collect()
}
