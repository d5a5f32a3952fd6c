//! The trash: putting things in, looking, taking them out, and removing them for good.

use dray_api::{ItemId, TrashPage, TrashedItem};
use jiff::Timestamp;

use super::change_item::check_depth;
use super::{Service, seen, target};
use crate::db::trash::{self, Trashed};
use crate::db::{Conn, items};
use crate::drive::access::{Caller, Role};
use crate::drive::item::Item;
use crate::drive::listing::{read_time_cursor, time_cursor};
use crate::drive::{Error, Result, wire_time};

/// Items of other owners that one emptying looks at: those the caller may not remove stay, and are seen again.
const OTHERS_AT_ONCE: usize = 1000;

impl Service {
    /// Puts an item into the trash. A folder goes with all that is below it, however much that is.
    pub(crate) async fn trash_item(&self, caller: &Caller, id: ItemId, now: Timestamp) -> Result<()> {
        let caller = *caller;
        self.db
            .write(move |c| {
                items::lock_tree(c, caller.workspace)?;
                seen(c, &caller, id)?.require_removable()?;
                Ok(trash::add(c, id, caller.user, now).map(drop)?)
            })
            .await
    }

    /// A page of the caller's trash: what is theirs, and what they put there.
    pub(crate) async fn list_trash(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<TrashPage> {
        caller.require_whole_drive()?;
        let before = cursor.map(read_time_cursor).transpose()?;
        let caller = *caller;
        let mut found = self.db.read_long(move |c| Ok(trash::page(c, &caller, before, limit + 1)?)).await?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| has_more);
        let next_cursor = last.map(|last| time_cursor(last.since, last.item.id));
        let to_wire = |trashed: &Trashed| TrashedItem {
            item: trashed.item.to_wire(),
            trashed_at: wire_time(trashed.since),
            removed_at: wire_time(trashed.since.saturating_add(self.trash_life).unwrap_or(Timestamp::MAX)),
        };
        Ok(TrashPage { items: found.iter().map(to_wire).collect(), next_cursor })
    }

    /// Takes an item out of the trash, back to its folder; to its owner's root if that is gone, or the caller may
    /// not put anything there.
    pub(crate) async fn restore_item(&self, caller: &Caller, id: ItemId) -> Result<Item> {
        caller.require_whole_drive()?;
        let caller = *caller;
        self.db
            .write(move |c| {
                items::lock_tree(c, caller.workspace)?;
                let Trashed { mut item, .. } = in_trash(c, &caller, id)?;
                let parent = item.parent.filter(|folder| takes_back(c, &caller, &item, *folder));
                trash::restore(c, id, parent)?;
                item.parent = parent;
                Ok(items::seen(c, &caller, id)?.map_or(item, |seen| seen.item))
            })
            .await
    }

    /// Removes an item of the trash for good, with all that is below it.
    pub(crate) async fn purge_item(&self, caller: &Caller, id: ItemId, now: Timestamp) -> Result<()> {
        caller.require_whole_drive()?;
        let caller = *caller;
        self.db
            .write(move |c| {
                in_trash(c, &caller, id)?;
                items::seen_in_trash(c, &caller, id)?.ok_or(Error::NotFound)?.require(Role::Owner)?;
                Ok(trash::purge(c, id, now)?)
            })
            .await
    }

    /// Removes all for good that is in the caller's trash and that they may remove; how many items.
    pub(crate) async fn empty_trash(&self, caller: &Caller, now: Timestamp) -> Result<u64> {
        caller.require_whole_drive()?;
        let caller = *caller;
        self.db
            .write(move |c| {
                let mut removed = trash::purge_own(c, &caller, now)?;
                for id in trash::of_others(c, &caller, OTHERS_AT_ONCE)? {
                    let seen = items::seen_in_trash(c, &caller, id)?;
                    if seen.is_some_and(|seen| seen.role == Role::Owner) {
                        trash::purge(c, id, now)?;
                        removed += 1;
                    }
                }
                Ok(removed)
            })
            .await
    }
}

/// What is in the caller's trash under this id.
fn in_trash(c: &Conn, caller: &Caller, id: ItemId) -> Result<Trashed> {
    let trashed = trash::by_id(c, caller, id)?.ok_or(Error::NotFound)?;
    let is_theirs = trashed.item.owner == caller.user || trashed.by == caller.user;
    if is_theirs { Ok(trashed) } else { Err(Error::NotFound) }
}

fn takes_back(c: &Conn, caller: &Caller, item: &Item, folder: ItemId) -> bool {
    target(c, caller, Some(folder)).is_ok() && check_depth(c, item, folder).is_ok()
}
