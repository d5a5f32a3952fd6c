//! Whether an object or an upload of the store belongs to anything in the drive.

use std::collections::BTreeSet;

use dray_api::WorkspaceId;
use dray_drive::item::OBJECT_PREFIX;
use dray_drive::upload::STAGED;

use super::{Conn, Error, find, list, parsed};

/// The workspaces of this drive. Only objects of these can be its orphans.
pub fn workspaces(c: &Conn) -> Result<BTreeSet<WorkspaceId>, Error> {
    let found = list(c, "select id from workspaces", &[], |row| parsed(row, "id"))?;
    Ok(found.into_iter().collect())
}

/// An item is found by its id, which is at the end of its object's key, or in the index of the items for which that is not so.
const KNOWN_OBJECT: &str = "
    select 1 as known
    where exists (select 1 from items where id = $3 and object_key = $1)
       or exists (select 1 from items
                  where object_key = $1 and object_key <> 'files/' || workspace_id || '/' || id)
       or exists (select 1 from uploads where object_key = $1 and parts_freed_at is null
                  and state in ('opening', 'open', 'completing', 'aborted', 'expired'))
       or exists (select 1 from uploads where object_key = $2 and put_key = $1 and parts_freed_at is null
                  and state in ('open', 'completing', 'aborted', 'expired'))
       or exists (select 1 from tombstones where object_key = $1)";

/// Whether an object belongs to an item, or may become an item's, or is recorded for removal.
pub fn is_known_object(c: &Conn, key: &str) -> Result<bool, Error> {
    // The temporary key of an upload is the object's key with an ending.
    let object = key.strip_suffix(STAGED).unwrap_or(key);
    let of_workspace = key.strip_prefix(OBJECT_PREFIX).and_then(|rest| rest.split_once('/'));
    let item = of_workspace.map_or("", |(_, item)| item);
    Ok(find(c, KNOWN_OBJECT, &[&key, &object, &item], |_| Ok(()))?.is_some())
}

/// Whether an upload of the store belongs to an unfinished upload of the drive.
pub fn is_known_upload(c: &Conn, key: &str, upload_id: &str) -> Result<bool, Error> {
    let sql = "select 1 as known from uploads
               where object_key = $1 and (store_upload_id = $2 or store_upload_id is null)
                 and state <> 'completed' and parts_freed_at is null";
    Ok(find(c, sql, &[&key, &upload_id], |_| Ok(()))?.is_some())
}

#[cfg(test)]
mod tests {
    use dray_api::{ItemId, UserId};
    use dray_drive::item::object_key;
    use jiff::Timestamp;

    use super::*;
    use crate::execute;
    use crate::testing::database;
    use crate::users::{self, UserRow};

    #[tokio::test]
    async fn an_object_is_known_by_its_key_and_looked_up_whoever_its_item_is() {
        let (db, _folder) = database().await;
        let (workspace, user) = (WorkspaceId::new(1, [2; 8]), UserId::new(1, [2; 8]));
        let [whole, replaced, odd] = [1, 2, 3].map(|number| ItemId::new(number, [0; 8]));
        let bytes = object_key(workspace, ItemId::new(4, [0; 8]));
        let keys = [object_key(workspace, whole), bytes, "elsewhere".to_owned()];
        let stored = keys.clone();
        let filled = db.write(move |c| {
            let at = Timestamp::UNIX_EPOCH;
            users::insert_default_workspace(c, workspace, at)?;
            let (email, name, role) = ("a@b".into(), "a".into(), "owner".into());
            users::insert_user(c, workspace, &UserRow { id: user, email, name, role, created_at: at })?;
            for (id, key) in [whole, replaced, odd].iter().zip(&stored) {
                let sql = "insert into items (id, workspace_id, owner_id, kind, name, name_key, words,
                               mime_type, size_bytes, object_key, created_at, updated_at)
                           values ($1, $2, $3, 1, $1, $1, '', 'a/b', 1, $4, 1, 1)";
                execute(c, sql, &[&id.to_string(), &workspace.to_string(), &user.to_string(), key])?;
            }
            Ok(())
        });
        filled.await.unwrap();
        let known = db.read(move |c| {
            let unknown = [object_key(workspace, replaced), object_key(workspace, ItemId::new(5, [0; 8]))];
            let keys = keys.iter().chain(&unknown);
            Ok(keys.map(|key| is_known_object(c, key)).collect::<Result<Vec<_>, _>>()?)
        });
        assert_eq!(known.await.unwrap(), [true, true, true, false, false]);
        let plan = db.read(|c| {
            // Postgres chooses by the tables' contents, of which a test has none.
            let Conn::Sqlite(sqlite) = c else { return Ok(Vec::new()) };
            let mut statement =
                sqlite.prepare(&format!("explain query plan {KNOWN_OBJECT}")).map_err(Error::from)?;
            let steps = statement.raw_query().mapped(|row| row.get::<_, String>("detail"));
            Ok(steps.collect::<rusqlite::Result<Vec<_>>>().map_err(Error::from)?)
        });
        let plan = plan.await.unwrap();
        assert!(!plan.iter().any(|step| step.contains("SCAN items")), "{plan:?}");
    }
}
