//! The use cases, one file each: decide, write, ask the store, write. No HTTP, no SQL.

mod create_folder;
mod download;
mod finalize;
mod presign_parts;
mod read;
pub(crate) mod recover;
mod search;
mod start_upload;
mod stock;
mod tree;

use std::sync::Arc;

use dray_api::ItemId;
use dray_api::limits::MAX_KEY_BYTES;
use jiff::Timestamp;
use tokio_util::task::TaskTracker;

use crate::config::Clock;
use crate::db::{Db, items, tokens, uploads};
use crate::drive::access::{Caller, Scope};
use crate::drive::item::{Content, Item};
use crate::drive::token::AccessToken;
use crate::drive::upload::Upload;
use crate::drive::{Error, Result};
use crate::metrics::Metrics;
use crate::objects::Objects;

pub(crate) use presign_parts::SignedParts;

/// Everything a use case needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Service(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) objects: Objects,
    pub(crate) clock: Clock,
    /// Life of a signed part URL.
    pub(crate) url_ttl_secs: u32,
    /// Work that outlives the request that began it; a stopping server waits for it.
    pub(crate) tasks: TaskTracker,
    /// What is counted and timed.
    pub(crate) metrics: Arc<Metrics>,
}

impl std::ops::Deref for Service {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Service {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Lets in whoever holds a good token with the scope that the drive needs.
    pub(crate) fn authenticate(&self, token: &str, now: Timestamp) -> Result<Caller> {
        let token = AccessToken::parse(token)?;
        let record = self.db.read(|c| Ok(tokens::by_hash(c, &token.hash())?))?;
        let caller = record.ok_or(Error::InvalidToken)?.admit(now)?;
        caller.require(Scope::AccessDrive)?;
        Ok(caller)
    }

    /// The caller's upload, by what the wire calls it.
    fn upload_of(&self, caller: &Caller, upload_id: &str, file_key: &str) -> Result<Upload> {
        if upload_id.len() > MAX_KEY_BYTES || file_key.len() > MAX_KEY_BYTES {
            return Err(Error::UploadNotFound);
        }
        let found = self.db.read(|c| Ok(uploads::of_caller(c, caller, upload_id, file_key)?))?;
        let upload = found.ok_or(Error::UploadNotFound)?;
        tracing::Span::current().record("upload", upload_id);
        Ok(upload)
    }

    /// The folder that `parentId` names, if the caller may see it: to list it, or to put something into it.
    fn parent(&self, caller: &Caller, parent: Option<ItemId>) -> Result<Option<Item>> {
        let Some(id) = parent else { return Ok(None) };
        let item = self.db.read(|c| Ok(items::visible(c, caller, id)?))?.ok_or(Error::NotFound)?;
        match item.content {
            Content::Folder => Ok(Some(item)),
            Content::File { .. } => Err(Error::NotAFolder),
        }
    }
}
