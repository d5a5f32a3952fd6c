//! Parts on their way to the store, frame by frame. The relay reads a frame from the client when the store has
//! accepted the one before. The client must send what it announced, at the minimum rate, and the store must accept it
//! in time. The relay itself checks the digests that the client announced, because some stores do not: it withholds the
//! last bytes of a wrong body, so that the store receives no whole body.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use dray_s3::{PartNumber, Payload};
use futures_util::{Stream, stream};
use http::{HeaderName, header};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Duration, Instant, sleep},
};

use super::{Call, PROBE_AFTER, Relayed, STORE_PATIENCE, denied, lent::Lent, passed};
use crate::{
    body::{Announced, Checking, Frames, incomplete},
    failure::{Failure, invalid_argument},
    fields::Fields,
    transfers::{Direction, Of},
};

/// The largest object, in bytes, that one PUT may send: far more than the server signs for.
const MAX_WHOLE_BYTES: u64 = 64 << 20;
/// The prefix of the headers of an object's metadata.
const METADATA: &str = "x-amz-meta-";
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// `UploadPart`.
pub(super) async fn part(call: &Call, body: &Lent) -> Result<Response, Failure> {
    let missing = |name: &str| invalid_argument(format!("This operation needs the parameter {name}"));
    let upload = call.query.get("uploadId").ok_or_else(|| missing("uploadId"))?.to_owned();
    let number = call.query.get("partNumber").ok_or_else(|| missing("partNumber"))?.parse::<PartNumber>()?;
    let _transfer = call.begin(Direction::Up, Of::RelayedPart(upload.clone(), number.get()))?;
    let mut request = call.relayed("UploadPart");
    request.query = vec![("partNumber", number.get().to_string()), ("uploadId", upload)];
    put(call, request, body).await
}

/// `PutObject` of a small file, or of an empty body, which stands for the one part of an empty file. The relay passes
/// on its type and metadata, because the server has signed them together with the length.
pub(super) async fn whole(call: &Call, body: &Lent) -> Result<Response, Failure> {
    let _transfer = call.begin(Direction::Up, Of::RelayedPart(call.key.clone(), 0))?;
    if announced(call)?.size_bytes > MAX_WHOLE_BYTES {
        return Err(denied("This server passes on only parts of uploads and small files"));
    }
    let mut request = call.relayed("PutObject");
    let is_metadata = |name: &HeaderName| name.as_str().starts_with(METADATA);
    let described =
        call.head.headers.iter().filter(|(name, _)| **name == header::CONTENT_TYPE || is_metadata(name));
    request.headers.extend(described.map(|(name, value)| (name.clone(), value.clone())));
    put(call, request, body).await
}

fn announced(call: &Call) -> Result<Announced, Failure> {
    Announced::read(&Fields::new(&call.head.headers, &call.query), call.payload.clone())
}

async fn put(call: &Call, mut request: Relayed, body: &Lent) -> Result<Response, Failure> {
    let announced = announced(call)?;
    // An empty body has no last bytes that could be withheld from the store.
    if announced.size_bytes == 0
        && let Some(checking) = announced.checking()
    {
        checking.finish(&announced)?;
    }
    if let Payload::Sha256(sha256) = &call.payload {
        request.sha256 = Some(*sha256);
    }
    request.headers.extend(call.head.headers.get(CONTENT_MD5).map(|md5| (CONTENT_MD5, md5.clone())));
    let operation = request.operation;
    let way = Arc::new(Way::default());
    let size_bytes = announced.size_bytes;
    let frames = Frames::new(body.clone(), call.relay.0.config.idle_timeout);
    let stream = frames_on_their_way(frames, announced, Arc::clone(&way), &call.relay.0.upload_bytes);
    request.body = Some((Body::from_stream(stream), size_bytes));
    way.is_stores();
    let upstream = &call.relay.0.upstream;
    let answer = tokio::select! {
        answer = upstream.ask(request) => answer,
        down = upstream.is_down(way.stands_still(PROBE_AFTER)) => Err(down),
        () = way.stands_still(STORE_PATIENCE) => return Err(passed::silent(STORE_PATIENCE)),
    };
    // If the client broke off, that is why the request to the store failed.
    if let Some(failure) = way.failure() {
        return Err(failure);
    }
    passed::stored(answer.map_err(passed::unanswered)?, operation).await
}

