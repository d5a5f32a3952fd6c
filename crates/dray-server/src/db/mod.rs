//! The database: opening, migrating, reading, and writing in transactions. All SQL of the service is in this
//! folder, and nothing else is. Queries are plain functions over a connection.
//!
//! SQLite is called directly. A query by key takes some 10 µs, so it runs where it is asked for; handing it to
//! another thread costs more than it does. What may take longer (listings, searches) goes to a blocking thread,
//! and writes to one thread of their own, which shares each fsync among all that wait (`writer.rs`).

pub(crate) mod access;
pub(crate) mod items;
mod query;
mod readers;
pub(crate) mod search;
pub(crate) mod tokens;
pub(crate) mod tree;
pub(crate) mod uploads;
pub(crate) mod usage;
mod writer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{ErrorCode, ffi};

use crate::drive;
use crate::metrics::{Metrics, Timer};
use query::{
    conversion, execute, find, list, millis, parsed, parsed_or_none, size, stored_size, time, time_or_none,
};
use readers::Readers;
use writer::Writer;

/// A connection, to read or inside a write.
pub(crate) type Conn = rusqlite::Connection;
pub(crate) type Error = rusqlite::Error;
type Row<'a> = rusqlite::Row<'a>;

/// How long a statement waits for another process (`dray token`, say) that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const CACHED_STATEMENTS: usize = 128;

/// The tables, version by version; `user_version` says how many of these a database has seen.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../migrations/sqlite/0001_drive.sql"),
    include_str!("../../migrations/sqlite/0002_search.sql"),
];

/// Why a database can not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A newer version of Dray has migrated it.
    #[error(
        "was made by a newer version of dray: run that version, or restore a backup made before the update"
    )]
    Newer,
    /// Anything else.
    #[error("can not be opened: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A thread could not be started.
    #[error("can not be served: {0}")]
    Thread(#[from] std::io::Error),
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Db {
    readers: Readers,
    writer: Writer,
    read_timer: Timer,
    write_timer: Timer,
}

impl Db {
    /// Opens the SQLite database in `file`, making and migrating it as needed.
    pub(crate) async fn open(file: &Path) -> Result<Self, OpenError> {
        let file: PathBuf = file.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            let connection = open_writer(&file)?;
            Ok(Self {
                readers: Readers::new(&file),
                writer: Writer::start(connection)?,
                read_timer: Timer::default(),
                write_timer: Timer::default(),
            })
        });
        opened.await.map_err(|err| OpenError::Thread(std::io::Error::other(err)))?
    }

    /// Times its calls from now on.
    pub(crate) fn timed(self, metrics: &Metrics) -> Self {
        let (read_timer, write_timer) = (metrics.database_read.clone(), metrics.database_write.clone());
        Self { read_timer, write_timer, ..self }
    }

    /// Reads by key, on this thread; sees every write that was answered before.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Conn) -> drive::Result<T>) -> drive::Result<T> {
        let _timing = self.read_timer.start();
        self.readers.run(work)
    }

    /// Reads what may take longer, on a blocking thread, as the database is at one moment.
    pub(crate) async fn read_long<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> drive::Result<T> + Send + 'static,
    {
        let _timing = self.read_timer.start();
        let readers = self.readers.clone();
        let read = move || {
            readers.run(|connection| {
                let _snapshot = connection.unchecked_transaction()?;
                work(connection)
            })
        };
        tokio::task::spawn_blocking(read).await.map_err(drive::Error::internal)?
    }

    /// Runs `work` in a transaction and answers after its commit is on disk. An error undoes all that this
    /// `work` did, and nothing else. It runs on the one thread that writes, so it must not wait for anything.
    pub(crate) async fn write<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> drive::Result<T> + Send + 'static,
    {
        let _timing = self.write_timer.start();
        self.writer.run(work).await
    }

    /// Waits for the writes under way and closes the files.
    pub(crate) async fn close(&self) {
        self.readers.close();
        self.writer.close().await;
    }
}

fn open_writer(file: &Path) -> Result<Conn, OpenError> {
    let mut connection = Conn::open(file)?;
    configure(&connection)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // The log is synced at every commit, before it is answered.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    migrate(&mut connection)?;
    Ok(connection)
}

fn configure(connection: &Conn) -> Result<(), Error> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(())
}

/// Each version in one transaction with its number, so that processes that start together do it once.
fn migrate(connection: &mut Conn) -> Result<(), OpenError> {
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

impl From<Error> for drive::Error {
    fn from(err: Error) -> Self {
        match err.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::NoSpace,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::DatabaseUnreachable { detail: err.to_string() }
            }
            _ => Self::internal(format_args!("database: {err}")),
        }
    }
}

/// Whether a write failed because a unique column has the value already.
fn is_taken(err: &Error) -> bool {
    err.sqlite_error().is_some_and(|err| err.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE)
}
