//! Buckets: names and ids.

use rusqlite::{Connection, OptionalExtension, params};

use crate::failure::{Failure, no_such_bucket};

/// A bucket, as listed.
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) created_at: i64,
}

/// A bucket's id in other tables.
pub(crate) type BucketId = i64;

/// Makes the bucket unless it is there; says whether it made it.
pub(crate) fn ensure(db: &Connection, name: &str, now: i64) -> rusqlite::Result<bool> {
    let sql = "insert into bucket (name, created_at) values (?1, ?2) on conflict (name) do nothing";
    Ok(db.prepare_cached(sql)?.execute(params![name, now])? == 1)
}

/// The bucket of this name, or `NoSuchBucket`.
pub(crate) fn find(db: &Connection, name: &str) -> Result<BucketId, Failure> {
    let mut statement = db.prepare_cached("select id from bucket where name = ?1")?;
    statement.query_row([name], |row| row.get(0)).optional()?.ok_or_else(no_such_bucket)
}

/// All buckets, by name.
pub(crate) fn list(db: &Connection) -> rusqlite::Result<Vec<Bucket>> {
    let mut statement = db.prepare_cached("select name, created_at from bucket order by name")?;
    let rows = statement.query_map([], |row| Ok(Bucket { name: row.get(0)?, created_at: row.get(1)? }))?;
    rows.collect()
}

/// Whether the bucket has neither objects nor uploads.
pub(crate) fn is_empty(db: &Connection, bucket: BucketId) -> rusqlite::Result<bool> {
    let sql = "select not exists (select 1 from object where bucket = ?1)
               and not exists (select 1 from upload where bucket = ?1)";
    db.prepare_cached(sql)?.query_row([bucket], |row| row.get(0))
}

/// Removes an empty bucket.
pub(crate) fn remove(db: &Connection, bucket: BucketId) -> rusqlite::Result<()> {
    db.prepare_cached("delete from bucket where id = ?1")?.execute([bucket]).map(drop)
}
