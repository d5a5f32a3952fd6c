//! Why a statement failed, and what that means for the drive.

use rusqlite::{ErrorCode, types::Type};
use tokio_postgres::error::SqlState;

use dray_api::with_causes;
use dray_drive as drive;

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite reported an error.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Postgres reported an error, or cannot be reached.
    #[error("Postgres: {}", with_causes(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// Postgres does not answer.
    #[error("Postgres does not answer")]
    NoAnswer,
}

impl Error {
    /// The error for a column whose value this version would not have written.
    pub(crate) fn value(err: impl std::error::Error + Send + Sync + 'static) -> Self {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(err)).into()
    }
}

impl From<Error> for drive::Error {
    fn from(err: Error) -> Self {
        match &err {
            Error::Sqlite(cause) => match cause.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => Self::NoSpace,
                _ if dray_sqlite::is_passing(cause) => Self::DatabaseUnreachable { detail: err.to_string() },
                _ => Self::internal(format_args!("database: {err}")),
            },
            Error::NoAnswer => Self::DatabaseUnreachable { detail: err.to_string() },
            Error::Postgres(cause) => match cause.code() {
                Some(&SqlState::DISK_FULL) => Self::NoSpace,
                Some(state) if !is_passing(state) => Self::internal(format_args!("database: {err}")),
                _ => Self::DatabaseUnreachable { detail: err.to_string() },
            },
        }
    }
}

/// Whether the same transaction may succeed later (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
/// True for lost connections (08), rollbacks by the server (40), resources (53), operators' actions (57), files (58),
/// locks (55P03), a server that is no longer the primary (25006), a transaction that Postgres ended because this machine
/// stood still in it (25P03, 25P04), and a prepared statement that a pooler has lost (26000, 42P05).
fn is_passing(state: &SqlState) -> bool {
    let class = state.code().get(..2).unwrap_or_default();
    matches!(class, "08" | "40" | "53" | "57" | "58")
        || matches!(state.code(), "25P03" | "25P04")
        || *state == SqlState::LOCK_NOT_AVAILABLE
        || *state == SqlState::READ_ONLY_SQL_TRANSACTION
        || is_lost_session(state)
}

/// The errors of a prepared statement that belongs to another session.
pub(crate) fn is_lost_session(state: &SqlState) -> bool {
    *state == SqlState::INVALID_SQL_STATEMENT_NAME || *state == SqlState::DUPLICATE_PSTATEMENT
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn a_transaction_that_postgres_ended_or_lost_passes_and_a_wrong_statement_does_not() {
        for code in ["08006", "25006", "25P03", "25P04", "26000", "40001", "53300", "55P03", "57P01", "58030"]
        {
            assert!(is_passing(&SqlState::from_code(code)), "{code}");
        }
        for code in ["22021", "23505", "25P01", "25P02", "28P01", "42601", "42P01", "XX000"] {
            assert!(!is_passing(&SqlState::from_code(code)), "{code}");
        }
    }

    #[test]
    fn a_process_without_descriptors_or_memory_is_told_to_ask_again_and_a_broken_file_is_not() {
        let of = |code| {
            drive::Error::from(Error::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)))
        };
        for code in [ffi::SQLITE_CANTOPEN, ffi::SQLITE_NOMEM, ffi::SQLITE_IOERR_SHMOPEN, ffi::SQLITE_BUSY] {
            assert!(matches!(of(code), drive::Error::DatabaseUnreachable { .. }), "{code}");
        }
        assert_eq!(of(ffi::SQLITE_FULL), drive::Error::NoSpace);
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_IOERR_READ] {
            assert!(matches!(of(code), drive::Error::Internal { .. }), "{code}");
        }
    }
}
