//! The write-ahead logs of the two SQLite databases. A reader in another process (such as a backup tool) makes them
//! long.

use std::path::Path;

use rusqlite::Connection;

use crate::world::{World, wait_for};

/// Reads the database for long while much is written. Returns how long its log became.
fn lengthen(database: &Path) -> u64 {
    let reader = Connection::open(database).unwrap();
    reader.execute_batch("begin").unwrap();
    let _: i64 = reader.query_row("select count(*) from sqlite_schema", [], |row| row.get(0)).unwrap();
    let writer = Connection::open(database).unwrap();
    writer.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    writer.execute_batch("create table filling (bytes blob)").unwrap();
    for _ in 0..60 {
        writer.execute("insert into filling values (zeroblob(1048576))", []).unwrap();
        writer.execute("delete from filling", []).unwrap();
    }
    writer.execute_batch("drop table filling").unwrap();
    let length = length(database);
    reader.execute_batch("commit").unwrap();
    length
}

fn length(database: &Path) -> u64 {
    std::fs::metadata(format!("{}-wal", database.display())).map_or(0, |log| log.len())
}

#[tokio::test]
async fn a_log_that_a_foreign_reader_made_long_is_short_again_without_a_restart() {
    let world = World::start().await;
    let owner = world.owner();
    owner.file("a", None).await;
    let databases = [world.data.path().join("drive.db"), world.data.path().join("store/meta.db")];
    for database in databases.iter().filter(|database| database.exists()) {
        let long = lengthen(database);
        assert!(long > 40 << 20, "{long}");
        wait_for(async || length(database) <= 24 << 20).await;
    }
    owner.file("b", None).await;
}
