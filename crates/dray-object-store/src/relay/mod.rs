//! The relay: signed URLs of another store, served at this server's address and streamed through to that store, for stores
//! that clients cannot reach. It verifies, bounds and answers requests as the embedded store does, and holds no object.
//!
//! parse → authenticate → authorise → ask, always in that order. Only what the server itself has signed is passed on: reads
//! of an object, parts of uploads, and files that are put whole. How the store is asked is the server's affair.

mod lent;
mod passed;
mod upload;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use dray_s3::{Credentials, ErrorCode, InvalidEncoding, Payload, Query};
use http::{HeaderMap, Method, header, request::Parts};
use tokio::{sync::Semaphore, time::timeout};

use self::lent::Lent;
use crate::{
    BucketIn, CorsOrigins, TransferStock, WhenShort, clock,
    failure::{Failure, slow_down},
    http::{Exchange, Operation, Target, authenticate_head, is_copy, preflight, readable},
    transfers::{Direction, Of, Transfer, Transfers},
};

/// Longest wait for the head of the store's answer to a read. Who waits for a store that is down is told to try again.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// Longest pause between two pieces of an object, and longest time that the store takes no bytes of a part, or does not
/// answer once it has them all.
const STORE_PATIENCE: Duration = Duration::from_mins(1);
/// Bytes of parts that were taken from clients and not yet sent on, in all. A store that takes nothing holds no more memory.
const MAX_UPLOAD_BYTES: usize = 64 << 20;
/// Downloads at once, in all. Each holds what the connections on both sides buffer, some 500 KiB if its client does not read.
const MAX_DOWNLOADS: usize = 512;
/// A download that waits so long for its turn says that downloads are short.
const SHORT_AFTER: Duration = Duration::from_millis(50);
/// Longest wait of a download for its turn.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// What a relay is made with.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// The first segment of every path that is relayed; the store's own bucket may be called otherwise.
    pub bucket: String,
    /// The region that URLs are signed for.
    pub region: String,
    /// What the server signs the relayed URLs with. Not the store's keys.
    pub key: Credentials,
    /// Which web pages may use the URLs.
    pub cors_origins: CorsOrigins,
    /// Longest wait between two frames of a request body, and the time over which a body must bring 8 KiB/s.
    pub idle_timeout: Duration,
    /// Uploads, and as many downloads, that one [`crate::Caller`] may have under way.
    pub transfers_per_caller: usize,
    /// Told while downloads wait for their turn.
    pub when_short: WhenShort,
}

/// What is asked of the store behind a relay.
#[derive(Debug)]
pub struct Relayed {
    /// As S3 calls it: `GetObject`, `HeadObject`, `UploadPart` or `PutObject`.
    pub operation: &'static str,
    /// Its method.
    pub method: Method,
    /// The object's key.
    pub key: String,
    /// The parameters of the operation, not encoded.
    pub query: Vec<(&'static str, String)>,
    /// The headers of the client that the store is to obey.
    pub headers: HeaderMap,
    /// The SHA-256 of the body, if the client said it.
    pub sha256: Option<[u8; 32]>,
    /// The body and how many bytes it has; none for reads.
    pub body: Option<(Body, u64)>,
}

/// The store behind a relay could not be asked, or broke off: why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unanswered(pub String);

/// What came of asking the store.
pub type Asking = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Unanswered>> + Send>>;

/// Asks the store behind a relay. Dropping the future, or the answer's body, ends the request.
#[derive(Clone)]
pub struct Upstream(Arc<dyn Fn(Relayed) -> Asking + Send + Sync>);

impl Upstream {
    /// Asks by calling `ask`.
    pub fn new(ask: impl Fn(Relayed) -> Asking + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    fn ask(&self, request: Relayed) -> Asking {
        (self.0)(request)
    }
}

/// Serves signed URLs of another store. Cheap to clone.
#[derive(Clone)]
pub struct Relay(Arc<Inner>);

struct Inner {
    config: RelayConfig,
    upstream: Upstream,
    transfers: Transfers,
    upload_bytes: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
}

/// A request that the server has signed.
struct Call {
    relay: Relay,
    head: Parts,
    query: Query,
    key: String,
    payload: Payload,
}

impl Relay {
    /// A relay to the store that `upstream` asks.
    pub fn new(config: RelayConfig, upstream: Upstream) -> Self {
        let transfers = Transfers::new(config.transfers_per_caller);
        let (upload_bytes, downloads) = (Semaphore::new(MAX_UPLOAD_BYTES), Semaphore::new(MAX_DOWNLOADS));
        let (upload_bytes, downloads) = (Arc::new(upload_bytes), Arc::new(downloads));
        Self(Arc::new(Inner { config, upstream, transfers, upload_bytes, downloads }))
    }

