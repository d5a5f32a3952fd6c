//! The database of the drive: opening, migrating, reading, and writing in transactions. This crate has all SQL of the
//! drive, and nothing else. Queries are plain functions over a connection, and nearly all of them use one text for
//! both databases.

pub mod bulk;
pub mod children;
pub mod clock;
mod condition;
mod conn;
pub mod dump;
mod error;
pub mod fair;
pub mod finalizing;
pub mod grants;
pub mod idempotency;
#[cfg(feature = "memory")]
pub mod inline;
pub mod items;
pub mod leases;
pub mod links;
pub mod made_with;
pub mod measures;
pub mod names;
pub mod namesakes;
mod open_error;
pub mod orphans;
pub mod outbox;
pub mod participants;
mod postgres;
pub mod puts;
mod query;
pub mod quiet;
pub mod read_backs;
#[cfg(test)]
mod rechecks;
pub mod relay_key;
pub mod requests;
pub mod search;
mod session;
mod sqlite;
pub mod store_marks;
pub mod submitters;
#[cfg(test)]
mod testing;
mod timer;
pub mod tokens;
pub mod tombstones;
pub mod trash;
pub mod uploads;
pub mod usage;
pub mod users;
mod value;

use std::path::Path;
use std::sync::Arc;

use clock::{LeaseTime, SteadyClock};
pub use condition::Condition;
pub use conn::Conn;
use conn::{Row, SqliteRow};
use dray_drive as drive;
use dray_drive::settings::DatabaseUrl;
pub use error::Error;
pub use open_error::OpenError;
use postgres::{Mode, Postgres};
use query::{
    execute, find, json_array, json_rows, list, lock, millis, parsed, parsed_or_none, rows_at_most, size,
    stored_size, time, time_or_none, value,
};
use sqlite::Sqlite;
pub use timer::{Timer, Timing};
use value::{Column, Param};

/// Examines the SQLite database in `file`, and changes nothing.
pub fn examine_sqlite(file: &Path) -> Result<Condition, OpenError> {
    sqlite::examine(file)
}

/// Examines a Postgres database, and changes nothing.
pub async fn examine_postgres(url: &DatabaseUrl) -> Result<Condition, OpenError> {
    Postgres::examine(url).await
}

/// The database. It is cheap to clone.
#[derive(Clone)]
pub struct Db {
    kind: Kind,
    clock: SteadyClock,
    read_timer: Timer,
    write_timer: Timer,
    /// Releases the space that is reserved for a full disk, until the answer is dropped.
    spend_reserve: Arc<dyn Fn() -> Box<dyn Send> + Send + Sync>,
}

#[derive(Clone)]
enum Kind {
    /// A file that belongs to this server alone.
    Sqlite(Sqlite),
    /// A database that several servers may share.
    Postgres(Postgres),
    /// A database in memory, for simulated servers.
    #[cfg(feature = "memory")]
    Inline(inline::Inline),
}

impl Db {
    /// Opens the SQLite database in `file`. It creates and migrates it as needed.
    pub async fn open_file(file: &Path) -> Result<Self, OpenError> {
        Sqlite::open(file).await.map(|sqlite| Self::new(Kind::Sqlite(sqlite)))
    }

    /// Connects to Postgres with at most this many connections, and migrates the database as needed.
    pub async fn connect(url: &DatabaseUrl, connections: usize) -> Result<Self, OpenError> {
        Postgres::open(url, connections).await.map(|postgres| Self::new(Kind::Postgres(postgres)))
    }

    fn new(kind: Kind) -> Self {
        Self::with_clock(kind, SteadyClock::start())
    }

    fn with_clock(kind: Kind, clock: SteadyClock) -> Self {
        let spend_reserve = Arc::new(|| Box::new(()) as Box<dyn Send>);
        Self { kind, clock, read_timer: Timer::default(), write_timer: Timer::default(), spend_reserve }
    }

