//! Files and folders, one at a time: reading them, and every change to them.

use std::collections::BTreeSet;

use dray_api::limits::MAX_FOLDER_DEPTH;
use dray_api::{ItemId, UploadRowId, UserId, WorkspaceId};
use jiff::Timestamp;

use super::{
    Conn, Error, Param, Row, execute, find, list, lock, millis, parsed, parsed_or_none, size, stored_size,
    time, uploads, usage, value,
};
use dray_drive::access::{Caller, Role};
use dray_drive::item::{Content, Item};
use dray_drive::name::name_key;
use dray_drive::path::{Seen, Step};
use dray_drive::permit::{Change, Placement, Reach, Reaches};
use dray_drive::search::words;

/// The columns that [`item`] reads, of a table that the query calls `i`.
macro_rules! columns {
    () => {
        "i.id, i.workspace_id, i.parent_id, i.owner_id, i.kind, i.name, i.mime_type, i.size_bytes, i.object_key,
         i.grant_id, i.request_id, i.external_id, i.metadata, i.created_at, i.updated_at"
    };
}

pub(super) use columns;

/// The value of the column `kind` for a folder.
pub(super) const FOLDER: i64 = 0;
/// The value of the column `kind` for a file.
pub(super) const FILE: i64 = 1;

/// The value of the column `host_id` for an item in the folder `$parent` with the owner `$owner`.
macro_rules! host {
    ($parent:literal, $owner:literal) => {
        concat!("(select f.owner_id from items f where f.id = ", $parent, " and f.owner_id <> ", $owner, ")")
    };
}

pub(super) use host;

/// The value of the column `crc64nvme` for an item of the upload `$upload`. A finalize that names a checksum makes
/// its item only after that checksum is proved.
macro_rules! proved {
    ($upload:literal) => {
        concat!(
            "(select coalesce(u.crc64nvme, u.finalize_crc64nvme) from uploads u where u.id = ",
            $upload,
            ")"
        )
    };
}

/// The item as the caller sees it, if the caller may see it.
pub fn seen(c: &Conn, caller: &Caller, id: ItemId) -> Result<Option<Seen>, Error> {
    Ok(Seen::of(path(c, caller, id)?, caller))
}

/// Like [`seen`], but also for items in the trash.
pub fn seen_in_trash(c: &Conn, caller: &Caller, id: ItemId) -> Result<Option<Seen>, Error> {
    Ok(Seen::even_if_trashed(path(c, caller, id)?, caller))
}

/// The item and the folders above it, up to the root, each with the role that the caller was given on it. Empty if
/// the caller's workspace has no such item.
fn path(c: &Conn, caller: &Caller, id: ItemId) -> Result<Vec<Step>, Error> {
    let sql = concat!(
        "with recursive up (id, parent_id, steps) as (
             select id, parent_id, 0 from items where id = $1 and workspace_id = $2
             union all
             select p.id, p.parent_id, steps + 1 from up join items p on p.id = up.parent_id
         )
         select ",
        columns!(),
        ", i.trashed_at is not null as is_trashed, p.role as granted
         from up join items i on i.id = up.id
         left join participants p on p.item_id = i.id and p.user_id = $3
         order by up.steps"
    );
    list(c, sql, &[&id.to_string(), &caller.workspace.to_string(), &caller.user.to_string()], |row| {
        let granted = row.text_or_none("granted")?.map(role);
        Ok(Step { item: item(row)?, is_trashed: row.get("is_trashed")?, granted })
    })
}

/// Who can reach an item: through itself, through its folder `from`, and through the folder `to`. `None` as a folder
/// gives access to nobody.
pub fn reaches(c: &Conn, id: ItemId, from: Option<ItemId>, to: Option<ItemId>) -> Result<Reaches, Error> {
    let by_folder = |folder: Option<ItemId>| folder.map_or(Ok(Reach::default()), |id| reach(c, id, true));
    Ok(Reaches { own: reach(c, id, false)?, from: by_folder(from)?, to: by_folder(to)? })
}

