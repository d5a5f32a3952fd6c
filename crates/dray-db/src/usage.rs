//! How much each user owns in a workspace, and how much all users own together. Every change updates these numbers.

use dray_api::{Usage, UserId, WorkspaceId};

use super::{Conn, Error, Row, execute, find, list, size};

/// Adds to the usage of a user, or subtracts from it.
pub fn add(c: &Conn, workspace: WorkspaceId, user: UserId, items: i64, size_bytes: i64) -> Result<(), Error> {
    let sql = "insert into usage (workspace_id, user_id, items, size_bytes) values ($1, $2, $3, $4)
               on conflict (workspace_id, user_id) do update
               set items = usage.items + excluded.items, size_bytes = usage.size_bytes + excluded.size_bytes";
    execute(c, sql, &[&workspace.to_string(), &user.to_string(), &items, &size_bytes]).map(drop)
}

/// The usage of a user, and their quota.
pub fn of_user(c: &Conn, workspace: WorkspaceId, user: UserId) -> Result<Option<Usage>, Error> {
    let sql = "select coalesce(u.items, 0) as items, coalesce(u.size_bytes, 0) as size_bytes, m.quota_bytes
               from memberships m
               left join usage u on u.workspace_id = m.workspace_id and u.user_id = m.user_id
               where m.workspace_id = $1 and m.user_id = $2";
    let held = held(c, workspace, Some(user))?;
    find(c, sql, &[&workspace.to_string(), &user.to_string()], |row| {
        let quota: Option<i64> = row.get("quota_bytes")?;
        Ok(Usage {
            items: size(row, "items")?,
            used_bytes: size(row, "size_bytes")?,
            quota_bytes: quota.map(u64::try_from).transpose().map_err(Error::value)?,
            open_uploads: held.uploads,
            reserved_bytes: held.reserved_bytes,
            uploading_bytes: held.stored_bytes,
        })
    })
}

/// The quota that unfinished uploads use up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Held {
    /// How many uploads there are.
    pub uploads: u64,
    /// The bytes that count towards the quota: the announced sizes or, if that is more, what the store has.
    pub reserved_bytes: u64,
    /// The bytes in the store, as the sweeper last measured them.
    pub stored_bytes: u64,
}

/// The quota that the unfinished uploads of a user use up (`None` means those of everybody in the workspace).
pub fn held(c: &Conn, workspace: WorkspaceId, user: Option<UserId>) -> Result<Held, Error> {
    let whose = if user.is_some() { "and u.user_id = $2" } else { "" };
    let sql = format!(
        "select count(*) as uploads,
                cast(coalesce(sum(case when m.stored_bytes > u.size_bytes then m.stored_bytes
                                       else u.size_bytes end), 0) as bigint) as reserved_bytes,
                cast(coalesce(sum(m.stored_bytes), 0) as bigint) as stored_bytes
         from uploads u left join measured_uploads m on m.upload_id = u.id
         where u.workspace_id = $1
           and (u.state = 'opening' or u.state = 'open' or u.state = 'completing') {whose}"
    );
    let read = |row: &Row<'_>| {
        Ok(Held {
            uploads: size(row, "uploads")?,
            reserved_bytes: size(row, "reserved_bytes")?,
            stored_bytes: size(row, "stored_bytes")?,
        })
    };
    let workspace = workspace.to_string();
    let held = match user {
        None => find(c, &sql, &[&workspace], read),
        Some(user) => find(c, &sql, &[&workspace, &user.to_string()], read),
    };
    Ok(held?.unwrap_or_default())
}

/// What all users own together: the number of files and folders, and their bytes.
pub fn total(c: &Conn) -> Result<(u64, u64), Error> {
    let sql = "select cast(coalesce(sum(items), 0) as bigint) as items,
                      cast(coalesce(sum(size_bytes), 0) as bigint) as size_bytes from usage";
    let total = find(c, sql, &[], |row| Ok((size(row, "items")?, size(row, "size_bytes")?)))?;
    Ok(total.unwrap_or_default())
}

/// The number of uploads in each state, for uploads that are unfinished or whose parts may still be in the store.
/// The index `uploads_unfinished` has exactly these.
pub fn unfinished_uploads(c: &Conn) -> Result<Vec<(String, u64)>, Error> {
    let sql = "select state, count(*) as uploads from uploads
               where state <> 'completed' and parts_freed_at is null group by state";
    list(c, sql, &[], |row| Ok((row.get("state")?, size(row, "uploads")?)))
}