    /// Measures its calls from now on.
    #[must_use]
    pub fn timed(self, read_timer: Timer, write_timer: Timer) -> Self {
        Self { read_timer, write_timer, ..self }
    }

    /// Uses this clock for leases, if the database has none of its own.
    #[must_use]
    pub fn with_steady_clock(self, clock: SteadyClock) -> Self {
        Self { clock, ..self }
    }

    /// Sets the function to call when the disk is so full that even writes that free space fail. What it returns is
    /// dropped when the write that needs the space has ended.
    #[must_use]
    pub fn with_reserve<S: Send + 'static>(
        self,
        spend_reserve: impl Fn() -> S + Send + Sync + 'static,
    ) -> Self {
        let spend_reserve = move || Box::new(spend_reserve()) as Box<dyn Send>;
        Self { spend_reserve: Arc::new(spend_reserve), ..self }
    }

    /// The time for leases, for a database without a clock of its own.
    pub fn lease_time(&self) -> LeaseTime {
        self.clock.now()
    }

    /// Whether other servers may use it too.
    pub fn is_shared(&self) -> bool {
        match &self.kind {
            Kind::Sqlite(_) => false,
            Kind::Postgres(_) => true,
            #[cfg(feature = "memory")]
            Kind::Inline(inline) => inline.is_shared(),
        }
    }

    /// Reads by key. It sees every write that was answered before. Isolation: each statement sees the database at its
    /// own moment.
    pub async fn read<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> drive::Result<T> + Send + 'static,
    {
        let _timing = self.read_timer.start();
        match &self.kind {
            Kind::Sqlite(sqlite) => sqlite.read(work),
            Kind::Postgres(postgres) => Box::pin(postgres.run(Mode::Statements, work)).await,
            #[cfg(feature = "memory")]
            Kind::Inline(inline) => inline.read(work).await,
        }
    }

    /// Runs a longer read. Isolation: all its statements see the database at one moment.
    pub async fn read_long<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> drive::Result<T> + Send + 'static,
    {
        let _timing = self.read_timer.start();
        match &self.kind {
            Kind::Sqlite(sqlite) => sqlite.read_long(work).await,
            Kind::Postgres(postgres) => Box::pin(postgres.run(Mode::Snapshot, work)).await,
            #[cfg(feature = "memory")]
            Kind::Inline(inline) => inline.read(work).await,
        }
    }

    /// Runs `work` in a transaction, and returns after its commit is on disk. An error undoes everything that this
    /// `work` did, and nothing else. On Postgres the isolation level is read committed, so `work` must take its locks
    /// before it reads what it decides about (`query.rs`). On SQLite it runs on the one thread that writes, so it
    /// must not wait for anything. It may run twice, after everything that it did the first time was undone.
    pub async fn write<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: Fn(&Conn) -> drive::Result<T> + Send + 'static,
    {
        let _timing = self.write_timer.start();
        match &self.kind {
            Kind::Sqlite(sqlite) => sqlite.write(work).await,
            Kind::Postgres(postgres) => Box::pin(postgres.run(Mode::Write, work)).await,
            #[cfg(feature = "memory")]
            Kind::Inline(inline) => inline.write(work).await,
        }
    }

    /// Like [`Db::write`], for work that frees space: if the disk is full, it uses the reserved space.
    pub async fn write_freeing<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: Fn(&Conn) -> drive::Result<T> + Clone + Send + 'static,
    {
        match self.write(work.clone()).await {
            Err(drive::Error::NoSpace) => {
                let _spending = (self.spend_reserve)();
                self.write(work).await
            }
            written => written,
        }
    }

    /// Waits for the writes under way and closes the files.
    pub async fn close(&self) {
        match &self.kind {
            Kind::Sqlite(sqlite) => sqlite.close().await,
            Kind::Postgres(postgres) => postgres.close(),
            #[cfg(feature = "memory")]
            Kind::Inline(_) => {}
        }
    }
}
