//! The Dray service: a drive whose uploads go straight to S3.
//!
//! [`run`] serves on a socket that the caller owns, until the caller stops it. The parts that operators' commands
//! also use are public: the data folder, the object store and leases.

pub mod belonging;
mod boot;
pub mod bytes_host;
mod checks;
mod client_address;
pub mod data_folder;
mod drive_time;
pub mod embedded;
mod error;
mod http;
pub mod lease;
mod loops;
pub mod metrics;
pub mod objects;
pub mod random;
mod serve;
mod service;
#[cfg(test)]
mod sim;
pub mod storefront;
mod tls;
mod webhooks;

use std::collections::HashSet;
use std::fs::File;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use belonging::{Marking, NotOurs};
use checks::Checked;
pub use checks::check_settings;
use futures_util::future::OptionFuture;
use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use dray_db::clock::SteadyClock;
use dray_db::quiet::Boot;
pub use dray_db::tokens::TokenRow;
pub use dray_db::users::UserRow;
use dray_db::{self as db, Db};
pub use dray_drive::Error as DriveError;
pub use dray_drive::clock::Clock;
pub use dray_drive::report::Report;
pub use dray_drive::rules::{FileType, InvalidFileType, MAX_OPEN_UPLOADS, UploadRules};
pub use dray_drive::settings::{
    BUCKET, Config, DATABASE_CONNECTIONS, DatabaseUrl, HostName, InvalidHostName, InvalidRateLimit,
    InvalidTrustedProxy, InvalidWebhook, OwnHosts, REGION, Rate, RateLimit, S3Config, SettingError, TlsFiles,
    TrustedProxy, WebhookSecret, WebhookSettings, WebhookUrl, database_file, store_folder,
};
use dray_drive::{self as drive, settings as config};
use dray_object_store::WhenShort;
pub use dray_s3::Credentials;
use drive_time::DriveTime;
pub use drive_time::MOST_OFF;
use embedded::EmbeddedStore;
pub use error::Error;
use http::BasePath;
use http::RateLimits;
pub use http::{creating_routes, route_table};
use loops::{sweep_for_ever, tidy_for_ever};
use metrics::{ConnectionMetrics, Metrics};
use objects::Objects;
use serve::{Bounds, Connections};
use service::Service;
use storefront::Storefront;
use tls::Tls;
use webhooks::{Delivering, Webhooks};

/// How long a request for metrics may still take after everything else has ended.
const METRICS_GRACE: Duration = Duration::from_secs(5);

/// The maximum number of connections of the metrics listener.
const METRICS_CONNECTIONS: usize = 16;

/// The sockets of a server. The caller opens them, so it can report which of them failed and why.
pub struct Sockets {
    /// The drive: page, API and embedded store.
    pub drive: TcpListener,
    /// `GET /metrics` for Prometheus, and nothing else. Without this socket, the server counts nothing.
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

/// A server that has opened everything it needs and does not accept connections yet.
pub struct Server {
    sockets: Sockets,
    router: Router,
    limits: serve::Limits,
    rate_limits: RateLimits,
    service: Service,
    delivering: Option<Delivering>,
    metrics: Arc<Metrics>,
    tls: Option<Tls>,
    front: Option<Storefront>,
    embedded: Option<EmbeddedStore>,
    /// The lock on the data folder, if the database is in it.
    alone: Option<File>,
}

impl Server {
    /// Opens the data folder and everything else that the server needs, and checks the settings.
    pub async fn start(config: Config, sockets: impl Into<Sockets>) -> Result<Self, Error> {
        let sockets = sockets.into();
        let Checked { origins, public_url, bytes, clients_endpoint } = checks::checked(&config)?;
        let tls = match config.tls.clone() {
            Some(files) => Some(Tls::open(files).await?),
            None => None,
        };
        data_folder::make(&config.data)?;
        let metrics = Arc::new(metrics(sockets.metrics.is_some())?);
        let bounds =
            Bounds::new(config.max_connections, config.connections_per_address, &config.trusted_proxies);
        let connections = Connections::new(bounds, metrics.connections.clone());
        let (embedded, objects) = open_store(&config, clients_endpoint, &metrics, &connections).await?;
        let alone = data_folder::lock_of_file(&config)?;
        let db = open_database(&config, embedded.as_ref(), &metrics).await?;
        let objects = check_store(&config, &db, objects).await?;
        let (front, objects) = open_front(&config, &db, embedded.as_ref(), objects, &connections).await?;
        let listener = sockets.drive.local_addr().map_err(Error::Socket)?.ip();
        checks::warn_of_unknown_proxy(&config, listener);
        let rate_limits = RateLimits::new(&config, listener, &metrics);
        let clock = DriveTime::new(config.clock.clone(), db.clone());
        let delivering = delivering(&config, &db, &clock, &metrics);
        let public = public_url.as_ref().map(|(url, _)| url.as_str());
        let store_origins = bytes_host::page_origins(public, bytes.as_ref(), &objects);
        let service = drive(&config, clock, db, objects, &metrics, delivering.as_ref()).await?;
        let (public_url, base_path) =
            public_url.map_or((None, BasePath::new("")), |(url, path)| (Some(url), path));
        let app = http::App::new(http::Shared {
            service: service.clone(),
            public_url: public_url.map(Into::into),
            base_path,
            hosts: checks::own_hosts(&config),
            bytes,
            store_origins: store_origins.into(),
            rate_limits: rate_limits.clone(),
        });
        let around = http::Around {
            front: front.clone(),
            bucket: BUCKET,
            origins: &origins,
            proxies: &config.trusted_proxies,
            traces: config.traces,
            metrics: &metrics,
        };
        let limits = serve::Limits {
            connections,
            grace: config.shutdown_grace,
            tls: tls.as_ref().map(Tls::acceptor).transpose()?,
            any_origin: origins.is_empty(),
        };
        Ok(Self {
            sockets,
            router: http::router(&app, around),
            limits,
            rate_limits,
            service,
            delivering,
            metrics,
            tls,
            front,
            embedded,
            alone,
        })
    }

