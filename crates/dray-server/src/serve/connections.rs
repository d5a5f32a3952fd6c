//! All connections of a listener, and which of them are closed when places or memory run short. The rule: the client
//! that has most gives way first, silent connections before stalled ones, the oldest first. A request that makes
//! progress is never cut off.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::bounds::{Bounds, RELIEF_AT_ONCE, STALL_BEFORE_CUT, STALL_BEFORE_RELIEF};
use super::connection::{Connection, Place};
use crate::client_address::ClientAddress;
use crate::metrics::ConnectionMetrics;

/// How often to look for a place while every connection is busy.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The shortest time between two calls of [`Connections::relieve`] that cut connections off, in milliseconds.
const RELIEF_EVERY_MS: u64 = 50;

/// The connections of a listener. It is cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    bounds: Bounds,
    metrics: ConnectionMetrics,
    table: Mutex<Table>,
    /// Bytes of unfinished requests.
    unfinished: AtomicUsize,
    /// Bytes of answers that nobody has read.
    unread: AtomicUsize,
    /// Notified when a connection ends.
    left: Notify,
    started: Instant,
    relieved: AtomicU64,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    open: HashMap<u64, Arc<Connection>>,
    /// Those of `open` that are not being cut off.
    staying: usize,
    places: HashMap<ClientAddress, Taken>,
}

/// The connections of one client.
#[derive(Debug)]
struct Taken {
    place: Arc<Place>,
    /// Its connections, and its requests through a proxy.
    open: usize,
    /// Those that are not being cut off.
    staying: usize,
}

/// A connection that was admitted. It leaves the table when this is dropped.
#[derive(Debug)]
pub(super) struct Admitted(pub(super) Arc<Connection>);

/// The decision about a new connection.
enum Attempt {
    In(Admitted),
    /// Its client has too many.
    Refused,
    /// All connections are busy.
    Full,
}

/// The place of a request that came through a proxy.
#[derive(Debug)]
pub(crate) struct Guest {
    all: Connections,
    client: ClientAddress,
}

