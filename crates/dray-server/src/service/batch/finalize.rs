//! Finalizes many files. It sends a bounded number of requests to the store at once, and needs only a few transactions.
//!
//! If the PUT has written the object itself, nothing needs to be completed: every finalize that finds the object tries to
//! create the item, and a compare-and-set in that transaction lets only one of them do so. If the object must be copied,
//! a finalize first takes the upload's lease.

use std::collections::HashMap;
use std::time::Duration;

use dray_api::batch::{FileKey, FinalizeFiles};
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::Instant;

use super::super::check_stored::is_about_bytes;
use super::super::checksum::check_announced;
use super::super::commit::Ready;
use super::super::make_item::refusal;
use super::super::{Service, finalized, is_reached};
use super::outage::Outage;
use super::start::{check_checksums, check_count};
use crate::db::fair::on_same_behalf;
use crate::db::uploads;
use crate::drive::access::Caller;
use crate::drive::item::Item;
use crate::drive::parts::{Crc64, PartList};
use crate::drive::upload::{FinalizeStep, State, Upload};
use crate::drive::{Error, Result};

/// How many objects the store looks up or copies at once for one request.
pub(super) const AT_ONCE: usize = 16;
/// The pause before it checks again what other finalizes have done.
const PAUSE: Duration = Duration::from_millis(100);

/// A file of a request that has no outcome yet.
pub(super) struct Pending {
    /// Its position in the request.
    pub(super) at: usize,
    pub(super) upload: Upload,
    /// Whether the checksum of the upload came with this finalize.
    notes_checksum: bool,
}

/// A file that the store has, as it lists it.
pub(super) struct Found {
    pub(super) pending: Pending,
    pub(super) parts: PartList,
}

/// What the store has of a file; otherwise its outcome, or `None` if another finalize works on it.
type Look = std::result::Result<PartList, Option<Result<Item>>>;

/// The outcomes so far, in the order of the request.
pub(super) type Outcomes = Vec<Option<Result<Item>>>;

impl Service {
    /// Finalizes the caller's files, each by itself. Returns an item or an error for each, in their order. It continues if
    /// the caller disconnects.
    pub(crate) async fn finalize_files(
        &self,
        caller: &Caller,
        request: FinalizeFiles,
    ) -> Result<Vec<Result<Item>>> {
        check_count(request.files.len())?;
        check_checksums(request.files.iter().map(|file| file.checksum.as_ref()))?;
        let (service, caller) = (self.clone(), *caller);
        let task = self.tasks.spawn(on_same_behalf(async move {
            Box::pin(service.finalize_all(&caller, request.files)).await
        }));
        task.await.map_err(|err| Error::internal(format_args!("finalize: {err}")))?
    }

