//! A database for a unit test: a file or, if `DRAY_TEST_POSTGRES` has the address of a cluster, a new database there.

use super::query::value;
use super::{Conn, Db};
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
