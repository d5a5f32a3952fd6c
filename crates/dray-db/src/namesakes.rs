//! The files and folders that have a name in a place: what `onConflict` meets, what a batch finds, and which of it may get
//! new bytes or new files. It changes nothing.

use dray_api::{ItemId, UserId, WorkspaceId};

use super::items::{columns, item, place};
use super::{Conn, Error, Param, find, parsed, stored_size, value};
use dray_drive::item::Item;
use dray_drive::name::name_key;
use dray_drive::parts::Crc64;

// Each statement here sorts by `+created_at` and not by `created_at`. With an index in that order, both databases would read the
// folder from its oldest item on, because the statement wants only one, instead of looking up the name. For the same reason,
// one says `+size_bytes`: many files may have the same size.

/// A user's place: the folder, or (without one) the root of the user. Everything here looks there for the user's new files.
pub type Place = (WorkspaceId, Option<ItemId>, UserId);

/// The owners of the folder `$folder` and of those above it, as `up`. Empty at the root.
macro_rules! with_owners_above {
    ($folder:literal) => {
        concat!(
            "with recursive up (owner_id, parent_id) as (
                 select f.owner_id, f.parent_id from items f where f.id = ",
            $folder,
            " union all
                 select f.owner_id, f.parent_id from up join items f on f.id = up.parent_id
             ) "
        )
    };
}

/// Whether the item `i`, which is in the folder of `with_owners_above!`, is safe to replace: `$user`, or an owner of a folder
/// above it, owns `i`. Such an owner has power over what is in the folder anyway. If anybody else owns `i`, they, and those
/// to whom they gave roles on it, would get power over what `$user` puts into its place.
macro_rules! is_in_safe_hands {
    ($user:literal) => {
        concat!("(i.owner_id = ", $user, " or i.owner_id in (select owner_id from up))")
    };
}

const IS_FILE_NAMED: &str =
    "select i.id from items i
               where i.place = $1 and i.workspace_id = $2 and i.kind = 1 and i.name_key = $3 and i.trashed_at is null
               limit 1";

const FILE_NAMED: &str = concat!(
    "select ",
    columns!(),
    " from items i
      where i.place = $1 and i.workspace_id = $2 and i.kind = 1 and i.name_key = $3 and i.trashed_at is null
      order by +i.created_at, i.id limit 1"
);

const FILE_TO_REPLACE: &str = concat!(
    with_owners_above!("$5"),
    "select ",
    columns!(),
    ", ",
    is_in_safe_hands!("$4"),
    " as is_safe from items i
      where i.place = $1 and i.workspace_id = $2 and i.kind = 1 and i.name_key = $3 and i.trashed_at is null
      order by is_safe desc, +i.created_at, i.id limit 1"
);

const FILE_WITH_BYTES: &str = concat!(
    with_owners_above!("$7"),
    "select ",
    columns!(),
    " from items i
      where i.place = $1 and i.workspace_id = $2 and i.kind = 1 and i.name_key = $3 and i.trashed_at is null
        and +i.size_bytes = $4 and i.crc64nvme = $5 and i.grant_id is null and i.request_id is null and ",
    is_in_safe_hands!("$6"),
    " order by +i.created_at, i.id limit 1"
);

const FOLDER_NAMED: &str = concat!(
    with_owners_above!("$5"),
    "select i.id from items i
     where i.place = $1 and i.workspace_id = $2 and i.kind = 0 and i.name_key = $3 and i.trashed_at is null and ",
    is_in_safe_hands!("$4"),
    " order by +i.created_at, i.id limit 1"
);

/// Whether the folder, or the user's root, has a file with this name.
pub fn is_file_named(c: &Conn, (workspace, parent, user): Place, name: &str) -> Result<bool, Error> {
    let params: [&dyn Param; 3] = [&place(parent, user), &workspace.to_string(), &name_key(name)];
    Ok(find(c, IS_FILE_NAMED, &params, |_| Ok(()))?.is_some())
}

