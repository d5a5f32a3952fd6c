//! Answers that are in memory until their client has read them. An answer may have some hundred times the bytes of its request, so a
//! client that asks and does not read could fill the memory. When a client has too many unread bytes, its next request waits
//! until it has read some of them, or until those that it does not read are cut off. When all clients together have too many, the
//! answer with the most unread bytes is cut off, so that nobody else waits.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};

use super::bounds::{LOOK_FOR_READERS, UNREAD_WAIT};
use super::connection::Connection;
use super::connections::TooMany;

/// The body of an answer. Its bytes count as unread until the socket has accepted them.
pub(crate) struct Unread {
    body: Body,
    connection: Arc<Connection>,
}

impl Unread {
    pub(crate) fn new(body: Body, connection: Arc<Connection>) -> Self {
        Self { body, connection }
    }
}

impl hyper::body::Body for Unread {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            self.connection.hands_over(frame.data_ref().map_or(0, Bytes::len));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Connection {
    /// Waits until the client has few enough unread bytes for one more answer. Fails if it does not read.
    pub(crate) async fn may_answer(&self) -> Result<(), TooMany> {
        if self.has_room() {
            return Ok(());
        }
        let waiting = async {
            while !self.has_room() {
                self.all.relieve();
                self.all.cut_most_unread();
                tokio::time::sleep(LOOK_FOR_READERS).await;
            }
        };
        tokio::time::timeout(UNREAD_WAIT, waiting).await.map_err(|_| self.all.unread_refused())
    }

    fn has_room(&self) -> bool {
        let of_client = self.place.unread.load(Relaxed);
        self.all.has_room_for_answers(self.place.is_bounded.then_some(of_client))
    }

    /// Records that the server has bytes of an answer ready for the socket.
    fn hands_over(&self, bytes: usize) {
        self.unread.fetch_add(bytes, Relaxed);
        self.place.unread.fetch_add(bytes, Relaxed);
        self.all.unread(|all| all.fetch_add(bytes, Relaxed));
    }

    /// Records that the socket has accepted bytes of an answer, or that they are given up.
    pub(super) fn takes(&self, bytes: usize) {
        if self.unread.load(Relaxed) == 0 {
            return;
        }
        let mut taken = 0;
        let _ = self.unread.fetch_update(Relaxed, Relaxed, |unread| {
            taken = unread.min(bytes);
            Some(unread - taken)
        });
        if taken > 0 {
            self.place.unread.fetch_sub(taken, Relaxed);
            self.all.unread(|all| all.fetch_sub(taken, Relaxed));
        }
    }
}
