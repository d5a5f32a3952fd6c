//! Settles an upload that failed or was cancelled. It is aborted, because otherwise it would count towards the quota
//! until it expires. But if the server is finalizing it, or has made its item, the item is the outcome.

use std::time::Duration;

use dray_api::upload::{ListParts, UploadKey, UploadStatus};
use dray_api::{ErrorCode, Item};

use super::Uploader;
use crate::error::Error;
use crate::retry;

/// How long the server may take for one request of a failed or cancelled upload, because the user waits for it.
const LONGEST: Duration = Duration::from_secs(5);
/// How often an upload that the server is finalizing is finalized again. Each time, the retry policy repeats the request
/// for 12 seconds or longer, and the server holds each request for up to 20 seconds if it is at work.
const MAX_ROUNDS: u32 = 20;
/// The same for an upload whose item the server has: finalize answers at once, unless something on the way breaks it.
const MAX_ROUNDS_FINALIZED: u32 = 3;

/// What happened on the server to an upload that failed here.
enum Fate {
    /// It will never become an item, so its file can be sent again.
    Ended,
    /// It stays open, as the caller wishes.
    Kept,
    /// The server is making its item.
    Finalizing,
    /// The server has made its item.
    Finalized,
    /// The server does not say.
    Unknown,
}

impl Uploader {
    /// Cancels all transfers under way. Each call fails with [`Error::Cancelled`] once its upload is aborted on the
    /// server. With [`Uploader::resume`] the upload stays open there and can be continued. A file that the server has
    /// saved already is returned.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Runs `work` until it ends or [`Uploader::cancel`] is called.
    pub(super) async fn unless_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut cancelled = self.cancelled.subscribe();
        tokio::select! {
            result = work => result,
            // This uploader owns the sender, so it exists.
            _ = cancelled.wait_for(|is_cancelled| *is_cancelled) => Err(Error::Cancelled),
        }
    }

    /// Settles an upload that failed with `error`, and that is kept open with `is_kept`. `finalize` repeats the request
    /// to finalize, if there was one: the server may have received it although its answer did not say so.
    ///
    /// Returns the item if there is one. Otherwise the error says what the server has of the upload: only if it is `error`
    /// itself, or a later refusal to finalize, the file may be sent again.
    pub(super) async fn settle(
        &self,
        key: &UploadKey,
        mut error: Error,
        is_kept: bool,
        finalize: Option<impl AsyncFn() -> Result<Item, Error>>,
    ) -> Result<Item, Error> {
        let may_be_saved =
            |error| Error::MaybeSaved { upload_id: key.upload_id.clone(), error: Box::new(error) };
        let (mut rounds, mut left) = (0, MAX_ROUNDS);
        while left > 0 {
            let fate = self.fate(key, is_kept).await;
            if matches!(fate, Fate::Finalized) {
                left = left.min(MAX_ROUNDS_FINALIZED);
            }
            (rounds, left) = (rounds + 1, left - 1);
            let finalize = match (fate, &finalize) {
                // With `None`, somebody else has finalized it. This call has not, so it does not know of which bytes.
                (Fate::Ended | Fate::Kept, _) | (Fate::Finalizing | Fate::Finalized, None) => {
                    return Err(error);
                }
                (Fate::Unknown, _) => {
                    return Err(Error::LeftOpen { upload_id: key.upload_id.clone(), error: Box::new(error) });
                }
                (Fate::Finalizing | Fate::Finalized, Some(finalize)) => finalize,
            };
            let was_cancelled = self.is_cancelled();
            let finalized = if was_cancelled {
                in_time(finalize()).await
            } else {
                self.unless_cancelled(finalize()).await
            };
            match finalized {
                Err(Error::Cancelled) if was_cancelled => break,
                Err(Error::Cancelled) => error = Error::Cancelled,
                Err(again) if retry::is_undecided(&again) => {
                    let pause = retry::backoff(rounds, retry::random());
                    // A cancel ends the pause, and the next round then waits no longer than a person does.
                    let pausing = async {
                        tokio::time::sleep(pause).await;
                        Ok(())
                    };
                    let _ = self.unless_cancelled(pausing).await;
                }
                Err(refusal @ Error::Api { .. }) => error = refusal,
                done => return done,
            }
        }
        Err(may_be_saved(error))
    }

    /// Aborts an upload of which nothing can be used. If the server does not answer, it ends when it expires.
    pub(super) async fn drop_upload(&self, key: &UploadKey) {
        let _ = self.fate(key, false).await;
    }

    /// What has become of a failed upload. Without `is_kept`, this aborts it.
    async fn fate(&self, key: &UploadKey, is_kept: bool) -> Fate {
        if is_kept {
            return self.fate_of_kept(key).await;
        }
        match in_time(self.client.abort_upload(key)).await {
            Ok(()) => Fate::Ended,
            Err(error) => fate_by(&error),
        }
    }

    async fn fate_of_kept(&self, key: &UploadKey) -> Fate {
        let asked = ListParts {
            upload_id: key.upload_id.clone(),
            file_key: key.file_key.clone(),
            keep_alive: Some(false),
        };
        match in_time(self.client.stored_parts(&asked)).await {
            Ok(found) => match found.upload.status {
                UploadStatus::Open => Fate::Kept,
                UploadStatus::Finalizing => Fate::Finalizing,
                UploadStatus::Finalized => Fate::Finalized,
            },
            Err(error) if matches!(fate_by(&error), Fate::Finalizing) => Fate::Finalizing,
            Err(_) => Fate::Kept,
        }
    }
}

/// What an answer other than success to an abort says.
fn fate_by(error: &Error) -> Fate {
    match error {
        Error::Api { body, .. } if body.code == ErrorCode::AlreadyFinalized => Fate::Finalized,
        Error::Api { body, .. } if retry::is_finalizing(body.code) => Fate::Finalizing,
        Error::Api { status: 404 | 410, .. } => Fate::Ended,
        _ => Fate::Unknown,
    }
}

/// The outcome of `work`, or [`Error::Cancelled`] if it takes longer than a person waits.
async fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(LONGEST, work).await.unwrap_or(Err(Error::Cancelled))
}
