//! Every limit on how many sockets and how much memory of this server strangers can hold, by name. Limits that are
//! settings are fields of [`Bounds`]; the others are constants.

use std::sync::Arc;
use std::time::Duration;

use crate::config::TrustedProxy;

/// The longest time for a TLS handshake, until the first request begins, and for a request's headers (against slow-loris attacks).
pub(super) const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a connection is kept for its next request. Proxies keep theirs for 60 to 120 s. If this server closed first, a proxy
/// might send a request at that moment, and answer it with 502.
pub(super) const KEEP_ALIVE: Duration = Duration::from_mins(3);
/// How often a connection that waits for a request looks at these times.
pub(super) const LOOK_FOR_HEADS: Duration = Duration::from_secs(5);
/// The maximum number of headers of a request.
pub(super) const MAX_HEADERS: usize = 100;
/// How many bytes are read at once. This also limits the size of a request's headers.
pub(super) const READ_BUFFER_BYTES: usize = 128 * 1024;

/// The maximum number of bytes of a request's body that are read after its answer is ready, so that the connection can
/// serve another request.
pub(super) const REST_BYTES: u64 = 64 << 10;
/// The longest time that an answer waits for them.
pub(super) const REST_WAIT: Duration = Duration::from_secs(1);
/// The maximum number of bytes of the rest of a body that are read before its connection ends, so that the client sees its
/// answer. It is more than the largest part that Dray plans (5 TiB in 10,000 parts). No byte is kept, so they need no memory.
pub(super) const LINGER_BYTES: u64 = 1 << 30;
/// The longest time for that.
pub(super) const LINGER: Duration = Duration::from_secs(30);

/// The minimum rate of a reader, in bytes per second, averaged over [`SLOW_READER_WINDOW`] of waiting for that
/// reader. The server holds the bytes that it has not read in memory. The store has the same minimum rate for
/// uploads.
pub(super) const MIN_READER_BYTES_PER_SEC: u64 = 8 << 10;
/// The time over which a reader's rate is averaged. This is also the longest pause that a reader may make.
pub(super) const SLOW_READER_WINDOW: Duration = Duration::from_mins(1);

/// A client makes progress when this many bytes of a request or answer have moved.
pub(super) const PROGRESS_BYTES: u64 = 16 << 10;
/// A request that has made no progress for this long, because its client does not send or read, may be cut off when
/// connections run short.
pub(super) const STALL_BEFORE_CUT: Duration = Duration::from_secs(5);
/// The same for an answer whose client does not read, when the store's buffers run short.
pub(super) const STALL_BEFORE_RELIEF: Duration = Duration::from_secs(1);
/// How many answers are cut off at once when buffers run short.
pub(super) const RELIEF_AT_ONCE: usize = 8;

/// The maximum number of bytes of unfinished requests (incomplete headers, bodies that are being collected) of one
/// address.
const UNFINISHED_BYTES_PER_ADDRESS: usize = 8 << 20;
/// The maximum for all addresses together.
const UNFINISHED_BYTES: usize = 64 << 20;

/// The maximum number of unread bytes of answers of one address, before its next request waits.
const UNREAD_BYTES_PER_ADDRESS: usize = 32 << 20;
/// The maximum for all addresses together.
const UNREAD_BYTES: usize = 128 << 20;
/// How long such a request waits. Answers that nobody has read for [`STALL_BEFORE_RELIEF`] are cut off meanwhile.
pub(super) const UNREAD_WAIT: Duration = Duration::from_secs(3);
/// How often it looks whether it may begin.
pub(super) const LOOK_FOR_READERS: Duration = Duration::from_millis(20);

/// One address may have a quarter of all connections, or this many if that is more, as long as a quarter is left to
/// others. People behind one NAT, or behind a proxy that the settings do not name, may have this many requests under
/// way.
const LEAST_PER_ADDRESS: usize = 256;

/// The limits of a listener.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    /// The maximum number of connections at once.
    pub(crate) connections: usize,
    /// The maximum number of connections at once of one client: an IPv4 address, or a /64 of IPv6.
    pub(crate) connections_per_address: usize,
    /// The maximum number of bytes of unfinished requests.
    pub(crate) unfinished_bytes: usize,
    /// The maximum number of bytes of unfinished requests of one client.
    pub(crate) unfinished_bytes_per_address: usize,
    /// The maximum number of unread bytes of answers.
    pub(crate) unread_bytes: usize,
    /// The maximum number of unread bytes of answers to one client.
    pub(crate) unread_bytes_per_address: usize,
    /// Proxies, whose connections carry many clients. For them, requests under way are counted instead of
    /// connections.
    pub(crate) proxies: Arc<[TrustedProxy]>,
}

impl Bounds {
    /// The limits for this many connections. One address may have `per_address` of them or, if that is `None`, a
    /// quarter (see [`LEAST_PER_ADDRESS`]).
    pub(crate) fn new(connections: usize, per_address: Option<usize>, proxies: &[TrustedProxy]) -> Self {
        let default = (connections / 4).max(LEAST_PER_ADDRESS.min(connections / 4 * 3));
        Self {
            connections,
            connections_per_address: per_address.unwrap_or(default).clamp(1, connections),
            unfinished_bytes: UNFINISHED_BYTES,
            unfinished_bytes_per_address: UNFINISHED_BYTES_PER_ADDRESS,
            unread_bytes: UNREAD_BYTES,
            unread_bytes_per_address: UNREAD_BYTES_PER_ADDRESS,
            proxies: proxies.into(),
        }
    }
}
