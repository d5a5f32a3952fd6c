//! Running a statement, and how the drive's values are stored in columns.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::Statement;

use super::{Column, Conn, Error, Param, Row, SqliteRow};

type Result<T> = std::result::Result<T, Error>;

/// The placeholder for the time in a statement. For SQLite it is a parameter, which `query.rs` passes as the last one.
pub(crate) const NOW: &str = "$now";

/// Runs a statement that returns no rows. Returns how many rows it changed.
pub(super) fn execute(c: &Conn, sql: &str, params: &[&dyn Param]) -> Result<u64> {
    match c {
        Conn::Sqlite(c) => {
            let mut statement = c.prepare_cached(sql)?;
            bind(&mut statement, params)?;
            Ok(statement.raw_execute()? as u64)
        }
        Conn::Postgres(session) => Ok(session.execute(sql, params)?),
    }
}

/// The first row, if there is one.
pub(super) fn find<T>(
    c: &Conn,
    sql: &str,
    params: &[&dyn Param],
    read: impl FnOnce(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    match c {
        Conn::Sqlite(c) => {
            let mut statement = c.prepare_cached(sql)?;
            bind(&mut statement, params)?;
            let mut rows = statement.raw_query();
            rows.next()?.map(|row| read(&Row::Sqlite(SqliteRow::new(row)))).transpose()
        }
        Conn::Postgres(session) => {
            session.query(sql, params)?.first().map(|row| read(&Row::Postgres(row))).transpose()
        }
    }
}

/// All rows.
pub(super) fn list<T>(
    c: &Conn,
    sql: &str,
    params: &[&dyn Param],
    mut read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    match c {
        Conn::Sqlite(c) => {
            let mut statement = c.prepare_cached(sql)?;
            bind(&mut statement, params)?;
            let mut rows = statement.raw_query();
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(read(&Row::Sqlite(SqliteRow::new(row)))?);
            }
            Ok(all)
        }
        Conn::Postgres(session) => {
            session.query(sql, params)?.iter().map(|row| read(&Row::Postgres(row))).collect()
        }
    }
}

/// The only column of the only row of an aggregate.
pub(super) fn value<T: Column>(c: &Conn, sql: &str, params: &[&dyn Param], column: &str) -> Result<T> {
    find(c, sql, params, |row| row.get(column))?
        .ok_or_else(|| Error::from(rusqlite::Error::QueryReturnedNoRows))
}

/// Takes the lock `name` until this transaction ends. Other transactions that want the same lock wait. SQLite needs
/// no lock, because all its writes run on one writer thread.
/// Take the lock before you read the rows that the decision is about: see `Mode::begin` of Postgres.
/// Lock order, so that no two transactions wait for each other: first `idempotency`, then locks of one kind (`tree`,
/// `names`, `tokens`, `first start`, `name rules`, `request` or `uploads`). There are two exceptions:
///
/// - The start of uploads takes `folders` (only a batch needs it), `uploads` of the grant, `request`, `uploads` of the
///   workspace, `uploads` of the user.
/// - A finalize takes `names`, the rows of its uploads (`uploads::lock_all`), and then `uploads` of each other user
///   whose file it replaces. A batch takes these last locks in the order of its files, so two batches may wait for
///   each other. Postgres then ends one of the transactions, with an error after which its client may try again.
///
/// A transaction that needs several locks of `names` or of `folders` takes them all at once, sorted by name, before it
/// writes anything. If you need two other kinds in one transaction, define their order here.
pub(super) fn lock(c: &Conn, name: &str) -> Result<()> {
    match c {
        Conn::Sqlite(_) => Ok(()),
        Conn::Postgres(_) => {
            let sql = "select pg_advisory_xact_lock(hashtextextended($1, 0)) is null as locked";
            find(c, sql, &[&name], |_| Ok(())).map(drop)
        }
    }
}

