//! Opens connections to Postgres: tries host by host, and finds out whether there is a pooler in between. It knows
//! nothing of pools or transactions.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::Connect;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::PATIENCE;
use crate::open_error::OpenError;

/// The oldest Postgres that has everything the tables need: functions whose bodies are SQL, not text
/// (<https://www.postgresql.org/docs/14/release-14.html>, E.24.3.6), as `server_version_num` has it.
const OLDEST: u32 = 14_00_00;
/// How often two connections are compared to find out whether they share a backend.
const LOOKS: usize = 8;
/// How long data that was sent to a host may stay unconfirmed before the connection counts as lost.
const UNCONFIRMED: Duration = Duration::from_secs(5);

/// Connects to the first host of an address that answers and has the right role (`target_session_attrs`).
#[derive(Clone)]
pub(super) struct Connector {
    tls: MakeRustlsConnect,
    /// The host to begin with: the one that worked last, or the one after a host that has not answered yet.
    first: Arc<AtomicUsize>,
}

type Opened = (Client, JoinHandle<()>);

impl Connector {
    pub(super) fn new(tls: MakeRustlsConnect) -> Self {
        Self { tls, first: Arc::default() }
    }

    /// Opens a connection, as the pool does.
    pub(super) async fn open(&self, config: &Config) -> Result<Opened, Error> {
        let hosts = each_host(config);
        let (count, first) = (hosts.len(), self.first.load(Ordering::Relaxed));
        let share = PATIENCE.mul_f64(0.75) / u32::try_from(count).unwrap_or(1);
        let mut refusal = None;
        for turn in 0..count {
            let at = first.wrapping_add(turn) % count;
            // The caller may give up while this host is silent. The next attempt then begins with another host.
            self.first.store((at + 1) % count, Ordering::Relaxed);
            let attempt = self.open_one(&hosts[at]);
            let opened = if turn + 1 == count && refusal.is_none() {
                attempt.await
            } else {
                match tokio::time::timeout(share, attempt).await {
                    Ok(opened) => opened,
                    Err(_) => continue,
                }
            };
            match opened {
                Ok(opened) => {
                    self.first.store(at, Ordering::Relaxed);
                    return Ok(opened);
                }
                Err(err) => refusal = Some(err),
            }
        }
        match refusal {
            Some(err) => Err(err),
            None => self.open_one(config).await,
        }
    }

    async fn open_one(&self, config: &Config) -> Result<Opened, Error> {
        let (client, connection) = config.connect(self.tls.clone()).await?;
        let serving = tokio::spawn(async move {
            if let Err(err) = connection.await {
                tracing::debug!(%err, "a connection to Postgres has ended");
            }
        });
        Ok((client, serving))
    }
}

impl Connect for Connector {
    fn connect(&self, config: &Config) -> BoxFuture<'_, Result<Opened, Error>> {
        let (this, config) = (self.clone(), config.clone());
        async move { this.open(&config).await }.boxed()
    }
}

/// Fills in the settings that an address leaves out.
pub(super) fn complete(config: &mut Config) {
    let hosts = u32::try_from(config.get_hosts().len().max(1)).unwrap_or(u32::MAX);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE / hosts);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNCONFIRMED);
    }
    config.application_name("dray");
}

/// The address, once for each of its hosts. A host that accepts connections but never answers must not keep the
/// others from being tried.
fn each_host(config: &Config) -> Vec<Config> {
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let count = hosts.len().max(addresses.len());
    if count < 2 {
        return vec![config.clone()];
    }
    let one = |at: usize| {
        let mut one = without_hosts(config);
        match hosts.get(at) {
            Some(Host::Tcp(name)) => drop(one.host(name)),
            #[cfg(unix)]
            Some(Host::Unix(folder)) => drop(one.host_path(folder)),
            None => {}
        }
        if let Some(address) = addresses.get(at) {
            one.hostaddr(*address);
        }
        if let Some(port) = ports.get(at).or(ports.first()) {
            one.port(*port);
        }
        one
    };
    (0..count).map(one).collect()
}

fn without_hosts(config: &Config) -> Config {
    let mut one = Config::new();
    one.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding());
    if let Some(user) = config.get_user() {
        one.user(user);
    }
    if let Some(password) = config.get_password() {
        one.password(password);
    }
    if let Some(name) = config.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = config.get_options() {
        one.options(options);
    }
    if let Some(name) = config.get_application_name() {
        one.application_name(name);
    }
    if let Some(timeout) = config.get_connect_timeout() {
        one.connect_timeout(*timeout);
    }
    if let Some(timeout) = config.get_tcp_user_timeout() {
        one.tcp_user_timeout(*timeout);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        one.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        one.keepalives_retries(retries);
    }
    one
}

/// Refuses a server that is too old with a clear message, before a statement fails there.
pub(super) async fn check_version(client: &Client) -> Result<(), OpenError> {
    let version = ask(client, "show server_version_num").await?;
    if version.parse().is_ok_and(|version: u32| version < OLDEST) {
        let full = ask(client, "show server_version").await?;
        return Err(OpenError::TooOld { version: full, oldest: OLDEST / 10_000 });
    }
    Ok(())
}

/// Whether a pooler in between hands out its connections transaction by transaction, as `PgBouncer` does in its
/// transaction mode. Then nothing that belongs to a session survives a transaction, in particular no prepared
/// statement. It shows in one of two ways: two open connections share a backend, or one connection has several
/// backends.
pub(super) async fn is_pooled(one: &Client, other: &Client) -> Result<bool, Error> {
    let (mut of_one, mut of_other) = (HashSet::new(), HashSet::new());
    for _ in 0..LOOKS {
        of_one.insert(ask(one, "select pg_backend_pid()").await?);
        of_other.insert(ask(other, "select pg_backend_pid()").await?);
    }
    Ok(of_one.len() > 1 || of_other.len() > 1 || !of_one.is_disjoint(&of_other))
}

/// The value that a statement returns. It needs no prepared statement.
async fn ask(client: &Client, sql: &str) -> Result<String, Error> {
    let rows = client.simple_query(sql).await?;
    let value = rows.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(value.unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_of_an_address_becomes_an_address_of_its_own() {
        let url = "postgres://me:secret@one:5433,two:5434/drive?target_session_attrs=read-write&sslmode=require\
                   &keepalives_retries=3&options=-cgeqo%3Doff";
        let mut config: Config = url.parse().unwrap();
        complete(&mut config);
        let each = each_host(&config);
        let expected = |host: &str, port: &str| {
            let url = url.replace("one:5433,two:5434", &format!("{host}:{port}"));
            let mut config: Config = url.parse().unwrap();
            config.connect_timeout(PATIENCE / 2);
            complete(&mut config);
            config
        };
        assert_eq!(each, [expected("one", "5433"), expected("two", "5434")]);
    }
}
