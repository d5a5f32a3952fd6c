//! SQLite, called directly. A query by key takes about 10 µs, so it runs on the calling thread: handing it to another
//! thread would cost more than the query. Longer reads (listings, searches) run on a blocking thread. Writes run on
//! one thread of their own, which makes one fsync for all waiting jobs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dray_drive as drive;
use dray_sqlite::{Options, Readers, Rerun, Writer, Writing};
use rusqlite::{Connection, OpenFlags};

use crate::condition::{Condition, median};
use crate::conn::Conn;
use crate::error::Error;
use crate::open_error::OpenError;

/// How connections are opened.
const OPTIONS: Options = Options {
    // Another process (such as `dray token`) may be writing.
    busy_timeout: Duration::from_secs(5),
    cached_statements: 128,
    // With SQLite's small default cache, listing a large drive spends half its time on reading the same pages again.
    cache_kib: Some(8 * 1024),
    // Each reader has a page cache of that size.
    idle_readers: 8,
    foreign_keys: true,
    is_durable: true,
};
/// Closing does not wait for an empty log, because another process may be reading from it.
const WRITING: Writing = Writing { thread: "drive-writer", most_jobs: 64, folds_log_at_end: false };
const ROUND_TRIPS: usize = 9;

/// The tables, version by version. `user_version` says how many of these a database has seen.
const MIGRATIONS: [&str; 23] = [
    include_str!("../../migrations/sqlite/0001_drive.sql"),
    include_str!("../../migrations/sqlite/0002_search.sql"),
    include_str!("../../migrations/sqlite/0003_roles.sql"),
    include_str!("../../migrations/sqlite/0004_token_lineage.sql"),
    include_str!("../../migrations/sqlite/0005_idempotency.sql"),
    include_str!("../../migrations/sqlite/0006_fairness.sql"),
    include_str!("../../migrations/sqlite/0007_measured_uploads.sql"),
    include_str!("../../migrations/sqlite/0008_names.sql"),
    include_str!("../../migrations/sqlite/0009_relay_key.sql"),
    include_str!("../../migrations/sqlite/0010_inconclusive.sql"),
    include_str!("../../migrations/sqlite/0011_grants.sql"),
    include_str!("../../migrations/sqlite/0012_whole_files.sql"),
    include_str!("../../migrations/sqlite/0013_read_backs.sql"),
    include_str!("../../migrations/sqlite/0014_makers.sql"),
    include_str!("../../migrations/sqlite/0015_requests.sql"),
    include_str!("../../migrations/sqlite/0016_token_lines.sql"),
    include_str!("../../migrations/sqlite/0017_doors.sql"),
    include_str!("../../migrations/sqlite/0018_made_with.sql"),
    include_str!("../../migrations/sqlite/0019_store_marks.sql"),
    include_str!("../../migrations/sqlite/0020_moved.sql"),
    include_str!("../../migrations/sqlite/0021_other_objects.sql"),
    include_str!("../../migrations/sqlite/0022_no_index_of_objects.sql"),
    include_str!("../../migrations/sqlite/0023_watches.sql"),
];

/// A database in a file. It is cheap to clone.
#[derive(Clone)]
pub(crate) struct Sqlite {
    readers: Readers,
    writer: Writer<Rerun>,
}

impl Sqlite {
    /// Opens the database in `file`. It creates and migrates it as needed.
    pub(super) async fn open(file: &Path) -> Result<Self, OpenError> {
        let file: PathBuf = file.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            let mut connection = OPTIONS.open_writer(&file)?;
            migrate(&mut connection)?;
            Ok::<_, OpenError>((Readers::new(&file, OPTIONS), Writer::rerun(connection, WRITING)?))
        });
        let opened = opened.await.map_err(|err| OpenError::Thread(std::io::Error::other(err)))?;
        let (readers, writer) = opened?;
        tokio::spawn(writer.keep_log_short());
        Ok(Self { readers, writer })
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&Conn) -> drive::Result<T>) -> drive::Result<T> {
        self.readers.run(|connection| Ok::<_, Error>(work(&Conn::Sqlite(connection))))?
    }

    pub(super) async fn read_long<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> drive::Result<T> + Send + 'static,
    {
        let readers = self.readers.clone();
        let read =
            move || readers.run_snapshot(|connection| Ok::<_, Error>(work(&Conn::Sqlite(connection))))?;
        tokio::task::spawn_blocking(read).await.map_err(drive::Error::internal)?
    }

    pub(super) async fn write<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: Fn(&Conn) -> drive::Result<T> + Send + 'static,
    {
        self.writer
            .run(move |connection| work(&Conn::Sqlite(connection)))
            .await
            .map_err(|err| not_written(&err))?
    }

    pub(super) async fn close(&self) {
        self.readers.close();
        self.writer.close().await;
    }
}

/// The error for a job whose transaction was undone for a reason outside the job: the caller may ask again.
fn not_written(err: &dray_sqlite::Error) -> drive::Error {
    if err.is_full() {
        return drive::Error::NoSpace;
    }
    drive::Error::DatabaseUnreachable { detail: err.to_string() }
}

/// A database in memory.
#[cfg(feature = "memory")]
pub(super) fn in_memory() -> Result<Connection, OpenError> {
    let mut connection = Connection::open_in_memory()?;
    OPTIONS.configure(&connection)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Examines the database in `file`, and changes nothing.
pub(super) fn examine(file: &Path) -> Result<Condition, OpenError> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(OPTIONS.busy_timeout)?;
    let mut version = 0;
    let mut times = Vec::new();
    for _ in 0..ROUND_TRIPS {
        let begun = Instant::now();
        version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        times.push(begun.elapsed());
    }
    Ok(Condition {
        version,
        latest: MIGRATIONS.len(),
        round_trip: median(times),
        is_pooled: false,
        now: None,
    })
}

/// Runs each version in one transaction together with its number, so that processes that start together do it once.
fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    loop {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let version: usize = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > MIGRATIONS.len() {
            return Err(OpenError::Newer);
        }
        let Some(next) = MIGRATIONS.get(version) else { return Ok(()) };
        transaction.execute_batch(next)?;
        transaction.pragma_update(None, "user_version", version + 1)?;
        transaction.commit()?;
    }
}
