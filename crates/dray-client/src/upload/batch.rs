//! Uploads small files in batches: one start for many files, a PUT for each file, and one finalize for all. A file that
//! the batch cannot take now is uploaded by itself afterwards.

use std::convert::Infallible;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use dray_api::batch::{FileKey, FileToPut, FinalizeFiles, NewFile, StartFiles, StartedFile};
use dray_api::limits::{MAX_WHOLE_FILE_BYTES, MIB};
use dray_api::upload::{FinalizeUpload, UploadKey};
use dray_api::{ErrorBody, ErrorCode, Item, ItemId};
use futures_util::{StreamExt, stream};
use reqwest::Body;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};

use super::part::stall;
use super::proof;
use super::source::{self, Place};
use super::{Uploader, check_name_and_size, check_same, mime_type_of};
use crate::blocking::blocking;
use crate::error::Error;
use crate::retry::{self, Repeat};
use crate::{bounded, store};

/// The largest size of a file that is sent whole, in a batch. Larger files are sent in parts.
pub(crate) const SMALL_BYTES: u64 = MAX_WHOLE_FILE_BYTES;
/// Fewer small files than this are uploaded one by one, and not in a batch.
pub(crate) const FEWEST: usize = 8;
/// The maximum number of files in a batch. It is so low that several batches stay below the number of unfinished
/// uploads that a user may have.
const MOST_FILES: usize = 250;
/// The maximum number of bytes in a batch. They are in memory until they are sent.
const MOST_BYTES: u64 = 16 * MIB;
/// The number of batches at once: while one is being sent, the next is started and the previous one is finalized.
pub(crate) const BATCHES_AT_ONCE: usize = 3;
/// The number of small files that are sent in place of one part. For a small file most of the time is spent waiting for
/// the answer, and not sending its bytes.
pub(super) const FILES_A_SLOT: usize = 4;
/// How many bytes of a small file the connection takes at once. They must leave this machine before they count as stalled.
const PIECE_BYTES: usize = 64 * 1024;
/// The number of uploads that are aborted at the same time when a batch fails.
const ABORTS_AT_ONCE: usize = 8;

/// A small file to upload.
pub(crate) struct SmallFile {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) parent: Option<ItemId>,
    /// Its size when it was found.
    pub(crate) size_bytes: u64,
}

/// The outcome of a file.
pub(crate) type Outcome = (PathBuf, Result<Item, Error>);

/// A file of a batch that is being sent.
struct Sending {
    file: SmallFile,
    bytes: Bytes,
    crc64: u64,
}

/// Cuts files into batches.
pub(crate) fn batches(files: Vec<SmallFile>) -> Vec<Vec<SmallFile>> {
    let mut batches: Vec<Vec<SmallFile>> = Vec::new();
    let mut bytes = 0;
    for file in files {
        bytes += file.size_bytes;
        match batches.last_mut() {
            Some(batch) if batch.len() < MOST_FILES && bytes <= MOST_BYTES => batch.push(file),
            _ => {
                bytes = file.size_bytes;
                batches.push(vec![file]);
            }
        }
    }
    batches
}

impl Uploader {
    /// Uploads a batch of small files. Returns the outcomes, in no particular order, and the files that must be
    /// uploaded one by one afterwards, when no batch uses up the limits that refused them.
    pub(crate) async fn upload_batch(&self, files: Vec<SmallFile>) -> (Vec<Outcome>, Vec<SmallFile>) {
        let mut outcomes = Vec::with_capacity(files.len());
        let read = blocking(move || files.into_iter().map(read).collect::<Vec<_>>()).await;
        let mut sending = Vec::with_capacity(read.len());
        for (file, bytes) in read {
            match bytes {
                Ok((bytes, crc64)) => sending.push(Sending { file, bytes, crc64 }),
                Err(error) => outcomes.push((file.place.path().to_owned(), Err(error))),
            }
        }
        let mut alone = Vec::new();
        if !sending.is_empty() {
            self.send_batch(sending, &mut outcomes, &mut alone).await;
        }
        (outcomes, alone)
    }

