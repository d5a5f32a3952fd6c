//! Step 1 of an upload: writes a row, starts the store's multipart upload, then updates the row.

use dray_api::upload::{OnConflict, StartUpload, StartedUpload};
use dray_api::{ItemId, PartPlan, UploadRowId};
use jiff::{SignedDuration, Timestamp};

use super::room::Room;
use super::{Made, Once, Service, target};
use crate::db::clock::LeaseTime;
use crate::db::{Conn, uploads};
use crate::drive::access::Caller;
use crate::drive::item::{MimeType, object_key};
use crate::drive::name::ItemName;
use crate::drive::parts::Crc64;
use crate::drive::upload::{State, Upload, check_on_conflict};
use crate::drive::{Error, Result, wire_time};
use crate::objects::NewUpload;
use crate::random;
use dray_object_store::die_at;

/// How long a start may take: beyond what the store is given to answer. After that its server is taken for gone, and a
/// repeat begins anew. Should it not be gone, it finds its row given up, and gives the store's upload up too.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);

/// How a start begins.
enum Begun {
    /// With a row of its own.
    Now,
    /// It repeats one that has opened this upload.
    Before(Box<Upload>),
}

impl Service {
    /// Starts an upload. A crash on the way leaves a row in state `opening`, which is swept.
    pub(crate) async fn start_upload(
        &self,
        caller: &Caller,
        request: StartUpload,
        once: Once,
        now: Timestamp,
    ) -> Result<Made<StartedUpload>> {
        check_on_conflict(caller, request.on_conflict)?;
        let name = ItemName::parse("fileName", request.file_name)?;
        let mime_type = MimeType::parse(request.mime_type)?;
        self.rules.check_size(request.file_size)?;
        let mut upload = self.new_upload(caller, name, mime_type, request.file_size, now)?;
        self.rules.check_type(&upload.name, &upload.mime_type)?;
        (upload.parent, upload.on_conflict) = (request.parent_id, request.on_conflict);
        upload.crc64 = request.checksum.map(Crc64::parse).transpose()?;
        let (service, caller) = (self.clone(), *caller);
        let task = self.tasks.spawn(async move { service.open_upload(caller, upload, once).await });
        task.await.map_err(|err| Error::internal(format_args!("start: {err}")))?
    }

    /// Runs to its end even if the caller goes away: between the store's answer and the note of it, an upload
    /// is known to nobody.
    async fn open_upload(&self, caller: Caller, upload: Upload, once: Once) -> Result<Made<StartedUpload>> {
        let (row, service) = (upload.clone(), self.clone());
        let begun = self.db.write(move |c| {
            if let Some(opened) = opened_before(c, &caller, &once, row.created_at)? {
                return Ok(Begun::Before(Box::new(opened)));
            }
            target(c, &caller, row.parent)?;
            Room::of(c, (row.workspace, row.user), 1, &service.rules)?.take(c, &row)?;
            uploads::insert_opening(c, &row)?;
            once.keep_upload(c, &caller, row.id, row.created_at)?;
            Ok(Begun::Now)
        });
        if let Begun::Before(opened) = begun.await? {
            let upload_id = opened.store_upload_id.clone().unwrap_or_default();
            return Ok(Made::before(started(*opened, upload_id)));
        }
        die_at("W1");
        let upload_id = match self.objects.create_upload(&NewUpload::of(&upload)).await {
            Ok(upload_id) => upload_id,
            Err(err) => return self.give_up_opening(&upload, err).await,
        };
        die_at("W2");
        let (row, saved_id) = (upload.id, upload_id.clone());
        let opened = self.db.write(move |c| Ok(uploads::open(c, row, &saved_id)?)).await?;
        if !opened {
            self.objects.abort_upload(&upload.object_key, &upload_id).await?;
            return Err(Error::UploadExpired);
        }
        Ok(Made::now(started(upload, upload_id)))
    }

    /// The store did not begin the upload, or did not say so. Its row counts no more; the sweeper frees what the store may
    /// have of it.
    async fn give_up_opening<T>(&self, upload: &Upload, err: Error) -> Result<T> {
        let id = upload.id;
        if let Err(failed) = self.db.write(move |c| Ok(uploads::abort(c, id)?)).await {
            tracing::warn!(upload = %id, err = %failed, "an upload that could not be opened stays until it expires");
        }
        Err(err)
    }

    /// A row that is not begun yet.
    pub(super) fn new_upload(
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
            proven_crc64: None,
            is_attempted: false,
            verify: false,
            object_key: object_key(caller.workspace, item),
            store_token: random::text()?,
            store_upload_id: None,
            put_key: None,
            state: State::Opening,
            created_at: now,
            expires_at: self.rules.expiry(now, now),
        })
    }
}

/// The upload that an earlier request with the same key has opened. One that did not come so far, and never will, is given
/// up.
fn opened_before(c: &Conn, caller: &Caller, once: &Once, now: Timestamp) -> Result<Option<Upload>> {
    let Some(id) = once.begun(c, caller, now)? else { return Ok(None) };
    let Some(upload) = uploads::by_id(c, id, LeaseTime(now))? else { return Ok(None) };
    if upload.store_upload_id.is_some() {
        return Ok(Some(upload));
    }
    if upload.state == State::Opening && now.duration_since(upload.created_at).abs() < PATIENCE {
        return Err(Error::KeyInUse);
    }
    uploads::abort(c, id)?;
    Ok(None)
}

fn started(upload: Upload, upload_id: String) -> StartedUpload {
    let plan = PartPlan::recommended(upload.size_bytes);
    StartedUpload {
        upload_id,
        file_key: upload.object_key,
        part_size: plan.part_bytes(),
        parts: plan.parts(),
        expires_at: wire_time(upload.expires_at),
    }
}
