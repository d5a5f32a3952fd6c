//! What each user owns in a workspace, kept up to date by whatever changes it.

use dray_api::{Usage, UserId, WorkspaceId};

use super::{Conn, Error, execute, find, size};

/// Adds to what a user owns, or takes away from it.
pub(crate) fn add(
    c: &Conn,
    workspace: WorkspaceId,
    user: UserId,
    items: i64,
    size_bytes: i64,
) -> Result<(), Error> {
    let sql = "insert into usage (workspace_id, user_id, items, size_bytes) values ($1, $2, $3, $4)
               on conflict (workspace_id, user_id) do update
               set items = usage.items + excluded.items, size_bytes = usage.size_bytes + excluded.size_bytes";
    execute(c, sql, &[&workspace.to_string(), &user.to_string(), &items, &size_bytes]).map(drop)
}

/// What a user owns, and how much they may.
pub(crate) fn of_user(c: &Conn, workspace: WorkspaceId, user: UserId) -> Result<Option<Usage>, Error> {
    let sql = "select coalesce(u.items, 0) as items, coalesce(u.size_bytes, 0) as size_bytes, m.quota_bytes
               from memberships m
               left join usage u on u.workspace_id = m.workspace_id and u.user_id = m.user_id
               where m.workspace_id = $1 and m.user_id = $2";
    find(c, sql, &[&workspace.to_string(), &user.to_string()], |row| {
        let quota: Option<i64> = row.get("quota_bytes")?;
        Ok(Usage {
            items: size(row, "items")?,
            used_bytes: size(row, "size_bytes")?,
            quota_bytes: quota.map(u64::try_from).transpose().map_err(Error::value)?,
        })
    })
}

/// Until this transaction ends, no other begins an upload of the user.
pub(crate) fn lock(c: &Conn, workspace: WorkspaceId, user: UserId) -> Result<(), Error> {
    super::lock(c, &format!("uploads {workspace} {user}"))
}

/// Sets how much a user may own; `None`: as much as there is room for. `false`: they are not in the workspace.
pub(crate) fn set_quota(
    c: &Conn,
    workspace: WorkspaceId,
    user: UserId,
    quota_bytes: Option<i64>,
) -> Result<bool, Error> {
    let sql = "update memberships set quota_bytes = $3 where workspace_id = $1 and user_id = $2";
    Ok(execute(c, sql, &[&workspace.to_string(), &user.to_string(), &quota_bytes])? == 1)
}
