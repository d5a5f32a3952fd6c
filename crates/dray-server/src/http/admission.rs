//! What a request holds for its client while it runs: a place among the requests of that client if it came through a
//! proxy, memory for its body if the server collects the body, memory for its answer until it is read, and the client's transfers in
//! the embedded store.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::response::Response;
use dray_object_store::Caller;

use super::error::Error;
use crate::client_address::ClientAddress;
use crate::db::fair::Party;
use crate::drive::access;
use crate::serve::{Collected, Connection, Guest, Held, Unread};

/// Answers of at most this many bytes are not counted as unread. A client has not enough connections to hold much with them.
const SMALL_ANSWER: u64 = 16 << 10;

/// Prepares a request for the embedded store, which has its own limits.
pub(super) fn for_store(mut request: Request) -> Request {
    let caller = Caller(ClientAddress::of(&request).address());
    request.extensions_mut().insert(caller);
    let is_streamed = dray_object_store::is_streamed(request.method(), request.uri(), request.headers());
    if !is_streamed {
        collect(&mut request);
    }
    request
}

/// What a request of the API holds until its client has the answer.
pub(super) struct Admitted {
    party: Arc<Party>,
    connection: Option<Arc<Connection>>,
    guest: Option<Guest>,
}

/// Admits a request of the API within the limits of its client.
pub(super) async fn of_api(request: &mut Request) -> Result<Admitted, Error> {
    let client = ClientAddress::of(request);
    let connection = connection(request).cloned();
    if let Some(connection) = &connection
        && connection.may_answer().await.is_err()
    {
        let with = "whose answers nobody has read yet";
        return Err(Error::RateLimited { with, retry_after_secs: 1 });
    }
    let guest = connection.as_ref().map(|connection| connection.enter(client)).transpose();
    let too_many = |_| Error::RateLimited { with: "under way from this address", retry_after_secs: 1 };
    let guest = guest.map_err(too_many)?.flatten();
    collect(request);
    Ok(Admitted { party: Party::new(number(&client)), connection, guest })
}

impl Admitted {
    /// On whose behalf the request is answered.
    pub(super) fn party(&self) -> Arc<Party> {
        self.party.clone()
    }

    /// The answer, which holds what the request holds.
    pub(super) fn held(self, response: Response) -> Response {
        let response = match self.connection {
            Some(connection)
                if response.body().size_hint().upper().is_none_or(|bytes| bytes > SMALL_ANSWER) =>
            {
                response.map(|body| Body::new(Unread::new(body, connection)))
            }
            _ => response,
        };
        match self.guest {
            Some(guest) => response.map(|body| Body::new(Held::new(body, guest))),
            None => response,
        }
    }
}

/// From now on the request is its user's, and no longer its address's. Requests of grants stay those of their address, because
/// strangers share a grant's user.
pub(super) fn is_of(caller: &access::Caller) {
    if caller.grant().is_none() {
        Party::becomes(number(&caller.user));
    }
}

/// A party's number.
fn number(party: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    party.hash(&mut hasher);
    hasher.finish()
}

/// Counts the bytes of a body as held in memory until the request is answered.
fn collect(request: &mut Request) {
    if let Some(connection) = connection(request).cloned()
        && !request.body().is_end_stream()
    {
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = Body::new(Collected::new(body, connection));
    }
}

fn connection(request: &Request) -> Option<&Arc<Connection>> {
    request.extensions().get()
}