/// Who owns the item or was given a role on it and, if asked for, the same for the folders above it.
fn reach(c: &Conn, id: ItemId, with_folders: bool) -> Result<Reach, Error> {
    let sql = "with recursive up (id, owner_id, parent_id) as (
                   select id, owner_id, parent_id from items where id = $1
                   union all
                   select p.id, p.owner_id, p.parent_id from up join items p on p.id = up.parent_id and $2
               )
               select owner_id as user_id, 'owner' as role from up
               union
               select p.user_id, p.role from up join participants p on p.item_id = up.id";
    let roles = list(c, sql, &[&id.to_string(), &with_folders], |row| {
        let is_owner = row.text("role")? == "owner";
        Ok((parsed(row, "user_id")?, if is_owner { Role::Owner } else { role(row.text("role")?) }))
    })?;
    Ok(Reach::of(roles))
}

/// A role, as the columns spell it.
pub(super) fn role(text: &str) -> Role {
    match text {
        "admin" => Role::Admin,
        "member" => Role::Member,
        _ => Role::Viewer,
    }
}

/// The item. It does not check who may see it.
pub fn by_id(c: &Conn, id: ItemId) -> Result<Option<Item>, Error> {
    let sql = concat!("select ", columns!(), " from items i where i.id = $1");
    find(c, sql, &[&id.to_string()], item)
}

/// How many folders there are from the root to `id`, itself included.
pub fn depth(c: &Conn, id: ItemId) -> Result<i64, Error> {
    let sql = "with recursive up (id) as (
                   select id from items where id = $1
                   union all
                   select i.parent_id from up join items i on i.id = up.id where i.parent_id is not null
               )
               select count(*) as depth from up";
    value(c, sql, &[&id.to_string()], "depth")
}

/// Whether there are folders more than `levels` below the folder `id`.
pub fn is_deeper_than(c: &Conn, id: ItemId, levels: i64) -> Result<bool, Error> {
    let sql = "with recursive below (id, level) as (
                   select id, cast(0 as bigint) from items where id = $1
                   union all
                   select i.id, level + 1 from below join items i on i.place = below.id and i.kind = 0
                   where level <= $2 and i.trashed_at is null and i.workspace_id = $3
               )
               select coalesce(max(level), 0) > $2 as is_deeper from below";
    let workspace = value::<String>(
        c,
        "select workspace_id from items where id = $1",
        &[&id.to_string()],
        "workspace_id",
    )?;
    value(c, sql, &[&id.to_string(), &levels.min(i64::from(MAX_FOLDER_DEPTH)), &workspace], "is_deeper")
}

/// Until this transaction ends, no other transaction moves, removes or restores a folder of the workspace.
pub fn lock_tree(c: &Conn, workspace: WorkspaceId) -> Result<(), Error> {
    lock(c, &format!("tree {workspace}"))
}

/// Until this transaction ends, no other transaction chooses or checks names in the folder (or in the root of `owner`).
pub fn lock_names(c: &Conn, parent: Option<ItemId>, owner: UserId) -> Result<(), Error> {
    lock(c, &format!("names {}", place(parent, owner)))
}

/// Like [`lock_names`], for all places of a transaction. It takes the locks in the order of the places' names, so
/// that two transactions cannot wait for each other.
pub fn lock_all_names(
    c: &Conn,
    places: impl IntoIterator<Item = (Option<ItemId>, UserId)>,
) -> Result<(), Error> {
    let places: BTreeSet<String> = places.into_iter().map(|(parent, owner)| place(parent, owner)).collect();
    places.iter().try_for_each(|place| lock(c, &format!("names {place}")))
}

/// Until this transaction ends, no other transaction finds or creates folders by name below these folders (or the
/// root of `owner`). It takes the locks in the order of the places' names.
pub fn lock_folders(
    c: &Conn,
    below: impl IntoIterator<Item = Option<ItemId>>,
    owner: UserId,
) -> Result<(), Error> {
    let places: BTreeSet<String> = below.into_iter().map(|parent| place(parent, owner)).collect();
    places.iter().try_for_each(|place| lock(c, &format!("folders {place}")))
}

/// Where an item is listed: the value of the column `place`.
pub(super) fn place(parent: Option<ItemId>, owner: UserId) -> String {
    parent.map_or_else(|| owner.to_string(), |id| id.to_string())
}

/// The columns of [`values`], in its order. All other columns, except `host_id` and `crc64nvme`, are computed or have
/// defaults.
pub(super) const INSERTED: &str =
    "id, workspace_id, parent_id, owner_id, kind, name, name_key, words, mime_type,
    size_bytes, object_key, upload_id, created_at, updated_at, grant_id, external_id, metadata, request_id";

