//! The object store that comes with the server, in its data folder, and the server's own way to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use dray_object_store::{CorsOrigins, ObjectStore};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{BUCKET, Config, REGION, store_folder};
use crate::metrics::Metrics;
use crate::objects::{Embedded, Objects};
use crate::{Error, drive, end, private_limits, serve};

/// The store that comes with the server, and the server's own way to it.
pub(crate) struct EmbeddedStore {
    store: ObjectStore,
    stop_private: CancellationToken,
    serving_private: JoinHandle<()>,
}

impl EmbeddedStore {
    /// Opens it, and serves it on a port that only this machine sees: while the public one drains at the end, the
    /// server still has a way.
    pub(crate) async fn start(
        config: &Config,
        private: SocketAddr,
        metrics: &Arc<Metrics>,
    ) -> Result<(Self, Objects), Error> {
        let store = open_store(config).await?;
        let private = TcpListener::bind(private).await.map_err(Error::Socket)?;
        let endpoint = format!("http://{}", private.local_addr().map_err(Error::Socket)?);
        let stop_private = CancellationToken::new();
        let limits = private_limits(config.max_connections);
        let private_server = serve::serve(private, store.router(), stop_private.clone(), limits);
        let serving_private = tokio::spawn(private_server);
        let objects = Objects::embedded(Embedded {
            endpoint,
            credentials: store.credentials().clone(),
            region: REGION.to_owned(),
            bucket: BUCKET.to_owned(),
            metrics: metrics.clone(),
        });
        Ok((Self { store, stop_private, serving_private }, objects))
    }

    /// Gives the space free that the store keeps for a full disk.
    pub(crate) fn reserve(&self) -> impl Fn() + Send + Sync + 'static + use<> {
        let store = self.store.clone();
        move || store.spend_reserve()
    }

    /// What answers S3 requests.
    pub(crate) fn router(&self) -> Router {
        self.store.router()
    }

    /// Ends the server's own way, and closes the files.
    pub(crate) async fn stop(self) {
        end(self.serving_private, &self.stop_private).await;
        self.store.close().await;
    }
}

async fn open_store(config: &Config) -> Result<ObjectStore, Error> {
    let mut store = dray_object_store::Config::new(store_folder(&config.data));
    BUCKET.clone_into(&mut store.bucket);
    REGION.clone_into(&mut store.region);
    if !config.allow_origins.is_empty() {
        store.cors_origins = CorsOrigins::List(config.allow_origins.clone());
    }
    let opened = tokio::task::spawn_blocking(|| ObjectStore::open(store)).await;
    Ok(opened.map_err(drive::Error::internal)??)
}

/// Where the server reaches its own store: any free port that only this machine sees.
pub(crate) fn loopback(listener: &TcpListener) -> SocketAddr {
    let is_v6_only =
        listener.local_addr().is_ok_and(|address| address.ip() == IpAddr::V6(Ipv6Addr::LOCALHOST));
    let ip = if is_v6_only { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
    SocketAddr::new(ip, 0)
}
