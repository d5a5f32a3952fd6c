//! Connections that read: as many as threads that read at once, of which some are kept for the next time. A read by key
//! takes some 10 µs, so callers decide on which thread it runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Error};

use crate::options::Options;

/// Hands out reading connections; each statement sees all that was committed before it. Cheap to clone.
#[derive(Clone)]
pub struct Readers {
    file: PathBuf,
    options: Options,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// Readers of this file. It is opened when somebody reads.
    pub fn new(file: &Path, options: Options) -> Self {
        Self { file: file.to_owned(), options, idle: Arc::default() }
    }

    /// Runs `read` on this thread.
    pub fn run<T, E: From<Error>>(&self, read: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let kept = self.idle().pop();
        let connection = kept.map_or_else(|| self.options.open_reader(&self.file), Ok)?;
        let result = read(&connection);
        let mut idle = self.idle();
        if idle.len() < self.options.idle_readers {
            idle.push(connection);
        }
        result
    }

    /// As [`Readers::run`], with all of `read` seeing the database as it is at one moment.
    pub fn run_snapshot<T, E: From<Error>>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(|connection| {
            // Deferred: it holds no lock until its first statement, which decides which moment it sees.
            connection.prepare_cached("begin")?.execute([])?;
            let result = read(connection);
            connection.prepare_cached("commit")?.execute([])?;
            result
        })
    }

    /// Closes what is idle.
    pub fn close(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
