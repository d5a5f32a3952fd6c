//! Sends one part to its signed URL, again if necessary, until the store returns an `ETag`.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use dray_api::limits::MAX_ETAG_BYTES;
use reqwest::header::{CONTENT_LENGTH, ETAG};
use reqwest::{Body, Response};

use super::frames::{Attempt, FramePool};
use super::line::Line;
use super::proof;
use super::signer::Signer;
use crate::bounded;
use crate::client::Client;
use crate::error::Error;
use crate::progress::Progress;
use crate::retry::{self, Repeat};
use crate::store;

/// The maximum number of new URLs for one part after refusals. If that is not enough, the store refuses for another
/// reason than an expired URL.
const MAX_NEW_URLS: u32 = 4;

/// What all parts of one file share.
pub(super) struct Source<'a> {
    pub(super) client: &'a Client,
    pub(super) signer: &'a Signer<'a>,
    pub(super) path: &'a Path,
    pub(super) file: Arc<File>,
    pub(super) pool: Arc<FramePool>,
    pub(super) progress: Arc<dyn Progress>,
    pub(super) line: &'a Line,
}

/// A part that the store has.
pub(super) struct Sent {
    pub(super) e_tag: String,
    /// The CRC of the bytes that were sent.
    pub(super) crc64: u64,
}

impl Source<'_> {
    /// Uploads the `len` bytes at `offset` as part `part_number`.
    pub(super) async fn upload_part(&self, part_number: u32, offset: u64, len: u64) -> Result<Sent, Error> {
        let (mut tries, mut new_urls) = (0, 0);
        let mut url = self.signer.url(part_number).await?;
        loop {
            let error = match self.put(&url, part_number, offset, len).await {
                Ok(sent) => return Ok(sent),
                Err(error) => error,
            };
            match &error {
                Error::Store { error: refusal, .. }
                    if retry::wants_new_url(refusal) && new_urls < MAX_NEW_URLS =>
                {
                    new_urls += 1;
                    self.signer.forget().await;
                }
                _ => {
                    tries += 1;
                    let wait = retry::wait_before_retry(&error, tries, Repeat::Safe, retry::random());
                    tokio::time::sleep(wait.ok_or(error)?).await;
                }
            }
            // A broken connection needs a new URL too: a store that refuses a URL may close the connection before the
            // client reads its answer.
            url = self.signer.new_url(part_number).await?;
        }
    }

    /// One try.
    async fn put(&self, url: &str, part_number: u32, offset: u64, len: u64) -> Result<Sent, Error> {
        let attempt = Arc::new(Attempt {
            file: Arc::clone(&self.file),
            offset,
            len,
            pool: Arc::clone(&self.pool),
            progress: Arc::clone(&self.progress),
            read: AtomicU64::new(0),
            digest: Mutex::new(proof::digest()),
            failure: Mutex::default(),
        });
        let result = self.send(url, part_number, &attempt).await;
        if result.is_err() {
            self.progress.undone(attempt.read.load(Ordering::Relaxed));
        }
        match attempt.take_failure() {
            Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(Error::ChangedWhileUploading { path: self.path.to_owned() })
            }
            Some(error) => Err(Error::io(self.path)(error)),
            None => Ok(Sent { e_tag: result?, crc64: attempt.crc64() }),
        }
    }

    async fn send(&self, url: &str, part_number: u32, attempt: &Arc<Attempt>) -> Result<String, Error> {
        let (url, peer) = store::parse_signed_url(self.client.base_url(), url)?;
        let request = self
            .client
            .http()
            .put(url)
            .header(CONTENT_LENGTH, attempt.len)
            .body(Body::wrap_stream(attempt.frames()));
        let sent = self.line.watch(attempt.len, &attempt.read, request.send()).await;
        let Some(sent) = sent else { return Err(stall(peer)) };
        let response = sent.map_err(|error| Error::network(&peer, error))?;
        if !response.status().is_success() {
            let during = format!("part {part_number} of {}", self.path.display());
            return Err(Error::Store { during, error: store::refusal(response).await });
        }
        e_tag(response, part_number).await
    }
}

/// The `ETag`, if it is not too long to be one. Reads the (empty) body, so that the connection can serve the next part.
async fn e_tag(response: Response, part_number: u32) -> Result<String, Error> {
    let e_tag = response.headers().get(ETAG).filter(|value| value.len() <= MAX_ETAG_BYTES);
    let e_tag = e_tag.and_then(|value| value.to_str().ok()).map(str::to_owned);
    // The part is stored, even if the body of the answer breaks off.
    bounded::beginning(response).await;
    e_tag.ok_or(Error::NoETag { part_number })
}

/// The error of a transfer that stands still.
pub(super) fn stall(peer: String) -> Error {
    Error::Network { peer, cause: "no byte moved for minutes".to_owned(), never_sent: false }
}
