//! The metadata of the store: buckets, uploads, parts and objects in one SQLite file. **All SQL of the crate
//! is in this folder.** It does not know HTTP.
//!
//! One thread writes, and any number of threads read (`dray-sqlite`). The functions of the other files take a
//! connection, so that an operation can combine several of them in one transaction.

mod bucket_names;
pub(crate) mod buckets;
pub(crate) mod complete;
pub(crate) mod garbage;
pub(crate) mod layout;
pub(crate) mod listing;
pub(crate) mod objects;
pub(crate) mod parts;
pub(crate) mod pieces;
pub(crate) mod schema;
pub(crate) mod uploads;

use std::{
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
};

use dray_sqlite::{Readers, Savepoints, Settled, Writer, Writing};
use rusqlite::Connection;

pub(crate) use self::{bucket_names::BucketNames, schema::SchemaError};
use crate::{OpenError, failure::Failure, ids::SetId};

/// The file's name in the store's folder.
pub(crate) const FILE: &str = "meta.db";

/// An orderly close empties the log, because no other process has the file open.
const WRITING: Writing = Writing { thread: "store-writer", most_jobs: 256, folds_log_at_end: true };

/// The database of one store.
pub(crate) struct Meta {
    writer: Writer<Savepoints>,
    readers: Readers,
    next_set: AtomicI64,
    bucket_names: BucketNames,
}

/// The result of opening.
pub(crate) struct Opened {
    pub(crate) meta: Meta,
    /// Whether the last process that had the store open closed it in an orderly way.
    pub(crate) closed_cleanly: bool,
}

/// Whether the store in `root` has a bucket of this name. It changes nothing, and the store may be open.
pub fn has_bucket_in(root: &Path, name: &str) -> Result<bool, OpenError> {
    exists_in(root, "select exists (select 1 from bucket where name = ?1)", [name])
}

/// Whether the store in `root` has an object with this key. It changes nothing, and the store may be open.
pub fn has_object_in(root: &Path, bucket: &str, key: &str) -> Result<bool, OpenError> {
    let sql = "select exists (select 1 from object where bucket = (select id from bucket where name = ?1) and key = ?2)";
    exists_in(root, sql, [bucket, key])
}

fn exists_in(root: &Path, sql: &str, params: impl rusqlite::Params) -> Result<bool, OpenError> {
    let path = root.join(FILE);
    if !path.exists() {
        return Ok(false);
    }
    let find = || {
        let connection = schema::options(true).open_reader(&path)?;
        connection.query_row(sql, params, |row| row.get(0))
    };
    find().map_err(|error| OpenError::Database { path: path.clone(), message: error.to_string() })
}

impl Meta {
    /// Opens or creates the file, with the default bucket in it. `guard` is dropped once nothing writes any more.
    pub(crate) fn open<G: Send + 'static>(
        path: &Path,
        durable: bool,
        bucket: &str,
        now: i64,
        guard: G,
    ) -> Result<Opened, SchemaError> {
        let connection = schema::open_writer(path, durable)?;
        buckets::ensure(&connection, bucket, now)?;
        let bucket_names = BucketNames::of(&buckets::page(&connection, &buckets::Asked::default())?);
        let closed_cleanly = garbage::mark_opened(&connection)?;
        let next_set = AtomicI64::new(garbage::highest_set(&connection)? + 1);
        let writer = Writer::savepoints(connection, guard, WRITING)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let readers = Readers::new(path, schema::options(durable));
        let meta = Self { writer, readers, next_set, bucket_names };
        Ok(Opened { meta, closed_cleanly })
    }

    /// An id that no set has or has had since the start.
    pub(crate) fn new_set(&self) -> SetId {
        SetId(self.next_set.fetch_add(1, Ordering::Relaxed))
    }

    /// The names of all buckets, in memory.
    pub(crate) fn bucket_names(&self) -> &BucketNames {
        &self.bucket_names
    }

    /// Runs a job in the next commit and returns once it is durable.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.write_then(job, |_| ()).await
    }

    /// Like [`Meta::write`]. `after` gets the outcome, even if the caller stops waiting.
    pub(crate) async fn write_then<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
        after: impl FnOnce(Settled) + Send + 'static,
    ) -> Result<T, Failure> {
        self.writer.run(job, after).await?
    }

    /// Runs a job in the next commit, on a thread that may block.
    pub(crate) fn write_blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.writer.run_blocking(job)?
    }

    /// Shortens the log if it has become long.
    pub(crate) fn shrink_log(&self) {
        self.writer.shrink_log();
    }

    /// Reads on one of the runtime's blocking threads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let readers = self.readers.clone();
        tokio::task::spawn_blocking(move || readers.run(read)).await.map_err(Failure::internal)?
    }

    /// Reads on this thread, which may block.
    pub(crate) fn read_blocking<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.readers.run(read)
    }

    /// Commits the queued jobs, moves the log into the file and ends the writer thread. It blocks.
    pub(crate) fn close(&self, settled: bool) {
        if settled {
            let marked = self.write_blocking(|db| Ok(garbage::mark_closed(db)?));
            if let Err(failure) = marked {
                tracing::warn!(
                    cause = failure.told(),
                    "could not record that the store was closed; the next start looks for left-over files"
                );
            }
        }
        self.writer.close_blocking();
    }
}
