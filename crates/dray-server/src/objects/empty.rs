//! Empty files on stores that refuse empty parts (Garage answers 400, "Empty body"). A client puts its empty part
//! under a scratch key that nobody reads. Finalize then puts the empty object itself.

use http::Method;

use super::request::Request;
use super::{Objects, TOKEN_METADATA};
use crate::drive::Result;

const SCRATCH: &str = ".empty";

/// The key for the one part of an empty file. It is beside the object, so that the same credentials may write it.
pub fn scratch_key(object_key: &str) -> String {
    format!("{object_key}{SCRATCH}")
}

/// The object whose scratch key this is, if it is one.
pub fn object_of_scratch(key: &str) -> Option<&str> {
    key.strip_suffix(SCRATCH)
}

impl Objects {
    /// Whether an upload may have an empty part. False for every external store, because Dray does not know.
    pub fn takes_empty_parts(&self) -> bool {
        self.checks_what_it_completes()
    }

    /// Puts the empty object of an upload, with the upload's token, and aborts its multipart upload, which has no
    /// parts. If the store refuses the abort, the file exists all the same. The sweeper then aborts the upload when
    /// it removes the object with the scratch key. This call may be repeated.
    pub async fn put_empty(
        &self,
        key: &str,
        upload_id: &str,
        mime_type: &str,
        store_token: &str,
    ) -> Result<()> {
        let request = Request::new("PutObject", Method::PUT, key)
            .header("content-type", mime_type)
            .header(TOKEN_METADATA, store_token);
        self.client.ask(request).await?;
        match self.abort_upload(key, upload_id).await {
            Err(err) if !err.is_passing() => {
                tracing::warn!(key, %err, "the store keeps the multipart upload of an empty file for now");
                Ok(())
            }
            aborted => aborted,
        }
    }
}
