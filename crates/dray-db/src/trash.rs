//! The trash: listing it, restoring from it, and removing permanently in small steps.

use dray_api::{ItemId, UserId};
use jiff::Timestamp;

use super::grants;
use super::items::{FOLDER, columns, host, item};
use super::{
    Conn, Error, Row, execute, find, list, millis, parsed, rows_at_most, size, stored_size, time, tombstones,
    usage,
};
use dray_drive::access::Caller;
use dray_drive::item::Item;
use dray_drive::permit::{Placement, Purge, Trashing};

/// An item that was put into the trash by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trashed {
    /// The item at the top.
    pub item: Item,
    /// When it was trashed.
    pub since: Timestamp,
    /// Who trashed it.
    pub by: UserId,
}

/// The rows of `trash_lists` for the trashed items that `$which` selects.
macro_rules! lists {
    ($which:literal) => {
        concat!(
            "with recursive up (item_id, workspace_id, trashed_at, owner_id, parent_id) as (
                 select id, workspace_id, trashed_at, owner_id, parent_id from items
                 where trashed_at is not null and purged_at is null ",
            $which,
            "    union all
                 select up.item_id, up.workspace_id, up.trashed_at, p.owner_id, p.parent_id
                 from up join items p on p.id = up.parent_id
             )
             select owner_id, workspace_id, trashed_at, item_id from up
             union
             select trashed_by, workspace_id, trashed_at, id from items
             where trashed_at is not null and purged_at is null ",
            $which
        )
    };
}

/// Where a page of the trash ends.
pub type TrashedAt = (Timestamp, ItemId);

/// Puts an item into the trash, with everything below it; `false` if it is there already. It appears in the trash of
/// every user who owns it or a folder above it, and in the trash of the user who put it there.
pub fn add(c: &Conn, trashing: &Trashing, by: UserId, now: Timestamp) -> Result<bool, Error> {
    let (id, at, by) = (trashing.item().to_string(), millis(now), by.to_string());
    let sql = "update items set trashed_at = $2, trashed_by = $3 where id = $1 and trashed_at is null";
    if execute(c, sql, &[&id, &at, &by])? == 0 {
        return Ok(false);
    }
    let sql = concat!(
        "insert into trash_lists (user_id, workspace_id, trashed_at, item_id) ",
        lists!("and id = $1")
    );
    execute(c, sql, &[&id])?;
    Ok(true)
}

/// Fills `trash_lists` for everything in the trash, after items were inserted without it.
pub fn list_all(c: &Conn) -> Result<(), Error> {
    let sql = concat!("insert into trash_lists (user_id, workspace_id, trashed_at, item_id) ", lists!(""));
    execute(c, sql, &[]).map(drop)
}

fn unlist(c: &Conn, id: ItemId) -> Result<(), Error> {
    execute(c, "delete from trash_lists where item_id = $1", &[&id.to_string()]).map(drop)
}

/// Up to `limit` items that the caller's trash lists, the latest first.
pub fn page(
    c: &Conn,
    caller: &Caller,
    before: Option<TrashedAt>,
    limit: usize,
) -> Result<Vec<Trashed>, Error> {
    let sql = concat!(
        "select ",
        columns!(),
        ", t.trashed_at, i.trashed_by from trash_lists t cross join items i
         where t.user_id = $2 and t.workspace_id = $1 and (t.trashed_at, t.item_id) < ($3, $4)
           and i.id = t.item_id and i.trashed_at is not null and i.purged_at is null
         order by t.trashed_at desc, t.item_id desc limit $5"
    );
    let (before, id) = match before {
        Some((time, id)) => (millis(time), id.to_string()),
        None => (i64::MAX, String::new()),
    };
    let (workspace, user) = (caller.workspace.to_string(), caller.user.to_string());
    list(c, sql, &[&workspace, &user, &before, &id, &rows_at_most(limit)], trashed)
}

/// The item with this id, if somebody put it into the trash by itself.
pub fn by_id(c: &Conn, caller: &Caller, id: ItemId) -> Result<Option<Trashed>, Error> {
    let sql = concat!(
        "select ",
        columns!(),
        ", i.trashed_at, i.trashed_by from items i
         where i.id = $1 and i.workspace_id = $2 and i.trashed_at is not null and i.purged_at is null"
    );
    find(c, sql, &[&id.to_string(), &caller.workspace.to_string()], trashed)
}

/// Takes an item out of the trash and puts it into a folder, or into its owner's root; `false` if it is no longer in
/// the trash.
pub fn restore(c: &Conn, placement: &Placement) -> Result<bool, Error> {
    unlist(c, placement.item())?;
    let sql = concat!(
        "update items set trashed_at = null, trashed_by = null, parent_id = $2, host_id = ",
        host!("$2", "items.owner_id"),
        " where id = $1 and trashed_at is not null and purged_at is null"
    );
    let (id, parent) = (placement.item().to_string(), placement.to().map(|id| id.to_string()));
    Ok(execute(c, sql, &[&id, &parent])? == 1)
}

/// Marks a trashed item, with everything below it, for removal. From now on nobody sees it. `false` if it is no
/// longer in the trash.
pub fn purge(c: &Conn, purge: &Purge, now: Timestamp) -> Result<bool, Error> {
    unlist(c, purge.item())?;
    let sql =
        "update items set purged_at = $2 where id = $1 and trashed_at is not null and purged_at is null";
    Ok(execute(c, sql, &[&purge.item().to_string(), &millis(now)])? == 1)
}

