//! Which uploads are admitted: the checks when a file is announced, and the checks in the transaction that writes its
//! row. Every route that starts uploads goes through [`Admission::admit`]: a single upload ([`admitted`]) as well as
//! the files of a batch (`batch/start.rs`), for which the grant and the quotas are looked up only once.

use dray_api::upload::{OnConflict, StartUpload};
use dray_api::{GrantId, ItemId, TokenId, UploadRowId};
use jiff::Timestamp;

use super::make_item::check_replaced;
use super::room::Room;
use super::submit::{self, Submission};
use super::{Service, target};
use crate::db::{Conn, grants, items, tokens};
use crate::drive::access::Caller;
use crate::drive::grant::{Grant, Used};
use crate::drive::item::{Attached, MimeType, object_key};
use crate::drive::name::ItemName;
use crate::drive::parts::Crc64;
use crate::drive::upload::{State, Upload, check_on_conflict};
use crate::drive::{Error, Result};
use crate::random;

impl Service {
    /// The upload that a caller announces, if the request has the right form. Whether this server accepts its size and type
    /// is checked when it is admitted, because a repeat of an earlier start may come after the server's limits have changed.
    pub(super) fn announced(&self, caller: &Caller, file: StartUpload, now: Timestamp) -> Result<Upload> {
        check_on_conflict(caller, file.on_conflict)?;
        let name = ItemName::parse("fileName", file.file_name)?;
        let mime_type = MimeType::parse(file.mime_type)?;
        let mut upload = self.new_upload(caller, name, mime_type, file.file_size, now)?;
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
            token: caller.token,
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

/// The upload as its row is to be, if the caller may start it in this folder, and if their grant, their quota and their
/// number of unfinished uploads allow it. It runs in the transaction that writes the row.
pub(super) fn admitted(c: &Conn, caller: &Caller, upload: Upload, service: &Service) -> Result<Upload> {
    service.rules.check_size(upload.size_bytes)?;
    service.rules.check_type(&upload.name, &upload.mime_type)?;
    if caller.grant().is_none() {
        target(c, caller, "parentId", upload.parent)?;
    }
    let upload = Admission::new(c, caller, service, 1).admit(upload)?;
    check_replaced(c, &upload)?;
    Ok(upload)
}

/// Admits the uploads that one transaction starts, one after the other. Each admitted upload leaves less of the
/// grant, the quotas and the number of unfinished uploads for the next ones; a refused upload does not.
pub(super) struct Admission<'a> {
    c: &'a Conn<'a>,
    caller: &'a Caller,
    service: &'a Service,
    wanted: usize,
    /// What the caller's grant has left, or why it cannot be used. Looked up for the first upload.
    allowance: Option<Result<Allowance>>,
    /// Looked up for the first upload.
    room: Option<Room>,
}

impl<'a> Admission<'a> {
    /// Admits up to `wanted` uploads.
    pub(super) fn new(c: &'a Conn<'a>, caller: &'a Caller, service: &'a Service, wanted: usize) -> Self {
        Self { c, caller, service, wanted, allowance: None, room: None }
    }

    /// The upload as its row is to be. If the caller has a grant, the grant decides the folder, and what happens if the
    /// name is taken. Without a grant, this function's caller must have checked that the upload may go into its folder.
    pub(super) fn admit(&mut self, upload: Upload) -> Result<Upload> {
        let admitted = self.admit_one(upload);
        if self.caller.submitter().is_some() { admitted.map_err(submit::for_submitter) } else { admitted }
    }

    fn admit_one(&mut self, mut upload: Upload) -> Result<Upload> {
        let (c, caller) = (self.c, self.caller);
        let allowance = match caller.grant() {
            Some(id) => {
                let looked_up = || Allowance::of(c, caller, id, upload.created_at);
                Some(self.allowance.get_or_insert_with(looked_up).as_mut().map_err(|err| err.clone())?)
            }
            None => None,
        };
        if let Some(allowance) = &allowance {
            allowance.check(&mut upload)?;
        }
        let room = match &mut self.room {
            Some(room) => room,
            none => {
                let visitor = allowance.as_ref().and_then(|allowance| allowance.submission.as_ref());
                let visitor = visitor.map(Submission::visitor);
                none.insert(Room::of(c, caller, visitor, self.wanted, &self.service.rules)?)
            }
        };
        room.take(c, &upload)?;
        if let Some(allowance) = allowance {
            allowance.take(c, self.service, upload.size_bytes)?;
        }
        Ok(upload)
    }
}

/// What a grant still allows, until this transaction ends.
struct Allowance {
    grant: Grant,
    used: Used,
    /// If the grant is that of a file request's submitter.
    submission: Option<Submission>,
}

impl Allowance {
    /// Looks the grant up, and locks its uploads until the transaction ends. So two starts with one grant wait for each
    /// other, and together never exceed it.
    fn of(c: &Conn, caller: &Caller, id: GrantId, now: Timestamp) -> Result<Self> {
        grants::lock_uploads(c, id)?;
        let (mut grant, used) = grants::by_id(c, id)?.ok_or(Error::InvalidToken)?;
        // It may have been revoked since it was shown.
        grant.check_alive(now)?;
        let submission = Submission::of(c, caller, (&mut grant, used), now)?;
        if submission.is_none() {
            target(c, caller, "folderId", grant.folder).map_err(|err| match err {
                Error::NotFound | Error::NotAFolder { .. } | Error::RoleTooLow { .. } => {
                    Error::GrantFolderClosed
                }
                err => err,
            })?;
            if !is_within_line(c, caller, caller.token, grant.folder)? {
                return Err(Error::GrantFolderClosed);
            }
        }
        Ok(Self { grant, used, submission })
    }

    /// Refuses an upload that the grant does not allow. An allowed upload gets the grant's folder and its other terms.
    fn check(&self, upload: &mut Upload) -> Result<()> {
        let Self { grant, used, submission } = self;
        if upload.parent.is_some_and(|asked| Some(asked) != grant.folder) {
            return Err(Error::NotFound);
        }
        grant.terms.check_file(&upload.name, &upload.mime_type, upload.size_bytes)?;
        grant.terms.check_room(*used, upload.size_bytes)?;
        if let Some(submission) = submission {
            submission.check_total(upload.size_bytes)?;
        }
        (upload.parent, upload.confined_to) = (grant.folder, grant.folder);
        upload.on_conflict = grant.terms.on_conflict;
        upload.attached = grant.terms.attached.clone();
        upload.expires_at = upload.expires_at.min(grant.expires_at);
        Ok(())
    }

    /// Counts an upload that was admitted.
    fn take(&mut self, c: &Conn, service: &Service, size_bytes: u64) -> Result<()> {
        self.used.files += 1;
        self.used.begun += 1;
        self.used.bytes += size_bytes;
        self.submission.as_mut().map_or(Ok(()), |submission| submission.take(c, service, size_bytes))
    }
}

/// Whether each token that `token` comes from, which may be confined to a folder, still reaches this folder: nothing made
/// with a token reaches further than the token does.
pub(super) fn is_within_line(
    c: &Conn,
    caller: &Caller,
    token: Option<TokenId>,
    folder: Option<ItemId>,
) -> Result<bool> {
    let Some((token, folder)) = token.zip(folder) else { return Ok(true) };
    for confined_to in tokens::folders_of_line(c, token)? {
        if confined_to != folder && items::seen(c, &caller.within(Some(confined_to)), folder)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
