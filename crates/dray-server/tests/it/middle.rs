//! A store that passes control calls on to a drive's embedded store, and treats bytes as a test chooses.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use dray_server::S3Config;
use futures_util::{StreamExt as _, stream};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::world::World;

/// What it does with parts and with reads of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Serves them, like a normal store.
    Serves,
    /// Reads nothing of a part, and never answers.
    TakesNothing,
    /// Announces more bytes of an object than it sends.
    BreaksOff,
    /// Sends an object, but never the last of its bytes.
    Stops,
    /// Refuses with this status and code before it has read the part.
    Refuses(u16, &'static str),
    /// Sends headers that nobody must see.
    Babbles,
    /// Refuses to abort uploads.
    RefusesAborts,
    /// Fails to list the parts of the upload that it was told of.
    ListsNoParts,
    /// Refuses PUTs of objects, but accepts parts.
    RefusesObjects,
    /// Answers this method on this key with this status, and serves everything else.
    Answers(&'static str, &'static str, u16),
    /// Knows no checksum of objects, gives so many reads of them, and breaks off all others.
    Gives(usize),
    /// Knows no checksum of objects, and answers so many reads of them with a page.
    Pages(usize),
    /// Knows no checksum of objects, and gives other bytes in so many reads of them.
    Spoils(usize),
    /// Breaks off the next request to begin an upload, and keeps it back.
    KeepsBegin,
}

pub(crate) struct Middle {
    store: String,
    http: reqwest::Client,
    act: Mutex<Act>,
    /// Requests for bytes that are under way.
    under_way: AtomicUsize,
    /// When notified, an answer breaks off.
    break_off: Notify,
    /// The upload whose parts [`Act::ListsNoParts`] does not list.
    unlisted: Mutex<String>,
    /// Which ranges of objects were read. An empty text means the whole object.
    reads: Mutex<Vec<String>>,
    /// What [`Act::KeepsBegin`] keeps back.
    kept: Mutex<Option<Request>>,
}

/// Counts a request until its answer has been sent, or nobody waits for it any more.
struct UnderWay(Arc<Middle>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Middle {
    /// Starts one in front of the embedded store of `store`. Returns it, and the settings with which a drive reaches
    /// it.
    pub(crate) async fn start(store: &World) -> (Arc<Self>, S3Config) {
        let middle = Arc::new(Self {
            store: store.url.clone(),
            http: store.http.clone(),
            act: Mutex::new(Act::Serves),
            under_way: AtomicUsize::new(0),
            break_off: Notify::new(),
            unlisted: Mutex::default(),
            reads: Mutex::default(),
            kept: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&middle));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (middle, store.as_store(here))
    }

    pub(crate) fn will(&self, act: Act) {
        *self.act.lock().unwrap() = act;
    }

    /// From now on, it does not list the parts of this upload.
    pub(crate) fn lists_no_parts_of(&self, upload_id: &str) {
        upload_id.clone_into(&mut self.unlisted.lock().unwrap());
        self.will(Act::ListsNoParts);
    }

    /// Which ranges of objects were read since the last call. A range that broke off may have been requested again at
    /// once.
    pub(crate) fn reads(&self) -> Vec<String> {
        let mut reads = std::mem::take(&mut *self.reads.lock().unwrap());
        reads.dedup();
        reads
    }

    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }

    /// Ends an answer that [`Act::BreaksOff`] has begun.
    pub(crate) fn break_off(&self) {
        self.break_off.notify_one();
    }

    /// Lets the store have the request that was kept back.
    pub(crate) async fn let_arrive(&self) {
        let kept = self.kept.lock().unwrap().take().unwrap();
        assert_eq!(self.forward(kept).await.status(), 200);
    }

    async fn forward(&self, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let url = format!("{}{}", self.store, head.uri.path_and_query().unwrap());
        let body = reqwest::Body::wrap_stream(body.into_data_stream());
        let answer = self.http.request(head.method, url).headers(head.headers).body(body).send().await;
        http::Response::<reqwest::Body>::from(answer.unwrap()).map(Body::new)
    }
}

