//! Files and folders. What a caller may see is decided here, in the query.

use dray_api::limits::MAX_FOLDER_DEPTH;
use dray_api::{ItemId, UploadRowId};

use super::{Conn, Error, Row, execute, find, millis, parsed, parsed_or_none, size, stored_size, time};
use crate::drive::access::Caller;
use crate::drive::item::{Content, Item};

/// The columns that [`item`] reads, of a table that is called `i` in the query.
macro_rules! columns {
    () => {
        "i.id, i.workspace_id, i.parent_id, i.owner_id, i.kind, i.name, i.mime_type, i.size_bytes, i.object_key,
         i.created_at, i.updated_at"
    };
}

/// Who sees what, for every query: the condition under which the item `$i` (the table's name in the query) is
/// seen by a caller whose workspace is bound first and whose user second.
macro_rules! is_visible {
    ($i:literal) => {
        concat!($i, ".workspace_id = $1 and ", $i, ".owner_id = $2")
    };
}

/// The order of a listing: folders first, then by name, and always the same. As the index `items_listed` has it.
macro_rules! listing_order {
    ($i:literal) => {
        concat!("(", $i, ".kind = 'file'), lower(", $i, ".name), ", $i, ".name, ", $i, ".id")
    };
}

pub(super) use {columns, is_visible, listing_order};

/// The item, if the caller may see it.
pub(crate) fn visible(c: &Conn, caller: &Caller, id: ItemId) -> Result<Option<Item>, Error> {
    let sql = concat!("select ", columns!(), " from items i where ", is_visible!("i"), " and i.id = $3");
    find(c, sql, &[&caller.workspace.to_string(), &caller.user.to_string(), &id.to_string()], item)
}

/// The item that an upload became.
pub(crate) fn of_upload(c: &Conn, upload: UploadRowId) -> Result<Option<Item>, Error> {
    let sql = concat!("select ", columns!(), " from items i where i.upload_id = $1");
    find(c, sql, &[&upload.to_string()], item)
}

/// How many folders there are from the root to `id`, itself included; counts no further than one past the
/// limit.
pub(crate) fn depth(c: &Conn, id: ItemId) -> Result<i64, Error> {
    let sql = "with recursive up (id, depth) as (
                   select $1, 1
                   union all
                   select i.parent_id, depth + 1 from up join items i on i.id = up.id
                   where i.parent_id is not null and depth <= $2
               )
               select max(depth) as depth from up";
    let depth = find(c, sql, &[&id.to_string(), &i64::from(MAX_FOLDER_DEPTH)], |row| row.get("depth"))?;
    Ok(depth.unwrap_or_default())
}

pub(crate) fn insert(c: &Conn, item: &Item, upload: Option<UploadRowId>) -> Result<(), Error> {
    let sql = "insert into items (id, workspace_id, parent_id, owner_id, kind, name, mime_type, size_bytes,
                                  object_key, upload_id, created_at, updated_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let (kind, mime_type, size_bytes, object_key) = match &item.content {
        Content::Folder => ("folder", None, None, None),
        Content::File { mime_type, size_bytes, object_key } => {
            ("file", Some(mime_type), Some(stored_size(*size_bytes)?), Some(object_key))
        }
    };
    execute(
        c,
        sql,
        &[
            &item.id.to_string(),
            &item.workspace.to_string(),
            &item.parent.map(|id| id.to_string()),
            &item.owner.to_string(),
            &kind,
            &item.name,
            &mime_type,
            &size_bytes,
            &object_key,
            &upload.map(|id| id.to_string()),
            &millis(item.created_at),
            &millis(item.updated_at),
        ],
    )
    .map(drop)
}

pub(super) fn item(row: &Row<'_>) -> Result<Item, Error> {
    let content = match row.get_ref("kind")?.as_str()? {
        "folder" => Content::Folder,
        _ => Content::File {
            mime_type: row.get("mime_type")?,
            size_bytes: size(row, "size_bytes")?,
            object_key: row.get("object_key")?,
        },
    };
    Ok(Item {
        id: parsed(row, "id")?,
        workspace: parsed(row, "workspace_id")?,
        parent: parsed_or_none(row, "parent_id")?,
        owner: parsed(row, "owner_id")?,
        name: row.get("name")?,
        content,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}
