//! Answers S3 requests from outside at this server's address: with the embedded store, or with the relay to an
//! external one.

use axum::Router;
use dray_object_store::{CorsOrigins, ObjectStore, Relay, RelayConfig, TransferStock, WhenShort};
use dray_s3::Credentials;
use jiff::Timestamp;

use crate::config::{BUCKET, Config, REGION};
use crate::db::Db;
use crate::db::relay_key::{self, RelayKey};
use crate::objects::Objects;
use crate::{drive, random};

/// The limit of transfers of one client in each direction. The embedded store has the same.
const TRANSFERS_PER_ADDRESS: usize = 512;
/// How long a body may pause. The embedded store has the same limit.
const IDLE_TIMEOUT: std::time::Duration = std::time::Duration::from_mins(1);

/// One of the two. It is cheap to clone.
#[derive(Clone)]
pub(crate) enum Storefront {
    /// The store of this process.
    Embedded(ObjectStore),
    /// The relay, which passes on only requests that this server has signed.
    Relay(Relay),
}

impl Storefront {
    /// Its routes.
    pub(crate) fn router(&self) -> Router {
        match self {
            Self::Embedded(store) => store.router(),
            Self::Relay(relay) => relay.router(),
        }
    }

    /// Whether this is the name of a bucket. The relay has only the bucket of the URLs that this server signs. The
    /// name of that bucket is never in a host.
    pub(crate) fn has_bucket(&self, name: &str) -> bool {
        match self {
            Self::Embedded(store) => store.has_bucket(name),
            Self::Relay(_) => false,
        }
    }

    /// The transfers under way, and those that were refused.
    pub(crate) fn transfers(&self) -> TransferStock {
        match self {
            Self::Embedded(store) => store.transfers(),
            Self::Relay(relay) => relay.transfers(),
        }
    }
}

/// The relay to `objects`, and the same store with URLs that lead to the relay.
pub(crate) async fn open_relay(
    config: &Config,
    db: &Db,
    objects: Objects,
    when_short: WhenShort,
) -> drive::Result<(Storefront, Objects)> {
    let key = key(db, config.clock.now()).await?;
    let objects = signing_for_relay(objects, &key);
    let cors_origins = match &config.allow_origins[..] {
        [] => CorsOrigins::Any,
        origins => CorsOrigins::List(origins.to_vec()),
    };
    let settings = RelayConfig {
        bucket: BUCKET.to_owned(),
        region: REGION.to_owned(),
        key,
        cors_origins,
        idle_timeout: IDLE_TIMEOUT,
        transfers_per_caller: config.transfers_per_address.unwrap_or(TRANSFERS_PER_ADDRESS).max(1),
        when_short,
    };
    Ok((Storefront::Relay(Relay::new(settings, objects.upstream())), objects))
}

/// The same store, with URLs that lead to a relay with this key.
pub(crate) fn signing_for_relay(objects: Objects, key: &Credentials) -> Objects {
    objects.signing_with(key, REGION, BUCKET)
}

/// The key with which all servers of the database sign relayed URLs.
async fn key(db: &Db, now: Timestamp) -> drive::Result<Credentials> {
    if let Some(key) = kept_key(db).await? {
        return Ok(key);
    }
    let id = format!("relay-{}", hex::encode(random::bytes::<8>()?));
    let new = RelayKey { id, secret: hex::encode(random::bytes::<32>()?) };
    db.write(move |c| Ok(relay_key::get_or_set(c, &new, now)?)).await.map(credentials)
}

/// The key, if a server has already created it.
pub async fn kept_key(db: &Db) -> drive::Result<Option<Credentials>> {
    Ok(db.read(|c| Ok(relay_key::get(c)?)).await?.map(credentials))
}

fn credentials(RelayKey { id, secret }: RelayKey) -> Credentials {
    Credentials { access_key_id: id, secret_access_key: secret, session_token: None }
}
