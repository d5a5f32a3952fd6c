//! Aborts an upload that failed or was cancelled. Otherwise it would count towards the quota until it expires.

use std::time::Duration;

use dray_api::upload::UploadKey;

use super::Uploader;
use crate::error::Error;

/// How long the server may take to abort an upload, because the user waits for it.
const LONGEST: Duration = Duration::from_secs(5);

impl Uploader {
    /// Cancels all transfers under way. Each call fails with [`Error::Cancelled`] once its upload is aborted on the
    /// server. With [`Uploader::resume`] the upload stays open there and can be continued.
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

    /// Aborts an upload that ended with `error`, unless it may be resumed. Returns why the upload failed.
    pub(super) async fn give_up(&self, key: &UploadKey, error: Error) -> Error {
        if self.cut_off.is_some() {
            return error;
        }
        match tokio::time::timeout(LONGEST, self.client.abort_upload(key)).await {
            // The upload no longer exists, or it has become an item.
            Ok(Ok(()) | Err(Error::Api { status: 404 | 409 | 410, .. })) => error,
            Ok(Err(_)) | Err(_) => {
                Error::LeftOpen { upload_id: key.upload_id.clone(), error: Box::new(error) }
            }
        }
    }
}
