//! How connections are opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Result};

use crate::wal::limit_wal;

/// Pages of the log after which they are folded into the database, each once however often it is there: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4096;

/// What the connections of one database have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long a statement waits for another process that has the file locked.
    pub busy_timeout: Duration,
    /// Statements that each connection keeps prepared.
    pub cached_statements: usize,
    /// Pages of the database that each connection keeps, in KiB; `None` means as many as SQLite keeps by itself.
    pub cache_kib: Option<i64>,
    /// Connections that read and are kept open when idle.
    pub idle_readers: usize,
    /// Whether foreign keys are enforced.
    pub foreign_keys: bool,
    /// Whether every commit is synced to disk before it is answered. Without it a power cut may lose what was answered.
    pub is_durable: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            cached_statements: 64,
            cache_kib: None,
            idle_readers: 16,
            foreign_keys: false,
            is_durable: true,
        }
    }
}

impl Options {
    /// The one connection that writes. It makes the file if there is none; its tables are the caller's affair.
    pub fn open_writer(&self, file: &Path) -> Result<Connection> {
        let connection = Connection::open(file)?;
        self.configure(&connection)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        // FULL: the log is synced at every commit, before the commit is answered.
        connection.pragma_update(None, "synchronous", if self.is_durable { "full" } else { "off" })?;
        connection.pragma_update(None, "foreign_keys", self.foreign_keys)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        limit_wal(&connection)?;
        Ok(connection)
    }

    /// A connection that reads.
    pub fn open_reader(&self, file: &Path) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        self.configure(&connection)?;
        Ok(connection)
    }

    /// What reading and writing connections share, and connections to a database in memory too.
    pub fn configure(&self, connection: &Connection) -> Result<()> {
        connection.busy_timeout(self.busy_timeout)?;
        // A statement is planned once, not anew for other parameters.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(self.cached_statements);
        match self.cache_kib {
            Some(kib) => connection.pragma_update(None, "cache_size", -kib),
            None => Ok(()),
        }
    }
}
