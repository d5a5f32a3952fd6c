//! Workspaces, users, and which user is in which workspace.

use dray_api::{UserId, WorkspaceId};
use jiff::Timestamp;

use super::{Conn, Error, Row, execute, find, list, lock, millis, parsed, size, time};
use dray_drive::access::Caller;
use dray_drive::wire_time;

/// A user as `dray user list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Their id.
    pub id: UserId,
    /// Their address; unique.
    pub email: String,
    /// Their name, for people.
    pub name: String,
    /// `owner` or `member` of the workspace.
    pub role: String,
    /// When they were added.
    pub created_at: Timestamp,
}

/// Until this transaction ends, no other server creates the first workspace.
pub fn lock_first_start(c: &Conn) -> Result<(), Error> {
    lock(c, "first start")
}

/// The workspace that every user of this version is in.
pub fn default_workspace(c: &Conn) -> Result<Option<WorkspaceId>, Error> {
    find(c, "select id from workspaces where slug = 'default'", &[], |row| parsed(row, "id"))
}

/// Creates the workspace that a new drive begins with.
pub fn insert_default_workspace(c: &Conn, id: WorkspaceId, now: Timestamp) -> Result<(), Error> {
    let sql = "insert into workspaces (id, name, slug, description, created_at, updated_at)
               values ($1, 'Default', 'default', '', $2, $2)";
    execute(c, sql, &[&id.to_string(), &millis(now)]).map(drop)
}

/// A workspace, as clients see it; `None` if there is none with this id.
pub fn workspace_info(c: &Conn, id: WorkspaceId) -> Result<Option<dray_api::WorkspaceInfo>, Error> {
    let sql = "select id, name, slug, description, picture, created_at, updated_at,
                      (select count(*) from memberships m where m.workspace_id = w.id) as seats
               from workspaces w where id = $1";
    find(c, sql, &[&id.to_string()], |row| {
        Ok(dray_api::WorkspaceInfo {
            id: parsed(row, "id")?,
            name: row.get("name")?,
            slug: row.get("slug")?,
            description: row.get("description")?,
            picture: row.get("picture")?,
            seats: size(row, "seats")?,
            created_at: wire_time(time(row, "created_at")?),
            updated_at: wire_time(time(row, "updated_at")?),
        })
    })
}

/// Adds a user to a workspace; `false` if the address is taken.
pub fn insert_user(c: &Conn, workspace: WorkspaceId, user: &UserRow) -> Result<bool, Error> {
    let sql =
        "insert into users (id, email, name, created_at) values ($1, $2, $3, $4) on conflict do nothing";
    if execute(c, sql, &[&user.id.to_string(), &user.email, &user.name, &millis(user.created_at)])? == 0 {
        return Ok(false);
    }
    let sql = "insert into memberships (workspace_id, user_id, role, created_at) values ($1, $2, $3, $4)";
    execute(c, sql, &[&workspace.to_string(), &user.id.to_string(), &user.role, &millis(user.created_at)])?;
    Ok(true)
}

/// The user with an address, and their workspace.
pub fn user_by_email(c: &Conn, email: &str) -> Result<Option<(UserId, WorkspaceId)>, Error> {
    let sql = "select u.id, m.workspace_id from users u join memberships m on m.user_id = u.id
               where u.email = $1";
    find(c, sql, &[&email], |row| Ok((parsed(row, "id")?, parsed(row, "workspace_id")?)))
}

/// A member of a workspace.
pub fn member(c: &Conn, workspace: WorkspaceId, id: UserId) -> Result<Option<UserRow>, Error> {
    let sql = "select u.id, u.email, u.name, m.role, m.created_at
               from memberships m join users u on u.id = m.user_id where m.workspace_id = $1 and m.user_id = $2";
    find(c, sql, &[&workspace.to_string(), &id.to_string()], user)
}

/// Every user, oldest first.
pub fn list_users(c: &Conn) -> Result<Vec<UserRow>, Error> {
    let sql = "select u.id, u.email, u.name, m.role, u.created_at
               from users u join memberships m on m.user_id = u.id order by u.created_at, u.id";
    list(c, sql, &[], user)
}

/// A page of the members of the caller's workspace whose name or address contains `part`, and the number of such
/// members. ASCII letters match in upper and lower case; an empty `part` matches everybody. A token that is confined
/// to a folder sees only its own user there.
pub fn members(
    c: &Conn,
    caller: &Caller,
    part: &str,
    limit: u32,
    offset: u32,
) -> Result<(Vec<UserRow>, u64), Error> {
    let pattern = containing(part);
    let (workspace, user) = (caller.workspace.to_string(), caller.user.to_string());
    let is_confined = caller.folder.is_some();
    let sql = r"select count(*) as total from memberships m join users u on u.id = m.user_id
                where m.workspace_id = $1 and (m.user_id = $3 or not $4)
                  and (lower(u.name) like $2 escape '\' or lower(u.email) like $2 escape '\')";
    let total = find(c, sql, &[&workspace, &pattern, &user, &is_confined], |row| size(row, "total"))?;
    let sql = r"select u.id, u.email, u.name, m.role, m.created_at
                from memberships m join users u on u.id = m.user_id
                where m.workspace_id = $1 and (m.user_id = $3 or not $4)
                  and (lower(u.name) like $2 escape '\' or lower(u.email) like $2 escape '\')
                order by m.created_at, u.id limit $5 offset $6";
    let page = list(
        c,
        sql,
        &[&workspace, &pattern, &user, &is_confined, &i64::from(limit), &i64::from(offset)],
        self::user,
    )?;
    Ok((page, total.unwrap_or_default()))
}

/// The `like` pattern for texts that contain `part`, with the wildcards in `part` escaped.
fn containing(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c.to_ascii_lowercase());
    }
    pattern.push('%');
    pattern
}

fn user(row: &Row<'_>) -> Result<UserRow, Error> {
    Ok(UserRow {
        id: parsed(row, "id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        role: row.get("role")?,
        created_at: time(row, "created_at")?,
    })
}
