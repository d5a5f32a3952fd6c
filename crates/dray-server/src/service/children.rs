//! Lists one folder page by page, and what others share.

use dray_api::{ItemId, ItemPage};

use super::{Service, folder};
use crate::db::{Conn, children, items};
use crate::drive::Result;
use crate::drive::access::Caller;
use crate::drive::cursor::List;
use crate::drive::listing::{Kind, ListOrder, Listed, Position};

/// Which page of a list to return, and in which order.
pub(crate) struct PageRequest {
    list: List,
    pub(crate) order: ListOrder,
    pub(crate) after: Option<Position>,
    pub(crate) limit: usize,
}

impl PageRequest {
    /// Reads the cursor, which must belong to this list.
    pub(crate) fn new(list: List, order: ListOrder, cursor: Option<&str>, limit: usize) -> Result<Self> {
        let after = cursor.map(|cursor| list.position(order, cursor)).transpose()?;
        Ok(Self { list, order, after, limit })
    }

    /// The page, made from up to one item more than it may have.
    fn answer(&self, mut found: Vec<Listed>) -> ItemPage {
        let has_more = found.len() > self.limit;
        found.truncate(self.limit);
        let last = found.last().filter(|_| has_more);
        let next_cursor = last.map(|last| self.list.cursor_at(&self.order.position(&last.item)));
        ItemPage { items: found.iter().map(|listed| listed.item.to_wire()).collect(), next_cursor }
    }
}

impl Service {
    /// A page of the content of a folder (`None` means the root).
    pub(crate) async fn children(
        &self,
        caller: &Caller,
        id: Option<ItemId>,
        request: PageRequest,
    ) -> Result<ItemPage> {
        let caller = *caller;
        self.read_in_turn(&caller, move |c| {
            let found = match id {
                None => at_root(c, &caller, request.order, request.after.as_ref(), request.limit + 1)?,
                Some(id) => {
                    let place = folder(c, &caller, "id", id)?.item.id.to_string();
                    in_place(c, &caller, &place, request.order, request.after.as_ref(), request.limit + 1)?
                }
            };
            Ok(request.answer(found))
        })
        .await
    }

    /// A page of what others share with the caller.
    pub(crate) async fn shared(&self, caller: &Caller, request: PageRequest) -> Result<ItemPage> {
        caller.require_whole_drive()?;
        let caller = *caller;
        self.read_in_turn(&caller, move |c| {
            let mut found = Vec::new();
            request.order.merge(&mut found, children::entries(c, &caller)?, request.after.as_ref());
            Ok(request.answer(found))
        })
        .await
    }
}

/// The first items after `after` among all that the caller sees without seeing their folder: their own in the root,
/// and what others share with them. For a token that is confined to a folder, the items of that folder.
pub(super) fn at_root(
    c: &Conn,
    caller: &Caller,
    order: ListOrder,
    after: Option<&Position>,
    limit: usize,
) -> Result<Vec<Listed>> {
    if let Some(folder) = caller.folder {
        let mut found = Vec::new();
        let is_seen = items::seen(c, caller, folder)?.is_some();
        let entry = children::one(c, folder)?.filter(|_| is_seen).into_iter();
        let entry = entry.map(|mut entry| {
            entry.item.parent = None;
            entry
        });
        order.merge(&mut found, entry.collect(), after);
        return Ok(found);
    }
    let mut found = in_place(c, caller, &caller.user.to_string(), order, after, limit)?;
    let entries = children::entries(c, caller)?;
    if !entries.is_empty() {
        order.merge(&mut found, entries, after);
        found.truncate(limit);
    }
    Ok(found)
}

/// The first items after `after` in a place: folders, then files.
fn in_place(
    c: &Conn,
    caller: &Caller,
    place: &str,
    order: ListOrder,
    after: Option<&Position>,
    limit: usize,
) -> Result<Vec<Listed>> {
    let mut found = Vec::new();
    for kind in [Kind::Folder, Kind::File] {
        let after = after.filter(|after| after.kind >= kind);
        if found.len() < limit && after.is_none_or(|after| after.kind == kind) {
            let room = limit - found.len();
            found.extend(children::page(c, caller.workspace, place, kind, order, after, room)?);
        }
    }
    Ok(found)
}
