//! The last step of a finalize: one transaction creates the item and ends the upload. Several uploads may share it.

use std::sync::Arc;

use super::Service;
use super::check_stored::is_about_bytes;
use super::finalize_lease::Lease;
use super::make_item::{Made, lock_owners, make_item};
use crate::db::finalizing;
use crate::db::{Conn, items, tombstones, uploads};
use crate::drive::event::Event;
use crate::drive::item::Item;
use crate::drive::parts::Digest;
use crate::drive::upload::Upload;
use crate::drive::{Error, Result};
use crate::objects::scratch_key;
use dray_object_store::die_at;

/// How often to try to create the item if the item that it replaces changes at the same moment.
const ATTEMPTS: u32 = 3;
/// How many uploads become items in one transaction. The number is limited because other writers wait meanwhile.
const AT_ONCE: usize = 250;

/// An upload whose object exists and is as announced.
#[derive(Clone)]
pub(super) struct Ready {
    /// The upload.
    pub(super) upload: Upload,
    /// The digest of the parts that the finalize lists.
    pub(super) digest: Digest,
    /// Whether its checksum must still be stored, because no lease was taken with it.
    pub(super) notes_checksum: bool,
}

impl Service {
    /// Creates the item and ends the upload. The caller holds the upload's lease. If another finalize was faster,
    /// this returns that finalize's item.
    pub(super) async fn commit(&self, lease: &Lease) -> Result<Item> {
        die_at("W6");
        if let Err(err) = self.check_stored(lease).await {
            return if is_about_bytes(&err) {
                Box::pin(self.discard(lease, err)).await
            } else {
                self.give_back(lease, err).await
            };
        }
        let (upload, digest) = (lease.upload.clone(), lease.digest.clone());
        let made = Box::pin(self.commit_one(Ready { upload, digest, notes_checksum: false })).await;
        match made.and_then(item_of) {
            // The upload is open again and expires like any other. Until it expires, another finalize can use the
            // object.
            Err(err @ (Error::UploadFolderClosed | Error::QuotaOfOthers)) => self.reopen(lease, err).await,
            Err(err @ (Error::NameTaken | Error::UploadAborted)) => Err(err),
            Err(err) => self.give_back(lease, err).await,
            Ok(item) => Ok(item),
        }
    }

    /// Creates the items of many uploads in few transactions. Each upload has its own outcome.
    pub(super) async fn commit_all(&self, ready: Vec<Ready>) -> Vec<Result<Item>> {
        let mut outcomes = Vec::with_capacity(ready.len());
        let mut rest = ready.into_iter();
        loop {
            let some: Arc<[Ready]> = rest.by_ref().take(AT_ONCE).collect();
            if some.is_empty() {
                return outcomes;
            }
            die_at("W6");
            match self.commit_some(Arc::clone(&some)).await {
                Ok(made) => outcomes.extend(made.into_iter().map(item_of)),
                Err(err) if err.is_passing() && err != Error::FinalizePending => {
                    outcomes.extend(some.iter().map(|_| Err(err.clone())));
                }
                // One of them failed, which undid the whole transaction, so each now gets a transaction of its own.
                Err(_) => {
                    for one in some.iter() {
                        outcomes.push(self.commit_one(one.clone()).await.and_then(item_of));
                    }
                }
            }
            die_at("W7");
        }
    }

    async fn commit_some(&self, some: Arc<[Ready]>) -> Result<Vec<Made>> {
        let service = self.clone();
        let commit = move |c: &Conn<'_>| {
            let places = some.iter().filter(|ready| ready.upload.looks_for_names()).flat_map(|ready| {
                // The folder that the item goes to, or the root as the fallback.
                [ready.upload.parent, None].map(|parent| (parent, ready.upload.user))
            });
            items::lock_all_names(c, places)?;
            uploads::lock_all(c, some.iter().map(|ready| ready.upload.id))?;
            lock_owners(c, some.iter().map(|ready| &ready.upload))?;
            some.iter().map(|ready| service.make(c, ready)).collect()
        };
        self.db.write(commit).await
    }

    async fn commit_one(&self, ready: Ready) -> Result<Made> {
        let (mut attempts_left, ready) = (ATTEMPTS, Arc::new(ready));
        loop {
            attempts_left -= 1;
            let (service, ready) = (self.clone(), Arc::clone(&ready));
            match self.db.write(move |c| service.make(c, &ready)).await {
                Err(Error::FinalizePending) if attempts_left > 0 => {}
                Ok(made @ (Made::Item(_) | Made::Replaced(..) | Made::Before(_))) => {
                    die_at("W7");
                    return Ok(made);
                }
                outcome => return outcome,
            }
        }
    }

    /// Ends the upload and notes the event for webhooks, in the transaction of `c`.
    fn make(&self, c: &Conn, ready: &Ready) -> Result<Made> {
        let (upload, now) = (&ready.upload, self.clock.now());
        if let Some(crc64) = upload.crc64.as_ref().filter(|_| ready.notes_checksum) {
            finalizing::set_checksum(c, upload.id, crc64, upload.verify)?;
        }
        let made = make_item(c, upload, &ready.digest, now)?;
        if made.ends_upload() {
            if self.is_put_whole(upload) {
                tombstones::add(c, &scratch_key(&upload.object_key), now)?;
            }
            if let Some(key) = upload.staging_key() {
                tombstones::add(c, key, now)?;
            }
        }
        match &made {
            Made::Item(item) => {
                self.webhooks.note(c, &Event::UploadFinalized(upload, item), now)?;
            }
            Made::Replaced(item, before) => {
                self.webhooks.note(c, &Event::ItemTrashed(&upload.uploader(), before), now)?;
                self.webhooks.note(c, &Event::UploadFinalized(upload, item), now)?;
            }
            Made::NameTaken => self.webhooks.note(c, &Event::UploadAborted(upload), now)?,
            Made::Before(_) | Made::NotNow(_) | Made::Over => {}
        }
        Ok(made)
    }
}

/// The item, or why there is none.
fn item_of(made: Made) -> Result<Item> {
    match made {
        Made::Item(item) | Made::Replaced(item, _) | Made::Before(item) => Ok(item),
        Made::NameTaken => Err(Error::NameTaken),
        Made::NotNow(why) => Err(why),
        Made::Over => Err(Error::UploadAborted),
    }
}
