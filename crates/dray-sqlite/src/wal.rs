//! Keeps SQLite's write-ahead log small. During a long read, SQLite cannot move the log into the database, so the log
//! grows. When the reader is gone, this file shortens it again. It knows nothing of the content.

use std::time::Duration;

use rusqlite::Connection;

/// Bytes that the log may keep on disk. A checkpoint runs at 16 MiB, so under usual load the log is never shortened and
/// SQLite reuses the file.
pub const WAL_LIMIT_BYTES: u64 = 24 * 1024 * 1024;
/// How often the writer of a database checks whether its log is too long.
pub const WAL_CHECK_EVERY: Duration = Duration::from_secs(5);

/// Makes SQLite cut the log to [`WAL_LIMIT_BYTES`] whenever it starts the log again.
pub fn limit_wal(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_size_limit", WAL_LIMIT_BYTES)
}

/// If the log is longer than [`WAL_LIMIT_BYTES`], moves it into the database and empties it. If somebody is reading
/// from the log, a later call does this. Do not call it within a transaction. It waits for nobody, but copies the
/// log's content.
pub fn shrink_wal(connection: &Connection) -> rusqlite::Result<()> {
    let is_long = connection
        .path()
        .and_then(|path| std::fs::metadata(format!("{path}-wal")).ok())
        .is_some_and(|log| log.len() > WAL_LIMIT_BYTES);
    if !is_long {
        return Ok(());
    }
    let patience: u64 = connection.pragma_query_value(None, "busy_timeout", |row| row.get(0))?;
    connection.busy_timeout(Duration::ZERO)?;
    let folded = connection.execute_batch("pragma wal_checkpoint(truncate)");
    connection.busy_timeout(Duration::from_millis(patience))?;
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &std::path::Path) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        limit_wal(&connection).unwrap();
        connection
    }

    fn write(connection: &Connection, mebibytes: u64) {
        for _ in 0..mebibytes {
            connection.execute("insert into t values (zeroblob(1 << 20))", []).unwrap();
            connection.execute("delete from t", []).unwrap();
        }
    }

    #[test]
    fn a_log_that_a_reader_made_long_is_short_again_when_the_reader_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meta.db");
        let log_bytes = || std::fs::metadata(folder.path().join("meta.db-wal")).unwrap().len();
        let writer = open(&path);
        writer.execute_batch("create table t (x)").unwrap();
        let reader = open(&path);
        reader.execute_batch("begin; select count(*) from t;").unwrap();
        let _: i64 = reader.query_row("select count(*) from t", [], |row| row.get(0)).unwrap();
        write(&writer, 60);
        assert!(log_bytes() > 2 * WAL_LIMIT_BYTES, "{}", log_bytes());
        shrink_wal(&writer).unwrap();
        assert!(log_bytes() > 2 * WAL_LIMIT_BYTES, "somebody reads from it");
        reader.execute_batch("commit").unwrap();
        shrink_wal(&writer).unwrap();
        assert_eq!(log_bytes(), 0);
        let patience: u64 = writer.pragma_query_value(None, "busy_timeout", |row| row.get(0)).unwrap();
        assert_eq!(patience, 10_000, "it still waits for others when it writes");
    }

    #[test]
    fn further_writes_shorten_the_log_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meta.db");
        let log_bytes = || std::fs::metadata(folder.path().join("meta.db-wal")).unwrap().len();
        let writer = open(&path);
        writer.execute_batch("create table t (x)").unwrap();
        let reader = open(&path);
        reader.execute_batch("begin").unwrap();
        let _: i64 = reader.query_row("select count(*) from t", [], |row| row.get(0)).unwrap();
        write(&writer, 60);
        reader.execute_batch("commit").unwrap();
        write(&writer, 2);
        assert!(log_bytes() <= WAL_LIMIT_BYTES, "{}", log_bytes());
    }
}