    /// Every route of the relay. As the store's, it must see the path that was sent.
    pub fn router(&self) -> Router {
        Router::new().fallback(handle).with_state(self.clone())
    }

    /// What is relayed now, and what was refused.
    pub fn transfers(&self) -> TransferStock {
        self.0.transfers.stock()
    }
}

async fn handle(State(relay): State<Relay>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let query = Query::parse(head.uri.query().unwrap_or_default());
    let exchange = Exchange::begin(&head, &query);
    let cors = &relay.0.config.cors_origins;
    let lent = Lent::new(body);
    let outcome = if head.method == Method::OPTIONS {
        preflight(cors, &head)
    } else {
        serve(relay.clone(), head, query, &lent).await
    };
    exchange.end(cors, &relay.0.transfers, outcome, lent.take_back())
}

async fn serve(
    relay: Relay,
    head: Parts,
    query: Result<Query, InvalidEncoding>,
    body: &Lent,
) -> Result<Response, Failure> {
    let query = readable(query)?;
    let asks_for_copy = is_copy(&head.headers, &query)?;
    let Inner { config, .. } = &*relay.0;
    let key = |id: &str| (id == config.key.access_key_id).then(|| config.key.clone());
    let signed = authenticate_head(&head, &query, &config.region, clock::now(), key)?;
    // The server never has a bucket in the host, and signs URLs only.
    let target = Target::parse(&BucketIn::Path, head.uri.path())?;
    let operation = Operation::parse(&head.method, &target, &query, asks_for_copy)?;
    if !signed.presigned || target.bucket != config.bucket {
        return Err(denied("Only URLs that this server has signed are passed on to its store"));
    }
    let call = Call { relay: relay.clone(), head, query, key: target.key, payload: signed.payload };
    match operation {
        Operation::GetObject => read(&call, "GetObject").await,
        Operation::HeadObject => read(&call, "HeadObject").await,
        Operation::UploadPart => upload::part(&call, body).await,
        Operation::PutObject => upload::whole(&call, body).await,
        _ => Err(denied("This server passes on reads, parts and small files, and nothing else")),
    }
}

fn denied(message: &'static str) -> Failure {
    Failure::new(ErrorCode::AccessDenied, message)
}

impl Call {
    fn begin(&self, direction: Direction, of: Of) -> Result<Transfer, Failure> {
        self.relay.0.transfers.begin(direction, &self.head.extensions, of)
    }

    /// What to ask, without a body.
    fn relayed(&self, operation: &'static str) -> Relayed {
        Relayed {
            operation,
            method: self.head.method.clone(),
            key: self.key.clone(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            sha256: None,
            body: None,
        }
    }
}

/// `GetObject` and `HeadObject`.
async fn read(call: &Call, operation: &'static str) -> Result<Response, Failure> {
    let transfer = call.begin(Direction::Down, Of::Object(String::new(), call.key.clone()))?;
    let turn = turn(&call.relay.0).await?;
    let mut request = call.relayed(operation);
    let asked = [
        header::RANGE,
        header::IF_RANGE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
    ];
    for name in asked {
        request.headers.extend(call.head.headers.get(&name).map(|value| (name, value.clone())));
    }
    let asking = timeout(HEAD_PATIENCE, call.relay.0.upstream.ask(request)).await;
    let answer = asking.map_err(|_| passed::silent(HEAD_PATIENCE))?.map_err(passed::unanswered)?;
    passed::read(answer, operation, &call.query, (transfer, turn)).await
}

/// A place among the downloads. Those that hold one are told of, so that who does not read can be cut off.
async fn turn(relay: &Inner) -> Result<tokio::sync::OwnedSemaphorePermit, Failure> {
    let mut permit = std::pin::pin!(Arc::clone(&relay.downloads).acquire_owned());
    let waiting = async {
        loop {
            match timeout(SHORT_AFTER, &mut permit).await {
                Ok(permit) => return permit,
                Err(_) => relay.config.when_short.tell(),
            }
        }
    };
    let full = || slow_down("The server passes on too many downloads just now; try again");
    timeout(MAX_WAIT, waiting).await.map_err(|_| full())?.map_err(Failure::internal)
}
