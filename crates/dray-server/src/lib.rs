//! The Dray service: a drive whose uploads go straight to S3.
//!
//! [`run`] serves on a socket that the caller owns until the caller says stop. [`admin`] works on the same data
//! folder from the command line.

pub mod admin;
mod bytes_host;
mod checks;
pub mod doctor;
mod embedded;
mod folder;
mod http;
mod metrics;
mod objects;
mod random;
mod serve;
mod service;
mod tls;
mod webhooks;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use dray_db::access::UserRow;
pub use dray_db::tokens::TokenRow;
use dray_db::{self as db, Db};
pub use dray_drive::Error as DriveError;
pub use dray_drive::clock::Clock;
pub use dray_drive::report::Report;
pub use dray_drive::rules::{FileType, InvalidFileType, MAX_OPEN_UPLOADS, UploadRules};
pub use dray_drive::settings::{
    BUCKET, Config, DATABASE_CONNECTIONS, DatabaseUrl, HostName, InvalidHostName, InvalidRateLimit,
    InvalidTrustedProxy, InvalidWebhook, OwnHosts, REGION, Rate, RateLimit, S3Config, SettingError, TlsFiles,
    TrustedProxy, WebhookSecret, WebhookSettings, WebhookUrl, store_folder,
};
use dray_drive::{self as drive, settings as config};
use dray_object_store::{WhenShort, die_at};
pub use dray_s3::Credentials;
use dray_s3::Endpoint;
use embedded::EmbeddedStore;
use http::BasePath;
use http::RateLimits;
pub use http::{creating_routes, route_table};
use metrics::{ConnectionMetrics, Metrics};
use objects::Objects;
use serve::{Bounds, Connections};
use service::Service;
use service::passwords::Passwords;
use service::readiness::Readiness;
use tls::Tls;
use webhooks::Webhooks;

/// How long a request for metrics may still take when all else has ended.
const METRICS_GRACE: Duration = Duration::from_secs(5);
/// How often unfinished uploads are looked for.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// How many of them are worked on at once.
const SWEEP_LIMIT: u32 = 1000;

/// How often rate limits forget who is not held back, and times are added up.
const TIDY_EVERY: Duration = Duration::from_secs(5);
/// The consequence of an unknown proxy.
const PROXY_SHARES: &str = "all its clients share the limits of its one address";
/// Scrapers at once.
const METRICS_CONNECTIONS: usize = 16;