/// The quota of a user (`None` means of the whole workspace); a result of `None` means no limit.
pub fn quota(c: &Conn, workspace: WorkspaceId, user: Option<UserId>) -> Result<Option<u64>, Error> {
    let workspace = workspace.to_string();
    let read = |row: &Row<'_>| row.get::<Option<i64>>("quota_bytes");
    let found = match user {
        None => find(c, "select quota_bytes from workspaces where id = $1", &[&workspace], read),
        Some(user) => {
            let sql = "select quota_bytes from memberships where workspace_id = $1 and user_id = $2";
            find(c, sql, &[&workspace, &user.to_string()], read)
        }
    };
    found?.flatten().map(u64::try_from).transpose().map_err(Error::value)
}

/// Bytes that a user owns (`None` means everybody in the workspace), plus the announced sizes of their unfinished
/// uploads, or what the store has of these if that is more. This is one statement, because a finalize moves bytes
/// from uploads to items: between two statements it could hide them.
pub fn taken_bytes(c: &Conn, workspace: WorkspaceId, user: Option<UserId>) -> Result<u64, Error> {
    let (whose, whose_upload) = match user {
        Some(_) => ("and user_id = $2", "and u.user_id = $2"),
        None => ("", ""),
    };
    let sql = format!(
        "select cast(coalesce(sum(size_bytes), 0) as bigint) as size_bytes from (
             select size_bytes from usage where workspace_id = $1 {whose}
             union all
             select size_bytes from uploads
             where workspace_id = $1 and (state = 'opening' or state = 'open' or state = 'completing') {whose}
             union all
             select m.stored_bytes - u.size_bytes from measured_uploads m cross join uploads u
             where u.id = m.upload_id and m.stored_bytes > u.size_bytes and u.workspace_id = $1
               and (u.state = 'open' or u.state = 'completing') {whose_upload}
         ) taken"
    );
    let workspace = workspace.to_string();
    let taken = match user {
        None => find(c, &sql, &[&workspace], |row| size(row, "size_bytes")),
        Some(user) => find(c, &sql, &[&workspace, &user.to_string()], |row| size(row, "size_bytes")),
    };
    Ok(taken?.unwrap_or_default())
}

/// The announced sizes of unfinished uploads of grants, submitters, and tokens that may only upload, into a user's drive (`None`
/// means of everybody in the workspace).
pub fn narrow_bytes(c: &Conn, workspace: WorkspaceId, user: Option<UserId>) -> Result<u64, Error> {
    let whose = if user.is_some() { "and user_id = $2" } else { "" };
    let sql = format!(
        "select cast(coalesce(sum(size_bytes), 0) as bigint) as size_bytes from uploads
         where workspace_id = $1 and only_uploads
           and (state = 'opening' or state = 'open' or state = 'completing') {whose}"
    );
    let (workspace, read) = (workspace.to_string(), |row: &Row<'_>| size(row, "size_bytes"));
    let found = match user {
        None => find(c, &sql, &[&workspace], read),
        Some(user) => find(c, &sql, &[&workspace, &user.to_string()], read),
    };
    Ok(found?.unwrap_or_default())
}

/// Until this transaction ends, no other transaction starts an upload of the user. With `None`: of anybody in the
/// workspace, as long as all starts take this lock. Lock order: the workspace's lock before a user's.
pub fn lock(c: &Conn, workspace: WorkspaceId, user: Option<UserId>) -> Result<(), Error> {
    match user {
        None => super::lock(c, &format!("uploads {workspace}")),
        Some(user) => super::lock(c, &format!("uploads {workspace} {user}")),
    }
}

/// How many users may store as much as they like: neither they nor their workspace has a quota.
pub fn users_without_quota(c: &Conn) -> Result<u64, Error> {
    let sql = "select count(*) as users from memberships m join workspaces w on w.id = m.workspace_id
               where m.quota_bytes is null and w.quota_bytes is null";
    Ok(find(c, sql, &[], |row| size(row, "users"))?.unwrap_or_default())
}

/// Sets the quota of a user (`None` means of the whole workspace). A quota of `None` means no limit. `false`
/// if they are not in the workspace.
pub fn set_quota(
    c: &Conn,
    workspace: WorkspaceId,
    user: Option<UserId>,
    quota_bytes: Option<i64>,
) -> Result<bool, Error> {
    let workspace = workspace.to_string();
    let changed = match user {
        None => {
            execute(c, "update workspaces set quota_bytes = $2 where id = $1", &[&workspace, &quota_bytes])
        }
        Some(user) => {
            let sql = "update memberships set quota_bytes = $3 where workspace_id = $1 and user_id = $2";
            execute(c, sql, &[&workspace, &user.to_string(), &quota_bytes])
        }
    };
    Ok(changed? == 1)
}