    async fn finalize_all(&self, caller: &Caller, files: Vec<FileKey>) -> Result<Vec<Result<Item>>> {
        let mut outcomes: Outcomes = files.iter().map(|_| None).collect();
        let ids: Vec<String> = files.iter().map(|file| file.upload_id.clone()).collect();
        let found = self.files_of(caller, ids.clone()).await?;
        let mut pending = Vec::with_capacity(files.len());
        for (at, file) in files.into_iter().enumerate() {
            match wanted(at, file, &found) {
                Ok(wanted) => pending.push(wanted),
                Err(err) => outcomes[at] = Some(Err(err)),
            }
        }
        let begun = Instant::now();
        loop {
            pending = self.finalize_some(caller, pending, &mut outcomes).await?;
            if pending.is_empty() || !self.waits_on(begun, PAUSE).await {
                break;
            }
            let ids = pending.iter().map(|pending| ids[pending.at].clone()).collect();
            let now_there = self.files_of(caller, ids).await?;
            for pending in &mut pending {
                if let Some(upload) = now_there.get(&ids_of(&pending.upload)) {
                    let crc64 = pending.upload.crc64.take();
                    pending.upload = upload.clone();
                    pending.upload.crc64 = crc64;
                }
            }
        }
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or(Err(Error::FinalizePending))).collect())
    }

    /// The caller's uploads by the ids that the API uses.
    async fn files_of(&self, caller: &Caller, ids: Vec<String>) -> Result<HashMap<(String, String), Upload>> {
        let (caller, lease_now) = (*caller, self.db.lease_time());
        let ids: Vec<String> = ids.into_iter().filter(|id| !id.contains('\0')).collect();
        let read = self.db.read_long(move |c| {
            let mut found = HashMap::new();
            for upload in uploads::all_of_caller(c, &caller, &ids, lease_now)? {
                if is_reached(c, &caller, &upload)? {
                    found.insert(ids_of(&upload), upload);
                }
            }
            Ok(found)
        });
        read.await
    }

    /// Finalizes the files that it can finalize now. Returns those on which other finalizes are working.
    async fn finalize_some(
        &self,
        caller: &Caller,
        pending: Vec<Pending>,
        outcomes: &mut Outcomes,
    ) -> Result<Vec<Pending>> {
        let (mut done, mut open, mut left) = (Vec::new(), Vec::new(), Vec::new());
        let now = self.clock.now();
        for pending in pending {
            match pending.upload.finalize_step(None, now) {
                Ok(FinalizeStep::Done) => done.push(pending),
                Ok(FinalizeStep::Complete) => open.push(pending),
                Ok(FinalizeStep::Wait) => left.push(pending),
                Err(err) => outcomes[pending.at] = Some(Err(err)),
            }
        }
        self.read_items(caller, done, outcomes).await?;
        left.extend(self.complete_some(caller, open, outcomes).await);
        Ok(left)
    }

    /// Reads the items of uploads that are completed, as the caller may see them.
    async fn read_items(&self, caller: &Caller, done: Vec<Pending>, outcomes: &mut Outcomes) -> Result<()> {
        if done.is_empty() {
            return Ok(());
        }
        let caller = *caller;
        let read = self.db.read_long(move |c| {
            let item = |pending: Pending| match finalized(c, &caller, &pending.upload) {
                Err(err) if err.is_fault() => Err(err),
                item => Ok((pending.at, item)),
            };
            done.into_iter().map(item).collect::<Result<Vec<_>>>()
        });
        for (at, item) in read.await? {
            outcomes[at] = Some(item);
        }
        Ok(())
    }

    /// Completes files and creates their items. Returns those that other finalizes took first.
    async fn complete_some(
        &self,
        caller: &Caller,
        open: Vec<Pending>,
        outcomes: &mut Outcomes,
    ) -> Vec<Pending> {
        let mut left = Vec::new();
        let found = self.look(open, outcomes, &mut left).await;
        let found = self.refuse_early(found, outcomes).await;
        let (staged, ready): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|found| found.pending.upload.staging_key().is_some());
        let mut end = async |at: Vec<(usize, Upload)>, ready: Vec<Ready>| {
            for ((at, upload), item) in at.into_iter().zip(self.commit_all(ready).await) {
                outcomes[at] = Some(item.map(|item| told(caller, &upload, item)));
            }
        };
        let ready: Vec<_> = ready
            .into_iter()
            .map(|Found { pending: Pending { at, upload, notes_checksum }, parts }| {
                ((at, upload.clone()), Ready { upload, digest: parts.digest(), notes_checksum })
            })
            .collect();
        let (at, ready) = ready.into_iter().unzip();
        end(at, ready).await;
        if !staged.is_empty() {
            left.extend(self.complete_staged(caller, staged, outcomes).await);
        }
        left
    }

    /// Looks up each file in the store. An upload whose finalize a crash interrupted is resumed like any other upload.
    async fn look(&self, open: Vec<Pending>, outcomes: &mut Outcomes, left: &mut Vec<Pending>) -> Vec<Found> {
        let outage = Outage::default();
        let look = async |pending: Pending| {
            if let State::Completing { digest, .. } = pending.upload.state.clone() {
                let resuming = Box::pin(self.resume_finalize(pending.upload.clone(), digest));
                return (pending, Err(outage.ask(resuming).await.transpose()));
            }
            match outage.ask(self.look_at(&pending.upload)).await {
                Ok(parts) => (pending, Ok(parts)),
                Err(err) => match self.ended_meanwhile(&pending.upload).await {
                    Some(ended) => (pending, Err(Some(Err(ended)))),
                    None => self.refuse_looked_at(pending, err).await,
                },
            }
        };
        let mut looks = stream::iter(open).map(look).buffered(AT_ONCE);
        let mut found = Vec::new();
        while let Some((pending, look)) = looks.next().await {
            match look {
                Ok(parts) => found.push(Found { pending, parts }),
                Err(Some(outcome)) => outcomes[pending.at] = Some(outcome),
                Err(None) => left.push(pending),
            }
        }
        found
    }

    /// Why an upload has ended since it was read. An abort takes the bytes away, which is no fault of the client's.
    async fn ended_meanwhile(&self, upload: &Upload) -> Option<Error> {
        let (id, lease_now) = (upload.id, self.db.lease_time());
        let upload = self.db.read(move |c| Ok(uploads::by_id(c, id, lease_now)?)).await.ok()??;
        let is_over = matches!(upload.state, State::Aborted | State::Expired);
        if is_over { upload.finalize_step(None, self.clock.now()).err() } else { None }
    }

    async fn refuse_looked_at(&self, pending: Pending, err: Error) -> (Pending, Look) {
        let outcome =
            if is_about_bytes(&err) { self.discard_upload(&pending.upload, err).await } else { Err(err) };
        (pending, Err(Some(outcome)))
    }

    /// What the store has of a file. An object that the PUT wrote directly is compared with everything that was
    /// announced. If the object must be copied first, that comparison happens after the copy, because until then its
    /// bytes may change.
    async fn look_at(&self, upload: &Upload) -> Result<PartList> {
        let put_key = upload.put_key.as_deref().unwrap_or_default();
        let parts = self.check_whole(upload, put_key, None).await?;
        if upload.staging_key().is_none() {
            self.check_type(upload, put_key).await?;
        }
        Ok(parts)
    }

    /// Refuses files that cannot become items now, before anything is completed. Their uploads stay open.
    async fn refuse_early(&self, found: Vec<Found>, outcomes: &mut Outcomes) -> Vec<Found> {
        let (asked, mut fine): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|found| found.pending.upload.can_be_refused());
        if asked.is_empty() {
            return fine;
        }
        let uploads: Vec<Upload> = asked.iter().map(|found| found.pending.upload.clone()).collect();
        let refusals = self
            .db
            .read_long(move |c| uploads.iter().map(|upload| refusal(c, upload)).collect::<Result<Vec<_>>>());
        match refusals.await {
            Ok(refusals) => {
                for (found, refusal) in asked.into_iter().zip(refusals) {
                    match refusal {
                        Some(refusal) => outcomes[found.pending.at] = Some(Err(refusal)),
                        None => fine.push(found),
                    }
                }
            }
            Err(err) => {
                for found in asked {
                    outcomes[found.pending.at] = Some(Err(err.clone()));
                }
            }
        }
        fine
    }
}

/// Checks one file of the request, and finds its upload among the caller's.
fn wanted(at: usize, file: FileKey, found: &HashMap<(String, String), Upload>) -> Result<Pending> {
    let crc64 = file.checksum.map(Crc64::parse).transpose()?;
    let upload = found.get(&(file.upload_id, file.file_key)).ok_or(Error::UploadNotFound)?;
    if upload.put_key.is_none() {
        let rule = "belongs to an upload in parts: finalize it with upload/multipart/finalize";
        return Err(Error::field(format!("files[{at}].uploadId"), rule));
    }
    check_announced(upload, crc64.as_ref())?;
    let mut upload = upload.clone();
    let notes_checksum = crc64.is_some() && upload.crc64.is_none();
    upload.crc64 = crc64.or(upload.crc64);
    Ok(Pending { at, upload, notes_checksum })
}

fn ids_of(upload: &Upload) -> (String, String) {
    (upload.store_upload_id.clone().unwrap_or_default(), upload.object_key.clone())
}

/// The item as the caller may see it.
pub(super) fn told(caller: &Caller, upload: &Upload, item: Item) -> Item {
    if caller.only_uploads() { upload.item_as_given() } else { item }
}
