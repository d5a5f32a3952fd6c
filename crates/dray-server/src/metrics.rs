//! What a server counts and times, for Prometheus. Each server has its own registry, so that several servers in one
//! process do not share counters. Without a registry, counting and timing cost almost nothing.

use std::time::Duration;

use metrics::{Counter, Gauge, Key, Label, Level, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use dray_db::{Timer, Timing};
use dray_object_store::TransferStock;

use crate::drive::report::Report;

const REQUESTS: &str = "dray_http_requests_total";
const REQUEST_SECONDS: &str = "dray_http_request_duration_seconds";
const DATABASE_SECONDS: &str = "dray_database_seconds";
const STORE_SECONDS: &str = "dray_store_seconds";
const PRESIGNED: &str = "dray_presigned_urls_total";
const RATE_LIMITED: &str = "dray_rate_limited_total";
const CONNECTIONS: &str = "dray_connections";
const CUT: &str = "dray_connections_cut_total";
const REFUSED: &str = "dray_connections_refused_total";
const UNFINISHED_BYTES: &str = "dray_unfinished_request_bytes";
const UNREAD_BYTES: &str = "dray_unread_answer_bytes";
const TRANSFERS: &str = "dray_transfers";
const TRANSFERS_REFUSED: &str = "dray_transfers_refused_total";
const TRANSFERS_TOO_SLOW: &str = "dray_transfers_too_slow_total";
const WEBHOOKS: &str = "dray_webhooks_total";
const SWEEP_FINALIZED: &str = "dray_sweep_finalized_total";
const SWEEP_REOPENED: &str = "dray_sweep_reopened_total";
const SWEEP_OVERSIZED: &str = "dray_sweep_oversized_total";
const SWEEP_EXPIRED: &str = "dray_sweep_expired_total";
const SWEEP_TRASH_EXPIRED: &str = "dray_sweep_trash_expired_total";
const SWEEP_REMOVED: &str = "dray_sweep_items_removed_total";
const SWEEP_OBJECTS_REMOVED: &str = "dray_sweep_objects_removed_total";
const SWEEP_FAILURES: &str = "dray_sweep_failures_total";
const UPLOADS: &str = "dray_uploads";
const ITEMS: &str = "dray_items";
const STORED_BYTES: &str = "dray_stored_bytes";
const BUILD_INFO: &str = "dray_build_info";

const COUNTERS: [(&str, &str); 16] = [
    (REQUESTS, "Requests answered; route `store` is the embedded object store"),
    (PRESIGNED, "URLs signed"),
    (RATE_LIMITED, "Requests refused by a rate limit"),
    (CUT, "Connections cut off, by reason"),
    (REFUSED, "Connections, and requests through a proxy, refused because their address had too many"),
    (TRANSFERS_REFUSED, "Transfers refused by the embedded store, by the limit"),
    (TRANSFERS_TOO_SLOW, "Uploads that the embedded store cut off because they arrived too slowly"),
    (WEBHOOKS, "Calls of webhooks, by outcome"),
    (SWEEP_FINALIZED, "Finalizes that a crash interrupted, and whose items now exist"),
    (SWEEP_REOPENED, "Finalizes that a crash interrupted, and whose uploads are open again or gone"),
    (SWEEP_OVERSIZED, "Uploads that were aborted because the store had more bytes than were announced"),
    (SWEEP_EXPIRED, "Expired uploads that were aborted in the store"),
    (SWEEP_TRASH_EXPIRED, "Items whose time in the trash was over"),
    (SWEEP_REMOVED, "Items removed permanently"),
    (SWEEP_OBJECTS_REMOVED, "Objects that the store has removed"),
    (SWEEP_FAILURES, "Sweeps that could not begin"),
];
const GAUGES: [(&str, &str); 8] = [
    (CONNECTIONS, "Connections open"),
    (UNFINISHED_BYTES, "Bytes in memory of requests that are not complete"),
    (UNREAD_BYTES, "Bytes in memory of answers of the API that their clients have not read"),
    (TRANSFERS, "Transfers under way in the embedded store"),
    (UPLOADS, "Uploads that are unfinished, or whose parts are still in the store"),
    (ITEMS, "Files and folders in the drive"),
    (STORED_BYTES, "Bytes of all files in the drive"),
    (BUILD_INFO, "1, labelled with the running version"),
];
const HISTOGRAMS: [(&str, &str); 3] = [
    (REQUEST_SECONDS, "Time from a request's head to its answer's"),
    (DATABASE_SECONDS, "Time of a call to the database; a write ends when it is on disk"),
    (STORE_SECONDS, "Time of a call to the object store, with its repeats"),
];

/// The states of an upload that is unfinished, or whose parts may still be in the store.
const UNFINISHED: [&str; 5] = ["opening", "open", "completing", "aborted", "expired"];

/// Upper bounds in seconds: for calls over a network, and for calls that may stay in memory.
const SLOW: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const FAST: [f64; 12] =
    [0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.001, 0.002_5, 0.01, 0.025, 0.1, 1.0, 5.0];

const METADATA: Metadata<'static> = Metadata::new("dray", Level::INFO, None);

/// The counters of a server.
pub struct Metrics {
    registry: Option<(PrometheusRecorder, PrometheusHandle)>,
    /// The events of connections.
    pub(crate) connections: ConnectionMetrics,
    /// Part URLs signed.
    pub(crate) part_urls: Counter,
    /// Download URLs signed.
    pub(crate) download_urls: Counter,
    /// Requests refused by the limit of their token.
    pub(crate) limited_by_token: Counter,
    /// Requests refused by the limit of their address.
    pub(crate) limited_by_address: Counter,
    /// Sweeps that could not begin.
    pub(crate) sweep_failures: Counter,
    /// Webhook calls that succeeded.
    pub(crate) webhooks_delivered: Counter,
    /// Webhook calls that failed.
    pub(crate) webhooks_failed: Counter,
    /// Reads of the database.
    pub(crate) database_read: Timer,
    /// Writes to the database.
    pub(crate) database_write: Timer,
}

/// The events of a listener's connections.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionMetrics {
    /// Open connections.
    pub(crate) open: Gauge,
    /// Bytes in memory of requests that are not complete.
    pub(crate) unfinished_bytes: Gauge,
    /// Bytes in memory of answers that their clients have not read.
    pub(crate) unread_bytes: Gauge,
    /// Connections and requests that were refused because their address had too many, or did not read its answers.
    pub(crate) refused: Counter,
    /// Silent connections that were closed for others of their address.
    pub(crate) cut_silent_of_address: Counter,
    /// Stalled requests that were cut off for others of their address.
    pub(crate) cut_stalled_of_address: Counter,
    /// Silent connections that were closed for others.
    pub(crate) cut_silent: Counter,
    /// Stalled requests that were cut off for others.
    pub(crate) cut_stalled: Counter,
    /// Answers that were cut off because nobody read them and others waited for their buffers.
    pub(crate) cut_unread: Counter,
    /// Connections that were cut off because they had the most bytes of unfinished requests when there were too many.
    pub(crate) cut_unfinished: Counter,
    /// Readers that were cut off because they were slower than the minimum rate.
    pub(crate) cut_slow_reader: Counter,
}

