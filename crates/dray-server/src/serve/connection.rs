//! The state of one open connection: whether a request is under way, since when the server has waited for the
//! client, and how many bytes of an unfinished request it has in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::bounds::{HEADER_TIMEOUT, KEEP_ALIVE, PROGRESS_BYTES};
use super::connections::{Connections, Guest, TooMany};
use crate::client_address::ClientAddress;

/// If more bytes than this were read, the connection checks how many belong to the head. The rest belongs to the next
/// request.
const SMALL_HEAD_BYTES: usize = 16 << 10;

/// A client with connections, and how many bytes of its unfinished requests are in memory.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) client: ClientAddress,
    /// False for a trusted proxy, which has many clients behind it.
    pub(super) is_bounded: bool,
    pub(super) unfinished: AtomicUsize,
    /// Bytes of answers that it has not read.
    pub(super) unread: AtomicUsize,
    /// Counts this client's connections during a pass over all of them, under the table's lock.
    pub(super) tally: AtomicUsize,
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) all: Connections,
    pub(super) number: u64,
    pub(super) place: Arc<Place>,
    /// Ends the connection.
    pub(super) cut: CancellationToken,
    pub(super) is_cut: AtomicBool,
    is_answering: AtomicBool,
    is_writing: AtomicBool,
    /// Since when the server has waited for progress of the client (see [`Connections::now`]). 0 while the client
    /// waits for the server.
    waits_since: AtomicU64,
    /// Since when the head of a request arrives; 0 if none does.
    head_since: AtomicU64,
    /// Whether it has answered a request.
    has_answered: AtomicBool,
    /// Bytes that have moved since `waits_since`.
    moved: AtomicU64,
    pub(super) unfinished: AtomicUsize,
    /// Bytes of answers in memory that the client has not read.
    pub(super) unread: AtomicUsize,
    /// Bytes that were read during a request, after its body. They belong to the next request.
    ahead: AtomicUsize,
}

impl Connection {
    pub(super) fn new(all: Connections, number: u64, place: Arc<Place>) -> Self {
        let now = all.now();
        Self {
            all,
            number,
            place,
            cut: CancellationToken::new(),
            is_cut: AtomicBool::new(false),
            is_answering: AtomicBool::new(false),
            is_writing: AtomicBool::new(false),
            waits_since: AtomicU64::new(now),
            head_since: AtomicU64::new(0),
            has_answered: AtomicBool::new(false),
            moved: AtomicU64::new(0),
            unfinished: AtomicUsize::new(0),
            unread: AtomicUsize::new(0),
            ahead: AtomicUsize::new(0),
        }
    }

    /// Takes a place for a client behind a proxy while its request is under way; `None` if the client has a
    /// connection of its own. Fails if that client has too many.
    pub(crate) fn enter(&self, client: ClientAddress) -> Result<Option<Guest>, TooMany> {
        if self.place.is_bounded || self.all.is_proxy(client.address()) {
            return Ok(None);
        }
        self.all.enter(client).map(Some)
    }

    /// Since when the connection is silent, which means that no request is under way. `None` if one is.
    pub(super) fn silent_since(&self) -> Option<u64> {
        let is_busy = self.is_answering.load(Relaxed) || self.is_writing.load(Relaxed) || self.is_cut();
        (!is_busy).then(|| self.waits_since.load(Relaxed))
    }

    /// Since when a request is under way and its client makes no progress.
    pub(super) fn stalled_since(&self) -> Option<u64> {
        let since = self.waits_since.load(Relaxed);
        (since > 0 && !self.is_cut()).then_some(since)
    }

    /// Since when the client has not read its answer.
    pub(super) fn unread_since(&self) -> Option<u64> {
        self.stalled_since().filter(|_| self.is_writing.load(Relaxed))
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.load(Relaxed)
    }