/// Why a server cannot start. Each is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data folder cannot be made or written.
    #[error("the data folder {} cannot be used: {source}; choose another with --data, or let this user write there", path.display())]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("the database {name} {source}")]
    Database {
        /// Its file, or what stands for its address, which may have a password in it.
        name: String,
        /// Why.
        source: db::OpenError,
    },
    /// The embedded store cannot be opened.
    #[error(transparent)]
    Store(#[from] dray_object_store::OpenError),
    /// A setting is not usable.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The store does not let the server in.
    #[error("the object store does not answer as it should: {0}")]
    StoreRefused(DriveError),
    /// A socket could not be opened.
    #[error("no local socket: {0}")]
    Socket(std::io::Error),
    /// The drive said no.
    #[error(transparent)]
    Drive(#[from] DriveError),
}

/// Where a server listens. The caller opens the sockets, so they know what is wrong with one and which it is.
pub struct Sockets {
    /// The drive: page, API and embedded store.
    pub drive: TcpListener,
    /// `GET /metrics` for Prometheus, and nothing else; if there is none, nothing is counted.
    pub metrics: Option<TcpListener>,
}

impl From<TcpListener> for Sockets {
    fn from(drive: TcpListener) -> Self {
        Self { drive, metrics: None }
    }
}

/// Serves the drive on `sockets` until `shutdown`, then lets transfers finish within
/// [`Config::shutdown_grace`].
pub async fn run(
    config: Config,
    sockets: impl Into<Sockets>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    Server::start(config, sockets).await?.run(shutdown).await;
    Ok(())
}

/// A server that has all it needs and does not accept connections yet.
pub struct Server {
    sockets: Sockets,
    router: Router,
    limits: serve::Limits,
    rate_limits: RateLimits,
    service: Service,
    tls: Option<Tls>,
    embedded: Option<EmbeddedStore>,
}

impl Server {
    /// Opens the data folder and checks everything that can be wrong with it or with the settings.
    pub async fn start(config: Config, sockets: impl Into<Sockets>) -> Result<Self, Error> {
        let sockets = sockets.into();
        let origins = checks::origins(&config.allow_origins)?;
        let public_url = config.public_url.as_deref().map(checks::public_url).transpose()?;
        let bytes = bytes_host::endpoint(&config)?;
        checks::upload_rules(&config.uploads)?;
        let download_ttl_secs = checks::download_ttl_secs(config.download_ttl)?;
        let url_ttl_secs = checks::url_ttl_secs(config.url_ttl, &config.uploads)?;
        let tls = match config.tls.clone() {
            Some(files) => Some(Tls::open(files).await?),
            None => None,
        };
        folder::make(&config.data)?;
        let metrics = Arc::new(metrics(sockets.metrics.is_some())?);
        let bounds =
            Bounds::new(config.max_connections, config.connections_per_address, &config.trusted_proxies);
        let connections = Connections::new(bounds, metrics.connections.clone());
        let (embedded, objects) = match &config.s3 {
            None => {
                let (embedded, objects) =
                    EmbeddedStore::open(&config, &metrics, when_short(&connections)).await?;
                (Some(embedded), objects)
            }
            Some(s3) => (None, Objects::other(s3, &metrics).await?),
        };
        let db = open_database(&config, embedded.as_ref(), &metrics).await?;
        check_store(&objects, embedded.is_some()).await?;
        let listener = sockets.drive.local_addr().map_err(Error::Socket)?.ip();
        checks::warn_of_unknown_proxy(&config, listener);
        let rate_limits = RateLimits::new(&config, listener, &metrics);
        let (clock, tasks) = (config.clock.clone(), TaskTracker::new());
        let trash_life = SignedDuration::try_from(config.trash_life).unwrap_or(SignedDuration::MAX);
        let service = Service::new(service::Inner {
            db,
            objects,
            clock,
            url_ttl_secs,
            download_ttl_secs,
            rules: config.uploads.clone(),
            trash_life,
            server: random::text().map_err(Error::Drive)?,
            tasks,
            halt: CancellationToken::new(),
            sweep_soon: Notify::new(),
            readiness: Readiness::default(),
            passwords: Passwords::default(),
            webhooks: Webhooks::new(config.webhooks.clone()),
            metrics,
        });
        begin(&service).await?;
        let app = app(&service, public_url, bytes, checks::own_hosts(&config), rate_limits.clone());
        let around = http::Around {
            store: embedded.as_ref().map(EmbeddedStore::store),
            bucket: BUCKET,
            origins: &origins,
            proxies: &config.trusted_proxies,
            traces: config.traces,
        };
        let router = http::router(&app, around);
        let limits = serve::Limits {
            connections,
            grace: config.shutdown_grace,
            tls: tls.as_ref().map(Tls::acceptor).transpose()?,
        };
        Ok(Self { sockets, router, limits, rate_limits, service, tls, embedded })
    }

    /// All that is served on the drive's socket, for who is in this process: tests that ask very often.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Serves until `shutdown`. What was begun ends first: requests (within the grace), then finalizes that
    /// outlived theirs (within the grace once more), then the way to the store, then the files.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) {
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        tokio::spawn(async move {
            shutdown.await;
            tracing::info!("stopping: no new connections, requests under way may finish");
            stopping.cancel();
        });
        let sweeping = tokio::spawn(sweep_for_ever(self.service.clone()));
        let telling = tokio::spawn(webhooks::deliver_for_ever(self.service.clone()));
        let following = self.tls.map(|tls| tokio::spawn(tls.follow_files()));
        let tidying = tokio::spawn(tidy_for_ever(self.rate_limits, self.service.metrics.clone()));
        let stop_metrics = CancellationToken::new();
        let store = self.embedded.as_ref().map(|embedded| embedded.store().clone());
        let serving_metrics = self.sockets.metrics.map(|listener| {
            let router = http::metrics_router(self.service.clone(), store.clone());
            let limits = metrics_limits();
            tokio::spawn(serve::serve(listener, router, stop_metrics.clone(), limits))
        });
        let grace = self.limits.grace;
        serve::serve(self.sockets.drive, self.router, stop, self.limits).await;

        for task in [&sweeping, &telling, &tidying].into_iter().chain(&following) {
            task.abort();
        }
        // They have been aborted, or have panicked, which was logged: either way they are over.
        let _ = tokio::join!(sweeping, telling);
        self.service.tasks.close();
        if tokio::time::timeout(grace, self.service.tasks.wait()).await.is_err() {
            tracing::warn!(
                "finalizes that are still under way are left to the next start, or to other servers"
            );
            self.service.halt.cancel();
            self.service.tasks.wait().await;
        }
        if let Err(err) = self.service.end_sweep().await {
            tracing::warn!(%err, "other servers begin to sweep only when this one's lease has run out");
        }
        if let Some(serving) = serving_metrics {
            end(serving, &stop_metrics).await;
        }
        self.service.db.close().await;
        if let Some(embedded) = self.embedded {
            embedded.close().await;
        }
    }
}

