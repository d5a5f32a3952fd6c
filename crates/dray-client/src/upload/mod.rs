//! Uploads one file: start, parts in parallel, finalize, and a check that the server saved what was sent.

pub(crate) mod batch;
mod frames;
mod give_up;
mod line;
mod part;
mod parts;
mod proof;
mod resume;
mod signer;
pub(crate) mod source;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dray_api::limits::MAX_PARTS;
use dray_api::text::is_same_name;
use dray_api::upload::{FinalizeUpload, OnConflict, OpenUpload, StartUpload, UploadKey};
use dray_api::{ErrorCode, Item, ItemId};
use tokio::sync::{Semaphore, watch};

use self::frames::FramePool;
use self::line::Line;
use self::resume::{Begun, CutOff};
use self::source::{Opened, Place};
use crate::blocking::blocking;
use crate::client::Client;
use crate::error::Error;
use crate::progress::Progress;

/// Parts that are uploaded at once, unless the caller says otherwise.
pub const DEFAULT_PARALLEL: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// Uploads files. One limit applies to the parts in flight, whatever files they belong to.
pub struct Uploader {
    pub(crate) client: Client,
    pub(crate) parallel: NonZeroUsize,
    on_conflict: OnConflict,
    /// The interrupted uploads, if this uploader resumes them.
    cut_off: Option<CutOff>,
    pub(crate) progress: Arc<dyn Progress>,
    slots: Semaphore,
    /// Slots for small files, which are sent whole.
    file_slots: Semaphore,
    pool: Arc<FramePool>,
    line: Line,
    /// Whether the server's store proves the checksums of files that are sent in parts, as far as is known yet.
    proves: AtomicBool,
    /// Whether everything is cancelled.
    cancelled: watch::Sender<bool>,
}

/// How a file is cut: into equal parts, except the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    file_bytes: u64,
    part_bytes: u64,
    parts: u32,
}

impl Uploader {
    /// An uploader that keeps `parallel` parts in flight.
    pub fn new(client: Client, parallel: NonZeroUsize, progress: Arc<dyn Progress>) -> Self {
        let slots = Semaphore::new(parallel.get().min(Semaphore::MAX_PERMITS));
        let file_slots = parallel.get().saturating_mul(batch::FILES_A_SLOT);
        let file_slots = Semaphore::new(file_slots.min(Semaphore::MAX_PERMITS));
        let on_conflict = OnConflict::default();
        let cancelled = watch::Sender::new(false);
        Self {
            client,
            parallel,
            on_conflict,
            cut_off: None,
            progress,
            slots,
            file_slots,
            pool: Arc::default(),
            line: Line::default(),
            proves: AtomicBool::new(true),
            cancelled,
        }
    }

    /// What to do with a file whose name is taken in its folder. By default both stay.
    #[must_use]
    pub fn on_conflict(self, on_conflict: OnConflict) -> Self {
        Self { on_conflict, ..self }
    }

    /// Continues interrupted uploads: a file with the same name, size and folder is sent from where
    /// its latest upload stopped. If the bytes sent before are not those of the file, the upload is aborted, and the next
    /// latest is tried; in the end the file is sent from its beginning.
    #[must_use]
    pub fn resume(self) -> Self {
        Self { cut_off: Some(CutOff::default()), ..self }
    }

    /// Whether this uploader continues interrupted uploads.
    pub(crate) fn resumes(&self) -> bool {
        self.cut_off.is_some()
    }

    /// Uploads the regular file at `path` as `name` into `parent` (`None` means the root). If that fails, it aborts the
    /// upload on the server too, except with [`Uploader::resume`].
    pub async fn upload_file(&self, path: &Path, name: &str, parent: Option<ItemId>) -> Result<Item, Error> {
        self.upload_place(&Place::Named(path.to_owned()), name, parent).await
    }

    pub(crate) async fn upload_place(
        &self,
        place: &Place,
        name: &str,
        parent: Option<ItemId>,
    ) -> Result<Item, Error> {
        if self.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let opened = source::open(place).await?;
        let start = StartUpload {
            on_conflict: self.on_conflict,
            file_name: name.to_owned(),
            file_size: opened.metadata.len(),
            mime_type: mime_type_of(name),
            parent_id: parent,
            checksum: None,
        };
        loop {
            // Cancelling must not interrupt this, because the client must learn of an upload that the server has begun.
            let begun = self.begin(&start).await?;
            let (key, was_resumed) = (begun.key.clone(), begun.was_resumed());
            match self.send(place.path(), &opened, &start, begun, self.resumes()).await {
                // It was an upload of another file with this name and size, or the file has changed. What is there now
                // belongs to no file.
                Err(Error::SentBeforeDiffers { .. }) if was_resumed && !self.is_cancelled() => {
                    self.drop_upload(&key).await;
                }
                done => return done,
            }
        }
    }

