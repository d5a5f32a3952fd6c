//! What an upload whose bytes are all there becomes: an item, or new bytes of one. Runs inside the transaction
//! that ends the upload.

use dray_api::ItemId;
use dray_api::upload::OnConflict;
use jiff::Timestamp;

use crate::db::{Conn, items, tombstones, uploads};
use crate::drive::access::{Caller, Role};
use crate::drive::item::{Content, Item, numbered_name};
use crate::drive::parts::Digest;
use crate::drive::upload::Upload;
use crate::drive::{Error, Result};

/// What became of an upload.
pub(super) enum Made {
    /// This item.
    Item(Item),
    /// This item, and another finalize made it.
    Before(Item),
    /// Nothing: a file of its name came first.
    NameTaken,
    /// Nothing: it was over already.
    Over,
}

/// Ends the upload and makes its item, if that has not been done.
pub(super) fn make_item(c: &Conn, upload: &Upload, digest: &Digest, now: Timestamp) -> Result<Made> {
    let uploader = Caller::for_user(upload.user, upload.workspace);
    let parent = parent(c, &uploader, upload.parent)?;
    if upload.on_conflict != OnConflict::Keep {
        items::lock_names(c, parent, upload.user)?;
    }
    let namesake = match upload.on_conflict {
        OnConflict::Keep => None,
        _ => items::file_named(c, upload.workspace, parent, upload.user, &upload.name)?,
    };
    match (upload.on_conflict, namesake) {
        (OnConflict::Fail, Some(_)) => refuse(c, upload, now),
        (OnConflict::Replace, Some(old)) if may_change(c, &uploader, old.id)? => {
            replace(c, upload, old, digest, now)
        }
        (OnConflict::Rename, Some(_)) => {
            let name = free_name(c, upload, parent)?;
            insert(c, upload, parent, name, digest, now)
        }
        _ => insert(c, upload, parent, upload.name.clone(), digest, now),
    }
}

/// Whether another file of the upload's name is where it would go. (Its own is there if another finalize was faster.)
pub(super) fn is_name_taken(c: &Conn, upload: &Upload) -> Result<bool> {
    let uploader = Caller::for_user(upload.user, upload.workspace);
    let parent = parent(c, &uploader, upload.parent)?;
    let namesake = items::file_named(c, upload.workspace, parent, upload.user, &upload.name)?;
    Ok(namesake.is_some_and(|namesake| namesake.id != upload.item))
}

/// The folder that the upload was started for. If it is gone by now, or its uploader may not put anything there any
/// more, the item goes to their root: what they have uploaded is not lost.
fn parent(c: &Conn, uploader: &Caller, parent: Option<ItemId>) -> Result<Option<ItemId>> {
    let Some(id) = parent else { return Ok(None) };
    let folder = items::seen(c, uploader, id)?;
    Ok(folder.filter(|folder| folder.item.is_folder() && folder.role >= Role::Member).map(|_| id))
}

fn may_change(c: &Conn, uploader: &Caller, id: ItemId) -> Result<bool> {
    Ok(items::seen(c, uploader, id)?.is_some_and(|seen| seen.role >= Role::Member))
}

fn insert(
    c: &Conn,
    upload: &Upload,
    parent: Option<ItemId>,
    name: String,
    digest: &Digest,
    now: Timestamp,
) -> Result<Made> {
    if !uploads::complete(c, upload.id, upload.item, digest)? {
        return already(c, upload);
    }
    let item = Item {
        id: upload.item,
        workspace: upload.workspace,
        parent,
        owner: upload.user,
        name,
        content: content(upload),
        created_at: now,
        updated_at: now,
    };
    items::insert(c, &item, Some(upload.id))?;
    Ok(Made::Item(item))
}

fn replace(c: &Conn, upload: &Upload, old: Item, digest: &Digest, now: Timestamp) -> Result<Made> {
    if !uploads::complete(c, upload.id, old.id, digest)? {
        return already(c, upload);
    }
    let new = content(upload);
    if !items::replace_content(c, &old, &new, upload.id, now)? {
        // It was moved here and replaced elsewhere, or trashed, at the same moment: what is here now?
        return Err(Error::FinalizePending);
    }
    if let Content::File { object_key, .. } = &old.content {
        tombstones::add(c, object_key, now)?;
    }
    Ok(Made::Item(Item { content: new, updated_at: now, ..old }))
}

/// The object is complete, so the upload can not be opened again.
fn refuse(c: &Conn, upload: &Upload, now: Timestamp) -> Result<Made> {
    if !uploads::abandon(c, upload.id)? {
        return already(c, upload);
    }
    tombstones::add(c, &upload.object_key, now)?;
    Ok(Made::NameTaken)
}

/// Another finalize was faster: its item, whatever it has been called since, or moved to.
fn already(c: &Conn, upload: &Upload) -> Result<Made> {
    let item = uploads::by_id(c, upload.id)?.map(|upload| upload.item);
    let item = item.map(|id| items::by_id(c, id)).transpose()?.flatten();
    Ok(item.map_or(Made::Over, Made::Before))
}

fn content(upload: &Upload) -> Content {
    Content::File {
        mime_type: upload.mime_type.clone(),
        size_bytes: upload.size_bytes,
        object_key: upload.object_key.clone(),
    }
}

/// The first free one of "report (2).pdf", "report (3).pdf" and so on. Past some, in larger and larger steps: a
/// free one, then, if not the first.
fn free_name(c: &Conn, upload: &Upload, parent: Option<ItemId>) -> Result<String> {
    const ONE_BY_ONE: u64 = 50;
    let mut number = 2;
    loop {
        let name = numbered_name(&upload.name, number);
        if items::file_named(c, upload.workspace, parent, upload.user, &name)?.is_none() {
            return Ok(name);
        }
        number = if number < ONE_BY_ONE { number + 1 } else { number.saturating_mul(2) };
    }
}
