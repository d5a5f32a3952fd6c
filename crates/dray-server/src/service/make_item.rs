//! Creates an item from an upload whose bytes are all stored, or gives an item these bytes. It runs inside the transaction
//! that ends the upload.

use std::collections::BTreeSet;

use dray_api::ItemId;
use dray_api::upload::OnConflict;
use jiff::Timestamp;

use super::admit::is_within_line;
use super::room::check_owners_room;
use crate::db::{Conn, items, namesakes, tombstones, trash, uploads, usage};
use crate::drive::access::Role;
use crate::drive::item::Item;
use crate::drive::name::numbered_name;
use crate::drive::parts::Digest;
use crate::drive::permit::{Change, Trashing};
use crate::drive::upload::Upload;
use crate::drive::{Error, Result};
use crate::random;

/// What became of an upload.
pub(super) enum Made {
    /// This item.
    Item(Item),
    /// This item. What it replaced is in the trash, as the second item: its earlier bytes, or another file.
    Replaced(Item, Item),
    /// This item, which another finalize created.
    Before(Item),
    /// No item: the folder already has a file of this name.
    NameTaken,
    /// No item now, for this reason. The object stays, so that a later finalize can succeed when the reason is gone.
    NotNow(Error),
    /// No item: the upload had already ended.
    Over,
}

impl Made {
    /// Whether this ends the upload.
    pub(super) fn ends_upload(&self) -> bool {
        match self {
            Self::Item(_) | Self::Replaced(..) | Self::NameTaken => true,
            Self::Before(_) | Self::NotNow(_) | Self::Over => false,
        }
    }
}

/// Where the item of an upload goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// To the requested place: this folder, or the uploader's root.
    AsAsked(Option<ItemId>),
    /// To the uploader's root, so that the uploaded bytes are not lost.
    Fallback,
    /// Nowhere: the item may only be in its folder.
    Closed,
}

/// What becomes of the file that an upload replaces. Nobody may get a role on the new bytes that they lack on the folder, so
/// only a file in safe hands gets them (`namesakes`).
enum Old {
    /// It gets the new bytes. Its earlier bytes go to the trash.
    Gets(Item, Change),
    /// It goes to the trash as it is, with its roles and links. The new bytes become another item.
    Leaves(Item, Trashing),
}

/// Ends the upload and creates its item, unless that has been done already.
pub(super) fn make_item(c: &Conn, upload: &Upload, digest: &Digest, now: Timestamp) -> Result<Made> {
    let (parent, on_conflict) = match place(c, upload)? {
        Place::AsAsked(parent) => (parent, upload.on_conflict),
        // The files in the uploader's root have nothing to do with this upload. So it does not replace them, and does
        // not fail because of them.
        Place::Fallback => (None, OnConflict::Rename),
        Place::Closed => return not_now(c, upload, Error::UploadFolderClosed),
    };
    if on_conflict != OnConflict::Keep {
        items::lock_names(c, parent, upload.user)?;
    }
    match on_conflict {
        OnConflict::Replace => match old(c, upload, parent)? {
            Some(Old::Gets(old, change)) => return replace(c, upload, &change, old, digest, now),
            Some(Old::Leaves(old, trashing)) => {
                return displace(c, upload, parent, &old, &trashing, digest, now);
            }
            None => {}
        },
        OnConflict::Fail if namesake(c, upload, parent)?.is_some() => return refuse(c, upload, now),
        OnConflict::Rename if namesake(c, upload, parent)?.is_some() => {
            let name = free_name(c, upload, parent)?;
            return insert(c, upload, parent, name, digest, now);
        }
        OnConflict::Keep | OnConflict::Fail | OnConflict::Rename => {}
    }
    insert(c, upload, parent, upload.name.clone(), digest, now)
}

/// Why the item of an upload cannot be created now, if there is a reason. If Dray refuses an upload before the store
/// has completed it, the caller can remove the reason and finalize again. Only useful if [`Upload::can_be_refused`].
pub(super) fn refusal(c: &Conn, upload: &Upload) -> Result<Option<Error>> {
    let parent = match place(c, upload)? {
        Place::AsAsked(parent) => parent,
        Place::Fallback => return Ok(None),
        Place::Closed => return Ok(Some(Error::UploadFolderClosed)),
    };
    match upload.on_conflict {
        OnConflict::Fail => {
            let namesake = namesake(c, upload, parent)?;
            // If another finalize was faster, the upload's own item is there.
            Ok(namesake.filter(|namesake| namesake.id != upload.item).map(|_| Error::NameTaken))
        }
        OnConflict::Replace => match old(c, upload, parent)? {
            Some(Old::Gets(old, _)) => refusal_to_replace(c, upload, &old),
            Some(Old::Leaves(..)) | None => Ok(None),
        },
        OnConflict::Keep | OnConflict::Rename => Ok(None),
    }
}

/// Refuses a new upload that replaces a file if it could not do so now.
pub(super) fn check_replaced(c: &Conn, upload: &Upload) -> Result<()> {
    if upload.on_conflict != OnConflict::Replace {
        return Ok(());
    }
    refusal(c, upload)?.map_or(Ok(()), Err)
}

