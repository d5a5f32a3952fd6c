//! Every bound on how much of this server's sockets and memory strangers can hold, by name. Bounds that are settings are
//! fields of [`Bounds`]; the others are constants.

use std::sync::Arc;
use std::time::Duration;

use crate::config::TrustedProxy;

/// Longest time for a TLS handshake, and for a request's headers (slow-loris).
pub(super) const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Most headers of a request.
pub(super) const MAX_HEADERS: usize = 100;
/// Bytes read at once, and so the limit of a request's headers.
pub(super) const READ_BUFFER_BYTES: usize = 128 * 1024;

/// The slowest reader that is served, in bytes a second, averaged over [`SLOW_READER_WINDOW`] of waiting for it. What it is
/// to get is held in memory. The least rate of uploads is the same, and the store's affair.
pub(super) const MIN_READER_BYTES_PER_SEC: u64 = 8 << 10;
/// The time over which a reader's rate is averaged: so long may a reader pause.
pub(super) const SLOW_READER_WINDOW: Duration = Duration::from_mins(1);

/// A client makes progress when so many bytes of a request or answer have moved.
pub(super) const PROGRESS_BYTES: u64 = 16 << 10;
/// A request that has made no progress for so long, as its client does not send or read, may be cut off when
/// connections run short.
pub(super) const STALL_BEFORE_CUT: Duration = Duration::from_secs(5);
/// The same for an answer whose client does not read, when the store's buffers run short.
pub(super) const STALL_BEFORE_RELIEF: Duration = Duration::from_secs(1);
/// Answers that are cut off at once when buffers run short.
pub(super) const RELIEF_AT_ONCE: usize = 8;

/// Bytes of unfinished requests (headers that are not complete, bodies that are being collected) of one address.
const UNFINISHED_BYTES_PER_ADDRESS: usize = 8 << 20;
/// The same of all addresses.
const UNFINISHED_BYTES: usize = 64 << 20;

/// One address may have a quarter of all connections, but not fewer than this while a quarter is left to others: people
/// behind one NAT, or a proxy that is not named, have that many requests under way.
const LEAST_PER_ADDRESS: usize = 256;

/// The bounds of a listener.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    /// Connections at once.
    pub(crate) connections: usize,
    /// Connections at once of one client: an IPv4 address, or a /64 of IPv6.
    pub(crate) connections_per_address: usize,
    /// Bytes of unfinished requests.
    pub(crate) unfinished_bytes: usize,
    /// Bytes of unfinished requests of one client.
    pub(crate) unfinished_bytes_per_address: usize,
    /// Proxies, whose connections are those of many clients: of these, requests under way are counted in place of
    /// connections.
    pub(crate) proxies: Arc<[TrustedProxy]>,
}

impl Bounds {
    /// So many connections, of which one address may have `per_address`, or a quarter (see [`LEAST_PER_ADDRESS`]) if that is not said.
    pub(crate) fn new(connections: usize, per_address: Option<usize>, proxies: &[TrustedProxy]) -> Self {
        let default = (connections / 4).max(LEAST_PER_ADDRESS.min(connections / 4 * 3));
        Self {
            connections,
            connections_per_address: per_address.unwrap_or(default).clamp(1, connections),
            unfinished_bytes: UNFINISHED_BYTES,
            unfinished_bytes_per_address: UNFINISHED_BYTES_PER_ADDRESS,
            proxies: proxies.into(),
        }
    }
}
