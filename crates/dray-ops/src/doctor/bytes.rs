//! Checks the separate address for stored bytes (`--bytes-url`): whether it leads to this server. It uses a signed URL,
//! because only this server accepts its own key.

use std::time::Duration;

use dray_s3::xml::{ErrorAnswer, MAX_ERROR_BYTES};
use dray_s3::{Credentials, Endpoint, ErrorCode, PresignScope, presign};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use tokio::net::TcpStream;

use super::store::failure_of;
use super::{Finding, place};
use dray_drive::settings::{BUCKET, Config, REGION, store_folder};
use dray_server::storefront::kept_key;
use dray_server::{bytes_host, data_folder, random};

const BYTES: (&str, &str) = ("bytes address", "parts and downloads go there (--bytes-url)");
const URL_LIFE_SECS: u32 = 60;
/// How long to wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
const LEAD_HERE: &str =
    "let the name resolve to this server; a proxy in between must pass on Host, path and query unchanged";

/// Asks at that address for an object that does not exist. `listen` says whether the server runs: if not, nothing can
/// answer.
pub(super) async fn examine(config: &Config, listen: &str) -> Option<Finding> {
    let (check, why) = BYTES;
    let endpoint = match bytes_host::endpoint(config) {
        Ok(endpoint) => endpoint?,
        Err(err) => return Some(Finding::fail(check, why, err.to_string(), "see dray serve --help")),
    };
    if !is_running(listen).await {
        let found = format!("not checked: no server runs at {listen}");
        return Some(Finding::warn(check, why, found, "start the server, and run this again"));
    }
    let Some(key) = key(config).await else {
        let found = "not checked: the server's key does not exist yet, or cannot be read";
        return Some(Finding::warn(check, why, found, "run this as the server's user, with its settings"));
    };
    Some(match ask(&endpoint, &key, config).await {
        Ok(found) => Finding::ok(check, why, found),
        Err(found) => Finding::fail(check, why, found, LEAD_HERE),
    })
}

async fn is_running(listen: &str) -> bool {
    let connecting = tokio::time::timeout(PATIENCE, TcpStream::connect(listen));
    matches!(connecting.await, Ok(Ok(_)))
}

/// The key that this server signs URLs with.
async fn key(config: &Config) -> Option<Credentials> {
    if config.s3.is_none() {
        return dray_object_store::read_keys(&store_folder(&config.data)).ok();
    }
    // Opening an older database would migrate it to this version, and only the server should do that.
    if !place::is_current(config).await {
        return None;
    }
    let url = config.database_url.as_ref();
    let db = data_folder::open_database(&config.data, url, 1).await.ok()?;
    let key = kept_key(&db).await.ok().flatten();
    db.close().await;
    key
}

/// The result: the answer that only this server gives, or another.
async fn ask(endpoint: &Endpoint, key: &Credentials, config: &Config) -> Result<String, String> {
    let host = endpoint.host(BUCKET);
    let object = random::text().map_err(|err| err.to_string())?;
    let scope = PresignScope {
        credentials: key,
        region: REGION,
        endpoint,
        bucket: BUCKET,
        key: &format!("files/dray-doctor/{object}"),
        now: config.clock.now(),
        expires_secs: URL_LIFE_SECS,
    };
    let url = presign(&Method::GET, &scope, &[]).map_err(|err| err.to_string())?;
    // An error means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = Client::builder().timeout(PATIENCE).redirect(Policy::none()).build();
    let http = http.map_err(|err| failure_of(&err))?;
    let answer = http.get(url).send().await;
    let answer = answer.map_err(|err| format!("{host} does not answer: {}", failure_of(&err)))?;
    let status = answer.status();
    let body = beginning(answer).await;
    let code = ErrorAnswer::parse(&body).map(|error| error.code).unwrap_or_default();
    if code == ErrorCode::NoSuchKey.as_str() {
        return Ok(format!("{host} leads to this server"));
    }
    Err(format!("{host} is not this server, or a proxy there changes requests: it answered {status} {code}"))
}

/// The beginning of an answer, no longer than an error: whatever answers may not be a store.
async fn beginning(mut answer: Response) -> Vec<u8> {
    let mut read = Vec::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        read.extend_from_slice(&piece);
        if read.len() > MAX_ERROR_BYTES {
            break;
        }
    }
    read
}