/// Takes the locks that [`make_item`] needs for the quotas of owners whose files these uploads replace, always in the same
/// order: two transactions that share some would otherwise wait for each other. (SQLite has one writer.) The caller holds the
/// locks of the names.
pub(super) fn lock_owners<'a>(c: &Conn, uploads: impl IntoIterator<Item = &'a Upload>) -> Result<()> {
    let Conn::Postgres(_) = c else { return Ok(()) };
    let mut owners = BTreeSet::new();
    for upload in uploads.into_iter().filter(|upload| upload.on_conflict == OnConflict::Replace) {
        let Place::AsAsked(parent) = place(c, upload)? else { continue };
        if let Some(Old::Gets(old, _)) = old(c, upload, parent)?
            && old.owner != upload.user
        {
            owners.insert((old.workspace, old.owner));
        }
    }
    for (workspace, owner) in owners {
        usage::lock(c, workspace, Some(owner))?;
    }
    Ok(())
}

fn refusal_to_replace(c: &Conn, upload: &Upload, old: &Item) -> Result<Option<Error>> {
    match check_owners_room(c, upload, old) {
        Err(err @ Error::QuotaOfOthers) => Ok(Some(err)),
        checked => checked.map(|()| None),
    }
}

/// The file that has the name of an upload in its place.
fn namesake(c: &Conn, upload: &Upload, parent: Option<ItemId>) -> Result<Option<Item>> {
    Ok(namesakes::file_named(c, (upload.workspace, parent, upload.user), &upload.name)?)
}

/// The file that an upload replaces in its place. `None` also if the uploader may do nothing to it.
fn old(c: &Conn, upload: &Upload, parent: Option<ItemId>) -> Result<Option<Old>> {
    let place = (upload.workspace, parent, upload.user);
    let Some((old, is_safe)) = namesakes::file_to_replace(c, place, &upload.name)? else { return Ok(None) };
    let Some(seen) = items::seen(c, &upload.uploader(), old.id)? else { return Ok(None) };
    Ok(if is_safe {
        Change::of(&seen).ok().map(|change| Old::Gets(old, change))
    } else {
        Trashing::of(&seen).ok().map(|trashing| Old::Leaves(old, trashing))
    })
}

fn place(c: &Conn, upload: &Upload) -> Result<Place> {
    let Some(id) = upload.parent else { return Ok(Place::AsAsked(None)) };
    let folder = items::seen(c, &upload.uploader(), id)?;
    if upload.confined_to.is_some() && !is_within_line(c, &upload.uploader(), upload.token, Some(id))? {
        return Ok(Place::Closed);
    }
    Ok(match folder {
        Some(folder) if folder.item.is_folder() && folder.role >= Role::Member => Place::AsAsked(Some(id)),
        _ if upload.confined_to.is_some() => Place::Closed,
        _ => Place::Fallback,
    })
}

/// The object is complete. It stays for a finalize after the reason is gone.
fn not_now(c: &Conn, upload: &Upload, why: Error) -> Result<Made> {
    Ok(match already(c, upload)? {
        Made::Before(item) => Made::Before(item),
        _ => Made::NotNow(why),
    })
}

/// Whether an upload may still give its bytes to the item, wherever that is now.
fn may_replace(c: &Conn, upload: &Upload, id: ItemId) -> Result<bool> {
    let seen = items::seen(c, &upload.uploader(), id)?;
    Ok(seen.is_some_and(|seen| Change::of(&seen).is_ok()) && namesakes::is_safe_for(c, id, upload.user)?)
}

fn insert(
    c: &Conn,
    upload: &Upload,
    parent: Option<ItemId>,
    name: String,
    digest: &Digest,
    now: Timestamp,
) -> Result<Made> {
    if !uploads::complete(c, upload.id, upload.item, digest, now)? {
        return already(c, upload);
    }
    let item = Item {
        id: upload.item,
        workspace: upload.workspace,
        parent,
        owner: upload.user,
        name,
        content: upload.content(),
        attached: upload.attached.clone(),
        created_at: now,
        updated_at: now,
    };
    items::insert(c, &item, Some(upload.id))?;
    Ok(Made::Item(item))
}

