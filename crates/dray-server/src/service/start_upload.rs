//! Step 1 of an upload: a row, then the store's multipart upload, then the row again.

use dray_api::upload::{StartUpload, StartedUpload};
use dray_api::{ItemId, PartPlan, UploadRowId};
use jiff::Timestamp;

use super::Service;
use crate::db::uploads;
use crate::drive::access::Caller;
use crate::drive::item::{ItemName, MimeType, object_key};
use crate::drive::upload::{State, Upload, check_file_size, expiry};
use crate::drive::{Error, Result, wire_time};
use crate::random;

impl Service {
    /// Starts an upload. A crash on the way leaves a row in state `opening`, which is swept.
    pub(crate) async fn start_upload(
        &self,
        caller: &Caller,
        request: StartUpload,
        now: Timestamp,
    ) -> Result<StartedUpload> {
        let name = ItemName::parse("fileName", request.file_name)?;
        let mime_type = MimeType::parse(request.mime_type)?;
        check_file_size(request.file_size)?;
        let parent = self.parent(caller, request.parent_id)?.map(|folder| folder.id);
        let upload = new_upload(caller, parent, name, mime_type, request.file_size, now)?;
        let service = self.clone();
        let task = self.tasks.spawn(async move { service.open_upload(upload).await });
        task.await.map_err(|err| Error::internal(format_args!("start: {err}")))?
    }

    /// Runs to its end even if the caller goes away: between the store's answer and the note of it, an upload
    /// is known to nobody.
    async fn open_upload(&self, upload: Upload) -> Result<StartedUpload> {
        let row = upload.clone();
        self.db.write(move |c| Ok(uploads::insert_opening(c, &row)?)).await?;
        let upload_id =
            self.objects.create_upload(&upload.object_key, &upload.mime_type, &upload.store_token).await?;
        let (row, saved_id) = (upload.id, upload_id.clone());
        let opened = self.db.write(move |c| Ok(uploads::open(c, row, &saved_id)?)).await?;
        if !opened {
            self.objects.abort_upload(&upload.object_key, &upload_id).await?;
            return Err(Error::UploadExpired);
        }
        let plan = PartPlan::recommended(upload.size_bytes);
        Ok(StartedUpload {
            upload_id,
            file_key: upload.object_key,
            part_size: plan.part_bytes(),
            parts: plan.parts(),
            expires_at: wire_time(upload.expires_at),
        })
    }
}

fn new_upload(
    caller: &Caller,
    parent: Option<ItemId>,
    name: ItemName,
    mime_type: MimeType,
    size_bytes: u64,
    now: Timestamp,
) -> Result<Upload> {
    let item = random::id(now, ItemId::new)?;
    Ok(Upload {
        id: random::id(now, UploadRowId::new)?,
        workspace: caller.workspace,
        user: caller.user,
        parent,
        item,
        name: name.into_string(),
        mime_type: mime_type.into_string(),
        size_bytes,
        object_key: object_key(caller.workspace, item),
        store_token: random::text()?,
        store_upload_id: None,
        state: State::Opening,
        created_at: now,
        expires_at: expiry(now),
    })
}
