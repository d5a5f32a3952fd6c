//! The trash: putting items in, listing, restoring, and removing permanently.

use dray_api::{ItemId, TrashPage, TrashedItem, UserId};
use jiff::Timestamp;

use super::change_item::check_depth;
use super::{Service, seen, target};
use crate::db::trash::{self, Trashed};
use crate::db::{Conn, items};
use crate::drive::access::{Caller, Role};
use crate::drive::cursor::List;
use crate::drive::event::Event;
use crate::drive::item::Item;
use crate::drive::path::Seen;
use crate::drive::permit::{Placement, Purge, Trashing};
use crate::drive::{Error, Result, wire_time};

/// The maximum number of items of other owners that one emptying looks at. Items that the caller may not remove stay,
/// and are read again.
const OTHERS_AT_ONCE: usize = 1000;

impl Service {
    /// Puts an item into the trash. Everything below a folder goes with it, however much that is.
    pub(crate) async fn trash_item(&self, caller: &Caller, id: ItemId, now: Timestamp) -> Result<()> {
        let (service, caller) = (self.clone(), *caller);
        self.db
            .write_freeing(move |c| {
                items::lock_tree(c, caller.workspace)?;
                let seen = seen(c, &caller, id)?;
                let trashing = Trashing::of(&seen)?;
                if trash::add(c, &trashing, caller.user, now)? {
                    service.webhooks.note(c, &Event::ItemTrashed(&caller, &seen.item), now)?;
                }
                Ok(())
            })
            .await
    }

    /// A page of the caller's trash: what they own, directly or through a folder above, and what they put into it.
    pub(crate) async fn list_trash(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<TrashPage> {
        caller.require_whole_drive()?;
        let before = List::Trash.after(cursor)?;
        let caller = *caller;
        let read = self.read_in_turn(&caller, move |c| {
            let mut found = trash::page(c, &caller, before, limit + 1)?;
            let has_more = found.len() > limit;
            found.truncate(limit);
            let last = found.last().filter(|_| has_more);
            let next_cursor = last.map(|last| List::Trash.cursor_after(last.since, last.item.id));
            Ok((as_seen(c, &caller, found)?, next_cursor))
        });
        let (found, next_cursor) = read.await?;
        let to_wire = |trashed: &Trashed| TrashedItem {
            item: trashed.item.to_wire(),
            trashed_at: wire_time(trashed.since),
            removed_at: wire_time(trashed.since.saturating_add(self.trash_life).unwrap_or(Timestamp::MAX)),
        };
        Ok(TrashPage { items: found.iter().map(to_wire).collect(), next_cursor })
    }

    /// Takes an item out of the trash and back to its folder. If the folder is gone, or the caller may not put
    /// anything there, the item goes to the caller's root, if it is their own.
    pub(crate) async fn restore_item(&self, caller: &Caller, id: ItemId, now: Timestamp) -> Result<Item> {
        caller.require_whole_drive()?;
        // Everything below a folder is read if the folder goes deeper.
        let _turn = self.turn(caller).await?;
        let (service, caller) = (self.clone(), *caller);
        self.db
            .write(move |c| {
                items::lock_tree(c, caller.workspace)?;
                let (item, seen) = in_trash(c, &caller, id)?;
                let to = folder_to_restore(c, &caller, &item)?;
                let reaches = || Ok(items::reaches(c, id, item.parent, to)?);
                if !trash::restore(c, &Placement::by_restoring(&seen, &caller, to, reaches)?)? {
                    return Err(Error::NotFound);
                }
                let item = self::seen(c, &caller, id)?.item;
                service.webhooks.note(c, &Event::ItemRestored(&caller, &item), now)?;
                Ok(item)
            })
            .await
    }

    /// Removes an item of the trash permanently, with everything below it.
    pub(crate) async fn purge_item(&self, caller: &Caller, id: ItemId, now: Timestamp) -> Result<()> {
        caller.require_whole_drive()?;
        let (service, caller) = (self.clone(), *caller);
        let purged = self.db.write_freeing(move |c| {
            let purge = Purge::of(&in_trash(c, &caller, id)?.1)?;
            if !trash::purge(c, &purge, now)? {
                return Err(Error::NotFound);
            }
            service.webhooks.note(c, &Event::ItemRemoved(&caller, id), now)
        });
        purged.await?;
        self.sweep_soon.notify_one();
        Ok(())
    }

    /// Removes permanently everything in the caller's trash that they may remove. Returns the number of items.
    pub(crate) async fn empty_trash(&self, caller: &Caller, now: Timestamp) -> Result<u64> {
        caller.require_whole_drive()?;
        let _turn = self.turn(caller).await?;
        let (service, caller) = (self.clone(), *caller);
        let purged = self.db.write_freeing(move |c| {
            let mut removed = trash::purge_own(c, &caller, now)?;
            for id in trash::of_others(c, &caller, OTHERS_AT_ONCE)? {
                let purge = items::seen_in_trash(c, &caller, id)?.and_then(|seen| Purge::of(&seen).ok());
                if let Some(purge) = purge
                    && trash::purge(c, &purge, now)?
                {
                    removed += 1;
                }
            }
            if removed > 0 {
                service.webhooks.note(c, &Event::TrashEmptied(&caller, removed), now)?;
            }
            Ok(removed)
        });
        let removed = purged.await?;
        self.sweep_soon.notify_one();
        Ok(removed)
    }
}

/// The item with this id in the caller's trash, and what they see of it: items that they own, directly or through a folder,
/// and items that they put there themselves, as long as they have a role on them.
fn in_trash(c: &Conn, caller: &Caller, id: ItemId) -> Result<(Item, Seen)> {
    let trashed = trash::by_id(c, caller, id)?.ok_or(Error::NotFound)?;
    let seen = items::seen_in_trash(c, caller, id)?.filter(|seen| is_theirs(caller, seen, trashed.by));
    Ok((trashed.item, seen.ok_or(Error::NotFound)?))
}

fn is_theirs(caller: &Caller, seen: &Seen, trashed_by: UserId) -> bool {
    seen.role == Role::Owner || trashed_by == caller.user
}

/// Like [`in_trash`], for a page of the caller's trash.
fn as_seen(c: &Conn, caller: &Caller, found: Vec<Trashed>) -> Result<Vec<Trashed>> {
    let mut shown = Vec::with_capacity(found.len());
    for trashed in found {
        if trashed.item.owner == caller.user && trashed.item.parent.is_none() {
            shown.push(trashed);
        } else if let Some(seen) = items::seen_in_trash(c, caller, trashed.item.id)?
            && is_theirs(caller, &seen, trashed.by)
        {
            shown.push(Trashed { item: seen.item, ..trashed });
        }
    }
    Ok(shown)
}

/// The folder that a trashed item was in, if it exists and the caller may put the item back there.
fn folder_to_restore(c: &Conn, caller: &Caller, item: &Item) -> Result<Option<ItemId>> {
    let Some(folder) = item.parent else { return Ok(None) };
    match target(c, caller, "parentId", Some(folder)).and_then(|_| check_depth(c, item, folder)) {
        Ok(()) => Ok(Some(folder)),
        Err(Error::NotFound | Error::RoleTooLow { .. } | Error::TooDeep { .. }) => Ok(None),
        Err(err) => Err(err),
    }
}
