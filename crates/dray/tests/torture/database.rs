//! The databases of the drive and of the store, read from outside. It also changes rows to make time pass.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio_postgres::{Client, NoTls};

/// Where a drive keeps its rows.
#[derive(Clone)]
pub(crate) enum Database {
    /// `drive.db` in this data folder.
    File(PathBuf),
    /// The Postgres database with this address, and a connection to it.
    Postgres(String, Arc<Client>),
}

impl Database {
    /// A new database in the cluster or, without a cluster, the file in `data`.
    pub(crate) async fn create(cluster: Option<&str>, data: &Path) -> Self {
        let Some(cluster) = cluster else { return Self::File(data.join("drive.db")) };
        let name = format!("torture_{:x}", fastrand::u64(..));
        connect(cluster).await.batch_execute(&format!("create database {name}")).await.unwrap();
        let (server, _) = cluster.rsplit_once('/').expect("an address ends with the name of a database");
        let url = format!("{server}/{name}");
        let client = connect(&url).await;
        Self::Postgres(url, Arc::new(client))
    }

    /// The address to give to `dray serve`, if it needs one.
    pub(crate) fn url(&self) -> Option<&str> {
        match self {
            Self::File(_) => None,
            Self::Postgres(url, _) => Some(url),
        }
    }

    pub(crate) async fn execute(&self, sql: &str) {
        match self {
            Self::File(path) => open(path).execute_batch(sql).unwrap(),
            Self::Postgres(_, client) => client.batch_execute(sql).await.unwrap(),
        }
    }

    /// The number that a query returns.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        match self {
            Self::File(path) => open(path).query_row(sql, [], |row| row.get(0)).unwrap(),
            Self::Postgres(_, client) => client.query_one(sql, &[]).await.unwrap().get(0),
        }
    }

    /// The column that a query returns.
    pub(crate) async fn texts(&self, sql: &str) -> BTreeSet<String> {
        match self {
            Self::File(path) => texts(path, sql),
            Self::Postgres(_, client) => {
                let rows = client.query(sql, &[]).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Ends every lease, as 30 seconds or five minutes would. On Postgres, other servers may hold one.
    pub(crate) async fn end_leases(&self) {
        if let Self::Postgres(..) = self {
            let sql = "update leases set held_until = 0;
                       update uploads set lease_until = 0 where state = 'completing'";
            self.execute(sql).await;
        }
    }

    /// Makes every upload expire that fulfils `condition`, as a day would. All work that waits is then due for its next
    /// try.
    pub(crate) async fn expire_uploads(&self, condition: &str) {
        let an_hour_ago = match self {
            Self::File(_) => "unixepoch() * 1000 - 3600000",
            Self::Postgres(..) => "extract(epoch from now())::bigint * 1000 - 3600000",
        };
        let sql = format!(
            "update uploads set expires_at = {an_hour_ago} where state in ('opening', 'open') and ({condition});
             update uploads set created_at = 1 where state in ('aborted', 'expired') and store_upload_id is null;
             update uploads set next_try_at = null;
             update tombstones set next_try_at = null"
        );
        self.execute(&sql).await;
    }

    /// Says that no Complete has been under way for long, as a quarter of an hour would.
    pub(crate) async fn pass_quiet_time(&self) {
        self.execute("update uploads set attempted_at = 1 where attempted_at is not null; update watches set since = 1").await;
    }

    /// Fails if SQLite finds its file damaged.
    pub(crate) fn check_integrity(&self) {
        if let Self::File(path) = self {
            check_integrity(path);
        }
    }
}

/// The database of the store in a folder.
pub(crate) fn store_file(store: &Path) -> PathBuf {
    store.join("meta.db")
}

/// The number that a query returns.
pub(crate) fn number(path: &Path, sql: &str) -> i64 {
    open(path).query_row(sql, [], |row| row.get(0)).unwrap()
}

pub(crate) fn texts(path: &Path, sql: &str) -> BTreeSet<String> {
    let connection = open(path);
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

pub(crate) fn check_integrity(path: &Path) {
    let said: String = open(path).query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok", "{}", path.display());
}

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(20)).unwrap();
    connection
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
