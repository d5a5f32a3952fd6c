//! The rest of a request's body that nobody has read when the answer is ready. The next request on the connection begins after
//! it. So the rest is read here if it is small and comes soon. If not, the answer says that the connection ends
//! (RFC 9112, 9.3), because a proxy may already have another client's request for it.
//!
//! It does not know what was asked or answered, so no route can bypass it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::time::timeout;

use super::body::{Arriving, Left, UnderWay};
use super::bounds::{LINGER, LINGER_BYTES, REST_BYTES, REST_WAIT};
use super::connection::Connection;

/// What will be left of a request's body.
pub(super) struct Rest {
    left: oneshot::Receiver<Left>,
    /// Whether anyone has asked for the body, if its client waits to be asked.
    is_asked_for: Option<Arc<AtomicBool>>,
}

impl Rest {
    /// A request's body, and what will be left of it. `is_asked_for`: the client waits until somebody reads the body.
    pub(super) fn of(
        body: Incoming,
        connection: &Arc<Connection>,
        expects_continue: bool,
    ) -> (Arriving, Self) {
        let is_asked_for = expects_continue.then(Arc::default);
        let (arriving, left) = Arriving::new(body, connection.clone(), is_asked_for.clone());
        (arriving, Self { left, is_asked_for })
    }

    /// Reads the rest of the body, whose answer is ready. Returns whether the connection can serve another request. `may_wait` is false if the
    /// answer ends the connection in any case.
    pub(super) async fn finish(mut self, under_way: &Arc<UnderWay>, may_wait: bool) -> bool {
        let body = match self.left.try_recv() {
            Err(TryRecvError::Closed) => return true,
            Ok(Left::Rest(body)) => body,
            Ok(_) | Err(TryRecvError::Empty) => return false,
        };
        let mut rest = Arriving::rest(body, under_way.0.clone());
        // Nobody can say whether a body follows for which the client was not asked (RFC 9110, 10.1.1). Proxies send it at once.
        if self.is_unasked_for() {
            linger(rest, under_way.clone(), Some(REST_WAIT));
            return false;
        }
        if may_wait && timeout(REST_WAIT, read_to_end(&mut rest, REST_BYTES)).await == Ok(true) {
            return true;
        }
        linger(rest, under_way.clone(), None);
        false
    }

    fn is_unasked_for(&self) -> bool {
        self.is_asked_for.as_ref().is_some_and(|asked| !asked.load(Ordering::Relaxed))
    }
}

/// Reads a body to its end, if it has at most this many bytes. Returns whether it did.
async fn read_to_end(body: &mut Arriving, most_bytes: u64) -> bool {
    let mut may_come = most_bytes;
    while body.size_hint().lower() <= may_come {
        let Some(frame) = body.frame().await else { return true };
        let Ok(frame) = frame else { return false };
        let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
        let Some(more) = may_come.checked_sub(bytes) else { return false };
        may_come = more;
    }
    false
}

/// Reads on in the background before the connection ends. If it were closed while the client still sends, the network would
/// reset it, and the client might never see its answer (RFC 9112, 9.6). Until then the request counts as under way. `begins_within`: the
/// client may send nothing, but begins within this time if it sends. (hyper asks for no body once the answer has begun.)
fn linger(mut rest: Arriving, under_way: Arc<UnderWay>, begins_within: Option<Duration>) {
    tokio::spawn(async move {
        let has_begun = match begins_within {
            Some(time) => timeout(time, rest.frame()).await.is_ok(),
            None => true,
        };
        if has_begun {
            // The connection ends, however this reading ends.
            let _ = timeout(LINGER, read_to_end(&mut rest, LINGER_BYTES)).await;
        }
        drop(under_way);
    });
}
