//! Posts events. Each address has a loop of its own, so that an unreachable one delays no other.

use std::sync::Arc;
use std::time::Duration;

use dray_api::with_causes;
use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::SignedDuration;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use tokio::runtime::Runtime;
use tokio_util::task::AbortOnDropHandle;

use super::address::{PublicOnly, names_a_private_address};
use super::sign::signature;
use super::{WebhookSettings, WebhookUrl};
use crate::db::outbox::{self, Delivery};
use crate::db::{Conn, Db};
use crate::drive::Result;
use crate::drive_time::DriveTime;
use crate::metrics::Metrics;

/// How often to look for due events.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a receiver may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The same for a receiver whose answers take all of its thread's time, which then does not notice [`TIMEOUT`].
const PATIENCE: Duration = Duration::from_secs(15);
/// How many calls to one receiver are claimed, and sent, at once. A batch ends well before its claim expires.
const BATCH: usize = 16;
const AT_ONCE: usize = 4;
const CLAIM: SignedDuration = SignedDuration::from_secs(90);
/// The waits between attempts: this long after the first, four times as long after each further one, up to the longest.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(6);
/// For how long Dray tries to deliver an event: longer than a weekend.
pub(crate) const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(3 * 24);

/// What is needed to post events.
pub(crate) struct Delivering {
    /// The database with the events.
    pub(crate) db: Db,
    /// The drive's time.
    pub(crate) clock: DriveTime,
    /// Where calls are counted.
    pub(crate) metrics: Arc<Metrics>,
    /// The addresses to call.
    pub(crate) settings: WebhookSettings,
}

/// Posts events until it is aborted.
pub(crate) async fn deliver_for_ever(with: Delivering) {
    let settings = &with.settings;
    // Each has a client of its own, too, because the connections of a client belong to the thread that opened them.
    let receivers = settings.urls.iter().map(|url| {
        let (client, apart) = (client(settings).map_err(std::io::Error::other)?, Apart::start()?);
        Ok(Receiver { with: &with, client, url, apart })
    });
    match receivers.collect::<std::io::Result<Vec<_>>>() {
        Ok(receivers) => stream::iter(receivers).for_each_concurrent(None, Receiver::serve).await,
        Err(err) => tracing::error!(%err, "webhooks cannot be called"),
    }
}

fn client(settings: &WebhookSettings) -> Result<Client, reqwest::Error> {
    // An error means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .user_agent(concat!("dray/", env!("CARGO_PKG_VERSION")))
        .timeout(TIMEOUT)
        // A proxy would resolve names itself, and a redirect may lead to an address that nobody checked.
        .no_proxy()
        .redirect(Policy::none());
    if settings.allow_private { client.build() } else { client.dns_resolver(PublicOnly).build() }
}

/// A thread on which calls of one receiver are sent and their answers read. A receiver can answer so much, so fast, that a
/// thread does nothing else; then this thread does not serve requests, and not the other receivers.
struct Apart(Option<Runtime>);

impl Apart {
    fn start() -> std::io::Result<Self> {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(1).max_blocking_threads(AT_ONCE).thread_name("webhooks").enable_all();
        Ok(Self(Some(runtime.build()?)))
    }

    /// Runs this there. `None` if it did not end in time.
    async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let running = self.0.as_ref()?.spawn(work);
        let ended = tokio::time::timeout(PATIENCE, AbortOnDropHandle::new(running)).await;
        ended.ok()?.ok()
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        // It may be busy, and whoever drops it may not wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// An address, and everything that is needed to call it.
struct Receiver<'a> {
    with: &'a Delivering,
    client: Client,
    url: &'a WebhookUrl,
    apart: Apart,
}

