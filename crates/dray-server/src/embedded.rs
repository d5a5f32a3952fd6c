//! The embedded object store in the data folder, and the server's connection to it.

use std::sync::Arc;

use dray_object_store::{CorsOrigins, ObjectStore, Spending, WhenShort};

use crate::config::{BUCKET, Config, REGION, bucket_at_base_path, bucket_at_own_host, store_folder};
use crate::error::Error;
use crate::metrics::Metrics;
use crate::objects::{Embedded, Objects, TOKEN_METADATA, Way};
use crate::{drive, http};

/// The embedded store.
pub struct EmbeddedStore {
    store: ObjectStore,
}

impl EmbeddedStore {
    /// Opens the store. The server calls it without a socket. So it can still reach the store during a stop, while
    /// the public socket drains.
    pub async fn open(
        config: &Config,
        metrics: &Arc<Metrics>,
        when_short: WhenShort,
    ) -> Result<(Self, Objects), Error> {
        let store = open_store(config, when_short).await?;
        if let Some(name) = config.base_segment().filter(|name| store.has_bucket(name)) {
            tracing::warn!("{}", bucket_at_base_path(&name));
        }
        for name in config.buckets_at_own_hosts().iter().filter(|name| store.has_bucket(name)) {
            tracing::warn!("{}", bucket_at_own_host(name));
        }
        let signing = store.clone();
        let objects = Objects::embedded(Embedded {
            way: Way::Router(store.own_router()),
            keys: Arc::new(move || signing.credentials()),
            region: REGION.to_owned(),
            bucket: BUCKET.to_owned(),
            metrics: metrics.clone(),
        })?;
        Ok((Self { store }, objects))
    }

    /// A function that releases the space that the store reserves for a full disk, until its answer is dropped.
    pub fn reserve(&self) -> impl Fn() -> Spending + Send + Sync + 'static + use<> {
        let store = self.store.clone();
        move || store.spend_reserve()
    }

    /// The store, which answers S3 requests from outside and knows the names of all buckets.
    pub fn store(&self) -> ObjectStore {
        self.store.clone()
    }

    /// Closes the files.
    pub async fn close(self) {
        self.store.close().await;
    }
}

async fn open_store(config: &Config, when_short: WhenShort) -> Result<ObjectStore, Error> {
    let mut store = dray_object_store::Config::new(store_folder(&config.data));
    BUCKET.clone_into(&mut store.bucket);
    REGION.clone_into(&mut store.region);
    store.reserved_names = http::first_segments();
    store.reserved_names.extend(config.base_segment());
    store.reserved_names.extend(config.buckets_at_own_hosts());
    if !config.allow_origins.is_empty() {
        store.cors_origins = CorsOrigins::List(config.allow_origins.clone());
    }
    if let Some(transfers) = config.transfers_per_address {
        store.transfers_per_caller = transfers.max(1);
    }
    store.when_short = when_short;
    store.hidden_metadata = Some(TOKEN_METADATA.to_owned());
    let opened = tokio::task::spawn_blocking(|| ObjectStore::open(store)).await;
    Ok(opened.map_err(drive::Error::internal)??)
}
