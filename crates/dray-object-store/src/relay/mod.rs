//! The relay, for stores that clients cannot reach. Signed URLs lead to this server's address, and the relay streams
//! the bytes to and from the store. It verifies, limits and answers requests as the embedded store does, and holds no
//! object.
//!
//! parse → authenticate → authorise → ask, always in that order. It passes on only what the server itself has signed:
//! reads of an object, parts of uploads, and small files that are sent whole. The server decides how to ask the
//! store.

mod lent;
mod passed;
mod told;
mod upload;
mod upstream;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
};
use dray_s3::{Credentials, ErrorCode, InvalidEncoding, Payload, Query};
use http::{HeaderMap, Method, header, request::Parts};
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};

use self::lent::Lent;
pub use self::told::RELAYED_SIZE;
pub use self::upstream::{Asking, Probing, Relayed, Unanswered, Upstream};
use crate::{
    BucketIn, CorsOrigins, TransferStock, WhenShort,
    body::{Announced, Frames},
    clock,
    failure::{Failure, slow_down},
    fields::Fields,
    http::{
        Exchange, Operation, Target, authenticate_head, check_relayed, is_copy, pipeline, preflight, readable,
    },
    transfers::{Direction, Of, Transfer, Transfers},
};

/// The longest wait for the head of the store's answer to a read. After that the client has to try again.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// After waiting this long for an answer, the relay checks whether the store is up at all. So a client gets an answer
/// within two seconds if the store is down, and a slow store gets its time.
const PROBE_AFTER: Duration = Duration::from_millis(300);
/// The longest pause between two pieces of an object, the longest time in which the store accepts no bytes of a part, and
/// the longest wait for its answer after it has all of them.
const STORE_PATIENCE: Duration = Duration::from_mins(1);
/// The maximum number of bytes of parts in memory that clients have sent and the store has not accepted, in total. So
/// a store that accepts nothing cannot use up the memory.
const MAX_UPLOAD_BYTES: usize = 64 << 20;
/// The maximum number of downloads at once, in total. Each needs the buffers of the connections on both sides: about
/// 500 KiB if its client does not read.
const MAX_DOWNLOADS: usize = 512;
/// A download that has waited this long for its turn calls [`RelayConfig::when_short`].
const SHORT_AFTER: Duration = Duration::from_millis(50);
/// The longest wait of a download for its turn.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The settings of a relay.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// The first segment of every path that is relayed. The store's own bucket may have another name.
    pub bucket: String,
    /// The region that URLs are signed for.
    pub region: String,
    /// The key that signs the relayed URLs. It is not one of the store's keys.
    pub key: Credentials,
    /// Which web pages may use the URLs.
    pub cors_origins: CorsOrigins,
    /// The longest wait between two frames of a request body, and the time over which a body must bring 8 KiB/s.
    pub idle_timeout: Duration,
    /// How many uploads, and how many downloads, one [`crate::Caller`] may have under way.
    pub transfers_per_caller: usize,
    /// Called while downloads wait for their turn.
    pub when_short: WhenShort,
}

