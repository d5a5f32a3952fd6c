//! Step 4 of an upload: completes it in the store and creates the item exactly once, whatever happens meanwhile.
//!
//! Many requests may finalize at once, on many servers, and again after a crash. A compare-and-set chooses which of
//! them acts, and the others wait for the outcome. If two acted, this would do no harm: the store's Complete can be
//! repeated, and one transaction creates the item and ends the upload.

use std::time::Duration;

use dray_api::upload::{FinalizeUpload, StoredPart};
use tokio::time::Instant;

use super::checksum::check_announced;
use super::finalize_lease::Lease;
use super::make_item::refusal;
use super::{Service, finalized};
use crate::db::fair::on_same_behalf;
use crate::db::uploads;
use crate::drive::access::Caller;
use crate::drive::item::Item;
use crate::drive::parts::{Crc64, PartList, WantedParts};
use crate::drive::upload::{FinalizeStep, State, Upload};
use crate::drive::{Error, Result};
use crate::objects::Completion;
use dray_object_store::die_at;

/// How long a finalize that lost the race waits for the winner before it says "ask again".
const PATIENCE: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// What a client asks of a finalize.
struct Wanted {
    parts: WantedParts,
    crc64: Option<Crc64>,
    verify: bool,
}

impl Service {
    /// Finalizes the caller's upload and returns its item. It continues if the caller disconnects. A token that may only
    /// upload gets the item as the request announced it, while it may see the item.
    pub(crate) async fn finalize(&self, caller: &Caller, request: FinalizeUpload) -> Result<Item> {
        let wanted = Wanted {
            parts: WantedParts::parse(request.parts)?,
            crc64: request.checksum.map(Crc64::parse).transpose()?,
            verify: request.verify,
        };
        let upload = self.upload_of(caller, &request.upload_id, &request.file_key).await?;
        check_announced(&upload, wanted.crc64.as_ref())?;
        let (service, caller) = (self.clone(), *caller);
        let task = self.tasks.spawn(on_same_behalf(async move {
            Box::pin(service.finalize_or_wait(&caller, upload, wanted)).await
        }));
        task.await.map_err(|err| Error::internal(format_args!("finalize: {err}")))?
    }

    async fn finalize_or_wait(&self, caller: &Caller, mut upload: Upload, request: Wanted) -> Result<Item> {
        let digest = request.parts.digest();
        let mut pause = FIRST_PAUSE;
        let begun = Instant::now();
        loop {
            match upload.finalize_step(digest.as_ref(), self.clock.now())? {
                FinalizeStep::Done => {
                    let caller = *caller;
                    return self.db.read(move |c| finalized(c, &caller, &upload)).await;
                }
                FinalizeStep::Complete => {
                    if let Some(item) = self.try_complete(&upload, &request).await? {
                        return Ok(if caller.only_uploads() { upload.item_as_given() } else { item });
                    }
                }
                FinalizeStep::Wait if !self.waits_on(begun, pause).await => {
                    return Err(Error::FinalizePending);
                }
                FinalizeStep::Wait => pause = (pause * 2).min(LONGEST_PAUSE),
            }
            let (id, lease_now) = (upload.id, self.db.lease_time());
            let now_there = self.db.read(move |c| Ok(uploads::by_id(c, id, lease_now)?)).await?;
            upload = now_there.ok_or(Error::UploadNotFound)?;
        }
    }

    /// Pauses before it looks again at the work of another finalize. Returns `false` if the client has waited long enough,
    /// however slow the database is, or if the server stops.
    pub(super) async fn waits_on(&self, begun: Instant, pause: Duration) -> bool {
        begun.elapsed() < PATIENCE && self.halt.run_until_cancelled(tokio::time::sleep(pause)).await.is_some()
    }

