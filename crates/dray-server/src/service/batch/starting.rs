//! The transaction that starts the files of a batch.

use dray_api::limits::MAX_BATCH_FILES;
use dray_api::upload::OnConflict;
use dray_api::{ItemId, UploadRowId};
use jiff::Timestamp;

use super::super::admit::Admission;
use super::super::make_item::check_replaced;
use super::super::presign_parts::extend_expiry;
use super::super::{Service, finalized};
use super::folders::{Folders, Place};
use crate::db::clock::LeaseTime;
use crate::db::{Conn, items, namesakes, puts, uploads};
use crate::drive::access::Caller;
use crate::drive::item::Item;
use crate::drive::parts::Crc64;
use crate::drive::upload::{State, Upload, check_on_conflict};
use crate::drive::{Error, Result};

/// A file that a request wants to start.
pub(super) struct Draft {
    /// Its parent is the folder at which its path begins.
    pub(super) upload: Upload,
    /// The folders of its path.
    pub(super) folders: Vec<String>,
}

/// What a transaction has decided about a file.
pub(super) enum Begun {
    Upload(Box<Upload>),
    Item(Item),
    /// The drive has a row with bytes of this checksum. The store must show that it has them.
    There(Item, Crc64),
    Refused(Error),
}

/// The transaction that starts files.
pub(super) struct Starting<'a> {
    c: &'a Conn<'a>,
    service: &'a Service,
    caller: &'a Caller,
    put_until: Timestamp,
    folders: Folders<'a>,
    admission: Admission<'a>,
}

impl<'a> Starting<'a> {
    pub(super) fn new(
        c: &'a Conn<'a>,
        service: &'a Service,
        caller: &'a Caller,
        put_until: Timestamp,
        folders: Folders<'a>,
    ) -> Self {
        let admission = Admission::new(c, caller, service, MAX_BATCH_FILES);
        Self { c, service, caller, put_until, folders, admission }
    }

    /// Locks the parents of new folders, so that concurrent requests create each folder only once.
    pub(super) fn lock(&self, drafts: &[Result<Draft>]) -> Result<()> {
        let with_folders = drafts.iter().flatten().filter(|draft| !draft.folders.is_empty());
        Ok(items::lock_folders(self.c, with_folders.map(|draft| draft.upload.parent), self.caller.user)?)
    }

    /// Begins a file. A file that was begun `before` is not begun again, nor refused by today's limits. `repairs` is an item
    /// with its bytes, which the store has lost. Only errors of the database are returned as errors.
    pub(super) fn begin(
        &mut self,
        draft: &Result<Draft>,
        before: Option<UploadRowId>,
        repairs: Option<ItemId>,
        now: Timestamp,
    ) -> Result<Begun> {
        let outcome = match (draft, before) {
            (_, Some(id)) => self.again(id, now),
            (Err(err), None) => Err(err.clone()),
            (Ok(draft), None) => self.first(draft, repairs),
        };
        match outcome {
            Err(err) if err.is_fault() => Err(err),
            Err(err) => Ok(Begun::Refused(err)),
            Ok(begun) => Ok(begun),
        }
    }

    fn first(&mut self, draft: &Draft, repairs: Option<ItemId>) -> Result<Begun> {
        if self.caller.grant().is_none() {
            self.folders.check(draft.upload.parent, draft.folders.len())?;
        }
        let mut wanted = draft.upload.clone();
        match repairs {
            Some(item) if self.may_repair(draft, item)? => wanted.on_conflict = OnConflict::Replace,
            Some(_) => {}
            None => {
                if let Some((item, crc64)) = self.same_file(draft)? {
                    return Ok(Begun::There(item, crc64));
                }
            }
        }
        let mut upload = self.admission.admit(wanted)?;
        upload.parent = self.folders.make(upload.parent, &draft.folders)?;
        check_replaced(self.c, &upload)?;
        uploads::insert_put(self.c, &upload, self.put_until)?;
        Ok(Begun::Upload(Box::new(upload)))
    }

    /// The caller's file in that place with this name and these bytes. `None` for a token that may only upload,
    /// because it must not learn which files exist.
    fn same_file(&mut self, draft: &Draft) -> Result<Option<(Item, Crc64)>> {
        let Some(crc64) = draft.upload.crc64.as_ref().filter(|_| !self.caller.only_uploads()) else {
            return Ok(None);
        };
        let Some(Place(folder)) = self.folders.find(draft.upload.parent, &draft.folders)? else {
            return Ok(None);
        };
        let Upload { workspace, user, name, size_bytes, .. } = &draft.upload;
        let place = (*workspace, folder, *user);
        let found = namesakes::file_with_bytes(self.c, place, name, *size_bytes, crc64)?;
        Ok(found.map(|item| (item, crc64.clone())))
    }

    /// Whether a file may give its bytes to this item, which has lost the same bytes. Whatever the client wants to happen
    /// with another file of this name, it is this item that it has. A caller who may not replace files gets another file.
    fn may_repair(&mut self, draft: &Draft, item: ItemId) -> Result<bool> {
        if check_on_conflict(self.caller, OnConflict::Replace).is_err() {
            return Ok(false);
        }
        let Some(Place(folder)) = self.folders.find(draft.upload.parent, &draft.folders)? else {
            return Ok(false);
        };
        let Upload { workspace, user, name, .. } = &draft.upload;
        let replaced = namesakes::file_to_replace(self.c, (*workspace, folder, *user), name)?;
        Ok(replaced.is_some_and(|(replaced, is_safe)| is_safe && replaced.id == item))
    }

    /// The state of an upload that an earlier request with the same key began.
    fn again(&mut self, id: UploadRowId, now: Timestamp) -> Result<Begun> {
        let upload = uploads::by_id(self.c, id, LeaseTime(now))?.ok_or(Error::UploadNotFound)?;
        if let State::Completed { .. } = upload.state {
            return finalized(self.c, self.caller, &upload).map(Begun::Item);
        }
        upload.signable(now)?;
        self.service.objects.check_put_key(&upload)?;
        extend_expiry(self.c, &self.service.rules, &upload, now)?;
        puts::extend_put(self.c, id, self.put_until)?;
        Ok(Begun::Upload(Box::new(upload)))
    }
}

impl Begun {
    pub(super) fn upload_id(&self) -> Option<UploadRowId> {
        match self {
            Self::Upload(upload) => Some(upload.id),
            Self::Item(_) | Self::There(..) | Self::Refused(_) => None,
        }
    }
}
