//! One connection to either database, and the rows that it returns, whose columns are read by name.

use std::cell::Cell;

use crate::error::Error;
use crate::session::Session;
use crate::value::Column;

/// A connection: to read, or inside a write's transaction.
pub enum Conn<'a> {
    /// SQLite, called directly.
    Sqlite(&'a rusqlite::Connection),
    /// Postgres, on a thread that may block.
    Postgres(&'a Session),
}

/// A row of a result.
pub(crate) enum Row<'a> {
    /// A row of SQLite, valid until the next one.
    Sqlite(SqliteRow<'a>),
    /// A row of Postgres.
    Postgres(&'a tokio_postgres::Row),
}

/// A row of SQLite. Its columns are mostly read in order, so this finds each without a search through all names.
pub(crate) struct SqliteRow<'a> {
    row: &'a rusqlite::Row<'a>,
    next: Cell<usize>,
}

impl<'a> SqliteRow<'a> {
    pub(crate) fn new(row: &'a rusqlite::Row<'a>) -> Self {
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
            "two columns of a row have the same name"
        );
        self.next.set(index + 1);
        Ok(index)
    }
}

impl Row<'_> {
    pub(crate) fn get<T: Column>(&self, column: &str) -> Result<T, Error> {
        match self {
            Self::Sqlite(of) => Ok(of.row.get(of.index(column)?)?),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    /// A text, without a copy.
    pub(crate) fn text(&self, column: &str) -> Result<&str, Error> {
        match self {
            Self::Sqlite(of) => Ok(of.row.get_ref(of.index(column)?)?.as_str().map_err(Error::value)?),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    /// A text or null, without a copy.
    pub(crate) fn text_or_none(&self, column: &str) -> Result<Option<&str>, Error> {
        match self {
            Self::Sqlite(of) => {
                Ok(of.row.get_ref(of.index(column)?)?.as_str_or_null().map_err(Error::value)?)
            }
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }
}
