//! How connections are opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Result};

use crate::wal::limit_wal;

/// When the log has this many pages (16 MiB), SQLite moves them into the database. It writes each page once, however
/// often the log has it.
const CHECKPOINT_PAGES: i64 = 4096;

/// The options that all connections to one database share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long a statement waits for another process that has the file locked.
    pub busy_timeout: Duration,
    /// Statements that each connection keeps prepared.
    pub cached_statements: usize,
    /// The page cache of each connection, in KiB; `None` means SQLite's own default.
    pub cache_kib: Option<i64>,
    /// Idle reading connections that are kept open.
    pub idle_readers: usize,
    /// Whether foreign keys are enforced.
    pub foreign_keys: bool,
    /// Whether every commit is synced to the disk before it is answered. If not, a power cut may lose answered commits.
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
    /// The one connection that writes. It creates the file if there is none. The caller creates the tables.
    pub fn open_writer(&self, file: &Path) -> Result<Connection> {
        let connection = Connection::open(file)?;
        self.configure(&connection)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        // FULL syncs the log at every commit, before the commit is answered.
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

    /// Sets what reading and writing connections share. Also for connections to a database in memory.
    pub fn configure(&self, connection: &Connection) -> Result<()> {
        connection.busy_timeout(self.busy_timeout)?;
        // The planner plans a statement once, and not again for other parameters.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(self.cached_statements);
        match self.cache_kib {
            Some(kib) => connection.pragma_update(None, "cache_size", -kib),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_is_compiled_as_the_workspace_says() {
        let connection = Connection::open_in_memory().unwrap();
        let mut statement = connection.prepare("pragma compile_options").unwrap();
        let options = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let options = options.collect::<Result<Vec<_>>>().unwrap();
        let has = |name: &str| options.iter().any(|option| option == name);
        assert!(has("DEFAULT_MEMSTATUS=0"), "{options:?}");
        assert!(has("STMTJRNL_SPILL=98304"), "{options:?}");
        assert!(!has("ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
    }
}