async fn answer(State(middle): State<Arc<Middle>>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let is_part = request.method() == Method::PUT && query.contains("partNumber=");
    let is_object = request.method() == Method::GET && query.is_empty();
    let act = *middle.act.lock().unwrap();
    if let Act::Answers(method, key, status) = act
        && request.method().as_str() == method
        && request.uri().path().ends_with(key)
    {
        return said(status, "AnError");
    }
    if act == Act::RefusesAborts && request.method() == Method::DELETE && query.contains("uploadId=") {
        return said(403, "AccessDenied");
    }
    if act == Act::ListsNoParts
        && request.method() == Method::GET
        && query.contains(&*middle.unlisted.lock().unwrap())
    {
        return said(500, "InternalError");
    }
    if act == Act::RefusesObjects && request.method() == Method::PUT && !is_part {
        return said(403, "AccessDenied");
    }
    if act == Act::KeepsBegin && request.method() == Method::POST && query.starts_with("uploads") {
        middle.will(Act::Serves);
        *middle.kept.lock().unwrap() = Some(request);
        return broken(Response::new(Body::empty()));
    }
    let forgets_checksums = matches!(act, Act::Gives(_) | Act::Pages(_) | Act::Spoils(_));
    if !is_part && !is_object {
        let answer = middle.forward(request).await;
        return if forgets_checksums { without_checksums(answer) } else { answer };
    }
    middle.under_way.fetch_add(1, Ordering::SeqCst);
    let held = UnderWay(Arc::clone(&middle));
    match act {
        Act::Serves
        | Act::RefusesAborts
        | Act::RefusesObjects
        | Act::ListsNoParts
        | Act::KeepsBegin
        | Act::Answers(..) => middle.forward(request).await,
        Act::Gives(_) | Act::Pages(_) | Act::Spoils(_) if is_part => middle.forward(request).await,
        Act::Gives(most) | Act::Pages(most) | Act::Spoils(most) => {
            let range = request.headers().get("range").map_or("", |range| range.to_str().unwrap());
            let nth = {
                let mut reads = middle.reads.lock().unwrap();
                reads.push(range.to_owned());
                reads.len()
            };
            let answer = middle.forward(request).await;
            match act {
                Act::Gives(_) if nth > most => broken(answer),
                Act::Pages(_) if nth <= most => "<html>please log in</html>".into_response(),
                Act::Spoils(_) if nth <= most => spoilt(answer).await,
                _ => answer,
            }
        }
        Act::TakesNothing => std::future::pending().await,
        Act::BreaksOff | Act::Stops => partial(act, middle.forward(request).await, held).await,
        Act::Refuses(status, code) => {
            tokio::spawn(to_bytes(request.into_body(), usize::MAX));
            said(status, code)
        }
        Act::Babbles => babble(middle.forward(request).await),
    }
}

fn said(status: u16, code: &str) -> Response {
    let xml = format!("<Error><Code>{code}</Code><Message>Because.</Message></Error>");
    (StatusCode::from_u16(status).unwrap(), xml).into_response()
}

fn without_checksums(mut response: Response) -> Response {
    for name in ["x-amz-checksum-crc64nvme", "x-amz-checksum-type"] {
        response.headers_mut().remove(name);
    }
    response
}

/// The same answer, whose bytes stop in the middle.
fn broken(response: Response) -> Response {
    let (head, body) = response.into_parts();
    let begun = body.into_data_stream().take(1).map(|piece| piece.map_err(std::io::Error::other));
    let gone = stream::iter([Err(std::io::Error::other("gone"))]);
    Response::from_parts(head, Body::from_stream(begun.chain(gone)))
}

/// The same answer, whose last byte is another.
async fn spoilt(response: Response) -> Response {
    let (head, body) = response.into_parts();
    let mut bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    Response::from_parts(head, bytes.into())
}

/// The same answer, of which only the first bytes arrive: ten of them, or half if there are fewer.
async fn partial(act: Act, response: Response, held: UnderWay) -> Response {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let begun = bytes.slice(..10.min(bytes.len() / 2));
    let pieces = stream::unfold((Some(begun), held), move |(begun, held)| async move {
        match (begun, act) {
            (Some(begun), _) => Some((Ok::<Bytes, _>(begun), (None, held))),
            (None, Act::Stops) => std::future::pending().await,
            (None, _) => {
                held.0.break_off.notified().await;
                Some((Err(std::io::Error::other("gone")), (None, held)))
            }
        }
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

fn babble(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        ("set-cookie", "a=b"),
        ("cache-control", "public, max-age=1000000"),
        ("content-disposition", "inline"),
        ("content-security-policy", "default-src *"),
        ("access-control-allow-origin", "https://elsewhere.example"),
        ("x-amz-meta-other", "secret"),
        ("server", "a store"),
        ("location", "https://elsewhere.example"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    response
}
