//! Unfinished uploads: listing them, listing the parts of one, and aborting one.

use dray_api::upload::{ListParts, OpenUploads, StoredParts, UploadKey};
use jiff::Timestamp;

use super::Service;
use crate::db::fair::on_same_behalf;
use crate::db::{Conn, uploads};
use crate::drive::access::Caller;
use crate::drive::cursor::List;
use crate::drive::event::Event;
use crate::drive::parts::unambiguous;
use crate::drive::upload::{State, Upload};
use crate::drive::{Error, Result, wire_time};
use dray_object_store::die_at;

impl Service {
    /// What the store has of the caller's upload: enough to continue it from anywhere.
    pub(crate) async fn uploaded_parts(
        &self,
        caller: &Caller,
        asked: &ListParts,
        now: Timestamp,
    ) -> Result<StoredParts> {
        let upload = self.upload_of(caller, &asked.upload_id, &asked.file_key).await?;
        let mut wire = upload.to_wire(now)?;
        if matches!(upload.state, State::Completed { .. }) {
            return Ok(StoredParts { upload: wire, item_id: Some(upload.item), parts: Vec::new() });
        }
        let Some(parts) = self.stored_parts(&upload).await? else {
            return Err(self.why_unknown(&upload).await?);
        };
        // Of a part with several contents, nobody can tell which is right, so that it must be sent again.
        let parts = unambiguous(&parts);
        if asked.keep_alive != Some(false) {
            wire.expires_at = wire_time(self.keep_alive(&upload, now).await?);
        }
        Ok(StoredParts { upload: wire, item_id: None, parts })
    }

    /// Why the store does not know an upload: a finalize may be completing it, or has completed it.
    async fn why_unknown(&self, upload: &Upload) -> Result<Error> {
        let (id, lease_now) = (upload.id, self.db.lease_time());
        let now_there = self.db.read(move |c| Ok(uploads::by_id(c, id, lease_now)?)).await?;
        Ok(match now_there.ok_or(Error::UploadNotFound)?.state {
            State::Completing { .. } | State::Completed { .. } => Error::FinalizePending,
            _ => Error::UploadAborted,
        })
    }

    /// Aborts the caller's upload. Aborting it again changes nothing.
    pub(crate) async fn abort_upload(&self, caller: &Caller, key: &UploadKey) -> Result<()> {
        let upload = self.upload_of(caller, &key.upload_id, &key.file_key).await?;
        if !upload.is_abortable()? {
            return Ok(());
        }
        let id = upload.id;
        if !self.end_upload(&upload, self.clock.now()).await? {
            // Something else happened first. The answer says what.
            let lease_now = self.db.lease_time();
            let now_there = self.db.read(move |c| Ok(uploads::by_id(c, id, lease_now)?)).await?;
            return now_there.ok_or(Error::UploadNotFound)?.is_abortable().map(drop);
        }
        die_at("W8-abort");
        // The upload has ended in the database. If the store cannot be reached now, the sweeper removes the parts
        // later.
        let service = self.clone();
        let freed = self.tasks.spawn(on_same_behalf(async move { service.free_parts(&upload).await })).await;
        if let Err(err) = freed.map_err(Error::internal).flatten() {
            tracing::warn!(upload = %id, %err, "the parts of an aborted upload stay in the store until a sweep removes them");
        }
        Ok(())
    }

    /// Records that an upload is aborted, with its event; `false` if it has ended, or is being finalized. The store
    /// still has its parts.
    pub(super) async fn end_upload(&self, upload: &Upload, now: Timestamp) -> Result<bool> {
        let (service, row) = (self.clone(), upload.clone());
        let aborted = self.db.write_freeing(move |c| {
            let is_done = uploads::abort(c, row.id)?;
            if is_done {
                service.webhooks.note(c, &Event::UploadAborted(&row), now)?;
            }
            Ok(is_done)
        });
        aborted.await
    }

    /// A page of the caller's unfinished uploads, the latest first. A token that is confined to
    /// a folder has no list of them.
    pub(crate) async fn open_uploads(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<OpenUploads> {
        caller.require_whole_drive()?;
        let after = List::Uploads.after(cursor)?;
        let (caller, lease_now) = (*caller, self.db.lease_time());
        let page =
            move |c: &Conn<'_>| Ok(uploads::open_of_caller(c, &caller, after, now, lease_now, limit + 1)?);
        let mut found = self.read_in_turn(&caller, page).await?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found
            .last()
            .filter(|_| has_more)
            .map(|last| List::Uploads.cursor_after(last.created_at, last.id));
        let uploads = found.iter().map(|upload| upload.to_wire(now)).collect::<Result<_>>()?;
        Ok(OpenUploads { uploads, next_cursor })
    }
}