/// Gives the item the new bytes, and puts its earlier bytes into the trash as a separate item, which can be restored.
fn replace(
    c: &Conn,
    upload: &Upload,
    change: &Change,
    old: Item,
    digest: &Digest,
    now: Timestamp,
) -> Result<Made> {
    if old.owner != upload.user {
        // Nobody else takes the owner's room until this transaction ends.
        usage::lock(c, upload.workspace, Some(old.owner))?;
        if let Some(why) = refusal_to_replace(c, upload, &old)? {
            return not_now(c, upload, why);
        }
    }
    if !uploads::complete(c, upload.id, old.id, digest, now)? {
        return already(c, upload);
    }
    if !items::replace_content(c, change, &old, &upload.content(), upload.id, now)? {
        // Another transaction has just moved, replaced or trashed the item. The next try looks again.
        return Err(Error::FinalizePending);
    }
    // Another transaction may have just moved the item to where the uploader may not change it. From here on, this
    // transaction holds the row's lock.
    let new = items::by_id(c, old.id)?.ok_or(Error::FinalizePending)?;
    if !may_replace(c, upload, new.id)? {
        return Err(Error::FinalizePending);
    }
    // The old object stays linked to its upload, so that its origin stays known.
    let made_by = old.object_key().map(|key| uploads::of_object(c, key)).transpose()?.flatten();
    let before = Item {
        id: random::id(now, ItemId::new)?,
        content: old.content,
        updated_at: old.updated_at,
        ..new.clone()
    };
    items::insert(c, &before, made_by)?;
    trash::add(c, &change.trashing_of_old_bytes(before.id), upload.user, now)?;
    Ok(Made::Replaced(new, before))
}

/// Creates the item, and puts the file that had its name into the trash, where its owner and the owners of the folder find
/// it.
fn displace(
    c: &Conn,
    upload: &Upload,
    parent: Option<ItemId>,
    old: &Item,
    trashing: &Trashing,
    digest: &Digest,
    now: Timestamp,
) -> Result<Made> {
    let made = insert(c, upload, parent, upload.name.clone(), digest, now)?;
    let Made::Item(new) = made else { return Ok(made) };
    if !trash::add(c, trashing, upload.user, now)? {
        // Somebody else has just put it there.
        return Ok(Made::Item(new));
    }
    // Another transaction may have just moved or renamed it, so that it is no longer in the way. From here on, this
    // transaction holds the row's lock. The next try looks again.
    let gone = items::by_id(c, old.id)?.ok_or(Error::FinalizePending)?;
    if (gone.parent, &gone.name) != (old.parent, &old.name) {
        return Err(Error::FinalizePending);
    }
    Ok(Made::Replaced(new, gone))
}

/// Ends the upload without an item. The object is complete, so the upload cannot be opened again.
fn refuse(c: &Conn, upload: &Upload, now: Timestamp) -> Result<Made> {
    if !uploads::abandon(c, upload.id)? {
        return already(c, upload);
    }
    tombstones::add(c, &upload.object_key, now)?;
    Ok(Made::NameTaken)
}

/// Another finalize was faster: returns its item, even if somebody has renamed or moved it since.
fn already(c: &Conn, upload: &Upload) -> Result<Made> {
    let item = uploads::item_of(c, upload.id)?;
    let item = item.map(|id| items::by_id(c, id)).transpose()?.flatten();
    Ok(item.map_or(Made::Over, Made::Before))
}

/// A free name among "report (2).pdf", "report (3).pdf" and so on.
fn free_name(c: &Conn, upload: &Upload, parent: Option<ItemId>) -> Result<String> {
    let place = (upload.workspace, parent, upload.user);
    let is_taken = |number| Ok(namesakes::is_file_named(c, place, &numbered_name(&upload.name, number))?);
    let number = match free_number(is_taken)? {
        Some(number) => number,
        None => u64::from_le_bytes(random::bytes()?),
    };
    Ok(numbered_name(&upload.name, number))
}

/// The first free number from 2 on, if the numbers below it are taken without gaps; otherwise some free number. `None`
/// if all that it tries are taken. It always ends, because it runs in a transaction for which others wait: it asks at most
/// a hundred times, whatever names there are.
fn free_number(is_taken: impl Fn(u64) -> Result<bool>) -> Result<Option<u64>> {
    const ONE_BY_ONE: u64 = 16;
    const MOST: u64 = 1 << 40;
    let (mut taken, mut free) = (1, 2);
    while is_taken(free)? {
        taken = free;
        free = if free < ONE_BY_ONE { free + 1 } else { 2 * free };
        if free > MOST {
            return Ok(None);
        }
    }
    while free - taken > 1 {
        let middle = taken.midpoint(free);
        if is_taken(middle)? { taken = middle } else { free = middle }
    }
    Ok(Some(free))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeSet;

    use super::*;

    /// The number that is found beside these, after at most a hundred questions.
    fn found(taken: impl Fn(u64) -> bool) -> Option<u64> {
        let asked = Cell::new(0);
        let found = free_number(|number| {
            asked.set(asked.get() + 1);
            assert!(asked.get() <= 100, "it asks for {number}");
            Ok(taken(number))
        });
        found.unwrap()
    }

    #[test]
    fn numbers_that_are_taken_without_gaps_are_followed_by_the_next() {
        for most in (1..300).chain([4_095, 4_096, 99_999, 10_000_000]) {
            assert_eq!(found(|number| number <= most), Some(most + 1));
        }
    }

    #[test]
    fn a_free_number_is_found_among_any_names_or_the_search_ends() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..1_000 {
            let taken: BTreeSet<u64> = (0..200).map(|_| 1_u64 << random.u32(..50)).collect();
            let taken = |number| number < 40 || taken.contains(&number);
            assert!(found(taken).is_none_or(|number| !taken(number)));
        }
        assert_eq!(found(|_| true), None);
    }
}