impl Receiver<'_> {
    async fn serve(self) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            ticks.tick().await;
            if let Err(err) = self.deliver_due().await {
                tracing::warn!(host = self.url.host(), %err, "the due webhooks could not be read");
            }
        }
    }

    async fn deliver_due(&self) -> Result<()> {
        loop {
            let (db, now) = (&self.with.db, self.with.db.lease_time());
            let url = self.url.as_str().to_owned();
            let looked_for = url.clone();
            if !db.read(move |c| Ok(outbox::is_due(c, &looked_for, now)?)).await? {
                return Ok(());
            }
            let claimed = db.write(move |c| Ok(outbox::claim(c, &url, now, CLAIM, BATCH)?)).await?;
            stream::iter(claimed).for_each_concurrent(AT_ONCE, |delivery| self.deliver(delivery)).await;
        }
    }

    /// Posts one event and records the outcome. If the outcome cannot be recorded, the event is posted again.
    async fn deliver(&self, delivery: Delivery) {
        let outcome = self.post(&delivery).await;
        let now = self.with.db.lease_time();
        let (url, event) = (self.url.as_str().to_owned(), delivery.event.clone());
        let is_last = self.with.clock.ended_by().duration_since(delivery.created_at) >= GIVE_UP_AFTER;
        let noted = match outcome {
            Ok(()) => {
                self.with.metrics.webhooks_delivered.increment(1);
                self.with.db.write(move |c| Ok(outbox::forget(c, &url, &event)?)).await
            }
            Err(reason) => {
                self.with.metrics.webhooks_failed.increment(1);
                let (event_id, attempts) = (&delivery.event, delivery.attempts);
                tracing::warn!(
                    host = self.url.host(),
                    event_id,
                    attempts,
                    is_last,
                    reason,
                    "a webhook failed"
                );
                let wait = wait(delivery.attempts);
                let note = move |c: &Conn<'_>| {
                    let noted = if is_last {
                        outbox::forget(c, &url, &event)
                    } else {
                        outbox::postpone(c, &url, &event, wait, now)
                    };
                    Ok(noted?)
                };
                self.with.db.write(note).await
            }
        };
        if let Err(err) = noted {
            tracing::warn!(event_id = delivery.event, %err, "the outcome of a webhook could not be recorded");
        }
    }

    async fn post(&self, delivery: &Delivery) -> Result<(), String> {
        if !self.with.settings.allow_private && names_a_private_address(self.url) {
            return Err("the address is private, and --webhook-allow-private is not given".into());
        }
        let now = self.with.clock.now();
        let signature = signature(&self.with.settings.secret, &delivery.event, now, &delivery.body);
        let request = self
            .client
            .post(self.url.url().clone())
            .header("content-type", "application/json")
            .header("webhook-id", &delivery.event)
            .header("webhook-timestamp", now.as_second().to_string())
            .header("webhook-signature", signature.map_err(|err| err.to_string())?)
            .body(delivery.body.clone());
        let sending = async { request.send().await.map(|answer| answer.status()) };
        match self.apart.run(sending).await {
            Some(Ok(status)) if status.is_success() => Ok(()),
            Some(Ok(status)) => Err(answered(status)),
            // Without the address, which may be a secret.
            Some(Err(err)) => Err(with_causes(&err.without_url())),
            None => Err("did not answer in time".into()),
        }
    }
}

fn answered(status: StatusCode) -> String {
    format!("answered {status}")
}

fn wait(attempts: u64) -> SignedDuration {
    let exponent = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
    let factor = 4_i32.checked_pow(exponent).unwrap_or(i32::MAX);
    FIRST_WAIT.checked_mul(factor).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_receiver_that_takes_all_time_of_its_thread_takes_none_of_this_one() {
        let apart = Apart::start().unwrap();
        let (go_on, waiting) = std::sync::mpsc::channel();
        // It blocks its thread until this one does its part.
        let busy = apart.run(async move { waiting.recv() });
        let (ended, ()) = tokio::join!(busy, async { go_on.send(()).unwrap() });
        assert_eq!(ended, Some(Ok(())));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_whose_thread_is_busy_for_too_long_has_failed() {
        let apart = Apart::start().unwrap();
        let (_go_on, waiting) = std::sync::mpsc::channel::<()>();
        assert_eq!(apart.run(async move { waiting.recv_timeout(TIMEOUT).is_ok() }).await, None);
    }

    #[test]
    fn waits_grow_to_a_quarter_of_a_day() {
        let waits: Vec<i64> = (1..=9).map(|attempts| wait(attempts).as_secs()).collect();
        assert_eq!(waits, [5, 20, 80, 320, 1280, 5120, 20480, 21600, 21600]);
        assert_eq!(wait(u64::MAX), LONGEST_WAIT);
    }
}
