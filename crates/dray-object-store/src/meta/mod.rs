//! The metadata of the store: buckets, uploads, parts and objects in one SQLite file. **All SQL of the crate
//! is in this folder**; nothing in it knows HTTP.
//!
//! One thread writes ([`writer`]), any number read ([`readers`]). The functions of the other files take a
//! connection, so that an operation strings several of them into one transaction.

mod bucket_names;
pub(crate) mod buckets;
pub(crate) mod complete;
mod error;
pub(crate) mod garbage;
pub(crate) mod layout;
pub(crate) mod listing;
pub(crate) mod objects;
pub(crate) mod parts;
pub(crate) mod pieces;
mod readers;
pub(crate) mod schema;
pub(crate) mod uploads;
mod writer;

use std::{
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    thread::JoinHandle,
};

use rusqlite::Connection;

pub(crate) use self::{
    bucket_names::BucketNames,
    error::{MetaError, is_full},
    readers::Readers,
    schema::SchemaError,
    writer::{Settled, Writer},
};
use crate::{failure::Failure, ids::SetId};

/// The database of one store.
pub(crate) struct Meta {
    /// Taken away by `close`.
    writer: Mutex<Option<Writer>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    readers: Readers,
    next_set: AtomicI64,
    bucket_names: BucketNames,
}

/// What opening found.
pub(crate) struct Opened {
    pub(crate) meta: Meta,
    /// Whether the last process that had the store open closed it in order.
    pub(crate) closed_cleanly: bool,
}

impl Meta {
    /// Opens or makes the file, with the default bucket in it. `guard` is dropped when nothing writes any more.
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
        let (writer, thread) = Writer::start(connection, guard)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let (writer, thread) = (Mutex::new(Some(writer)), Mutex::new(Some(thread)));
        let meta = Self { writer, thread, readers: Readers::new(path), next_set, bucket_names };
        Ok(Opened { meta, closed_cleanly })
    }

    /// An id that no set has or had since the start.
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

    /// The same; `after` learns what became of it, even if the caller has gone by then.
    pub(crate) async fn write_then<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
        after: impl FnOnce(Settled) + Send + 'static,
    ) -> Result<T, Failure> {
        let writer = self.writer().ok_or(MetaError::Closed)?;
        writer.run(job, after).await?
    }

    /// Runs a job in the next commit, on a thread that may block.
    pub(crate) fn write_blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let writer = self.writer().ok_or(MetaError::Closed)?;
        writer.run_blocking(job)?
    }

    /// Has the log cut short if it has become long.
    pub(crate) fn shrink_log(&self) {
        if let Some(writer) = self.writer() {
            writer.shrink_log();
        }
    }

    /// Reads on one of the runtime's blocking threads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let readers = self.readers.clone();
        tokio::task::spawn_blocking(move || readers.run_blocking(read)).await.map_err(Failure::internal)?
    }

    /// Reads on this thread, which may block.
    pub(crate) fn read_blocking<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.readers.run_blocking(read)
    }

    /// Commits what is queued, folds the log into the file and ends the writer thread. Blocks.
    pub(crate) fn close(&self, settled: bool) {
        if settled {
            let marked = self.write_blocking(|db| Ok(garbage::mark_closed(db)?));
            if let Err(failure) = marked {
                tracing::warn!(error = ?failure.cause, "the orderly end could not be noted; the next start scans");
            }
        }
        drop(self.writer.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer thread panicked");
        }
    }

    fn writer(&self) -> Option<Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