    /// All routes of the drive's socket, for tests in this process that send very many requests.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Serves until `shutdown`. Then everything ends in this order: requests (within the grace), finalizes that
    /// outlive their requests (within the grace once more), the connection to the store, the files.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) {
        // Another server may start only after everything here has ended.
        let _alone = self.alone;
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        tokio::spawn(async move {
            shutdown.await;
            tracing::info!("stopping: no new connections, requests under way may finish");
            stopping.cancel();
        });
        let sweeping = tokio::spawn(sweep_for_ever(self.service.clone(), self.metrics.clone()));
        let telling = self.delivering.map(|with| tokio::spawn(webhooks::deliver_for_ever(with)));
        let following = self.tls.map(|tls| tokio::spawn(tls.follow_files()));
        let tidying = tokio::spawn(tidy_for_ever(self.rate_limits, self.metrics.clone()));
        let stop_metrics = CancellationToken::new();
        let front = self.front;
        let serving_metrics = self.sockets.metrics.map(|listener| {
            let router = http::metrics_router(self.service.clone(), self.metrics.clone(), front);
            let limits = metrics_limits();
            tokio::spawn(serve::serve(listener, router, stop_metrics.clone(), limits))
        });
        let grace = self.limits.grace;
        serve::serve(self.sockets.drive, self.router, stop, self.limits).await;

        for task in [&sweeping, &tidying].into_iter().chain(&telling).chain(&following) {
            task.abort();
        }
        // The loops were aborted, or have panicked, which was logged. In either case they have ended.
        let _ = tokio::join!(sweeping, OptionFuture::from(telling));
        self.service.finish(grace).await;
        if let Some(serving) = serving_metrics {
            end(serving, &stop_metrics).await;
        }
        self.service.close().await;
        if let Some(embedded) = self.embedded {
            embedded.close().await;
        }
    }
}

/// The embedded store, or the external one that the settings name, and the connection to it.
async fn open_store(
    config: &Config,
    clients_endpoint: Option<dray_s3::Endpoint>,
    metrics: &Arc<Metrics>,
    connections: &Connections,
) -> Result<(Option<EmbeddedStore>, Objects), Error> {
    if let Some(s3) = &config.s3 {
        return Ok((None, Objects::other(s3, clients_endpoint, metrics).await?));
    }
    let (embedded, objects) = EmbeddedStore::open(config, metrics, when_short(connections)).await?;
    Ok((Some(embedded), objects))
}

/// What serves stored bytes here, if anything does. With a relay, URLs are signed for it.
async fn open_front(
    config: &Config,
    db: &Db,
    embedded: Option<&EmbeddedStore>,
    objects: Objects,
    connections: &Connections,
) -> Result<(Option<Storefront>, Objects), Error> {
    if let Some(embedded) = embedded {
        return Ok((Some(Storefront::Embedded(embedded.store())), objects));
    }
    if !config.s3_relay {
        return Ok((None, objects));
    }
    let (relay, objects) = storefront::open_relay(config, db, objects, when_short(connections)).await?;
    Ok((Some(relay), objects))
}

