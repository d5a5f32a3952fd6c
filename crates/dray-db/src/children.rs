//! The content of a place (a folder, or a user's root) in pages; what others share; and folders level by level.
//! Whoever sees a folder sees its content. So the caller must have checked the folder.

use dray_api::{ItemId, ListSort, SortOrder, WorkspaceId};

use super::items::{FILE, FOLDER, columns, item};
use super::{Conn, Error, Param, Row, find, json_array, list, rows_at_most};
use dray_drive::access::Caller;
use dray_drive::listing::{Kind, ListOrder, Listed, Position, SortKey};

/// Whether the item `i` contains anything.
macro_rules! has_children {
    () => {
        "i.kind = 0 and exists (select 1 from items b
                 where b.place = i.id and b.workspace_id = i.workspace_id and b.trashed_at is null) as has_children"
    };
}

/// Up to `limit` items of one kind in a place, from the first one after `after`.
pub fn page(
    c: &Conn,
    workspace: WorkspaceId,
    place: &str,
    kind: Kind,
    order: ListOrder,
    after: Option<&Position>,
    limit: usize,
) -> Result<Vec<Listed>, Error> {
    let column = match order.sort {
        ListSort::Name => "name_key",
        ListSort::Size => "size_bytes",
        ListSort::CreatedAt => "created_at",
        ListSort::UpdatedAt => "updated_at",
    };
    let (direction, beyond) = match order.order {
        SortOrder::Ascending => ("asc", ">"),
        SortOrder::Descending => ("desc", "<"),
    };
    let from =
        if after.is_some() { format!("and (i.{column}, i.id) {beyond} ($5, $6)") } else { String::new() };
    let sql = format!(
        "select {}, {} from items i
         where i.place = $1 and i.workspace_id = $2 and i.kind = $3 and i.trashed_at is null {from}
         order by i.{column} {direction}, i.id {direction} limit $4",
        columns!(),
        has_children!(),
    );
    let kind = if kind == Kind::Folder { FOLDER } else { FILE };
    let (workspace, limit) = (workspace.to_string(), rows_at_most(limit));
    let Some(Position { key, id, .. }) = after else {
        return list(c, &sql, &[&place, &workspace, &kind, &limit], listed);
    };
    let key: &dyn Param = match key {
        SortKey::Text(text) => text,
        SortKey::Number(number) => number,
    };
    list(c, &sql, &[&place, &workspace, &kind, &limit, key, &id.to_string()], listed)
}

/// Everything that others share with the caller, without items that are inside something the caller sees anyway.
/// `cross join` makes SQLite begin with the shared items.
pub fn entries(c: &Conn, caller: &Caller) -> Result<Vec<Listed>, Error> {
    let sql = concat!(
        "with recursive up (entry, parent_id, is_hidden) as (
             select i.id, i.parent_id, i.trashed_at is not null from participants p cross join items i
             where p.user_id = $2 and i.id = p.item_id and i.workspace_id = $1 and i.owner_id <> $2
             union all
             select up.entry, a.parent_id,
                    a.trashed_at is not null or a.owner_id = $2
                    or exists (select 1 from participants p where p.item_id = a.id and p.user_id = $2)
             from up cross join items a where a.id = up.parent_id and not up.is_hidden
         )
         select ",
        columns!(),
        ", ",
        has_children!(),
        " from participants p cross join items i
          where p.user_id = $2 and p.item_id not in (select entry from up where is_hidden)
            and i.id = p.item_id and i.workspace_id = $1 and i.owner_id <> $2"
    );
    list(c, sql, &[&caller.workspace.to_string(), &caller.user.to_string()], |row| {
        let mut entry = listed(row)?;
        entry.item.parent = None;
        Ok(entry)
    })
}

/// One item, as a listing returns it.
pub fn one(c: &Conn, id: ItemId) -> Result<Option<Listed>, Error> {
    let sql = concat!("select ", columns!(), ", ", has_children!(), " from items i where i.id = $1");
    find(c, sql, &[&id.to_string()], listed)
}

/// The first `limit` items in `folders`: all of the first folder, then all of the second, and so on. It reads at most
/// `limit` items of each folder, however large the folder is.
pub fn in_folders(
    c: &Conn,
    workspace: WorkspaceId,
    folders: &[ItemId],
    limit: usize,
) -> Result<Vec<Listed>, Error> {
    let sql = match c {
        Conn::Sqlite(_) => concat!(
            "select ",
            columns!(),
            ", ",
            has_children!(),
            " from json_each($2) folder join items i on i.id in (
                 select n.id from items n
                 where n.place = folder.value and n.workspace_id = $1 and n.trashed_at is null
                 order by n.kind, n.name_key, n.id limit $3
             )
             order by folder.key, i.kind, i.name_key, i.id limit $3"
        ),
        Conn::Postgres(_) => concat!(
            "select ",
            columns!(),
            ", ",
            has_children!(),
            " from json_array_elements_text($2::text::json) with ordinality as folder (value, key)
             cross join lateral (
                 select n.id, n.workspace_id, n.parent_id, n.owner_id, n.kind, n.name, n.name_key, n.mime_type,
                        n.size_bytes, n.object_key, n.grant_id, n.request_id, n.external_id, n.metadata, n.created_at, n.updated_at
                 from items n
                 where n.place = folder.value and n.workspace_id = $1 and n.trashed_at is null
                 order by n.kind, n.name_key, n.id limit $3
             ) i
             order by folder.key, i.kind, i.name_key, i.id limit $3"
        ),
    };
    list(c, sql, &[&workspace.to_string(), &json_array(folders), &rows_at_most(limit)], listed)
}

fn listed(row: &Row<'_>) -> Result<Listed, Error> {
    Ok(Listed { item: item(row)?, has_children: row.get("has_children")? })
}
