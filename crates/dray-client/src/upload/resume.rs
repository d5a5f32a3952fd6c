//! Resumes an interrupted upload: finds it, and asks what the store has of it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use dray_api::ErrorCode;
use dray_api::text::is_same_name;
use dray_api::upload::{
    ListParts, OpenUpload, StartUpload, StartedUpload, StoredPart, UploadKey, UploadStatus,
};
use tokio::sync::OnceCell;

use crate::client::Client;
use crate::error::Error;
use crate::pages::Pages;

/// How many uploads are searched for the one to resume.
const MAX_CUT_OFF: usize = 10_000;

/// The user's interrupted uploads, requested once. At most one file resumes each of them.
#[derive(Default)]
pub(crate) struct CutOff(OnceCell<Mutex<Vec<OpenUpload>>>);

/// An upload that was started, now or earlier.
pub(super) struct Begun {
    pub(super) key: UploadKey,
    /// Bytes of each part but the last.
    pub(super) part_bytes: u64,
    /// The parts that the store had, by part number.
    stored: HashMap<u64, StoredPart>,
}

impl CutOff {
    /// The latest upload with the same file name, size, folder and `onConflict` as `start`.
    pub(super) async fn take(&self, client: &Client, start: &StartUpload) -> Result<Option<Begun>, Error> {
        let all = self.0.get_or_try_init(async || list(client).await.map(Mutex::new)).await?;
        while let Some(upload) = take_of(all, start) {
            match Begun::earlier(client, upload).await {
                // The upload ended after it was listed.
                Err(error)
                    if matches!(error.code(), Some(ErrorCode::UploadAborted | ErrorCode::UploadExpired)) => {}
                Ok(None) => {}
                begun => return begun,
            }
        }
        Ok(None)
    }
}

fn take_of(all: &Mutex<Vec<OpenUpload>>, start: &StartUpload) -> Option<OpenUpload> {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    let found = all.iter().position(|upload| is_of(upload, start))?;
    Some(all.remove(found))
}

impl From<StartedUpload> for Begun {
    fn from(started: StartedUpload) -> Self {
        let StartedUpload { upload_id, file_key, part_size, .. } = started;
        Self { key: UploadKey { upload_id, file_key }, part_bytes: part_size, stored: HashMap::new() }
    }
}

impl Begun {
    /// An upload that was started before, and the parts that the store has; `None` if it is no longer open.
    pub(super) async fn earlier(client: &Client, upload: OpenUpload) -> Result<Option<Self>, Error> {
        let OpenUpload { upload_id, file_key, part_size: part_bytes, .. } = upload;
        let asked =
            ListParts { upload_id: upload_id.clone(), file_key: file_key.clone(), keep_alive: Some(true) };
        let now = client.stored_parts(&asked).await?;
        if now.upload.status != UploadStatus::Open {
            return Ok(None);
        }
        let stored = now.parts.into_iter().map(|part| (part.part_number, part)).collect();
        Ok(Some(Self { key: UploadKey { upload_id, file_key }, part_bytes, stored }))
    }

    /// Whether parts were sent earlier.
    pub(super) fn was_resumed(&self) -> bool {
        !self.stored.is_empty()
    }

    /// The `ETag` of a part that the store has in full.
    pub(super) fn stored(&self, part_number: u32, bytes: u64) -> Option<String> {
        let part = self.stored.get(&u64::from(part_number)).filter(|part| part.size == bytes);
        part.map(|part| part.e_tag.clone())
    }
}

/// The latest uploads, up to [`MAX_CUT_OFF`]. Nobody has more of them to resume.
async fn list(client: &Client) -> Result<Vec<OpenUpload>, Error> {
    let (mut all, mut pages) = (Vec::new(), Pages::default());
    loop {
        let mut page = client.uploads(pages.cursor()).await?;
        all.append(&mut page.uploads);
        if !pages.go_on(page.next_cursor)? || all.len() >= MAX_CUT_OFF {
            return Ok(all);
        }
    }
}

fn is_of(upload: &OpenUpload, start: &StartUpload) -> bool {
    upload.status == UploadStatus::Open
        && is_same_name(&upload.file_name, &start.file_name)
        && upload.file_size == start.file_size
        && upload.parent_id == start.parent_id
        && upload.on_conflict == start.on_conflict
}
