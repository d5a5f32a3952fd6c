//! The database: opening, migrating, reading, and writing in transactions. All SQL of the service is in this
//! folder, and nothing else is.
//!
//! SQLite has one writer. Writes therefore go to one task, which runs all that wait in a single transaction
//! (each in its own savepoint) and answers them after its commit: sixteen concurrent writers share one fsync.

pub(crate) mod access;
pub(crate) mod items;
pub(crate) mod search;
pub(crate) mod tokens;
pub(crate) mod tree;
pub(crate) mod uploads;
mod writer;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use sqlx::migrate::MigrateError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Row as _};

use crate::drive;
use writer::Writer;

/// A connection, to read or inside a write.
pub(crate) type Conn = sqlx::SqliteConnection;

/// How long a statement waits for another process (`dray token`, say) that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
/// SQLite's result code for a full disk (<https://sqlite.org/rescode.html#full>).
const SQLITE_FULL: &str = "13";
/// SQLite's primary result codes for a database that somebody else holds, now or in a moment.
const SQLITE_BUSY_CODES: [&str; 4] = ["5", "6", "261", "517"];

/// Why a database can not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A newer version of Dray has migrated it.
    #[error(
        "was made by a newer version of dray: run that version, or restore a backup made before the update"
    )]
    Newer,
    /// Anything else.
    #[error("{0}")]
    Other(#[from] sqlx::Error),
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Db {
    readers: SqlitePool,
    writer: Writer,
}

impl Db {
    /// Opens the SQLite database in `file`, making and migrating it as needed.
    pub(crate) async fn open(file: &Path) -> Result<Self, OpenError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let connection = migrated(options.clone()).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(BUSY_TIMEOUT)
            .test_before_acquire(false)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        Ok(Self { readers, writer: Writer::start(connection) })
    }

    /// A connection that only reads; it sees every write that was answered before.
    pub(crate) async fn read(&self) -> drive::Result<sqlx::pool::PoolConnection<sqlx::Sqlite>> {
        Ok(self.readers.acquire().await?)
    }

    /// As [`Db::read`], for several statements that must see one and the same state.
    pub(crate) async fn snapshot(&self) -> drive::Result<sqlx::Transaction<'static, sqlx::Sqlite>> {
        Ok(self.readers.begin().await?)
    }

    /// Runs `work` in a transaction and answers after its commit is on disk. An error rolls back all that this
    /// `work` did, and nothing else. It may be run together with others', so it must not wait for anything but
    /// the connection.
    pub(crate) async fn write<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, drive::Result<T>> + Send + 'static,
    {
        self.writer.run(work).await
    }

    /// Waits for the writes under way and closes the files.
    pub(crate) async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

/// A connection to the database, whose tables are those of this version.
async fn migrated(options: SqliteConnectOptions) -> Result<Conn, OpenError> {
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    match sqlx::migrate!("migrations/sqlite").run(&pool).await {
        Ok(()) => Ok(pool.acquire().await?.detach()),
        Err(MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..)) => Err(OpenError::Newer),
        Err(MigrateError::Execute(err) | MigrateError::ExecuteMigration(err, _)) => Err(err.into()),
        Err(other) => Err(sqlx::Error::Configuration(other.into()).into()),
    }
}

impl From<sqlx::Error> for drive::Error {
    fn from(err: sqlx::Error) -> Self {
        let code = err.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
        match (&err, code.as_deref()) {
            (_, Some(SQLITE_FULL)) => Self::NoSpace,
            (_, Some(code)) if SQLITE_BUSY_CODES.contains(&code) => {
                Self::DatabaseUnreachable { detail: err.to_string() }
            }
            (sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_), _) => {
                Self::DatabaseUnreachable { detail: err.to_string() }
            }
            _ => Self::internal(format_args!("database: {err}")),
        }
    }
}

/// A time as the database keeps it: milliseconds since 1970.
fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// Whether a write failed because a unique column has the value already.
fn is_taken(err: &sqlx::Error) -> bool {
    err.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// Reads a column that holds a text which is more than a text: an id, say.
fn parsed<T>(row: &SqliteRow, column: &'static str) -> Result<T, sqlx::Error>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|err| decode_error(column, err))
}

fn parsed_or_none<T>(row: &SqliteRow, column: &'static str) -> Result<Option<T>, sqlx::Error>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: Option<&str> = row.try_get(column)?;
    text.map(|text| text.parse().map_err(|err| decode_error(column, err))).transpose()
}

fn time(row: &SqliteRow, column: &'static str) -> Result<Timestamp, sqlx::Error> {
    Timestamp::from_millisecond(row.try_get(column)?).map_err(|err| decode_error(column, err))
}

fn time_or_none(row: &SqliteRow, column: &'static str) -> Result<Option<Timestamp>, sqlx::Error> {
    let millis: Option<i64> = row.try_get(column)?;
    millis.map(|ms| Timestamp::from_millisecond(ms).map_err(|err| decode_error(column, err))).transpose()
}

fn size(row: &SqliteRow, column: &'static str) -> Result<u64, sqlx::Error> {
    let size: i64 = row.try_get(column)?;
    u64::try_from(size).map_err(|err| decode_error(column, err))
}

/// A size as the database keeps it. Sizes are checked against limits far below `i64::MAX` when they come in.
fn stored_size(size_bytes: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(size_bytes).map_err(|err| sqlx::Error::Encode(err.into()))
}

fn decode_error(column: &str, err: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(err) }
}