impl ConnectionMetrics {
    /// Counts nothing.
    pub(crate) fn off() -> Self {
        Self::with(&|_, _| Counter::noop(), &|_| Gauge::noop())
    }

    fn of(metrics: &Metrics) -> Self {
        Self::with(&|name, labels| metrics.counter(name, labels), &|name| metrics.gauge(name, Vec::new()))
    }

    fn with(
        counter: &dyn Fn(&'static str, Vec<Label>) -> Counter,
        gauge: &dyn Fn(&'static str) -> Gauge,
    ) -> Self {
        let cut = |reason| counter(CUT, vec![label("reason", reason)]);
        Self {
            open: gauge(CONNECTIONS),
            unfinished_bytes: gauge(UNFINISHED_BYTES),
            unread_bytes: gauge(UNREAD_BYTES),
            refused: counter(REFUSED, Vec::new()),
            cut_silent_of_address: cut("silent_address"),
            cut_stalled_of_address: cut("stalled_address"),
            cut_silent: cut("silent"),
            cut_stalled: cut("stalled"),
            cut_unread: cut("unread"),
            cut_unfinished: cut("unfinished"),
            cut_slow_reader: cut("slow_reader"),
        }
    }
}

impl Metrics {
    /// Counts nothing.
    pub fn off() -> Self {
        Self::new(None)
    }

    /// Counts from zero.
    pub(crate) fn on() -> Result<Self, BuildError> {
        let registry = PrometheusBuilder::new()
            .set_buckets(&SLOW)?
            .set_buckets_for_metric(Matcher::Full(DATABASE_SECONDS.into()), &FAST)?
            .build_recorder();
        describe(&registry);
        let handle = registry.handle();
        let metrics = Self::new(Some((registry, handle)));
        metrics.gauge(BUILD_INFO, vec![label("version", env!("CARGO_PKG_VERSION"))]).set(1.0);
        metrics.swept(&Report::default());
        Ok(metrics)
    }

    fn new(registry: Option<(PrometheusRecorder, PrometheusHandle)>) -> Self {
        let mut metrics = Self {
            registry,
            connections: ConnectionMetrics::off(),
            part_urls: Counter::noop(),
            download_urls: Counter::noop(),
            limited_by_token: Counter::noop(),
            limited_by_address: Counter::noop(),
            sweep_failures: Counter::noop(),
            webhooks_delivered: Counter::noop(),
            webhooks_failed: Counter::noop(),
            database_read: Timer::default(),
            database_write: Timer::default(),
        };
        metrics.connections = ConnectionMetrics::of(&metrics);
        metrics.part_urls = metrics.counter(PRESIGNED, vec![label("kind", "part")]);
        metrics.download_urls = metrics.counter(PRESIGNED, vec![label("kind", "download")]);
        metrics.limited_by_token = metrics.counter(RATE_LIMITED, vec![label("limit", "token")]);
        metrics.limited_by_address = metrics.counter(RATE_LIMITED, vec![label("limit", "address")]);
        metrics.sweep_failures = metrics.counter(SWEEP_FAILURES, Vec::new());
        metrics.webhooks_delivered = metrics.counter(WEBHOOKS, vec![label("outcome", "delivered")]);
        metrics.webhooks_failed = metrics.counter(WEBHOOKS, vec![label("outcome", "failed")]);
        metrics.database_read = metrics.timer(DATABASE_SECONDS, vec![label("kind", "read")]);
        metrics.database_write = metrics.timer(DATABASE_SECONDS, vec![label("kind", "write")]);
        metrics
    }

    /// Whether anything is counted.
    pub(crate) fn is_on(&self) -> bool {
        self.registry.is_some()
    }

    /// Counts an answered request. `route` is a pattern, never an address that somebody typed.
    pub(crate) fn answered(&self, method: &'static str, route: &str, status: &str, took: Duration) {
        let labels = vec![label("method", method), Label::new("route", route.to_owned())];
        self.timer(REQUEST_SECONDS, labels.clone()).record(took);
        self.counter(REQUESTS, [labels, vec![Label::new("status", status.to_owned())]].concat()).increment(1);
    }

    /// Measures a call to the object store until the returned value is dropped.
    pub(crate) fn store(&self, operation: &'static str) -> Timing {
        self.timer(STORE_SECONDS, vec![label("operation", operation)]).start()
    }

    /// Counts what a sweep did.
    pub(crate) fn swept(&self, report: &Report) {
        let Report { finalized, reopened, expired, oversized, trash_expired, removed, objects_removed } =
            *report;
        for (name, count) in [
            (SWEEP_FINALIZED, finalized),
            (SWEEP_REOPENED, reopened),
            (SWEEP_EXPIRED, expired),
            (SWEEP_OVERSIZED, oversized),
            (SWEEP_TRASH_EXPIRED, trash_expired),
            (SWEEP_REMOVED, removed),
            (SWEEP_OBJECTS_REMOVED, objects_removed),
        ] {
            self.counter(name, Vec::new()).increment(count);
        }
    }

    /// Records how much is in the drive, and how many uploads are in each state. A state that is not in the list has
    /// no uploads.
    pub(crate) fn set_stock(&self, items: u64, bytes: u64, uploads: &[(String, u64)]) {
        self.gauge(ITEMS, Vec::new()).set(gauge(items));
        self.gauge(STORED_BYTES, Vec::new()).set(gauge(bytes));
        for state in UNFINISHED {
            let count = uploads.iter().find(|(named, _)| named == state).map_or(0, |(_, count)| *count);
            self.gauge(UPLOADS, vec![label("state", state)]).set(gauge(count));
        }
    }

    /// Records that the content of the drive is unknown, because the last values are no longer true.
    pub(crate) fn set_stock_unknown(&self) {
        self.gauge(ITEMS, Vec::new()).set(f64::NAN);
        self.gauge(STORED_BYTES, Vec::new()).set(f64::NAN);
        for state in UNFINISHED {
            self.gauge(UPLOADS, vec![label("state", state)]).set(f64::NAN);
        }
    }

    /// Records the transfers of the embedded store.
    pub(crate) fn set_transfers(&self, stock: &TransferStock) {
        for (direction, now, of_address, of_url) in [
            ("up", stock.uploads, stock.uploads_refused_of_address, stock.uploads_refused_of_url),
            ("down", stock.downloads, stock.downloads_refused_of_address, stock.downloads_refused_of_url),
        ] {
            let direction = label("direction", direction);
            self.gauge(TRANSFERS, vec![direction.clone()]).set(gauge(now));
            for (limit, refused) in [("address", of_address), ("url", of_url)] {
                let labels = vec![direction.clone(), label("limit", limit)];
                self.counter(TRANSFERS_REFUSED, labels).absolute(refused);
            }
        }
        self.counter(TRANSFERS_TOO_SLOW, Vec::new()).absolute(stock.too_slow);
    }

    /// Everything, in Prometheus's text format (version 0.0.4).
    pub(crate) fn render(&self) -> String {
        self.registry.as_ref().map(|(_, handle)| handle.render()).unwrap_or_default()
    }

    /// Adds up the times that were measured since the last call. Until then, each of them takes memory.
    pub(crate) fn add_up(&self) {
        if let Some((_, handle)) = &self.registry {
            handle.run_upkeep();
        }
    }

    fn counter(&self, name: &'static str, labels: Vec<Label>) -> Counter {
        match &self.registry {
            Some((recorder, _)) => recorder.register_counter(&Key::from_parts(name, labels), &METADATA),
            None => Counter::noop(),
        }
    }

    fn gauge(&self, name: &'static str, labels: Vec<Label>) -> Gauge {
        match &self.registry {
            Some((recorder, _)) => recorder.register_gauge(&Key::from_parts(name, labels), &METADATA),
            None => Gauge::noop(),
        }
    }

    fn timer(&self, name: &'static str, labels: Vec<Label>) -> Timer {
        let register = |(recorder, _): &(PrometheusRecorder, PrometheusHandle)| {
            recorder.register_histogram(&Key::from_parts(name, labels), &METADATA)
        };
        Timer::new(self.registry.as_ref().map(register))
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floats, and exact to 9 petabytes")]
fn gauge(value: u64) -> f64 {
    value as f64
}

fn label(name: &'static str, value: &'static str) -> Label {
    Label::from_static_parts(name, value)
}

fn describe(recorder: &PrometheusRecorder) {
    let text = SharedString::const_str;
    for (name, what) in COUNTERS {
        recorder.describe_counter(name.into(), None, text(what));
    }
    for (name, what) in GAUGES {
        recorder.describe_gauge(name.into(), None, text(what));
    }
    for (name, what) in HISTOGRAMS {
        recorder.describe_histogram(name.into(), Some(Unit::Seconds), text(what));
    }
}
