//! The network between servers and the store: calls that arrive late, twice or never, and answers that are lost, late
//! or wrong. The store carries out every call that reaches it, even if nobody waits for it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures_util::stream;
use tokio::time::sleep;

use super::node::Life;
use super::store::{Call, Said, error};
use super::world::{World, lock};

/// How late a call may reach the store: less than the time that Dray waits after a failed start (10 minutes), and
/// after its last Complete (11 minutes) less [`Profile::longest_complete_ms`](super::profile::Profile).
const LATEST_MS: u64 = 40_000;
const MAX_BODY_BYTES: usize = 1 << 20;

/// A server's connection to the store.
#[derive(Clone)]
struct Link {
    world: Arc<World>,
    life: Arc<Life>,
}

/// The answer that arrives.
enum Answer {
    Said(Said),
    /// The connection breaks.
    Broken,
}

/// A router that plays the store for one server.
pub(super) fn router(world: &Arc<World>, life: &Arc<Life>) -> Router {
    let link = Link { world: Arc::clone(world), life: Arc::clone(life) };
    Router::new().fallback(answer).with_state(link)
}

async fn answer(State(link): State<Link>, request: Request) -> Response {
    let call = read(request).await;
    let name = call.name();
    link.life.step(&link.world).await;
    link.world.tell(&link.life.name, || format!("store: {}", call.shown()));
    let _under_way = link.watch(&call);
    let answered = link.carry(call).await;
    link.life.step(&link.world).await;
    link.world.tell(&link.life.name, || format!("store: {name} -> {}", answered.shown()));
    match answered {
        Answer::Said(said) => response(said),
        Answer::Broken => {
            let broken = stream::iter([Err::<Bytes, _>(std::io::Error::other("the connection broke"))]);
            Response::new(Body::from_stream(broken))
        }
    }
}

/// Tells the monitor that a server waits for a Complete or a copy.
struct UnderWay<'a> {
    link: &'a Link,
    key: String,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        lock(&self.link.world.monitor).complete_ended(&self.key);
    }
}

impl Link {
    fn watch(&self, call: &Call) -> Option<UnderWay<'_>> {
        let (Call::Complete { key, .. } | Call::Copy { key, .. }) = call else { return None };
        lock(&self.world.monitor).complete_begun(key, &self.life);
        Some(UnderWay { link: self, key: key.clone() })
    }

    /// Carries a call to the store and its answer back.
    async fn carry(&self, call: Call) -> Answer {
        let world = &self.world;
        let p = &world.profile;
        if p.is_embedded {
            self.dawdle().await;
            return Answer::Said(lock(&world.store).answer(&call));
        }
        if self.life.is_cut_from_store() || world.goes_wrong(p.lost) {
            return self.nothing().await;
        }
        if world.goes_wrong(p.wrong) {
            return Answer::Said(wrong(world, &call));
        }
        if world.goes_wrong(p.denied) && call.may_be_denied() {
            lock(&world.monitor).denied(call.key());
            return Answer::Said(error(404, "NoSuchUpload"));
        }
        let transit = if world.goes_wrong(p.late) { world.millis(1000..LATEST_MS) } else { Duration::ZERO };
        let is_answer_lost = world.goes_wrong(p.lost);
        if world.goes_wrong(p.repeated) && call.may_come_twice() {
            let (world, call, after) = (Arc::clone(world), call.clone(), world.millis(1..LATEST_MS));
            tokio::spawn(async move {
                sleep(after).await;
                arrive(&world, call).await;
            });
        }
        self.dawdle().await;
        let said = if transit.is_zero() && !call.takes_time() {
            lock(&world.store).answer(&call)
        } else {
            let world = Arc::clone(world);
            // It is done even if nobody waits for it any more.
            let doing = tokio::spawn(async move {
                sleep(transit).await;
                arrive(&world, call).await
            });
            doing.await.unwrap_or_else(|_| error(500, "InternalError"))
        };
        if is_answer_lost {
            return self.nothing().await;
        }
        self.dawdle().await;
        if world.goes_wrong(p.wrong / 2) {
            Answer::Said(error(500, "InternalError"))
        } else {
            Answer::Said(said)
        }
    }

    async fn dawdle(&self) {
        match self.world.below(8) {
            0..4 => {}
            4..7 => sleep(self.world.millis(1..20)).await,
            _ => sleep(self.world.millis(20..600)).await,
        }
    }

    /// No answer: the connection breaks at once, or the caller waits until it gives up.
    async fn nothing(&self) -> Answer {
        if self.world.chance(500) {
            sleep(self.world.millis(1..5000)).await;
            Answer::Broken
        } else {
            std::future::pending::<Infallible>().await;
            Answer::Broken
        }
    }
}

/// A call reaches the store, which carries it out.
async fn arrive(world: &Arc<World>, call: Call) -> Said {
    let said = match &call {
        Call::Complete { key, id, body } => complete(world, key, id, body).await,
        Call::Copy { .. } => {
            work(world).await;
            lock(&world.store).answer(&call)
        }
        _ => return lock(&world.store).answer(&call),
    };
    if said.status == 200
        && let Some(fault) = lock(&world.monitor).object_made(call.key())
    {
        world.fail(fault);
    }
    said
}

/// The time that the store needs to make an object of what it has.
async fn work(world: &World) {
    let p = &world.profile;
    if world.goes_wrong(p.long_completes) {
        sleep(world.millis(1000..p.longest_complete_ms)).await;
    } else if world.chance(500) {
        sleep(world.millis(1..300)).await;
    }
}

