//! Why the database could not do a job. Callers decide what this means for them.

use std::sync::Arc;

use rusqlite::{ErrorCode, ffi};

/// A database failure.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A statement failed; nothing was changed.
    #[error("the database failed: {0}")]
    Statement(Arc<rusqlite::Error>),
    /// The commit failed; after a crash it may turn out to have happened.
    #[error("the database could not commit: {0}")]
    Commit(Arc<rusqlite::Error>),
    /// The transaction was undone because of another job's failure. The caller should try again.
    #[error("the database undid the transaction")]
    Undone,
    /// The writer is closed, or its thread has ended.
    #[error("the database is closed")]
    Closed,
    /// The job panicked; nothing was changed.
    #[error("a database job panicked")]
    Panicked,
}

impl Error {
    /// Whether the cause is that the disk is full.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Statement(error) | Self::Commit(error) => is_full(error),
            Self::Undone | Self::Closed | Self::Panicked => false,
        }
    }

    /// Whether the same job may succeed a little later: the process has no file descriptor or memory left, or the file
    /// is locked.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Statement(error) | Self::Commit(error) => is_passing(error),
            Self::Undone | Self::Closed => true,
            Self::Panicked => false,
        }
    }

    /// Whether a crash may bring the changes back. A commit that ends in `SQLITE_FULL` did not write its last frame to
    /// the log completely (a failing sync is an `SQLITE_IOERR`), and recovery ignores such a frame.
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Commit(error) => error.sqlite_error_code() != Some(ErrorCode::DiskFull),
            Self::Statement(_) | Self::Undone | Self::Closed | Self::Panicked => false,
        }
    }
}

/// Whether the cause is a full disk. This includes the case that the index of the log (`-shm`) cannot grow.
pub fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        error.code == ErrorCode::DiskFull || error.extended_code == ffi::SQLITE_IOERR_SHMSIZE
    })
}

/// Whether the cause may end by itself: no file descriptor is left (SQLite then cannot open a file), no memory is left,
/// or another process has locked the file.
pub fn is_passing(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        matches!(
            error.code,
            ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
        ) || matches!(
            error.extended_code,
            ffi::SQLITE_IOERR_NOMEM | ffi::SQLITE_IOERR_SHMOPEN | ffi::SQLITE_IOERR_SHMMAP
        )
    })
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Statement(Arc::new(error))
    }
}
