//! The settings of a server, as values: one struct, read once at start. This file does not read arguments or files.

mod hosts;
mod proxies;
mod rate;
mod store;
mod webhooks;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dray_s3::{AddressingStyle, Endpoint};

pub use crate::clock::Clock;
use crate::rules::UploadRules;
use crate::{Error, Result};
pub use hosts::{HostName, InvalidHostName, OwnHosts, UNNAMED};
pub use proxies::{InvalidTrustedProxy, TrustedProxy};
pub use rate::{InvalidRateLimit, Rate, RateLimit};
pub use store::S3Config;
pub use webhooks::{InvalidWebhook, WebhookSecret, WebhookSettings, WebhookUrl};

/// The consequence of a proxy that the settings do not name.
pub const PROXY_SHARES: &str = "all its clients share the limits of its one address";
/// Name of the embedded store's bucket.
pub const BUCKET: &str = "dray";
/// Region that the embedded store signs for.
pub const REGION: &str = "us-east-1";

/// The default number of connections to Postgres. More do not make a database faster.
pub const DATABASE_CONNECTIONS: usize = 16;

/// The address of a Postgres database, `postgres://user:password@host:5432/name`. `Debug` hides it, because it may contain
/// a password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Accepts any text. Whether the text is an address is checked when it is used.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The address, with its password.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting} {rule}")]
pub struct SettingError {
    /// The flag.
    pub setting: &'static str,
    /// The rule, as the end of a sentence that starts with the flag.
    pub rule: String,
}

/// The files of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate with its chain, as PEM.
    pub cert: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
}

/// The settings of a server.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder that holds everything: the database and the embedded object store.
    pub data: PathBuf,
    /// Postgres instead of the embedded database, which is SQLite in [`Config::data`]. Several servers may share it.
    pub database_url: Option<DatabaseUrl>,
    /// Connections to Postgres at once.
    pub database_connections: usize,
    /// An external object store instead of the embedded one.
    pub s3: Option<S3Config>,
    /// Whether clients reach the external store only through this server. The server then signs URLs for its own address and relays transfers.
    pub s3_relay: bool,
    /// The address at which callers reach this server, such as `https://drive.example.com`. Without it, URLs are
    /// signed for the host that the caller used.
    pub public_url: Option<String>,
    /// Hosts that are this server's own, besides that of [`Config::public_url`]. If any are named, the server signs
    /// URLs only for them, and accepts a proxy's `X-Forwarded-Host` only if it is one of them.
    pub hosts: Vec<HostName>,
    /// A separate address for stored bytes, such as `https://bytes.example.com`. URLs of parts and downloads are
    /// signed for it, and only the embedded store, or the relay, answers there. Without it, stored bytes are at the
    /// server's own address.
    pub bytes_url: Option<String>,
    /// Origins of pages that browsers allow to call this server; empty means any. Dray uses no cookies,
    /// so a page has only the rights of the token or signed URL that it holds.
    pub allow_origins: Vec<String>,
    /// How long a signed part URL is valid: at most 23/24 of [`UploadRules::idle_life`].
    pub url_ttl: Duration,
    /// How long a signed download URL is valid: 1 minute to 7 days.
    pub download_ttl: Duration,
    /// Which uploads the server accepts, and how long it waits for them.
    pub uploads: UploadRules,
    /// How long items stay in the trash before they are removed permanently.
    pub trash_life: Duration,
    /// How long a stopping server lets requests under way finish.
    pub shutdown_grace: Duration,
    /// Connections at once. Each may need two file descriptors: its socket, and a part file.
    pub max_connections: usize,
    /// Connections at once from one client address (of IPv6: its /64), this machine's included. `None` means a quarter
    /// of all, but at least 256 if that leaves a quarter to others. Trusted proxies may have all; behind them, requests
    /// under way are counted for each client.
    pub connections_per_address: Option<usize>,
    /// Uploads, and as many downloads, that the embedded store or the relay serves one client address at once; `None`
    /// means 512.
    pub transfers_per_address: Option<usize>,
    /// Requests that each token may make; `None` means a default, or no limit if the server listens on a loopback
    /// address.
    pub rate_limit_per_token: Option<RateLimit>,
    /// Requests that each client address may make; `None` as above.
    pub rate_limit_per_address: Option<RateLimit>,
    /// Whether requests become spans of OpenTelemetry traces. They then get names for that, and join their callers'
    /// traces by the process's global propagator. Set it if a subscriber that exports spans is installed.
    pub traces: bool,
    /// Trusted proxies in front of the server. The server accepts their `X-Forwarded-For`, `X-Forwarded-Host` and
    /// `X-Forwarded-Proto`.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// The certificate, if the server speaks TLS itself.
    pub tls: Option<TlsFiles>,
    /// Where to post events.
    pub webhooks: Option<WebhookSettings>,
    /// The machine's clock.
    pub clock: Clock,
    /// A clock that never jumps; `None` means the time since the server started, as the machine counts it.
    pub steady_clock: Option<Clock>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("dray-data"),
            database_url: None,
            database_connections: DATABASE_CONNECTIONS,
            s3: None,
            s3_relay: false,
            public_url: None,
            hosts: Vec::new(),
            bytes_url: None,
            allow_origins: Vec::new(),
            url_ttl: Duration::from_hours(1),
            download_ttl: Duration::from_hours(3),
            uploads: UploadRules::default(),
            trash_life: Duration::from_hours(30 * 24),
            shutdown_grace: Duration::from_secs(30),
            max_connections: 400,
            connections_per_address: None,
            transfers_per_address: None,
            rate_limit_per_token: None,
            rate_limit_per_address: None,
            traces: false,
            trusted_proxies: Vec::new(),
            tls: None,
            webhooks: None,
            clock: Clock::system(),
            steady_clock: None,
        }
    }
}

