//! Which uploads are admitted: what is checked of a file when it is announced, and what is checked in the transaction that
//! writes its row. Every route that starts uploads goes through [`Service::announced`] and [`admitted`].
//! The start of many small files (`batch/start.rs`) checks the same of each, with one look at the room for all; it takes no grants.

use dray_api::upload::{OnConflict, StartUpload};
use dray_api::{GrantId, ItemId, UploadRowId};
use jiff::Timestamp;

use super::room::Room;
use super::submit::{self, Submission};
use super::{Service, target};
use crate::db::{Conn, grants};
use crate::drive::access::Caller;
use crate::drive::item::{Attached, MimeType, object_key};
use crate::drive::name::ItemName;
use crate::drive::parts::Crc64;
use crate::drive::upload::{State, Upload, check_on_conflict};
use crate::drive::{Error, Result};
use crate::random;

impl Service {
    /// The upload that a caller announces, unless its name, size or type is refused whatever the drive holds.
    pub(super) fn announced(&self, caller: &Caller, file: StartUpload, now: Timestamp) -> Result<Upload> {
        check_on_conflict(caller, file.on_conflict)?;
        let name = ItemName::parse("fileName", file.file_name)?;
        let mime_type = MimeType::parse(file.mime_type)?;
        self.rules.check_size(file.file_size)?;
        let mut upload = self.new_upload(caller, name, mime_type, file.file_size, now)?;
        self.rules.check_type(&upload.name, &upload.mime_type)?;
        (upload.parent, upload.on_conflict) = (file.parent_id, file.on_conflict);
        upload.crc64 = file.checksum.map(Crc64::parse).transpose()?;
        Ok(upload)
    }

    /// The row of an upload that has not begun.
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
            attached: Attached::default(),
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

/// The upload as its row is to be, if the caller may start it: in the folder that it names, within the terms of their grant,
/// their quota and the number of unfinished uploads. It runs in the transaction that writes the row.
pub(super) fn admitted(c: &Conn, caller: &Caller, upload: Upload, service: &Service) -> Result<Upload> {
    let admitted = admit(c, caller, upload, service);
    if caller.submitter().is_some() { admitted.map_err(submit::for_submitter) } else { admitted }
}

fn admit(c: &Conn, caller: &Caller, mut upload: Upload, service: &Service) -> Result<Upload> {
    let mut submission = None;
    if let Some(grant) = caller.grant() {
        (upload, submission) = under_grant(c, caller, grant, upload)?;
    } else {
        target(c, caller, upload.parent)?;
    }
    let mut room = Room::of(c, (upload.workspace, upload.user), 1, &service.rules)?;
    if let Some(submission) = &submission {
        submission.check_share(c, &room)?;
    }
    room.take(c, &upload)?;
    if let Some(submission) = submission {
        submission.write(c, service)?;
    }
    Ok(upload)
}

/// The upload as the grant lets its holder have it. Two starts with one grant wait for each other, so together they never
/// exceed it.
fn under_grant(
    c: &Conn,
    caller: &Caller,
    id: GrantId,
    mut upload: Upload,
) -> Result<(Upload, Option<Submission>)> {
    grants::lock_uploads(c, id)?;
    let (mut grant, used) = grants::by_id(c, id)?.ok_or(Error::InvalidToken)?;
    // It may have been revoked since it was shown.
    grant.check_alive(upload.created_at)?;
    let submission = Submission::of(c, caller, &mut grant, upload.created_at)?;
    if upload.parent.is_some_and(|asked| Some(asked) != grant.folder) {
        return Err(Error::NotFound);
    }
    if submission.is_none() {
        target(c, caller, grant.folder).map_err(|err| match err {
            Error::NotFound | Error::NotAFolder | Error::RoleTooLow { .. } => Error::GrantFolderClosed,
            err => err,
        })?;
    }
    grant.terms.check_file(&upload.name, &upload.mime_type, upload.size_bytes)?;
    grant.terms.check_room(used, upload.size_bytes)?;
    if let Some(submission) = &submission {
        submission.check_total(upload.size_bytes)?;
    }
    (upload.parent, upload.confined_to) = (grant.folder, grant.folder);
    upload.on_conflict = grant.terms.on_conflict;
    upload.attached = grant.terms.attached;
    Ok((upload, submission))
}
