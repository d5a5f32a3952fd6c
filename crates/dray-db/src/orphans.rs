//! Whether an object or an upload of the store belongs to anything in the drive.

use std::collections::BTreeSet;

use dray_api::WorkspaceId;
use dray_drive::upload::STAGED;

use super::{Conn, Error, find, list, parsed};

/// The workspaces of this drive. Only objects of these can be its orphans.
pub fn workspaces(c: &Conn) -> Result<BTreeSet<WorkspaceId>, Error> {
    let found = list(c, "select id from workspaces", &[], |row| parsed(row, "id"))?;
    Ok(found.into_iter().collect())
}

/// Whether an object belongs to an item, or may become an item's, or is recorded for removal.
pub fn is_known_object(c: &Conn, key: &str) -> Result<bool, Error> {
    // The temporary key of an upload is the object's key with an ending.
    let object = key.strip_suffix(STAGED).unwrap_or(key);
    let sql = "select 1 as known
               where exists (select 1 from items where object_key = $1)
                  or exists (select 1 from uploads where object_key = $1 and parts_freed_at is null
                             and state in ('opening', 'open', 'completing', 'aborted', 'expired'))
                  or exists (select 1 from uploads where object_key = $2 and put_key = $1 and parts_freed_at is null
                             and state in ('open', 'completing', 'aborted', 'expired'))
                  or exists (select 1 from tombstones where object_key = $1)";
    Ok(find(c, sql, &[&key, &object], |_| Ok(()))?.is_some())
}

/// Whether an upload of the store belongs to an unfinished upload of the drive.
pub fn is_known_upload(c: &Conn, key: &str, upload_id: &str) -> Result<bool, Error> {
    let sql = "select 1 as known from uploads
               where object_key = $1 and (store_upload_id = $2 or store_upload_id is null)
                 and state <> 'completed' and parts_freed_at is null";
    Ok(find(c, sql, &[&key, &upload_id], |_| Ok(()))?.is_some())
}