/// The oldest file with this name in the folder, or in the user's root.
pub fn file_named(c: &Conn, (workspace, parent, user): Place, name: &str) -> Result<Option<Item>, Error> {
    find(c, FILE_NAMED, &[&place(parent, user), &workspace.to_string(), &name_key(name)], item)
}

/// The file with this name in the folder, or in the user's root, that new bytes of the user replace, and whether it may
/// get these bytes itself (`is_in_safe_hands!`). The oldest file that may; if none may, the oldest.
pub fn file_to_replace(
    c: &Conn,
    (workspace, parent, user): Place,
    name: &str,
) -> Result<Option<(Item, bool)>, Error> {
    let above = parent.map(|id| id.to_string());
    let params: [&dyn Param; 5] =
        [&place(parent, user), &workspace.to_string(), &name_key(name), &user.to_string(), &above];
    find(c, FILE_TO_REPLACE, &params, |row| Ok((item(row)?, row.get("is_safe")?)))
}

/// Whether an item may get new bytes of `user` where it is now (`is_in_safe_hands!`).
pub fn is_safe_for(c: &Conn, id: ItemId, user: UserId) -> Result<bool, Error> {
    let sql = concat!(
        with_owners_above!("(select parent_id from items where id = $1)"),
        "select ",
        is_in_safe_hands!("$2"),
        " as is_safe from items i where i.id = $1"
    );
    value(c, sql, &[&id.to_string(), &user.to_string()], "is_safe")
}

/// A file of this name in the folder, or in the user's root, that is known to have these bytes. It must be in safe hands
/// (`is_in_safe_hands!`): anybody else could remove the only copy. Files that came through a grant or a file request do not
/// count: their senders are strangers, who can make other bytes with the same checksum, because a CRC is easy to forge.
pub fn file_with_bytes(
    c: &Conn,
    (workspace, parent, user): Place,
    name: &str,
    size_bytes: u64,
    crc64: &Crc64,
) -> Result<Option<Item>, Error> {
    let (place, workspace) = (place(parent, user), workspace.to_string());
    let (user, above) = (user.to_string(), parent.map(|id| id.to_string()));
    let params: [&dyn Param; 7] =
        [&place, &workspace, &name_key(name), &stored_size(size_bytes)?, &crc64.as_str(), &user, &above];
    find(c, FILE_WITH_BYTES, &params, item)
}

/// The oldest folder of this name in the folder, or in the user's root, that is in safe hands (`is_in_safe_hands!`).
pub fn folder_named(c: &Conn, (workspace, parent, user): Place, name: &str) -> Result<Option<ItemId>, Error> {
    let above = parent.map(|id| id.to_string());
    let params: [&dyn Param; 5] =
        [&place(parent, user), &workspace.to_string(), &name_key(name), &user.to_string(), &above];
    find(c, FOLDER_NAMED, &params, |row| parsed(row, "id"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::database;

    #[tokio::test]
    async fn a_name_is_looked_up_and_not_searched_for_in_its_folder() {
        let (db, _folder) = database().await;
        let plans = db.read(|c| {
            // Postgres chooses by the tables' contents, of which a test has none.
            let Conn::Sqlite(sqlite) = c else { return Ok(Vec::new()) };
            let lookups = [IS_FILE_NAMED, FILE_NAMED, FILE_TO_REPLACE, FILE_WITH_BYTES, FOLDER_NAMED];
            let plan = |sql| {
                let mut statement = sqlite.prepare(&format!("explain query plan {sql}"))?;
                let steps = statement.raw_query().mapped(|row| row.get::<_, String>("detail"));
                steps.collect::<rusqlite::Result<Vec<_>>>()
            };
            Ok(lookups.into_iter().map(plan).collect::<rusqlite::Result<Vec<_>>>().map_err(Error::from)?)
        });
        for plan in plans.await.unwrap() {
            let of_items: Vec<_> = plan.iter().filter(|step| step.starts_with("SEARCH i ")).collect();
            assert_eq!(of_items.len(), 1, "{plan:?}");
            assert!(
                of_items[0].contains("items_by_name (place=? AND workspace_id=? AND kind=? AND name_key=?)"),
                "{plan:?}"
            );
        }
    }
}