/// Refuses a store that refuses the server.
async fn check_store(objects: &Objects, is_embedded: bool) -> Result<(), Error> {
    match objects.check().await {
        // Another store may be back any moment, and reading the drive does without it.
        Err(err @ DriveError::StoreUnreachable { .. }) if !is_embedded => {
            tracing::warn!(%err, "uploads and downloads wait for the store");
            Ok(())
        }
        checked => checked.map_err(Error::StoreRefused),
    }
}

/// What is done once, before the first request.
async fn begin(service: &Service) -> Result<(), Error> {
    let begun = async {
        service.end_leases().await?;
        service.renew_names().await
    };
    match begun.await {
        // A full disk must not keep anyone from reading; the leases run out by themselves, and names are renewed at
        // another start.
        Err(DriveError::NoSpace) => tracing::warn!("the disk is full: only reads will work"),
        begun => begun?,
    }
    Ok(())
}

/// What handlers share.
fn app(
    service: &Service,
    public: Option<(String, BasePath)>,
    bytes: Option<Endpoint>,
    hosts: Arc<OwnHosts>,
    rate_limits: RateLimits,
) -> http::App {
    let (public_url, base_path) = public.map_or((None, BasePath::new("")), |(url, path)| (Some(url), path));
    let origins = bytes_host::page_origins(public_url.as_deref(), bytes.as_ref(), &service.objects);
    http::App::new(http::Shared {
        service: service.clone(),
        public_url: public_url.map(Into::into),
        base_path,
        hosts,
        bytes,
        store_origins: origins.into(),
        rate_limits,
    })
}

/// Ends a listener beside the drive's.
async fn end(serving: JoinHandle<()>, stop: &CancellationToken) {
    stop.cancel();
    if let Err(err) = serving.await {
        tracing::warn!(%err, "a listener beside the drive's did not end well");
    }
}

async fn sweep_for_ever(service: Service) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = service.sweep_soon.notified() => {}
        }
        match service.sweep(service.clock.now(), SWEEP_LIMIT).await {
            Ok(report) if report == Report::default() => {}
            Ok(report) => {
                service.metrics.swept(&report);
                tracing::info!(?report, "swept");
            }
            Err(err) => {
                service.metrics.sweep_failures.increment(1);
                tracing::warn!(%err, "the sweep failed");
            }
        }
    }
}

/// Keeps what requests leave in memory from piling up.
async fn tidy_for_ever(rate_limits: RateLimits, metrics: Arc<Metrics>) {
    let mut ticks = tokio::time::interval(TIDY_EVERY);
    loop {
        ticks.tick().await;
        rate_limits.forget_idle();
        metrics.add_up();
    }
}

fn metrics(are_wanted: bool) -> Result<Metrics, Error> {
    if are_wanted { Ok(Metrics::on().map_err(drive::Error::internal)?) } else { Ok(Metrics::off()) }
}

/// Who does not read an answer gives way when the embedded store is short of the memory that it is held in.
fn when_short(connections: &Connections) -> WhenShort {
    let connections = connections.clone();
    WhenShort::new(move || connections.relieve())
}

/// Few ask for metrics, and they may until all else has ended.
fn metrics_limits() -> serve::Limits {
    let bounds = Bounds::new(METRICS_CONNECTIONS, None, &[]);
    let connections = Connections::new(bounds, ConnectionMetrics::off());
    serve::Limits { connections, grace: METRICS_GRACE, tls: None }
}

/// The database, which is helped out by the embedded store when the disk is full.
async fn open_database(
    config: &Config,
    embedded: Option<&EmbeddedStore>,
    metrics: &Metrics,
) -> Result<Db, Error> {
    let (url, connections) = (config.database_url.as_ref(), config.database_connections);
    let db = folder::open_database(&config.data, url, connections)
        .await?
        .timed(metrics.database_read.clone(), metrics.database_write.clone());
    Ok(match embedded {
        Some(embedded) => db.with_reserve(embedded.reserve()),
        None => db,
    })
}
