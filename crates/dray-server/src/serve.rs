//! Accepting connections: HTTP/1.1 on a socket that the caller owns, with limits on how slowly one may ask, and
//! a stop that lets what is under way finish.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// A client that has not sent its headers by then is cut off (slow-loris).
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
const MAX_HEADERS: usize = 100;
/// Connections at once; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 8192;
/// Pause after the system refused a connection (out of file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `app` until `stop`, then lets requests under way finish for at most `grace`. Answers how many
/// connections were cut off.
pub(crate) async fn serve(listener: TcpListener, app: Router, stop: CancellationToken, grace: Duration) {
    let graceful = GracefulShutdown::new();
    let slots = std::sync::Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = graceful.watch(connection(stream, app.clone()));
                tokio::spawn(async move {
                    if let Err(err) = connection.await {
                        tracing::debug!(%err, "connection ended");
                    }
                    drop(slot);
                });
            }
            Err(err) => {
                tracing::warn!(%err, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!(?grace, "some requests did not finish in time and were cut off");
    }
}

fn connection(
    stream: TcpStream,
    app: Router,
) -> hyper::server::conn::http1::Connection<
    TokioIo<TcpStream>,
    impl hyper::service::Service<
        hyper::Request<Incoming>,
        Response = axum::response::Response,
        Error = std::convert::Infallible,
        Future: Send,
    >,
> {
    // Answers are small and wanted at once. A socket that refuses the option still works.
    let _ = stream.set_nodelay(true);
    let service =
        TowerToHyperService::new(app.map_request(|request: hyper::Request<Incoming>| request.map(Body::new)));
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .half_close(false)
        .serve_connection(TokioIo::new(stream), service)
}
