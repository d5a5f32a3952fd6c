//! One connection to either database, and what queries need of it: parameters by number, columns by name.

use std::cell::Cell;

use rusqlite::{ErrorCode, ToSql as SqliteValue, types::FromSql as FromSqlite, types::Type};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSqlOwned, ToSql as PostgresValue, Type as PostgresType};

use super::postgres;
use dray_drive as drive;

/// A connection, to read or inside a write.
pub enum Conn {
    /// SQLite, called directly.
    Sqlite(rusqlite::Connection),
    /// Postgres, on a thread that may block.
    Postgres(postgres::Session),
}

/// A value that both databases take.
pub(crate) trait Param: SqliteValue + PostgresValue + Sync {
    /// What Postgres calls its kind.
    fn kind(&self) -> PostgresType;
}

impl<T: SqliteValue + PostgresValue + Sync + Kind> Param for T {
    fn kind(&self) -> PostgresType {
        T::KIND
    }
}

/// A kind of value that columns have.
pub(crate) trait Kind {
    const KIND: PostgresType;
}

impl Kind for i64 {
    const KIND: PostgresType = PostgresType::INT8;
}

impl Kind for bool {
    const KIND: PostgresType = PostgresType::BOOL;
}

impl Kind for String {
    const KIND: PostgresType = PostgresType::TEXT;
}

impl Kind for &str {
    const KIND: PostgresType = PostgresType::TEXT;
}

impl<T: Kind> Kind for &T {
    const KIND: PostgresType = T::KIND;
}

impl<T: Kind> Kind for Option<T> {
    const KIND: PostgresType = T::KIND;
}

/// A value that both databases give.
pub(crate) trait Column: FromSqlite + FromSqlOwned {}

impl<T: FromSqlite + FromSqlOwned> Column for T {}

/// A row of an answer.
pub(crate) enum Row<'a> {
    /// Of SQLite, valid until the next.
    Sqlite(SqliteRow<'a>),
    /// Of Postgres.
    Postgres(&'a tokio_postgres::Row),
}

/// A row whose columns are mostly read in their order, so that each is found without looking at the names of all.
pub(crate) struct SqliteRow<'a> {
    row: &'a rusqlite::Row<'a>,
    next: Cell<usize>,
}

impl<'a> SqliteRow<'a> {
    pub(super) fn new(row: &'a rusqlite::Row<'a>) -> Self {
        Self { row, next: Cell::new(0) }
    }

    fn index(&self, column: &str) -> rusqlite::Result<usize> {
        let statement: &rusqlite::Statement<'_> = self.row.as_ref();
        let next = self.next.get();
        let index = match statement.column_name(next) {
            Ok(name) if name == column => next,
            _ => statement.column_index(column)?,
        };
        debug_assert_eq!(
            statement.column_index(column),
            Ok(index),
            "two columns of a row are called the same"
        );
        self.next.set(index + 1);
        Ok(index)
    }
}

impl Row<'_> {
    pub(super) fn get<T: Column>(&self, column: &str) -> Result<T, Error> {
        match self {
            Self::Sqlite(of) => Ok(of.row.get(of.index(column)?)?),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    /// A text, without copying it.
    pub(super) fn text(&self, column: &str) -> Result<&str, Error> {
        match self {
            Self::Sqlite(of) => Ok(of.row.get_ref(of.index(column)?)?.as_str().map_err(Error::value)?),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    /// A text or null, without copying it.
    pub(super) fn text_or_none(&self, column: &str) -> Result<Option<&str>, Error> {
        match self {
            Self::Sqlite(of) => {
                Ok(of.row.get_ref(of.index(column)?)?.as_str_or_null().map_err(Error::value)?)
            }
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }
}

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite said so.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Postgres said so, or cannot be reached.
    #[error("Postgres: {}", with_sources(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// Postgres does not answer.
    #[error("Postgres does not answer")]
    NoAnswer,
}

impl Error {
    /// A column does not hold what this version puts there.
    pub(super) fn value(err: impl std::error::Error + Send + Sync + 'static) -> Self {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(err)).into()
    }
}

/// Of its own, the message of Postgres's client says little.
fn with_sources(err: &tokio_postgres::Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(err), |cause| cause.source());
    causes.fold(err.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl From<Error> for drive::Error {
    fn from(err: Error) -> Self {
        match &err {
            Error::Sqlite(cause) => match cause.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => Self::NoSpace,
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    Self::DatabaseUnreachable { detail: err.to_string() }
                }
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

/// Whether the same transaction may well succeed later
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>): connections (08), rollbacks by the server
/// (40), resources (53), what an operator does (57), files (58), locks (55P03), a server that is no longer the primary
/// (25006), a statement that a pooler has lost (26000, 42P05).
fn is_passing(state: &SqlState) -> bool {
    let class = state.code().get(..2).unwrap_or_default();
    matches!(class, "08" | "40" | "53" | "57" | "58")
        || *state == SqlState::LOCK_NOT_AVAILABLE
        || *state == SqlState::READ_ONLY_SQL_TRANSACTION
        || postgres::is_lost_session(state)
}