/// What is needed to post events, if there are webhooks.
fn delivering(config: &Config, db: &Db, clock: &DriveTime, metrics: &Arc<Metrics>) -> Option<Delivering> {
    let mut settings = config.webhooks.clone().filter(|settings| !settings.urls.is_empty())?;
    // An event is recorded once for each address. Two spellings of one address are equal here.
    let mut seen = HashSet::new();
    settings.urls.retain(|url| seen.insert(url.as_str().to_owned()));
    Some(Delivering { db: db.clone(), clock: clock.clone(), metrics: metrics.clone(), settings })
}

/// The drive behind the API, with what the settings say about it. What comes before the first request is done.
async fn drive(
    config: &Config,
    clock: DriveTime,
    db: Db,
    objects: Objects,
    metrics: &Arc<Metrics>,
    delivering: Option<&Delivering>,
) -> Result<Service, Error> {
    let service = Service::new(service::Parts {
        db,
        objects,
        clock,
        url_ttl_secs: checks::url_ttl_secs(config.url_ttl, &config.uploads)?,
        download_ttl_secs: checks::download_ttl_secs(config.download_ttl)?,
        rules: config.uploads.clone(),
        trash_life: SignedDuration::try_from(config.trash_life).unwrap_or(SignedDuration::MAX),
        server: random::text().map_err(Error::Drive)?,
        webhooks: Webhooks::new(delivering.map(|with| with.settings.clone())),
        metrics: metrics.clone(),
    });
    begin(&service, boot::now(config.steady_clock.as_ref())).await?;
    Ok(service)
}

/// Fails if the store refuses the server, or is not the drive's store.
async fn check_store(config: &Config, db: &Db, objects: Objects) -> Result<Objects, Error> {
    let checked = async {
        objects.check().await?;
        belonging::prove(db, &objects, Marking::Allowed, &config.clock).await
    };
    match checked.await {
        // An external store may return at any moment, and reading the drive works without it.
        Err(NotOurs::Unknown(err @ DriveError::StoreUnreachable { .. })) if config.s3.is_some() => {
            tracing::warn!(%err, "uploads and downloads have to wait for the store");
            Ok(belonging::proven_later(db.clone(), &objects, config.clock.clone()))
        }
        checked => Ok(checked?),
    }
}

/// Work that is done once, before the first request.
async fn begin(service: &Service, boot: Option<Boot>) -> Result<(), Error> {
    let begun = async {
        service.compare_clocks().await?;
        service.begin_alone(boot).await?;
        service.renew_names().await
    };
    match begun.await {
        // A full disk must not stop reads. The leases expire by themselves, and a later start updates the names.
        Err(DriveError::NoSpace) => tracing::warn!("the disk is full: only reads will work"),
        begun => begun?,
    }
    Ok(())
}

/// Ends an additional listener.
async fn end(serving: JoinHandle<()>, stop: &CancellationToken) {
    stop.cancel();
    if let Err(err) = serving.await {
        tracing::warn!(%err, "an additional listener ended with an error");
    }
}

fn metrics(are_wanted: bool) -> Result<Metrics, Error> {
    if are_wanted { Ok(Metrics::on().map_err(drive::Error::internal)?) } else { Ok(Metrics::off()) }
}

/// When the embedded store is short of memory for answers, clients that do not read their answers are cut off.
fn when_short(connections: &Connections) -> WhenShort {
    let connections = connections.clone();
    WhenShort::new(move || connections.relieve())
}

/// Few clients ask for metrics, and they may do so until everything else has ended.
fn metrics_limits() -> serve::Limits {
    let bounds = Bounds::new(METRICS_CONNECTIONS, None, &[]);
    let connections = Connections::new(bounds, ConnectionMetrics::off());
    serve::Limits { connections, grace: METRICS_GRACE, tls: None, any_origin: false }
}

/// The database. When the disk is full, the embedded store releases space for it.
async fn open_database(
    config: &Config,
    embedded: Option<&EmbeddedStore>,
    metrics: &Metrics,
) -> Result<Db, Error> {
    let (url, connections) = (config.database_url.as_ref(), config.database_connections);
    let db = data_folder::open_database(&config.data, url, connections)
        .await?
        .timed(metrics.database_read.clone(), metrics.database_write.clone());
    let db = match &config.steady_clock {
        Some(clock) => db.with_steady_clock(SteadyClock::given(clock.clone())),
        None => db,
    };
    Ok(match embedded {
        Some(embedded) => db.with_reserve(embedded.reserve()),
        None => db,
    })
}
