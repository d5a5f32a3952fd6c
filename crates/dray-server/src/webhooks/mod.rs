//! Posts events to other programs. An event is recorded in the transaction that causes it, and posted to
//! each configured address until it answers, at least once.
//!
//! Calls follow [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md):
//! the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, and a body of `type`, `timestamp`, `data`.

mod address;
mod deliver;
mod sign;

use jiff::Timestamp;

use crate::db::{Conn, outbox};
use crate::drive::{Error, Result};
use crate::random;

use crate::config::{WebhookSecret, WebhookSettings, WebhookUrl};
use crate::drive::event::Event;
pub(crate) use deliver::{Delivering, GIVE_UP_AFTER, deliver_for_ever};

/// Where events go.
pub(crate) struct Webhooks(Option<WebhookSettings>);

impl Webhooks {
    /// Events go to the addresses of these settings; with `None`, events are dropped.
    pub(crate) fn new(settings: Option<WebhookSettings>) -> Self {
        Self(settings)
    }

    /// Records an event, which is posted after this transaction is committed.
    pub(crate) fn note(&self, c: &Conn, event: &Event<'_>, now: Timestamp) -> Result<()> {
        let Some(settings) = &self.0 else { return Ok(()) };
        let id = format!("msg_{}", random::text()?);
        let body = serde_json::to_string(&event.to_wire(now)).map_err(Error::internal)?;
        for url in &settings.urls {
            outbox::add(c, url.as_str(), &id, &body, now)?;
        }
        Ok(())
    }
}