    /// Continues `upload`, which was started for the file at `path`. If the first of the parts sent before is not the file's,
    /// this fails. Otherwise parts that differ are sent again. The item appears only if it has exactly the file's bytes.
    pub async fn resume_upload(&self, upload: OpenUpload, path: &Path) -> Result<Item, Error> {
        let opened = source::open(&Place::Named(path.to_owned())).await?;
        let (actual, expected) = (opened.metadata.len(), upload.file_size);
        if actual != expected {
            return Err(Error::OtherSize { path: path.to_owned(), actual, expected });
        }
        let start = StartUpload {
            on_conflict: upload.on_conflict,
            file_name: upload.file_name.clone(),
            file_size: upload.file_size,
            mime_type: upload.mime_type.clone(),
            parent_id: upload.parent_id,
            checksum: None,
        };
        let upload_id = upload.upload_id.clone();
        let begun = Begun::earlier(&self.client, upload).await?;
        self.send(path, &opened, &start, begun.ok_or(Error::NoUpload { upload_id })?, true).await
    }

    /// Sends the parts that the store does not have yet, and finalizes the upload. An upload that fails is aborted unless
    /// `is_kept`.
    async fn send(
        &self,
        path: &Path,
        opened: &Opened,
        start: &StartUpload,
        begun: Begun,
        is_kept: bool,
    ) -> Result<Item, Error> {
        let (key, was_resumed) = (begun.key.clone(), begun.was_resumed());
        let sent = self.send_parts(path, opened, start, begun).await;
        let (finalize, done) = match sent {
            Ok(request) => {
                let finalize = async move || self.finalize(path, start, &request, was_resumed).await;
                let done = finalize().await;
                (Some(finalize), done)
            }
            Err(error) => (None, Err(error)),
        };
        match done {
            // There is nothing left to abort.
            Ok(_) | Err(Error::NotWhatWasSent { .. }) => done,
            Err(error) => {
                let was_sent = finalize.is_some();
                let settled = self.settle(&key, error, is_kept, finalize).await;
                if was_sent && matches!(settled, Err(Error::SentBeforeDiffers { .. })) {
                    self.progress.undone(start.file_size);
                }
                settled
            }
        }
    }

    /// Sends the missing parts, and returns the request that finalizes the upload.
    async fn send_parts(
        &self,
        path: &Path,
        opened: &Opened,
        start: &StartUpload,
        begun: Begun,
    ) -> Result<FinalizeUpload, Error> {
        let cut = Cut::new(start.file_size, begun.part_bytes).ok_or_else(|| self.client.not_dray(200))?;
        let was_resumed = begun.was_resumed();
        let sending = async {
            let sent = self.upload_parts(path, opened, &begun, cut).await?;
            check_unchanged(path, opened).await?;
            Ok(sent)
        };
        let (parts, checksum) = self.unless_cancelled(sending).await?;
        let UploadKey { upload_id, file_key } = begun.key;
        Ok(FinalizeUpload {
            upload_id,
            file_key,
            parts: Some(parts),
            checksum: Some(checksum),
            verify: was_resumed,
        })
    }

    async fn finalize(
        &self,
        path: &Path,
        start: &StartUpload,
        request: &FinalizeUpload,
        was_resumed: bool,
    ) -> Result<Item, Error> {
        let item = self.finalize_with_proof(request).await.map_err(|error| match error.code() {
            Some(ErrorCode::ChecksumMismatch) if was_resumed => {
                Error::SentBeforeDiffers { path: path.to_owned() }
            }
            Some(ErrorCode::ChecksumMismatch) => Error::StoredDiffers { path: path.to_owned() },
            _ => error,
        })?;
        check_saved(start, item)
    }