    /// Completes the upload, unless another finalize is faster.
    async fn try_complete(&self, upload: &Upload, wanted: &Wanted) -> Result<Option<Item>> {
        let parts = match (&wanted.parts, &upload.state) {
            (WantedParts::Exactly(parts), _) => parts.clone(),
            // A crash interrupted a finalize whose list of parts is known by its digest.
            (_, State::Completing { digest, .. }) => {
                return Box::pin(self.resume_finalize(upload.clone(), digest.clone())).await;
            }
            _ if self.is_put_whole(upload) => PartList::none(),
            (wanted, _) => match Box::pin(self.stored_parts(upload)).await? {
                Some(stored) => wanted.resolve(stored)?,
                None => return Box::pin(self.settle_unknown(upload)).await,
            },
        };
        let (mut upload, digest) = (upload.clone(), parts.digest());
        if let Some(crc64) = &wanted.crc64 {
            upload.crc64 = Some(crc64.clone());
        }
        upload.verify |= wanted.verify;
        match self.take_lease(upload, digest).await? {
            Some(lease) => self.while_held(&lease, Box::pin(self.complete(&lease, &parts))).await.map(Some),
            None => Ok(None),
        }
    }

    /// The parts of an upload that the store has; `None` if the store does not know the upload. (Another finalize may be
    /// completing it.)
    pub(super) async fn stored_parts(&self, upload: &Upload) -> Result<Option<Vec<StoredPart>>> {
        if let Some(put_key) = &upload.put_key {
            return self.stored_whole(upload, put_key).await.map(|part| Some(part.into_iter().collect()));
        }
        let id = upload.store_upload_id.as_deref().ok_or(Error::UploadNotFound)?;
        self.objects.list_parts(&upload.object_key, id).await
    }