/// Serves signed URLs of another store. It is cheap to clone.
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
    /// A relay to the store that `upstream` reaches.
    pub fn new(config: RelayConfig, upstream: Upstream) -> Self {
        let transfers = Transfers::new(config.transfers_per_caller);
        let (upload_bytes, downloads) = (Semaphore::new(MAX_UPLOAD_BYTES), Semaphore::new(MAX_DOWNLOADS));
        let (upload_bytes, downloads) = (Arc::new(upload_bytes), Arc::new(downloads));
        Self(Arc::new(Inner { config, upstream, transfers, upload_bytes, downloads }))
    }

    /// Every route of the relay. Like the store's router, it must see the path as it was sent.
    pub fn router(&self) -> Router {
        Router::new().fallback(handle).with_state(self.clone())
    }

    /// The transfers under way, and those that were refused.
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
    lent.end();
    exchange.end(cors, &relay.0.transfers, outcome)
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
    // The server never puts a bucket into the host, and signs only URLs.
    let target = Target::parse(&BucketIn::Path, head.uri.path())?;
    let operation = Operation::parse(&head.method, &target, &query, asks_for_copy)?;
    if !signed.presigned || target.bucket != config.bucket {
        return Err(denied("This server passes on to its store only requests by URLs that it has signed"));
    }
    pipeline::check(&head, operation, signed.presigned)?;
    check_relayed(operation, &Fields::new(&head.headers, &query))?;
    let call = Call { relay: relay.clone(), head, query, key: target.key, payload: signed.payload };
    let outage = call.head.extensions.get::<Outage>();
    if outage.is_some_and(Outage::is_known) {
        return Err(passed::unanswered(Unanswered("another request of the pipeline had no answer".into())));
    }
    let answer = match operation {
        Operation::GetObject => read(&call, "GetObject").await,
        Operation::HeadObject => read(&call, "HeadObject").await,
        Operation::UploadPart => upload::part(&call, body).await,
        Operation::PutObject => upload::whole(&call, body).await,
        Operation::Pipeline => carry(&call, body).await,
        _ => Err(denied("This server passes on only reads, parts and small files")),
    };
    if let (Some(outage), Err(failure)) = (outage, &answer) {
        outage.note(failure);
    }
    answer
}

/// Answers the requests in a pipeline like requests from the same socket.
async fn carry(call: &Call, body: &Lent) -> Result<Response, Failure> {
    let _transfer = call.begin(Direction::Up, Of::Object(String::new(), String::new()))?;
    let fields = Fields::new(&call.head.headers, &call.query);
    pipeline::check_size(&Announced::read(&fields, call.payload.clone())?)?;
    let Inner { config, transfers, .. } = &*call.relay.0;
    let frames = Frames::new(body.clone(), config.idle_timeout);
    Ok(pipeline::carry(&call.head, frames, transfers, dispatch(call.relay.clone())).await)
}

/// It is a function of its own, because [`handle`] would else contain itself.
fn dispatch(relay: Relay) -> pipeline::Dispatch {
    let outage = Outage::default();
    Box::new(move |mut request| {
        request.extensions_mut().insert(outage.clone());
        Box::pin(handle(State(relay.clone()), request))
    })
}

/// Whether the store does not answer the requests of a pipeline, or refuses the server. All of them wait for that once, and
/// not each by itself.
#[derive(Clone, Default)]
struct Outage(Arc<AtomicBool>);

impl Outage {
    fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn note(&self, failure: &Failure) {
        if failure.error.code == ErrorCode::ServiceUnavailable && failure.cause.is_some() {
            self.0.store(true, Ordering::Relaxed);
        }
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
        for value in call.head.headers.get_all(&name) {
            let is_range = name == header::RANGE;
            let value =
                if is_range { told::range_for_store(&call.query, value) } else { Some(value.clone()) };
            request.headers.extend(value.map(|value| (name.clone(), value)));
        }
    }
    let sent = request.headers.clone();
    let wanted = told::Wanted::of(&call.query, &sent);
    let upstream = &call.relay.0.upstream;
    let answer = tokio::select! {
        asked = timeout(HEAD_PATIENCE, upstream.ask(request)) => asked.map_err(|_| passed::silent(HEAD_PATIENCE))?,
        down = upstream.is_down(sleep(PROBE_AFTER)) => Err(down),
    };
    let answer = answer.map_err(passed::unanswered)?;
    passed::read(answer, operation, (&call.query, &wanted), (transfer, turn)).await
}

/// A place among the downloads. If places are short, this calls `when_short`, so that the server can cut off clients
/// that do not read.
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
    let full = || slow_down("This server is passing on too many downloads at the moment; try again");
    timeout(MAX_WAIT, waiting).await.map_err(|_| full())?.map_err(Failure::internal)
}
