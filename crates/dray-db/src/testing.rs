//! A database for a unit test: a file or, if `DRAY_TEST_POSTGRES` has the address of a cluster, a new database there.

use std::sync::{Mutex, mpsc};

use super::query::value;
use super::{Conn, Db, Error};
use dray_drive::settings::DatabaseUrl;

#[expect(clippy::disallowed_methods, reason = "the environment says which database the tests use")]
pub(super) async fn database() -> (Db, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let Ok(cluster) = std::env::var("DRAY_TEST_POSTGRES") else {
        return (Db::open_file(&folder.path().join("drive.db")).await.unwrap(), folder);
    };
    let (client, connection) = tokio_postgres::connect(&cluster, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let mut random = [0; 16];
    getrandom::fill(&mut random).unwrap();
    let name = format!("dray_{}", hex::encode(random));
    client.batch_execute(&format!("create database \"{name}\"")).await.unwrap();
    let (server, _) = cluster.rsplit_once('/').unwrap();
    (Db::connect(&DatabaseUrl::new(format!("{server}/{name}")), 4).await.unwrap(), folder)
}

pub(super) fn count(c: &Conn, table: &str) -> i64 {
    value(c, &format!("select count(*) as n from {table}"), &[], "n").unwrap()
}

/// Runs `second` while the transaction of `first` has done its work and not yet committed, and commits it once `second`
/// waits for one of its locks. SQLite has one writer, so there `second` comes after the commit of `first`.
pub(super) async fn while_open<T: Send + 'static>(
    db: &Db,
    first: impl Fn(&Conn) -> Result<(), Error> + Send + 'static,
    second: impl Fn(&Conn) -> Result<T, Error> + Send + 'static,
) -> T {
    let second = move |c: &Conn<'_>| Ok(second(c)?);
    if !db.is_shared() {
        db.write(move |c| Ok(first(c)?)).await.unwrap();
        return db.write(second).await.unwrap();
    }
    let (done, is_done) = tokio::sync::mpsc::unbounded_channel();
    let (release, released) = mpsc::channel::<()>();
    let (of_first, released) = (db.clone(), Mutex::new(released));
    let first = tokio::spawn(async move {
        let held = of_first.write(move |c| {
            first(c)?;
            done.send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
            Ok(())
        });
        held.await
    });
    let mut is_done = is_done;
    is_done.recv().await.unwrap();
    let of_second = db.clone();
    let second = tokio::spawn(async move { of_second.write(second).await });
    while !second.is_finished() && waiting(db).await == 0 {}
    release.send(()).unwrap();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap()
}

/// How many transactions on this Postgres database wait for a lock.
async fn waiting(db: &Db) -> i64 {
    let sql = "select count(*) as n from pg_stat_activity
               where datname = current_database() and wait_event_type = 'Lock'";
    db.read(move |c| Ok(value(c, sql, &[], "n")?)).await.unwrap()
}