/// Like [`purge`], for all items of the caller. Returns how many.
pub fn purge_own(c: &Conn, caller: &Caller, now: Timestamp) -> Result<u64, Error> {
    let (workspace, user) = (caller.workspace.to_string(), caller.user.to_string());
    let sql = "delete from trash_lists where item_id in (
                   select id from items
                   where owner_id = $2 and workspace_id = $1 and trashed_at is not null and purged_at is null
               )";
    execute(c, sql, &[&workspace, &user])?;
    let sql = "update items set purged_at = $3
               where owner_id = $2 and workspace_id = $1 and trashed_at is not null and purged_at is null";
    execute(c, sql, &[&workspace, &user, &millis(now)])
}

/// Items that the caller's trash lists, and that others own.
pub fn of_others(c: &Conn, caller: &Caller, limit: usize) -> Result<Vec<ItemId>, Error> {
    let sql = "select i.id from trash_lists t cross join items i
               where t.user_id = $2 and t.workspace_id = $1 and i.id = t.item_id and i.owner_id <> $2
                 and i.trashed_at is not null and i.purged_at is null
               order by t.trashed_at, t.item_id limit $3";
    let (workspace, user) = (caller.workspace.to_string(), caller.user.to_string());
    list(c, sql, &[&workspace, &user, &rows_at_most(limit)], |row| parsed(row, "id"))
}

/// Like [`purge`], for up to `limit` items that have been in the trash since `before` or longer. Returns how many.
pub fn purge_expired(c: &Conn, before: Timestamp, now: Timestamp, limit: usize) -> Result<u64, Error> {
    // The conditions are outside, too: an item that is restored in the meantime stays (`outbox::claim` says why).
    let sql = "update items set purged_at = $2 where trashed_at <= $1 and purged_at is null and id in (
                   select id from items where trashed_at <= $1 and purged_at is null order by trashed_at limit $3
               )";
    execute(c, sql, &[&millis(before), &millis(now), &rows_at_most(limit)])
}

/// The result of some steps of removal.
pub struct Removed {
    /// How many rows of items were removed.
    pub items: u64,
    /// Whether no marked items are left.
    pub is_all: bool,
}

/// Does up to `steps` steps of removing marked items. A folder is removed when it is empty. Its content is marked
/// first, so every step is small. An item below it that somebody put into the trash separately stays there, and no
/// longer has a folder.
pub fn remove_some(c: &Conn, now: Timestamp, steps: usize) -> Result<Removed, Error> {
    let (mut items, mut left) = (0, steps);
    for doomed in marked(c, steps)? {
        if doomed.kind == FOLDER {
            left = left.saturating_sub(mark_inside(c, &doomed, now, left)?);
        }
        if left == 0 {
            break;
        }
        if doomed.kind == FOLDER && has_inside(c, &doomed)? {
            continue;
        }
        remove(c, &doomed, now)?;
        items += 1;
        left -= 1;
    }
    Ok(Removed { items, is_all: left == steps })
}

/// The values of an item that its removal needs.
struct Doomed {
    id: String,
    workspace: dray_api::WorkspaceId,
    owner: UserId,
    kind: i64,
    size_bytes: u64,
    object_key: Option<String>,
}

fn marked(c: &Conn, limit: usize) -> Result<Vec<Doomed>, Error> {
    let sql = "select id, workspace_id, owner_id, kind, size_bytes, object_key from items
               where purged_at is not null order by purged_at limit $1";
    list(c, sql, &[&rows_at_most(limit)], |row| {
        Ok(Doomed {
            id: row.get("id")?,
            workspace: parsed(row, "workspace_id")?,
            owner: parsed(row, "owner_id")?,
            kind: row.get("kind")?,
            size_bytes: size(row, "size_bytes")?,
            object_key: row.get("object_key")?,
        })
    })
}

/// Marks up to `limit` items in a folder. Returns how many. An item that somebody takes out of the folder meanwhile, by
/// restoring it, stays: Postgres evaluates the outer condition again, on the row as it has become (`outbox::claim`). The
/// cast keeps SQLite from reading the whole folder for it instead of the selected rows.
fn mark_inside(c: &Conn, folder: &Doomed, now: Timestamp, limit: usize) -> Result<usize, Error> {
    let sql = "update items set parent_id = null, host_id = null,
                   purged_at = case when trashed_at is null then $2 else purged_at end,
                   trashed_by = case when trashed_at is null then $3 else trashed_by end,
                   trashed_at = case when trashed_at is null then $2 else trashed_at end
               where cast(parent_id as text) = $1 and id in (select id from items where parent_id = $1 limit $4)";
    let (owner, limit) = (folder.owner.to_string(), rows_at_most(limit));
    let marked = execute(c, sql, &[&folder.id, &millis(now), &owner, &limit])?;
    usize::try_from(marked).map_err(Error::value)
}

/// Whether a folder still has items in it.
fn has_inside(c: &Conn, folder: &Doomed) -> Result<bool, Error> {
    Ok(find(c, "select id from items where parent_id = $1 limit 1", &[&folder.id], |_| Ok(()))?.is_some())
}

fn remove(c: &Conn, doomed: &Doomed, now: Timestamp) -> Result<(), Error> {
    if let Some(key) = &doomed.object_key {
        tombstones::add(c, key, now)?;
    } else {
        grants::end_with_folder(c, &doomed.id, now)?;
    }
    if execute(c, "delete from items where id = $1", &[&doomed.id])? == 0 {
        // This server's lease expired in the middle, and another server was faster.
        return Ok(());
    }
    usage::add(c, doomed.workspace, doomed.owner, -1, -stored_size(doomed.size_bytes)?)
}

fn trashed(row: &Row<'_>) -> Result<Trashed, Error> {
    Ok(Trashed { item: item(row)?, since: time(row, "trashed_at")?, by: parsed(row, "trashed_by")? })
}