async fn complete(world: &World, key: &str, id: &str, body: &[u8]) -> Said {
    world.tell("store", || format!("Complete of {id} begins"));
    if let Err(said) = lock(&world.store).begin_complete(key, id, body) {
        return said;
    }
    work(world).await;
    if world.goes_wrong(world.profile.wrong) {
        lock(&world.store).fail_complete(id);
        return error(500, "InternalError");
    }
    let said = lock(&world.store).end_complete(id);
    world.tell("store", || format!("Complete of {id} ends: {}", said.status));
    said
}

/// An answer that has nothing to do with the call, which the store did not carry out.
fn wrong(world: &World, call: &Call) -> Said {
    let said = |status, body: &str| Said { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
    match world.below(6) {
        0 => error(500, "InternalError"),
        1 => error(503, "SlowDown"),
        2 => said(502, "<html>bad gateway</html>"),
        3 => error(403, "AccessDenied"),
        // For an object, a 404 without a body says that it is not there; a 200 to an Abort or Delete says that it was
        // done.
        4 if call.may_be_denied() && !matches!(call, Call::Head { .. }) => said(404, "not found"),
        5 if call.has_content() => said(200, "<html>welcome</html>"),
        _ => error(504, ""),
    }
}

/// The call that a request makes.
pub(super) async fn read(request: Request) -> Call {
    let (head, body) = request.into_parts();
    let key = head.uri.path().strip_prefix("/b").unwrap_or_default().trim_start_matches('/').to_owned();
    let query = head.uri.query().unwrap_or_default();
    let value = |name: &str| {
        let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.map(|text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned())
    };
    let header = |name: &str| {
        let text = head.headers.get(name).and_then(|text| text.to_str().ok());
        text.unwrap_or_default().to_owned()
    };
    let token = || header("x-amz-meta-dray-upload");
    match (head.method.as_str(), value("uploadId"), key.is_empty()) {
        ("GET", None, true) => Call::ListUploads { prefix: value("prefix").unwrap_or_default() },
        ("HEAD", _, true) => Call::HeadBucket,
        ("HEAD", ..) => Call::Head { key },
        ("POST", Some(id), _) => Call::Complete {
            key,
            id,
            body: to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default().to_vec(),
        },
        ("POST", None, _) => Call::Create { key, token: token() },
        ("GET", Some(id), _) => {
            let after = value("part-number-marker").and_then(|text| text.parse().ok()).unwrap_or_default();
            Call::ListParts { key, id, after }
        }
        ("GET", None, _) => Call::Get { key },
        ("PUT", ..) => match header("x-amz-copy-source") {
            source if source.is_empty() => Call::Put { key, token: token() },
            source => Call::Copy {
                key,
                from: source.trim_start_matches("/b/").to_owned(),
                etag: header("x-amz-copy-source-if-match").trim_matches('"').to_owned(),
                token: token(),
            },
        },
        ("DELETE", Some(id), _) => Call::Abort { key, id },
        _ => Call::Delete { key },
    }
}

/// The answer as an HTTP response.
pub(super) fn response(said: Said) -> Response {
    let mut response = Response::builder().status(said.status);
    for (name, value) in said.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(said.body)).unwrap_or_default()
}

impl Answer {
    fn shown(&self) -> String {
        match self {
            Self::Said(said) => {
                let body = String::from_utf8_lossy(&said.body);
                let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
                format!("{} {}", said.status, code.map_or("", |(code, _)| code))
            }
            Self::Broken => "the connection broke".to_owned(),
        }
    }
}

impl Call {
    /// The name of the operation in S3.
    fn name(&self) -> &'static str {
        match self {
            Self::HeadBucket => "HeadBucket",
            Self::Create { .. } => "Create",
            Self::ListParts { .. } => "ListParts",
            Self::Complete { .. } => "Complete",
            Self::Abort { .. } => "Abort",
            Self::ListUploads { .. } => "ListUploads",
            Self::Head { .. } => "Head",
            Self::Get { .. } => "Get",
            Self::Put { .. } => "Put",
            Self::Copy { .. } => "Copy",
            Self::Delete { .. } => "Delete",
        }
    }

    fn key(&self) -> &str {
        match self {
            Self::HeadBucket | Self::ListUploads { .. } => "",
            Self::Create { key, .. }
            | Self::ListParts { key, .. }
            | Self::Complete { key, .. }
            | Self::Abort { key, .. }
            | Self::Head { key }
            | Self::Get { key }
            | Self::Put { key, .. }
            | Self::Copy { key, .. }
            | Self::Delete { key } => key,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::ListParts { id, .. } | Self::Complete { id, .. } | Self::Abort { id, .. } => {
                format!("{} {id}", self.name())
            }
            _ => format!("{} {}", self.name(), self.key()),
        }
    }

    /// Whether the store may deny that the object is there. If it denied something that Dray wants to remove, nobody
    /// could find out that the object stays.
    fn may_be_denied(&self) -> bool {
        matches!(self, Self::ListParts { .. } | Self::Complete { .. } | Self::Head { .. })
    }

    fn has_content(&self) -> bool {
        matches!(
            self,
            Self::Create { .. } | Self::ListParts { .. } | Self::Complete { .. } | Self::Copy { .. }
        )
    }

    /// Whether the store works on it for a time, and answers at its end.
    fn takes_time(&self) -> bool {
        matches!(self, Self::Complete { .. } | Self::Copy { .. })
    }

    /// Whether the network may deliver it twice. A duplicated start of an upload would make an upload that nobody knows of.
    fn may_come_twice(&self) -> bool {
        !matches!(self, Self::Create { .. } | Self::Put { .. } | Self::Copy { .. })
    }
}
