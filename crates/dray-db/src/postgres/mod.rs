//! Postgres: a pool of connections, and transactions on threads that may block. Those who wait for a connection get one in
//! turn (`fair.rs`). A connection that is lost, or whose transaction panics, is discarded.

mod connect;
mod migrate;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio_postgres::{Client, Config};

use crate::clock::DATABASE as CLOCK;
use crate::condition::{Condition, median};
use crate::conn::Conn;
use crate::fair::{Place, Places};
use crate::open_error::OpenError;
use crate::session::Session;
use connect::Connector;
use dray_drive as drive;
use dray_drive::settings::DatabaseUrl;

/// How long a request waits for a pooled or a new connection before the answer is "ask again".
const PATIENCE: Duration = Duration::from_secs(2);
const ROUND_TRIPS: usize = 9;
/// A connection that was idle for this long is tested before it is used, because after a database goes down the
/// connection may look unchanged.
const IDLE: Duration = Duration::from_secs(1);
/// Limits and settings of a session. Postgres itself ends statements and waits for locks that take too long, and
/// transactions whose client no longer sends anything. JIT compilation costs more than any of our statements.
/// Statements begin with few rows and look up the others by key. With the default cost of random reads, meant for
/// turning disks, Postgres would rather read all items.
const SESSION: [(&str, &str); 6] = [
    ("statement_timeout", "'25s'"),
    ("lock_timeout", "'10s'"),
    ("idle_in_transaction_session_timeout", "'60s'"),
    ("jit", "off"),
    ("random_page_cost", "1.1"),
    // Single statements run at the database's default level; transactions name theirs.
    ("default_transaction_isolation", "'read committed'"),
];

/// A pool of connections. It is cheap to clone.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: Pool,
    /// One for each connection, so that nobody waits long for the pool.
    places: Arc<Places>,
    /// Whether there is a pooler in between that does not keep sessions together.
    is_pooled: Arc<AtomicBool>,
}

/// The purpose of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Single statements, each of which sees its own moment.
    Statements,
    /// Reads that all see the database at one moment.
    Snapshot,
    /// One transaction, committed if it succeeds.
    Write,
}

impl Mode {
    /// The isolation level is always named, as the database may have another default.
    ///
    /// - A snapshot needs repeatable read: a backup, or a page that needs several statements, must see one moment.
    /// - A write uses read committed on purpose. It takes its advisory locks (`query.rs`) first, and each later
    ///   statement must see what earlier holders of these locks have committed. Under repeatable read the snapshot
    ///   would be older than the lock, and the transaction would decide about names, trees or quotas by outdated rows.
    fn begin(self) -> Option<&'static str> {
        match self {
            Self::Statements => None,
            Self::Snapshot => Some("begin isolation level repeatable read read only"),
            Self::Write => Some("begin isolation level read committed"),
        }
    }
}

/// What a first look at a database shows, before it is used.
struct Looked {
    client: Client,
    is_pooled: bool,
}

fn reach(url: &DatabaseUrl) -> Result<(Config, Connector), OpenError> {
    let mut config: Config = url.as_str().parse().map_err(OpenError::Url)?;
    connect::complete(&mut config);
    Ok((config, Connector::new(tls::connector()?)))
}

async fn look(config: &Config, connector: &Connector) -> Result<Looked, OpenError> {
    let (client, _) = connector.open(config).await?;
    connect::check_version(&client).await?;
    let (other, _) = connector.open(config).await?;
    let is_pooled = connect::is_pooled(&client, &other).await?;
    Ok(Looked { client, is_pooled })
}

