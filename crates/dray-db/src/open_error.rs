//! Why a database cannot be opened.

use crate::error::Error;

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A newer version of Dray has migrated it.
    #[error(
        "was made by a newer version of dray: run that version, or restore a backup made before the update"
    )]
    Newer,
    /// The address is not an address of Postgres.
    #[error(
        "has an address that cannot be read ({0}): it looks like postgres://user:password@host:5432/name"
    )]
    Url(tokio_postgres::Error),
    /// Postgres is older than any supported version.
    #[error("is Postgres {version}, which is too old: Dray needs {oldest} or newer")]
    TooOld {
        /// The version that it reports.
        version: String,
        /// The oldest supported version.
        oldest: u32,
    },
    /// Anything else.
    #[error("cannot be opened: {0}")]
    Database(#[from] Error),
    /// No connection could be opened.
    #[error("cannot be reached: {0}")]
    Pool(String),
    /// A thread could not be started.
    #[error("cannot be served: {0}")]
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
