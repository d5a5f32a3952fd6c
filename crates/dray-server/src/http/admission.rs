//! What a request holds for its client while it runs: a place among the requests of that client if it came through a
//! proxy, memory for its body if the server collects the body, memory for its answer until it is read, and the client's transfers in
//! the embedded store.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use dray_object_store::Caller;

use super::error::Error;
use crate::client_address::ClientAddress;
use crate::db::fair::{Party, on_behalf_of};
use crate::drive::access;
use crate::serve::{Collected, Connection, Held, Unread};

/// Answers of at most this many bytes are not counted as unread. A client has not enough connections to hold much with them.
const SMALL_ANSWER: u64 = 16 << 10;

/// Prepares a request for the embedded store, which has its own limits.
pub(super) fn for_store(mut request: Request) -> Request {
    let caller = Caller(ClientAddress::of(&request).address());
    request.extensions_mut().insert(caller);
    let is_streamed = dray_object_store::is_streamed(request.method(), request.uri(), request.headers());
    if is_streamed { request } else { collected(request) }
}

/// Answers a request of the API within the limits of its client.
pub(super) async fn of_api<F: Future<Output = Response>>(
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let client = ClientAddress::of(&request);
    let connection = connection(&request).cloned();
    if let Some(connection) = &connection
        && connection.may_answer().await.is_err()
    {
        let with = "whose answers nobody has read yet";
        return Error::RateLimited { with, retry_after_secs: 1 }.into_response();
    }
    let guest = match connection.as_ref().map(|connection| connection.enter(client)).transpose() {
        Ok(guest) => guest.flatten(),
        Err(_) => {
            return Error::RateLimited { with: "under way from this address", retry_after_secs: 1 }
                .into_response();
        }
    };
    let response = on_behalf_of(Party::new(number(&client)), answer(collected(request))).await;
    let response = match connection {
        Some(connection) if response.body().size_hint().upper().is_none_or(|bytes| bytes > SMALL_ANSWER) => {
            response.map(|body| Body::new(Unread::new(body, connection)))
        }
        _ => response,
    };
    match guest {
        Some(guest) => response.map(|body| Body::new(Held::new(body, guest))),
        None => response,
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
fn collected(request: Request) -> Request {
    match connection(&request).cloned() {
        Some(connection) if !request.body().is_end_stream() => {
            request.map(|body| Body::new(Collected::new(body, connection)))
        }
        _ => request,
    }
}

fn connection(request: &Request) -> Option<&Arc<Connection>> {
    request.extensions().get()
}
