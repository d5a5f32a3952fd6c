//! Connections that read. There are as many as there are threads that read at once, and some stay open for later. A
//! read by key takes about 10 µs, so callers decide on which thread it runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Error};

use crate::options::Options;

/// Lends reading connections. Each statement sees everything that was committed before it. Cheap to clone.
#[derive(Clone)]
pub struct Readers {
    file: PathBuf,
    options: Options,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// Readers of this file. The first read opens it.
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

    /// Like [`Readers::run`], but all of `read` sees the database at one moment.
    pub fn run_snapshot<T, E: From<Error>>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(|connection| {
            // Isolation: a deferred transaction holds no lock. Its first statement decides which moment all its
            // statements see.
            connection.prepare_cached("begin")?.execute([])?;
            let result = read(connection);
            connection.prepare_cached("commit")?.execute([])?;
            result
        })
    }

    /// Closes idle connections.
    pub fn close(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
