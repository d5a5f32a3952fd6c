//! Values that both databases accept and return. A parameter names its type, so that the type needs no question to
//! Postgres.

use rusqlite::{ToSql as SqliteValue, types::FromSql as FromSqlite};
use tokio_postgres::types::{FromSqlOwned, ToSql as PostgresValue, Type as PostgresType};

/// A value that both databases accept.
pub(crate) trait Param: SqliteValue + PostgresValue + Sync {
    /// The name of its type in Postgres.
    fn kind(&self) -> PostgresType;
}

impl<T: SqliteValue + PostgresValue + Sync + Kind> Param for T {
    fn kind(&self) -> PostgresType {
        T::KIND
    }
}

/// A type of values in columns.
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

/// A value that both databases return.
pub(crate) trait Column: FromSqlite + FromSqlOwned {}

impl<T: FromSqlite + FromSqlOwned> Column for T {}