/// Inserts an item, and counts it as used by its owner.
pub fn insert(c: &Conn, item: &Item, upload: Option<UploadRowId>) -> Result<(), Error> {
    let sql = format!(
        "insert into items ({INSERTED}, host_id, crc64nvme)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, {}, {})",
        host!("$3", "$4"),
        proved!("$12")
    );
    execute(c, &sql, &values(item, upload)?.each_ref().map(AsRef::as_ref))?;
    usage::add(c, item.workspace, item.owner, 1, stored_size(item.size_bytes())?)
}

/// The row of a new item.
pub(super) fn values(item: &Item, upload: Option<UploadRowId>) -> Result<[Box<dyn Param>; 18], Error> {
    let (kind, mime_type, object_key) = match &item.content {
        Content::Folder => (FOLDER, None, None),
        Content::File { mime_type, object_key, .. } => {
            (FILE, Some(mime_type.clone()), Some(object_key.clone()))
        }
    };
    Ok([
        Box::new(item.id.to_string()),
        Box::new(item.workspace.to_string()),
        Box::new(item.parent.map(|id| id.to_string())),
        Box::new(item.owner.to_string()),
        Box::new(kind),
        Box::new(item.name.clone()),
        Box::new(name_key(&item.name)),
        Box::new(words(&item.name).join(" ")),
        Box::new(mime_type),
        Box::new(stored_size(item.size_bytes())?),
        Box::new(object_key),
        Box::new(upload.map(|id| id.to_string())),
        Box::new(millis(item.created_at)),
        Box::new(millis(item.updated_at)),
        Box::new(item.attached.grant.map(|id| id.to_string())),
        Box::new(item.attached.external_id.clone()),
        Box::new(item.attached.metadata.clone()),
        Box::new(item.attached.request.map(|id| id.to_string())),
    ])
}

/// Gives an item another name.
pub fn rename(c: &Conn, change: &Change, name: &str, now: Timestamp) -> Result<(), Error> {
    let sql = "update items set name = $2, name_key = $3, words = $4, updated_at = $5 where id = $1";
    let words = words(name).join(" ");
    let id = change.item().to_string();
    execute(c, sql, &[&id, &name, &name_key(name), &words, &millis(now)]).map(drop)
}

/// Moves an item with everything below it.
pub fn move_to(c: &Conn, placement: &Placement, now: Timestamp) -> Result<(), Error> {
    let sql = concat!(
        "update items set parent_id = $2, host_id = ",
        host!("$2", "items.owner_id"),
        ", updated_at = $3 where id = $1"
    );
    let (id, parent) = (placement.item().to_string(), placement.to().map(|id| id.to_string()));
    execute(c, sql, &[&id, &parent, &millis(now)]).map(drop)
}

/// Gives a file the bytes of another upload; `false` if it no longer has the bytes of `old`, or no longer exists.
pub fn replace_content(
    c: &Conn,
    change: &Change,
    old: &Item,
    new: &Content,
    upload: UploadRowId,
    now: Timestamp,
) -> Result<bool, Error> {
    let (Content::File { object_key: old_key, .. }, Content::File { mime_type, size_bytes, object_key }) =
        (&old.content, new)
    else {
        return Ok(false);
    };
    let sql = concat!(
        "update items set mime_type = $2, size_bytes = $3, object_key = $4, upload_id = $5, updated_at = $6,
                          crc64nvme = ",
        proved!("$5"),
        " where id = $1 and object_key = $7 and trashed_at is null"
    );
    let (id, new_size, upload) = (change.item().to_string(), stored_size(*size_bytes)?, upload.to_string());
    let replaced =
        execute(c, sql, &[&id, mime_type, &new_size, object_key, &upload, &millis(now), old_key])? == 1;
    if replaced {
        usage::add(c, old.workspace, old.owner, 0, new_size - stored_size(old.size_bytes())?)?;
    }
    Ok(replaced)
}

pub(super) fn item(row: &Row<'_>) -> Result<Item, Error> {
    let content = if row.get::<i64>("kind")? == FOLDER {
        Content::Folder
    } else {
        Content::File {
            mime_type: row.get("mime_type")?,
            size_bytes: size(row, "size_bytes")?,
            object_key: row.get("object_key")?,
        }
    };
    Ok(Item {
        id: parsed(row, "id")?,
        workspace: parsed(row, "workspace_id")?,
        parent: parsed_or_none(row, "parent_id")?,
        owner: parsed(row, "owner_id")?,
        name: row.get("name")?,
        content,
        attached: uploads::attached(row)?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}
