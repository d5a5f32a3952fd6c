//! The ends of a finalize that creates no item: the upload has ended, is open again, or waits for the next finalize.

use std::time::Duration;

use dray_api::UploadRowId;
use tokio::time::Instant;

use super::Service;
use super::finalize_lease::Lease;
use crate::db::{finalizing, puts, tombstones, uploads};
use crate::drive::event::Event;
use crate::drive::item::Item;
use crate::drive::upload::{FINALIZE_LEASE, LeaseHolder, Upload};
use crate::drive::{Error, Result};
use crate::objects::scratch_key;

/// The pause between two tries to give a lease back.
const PAUSE: Duration = Duration::from_millis(250);

impl Service {
    /// The object has other bytes than were announced, so there is no item to create.
    pub(super) async fn discard(&self, lease: &Lease, refusal: Error) -> Result<Item> {
        self.discard_upload(&lease.upload, refusal).await
    }

    /// Like [`Service::discard`], for an upload whose object existed before anybody took a lease.
    pub(super) async fn discard_upload(&self, upload: &Upload, refusal: Error) -> Result<Item> {
        let (id, key, now) = (upload.id, upload.object_key.clone(), self.clock.now());
        let is_put_whole = self.is_put_whole(upload);
        let (service, upload) = (self.clone(), upload.clone());
        let staging_key = upload.staging_key().map(str::to_owned);
        let discarded = self.db.write(move |c| {
            if uploads::abandon(c, id)? {
                tombstones::add(c, &key, now)?;
                if is_put_whole {
                    tombstones::add(c, &scratch_key(&key), now)?;
                }
                service.webhooks.note(c, &Event::UploadAborted(&upload), now)?;
                if let Some(key) = &staging_key {
                    tombstones::add(c, key, now)?;
                    puts::extend_put(c, id, now)?;
                }
            }
            Ok(())
        });
        discarded.await?;
        self.sweep_soon.notify_one();
        Err(match refusal {
            Error::ChecksumMismatch => Error::DiscardedForChecksum,
            refusal => refusal,
        })
    }

    /// The store refused the parts: the upload is open again, and the caller learns why.
    pub(super) async fn reopen(&self, lease: &Lease, refusal: Error) -> Result<Item> {
        let (id, holder, is_unattempted) = (lease.upload.id, lease.holder.clone(), lease.is_unattempted());
        match self.db.write(move |c| Ok(finalizing::reopen(c, id, &holder, is_unattempted)?)).await {
            Ok(_) => Err(refusal),
            Err(failure) => self.give_back(lease, failure).await,
        }
    }

    /// No outcome yet: the next finalize, or the sweeper, continues from here.
    pub(super) async fn give_back(&self, lease: &Lease, failure: Error) -> Result<Item> {
        let (id, holder) = (lease.upload.id, lease.holder.clone());
        if let Err(err) = self.release(id, &holder).await {
            tracing::warn!(upload = %id, %err, "a lease cannot be given back yet");
            self.release_later(id, holder);
        }
        Err(failure)
    }

    async fn release(&self, upload: UploadRowId, holder: &LeaseHolder) -> Result<()> {
        let holder = holder.clone();
        self.db.write(move |c| Ok(finalizing::release(c, upload, &holder)?)).await
    }

    /// For when the database cannot be reached: gives a lease back as soon as it can, so that nobody waits until the
    /// lease expires.
    pub(super) fn release_later(&self, upload: UploadRowId, holder: LeaseHolder) {
        let service = self.clone();
        self.tasks.spawn(async move {
            let begun = Instant::now();
            while begun.elapsed() < FINALIZE_LEASE.unsigned_abs() {
                let is_halted = service.halt.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none();
                if is_halted || service.release(upload, &holder).await.is_ok() {
                    return;
                }
            }
        });
    }
}
