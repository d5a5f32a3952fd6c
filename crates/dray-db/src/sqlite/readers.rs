//! Connections that read: as many as there are threads reading at once. Some stay open for later.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags};

use super::configure;
use crate::query::execute;
use crate::{Conn, Error};
use dray_drive as drive;

/// Connections kept open when idle.
const MAX_IDLE: usize = 8;

/// Hands out reading connections. Cheap to clone.
#[derive(Clone)]
pub(super) struct Readers {
    file: PathBuf,
    idle: Arc<Mutex<Vec<Conn>>>,
}

impl Readers {
    pub(super) fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), idle: Arc::default() }
    }

    pub(super) fn run<T>(&self, work: impl FnOnce(&Conn) -> drive::Result<T>) -> drive::Result<T> {
        let kept = self.idle().pop();
        let connection = kept.map_or_else(|| self.open(), Ok)?;
        let result = work(&connection);
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
        result
    }

    /// As [`Readers::run`], with all of `work` seeing the database at one moment.
    pub(super) fn run_snapshot<T>(&self, work: impl FnOnce(&Conn) -> drive::Result<T>) -> drive::Result<T> {
        self.run(|c| {
            // Deferred: in WAL mode the first read fixes the snapshot, and it takes no lock that a writer waits for.
            execute(c, "begin", &[])?;
            let result = work(c);
            execute(c, "commit", &[])?;
            result
        })
    }

    /// Closes what is idle.
    pub(super) fn close(&self) {
        self.idle().clear();
    }

    fn open(&self) -> Result<Conn, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        configure(&connection)?;
        Ok(Conn::Sqlite(connection))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Conn>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