    /// Sends a batch. Files that cannot be sent in it now are added to `alone`.
    async fn send_batch(
        &self,
        sending: Vec<Sending>,
        outcomes: &mut Vec<Outcome>,
        alone: &mut Vec<SmallFile>,
    ) {
        let path_of = |sending: &Sending| sending.file.place.path().to_owned();
        let wanted = self.wanted(&sending);
        let started =
            if self.is_cancelled() { Err(Error::Cancelled) } else { self.client.start_files(&wanted).await };
        let started = match started {
            Ok(started) if started.files.len() == sending.len() => started.files,
            Ok(_) => {
                return outcomes
                    .extend(sending.iter().map(|one| (path_of(one), Err(self.client.not_dray(200)))));
            }
            // An older server.
            Err(error) if is_older(&error) => {
                return alone.extend(sending.into_iter().map(|one| one.file));
            }
            Err(error) => {
                return outcomes.extend(sending.iter().map(|one| (path_of(one), Err(error.again()))));
            }
        };
        let mut puts = Vec::with_capacity(sending.len());
        for (one, started) in sending.into_iter().zip(started) {
            match started {
                StartedFile { upload: Some(upload), .. } => puts.push((one, upload)),
                StartedFile { item: Some(item), .. } => outcomes.push((path_of(&one), Ok(item))),
                StartedFile { error: Some(error), .. } if may_pass(&error) => alone.push(one.file),
                StartedFile { error: Some(error), .. } => {
                    outcomes.push((path_of(&one), Err(error_of(error))));
                }
                StartedFile { .. } => outcomes.push((path_of(&one), Err(self.client.not_dray(200)))),
            }
        }
        let done = self.put_and_finalize(&puts).await;
        let mut failed = Vec::new();
        for ((one, upload), done) in puts.into_iter().zip(done) {
            match done {
                Ok(item) => outcomes.push((path_of(&one), Ok(item))),
                Err(error) => failed.push((one, upload, error)),
            }
        }
        let settled = stream::iter(failed).map(async |(one, upload, error): (Sending, FileToPut, Error)| {
            let settled = self.settle_small(&one, &upload, error).await;
            (one, settled)
        });
        for (one, settled) in settled.buffer_unordered(ABORTS_AT_ONCE).collect::<Vec<_>>().await {
            match settled {
                Err(Error::Store { error, .. }) if retry::wants_new_url(&error) => alone.push(one.file),
                Err(Error::Api { body, .. }) if may_pass(&body) => alone.push(one.file),
                settled => outcomes.push((path_of(&one), settled)),
            }
        }
    }

    /// Settles a file that failed. Its item, if there is one, comes from the finalize of a single upload.
    async fn settle_small(&self, one: &Sending, upload: &FileToPut, error: Error) -> Result<Item, Error> {
        let FileToPut { upload_id, file_key, .. } = upload;
        let key = UploadKey { upload_id: upload_id.clone(), file_key: file_key.clone() };
        let request = FinalizeUpload {
            upload_id: upload_id.clone(),
            file_key: file_key.clone(),
            parts: None,
            checksum: Some(proof::checksum(one.crc64)),
            verify: false,
        };
        let finalize = async || self.check_small(one, self.client.finalize_upload(&request).await?);
        match error {
            // There is nothing left to abort.
            Error::NotWhatWasSent { .. } => Err(error),
            error => self.settle(&key, error, false, Some(finalize)).await,
        }
    }

    fn wanted(&self, sending: &[Sending]) -> StartFiles {
        let file = |Sending { file, bytes, .. }: &Sending| NewFile {
            path: file.name.clone(),
            file_size: bytes.len() as u64,
            mime_type: mime_type_of(&file.name),
            parent_id: file.parent,
            checksum: None,
        };
        let files = sending.iter().map(file).collect();
        StartFiles { parent_id: None, on_conflict: self.on_conflict, files }
    }

