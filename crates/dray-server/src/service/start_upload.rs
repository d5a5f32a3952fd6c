//! Step 1 of an upload: a row, then the store's multipart upload, then the row again.

use dray_api::upload::{OnConflict, StartUpload, StartedUpload};
use dray_api::{ItemId, PartPlan, UploadRowId};
use jiff::Timestamp;

use super::{Service, target};
use crate::db::{Conn, uploads, usage};
use crate::die_at;
use crate::drive::access::Caller;
use crate::drive::item::{ItemName, MimeType, object_key};
use crate::drive::parts::Crc64;
use crate::drive::upload::{State, Upload, check_on_conflict};
use crate::drive::{Error, QuotaOf, Result, wire_time};
use crate::random;

impl Service {
    /// Starts an upload. A crash on the way leaves a row in state `opening`, which is swept.
    pub(crate) async fn start_upload(
        &self,
        caller: &Caller,
        request: StartUpload,
        now: Timestamp,
    ) -> Result<StartedUpload> {
        check_on_conflict(caller, request.on_conflict)?;
        let name = ItemName::parse("fileName", request.file_name)?;
        let mime_type = MimeType::parse(request.mime_type)?;
        self.rules.check_size(request.file_size)?;
        let mut upload = self.new_upload(caller, name, mime_type, request.file_size, now)?;
        self.rules.check_type(&upload.name, &upload.mime_type)?;
        (upload.parent, upload.on_conflict) = (request.parent_id, request.on_conflict);
        upload.crc64 = request.checksum.map(Crc64::parse).transpose()?;
        let (service, caller) = (self.clone(), *caller);
        let task = self.tasks.spawn(async move { service.open_upload(caller, upload).await });
        task.await.map_err(|err| Error::internal(format_args!("start: {err}")))?
    }

    /// Runs to its end even if the caller goes away: between the store's answer and the note of it, an upload
    /// is known to nobody.
    async fn open_upload(&self, caller: Caller, upload: Upload) -> Result<StartedUpload> {
        let row = upload.clone();
        let begun = self.db.write(move |c| {
            target(c, &caller, row.parent)?;
            check_quota(c, &row)?;
            Ok(uploads::insert_opening(c, &row)?)
        });
        begun.await?;
        die_at("W1");
        let upload_id =
            self.objects.create_upload(&upload.object_key, &upload.mime_type, &upload.store_token).await?;
        die_at("W2");
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

    fn new_upload(
        &self,
        caller: &Caller,
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
            parent: None,
            item,
            name: name.into_string(),
            mime_type: mime_type.into_string(),
            size_bytes,
            on_conflict: OnConflict::Keep,
            confined_to: caller.folder,
            only_uploads: caller.only_uploads(),
            crc64: None,
            verify: false,
            object_key: object_key(caller.workspace, item),
            store_token: random::text()?,
            store_upload_id: None,
            state: State::Opening,
            created_at: now,
            expires_at: self.rules.expiry(now, now),
        })
    }
}

/// Refuses an upload that is over the quota of the workspace or the user, if they have one: what is owned, and what
/// other uploads may still come to, counts.
fn check_quota(c: &Conn, upload: &Upload) -> Result<()> {
    for of in [QuotaOf::Workspace, QuotaOf::User] {
        let user = (of == QuotaOf::User).then_some(upload.user);
        let Some(quota_bytes) = usage::quota(c, upload.workspace, user)? else { continue };
        usage::lock(c, upload.workspace, user)?;
        let left_bytes = quota_bytes.saturating_sub(usage::taken_bytes(c, upload.workspace, user)?);
        if upload.size_bytes > left_bytes {
            return Err(Error::QuotaExceeded { of, needed_bytes: upload.size_bytes, left_bytes });
        }
    }
    Ok(())
}