impl Config {
    /// The hosts that the settings name as this server's own.
    pub fn own_hosts(&self) -> OwnHosts {
        OwnHosts::new(&self.hosts, self.public_url.as_deref())
    }

    /// Names that a bucket cannot have without making one of the server's hosts unclear: with the hosts `example.com` and
    /// `drive.example.com`, the second is also the host of a bucket `drive`.
    pub fn buckets_at_own_hosts(&self) -> Vec<String> {
        let own = self.own_hosts();
        let bytes = self.bytes_url.as_deref().and_then(|url| public_endpoint(url).ok());
        let bytes: Option<HostName> = bytes.and_then(|endpoint| endpoint.host("").parse().ok());
        let mut names: Vec<String> = Vec::new();
        for host in own.iter().chain(&bytes) {
            names.extend(own.buckets_in(host).into_iter().map(str::to_owned));
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The first segment of the path below which the server is served; `None` if it is served at the root.
    pub fn base_segment(&self) -> Option<String> {
        let endpoint = public_endpoint(self.public_url.as_deref()?).ok()?;
        endpoint.base_path().split('/').nth(1).map(str::to_owned)
    }

    /// Where clients reach the store; `None` means at this server's own address.
    pub fn clients_endpoint(&self) -> Result<Option<Endpoint>, SettingError> {
        let refused = |rule: &str| SettingError { setting: "--s3-relay", rule: rule.to_owned() };
        match &self.s3 {
            None if self.s3_relay => {
                Err(refused("works only with an external store: name its bucket with --s3-bucket"))
            }
            Some(s3) if !self.s3_relay => s3.public_endpoint().map(Some),
            Some(s3) if s3.public_endpoint.is_some() => Err(refused(
                "sends clients to this server, and --s3-public-endpoint sends them to the store: choose one",
            )),
            None | Some(_) => Ok(None),
        }
    }

    /// A sign in the settings of a proxy, although no proxy is trusted. The text can follow a colon.
    pub fn sign_of_unknown_proxy(&self, listens_locally: bool) -> Option<&'static str> {
        let url = self.public_url.as_deref().filter(|_| self.trusted_proxies.is_empty())?;
        if url.starts_with("https:") && self.tls.is_none() {
            return Some("--public-url is https, and the server has no --tls-cert");
        }
        let is_local = is_local_url(url)?;
        (listens_locally && !is_local)
            .then_some("--public-url is another host, and --listen can be reached only from this machine")
    }
}

/// Whether only this machine can follow the address; `None` if it has no host.
pub fn is_local_url(url: &str) -> Option<bool> {
    let uri = url.parse::<http::Uri>().ok()?;
    let host = uri.host()?.trim_matches(['[', ']']);
    Some(host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

/// Where clients reach the store, from an address such as `https://drive.example.com`.
pub fn public_endpoint(url: &str) -> Result<Endpoint> {
    Endpoint::parse(url, AddressingStyle::Path).map_err(|err| Error::field("Host", err.to_string()))
}

/// A warning about a bucket that has the name of the base path's first segment. Earlier versions let tools create one.
pub fn bucket_at_base_path(name: &str) -> String {
    format!(
        "the bucket {name} has the name of the first segment of --public-url's path, so S3 tools that send requests below \
         that path are refused"
    )
}

/// A warning about a bucket before a host of the server that is another host of the server. A bucket can be older than
/// the settings.
pub fn bucket_at_own_host(name: &str) -> String {
    format!(
        "the bucket {name} before one of the server's hosts (--host, --public-url, localhost) is another host of the server \
         (or that of --bytes-url), so what S3 tools send to that host is refused"
    )
}

/// The embedded object store's folder in a data folder.
pub fn store_folder(data: &Path) -> PathBuf {
    data.join("store")
}

/// The SQLite database's file in a data folder.
pub fn database_file(data: &Path) -> PathBuf {
    data.join("drive.db")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_is_where_the_region_is_unless_an_endpoint_is_given() {
        let url = |region: &str, endpoint: Option<&str>| {
            let config = S3Config {
                endpoint: endpoint.map(str::to_owned),
                public_endpoint: None,
                bucket: "b".into(),
                region: region.into(),
                path_style: false,
                credentials: None,
            };
            config.public_endpoint().unwrap().url(&config.bucket, "k")
        };
        assert_eq!(url("eu-central-1", None), "https://b.s3.eu-central-1.amazonaws.com/k");
        assert_eq!(url("cn-north-1", None), "https://b.s3.cn-north-1.amazonaws.com.cn/k");
        assert_eq!(url("cn-north-1", Some("http://minio:9000")), "http://b.minio:9000/k");
    }

    #[test]
    fn a_proxy_shows_in_the_settings_unless_it_is_trusted() {
        let sign = |url: &str, local, proxy: &[&str]| {
            let trusted_proxies = proxy.iter().map(|text| text.parse().unwrap()).collect();
            let config = Config { public_url: Some(url.into()), trusted_proxies, ..Config::default() };
            config.sign_of_unknown_proxy(local).is_some()
        };
        assert!(sign("https://drive.example.com", false, &[]));
        assert!(!sign("https://drive.example.com", false, &["10.0.0.1"]));
        assert!(sign("http://drive.example.com", true, &[]) && !sign("http://drive.example.com", false, &[]));
        assert!(!sign("http://localhost:8080", true, &[]) && !sign("http://[::1]:8080", true, &[]));
        assert!(Config::default().sign_of_unknown_proxy(true).is_none());
    }

    #[test]
    fn the_server_puts_the_bucket_into_the_path_where_it_cannot_be_in_the_host() {
        let url = |endpoint: &str, bucket: &str| {
            let config = S3Config {
                endpoint: Some(endpoint.into()),
                public_endpoint: Some("https://s3.example.com".into()),
                bucket: bucket.into(),
                region: "us-east-1".into(),
                path_style: false,
                credentials: None,
            };
            config.server_endpoint().unwrap().url(&config.bucket, "k")
        };
        assert_eq!(url("http://10.0.0.5:9000", "b"), "http://10.0.0.5:9000/b/k");
        assert_eq!(url("https://s3.example.com", "my.b"), "https://s3.example.com/my.b/k");
        assert_eq!(url("https://s3.example.com", "b"), "https://b.s3.example.com/k");
    }
}
