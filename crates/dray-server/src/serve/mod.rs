//! Accepts connections: HTTP/1.1 on a socket that the caller owns. It limits what each client may hold, and when it
//! stops, it lets requests under way finish.
//!
//! Strangers reach this code before anything else. `bounds.rs` says what they may hold. `connections.rs` decides
//! whose connection is closed when places or memory run short.

mod body;
mod bounds;
mod connection;
mod connections;
mod refusal;
mod rest;
mod socket;
mod unread;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, HeaderValue, Request, header};
use axum::response::Response;
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use body::UnderWay;
use bounds::{HEADER_TIMEOUT, MAX_HEADERS, READ_BUFFER_BYTES};
use connections::Admitted;
use rest::Rest;
use socket::Socket;

pub(crate) use body::{Collected, Held};
pub(crate) use bounds::Bounds;
pub(crate) use connection::Connection;
pub(crate) use connections::{Connections, Guest};
pub(crate) use unread::Unread;

/// The pause after the system refused a connection (because it is out of file descriptors, for example).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How a server listens and stops.
pub(crate) struct Limits {
    /// The listener's connections and their limits.
    pub(crate) connections: Connections,
    /// How long a stop waits for requests under way.
    pub(crate) grace: Duration,
    /// Accepts TLS, if present.
    pub(crate) tls: Option<TlsAcceptor>,
    /// Whether pages of any origin may read answers.
    pub(crate) any_origin: bool,
}

/// What answers the requests of a connection, and what says that no more are served after those under way.
#[derive(Clone)]
struct Served {
    app: Router,
    stop: CancellationToken,
}

/// Serves `app` until `stop`, then lets requests under way finish within the grace and cuts off the others.
pub(crate) async fn serve(listener: TcpListener, app: Router, stop: CancellationToken, limits: Limits) {
    let graceful = GracefulShutdown::new();
    let (tasks, cut_off) = (TaskTracker::new(), CancellationToken::new());
    while let Some((stream, peer, admitted)) = next_connection(&listener, &limits.connections, &stop).await {
        let Some(admitted) = admitted else {
            refusal::send(&stream, limits.tls.is_some(), limits.any_origin);
            continue;
        };
        let (watcher, cut_off) = (graceful.watcher(), cut_off.clone());
        let served = Served { app: app.clone(), stop: stop.clone() };
        let tls = limits.tls.clone();
        tasks.spawn(async move {
            let Admitted(connection) = &admitted;
            let serving = serve_one(stream, peer, served, tls, watcher, connection.clone());
            let serving = connection.cut.run_until_cancelled(serving);
            if let Some(Some(Err(err))) = cut_off.run_until_cancelled(serving).await {
                tracing::debug!(err, "connection ended");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            grace_secs = limits.grace.as_secs(),
            "some requests did not finish in time and were cut off"
        );
        cut_off.cancel();
    }
    tasks.close();
    tasks.wait().await;
}

/// The next connection, its sender, and whether it is admitted; `None` once it is time to stop.
async fn next_connection(
    listener: &TcpListener,
    connections: &Connections,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, Option<Admitted>)> {
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return (stream, peer, connections.admit(peer.ip()).await),
                Err(err) => {
                    tracing::warn!(%err, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    stop.run_until_cancelled(accept).await
}

/// Serves a connection to its end.
async fn serve_one(
    stream: TcpStream,
    peer: SocketAddr,
    served: Served,
    tls: Option<TlsAcceptor>,
    watcher: Watcher,
    one: Arc<Connection>,
) -> Result<(), String> {
    // Many answers are small and must be sent at once. A socket that refuses the option still works.
    let _ = stream.set_nodelay(true);
    let stream = Socket::new(stream, one.clone());
    let Some(tls) = tls else {
        let ended = watcher.watch(connection(stream, peer, Scheme::HTTP, served, one)).await;
        return ended.map_err(|err| err.to_string());
    };
    let handshake = tokio::time::timeout(HEADER_TIMEOUT, tls.accept(stream)).await;
    let stream = handshake.map_err(|_| "the handshake took too long")?.map_err(|err| err.to_string())?;
    one.shook_hands();
    watcher.watch(connection(stream, peer, Scheme::HTTPS, served, one)).await.map_err(|err| err.to_string())
}

fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    scheme: Scheme,
    served: Served,
    one: Arc<Connection>,
) -> impl GracefulConnection<Error = hyper::Error> {
    let service = service_fn(move |mut request: Request<Incoming>| {
        one.begins(|| head_bytes(&request));
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(one.clone());
        if scheme == Scheme::HTTPS {
            request.extensions_mut().insert(Scheme::HTTPS);
        }
        answer(served.clone(), request, one.clone())
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        // hyper's time for a head includes the time before it. The socket tells them apart.
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .max_buf_size(READ_BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
}

/// The approximate size of a request's head, in bytes.
fn head_bytes(request: &Request<Incoming>) -> usize {
    let line = |(name, value): (&header::HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    let headers: &HeaderMap = request.headers();
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    target + headers.iter().map(line).sum::<usize>()
}

/// The status of an answer that its caller already has.
const NOT_MODIFIED: u16 = 304;

/// Answers one request, and says so if it is the last one of its connection.
async fn answer(
    Served { app, stop }: Served,
    request: Request<Incoming>,
    connection: Arc<Connection>,
) -> Result<Response<Held<Arc<UnderWay>>>, Infallible> {
    let under_way = Arc::new(UnderWay(connection.clone()));
    let expects_continue = request.headers().contains_key(header::EXPECT);
    let (head, body) = request.into_parts();
    let (body, rest) = if body.is_end_stream() {
        (Body::empty(), None)
    } else {
        let (arriving, rest) = Rest::of(body, &connection, expects_continue);
        (Body::new(arriving), Some(rest))
    };
    let mut response = app.oneshot(Request::from_parts(head, body)).await?;
    if response.status().as_u16() == NOT_MODIFIED {
        // Before a 304 to a HEAD, axum writes the length of the empty body, where only that of the 200 may stand (RFC 9110,
        // 8.6). hyper leaves it out of a 304 to a GET.
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    let ends = stop.is_cancelled() || response.headers().contains_key(header::CONNECTION);
    let is_over = match rest {
        Some(rest) => rest.finish(&under_way, !ends).await,
        // hyper sends no 100 for an empty body, so nobody can say what the client sends next (RFC 9110, 10.1.1).
        None => !expects_continue,
    };
    if ends || !is_over {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| Held::new(body, under_way)))
}

#[cfg(test)]
mod tests;