/// The payload of a request, which must have exactly the announced number of bytes.
fn frames_on_their_way(
    frames: Frames<Lent>,
    announced: Announced,
    way: Arc<Way>,
    memory: &Arc<Semaphore>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
    let checking = announced.checking();
    let taking = Taking { frames, announced, taken_bytes: 0, checking, way, memory: Arc::clone(memory) };
    stream::unfold(Some(taking), |taking| async {
        let mut taking = taking?;
        match taking.next().await {
            Ok(Some(bytes)) => Some((Ok(bytes), Some(taking))),
            Ok(None) => None,
            Err(failure) => {
                let err = io::Error::other(failure.error.to_string());
                taking.way.fail(failure);
                Some((Err(err), None))
            }
        }
    })
}

/// Reads a body from its client.
struct Taking {
    frames: Frames<Lent>,
    announced: Announced,
    taken_bytes: u64,
    /// What was announced about the bytes, until they have been checked.
    checking: Option<Checking>,
    way: Arc<Way>,
    memory: Arc<Semaphore>,
}

impl Taking {
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        self.way.is_clients();
        let frame = self.frames.next().await?;
        let Some(frame) = frame else {
            self.way.is_stores();
            let is_whole = self.taken_bytes == self.announced.size_bytes;
            return if is_whole { Ok(None) } else { Err(incomplete()) };
        };
        self.taken_bytes += frame.len() as u64;
        if self.taken_bytes > self.announced.size_bytes {
            return Err(self.announced.too_long());
        }
        self.check(&frame)?;
        self.way.is_stores();
        let bytes = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.memory).acquire_many_owned(bytes).await.map_err(Failure::internal)?;
        Ok(Some(Bytes::from_owner(Counted { frame, _permit: permit })))
    }

    /// Adds a frame to the digests, and checks them when the body is complete: before the store gets its last bytes.
    fn check(&mut self, frame: &[u8]) -> Result<(), Failure> {
        if let Some(checking) = &mut self.checking {
            checking.update(frame);
        }
        if self.taken_bytes < self.announced.size_bytes {
            return Ok(());
        }
        self.checking.take().map_or(Ok(()), |checking| checking.finish(&self.announced))
    }
}

/// Bytes in memory, which count until the store has accepted them.
struct Counted {
    frame: Bytes,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.frame
    }
}

/// For a body on its way: whether the client or the store has to act next, and what was wrong with the body.
struct Way {
    began: Instant,
    /// Since when the relay waits for the store, in milliseconds after `began`, plus one; 0 while it waits for the client.
    stores_since: AtomicU64,
    failure: Mutex<Option<Failure>>,
}

impl Default for Way {
    fn default() -> Self {
        Self { began: Instant::now(), stores_since: AtomicU64::new(0), failure: Mutex::default() }
    }
}

impl Way {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    fn is_clients(&self) {
        self.stores_since.store(0, Relaxed);
    }

    fn is_stores(&self) {
        self.stores_since.store(self.now(), Relaxed);
    }

    /// Returns when the store has taken longer than `patience`. The frames decide how long the client may take.
    async fn stands_still(&self, patience: Duration) {
        let mut pause = patience;
        loop {
            sleep(pause).await;
            let waited = match self.stores_since.load(Relaxed) {
                0 => Duration::ZERO,
                since => Duration::from_millis(self.now() - since),
            };
            if waited >= patience {
                return;
            }
            pause = patience.saturating_sub(waited);
        }
    }

    fn fail(&self, failure: Failure) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }

    fn failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
