//! SQLite, called directly. A query by key takes about 10 µs, so it runs on the calling thread; handing it to
//! another thread costs more than the query. What may take longer (listings, searches) goes to a blocking thread,
//! and writes go to one thread of their own, which shares each fsync among all waiting jobs.

mod readers;
mod writer;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dray_sqlite::limit_wal;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, OpenFlags};

use super::{Condition, Conn, OpenError, median};
use dray_drive as drive;
use readers::Readers;
use writer::Writer;

/// How long a statement waits for another process (`dray token`, say) that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How many pages the log may have before SQLite moves them into the database: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4096;
const CACHED_STATEMENTS: usize = 128;
const ROUND_TRIPS: usize = 9;
/// Pages of the database that a connection keeps, in KiB: with as few as SQLite keeps by itself, a listing of a large
/// drive spends half its time on reading pages again.
const CACHE_KIB: i64 = 8 * 1024;

/// The tables, version by version; `user_version` says how many of these a database has seen.
const MIGRATIONS: [&str; 8] = [
    include_str!("../../migrations/sqlite/0001_drive.sql"),
    include_str!("../../migrations/sqlite/0002_search.sql"),
    include_str!("../../migrations/sqlite/0003_roles.sql"),
    include_str!("../../migrations/sqlite/0004_token_lineage.sql"),
    include_str!("../../migrations/sqlite/0005_idempotency.sql"),
    include_str!("../../migrations/sqlite/0006_fairness.sql"),
    include_str!("../../migrations/sqlite/0007_measured_uploads.sql"),
    include_str!("../../migrations/sqlite/0008_names.sql"),
];

/// A database in a file. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sqlite {
    readers: Readers,
    writer: Writer,
}

impl Sqlite {
    /// Opens the database in `file`, making and migrating it as needed.
    pub(super) async fn open(file: &Path) -> Result<Self, OpenError> {
        let file: PathBuf = file.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            let connection = open_writer(&file)?;
            Ok(Self { readers: Readers::new(&file), writer: Writer::start(Conn::Sqlite(connection))? })
        });
        opened.await.map_err(|err| OpenError::Thread(std::io::Error::other(err)))?
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&Conn) -> drive::Result<T>) -> drive::Result<T> {
        self.readers.run(work)
    }

    pub(super) async fn read_long<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> drive::Result<T> + Send + 'static,
    {
        let readers = self.readers.clone();
        let read = move || readers.run_snapshot(work);
        tokio::task::spawn_blocking(read).await.map_err(drive::Error::internal)?
    }

    pub(super) async fn write<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: Fn(&Conn) -> drive::Result<T> + Send + 'static,
    {
        self.writer.run(work).await
    }

    pub(super) async fn close(&self) {
        self.readers.close();
        self.writer.close().await;
    }
}

fn open_writer(file: &Path) -> Result<Connection, OpenError> {
    let mut connection = Connection::open(file)?;
    configure(&connection)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // The log is synced at every commit, before it is answered.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    limit_wal(&connection)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Looks at the database in `file`, and changes nothing.
pub(super) fn examine(file: &Path) -> Result<Condition, OpenError> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let mut version = 0;
    let mut times = Vec::new();
    for _ in 0..ROUND_TRIPS {
        let begun = Instant::now();
        version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        times.push(begun.elapsed());
    }
    Ok(Condition { version, latest: MIGRATIONS.len(), round_trip: median(times), is_pooled: false })
}

fn configure(connection: &Connection) -> Result<(), Error> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // A statement is planned once, not anew for other parameters.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "cache_size", -CACHE_KIB)
}

/// Each version in one transaction with its number, so that processes that start together do it once.
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
