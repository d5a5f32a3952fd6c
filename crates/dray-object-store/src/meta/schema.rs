//! How a connection is opened, and how the tables are migrated to what this version needs. The crate's folder
//! `migrations/` alone defines the tables.

use std::{path::Path, time::Duration};

use dray_sqlite::Options;
use rusqlite::Connection;

/// How connections are opened; `durable` as in [`crate::Config::durable`].
pub(crate) fn options(durable: bool) -> Options {
    // Another process may have locked the file, for example a backup.
    Options { busy_timeout: Duration::from_secs(10), is_durable: durable, ..Options::default() }
}

/// The first makes version 1 of an empty file, the second makes version 2 of version 1, and so on. Append new ones;
/// never change one that was released.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_tables.sql"),
    include_str!("../../migrations/0002_copies_tags.sql"),
    include_str!("../../migrations/0003_announced.sql"),
];

/// Why the database cannot be opened.
#[derive(Debug)]
pub(crate) enum SchemaError {
    Newer(i64),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for SchemaError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// The writing connection. It creates the tables in an empty file.
pub(crate) fn open_writer(path: &Path, durable: bool) -> Result<Connection, SchemaError> {
    let connection = options(durable).open_writer(path)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > known_version() {
        return Err(SchemaError::Newer(version));
    }
    migrate(&connection, version)?;
    Ok(connection)
}

/// The version after all migrations. The file's `user_version` holds it.
pub(crate) fn known_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Runs the migrations that the file has not had yet: all of them or none.
fn migrate(connection: &Connection, version: i64) -> rusqlite::Result<()> {
    let missing = usize::try_from(version).ok().and_then(|done| MIGRATIONS.get(done..)).unwrap_or_default();
    if missing.is_empty() {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    for migration in missing {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", known_version())?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of all tables, and the version.
    fn shape(connection: &Connection) -> (Vec<String>, i64) {
        let mut statement =
            connection.prepare("select sql from sqlite_schema where sql is not null order by name").unwrap();
        let tables = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        (tables, connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap())
    }

    #[test]
    fn a_file_of_every_earlier_version_migrates_to_the_tables_of_a_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let new = shape(&open_writer(&folder.path().join("new.db"), true).unwrap());
        assert_eq!(new.1, known_version());
        for version in 1..=MIGRATIONS.len() {
            let path = folder.path().join(format!("{version}.db"));
            let old = Connection::open(&path).unwrap();
            MIGRATIONS[..version].iter().for_each(|migration| old.execute_batch(migration).unwrap());
            old.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
            old.execute("insert into bucket (name, created_at) values ('kept', 7)", []).unwrap();
            drop(old);
            let opened = open_writer(&path, true).unwrap();
            assert_eq!(shape(&opened), new, "from version {version}");
            let kept: i64 = opened.query_row("select created_at from bucket", [], |row| row.get(0)).unwrap();
            assert_eq!(kept, 7);
        }
    }
}