    /// From now on the server waits for the client, if it did not before.
    pub(super) fn waits(&self) {
        if self.waits_since.load(Relaxed) == 0 {
            self.waits_since.store(self.all.now(), Relaxed);
        }
    }

    /// Records that this many bytes moved.
    pub(super) fn moves(&self, bytes: usize) {
        if self.moved.fetch_add(bytes as u64, Relaxed) + (bytes as u64) < PROGRESS_BYTES {
            return;
        }
        self.is_served();
        if !self.is_answering.load(Relaxed) {
            // The answer is complete, and its end is being sent.
            self.waits();
        }
    }

    /// From now on the client waits for the server.
    pub(super) fn is_served(&self) {
        self.waits_since.store(0, Relaxed);
        self.moved.store(0, Relaxed);
    }

    /// Records that the socket accepts no more bytes, or accepts them again.
    pub(super) fn writes(&self, is_held_up: bool) {
        self.is_writing.store(is_held_up, Relaxed);
        if is_held_up {
            self.waits();
        }
    }

    /// Records that bytes arrived from the socket.
    pub(super) fn reads(&self, bytes: usize) {
        if self.is_answering.load(Relaxed) {
            self.ahead.fetch_add(bytes, Relaxed);
        } else {
            self.arrives(bytes);
        }
    }

    /// Records that bytes of a head have arrived.
    fn arrives(&self, bytes: usize) {
        if bytes > 0 && self.head_since.load(Relaxed) == 0 {
            self.head_since.store(self.all.now(), Relaxed);
        }
        self.holds(bytes);
    }

    /// How much longer the client may take until the head of its next request is complete. While an answer is being sent, other
    /// bounds count.
    pub(super) fn time_for_head(&self) -> Duration {
        let now = self.all.now();
        let is_busy = self.is_answering.load(Relaxed) || self.is_writing.load(Relaxed);
        let silent_since = match self.waits_since.load(Relaxed) {
            0 => now,
            since => since,
        };
        let (begun, may_last) = match self.head_since.load(Relaxed) {
            _ if is_busy => (now, HEADER_TIMEOUT),
            0 if self.has_answered.load(Relaxed) => (silent_since, KEEP_ALIVE),
            0 => (silent_since, HEADER_TIMEOUT),
            begun => (begun, HEADER_TIMEOUT),
        };
        may_last.saturating_sub(Duration::from_millis(now.saturating_sub(begun)))
    }

    /// Records that the handshake is done. The bytes read for it are no longer in memory.
    pub(super) fn shook_hands(&self) {
        self.head_since.store(0, Relaxed);
        self.all.release(self, usize::MAX);
    }

    /// Records that a request's head is complete. `head_bytes` returns its length.
    pub(super) fn begins(&self, head_bytes: impl FnOnce() -> usize) {
        self.is_answering.store(true, Relaxed);
        self.head_since.store(0, Relaxed);
        self.is_served();
        let held = self.unfinished.load(Relaxed);
        let ahead = if held > SMALL_HEAD_BYTES { held.saturating_sub(head_bytes()) } else { 0 };
        self.ahead.store(ahead, Relaxed);
        self.all.release(self, usize::MAX);
    }

    /// Records that a frame of the request's body was passed on.
    pub(super) fn delivers(&self, bytes: usize, is_last: bool) {
        self.ahead.store(0, Relaxed);
        if is_last {
            self.is_served();
        } else {
            self.moves(bytes);
        }
    }

    /// Records that the answer has been sent.
    pub(super) fn ends(&self) {
        self.all.release(self, usize::MAX);
        self.has_answered.store(true, Relaxed);
        self.is_answering.store(false, Relaxed);
        self.is_served();
        self.waits();
        self.arrives(self.ahead.swap(0, Relaxed));
    }

    /// Records that this many more bytes of an unfinished request are in memory. This may cut off this connection or
    /// another one.
    pub(crate) fn holds(&self, bytes: usize) {
        if bytes > 0 {
            self.all.hold(self, bytes);
        }
    }
}
