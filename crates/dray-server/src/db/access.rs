//! Workspaces, users, and who is in which workspace.

use dray_api::{UserId, WorkspaceId};
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{Conn, is_taken, millis, parsed, size, time};
use crate::drive::wire_time;

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

/// The workspace that every user of this version is in.
pub(crate) async fn default_workspace(c: &mut Conn) -> Result<Option<WorkspaceId>, sqlx::Error> {
    let row = sqlx::query("select id from workspaces where slug = 'default'").fetch_optional(c).await?;
    row.map(|row| parsed(&row, "id")).transpose()
}

pub(crate) async fn insert_default_workspace(
    c: &mut Conn,
    id: WorkspaceId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let sql = "insert into workspaces (id, name, slug, description, created_at, updated_at)
               values ($1, 'Default', 'default', '', $2, $2)";
    sqlx::query(sql).bind(id.to_string()).bind(millis(now)).execute(c).await?;
    Ok(())
}

pub(crate) async fn workspace_info(
    c: &mut Conn,
    id: WorkspaceId,
) -> Result<Option<dray_api::WorkspaceInfo>, sqlx::Error> {
    let sql = "select id, name, slug, description, picture, created_at, updated_at,
                      (select count(*) from memberships m where m.workspace_id = w.id) as seats
               from workspaces w where id = $1";
    let Some(row) = sqlx::query(sql).bind(id.to_string()).fetch_optional(c).await? else { return Ok(None) };
    Ok(Some(dray_api::WorkspaceInfo {
        id: parsed(&row, "id")?,
        name: row.try_get("name")?,
        slug: row.try_get("slug")?,
        description: row.try_get("description")?,
        picture: row.try_get("picture")?,
        seats: size(&row, "seats")?,
        created_at: wire_time(time(&row, "created_at")?),
        updated_at: wire_time(time(&row, "updated_at")?),
    }))
}

/// Adds a user to a workspace; `false` if the address is taken.
pub(crate) async fn insert_user(
    c: &mut Conn,
    workspace: WorkspaceId,
    user: &UserRow,
) -> Result<bool, sqlx::Error> {
    let sql = "insert into users (id, email, name, created_at) values ($1, $2, $3, $4)";
    let inserted = sqlx::query(sql)
        .bind(user.id.to_string())
        .bind(&user.email)
        .bind(&user.name)
        .bind(millis(user.created_at))
        .execute(&mut *c)
        .await;
    match inserted {
        Err(err) if is_taken(&err) => return Ok(false),
        other => other?,
    };
    let sql = "insert into memberships (workspace_id, user_id, role, created_at) values ($1, $2, $3, $4)";
    sqlx::query(sql)
        .bind(workspace.to_string())
        .bind(user.id.to_string())
        .bind(&user.role)
        .bind(millis(user.created_at))
        .execute(c)
        .await?;
    Ok(true)
}

/// The user with an address, and a workspace they are in.
pub(crate) async fn user_by_email(
    c: &mut Conn,
    email: &str,
) -> Result<Option<(UserId, WorkspaceId)>, sqlx::Error> {
    let sql = "select u.id, m.workspace_id from users u join memberships m on m.user_id = u.id
               where u.email = $1";
    let row = sqlx::query(sql).bind(email).fetch_optional(c).await?;
    row.map(|row| Ok((parsed(&row, "id")?, parsed(&row, "workspace_id")?))).transpose()
}

pub(crate) async fn list_users(c: &mut Conn) -> Result<Vec<UserRow>, sqlx::Error> {
    let sql = "select u.id, u.email, u.name, m.role, u.created_at
               from users u join memberships m on m.user_id = u.id order by u.created_at, u.id";
    let rows = sqlx::query(sql).fetch_all(c).await?;
    rows.iter().map(user).collect()
}

/// A page of a workspace's members whose name or address has `part` in it (without regard to the case of ASCII
/// letters; all, if it is empty), and how many such members there are.
pub(crate) async fn members(
    c: &mut Conn,
    workspace: WorkspaceId,
    part: &str,
    limit: u32,
    offset: u32,
) -> Result<(Vec<UserRow>, u64), sqlx::Error> {
    let pattern = containing(part);
    let sql = r"select count(*) as total from memberships m join users u on u.id = m.user_id
                where m.workspace_id = $1
                  and (lower(u.name) like $2 escape '\' or lower(u.email) like $2 escape '\')";
    let row = sqlx::query(sql).bind(workspace.to_string()).bind(&pattern).fetch_one(&mut *c).await?;
    let total = size(&row, "total")?;
    let sql = r"select u.id, u.email, u.name, m.role, m.created_at
                from memberships m join users u on u.id = m.user_id
                where m.workspace_id = $1
                  and (lower(u.name) like $2 escape '\' or lower(u.email) like $2 escape '\')
                order by m.created_at, u.id limit $3 offset $4";
    let rows = sqlx::query(sql)
        .bind(workspace.to_string())
        .bind(&pattern)
        .bind(i64::from(limit))
        .bind(i64::from(offset))
        .fetch_all(c)
        .await?;
    Ok((rows.iter().map(user).collect::<Result<_, _>>()?, total))
}

/// The pattern of `like` for texts that have `part` in them, whatever wildcards `part` has.
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

fn user(row: &SqliteRow) -> Result<UserRow, sqlx::Error> {
    Ok(UserRow {
        id: parsed(row, "id")?,
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        role: row.try_get("role")?,
        created_at: time(row, "created_at")?,
    })
}
