//! The tables, and how a connection is opened. The only place where their shape is stated.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

/// Kept in `user_version`; a folder with a higher one was made by a newer version of this program.
pub(crate) const VERSION: i64 = 1;

/// How long a statement waits for another process that has the file locked (a backup, say).
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Pages of the log after which they are folded into the database, each once however often it is there: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4096;
/// Statements prepared once per connection.
const CACHED_STATEMENTS: usize = 64;

/// Times are milliseconds since 1970, CRCs and tags are bit patterns in signed integers, headers are JSON.
/// Small columns stand before `blocks` and `inline`, so that reading them touches no overflow page.
const TABLES: &str = "
create table bucket (
    id integer primary key,
    name text not null unique,
    created_at integer not null
) strict;

create table upload (
    set_id integer primary key,
    token blob not null,
    bucket integer not null,
    key text not null,
    created_at integer not null,
    headers text not null,
    algorithm text not null,
    checksum_type text not null
) strict;
create index upload_by_key on upload (bucket, key, set_id);

-- id: set id and part number in one, see `ids.rs`. file_tag: null when the bytes are in `inline`.
create table part (
    id integer primary key,
    size integer not null,
    crc64 integer not null,
    modified_at integer not null,
    file_tag integer,
    checksum blob,
    blake3 blob not null,
    blocks blob not null,
    inline blob
) strict;

create table object (
    bucket integer not null,
    key text not null,
    set_id integer not null,
    token blob,
    size integer not null,
    etag text not null,
    modified_at integer not null,
    headers text not null,
    layout blob not null,
    algorithm text not null,
    checksum_type text not null,
    checksum blob not null,
    primary key (bucket, key)
) strict, without rowid;

-- What no upload and no object refers to any more, until its files are gone.
create table garbage_set (set_id integer primary key) strict;
create table garbage_file (
    part_id integer not null,
    file_tag integer not null,
    primary key (part_id, file_tag)
) strict, without rowid;

-- One row: whether the last process closed the store with every file accounted for.
create table shutdown (clean integer not null) strict;
insert into shutdown values (1);
";

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

/// The writing connection; makes the tables in an empty file.
pub(crate) fn open_writer(path: &Path, durable: bool) -> Result<Connection, SchemaError> {
    let connection = Connection::open(path)?;
    configure(&connection)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > VERSION {
        return Err(SchemaError::Newer(version));
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    // FULL: the log is synced at every commit, before it is answered.
    connection.pragma_update(None, "synchronous", if durable { "full" } else { "off" })?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    if version == 0 {
        let script = format!("begin immediate; {TABLES} pragma user_version = {VERSION}; commit;");
        connection.execute_batch(&script)?;
    }
    Ok(connection)
}

/// A reading connection.
pub(crate) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // A statement is planned once, not anew for other parameters.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(())
}
