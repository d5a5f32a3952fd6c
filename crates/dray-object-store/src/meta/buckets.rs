//! Buckets: names and ids.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    failure::{Failure, no_such_bucket},
    meta::uploads,
};

/// A bucket, as listed.
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) created_at: i64,
}

/// A bucket's id in other tables.
pub(crate) type BucketId = i64;

/// Creates the bucket unless it exists. Returns whether it created it.
pub(crate) fn ensure(db: &Connection, name: &str, now: i64) -> rusqlite::Result<bool> {
    let sql = "insert into bucket (name, created_at) values (?1, ?2) on conflict (name) do nothing";
    Ok(db.prepare_cached(sql)?.execute(params![name, now])? == 1)
}

/// The bucket of this name, or `NoSuchBucket`.
pub(crate) fn find(db: &Connection, name: &str) -> Result<BucketId, Failure> {
    let mut statement = db.prepare_cached("select id from bucket where name = ?1")?;
    statement.query_row([name], |row| row.get(0)).optional()?.ok_or_else(no_such_bucket)
}

/// Which buckets a listing asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// The prefix of their names.
    pub(crate) prefix: String,
    /// The list begins after this name, in byte order.
    pub(crate) after: String,
    /// `None` means all.
    pub(crate) limit: Option<usize>,
}

/// Buckets by name.
pub(crate) fn page(db: &Connection, asked: &Asked) -> rusqlite::Result<Vec<Bucket>> {
    let sql = "select name, created_at from bucket where name > ?1 and substr(name, 1, length(?2)) = ?2
               order by name limit ?3";
    let limit = asked.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
    let mut statement = db.prepare_cached(sql)?;
    let row = |row: &Row<'_>| Ok(Bucket { name: row.get(0)?, created_at: row.get(1)? });
    statement.query_map(params![asked.after, asked.prefix, limit], row)?.collect()
}

/// How many buckets there are.
pub(crate) fn count(db: &Connection) -> rusqlite::Result<usize> {
    db.prepare_cached("select count(*) from bucket")?.query_row([], |row| row.get(0))
}

/// Whether the bucket has no objects. Unfinished uploads do not count, as on AWS.
pub(crate) fn is_empty(db: &Connection, bucket: BucketId) -> rusqlite::Result<bool> {
    let sql = "select not exists (select 1 from object where bucket = ?1)";
    db.prepare_cached(sql)?.query_row([bucket], |row| row.get(0))
}

/// Removes a bucket without objects; its unfinished uploads are aborted.
pub(crate) fn remove(db: &Connection, bucket: BucketId) -> rusqlite::Result<()> {
    uploads::abort_all(db, bucket)?;
    db.prepare_cached("delete from bucket where id = ?1")?.execute([bucket]).map(drop)
}