    /// The store does not know an open upload. Unless another finalize was faster, the outcome depends on whether its
    /// object exists, as after a Complete.
    async fn settle_unknown(&self, upload: &Upload) -> Result<Option<Item>> {
        match self.take_lease(upload.clone(), PartList::none().digest()).await? {
            Some(lease) => {
                self.while_held(&lease, Box::pin(self.look_for_object(&lease, None))).await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Completes the upload in the store, and creates the item. The caller holds the upload's lease.
    pub(super) async fn complete(&self, lease: &Lease, parts: &PartList) -> Result<Item> {
        die_at("W4");
        let upload = &lease.upload;
        let Some(upload_id) = upload.store_upload_id.as_deref() else {
            return Err(Error::internal("finalize was called for an upload that the store never began"));
        };
        if upload.can_be_refused() {
            let row = upload.clone();
            match self.db.read(move |c| refusal(c, &row)).await {
                Ok(None) => {}
                Ok(Some(refusal)) => return self.reopen(lease, refusal).await,
                Err(err) => return self.give_back(lease, err).await,
            }
        }
        if lease.is_hopeless(self.clock.ended_by()) {
            return Box::pin(self.end_hopeless(lease)).await;
        }
        let completion = self.complete_in_store(lease, upload_id, parts).await;
        self.conclude(lease, completion).await
    }

    /// Does what the store's answer proves to be right.
    pub(super) async fn conclude(&self, lease: &Lease, completion: Completion) -> Result<Item> {
        match completion {
            Completion::Done if self.objects.checks_what_it_completes() => self.commit(lease).await,
            Completion::Done => Box::pin(self.check_completed(lease)).await,
            Completion::NotYet(err) => self.give_back(lease, err).await,
            Completion::Refused(err @ Error::ChecksumMismatch) if lease.upload.is_sent_once() => {
                Box::pin(self.discard(lease, err)).await
            }
            Completion::Refused(err) => self.reopen(lease, err).await,
            Completion::NoSuchUpload { is_settled } => {
                if is_settled && let Err(err) = self.settle(lease).await {
                    return self.give_back(lease, err).await;
                }
                Box::pin(self.look_for_object(lease, None)).await
            }
            Completion::Unknown(err) => Box::pin(self.look_for_object(lease, Some(err))).await,
        }
    }

    /// Completes the upload if its parts have the announced size. If the store does not check the size itself, this
    /// first asks it for the parts, because a Complete cannot be undone.
    async fn complete_in_store(&self, lease: &Lease, upload_id: &str, parts: &PartList) -> Completion {
        let upload = &lease.upload;
        let (key, size_bytes, crc64) = (&upload.object_key, upload.size_bytes, upload.crc64.as_ref());
        if let Some(put_key) = &upload.put_key {
            return Box::pin(self.complete_whole(lease, put_key, parts)).await;
        }
        if self.is_put_whole(upload) {
            return Box::pin(self.put_empty(lease, upload_id)).await;
        }
        if !self.objects.checks_what_it_completes() {
            if crc64.is_some() && !upload.verify {
                return Completion::Refused(Error::ChecksumUnproven);
            }
            match Box::pin(self.objects.list_parts(key, upload_id)).await {
                Err(err @ Error::StoreLacks { .. }) => return Completion::Refused(err),
                // Nobody has sent a Complete, so the client may abort the upload, or try again once the store accepts
                // requests.
                Err(err @ Error::StoreRefused { .. }) if lease.is_unattempted() => {
                    return Completion::Refused(err);
                }
                Err(err) => return Completion::NotYet(err),
                Ok(None) => return Completion::NoSuchUpload { is_settled: false },
                Ok(Some(stored)) => {
                    if let Err(refusal) = parts.check_stored(&stored, size_bytes) {
                        return Completion::Refused(refusal);
                    }
                }
            }
        }
        if let Err(err) = self.begin_attempt(lease).await {
            return Completion::NotYet(err);
        }
        self.objects.complete_upload(key, upload_id, parts, size_bytes, crc64).await
    }

    /// Whether the object is put in one request: an empty file, if the store may refuse empty parts.
    pub(super) fn is_put_whole(&self, upload: &Upload) -> bool {
        upload.size_bytes == 0 && upload.put_key.is_none() && !self.objects.takes_empty_parts()
    }

    async fn put_empty(&self, lease: &Lease, upload_id: &str) -> Completion {
        let Upload { object_key, mime_type, store_token, crc64, .. } = &lease.upload;
        if crc64.as_ref().is_some_and(|crc64| *crc64 != Crc64::of(0)) {
            return Completion::Refused(Error::ChecksumMismatch);
        }
        let is_first = lease.is_unattempted();
        if let Err(err) = self.begin_attempt(lease).await {
            return Completion::NotYet(err);
        }
        match self.objects.put_empty(object_key, upload_id, mime_type, store_token).await {
            Ok(()) => Completion::Done,
            // Neither this request nor an earlier one has changed anything. The client may abort the upload, or try again
            // once the store accepts it.
            Err(err @ (Error::StoreLacks { .. } | Error::StoreRefused { .. })) if is_first => {
                lease.nothing_was_sent();
                Completion::Refused(err)
            }
            Err(err) => Completion::Unknown(err),
        }
    }

    /// Call this after a Complete: it refuses an object whose size is not the announced one, even if the store
    /// accepted it.
    async fn check_completed(&self, lease: &Lease) -> Result<Item> {
        match self.check_size(&lease.upload).await {
            Ok(()) => self.commit(lease).await,
            Err(err @ Error::SizeMismatch { .. }) => self.discard(lease, err).await,
            Err(err) => self.give_back(lease, err).await,
        }
    }

    /// The store's answer proves nothing, so the object must. It belongs to this upload only if it carries the upload's
    /// token.
    pub(super) async fn look_for_object(&self, lease: &Lease, failure: Option<Error>) -> Result<Item> {
        let upload = &lease.upload;
        let head = match self.objects.find(&upload.object_key).await {
            Ok(head) => head,
            Err(err) => return self.give_back(lease, failure.unwrap_or(err)).await,
        };
        let ours = head.filter(|head| {
            head.size_bytes == upload.size_bytes && head.store_token.as_deref() == Some(&upload.store_token)
        });
        match (ours, failure) {
            (Some(_), _) => self.commit(lease).await,
            (None, Some(failure)) => {
                self.note_inconclusive(lease).await;
                self.give_back(lease, failure).await
            }
            (None, None) => self.abandon(lease).await,
        }
    }
}
