//! Ending an upload that comes to nothing: on the server it would count towards the quota until it expires.

use std::time::Duration;

use dray_api::upload::UploadKey;

use super::Uploader;
use crate::error::Error;

/// Longest that the server is asked to end an upload: somebody waits for that.
const LONGEST: Duration = Duration::from_secs(5);

impl Uploader {
    /// Ends all that is under way: whatever is called then fails, with [`Error::Cancelled`], once its upload has been
    /// aborted on the server. With [`Uploader::resume`] the upload stays open there, to be gone on with.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Runs `work` to its end, or to [`Uploader::cancel`].
    pub(super) async fn unless_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut cancelled = self.cancelled.subscribe();
        tokio::select! {
            result = work => result,
            // The sender is this uploader's own: it is there.
            _ = cancelled.wait_for(|is_cancelled| *is_cancelled) => Err(Error::Cancelled),
        }
    }

    /// Aborts an upload that `error` ended, if nobody is to go on with it. Answers why the upload failed.
    pub(super) async fn give_up(&self, key: &UploadKey, error: Error) -> Error {
        if self.cut_off.is_some() {
            return error;
        }
        match tokio::time::timeout(LONGEST, self.client.abort_upload(key)).await {
            // There may be none any more, or it has become an item.
            Ok(Ok(()) | Err(Error::Api { status: 404 | 409 | 410, .. })) => error,
            Ok(Err(_)) | Err(_) => {
                Error::LeftOpen { upload_id: key.upload_id.clone(), error: Box::new(error) }
            }
        }
    }
}