    /// Sends the files at the same time, and finalizes those that have arrived.
    async fn put_and_finalize(&self, puts: &[(Sending, FileToPut)]) -> Vec<Result<Item, Error>> {
        let put = async |(one, upload): &(Sending, FileToPut)| {
            // Never closed, so an error cannot happen.
            let _slot = self.file_slots.acquire().await.ok();
            self.unless_cancelled(self.put_whole(one, upload)).await
        };
        let at_once = puts.len().max(1);
        let arrived: Vec<Result<(), Error>> = stream::iter(puts).map(put).buffered(at_once).collect().await;
        let there: Vec<&(Sending, FileToPut)> =
            puts.iter().zip(&arrived).filter(|(_, arrived)| arrived.is_ok()).map(|(put, _)| put).collect();
        let mut made = self
            .unless_cancelled(async { Ok(self.finalize_files(&there).await) })
            .await
            .ok()
            .into_iter()
            .flatten();
        let outcome =
            |arrived: Result<(), Error>| arrived.and_then(|()| made.next().unwrap_or(Err(Error::Cancelled)));
        arrived.into_iter().map(outcome).collect()
    }

    async fn put_whole(&self, one: &Sending, upload: &FileToPut) -> Result<(), Error> {
        let headers = headers_of(upload).ok_or_else(|| self.client.not_dray(200))?;
        let mut tries = 0;
        loop {
            let error = match self.put_once(one, upload, &headers).await {
                Ok(()) => {
                    self.progress.moved(one.file.size_bytes);
                    return Ok(());
                }
                Err(error) => error,
            };
            tries += 1;
            match retry::wait_before_retry(&error, tries, Repeat::Safe, retry::random()) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(error),
            }
        }
    }

    async fn put_once(&self, one: &Sending, upload: &FileToPut, headers: &HeaderMap) -> Result<(), Error> {
        let (url, peer) = store::parse_signed_url(self.client.base_url(), &upload.url)?;
        let moved = Arc::new(AtomicU64::new(0));
        let request = self.client.http().put(url).headers(headers.clone());
        let request = request.header(CONTENT_LENGTH, one.bytes.len()).body(body_of(&one.bytes, &moved));
        let sent = self.line.watch(one.bytes.len() as u64, &moved, request.send()).await;
        let Some(sent) = sent else { return Err(stall(peer)) };
        let response = sent.map_err(|error| Error::network(&peer, error))?;
        match response.status().as_u16() {
            // 412: an earlier PUT has already stored the file, and its answer was lost.
            200..=299 | 412 => {
                bounded::beginning(response).await;
                Ok(())
            }
            _ => {
                let during = one.file.place.path().display().to_string();
                Err(Error::Store { during, error: store::refusal(response).await })
            }
        }
    }

    /// Finalizes the files. Returns an item or an error for each. Files that are not finished yet are asked for again.
    async fn finalize_files(&self, files: &[&(Sending, FileToPut)]) -> Vec<Result<Item, Error>> {
        let mut outcomes: Vec<Option<Result<Item, Error>>> = files.iter().map(|_| None).collect();
        let mut tries = 0;
        loop {
            let open: Vec<usize> = (0..files.len()).filter(|at| outcomes[*at].is_none()).collect();
            let keys = open.iter().map(|at| {
                let (one, FileToPut { upload_id, file_key, .. }) = files[*at];
                let checksum = Some(proof::checksum(one.crc64));
                FileKey { upload_id: upload_id.clone(), file_key: file_key.clone(), checksum }
            });
            let wanted = FinalizeFiles { files: keys.collect() };
            if open.is_empty() {
                break;
            }
            let answer = match self.client.finalize_files(&wanted).await {
                Ok(answer) if answer.files.len() == open.len() => answer.files,
                Ok(_) => return files.iter().map(|_| Err(self.client.not_dray(200))).collect(),
                Err(error) => return files.iter().map(|_| Err(error.again())).collect(),
            };
            tries += 1;
            let mut wait = None;
            for (at, file) in open.into_iter().zip(answer) {
                let outcome = match (file.item, file.error) {
                    (Some(item), _) => self.check_small(&files[at].0, item),
                    (None, Some(error)) if error.code == ErrorCode::ChecksumMismatch => {
                        Err(Error::StoredDiffers { path: files[at].0.file.place.path().to_owned() })
                    }
                    (None, Some(error)) => Err(error_of(error)),
                    (None, None) => Err(self.client.not_dray(200)),
                };
                let pause = outcome
                    .as_ref()
                    .err()
                    .and_then(|error| retry::wait_before_retry(error, tries, Repeat::Safe, retry::random()));
                match pause {
                    Some(pause) => wait = Some(pause),
                    None => outcomes[at] = Some(outcome),
                }
            }
            if let Some(wait) = wait {
                tokio::time::sleep(wait).await;
            }
        }
        outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(|| Err(self.client.not_dray(200))))
            .collect()
    }

    fn check_small(&self, one: &Sending, item: Item) -> Result<Item, Error> {
        check_name_and_size(&one.file.name, one.bytes.len() as u64, self.on_conflict, item)
    }
}

