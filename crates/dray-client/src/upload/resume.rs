//! Going on with an upload that was cut off: finding it again, what the store has of it, and the proof that this is of
//! the same bytes as what is sent now.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, Digest};
use dray_api::ErrorCode;
use dray_api::upload::{
    Checksum, OpenUpload, StartUpload, StartedUpload, StoredPart, UploadKey, UploadStatus,
};
use tokio::sync::OnceCell;

use crate::blocking::blocking;
use crate::client::Client;
use crate::error::Error;

/// Bytes that are read at once for a checksum.
const READ_BYTES: usize = 1024 * 1024;

/// The user's uploads that were cut off, asked for once. Each is gone on with by one file at most.
#[derive(Default)]
pub(crate) struct CutOff(OnceCell<Mutex<Vec<OpenUpload>>>);

/// An upload that has begun, now or earlier.
pub(super) struct Begun {
    pub(super) key: UploadKey,
    /// Bytes of each part but the last.
    pub(super) part_bytes: u64,
    /// What the store had of it, by part number.
    stored: HashMap<u64, StoredPart>,
}

impl CutOff {
    /// The latest upload that was to become what `start` would begin.
    pub(super) async fn take(&self, client: &Client, start: &StartUpload) -> Result<Option<Begun>, Error> {
        let all = self.0.get_or_try_init(async || list(client).await.map(Mutex::new)).await?;
        while let Some(upload) = take_of(all, start) {
            let OpenUpload { upload_id, file_key, part_size, .. } = upload;
            let key = UploadKey { upload_id, file_key };
            let now = match client.stored_parts(&key).await {
                // It came to an end since it was listed.
                Err(error)
                    if matches!(error.code(), Some(ErrorCode::UploadAborted | ErrorCode::UploadExpired)) =>
                {
                    continue;
                }
                now => now?,
            };
            if now.upload.status == UploadStatus::Open {
                let stored = now.parts.into_iter().map(|part| (part.part_number, part)).collect();
                return Ok(Some(Begun { key, part_bytes: part_size, stored }));
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
    /// Whether something of it was sent earlier.
    pub(super) fn is_gone_on_with(&self) -> bool {
        !self.stored.is_empty()
    }

    /// The `ETag` of a part that the store has in full.
    pub(super) fn stored(&self, part_number: u32, bytes: u64) -> Option<String> {
        let part = self.stored.get(&u64::from(part_number)).filter(|part| part.size == bytes);
        part.map(|part| part.e_tag.clone())
    }
}

async fn list(client: &Client) -> Result<Vec<OpenUpload>, Error> {
    let mut page = client.uploads(None).await?;
    let mut all = page.uploads;
    while let Some(cursor) = page.next_cursor {
        page = client.uploads(Some(&cursor)).await?;
        all.append(&mut page.uploads);
    }
    Ok(all)
}

fn is_of(upload: &OpenUpload, start: &StartUpload) -> bool {
    let becomes = |name, size, parent, on_conflict| (name, size, parent, on_conflict);
    upload.status == UploadStatus::Open
        && becomes(&upload.file_name, upload.file_size, upload.parent_id, upload.on_conflict)
            == becomes(&start.file_name, start.file_size, start.parent_id, start.on_conflict)
}

/// What all bytes of a file come to.
pub(super) async fn checksum(path: &Path, file: &Arc<File>) -> Result<Checksum, Error> {
    let (path, file) = (path.to_owned(), Arc::clone(file));
    blocking(move || {
        let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
        // Parts are read at their offsets, so the file is still at its beginning.
        let mut reader = BufReader::with_capacity(READ_BYTES, &*file);
        std::io::copy(&mut reader, &mut digest).map_err(Error::io(&path))?;
        Ok(Checksum { crc64nvme: STANDARD.encode(digest.finalize().to_be_bytes()) })
    })
    .await
}
