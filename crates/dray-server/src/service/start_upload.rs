//! Step 1 of an upload: writes a row, starts the store's multipart upload, then updates the row.

use dray_api::PartPlan;
use dray_api::upload::{StartUpload, StartedUpload};
use jiff::{SignedDuration, Timestamp};

use super::admit::admitted;
use super::make_way::Lacking;
use super::recover::OPENING_QUIET;
use super::turns::Turn;
use super::{Made, Once, Service};
use crate::db::clock::LeaseTime;
use crate::db::fair::on_same_behalf;
use crate::db::{Conn, tombstones, uploads};
use crate::drive::access::Caller;
use crate::drive::upload::{State, Upload};
use crate::drive::{Error, Result, wire_time};
use crate::objects::{BegunUpload, NewUpload, strays_key};
use dray_object_store::die_at;

/// How long a start may take. This is longer than the store may take to answer. After this time its server counts as
/// dead, and a repeat begins a new upload. If the server is alive after all, it finds its row aborted, and aborts the
/// store's upload too.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);

/// How a start begins.
enum Begun {
    /// It has a new row.
    Now(Box<Upload>),
    /// It repeats a start that has opened this upload.
    Before(Box<Upload>),
}

impl Service {
    /// Starts an upload. A crash in the middle leaves a row in state `opening`, which the sweeper removes.
    pub(crate) async fn start_upload(
        &self,
        caller: &Caller,
        request: StartUpload,
        once: Once,
        now: Timestamp,
    ) -> Result<Made<StartedUpload>> {
        // The transaction sums up everything that was ever sent with a grant, or to a file request.
        let (turn, now) = match caller.grant() {
            Some(_) => (Some(self.turn(caller).await?), self.clock.now()),
            None => (None, now),
        };
        let upload = Box::new(self.announced(caller, request, now)?);
        let (service, caller) = (self.clone(), *caller);
        let task = self.tasks.spawn(on_same_behalf(async move {
            Box::pin(service.open_upload(caller, upload, once, turn)).await
        }));
        task.await.map_err(|err| Error::internal(format_args!("start: {err}")))?
    }

    /// Runs to its end even if the caller disconnects, because only this task knows the store's upload id until it is
    /// written to the row.
    async fn open_upload(
        &self,
        caller: Caller,
        upload: Box<Upload>,
        once: Once,
        turn: Option<Turn>,
    ) -> Result<Made<StartedUpload>> {
        let mut begun = self.begin_upload(caller, upload.clone(), once.clone()).await;
        drop(turn);
        let lacking = begun.as_ref().err().and_then(|err| Lacking::of(&caller, err, upload.size_bytes));
        if let Some(lacking) = lacking
            && Box::pin(self.make_way(&caller, lacking, upload.created_at)).await?
        {
            let _turn = self.turn(&caller).await?;
            begun = self.begin_upload(caller, upload, once).await;
        }
        let upload = match begun? {
            Begun::Now(upload) => upload,
            Begun::Before(opened) => {
                let upload_id = opened.store_upload_id.clone().unwrap_or_default();
                return Ok(Made::before(started(*opened, upload_id)));
            }
        };
        die_at("W1");
        let BegunUpload { upload_id, may_begin_again } =
            match self.objects.create_upload(&NewUpload::of(&upload)).await {
                Ok(begun) => begun,
                Err(err) => return self.give_up_opening(&upload, err).await,
            };
        die_at("W2");
        if !self.open_row(&upload, &upload_id, may_begin_again).await? {
            self.objects.abort_upload(&upload.object_key, &upload_id).await?;
            return Err(Error::UploadExpired);
        }
        Ok(Made::now(started(*upload, upload_id)))
    }

    /// Records that the store has begun the upload. If it may begin another one for the same key, because a request was lost
    /// on the way and arrives late, this also records that the sweeper has to look for it.
    async fn open_row(&self, upload: &Upload, upload_id: &str, may_begin_again: bool) -> Result<bool> {
        let (id, upload_id, strays) = (upload.id, upload_id.to_owned(), strays_key(&upload.object_key));
        let (now, lease_now) = (self.clock.now(), self.db.lease_time());
        let open = move |c: &Conn<'_>| {
            let is_open = uploads::open(c, id, &upload_id)?;
            if is_open && may_begin_again {
                tombstones::add(c, &strays, now)?;
                tombstones::repeat_after(c, &strays, OPENING_QUIET, lease_now)?;
            }
            Ok(is_open)
        };
        self.db.write(open).await
    }

    /// Writes the row of an upload, unless a request with the same key has begun it.
    async fn begin_upload(&self, caller: Caller, row: Box<Upload>, once: Once) -> Result<Begun> {
        let service = self.clone();
        let begun = self.db.write(move |c| {
            if let Some(opened) = opened_before(c, &caller, &once, row.created_at)? {
                return Ok(Begun::Before(Box::new(opened)));
            }
            let row = admitted(c, &caller, Upload::clone(&row), &service)?;
            uploads::insert_opening(c, &row)?;
            once.keep_upload(c, &caller, row.id, row.created_at)?;
            Ok(Begun::Now(Box::new(row)))
        });
        begun.await
    }

    /// The store did not begin the upload, or its answer was lost. This aborts the row. The sweeper removes what the
    /// store may have of the upload.
    async fn give_up_opening<T>(&self, upload: &Upload, err: Error) -> Result<T> {
        let id = upload.id;
        if let Err(failed) = self.db.write(move |c| Ok(uploads::abort(c, id)?)).await {
            tracing::warn!(upload = %id, err = %failed, "an upload could not be opened, and its row stays until it expires");
        }
        Err(err)
    }
}

/// The upload that an earlier request with the same key has opened. If that request has not opened it and never will, this
/// aborts it.
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
