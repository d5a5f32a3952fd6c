//! Renames and moves items.

use dray_api::limits::MAX_FOLDER_DEPTH;
use dray_api::{ItemChange, ItemId};
use jiff::Timestamp;

use super::{Service, seen, target};
use crate::db::{Conn, items};
use crate::drive::access::{Caller, Role};
use crate::drive::event::Event;
use crate::drive::item::{Content, Item};
use crate::drive::name::ItemName;
use crate::drive::path::Seen;
use crate::drive::permit::{Change, Placement};
use crate::drive::{Error, Result};

impl Service {
    /// Changes an item, and returns it as it is afterwards.
    pub(crate) async fn change_item(
        &self,
        caller: &Caller,
        id: ItemId,
        change: ItemChange,
        now: Timestamp,
    ) -> Result<Item> {
        let name =
            change.name.map(|name| ItemName::parse("name", name)).transpose()?.map(ItemName::into_string);
        // Everything below a folder is read if the folder goes deeper.
        let _turn = match change.parent_id {
            Some(_) => Some(self.turn(caller).await?),
            None => None,
        };
        let (service, caller, parent) = (self.clone(), *caller, change.parent_id);
        self.db
            .write(move |c| {
                if parent.is_some() {
                    items::lock_tree(c, caller.workspace)?;
                }
                let item = seen(c, &caller, id)?;
                if let Some(name) = &name {
                    let change = Change::of(&item)?;
                    if let Content::File { mime_type, .. } = &item.item.content {
                        service.rules.check_type(name, mime_type)?;
                    }
                    items::rename(c, &change, name, now)?;
                }
                if let Some(parent) = parent {
                    move_item(c, &caller, &item, parent, now)?;
                }
                let item = seen(c, &caller, id)?.item;
                service.webhooks.note(c, &Event::ItemChanged(&caller, &item), now)?;
                Ok(item)
            })
            .await
    }
}

fn move_item(c: &Conn, caller: &Caller, moved: &Seen, to: Option<ItemId>, now: Timestamp) -> Result<()> {
    let id = moved.item.id;
    let from = items::by_id(c, id)?.and_then(|item| item.parent);
    // A caller who sees an item but not its folder finds it in their root. No answer tells them where it really is.
    let parent = if moved.is_own { from } else { moved.item.parent };
    let target = target(c, caller, "parentId", to)?;
    if parent == to {
        return moved.require(Role::Member);
    }
    if target.as_ref().is_some_and(|folder| folder.is_at_or_below(id)) {
        return Err(Error::IntoItself);
    }
    let placement = Placement::by_moving(moved, caller, to, || Ok(items::reaches(c, id, from, to)?))?;
    if let Some(folder) = &target {
        check_depth_of_move(c, &moved.item, parent, folder.item.id)?;
    }
    Ok(items::move_to(c, &placement, now)?)
}

/// Like [`check_depth`], for an item that is in a folder. If the item does not go deeper, the items below it need not
/// be read.
fn check_depth_of_move(c: &Conn, item: &Item, from: Option<ItemId>, to: ItemId) -> Result<()> {
    let depth_now = from.map_or(Ok(0), |from| items::depth(c, from))?;
    if items::depth(c, to)? <= depth_now { Ok(()) } else { check_depth(c, item, to) }
}

/// Refuses to put an item where it, or something below it, would be too deep.
pub(super) fn check_depth(c: &Conn, item: &Item, folder: ItemId) -> Result<()> {
    let levels_left = i64::from(MAX_FOLDER_DEPTH) - items::depth(c, folder)?;
    let is_too_deep =
        item.is_folder() && (levels_left < 1 || items::is_deeper_than(c, item.id, levels_left - 1)?);
    if is_too_deep { Err(Error::TooDeep { field: "parentId", limit: MAX_FOLDER_DEPTH }) } else { Ok(()) }
}
