//! Postgres: a pool of connections, and transactions on threads that may block. A connection that is lost, or
//! that panics inside a transaction, is thrown away.

mod migrate;
mod tls;

use std::time::{Duration, Instant};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio::runtime::Handle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Row};

use super::{Condition, Conn, Error, OpenError, Param, median};
use crate::config::DatabaseUrl;
use crate::drive;

/// How long a request waits for a connection, an old one or a new one, before it is told to ask again.
const PATIENCE: Duration = Duration::from_secs(2);
const ROUND_TRIPS: usize = 9;
/// A connection that was not used for so long is asked for a sign of life before it is used: a database that is
/// down may leave it as it was.
const IDLE: Duration = Duration::from_secs(1);
/// How long an answer to a statement may take: longer than Postgres lets it take, so it is never coming.
const NO_ANSWER: Duration = Duration::from_secs(28);
/// What Postgres itself ends: statements and waits for locks that take too long, transactions whose client has
/// stopped asking. JIT compilation costs more than any of our statements. Statements begin with few rows and look up the
/// others by their keys: with reads taken to be as dear as on a turning disk, Postgres would rather read all items.
const SESSION: &str = "set statement_timeout = '25s'; set lock_timeout = '10s';
                       set idle_in_transaction_session_timeout = '60s'; set jit = off;
                       set random_page_cost = 1.1";

/// A pool of connections. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: Pool,
}

/// What a connection is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Single statements, each of its own moment.
    Statements,
    /// Reading the database as it is at one moment.
    Snapshot,
    /// One transaction, committed if it succeeds.
    Write,
}

impl Mode {
    fn begin(self) -> Option<&'static str> {
        match self {
            Self::Statements => None,
            Self::Snapshot => Some("begin isolation level repeatable read read only"),
            Self::Write => Some("begin"),
        }
    }
}

impl Postgres {
    /// Connects, and migrates the database as needed.
    pub(super) async fn open(url: &DatabaseUrl, connections: usize) -> Result<Self, OpenError> {
        let pool = Self::pool(url, connections)?;
        migrate::migrate(&pool).await?;
        Ok(Self { pool })
    }

    /// Connects, looks, and changes nothing.
    pub(super) async fn examine(url: &DatabaseUrl) -> Result<Condition, OpenError> {
        let client = migrate::connection(&Self::pool(url, 1)?).await?;
        let version = migrate::version(&client).await?;
        let mut times = Vec::new();
        for _ in 0..ROUND_TRIPS {
            let begun = Instant::now();
            client.simple_query("select 1").await?;
            times.push(begun.elapsed());
        }
        Ok(Condition { version, latest: migrate::LATEST, round_trip: median(times) })
    }

    fn pool(url: &DatabaseUrl, connections: usize) -> Result<Pool, OpenError> {
        let mut config: Config = url.as_str().parse().map_err(OpenError::Url)?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        config.application_name("dray");
        let manager = Manager::from_config(
            config,
            tls::connector()?,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let prepare = Hook::async_fn(|client, _| {
            Box::pin(async move { client.batch_execute(SESSION).await.map_err(HookError::Backend) })
        });
        let check = Hook::async_fn(|client, metrics| {
            Box::pin(async move {
                if metrics.last_used() > IDLE {
                    client.simple_query("").await.map_err(HookError::Backend)?;
                }
                Ok(())
            })
        });
        Pool::builder(manager)
            .max_size(connections)
            .runtime(Runtime::Tokio1)
            .post_create(prepare)
            .pre_recycle(check)
            .build()
            .map_err(|err| OpenError::Pool(err.to_string()))
    }

    /// Runs `work` with a connection. An error undoes all that `work` did.
    pub(super) async fn run<T, F>(&self, mode: Mode, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> drive::Result<T> + Send + 'static,
    {
        let client = self.connection().await?;
        let session = Session { client: Some(client), runtime: Handle::current() };
        let run = tokio::task::spawn_blocking(move || transaction(session, mode, work));
        run.await.map_err(drive::Error::internal)?
    }

    async fn connection(&self) -> drive::Result<deadpool_postgres::Object> {
        let detail = match tokio::time::timeout(PATIENCE, self.pool.get()).await {
            Ok(Ok(client)) => return Ok(client),
            Ok(Err(err)) => err.to_string(),
            Err(_) => format!("no connection within {PATIENCE:?}"),
        };
        Err(drive::Error::DatabaseUnreachable { detail })
    }

    pub(super) fn close(&self) {
        self.pool.close();
    }
}

fn transaction<T>(
    session: Session,
    mode: Mode,
    work: impl FnOnce(&Conn) -> drive::Result<T>,
) -> drive::Result<T> {
    let guard = Unfinished(Conn::Postgres(session));
    if let Some(begin) = mode.begin() {
        guard.batch(begin)?;
    }
    let result = work(&guard.0);
    if mode.begin().is_some() {
        match &result {
            Ok(_) => guard.batch("commit")?,
            // A connection that may be gone is given up, and its transaction with it.
            Err(drive::Error::DatabaseUnreachable { .. }) => return result,
            Err(_) => guard.batch("rollback")?,
        }
    }
    guard.finished();
    result
}

/// A connection that goes back to the pool only if its transaction has ended.
struct Unfinished(Conn);

impl Unfinished {
    fn batch(&self, sql: &str) -> drive::Result<()> {
        match &self.0 {
            Conn::Postgres(session) => Ok(session.batch(sql)?),
            Conn::Sqlite(_) => Ok(()),
        }
    }

    fn finished(mut self) {
        if let Conn::Postgres(session) = &mut self.0 {
            drop(session.client.take());
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Conn::Postgres(session) = &mut self.0
            && let Some(client) = session.client.take()
        {
            drop(deadpool_postgres::Object::take(client));
        }
    }
}

/// A connection in use, on a thread that may block.
pub(crate) struct Session {
    /// There, until the session ends.
    client: Option<deadpool_postgres::Object>,
    runtime: Handle,
}

impl Session {
    pub(super) fn execute(&self, sql: &str, params: &[&dyn Param]) -> Result<u64, Error> {
        self.wait_for(async {
            let statement = self.client().prepare_cached(sql).await?;
            self.client().execute(&statement, &values(params)).await
        })
    }

    pub(super) fn query(&self, sql: &str, params: &[&dyn Param]) -> Result<Vec<Row>, Error> {
        self.wait_for(async {
            let statement = self.client().prepare_cached(sql).await?;
            self.client().query(&statement, &values(params)).await
        })
    }

    fn batch(&self, sql: &str) -> Result<(), Error> {
        self.wait_for(self.client().batch_execute(sql))
    }

    fn wait_for<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        let answer = self.runtime.block_on(async { tokio::time::timeout(NO_ANSWER, answer).await });
        answer.map_err(|_| Error::NoAnswer)?.map_err(Error::Postgres)
    }

    #[expect(clippy::expect_used, reason = "taken only as the session ends")]
    fn client(&self) -> &deadpool_postgres::Object {
        self.client.as_ref().expect("a session has a client until it ends")
    }
}

fn values<'a>(params: &[&'a dyn Param]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|param| *param as &(dyn ToSql + Sync)).collect()
}
