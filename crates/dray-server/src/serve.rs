//! Accepting connections: HTTP/1.1 on a socket that the caller owns, with limits on how slowly one may ask, and
//! a stop that lets what is under way finish.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::uri::Scheme;
use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown, Watcher};
use metrics::Gauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// A client that has not sent its headers by then is cut off (slow-loris).
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
const MAX_HEADERS: usize = 100;
/// A client that takes none of its answer for so long is cut off: what it was to get is held in memory.
const WRITE_STALL: Duration = Duration::from_mins(1);
/// Bytes read at once, and so the limit of a request's headers.
const READ_BUFFER_BYTES: usize = 128 * 1024;
/// Pause after the system refused a connection (out of file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How a server listens and stops.
pub(crate) struct Limits {
    /// Connections at once; more wait in the kernel's queue.
    pub(crate) max_connections: usize,
    /// How long a stop waits for requests under way.
    pub(crate) grace: Duration,
    /// Speaks TLS, if there is one.
    pub(crate) tls: Option<TlsAcceptor>,
    /// How many connections are open.
    pub(crate) connections: Gauge,
}

/// Serves `app` until `stop`, then lets requests under way finish within the grace and cuts the others off.
pub(crate) async fn serve(listener: TcpListener, app: Router, stop: CancellationToken, limits: Limits) {
    let graceful = GracefulShutdown::new();
    let (tasks, cut_off) = (TaskTracker::new(), CancellationToken::new());
    let slots = Arc::new(Semaphore::new(limits.max_connections));
    while let Some((stream, peer, slot)) = next_connection(&listener, &slots, &stop).await {
        let (watcher, cut_off) = (graceful.watcher(), cut_off.clone());
        let (app, tls, open) = (app.clone(), limits.tls.clone(), Open::new(&limits.connections));
        tasks.spawn(async move {
            let serving = serve_one(stream, peer, app, tls, watcher);
            if let Some(Err(err)) = cut_off.run_until_cancelled(serving).await {
                tracing::debug!(err, "connection ended");
            }
            drop((slot, open));
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!(grace = ?limits.grace, "some requests did not finish in time and were cut off");
        cut_off.cancel();
    }
    tasks.close();
    tasks.wait().await;
}

/// An open connection, counted as long as this is there.
struct Open(Gauge);

impl Open {
    fn new(connections: &Gauge) -> Self {
        connections.increment(1);
        Self(connections.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// The next connection, where it comes from and the slot that it takes; `None` once it is time to stop.
async fn next_connection(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let accept = async {
        let slot = slots.clone().acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return Some((stream, peer, slot)),
                Err(err) => {
                    tracing::warn!(%err, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    stop.run_until_cancelled(accept).await?
}

/// Serves a connection to its end.
async fn serve_one(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    tls: Option<TlsAcceptor>,
    watcher: Watcher,
) -> Result<(), String> {
    // Answers are small and wanted at once. A socket that refuses the option still works.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_STALL));
    let stream = Box::pin(stream);
    let Some(tls) = tls else {
        let served = watcher.watch(connection(stream, peer, Scheme::HTTP, app)).await;
        return served.map_err(|err| err.to_string());
    };
    let handshake = tokio::time::timeout(HEADER_TIMEOUT, tls.accept(stream)).await;
    let stream = handshake.map_err(|_| "no handshake in time")?.map_err(|err| err.to_string())?;
    watcher.watch(connection(stream, peer, Scheme::HTTPS, app)).await.map_err(|err| err.to_string())
}

fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    scheme: Scheme,
    app: Router,
) -> impl GracefulConnection<Error = hyper::Error> {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        if scheme == Scheme::HTTPS {
            request.extensions_mut().insert(Scheme::HTTPS);
        }
        answer(app.clone(), request)
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(READ_BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
}

/// Answers one request. A client that expects `100 Continue` and is answered without one may or may not send its
/// body still (RFC 9110, 10.1.1), so nothing that follows on the connection could be understood: it ends.
async fn answer(app: Router, request: Request<Incoming>) -> Result<Response, Infallible> {
    if !request.headers().contains_key(header::EXPECT) {
        return app.oneshot(request.map(Body::new)).await;
    }
    let is_asked_for = Arc::new(AtomicBool::new(false));
    let is_empty = request.body().is_end_stream();
    let request = request.map(|body| Body::new(Watched { body, is_asked_for: is_asked_for.clone() }));
    let mut response = app.oneshot(request).await?;
    // hyper sends the 100 when the body is first asked for, and none for an empty body.
    if is_empty || !is_asked_for.load(Ordering::Relaxed) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// A body that remembers whether anyone asked for it.
struct Watched {
    body: Incoming,
    is_asked_for: Arc<AtomicBool>,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.is_asked_for.store(true, Ordering::Relaxed);
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
