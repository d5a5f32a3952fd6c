//! The settings of a server: one struct, read once at start.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::rate::RateLimit;

/// Name of the bucket that the embedded store has.
pub const BUCKET: &str = "dray";
/// Region that the embedded store signs for.
pub const REGION: &str = "us-east-1";

/// Connections to Postgres at once, if nothing else is said: more do not make a database faster.
pub const DATABASE_CONNECTIONS: usize = 16;

/// The address of a Postgres database, `postgres://user:password@host:5432/name`. `Debug` hides it, as it may have
/// a password in it.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Takes any text; whether it is an address shows when it is used.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The address, password and all.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

/// The settings of a server.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder that holds everything: the database and the embedded object store.
    pub data: PathBuf,
    /// Postgres in place of the embedded database, which is SQLite in [`Config::data`]. Several servers may share it.
    pub database_url: Option<DatabaseUrl>,
    /// Connections to Postgres at once.
    pub database_connections: usize,
    /// Address that callers reach this server at, such as `https://drive.example.com`. Without it, URLs are
    /// signed for the host that the caller used.
    pub public_url: Option<String>,
    /// Origins of pages that browsers may let talk to this server; empty: any. Nothing here rests on cookies,
    /// so a page has no more rights than the token or signed URL that it was given.
    pub allow_origins: Vec<String>,
    /// How long a signed part URL is good: at most 23 hours.
    pub url_ttl: Duration,
    /// How long items stay in the trash before they are removed for good.
    pub trash_life: Duration,
    /// How long a stopping server lets requests under way finish.
    pub shutdown_grace: Duration,
    /// Connections at once. Each may need two file descriptors: its socket, and a part file.
    pub max_connections: usize,
    /// Requests that each token may make; `None`: a default, or no limit if the server listens on a loopback
    /// address.
    pub rate_limit_per_token: Option<RateLimit>,
    /// Requests that each client address may make; `None` as above.
    pub rate_limit_per_address: Option<RateLimit>,
    /// Whether requests are spans of OpenTelemetry traces: they are named for it, and join their callers' traces
    /// by the process's global propagator. For whoever installed a subscriber that exports them.
    pub traces: bool,
    /// What time it is.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("dray-data"),
            database_url: None,
            database_connections: DATABASE_CONNECTIONS,
            public_url: None,
            allow_origins: Vec::new(),
            url_ttl: Duration::from_hours(1),
            trash_life: Duration::from_hours(30 * 24),
            shutdown_grace: Duration::from_secs(30),
            max_connections: 400,
            rate_limit_per_token: None,
            rate_limit_per_address: None,
            traces: false,
            clock: Clock::system(),
        }
    }
}

/// Where the embedded object store lives in a data folder.
pub fn store_folder(data: &Path) -> PathBuf {
    data.join("store")
}

/// Where the SQLite database lives in a data folder.
pub(crate) fn database_file(data: &Path) -> PathBuf {
    data.join("drive.db")
}

/// Tells the time. The service reads the clock only at its edges and passes `now` on; tests move it.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[expect(clippy::disallowed_methods, reason = "the one place of the service that reads the clock")]
    pub fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// A clock that shows what `now` says.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}
