//! Running a statement, and how the drive's values are kept in columns.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Statement, ToSql};

use super::{Conn, Error, Row};

type Result<T> = std::result::Result<T, Error>;

/// Runs a statement that answers no rows; how many it changed.
pub(super) fn execute(c: &Conn, sql: &str, params: &[&dyn ToSql]) -> Result<usize> {
    let mut statement = c.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    statement.raw_execute()
}

/// The first row, if there is one.
pub(super) fn find<T>(
    c: &Conn,
    sql: &str,
    params: &[&dyn ToSql],
    read: impl FnOnce(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let mut statement = c.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    statement.raw_query().next()?.map(read).transpose()
}

/// All rows.
pub(super) fn list<T>(
    c: &Conn,
    sql: &str,
    params: &[&dyn ToSql],
    read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = c.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    statement.raw_query().mapped(read).collect()
}

/// `$1` is the first of `params`, wherever it stands. (For SQLite `$1` is a name, numbered by its first
/// appearance.)
fn bind(statement: &mut Statement<'_>, params: &[&dyn ToSql]) -> Result<()> {
    let count = statement.parameter_count();
    for at in 1..=count {
        let name = statement.parameter_name(at).and_then(|name| name.strip_prefix('$'));
        let number = name.and_then(|digits| digits.parse::<usize>().ok()).and_then(|n| n.checked_sub(1));
        let value = number.and_then(|index| params.get(index));
        statement.raw_bind_parameter(at, value.ok_or(Error::InvalidParameterCount(params.len(), count))?)?;
    }
    Ok(())
}

/// A time as the database keeps it: milliseconds since 1970.
pub(super) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A size as the database keeps it. Sizes are checked against limits far below `i64::MAX` when they come in.
pub(super) fn stored_size(size_bytes: u64) -> Result<i64> {
    i64::try_from(size_bytes).map_err(|err| Error::ToSqlConversionFailure(Box::new(err)))
}

/// Reads a column that holds a text which is more than a text: an id, say.
pub(super) fn parsed<T>(row: &Row<'_>, column: &'static str) -> Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get_ref(column)?.as_str()?.parse().map_err(conversion)
}

pub(super) fn parsed_or_none<T>(row: &Row<'_>, column: &'static str) -> Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get_ref(column)?.as_str_or_null()?.map(|text| text.parse().map_err(conversion)).transpose()
}

pub(super) fn time(row: &Row<'_>, column: &'static str) -> Result<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(conversion)
}

pub(super) fn time_or_none(row: &Row<'_>, column: &'static str) -> Result<Option<Timestamp>> {
    let millis: Option<i64> = row.get(column)?;
    millis.map(|millis| Timestamp::from_millisecond(millis).map_err(conversion)).transpose()
}

pub(super) fn size(row: &Row<'_>, column: &'static str) -> Result<u64> {
    let size: i64 = row.get(column)?;
    u64::try_from(size).map_err(conversion)
}

/// A column does not hold what this version puts there.
pub(super) fn conversion(err: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(0, Type::Text, Box::new(err))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_go_by_their_numbers_and_not_by_their_places() {
        let c = Conn::open_in_memory().unwrap();
        let read =
            |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?));
        let found = find(&c, "select $2, $1, $2", &[&7, &"b"], read).unwrap();
        assert_eq!(found, Some(("b".into(), 7, "b".into())));
    }

    #[test]
    fn a_parameter_that_is_not_given_is_an_error() {
        let c = Conn::open_in_memory().unwrap();
        for sql in ["select $2", "select $0", "select ?", "select $x"] {
            assert!(find(&c, sql, &[&1], |_| Ok(())).is_err(), "{sql}");
        }
    }
}