/// The bytes in pieces. `moved` counts those that the connection has taken.
fn body_of(bytes: &Bytes, moved: &Arc<AtomicU64>) -> Body {
    let (mut rest, moved) = (bytes.clone(), Arc::clone(moved));
    let pieces = std::iter::from_fn(move || {
        let piece = rest.split_to(rest.len().min(PIECE_BYTES));
        moved.fetch_add(piece.len() as u64, Ordering::Relaxed);
        (!piece.is_empty()).then_some(Ok::<_, Infallible>(piece))
    });
    Body::wrap_stream(stream::iter(pieces))
}

/// Reads a file whole. Returns its bytes and their CRC.
fn read(file: SmallFile) -> (SmallFile, Result<(Bytes, u64), Error>) {
    let bytes = read_place(&file.place);
    (file, bytes)
}

fn read_place(place: &Place) -> Result<(Bytes, u64), Error> {
    let path: &Path = place.path();
    let opened = source::open_now(place)?;
    let changed = || Error::ChangedWhileUploading { path: path.to_owned() };
    let len = opened.metadata.len();
    if len > SMALL_BYTES {
        return Err(changed());
    }
    let mut bytes = vec![0; usize::try_from(len).map_err(|_| changed())?];
    opened.file.read_exact_at(&mut bytes, 0).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => changed(),
        _ => Error::io(path)(error),
    })?;
    check_same(path, &opened)?;
    let crc64 = proof::crc64_of(&bytes);
    Ok((bytes.into(), crc64))
}

fn headers_of(upload: &FileToPut) -> Option<HeaderMap> {
    let header = |(name, value): (&String, &String)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    };
    upload.headers.iter().map(header).collect()
}

fn error_of(body: ErrorBody) -> Error {
    Error::Api { status: body.status_code, body: Box::new(body) }
}

/// Whether the server is older than batches and does not know their routes.
fn is_older(error: &Error) -> bool {
    match error {
        Error::Api { body, .. } => {
            matches!(body.code, ErrorCode::RouteNotFound | ErrorCode::MethodNotAllowed)
        }
        Error::NotDray { status, .. } => matches!(status, 404 | 405),
        _ => false,
    }
}

/// Whether a file that was refused with this error may be accepted a little later, when fewer uploads are open.
fn may_pass(body: &ErrorBody) -> bool {
    body.code == ErrorCode::TooManyUploads || matches!(body.status_code, 429 | 502..=504)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(size_bytes: u64) -> SmallFile {
        SmallFile { place: Place::Named("a".into()), name: "a".into(), parent: None, size_bytes }
    }

    #[test]
    fn batches_are_bounded_in_files_and_in_bytes() {
        let lengths = |sizes: Vec<u64>| {
            batches(sizes.into_iter().map(file).collect()).iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(lengths(vec![]), Vec::<usize>::new());
        assert_eq!(lengths(vec![1; 601]), [250, 250, 101]);
        assert_eq!(lengths(vec![8 * MIB; 5]), [2, 2, 1]);
        assert_eq!(lengths(vec![8 * MIB, 8 * MIB, 0, 1]), [3, 1]);
    }
}