fn pool(
    config: Config,
    connector: Connector,
    connections: usize,
    is_pooled: Arc<AtomicBool>,
) -> Result<Pool, OpenError> {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_connect(config, connector, recycling);
    let prepare = Hook::async_fn(move |client, _| {
        // Behind a pooler, another client could get the session with these settings.
        let session = if is_pooled.load(Ordering::Relaxed) { None } else { Some(session("set")) };
        Box::pin(async move {
            match session {
                Some(sql) => client.batch_execute(&sql).await.map_err(HookError::Backend),
                None => Ok(()),
            }
        })
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

/// The settings for a session (`set`) or a transaction (`set local`).
fn session(set: &str) -> String {
    SESSION.map(|(name, value)| format!("{set} {name} = {value};")).concat()
}

impl Postgres {
    /// Connects, and migrates the database as needed.
    pub(super) async fn open(url: &DatabaseUrl, connections: usize) -> Result<Self, OpenError> {
        let (config, connector) = reach(url)?;
        let looked = look(&config, &connector).await?;
        if looked.is_pooled {
            tracing::info!("Postgres is behind a pooler, so statements are not kept prepared");
        }
        let is_pooled = Arc::new(AtomicBool::new(looked.is_pooled));
        let pool = pool(config, connector, connections, Arc::clone(&is_pooled))?;
        migrate::migrate(&pool).await?;
        Ok(Self { pool, places: Places::new(connections), is_pooled })
    }

    /// Connects and examines the database, and changes nothing.
    pub(super) async fn examine(url: &DatabaseUrl) -> Result<Condition, OpenError> {
        let (config, connector) = reach(url)?;
        let Looked { client, is_pooled } = look(&config, &connector).await?;
        let version = migrate::version(&client).await?;
        let mut times = Vec::new();
        for _ in 0..ROUND_TRIPS {
            let begun = Instant::now();
            client.simple_query("select 1").await?;
            times.push(begun.elapsed());
        }
        let row = client.query_typed_one(&format!("select {CLOCK}"), &[]).await?;
        let now = Timestamp::from_millisecond(row.get(0)).ok();
        Ok(Condition { version, latest: migrate::LATEST, round_trip: median(times), is_pooled, now })
    }

    /// Runs `work` with a connection. An error undoes everything that `work` did.
    pub(super) async fn run<T, F>(&self, mode: Mode, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> drive::Result<T> + Send + 'static,
    {
        let (place, client) = self.connection().await?;
        let (runtime, is_pooled) = (Handle::current(), Arc::clone(&self.is_pooled));
        let session = Session { client: Some(client), runtime, is_pooled };
        let run = tokio::task::spawn_blocking(move || {
            let _place = place;
            transaction(session, mode, work)
        });
        run.await.map_err(drive::Error::internal)?
    }

    async fn connection(&self) -> drive::Result<(Place, deadpool_postgres::Object)> {
        let found = async {
            let place = self.places.take().await;
            Ok::<_, PoolError>((place, self.pool.get().await?))
        };
        let detail = match tokio::time::timeout(PATIENCE, found).await {
            Ok(Ok(found)) => return Ok(found),
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
    let is_pooled = session.is_pooled.load(Ordering::Relaxed);
    let guard = Unfinished(session);
    match mode.begin() {
        Some(begin) if is_pooled => guard.batch(&format!("{begin}; {}", self::session("set local")))?,
        Some(begin) => guard.batch(begin)?,
        None => {}
    }
    let result = work(&Conn::Postgres(&guard.0));
    if mode.begin().is_some() {
        match &result {
            Ok(_) => guard.batch("commit")?,
            // The connection may be broken, so it is discarded together with its transaction.
            Err(drive::Error::DatabaseUnreachable { .. }) => return result,
            Err(_) => guard.batch("rollback")?,
        }
    }
    guard.finished();
    result
}

/// A connection that returns to the pool only if its transaction has ended.
struct Unfinished(Session);

impl Unfinished {
    fn batch(&self, sql: &str) -> drive::Result<()> {
        Ok(self.0.batch(sql)?)
    }

    fn finished(mut self) {
        drop(self.0.client.take());
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(client) = self.0.client.take() {
            drop(deadpool_postgres::Object::take(client));
        }
    }
}