/// Binds parameters: `$1` is the first of `params`, wherever it stands in the statement, and [`NOW`] is the last.
/// (For SQLite both are names, which it numbers by their first appearance.)
fn bind(statement: &mut Statement<'_>, params: &[&dyn Param]) -> std::result::Result<(), rusqlite::Error> {
    let count = statement.parameter_count();
    for at in 1..=count {
        let value = match statement.parameter_name(at) {
            Some(NOW) => params.last(),
            name => {
                let number =
                    name.and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok()?.checked_sub(1));
                number.and_then(|index| params.get(index))
            }
        };
        let value = value.ok_or(rusqlite::Error::InvalidParameterCount(params.len(), count))?;
        statement.raw_bind_parameter(at, *value as &dyn rusqlite::ToSql)?;
    }
    Ok(())
}

/// A JSON array of texts that need no escaping: ids, words.
pub(super) fn json_array<T: Display>(texts: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<_> = texts.into_iter().map(|text| format!("\"{text}\"")).collect();
    format!("[{}]", texts.join(","))
}

/// The texts of `parameter`, a JSON array, as rows `k` with a column `value`.
pub(super) fn json_rows(c: &Conn, parameter: &str) -> String {
    match c {
        Conn::Sqlite(_) => format!("json_each({parameter}) k"),
        Conn::Postgres(_) => format!("json_array_elements_text({parameter}::text::json) k (value)"),
    }
}

/// A time as the database stores it: milliseconds since 1970.
pub(super) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A size as the database stores it. Incoming sizes are checked against limits far below `i64::MAX`.
pub(super) fn stored_size(size_bytes: u64) -> Result<i64> {
    i64::try_from(size_bytes).map_err(Error::value)
}

/// A limit of rows as a query's parameter.
pub(super) fn rows_at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Reads a column whose text has a type of its own, such as an id.
pub(super) fn parsed<T>(row: &Row<'_>, column: &'static str) -> Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.text(column)?.parse().map_err(Error::value)
}

pub(super) fn parsed_or_none<T>(row: &Row<'_>, column: &'static str) -> Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.text_or_none(column)?.map(|text| text.parse().map_err(Error::value)).transpose()
}

pub(super) fn time(row: &Row<'_>, column: &'static str) -> Result<Timestamp> {
    time_of(row.get(column)?)
}

/// A time beyond the years that there are is the last or the first one there is. A setting that is too large has made such
/// rows, and nobody could read or remove them.
fn time_of(millis: i64) -> Result<Timestamp> {
    let known = millis.clamp(Timestamp::MIN.as_millisecond(), Timestamp::MAX.as_millisecond());
    Timestamp::from_millisecond(known).map_err(Error::value)
}

pub(super) fn time_or_none(row: &Row<'_>, column: &'static str) -> Result<Option<Timestamp>> {
    let millis: Option<i64> = row.get(column)?;
    millis.map(time_of).transpose()
}

pub(super) fn size(row: &Row<'_>, column: &'static str) -> Result<u64> {
    let size: i64 = row.get(column)?;
    u64::try_from(size).map_err(Error::value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> rusqlite::Connection {
        rusqlite::Connection::open_in_memory().unwrap()
    }

    #[test]
    fn parameters_are_bound_by_their_numbers_and_not_by_their_places() {
        let read =
            |row: &Row<'_>| Ok((row.get::<String>("a")?, row.get::<i64>("b")?, row.get::<String>("c")?));
        let found =
            find(&Conn::Sqlite(&connection()), "select $2 as a, $1 as b, $2 as c", &[&7_i64, &"b"], read)
                .unwrap();
        assert_eq!(found, Some(("b".into(), 7, "b".into())));
    }

    #[test]
    fn a_missing_parameter_is_an_error() {
        for sql in ["select $2", "select $0", "select ?", "select $x"] {
            assert!(find(&Conn::Sqlite(&connection()), sql, &[&1_i64], |_| Ok(())).is_err(), "{sql}");
        }
    }
}
