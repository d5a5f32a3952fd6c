//! Why a database cannot be opened.

use crate::error::Error;

/// Why a database can not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A newer version of Dray has migrated it.
    #[error(
        "was made by a newer version of dray: run that version, or restore a backup made before the update"
    )]
    Newer,
    /// The address is not one of Postgres.
    #[error(
        "has an address that can not be read ({0}): it looks like postgres://user:password@host:5432/name"
    )]
    Url(tokio_postgres::Error),
    /// Postgres is older than any that is supported.
    #[error("is Postgres {version}, which is too old: Dray needs {oldest} or newer")]
    TooOld {
        /// What it says it is.
        version: String,
        /// The first version that serves.
        oldest: u32,
    },
    /// Anything else.
    #[error("can not be opened: {0}")]
    Database(#[from] Error),
    /// No connection can be had.
    #[error("can not be reached: {0}")]
    Pool(String),
    /// A thread could not be started.
    #[error("can not be served: {0}")]
    Thread(#[from] std::io::Error),
}

impl From<rusqlite::Error> for OpenError {
    fn from(err: rusqlite::Error) -> Self {
        Self::Database(err.into())
    }
}

impl From<tokio_postgres::Error> for OpenError {
    fn from(err: tokio_postgres::Error) -> Self {
        Self::Database(err.into())
    }
}
