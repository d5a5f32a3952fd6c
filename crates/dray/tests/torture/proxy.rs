//! A proxy in front of an object store that fails as stores and networks do: it times out, drops answers, and answers
//! something other than what was done.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

/// Longer than the drive waits for a short call.
const TOO_LONG: Duration = Duration::from_secs(2);
/// One request in this many goes wrong.
const FAULT_ONE_IN: u8 = 4;

/// What the proxy does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Honest,
    /// Some requests go wrong.
    Faulty,
    /// The proxy does not forward Completes. Afterwards it answers that there is no such upload, as if it had ended.
    /// Under every key there is an object of the right size, which no client here put there.
    Foreign,
}

/// How a request goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// Done, but the answer is lost.
    AnswerLost,
    /// Not done, and not answered.
    Lost,
    /// Done, but answered too late.
    TooLate,
    /// Not done: 503.
    Busy,
    /// Not done: 200, with an error in it.
    ErrorIn200,
    /// Done, but answered 200 with an error in it.
    DoneErrorIn200,
    /// Done, but answered as if there had never been such an upload.
    DoneNoSuchUpload,
}

const ANY: [Fault; 4] = [Fault::AnswerLost, Fault::Lost, Fault::TooLate, Fault::Busy];
const OF_COMPLETE: [Fault; 7] = [
    Fault::AnswerLost,
    Fault::Lost,
    Fault::TooLate,
    Fault::Busy,
    Fault::ErrorIn200,
    Fault::DoneErrorIn200,
    Fault::DoneNoSuchUpload,
];

#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) url: String,
    store: String,
    state: Arc<Mutex<State>>,
}

struct State {
    mode: Mode,
    rng: fastrand::Rng,
    faults: BTreeMap<Fault, usize>,
    /// Queries of uploads that the proxy denies: their Complete was sent while a foreign object had their key.
    denied: BTreeSet<String>,
}

/// The proxy closes the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut")]
struct Cut;

type Answer = Result<Response<Full<Bytes>>, Cut>;

impl Proxy {
    /// A proxy in front of the store at `address`.
    pub(crate) async fn start(address: &str, rng: fastrand::Rng) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = State { mode: Mode::Honest, rng, faults: BTreeMap::new(), denied: BTreeSet::new() };
        let proxy = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            store: address.to_owned(),
            state: Arc::new(Mutex::new(state)),
        };
        tokio::spawn(proxy.clone().accept(listener));
        proxy
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.state.lock().unwrap().mode = mode;
    }

    /// How often each fault happened.
    pub(crate) fn faults(&self) -> String {
        let faults = &self.state.lock().unwrap().faults;
        let faults: Vec<_> = faults.iter().map(|(fault, count)| format!("{fault:?} {count}")).collect();
        faults.join(", ")
    }

    async fn accept(self, listener: TcpListener) -> Infallible {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let proxy = self.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| proxy.answer(request));
                let connection = hyper::server::conn::http1::Builder::new();
                // Its end is decided by the client or by a fault.
                let _ = connection.serve_connection(TokioIo::new(client), service).await;
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let is_complete =
            request.method() == Method::POST && request.uri().query().is_some_and(has_upload_id);
        let mode = self.state.lock().unwrap().mode;
        match mode {
            Mode::Faulty => match self.choose(is_complete) {
                Some(fault) => self.fail(fault, request).await,
                None => self.forward(request).await,
            },
            Mode::Foreign if self.denies(&request, is_complete) => Ok(no_such_upload()),
            Mode::Foreign if request.method() == Method::HEAD => {
                let head = Response::builder().header("content-length", "3").header("etag", "\"foreign\"");
                Ok(head.header("x-amz-meta-dray-upload", "of somebody else").body(Full::default()).unwrap())
            }
            Mode::Honest | Mode::Foreign => self.forward(request).await,
        }
    }

    /// Whether a request is about an upload that the proxy denies, from its first Complete on.
    fn denies(&self, request: &Request<Incoming>, is_complete: bool) -> bool {
        let Some(query) = request.uri().query().filter(|query| has_upload_id(query)) else { return false };
        let denied = &mut self.state.lock().unwrap().denied;
        if is_complete {
            denied.insert(query.to_owned());
        }
        denied.contains(query)
    }

    fn choose(&self, is_complete: bool) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        let faults = if is_complete { &OF_COMPLETE[..] } else { &ANY };
        let fault = faults[state.rng.usize(..faults.len())];
        let is_good = state.rng.u8(..FAULT_ONE_IN) > 0;
        if is_good {
            return None;
        }
        *state.faults.entry(fault).or_default() += 1;
        Some(fault)
    }

    async fn fail(&self, fault: Fault, request: Request<Incoming>) -> Answer {
        match fault {
            Fault::AnswerLost => self.forward(request).await.and(Err(Cut)),
            Fault::Lost => Err(Cut),
            Fault::TooLate => {
                let answer = self.forward(request).await;
                tokio::time::sleep(TOO_LONG).await;
                answer
            }
            Fault::Busy => Ok(error(503, "SlowDown")),
            Fault::ErrorIn200 => Ok(error(200, "InternalError")),
            Fault::DoneErrorIn200 => self.forward(request).await.map(|_| error(200, "InternalError")),
            Fault::DoneNoSuchUpload => self.forward(request).await.map(|_| no_such_upload()),
        }
    }

    /// Forwards a request to the store. It changes no header, because headers are signed.
    async fn forward(&self, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        let body = Full::new(body.collect().await.map_err(|_| Cut)?.to_bytes());
        let stream = TcpStream::connect(&self.store).await.map_err(|_| Cut)?;
        let (mut store, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| Cut)?;
        tokio::spawn(connection);
        let answer = store.send_request(Request::from_parts(head, body)).await.map_err(|_| Cut)?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
        Ok(Response::from_parts(head, Full::new(body)))
    }
}

fn has_upload_id(query: &str) -> bool {
    query.split('&').any(|pair| pair.starts_with("uploadId="))
}

fn no_such_upload() -> Response<Full<Bytes>> {
    error(404, "NoSuchUpload")
}

fn error(status: u16, code: &str) -> Response<Full<Bytes>> {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>It is a test.</Message></Error>"
    );
    let answer = Response::builder().status(status).header("content-type", "application/xml");
    answer.body(Full::new(xml.into())).unwrap()
}