/// The client already has as many requests under way as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Connections {
    pub(crate) fn new(bounds: Bounds, metrics: ConnectionMetrics) -> Self {
        Self(Arc::new(Shared {
            bounds,
            metrics,
            table: Mutex::default(),
            unfinished: AtomicUsize::new(0),
            unread: AtomicUsize::new(0),
            left: Notify::new(),
            started: Instant::now(),
            relieved: AtomicU64::new(0),
        }))
    }

    /// Milliseconds since the start, never 0.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX) + 1
    }

    /// Admits a connection. If its client has as many as it may, this closes a silent or stalled one of the same client; it
    /// returns `None` if there is none. If the listener has as many as it may, this closes another silent or stalled one. It
    /// waits while none can be closed.
    pub(super) async fn admit(&self, peer: IpAddr) -> Option<Admitted> {
        loop {
            match self.try_admit(peer) {
                Attempt::In(admitted) => return Some(admitted),
                Attempt::Refused => return None,
                // Sooner or later a request ends or stalls.
                Attempt::Full => drop(tokio::time::timeout(LOOK_AGAIN, self.0.left.notified()).await),
            }
        }
    }

    fn try_admit(&self, peer: IpAddr) -> Attempt {
        let (client, is_bounded) = (ClientAddress::at(peer), !self.is_proxy(peer));
        let mut table = self.table();
        if is_bounded && table.staying_of(client) >= self.0.bounds.connections_per_address {
            if !self.replace_own(&mut table, client) {
                return Attempt::Refused;
            }
        } else if !self.make_room(&mut table) {
            return Attempt::Full;
        }
        Attempt::In(self.let_in(&mut table, client, is_bounded))
    }

    fn let_in(&self, table: &mut Table, client: ClientAddress, is_bounded: bool) -> Admitted {
        let place = table.take_place(client, is_bounded);
        let connection = Arc::new(Connection::new(self.clone(), table.next, place));
        table.open.insert(table.next, connection.clone());
        table.next += 1;
        table.staying += 1;
        self.0.metrics.open.increment(1);
        Admitted(connection)
    }

    fn replace_own(&self, table: &mut Table, client: ClientAddress) -> bool {
        let is_replaced = self.cut_worst(
            table,
            |one| one.place.client == client,
            |metrics| (&metrics.cut_silent_of_address, &metrics.cut_stalled_of_address),
        );
        if !is_replaced {
            self.0.metrics.refused.increment(1);
        }
        is_replaced
    }

    fn make_room(&self, table: &mut Table) -> bool {
        table.staying < self.0.bounds.connections
            || self.cut_worst(table, |_| true, |metrics| (&metrics.cut_silent, &metrics.cut_stalled))
    }

    /// Cuts off the one of these connections that gives way first: a silent one or, if there is none, one whose request has
    /// stalled. People share an address, so this also holds among the connections of one address.
    fn cut_worst(
        &self,
        table: &mut Table,
        applies: impl Fn(&Connection) -> bool,
        counters: impl Fn(&ConnectionMetrics) -> (&metrics::Counter, &metrics::Counter),
    ) -> bool {
        if let Some(silent) = table.worst(|one| one.silent_since().filter(|_| applies(one))) {
            self.cut(table, &silent, |metrics| counters(metrics).0);
            return true;
        }
        let latest = self.now().saturating_sub(millis(STALL_BEFORE_CUT));
        let stalled = table.worst(|one| one.stalled_since().filter(|since| *since < latest && applies(one)));
        if let Some(stalled) = &stalled {
            self.cut(table, stalled, |metrics| counters(metrics).1);
        }
        stalled.is_some()
    }

    /// Counts a request through a proxy as a connection of its client.
    pub(super) fn enter(&self, client: ClientAddress) -> Result<Guest, TooMany> {
        let mut table = self.table();
        if table.staying_of(client) >= self.0.bounds.connections_per_address {
            self.0.metrics.refused.increment(1);
            return Err(TooMany);
        }
        table.take_place(client, true);
        Ok(Guest { all: self.clone(), client })
    }

    /// Cuts off some clients that do not read their answers, because others wait for their buffers.
    pub(crate) fn relieve(&self) {
        let now = self.now();
        let last = self.0.relieved.load(Relaxed);
        let is_due = now >= last + RELIEF_EVERY_MS;
        if !is_due || self.0.relieved.compare_exchange(last, now, Relaxed, Relaxed).is_err() {
            return;
        }
        let latest = now.saturating_sub(millis(STALL_BEFORE_RELIEF));
        let mut table = self.table();
        for _ in 0..RELIEF_AT_ONCE {
            let unread = table.worst(|one| one.unread_since().filter(|since| *since < latest));
            let Some(unread) = unread else { return };
            self.cut(&mut table, &unread, |metrics| &metrics.cut_unread);
        }
    }

    pub(super) fn slow_reader(&self) {
        self.0.metrics.cut_slow_reader.increment(1);
    }

    /// Records that more bytes of an unfinished request are in memory. If there are too many, this cuts off the
    /// connection with the most of them: among those of the same client, or among all.
    pub(super) fn hold(&self, one: &Connection, bytes: usize) {
        if one.is_cut() {
            return;
        }
        let shared = &self.0;
        one.unfinished.fetch_add(bytes, Relaxed);
        let of_client = one.place.unfinished.fetch_add(bytes, Relaxed) + bytes;
        let of_all = shared.unfinished.fetch_add(bytes, Relaxed) + bytes;
        let client = &one.place.client;
        if one.place.is_bounded && of_client > shared.bounds.unfinished_bytes_per_address {
            self.cut_largest(|other| other.place.client == *client);
        } else if of_all > shared.bounds.unfinished_bytes {
            self.cut_largest(|_| true);
        }
        shared.metrics.unfinished_bytes.set(bytes_as_float(shared.unfinished.load(Relaxed)));
    }

    /// Records that up to this many bytes of an unfinished request are no longer in memory.
    pub(super) fn release(&self, one: &Connection, bytes: usize) {
        let mut released = 0;
        let _ = one.unfinished.fetch_update(Relaxed, Relaxed, |held| {
            released = held.min(bytes);
            Some(held - released)
        });
        if released > 0 {
            one.place.unfinished.fetch_sub(released, Relaxed);
            let before = self.0.unfinished.fetch_sub(released, Relaxed);
            self.0.metrics.unfinished_bytes.set(bytes_as_float(before - released));
        }
    }

    /// Changes the number of unread bytes of all answers. `change` returns what it was before.
    pub(super) fn unread(&self, change: impl FnOnce(&AtomicUsize) -> usize) {
        change(&self.0.unread);
        self.0.metrics.unread_bytes.set(bytes_as_float(self.0.unread.load(Relaxed)));
    }

    /// Whether one more answer may be made. `of_client`: unread bytes of its client, if they are limited.
    pub(super) fn has_room_for_answers(&self, of_client: Option<usize>) -> bool {
        let bounds = &self.0.bounds;
        of_client.is_none_or(|bytes| bytes <= bounds.unread_bytes_per_address)
            && self.0.unread.load(Relaxed) <= bounds.unread_bytes
    }

    pub(super) fn unread_refused(&self) -> TooMany {
        self.0.metrics.refused.increment(1);
        TooMany
    }

    /// While all clients together have too many unread bytes: cuts off the connection with the most of them.
    pub(super) fn cut_most_unread(&self) {
        let mut table = self.table();
        while self.0.unread.load(Relaxed) > self.0.bounds.unread_bytes {
            let candidates = table.open.values().filter(|one| !one.is_cut());
            let Some(largest) = candidates.max_by_key(|one| one.unread.load(Relaxed)).cloned() else {
                return;
            };
            self.cut(&mut table, &largest, |metrics| &metrics.cut_unread);
        }
    }

    fn cut_largest(&self, applies: impl Fn(&Connection) -> bool) {
        let mut table = self.table();
        let candidates = table.open.values().filter(|one| !one.is_cut() && applies(one));
        if let Some(largest) = candidates.max_by_key(|one| one.unfinished.load(Relaxed)).cloned() {
            self.cut(&mut table, &largest, |metrics| &metrics.cut_unfinished);
        }
    }

    fn cut(
        &self,
        table: &mut Table,
        one: &Connection,
        counter: impl FnOnce(&ConnectionMetrics) -> &metrics::Counter,
    ) {
        if one.is_cut.swap(true, Relaxed) {
            return;
        }
        table.staying -= 1;
        if let Some(taken) = table.places.get_mut(&one.place.client) {
            taken.staying -= 1;
        }
        self.release(one, usize::MAX);
        one.takes(usize::MAX);
        one.cut.cancel();
        counter(&self.0.metrics).increment(1);
    }

    pub(super) fn is_proxy(&self, peer: IpAddr) -> bool {
        self.0.bounds.proxies.iter().any(|proxy| proxy.is(peer))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Among the connections for which `since` returns a time: the oldest one of the client that has most of them.
    fn worst(&self, since: impl Fn(&Connection) -> Option<u64>) -> Option<Arc<Connection>> {
        for taken in self.places.values() {
            taken.place.tally.store(0, Relaxed);
        }
        for one in self.open.values().filter(|one| since(one).is_some()) {
            one.place.tally.fetch_add(1, Relaxed);
        }
        let found = self.open.values().filter_map(|one| Some((one, since(one)?)));
        found
            .max_by_key(|(one, since)| (one.place.tally.load(Relaxed), Reverse((*since, one.number))))
            .map(|(one, _)| one.clone())
    }

    fn staying_of(&self, client: ClientAddress) -> usize {
        self.places.get(&client).map_or(0, |taken| taken.staying)
    }

    fn take_place(&mut self, client: ClientAddress, is_bounded: bool) -> Arc<Place> {
        let new = || Taken {
            place: Arc::new(Place {
                client,
                is_bounded,
                unfinished: AtomicUsize::new(0),
                unread: AtomicUsize::new(0),
                tally: AtomicUsize::new(0),
            }),
            open: 0,
            staying: 0,
        };
        let taken = self.places.entry(client).or_insert_with(new);
        taken.open += 1;
        taken.staying += 1;
        taken.place.clone()
    }

    fn leave_place(&mut self, client: &ClientAddress, was_staying: bool) {
        if let Some(taken) = self.places.get_mut(client) {
            taken.open -= 1;
            taken.staying -= usize::from(was_staying);
            if taken.open == 0 {
                self.places.remove(client);
            }
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let Self(one) = self;
        one.all.release(one, usize::MAX);
        one.takes(usize::MAX);
        let mut table = one.all.table();
        let was_staying = !one.is_cut();
        table.open.remove(&one.number);
        table.staying -= usize::from(was_staying);
        table.leave_place(&one.place.client, was_staying);
        drop(table);
        one.all.0.metrics.open.decrement(1);
        one.all.0.left.notify_one();
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.all.table().leave_place(&self.client, true);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floats, and exact to 9 petabytes")]
fn bytes_as_float(bytes: usize) -> f64 {
    bytes as f64
}