    /// Sends the checksum if the store proves it. If not, the server reads back only files that were resumed.
    async fn finalize_with_proof(&self, request: &FinalizeUpload) -> Result<Item, Error> {
        if request.verify || self.proves.load(Ordering::Relaxed) {
            match self.client.finalize_upload(request).await {
                Err(error) if error.code() == Some(ErrorCode::ChecksumUnproven) && !request.verify => {
                    self.proves.store(false, Ordering::Relaxed);
                }
                done => return done,
            }
        }
        self.client.finalize_upload(&FinalizeUpload { checksum: None, ..request.clone() }).await
    }

    /// Continues an interrupted upload, if there is one and this uploader resumes uploads. Otherwise starts a new one.
    async fn begin(&self, start: &StartUpload) -> Result<Begun, Error> {
        if let Some(cut_off) = &self.cut_off
            && let Some(begun) = cut_off.take(&self.client, start).await?
        {
            return Ok(begun);
        }
        Ok(self.client.start_upload(start).await?.into())
    }
}

impl Cut {
    /// `None` if no S3 store accepts this many parts.
    fn new(file_bytes: u64, part_bytes: u64) -> Option<Self> {
        let parts = file_bytes.checked_div(part_bytes)? + u64::from(!file_bytes.is_multiple_of(part_bytes));
        let parts = u32::try_from(parts.max(1)).ok().filter(|parts| *parts <= MAX_PARTS)?;
        Some(Self { file_bytes, part_bytes, parts })
    }

    /// Offset and bytes of part `part_number`, which is one of `1..=parts`.
    fn part(self, part_number: u32) -> (u64, u64) {
        let offset = u64::from(part_number - 1) * self.part_bytes;
        (offset, self.part_bytes.min(self.file_bytes - offset))
    }
}

/// Checks that size and time of change are the same after every byte was read, so that the parts belong together.
async fn check_unchanged(path: &Path, opened: &Opened) -> Result<(), Error> {
    let (path, opened) = (path.to_owned(), opened.clone());
    blocking(move || check_same(&path, &opened)).await
}

fn check_same(path: &Path, opened: &Opened) -> Result<(), Error> {
    let before = (opened.metadata.len(), opened.metadata.modified().ok());
    let now = opened.file.metadata().map_err(Error::io(path))?;
    let is_same = before == (now.len(), now.modified().ok());
    if is_same { Ok(()) } else { Err(Error::ChangedWhileUploading { path: path.to_owned() }) }
}

fn mime_type_of(name: &str) -> String {
    mime_guess::from_path(name).first_or_octet_stream().essence_str().to_owned()
}

fn check_saved(sent: &StartUpload, item: Item) -> Result<Item, Error> {
    check_name_and_size(&sent.file_name, sent.file_size, sent.on_conflict, item)
}

fn check_name_and_size(
    name: &str,
    size_bytes: u64,
    on_conflict: OnConflict,
    item: Item,
) -> Result<Item, Error> {
    // With `rename`, the server may give it another name. A replaced item keeps its own name, which may be composed
    // differently.
    let is_name_ours = is_same_name(&item.name, name) || on_conflict == OnConflict::Rename;
    if is_name_ours && item.file_size == Some(size_bytes) {
        return Ok(item);
    }
    let describe = |name: &str, bytes: u64| format!("`{name}` of {bytes} bytes");
    Err(Error::NotWhatWasSent {
        sent: describe(name, size_bytes),
        saved: describe(&item.name, item.file_size.unwrap_or(0)),
    })
}

#[cfg(test)]
mod tests {
    use dray_api::limits::{MAX_FILE_BYTES, MIB};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_file_is_one_empty_part() {
        let cut = Cut::new(0, 16 * MIB).unwrap();
        assert_eq!((cut.parts, cut.part(1)), (1, (0, 0)));
    }

    #[test]
    fn an_impossible_part_size_is_refused() {
        assert_eq!(Cut::new(10, 0), None);
        assert_eq!(Cut::new(10_001, 1), None);
    }

    proptest! {
        #[test]
        fn parts_follow_each_other_and_cover_the_file(bytes in 0..=MAX_FILE_BYTES) {
            let part_bytes = dray_api::PartPlan::recommended(bytes).part_bytes();
            let cut = Cut::new(bytes, part_bytes).unwrap();
            let mut at = 0;
            for part_number in 1..=cut.parts {
                let (offset, len) = cut.part(part_number);
                prop_assert_eq!(offset, at);
                at += len;
            }
            prop_assert_eq!(at, bytes);
        }
    }
}
