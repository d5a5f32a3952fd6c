//! The database of a world: a file in its folder or, if `DRAY_TEST_POSTGRES` has the address of a cluster, a
//! database of its own there. `scripts/with-postgres` starts one; every test runs on both.

use std::path::Path;

use dray_server::DatabaseUrl;
use tokio_postgres::{Client, NoTls};

/// A clock that tests can let pass, in place of Postgres's own.
const PASSING: &str = "
    create table public.test_time (passed_ms bigint not null);
    insert into public.test_time values (0);
    create function public.clock_timestamp() returns timestamptz language sql volatile as
        'select pg_catalog.clock_timestamp() + (select passed_ms from public.test_time) * interval ''1 millisecond''';";

/// Where a world keeps the rows of its drive.
#[derive(Clone)]
pub(crate) struct Database {
    url: Option<String>,
}

impl Database {
    #[expect(clippy::disallowed_methods, reason = "the environment says which database the tests use")]
    pub(crate) async fn create() -> Self {
        let Ok(cluster) = std::env::var("DRAY_TEST_POSTGRES") else { return Self { url: None } };
        let name = format!("dray_{}", hex::encode(rand()));
        connect(&cluster).await.batch_execute(&format!("create database {name}")).await.unwrap();
        let (server, _) = cluster.rsplit_once('/').expect("an address ends with the name of a database");
        let url = format!("{server}/{name}");
        let database = connect(&url).await;
        database
            .batch_execute(&format!("alter database {name} set search_path = public, pg_catalog"))
            .await
            .unwrap();
        database.batch_execute(PASSING).await.unwrap();
        Self { url: Some(url) }
    }

    /// A connection to the database, if it has a clock of its own.
    pub(crate) async fn to_pass(&self) -> Option<Client> {
        match &self.url {
            Some(url) => Some(connect(url).await),
            None => None,
        }
    }

    pub(crate) fn url(&self) -> Option<DatabaseUrl> {
        self.url.clone().map(DatabaseUrl::new)
    }

    /// The socket of the cluster, and the name of the database there.
    pub(crate) fn socket(&self) -> Option<(String, String)> {
        let (folder, name) = self.url.as_ref()?.strip_prefix("postgres://dray@")?.split_once('/')?;
        Some((format!("{}/.s.PGSQL.5432", folder.replace("%2F", "/")), name.to_owned()))
    }

    /// Whether the drive is in the data folder.
    pub(crate) fn is_file(&self) -> bool {
        self.url.is_none()
    }

    /// The text that a statement finds.
    pub(crate) async fn text(&self, data: &Path, sql: &str) -> String {
        match &self.url {
            Some(url) => connect(url).await.query_typed_one(sql, &[]).await.unwrap().get(0),
            None => open(data).query_row(sql, [], |row| row.get(0)).unwrap(),
        }
    }

    /// Changes the database behind the server's back.
    pub(crate) async fn execute(&self, data: &Path, sql: &str) {
        match &self.url {
            Some(url) => connect(url).await.batch_execute(sql).await.unwrap(),
            None => open(data).execute_batch(sql).unwrap(),
        }
    }
}

impl Database {
    /// How many rows a table has.
    pub(crate) async fn count(&self, data: &Path, table: &str) -> i64 {
        let sql = format!("select count(*) from {table}");
        match &self.url {
            Some(url) => connect(url).await.query_typed_one(&sql, &[]).await.unwrap().get(0),
            None => open(data).query_row(&sql, [], |row| row.get(0)).unwrap(),
        }
    }
}

fn open(data: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(data.join("drive.db")).unwrap()
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn rand() -> [u8; 8] {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}
