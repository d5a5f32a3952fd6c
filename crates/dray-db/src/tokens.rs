//! Access tokens.

use dray_api::{ItemId, TokenId, UserId, WorkspaceId};
use jiff::Timestamp;

use super::{
    Conn, Error, Row, execute, find, list, lock, millis, parsed, parsed_or_none, time, time_or_none, value,
};
use dray_drive::access::{Caller, TokenRecord};
use dray_drive::token::TokenHash;

/// A token as `dray token list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Its record's id.
    pub id: TokenId,
    /// The email address of its user.
    pub email: String,
    /// Its name, for people.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// The folder that it is confined to, if it is.
    pub folder: Option<ItemId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The token that created it, if there is one. This token ends with that one.
    pub parent: Option<TokenId>,
    /// The latest expiry that rotation may give to its successor; `None` means its own expiry.
    pub rotate_until: Option<Timestamp>,
    /// The token that replaced it, if there is one.
    pub successor: Option<TokenId>,
}

/// A token to be stored.
#[derive(Clone)]
pub struct NewToken {
    /// Its id, which is no secret.
    pub id: TokenId,
    /// Hash of the secret.
    pub hash: TokenHash,
    /// The workspace that it opens.
    pub workspace: WorkspaceId,
    /// The user that it acts for.
    pub user: UserId,
    /// Its name, as its maker chose it.
    pub name: String,
    /// Its scopes, with a space between them.
    pub scopes: String,
    /// The folder that it is confined to; `None` means the whole drive.
    pub folder: Option<ItemId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The token that created it.
    pub parent: Option<TokenId>,
    /// The latest expiry of the tokens that replace it by rotation.
    pub rotate_until: Option<Timestamp>,
}

/// A token and its descendants: the tokens that it created, the tokens that it replaced, and the descendants of all these.
macro_rules! descendants {
    ($of:literal) => {
        concat!(
            "(with recursive line (id) as (
                 select id from tokens where id = ",
            $of,
            "
                 union
                 select d.id from tokens d join line on d.parent_id = line.id or d.successor_id = line.id
             ) select id from line)"
        )
    };
}

pub(super) use descendants;

/// Which rows `t` are tokens that people have, and not grants or file requests, which have their own routes.
macro_rules! people {
    () => {
        "t.scopes not in ('drive_grant', 'drive_request', 'drive_submitter')"
    };
}

/// Which tokens a caller may see and revoke: user $1, workspace $2, their token $3.
macro_rules! own {
    () => {
        concat!(
            "where t.user_id = $1 and t.workspace_id = $2 and ",
            people!(),
            "
             and (exists (select 1 from tokens r where r.id = $3 and r.parent_id is null) or t.id in ",
            descendants!("$3"),
            ")"
        )
    };
}

/// The columns that [`token`] reads.
macro_rules! tokens {
    ($($which:tt)*) => {
        concat!(
            "select t.id, u.email, t.name, t.scopes, t.folder_id, t.created_at, t.expires_at, t.revoked_at,
                 t.parent_id, t.rotate_until, t.successor_id
             from tokens t join users u on u.id = t.user_id ",
            $($which)*,
            " order by t.created_at, t.id"
        )
    };
}

/// The token with this hash, and until when its ancestors are valid: 0 if one of them was revoked.
pub fn by_hash(c: &Conn, hash: &TokenHash) -> Result<Option<TokenRecord>, Error> {
    // For a token that no other token created, which is the most common case, this costs only the look-up.
    let sql = "select t.id, t.user_id, t.workspace_id, t.scopes, t.folder_id, t.expires_at, t.revoked_at,
                   case when t.parent_id is not null then (
                       with recursive line (parent_id, expires_at, revoked_at) as (
                           select p.parent_id, p.expires_at, p.revoked_at from tokens p where p.id = t.parent_id
                           union
                           select p.parent_id, p.expires_at, p.revoked_at from tokens p
                           join line on p.id = line.parent_id
                       )
                       select min(case when revoked_at is null then expires_at else 0 end) from line
                   ) end as line_until,
                   coalesce(t.line_id, t.id) as line_id
               from tokens t where t.hash = $1";
    find(c, sql, &[&hash.as_str()], |row| {
        Ok(TokenRecord {
            id: parsed(row, "id")?,
            user: parsed(row, "user_id")?,
            workspace: parsed(row, "workspace_id")?,
            scopes: row.get("scopes")?,
            folder: parsed_or_none(row, "folder_id")?,
            expires_at: time(row, "expires_at")?,
            revoked_at: time_or_none(row, "revoked_at")?,
            line_until: time_or_none(row, "line_until")?,
            line: parsed(row, "line_id")?,
        })
    })
}

/// Until this transaction ends, no other transaction creates, rotates or revokes tokens of the user.
pub fn lock_of_user(c: &Conn, caller: &Caller) -> Result<(), Error> {
    lock(c, &format!("tokens {}", caller.user))
}

/// Like [`lock_of_user`], for the user of this token, if there is such a token.
pub fn lock_of_token(c: &Conn, id: TokenId) -> Result<(), Error> {
    let user: Option<UserId> =
        find(c, "select user_id from tokens where id = $1", &[&id.to_string()], |row| {
            parsed(row, "user_id")
        })?;
    user.map_or(Ok(()), |user| lock(c, &format!("tokens {user}")))
}

/// A token with its ancestors.
pub struct Line {
    /// How many tokens these are, including itself.
    pub depth: i64,
    /// When the first of them ends; 1970 if one of them was revoked.
    pub until: Timestamp,
    /// The token itself.
    pub token: TokenRow,
}

/// The token and its ancestors; `None` if there is no such token.
pub fn line(c: &Conn, id: TokenId) -> Result<Option<Line>, Error> {
    let sql = "with recursive line (id, parent_id, expires_at, revoked_at) as (
                   select id, parent_id, expires_at, revoked_at from tokens where id = $1
                   union
                   select p.id, p.parent_id, p.expires_at, p.revoked_at from tokens p
                   join line on p.id = line.parent_id
               )
               select count(*) as depth,
                   coalesce(min(case when revoked_at is null then expires_at else 0 end), 0) as until
               from line";
    let found = find(c, sql, &[&id.to_string()], |row| Ok((row.get("depth")?, time(row, "until")?)))?;
    let own = find(c, tokens!("where t.id = $1"), &[&id.to_string()], token)?;
    Ok(found.zip(own).map(|((depth, until), token)| Line { depth, until, token }))
}

/// `new` replaces `old` in its line. The old one ends at `old_ends_at`, or now. Tokens that it created now descend from the new
/// one.
pub fn succeed(
    c: &Conn,
    old: TokenId,
    new: TokenId,
    old_ends_at: Timestamp,
    revoked_at: Option<Timestamp>,
) -> Result<(), Error> {
    let (old, new) = (old.to_string(), new.to_string());
    execute(c, "update tokens set parent_id = $2 where parent_id = $1", &[&old, &new])?;
    let sql = "update tokens set successor_id = $2, expires_at = $3, revoked_at = $4 where id = $1";
    execute(c, sql, &[&old, &new, &millis(old_ends_at), &revoked_at.map(millis)])?;
    let sql = "update tokens set line_id = (select coalesce(o.line_id, o.id) from tokens o where o.id = $1) where id = $2";
    execute(c, sql, &[&old, &new]).map(drop)
}

/// Adds a token, to the line of the one that created it.
pub fn insert(c: &Conn, token: &NewToken) -> Result<(), Error> {
    let sql = "insert into tokens (id, hash, workspace_id, user_id, name, scopes, folder_id, created_at, expires_at,
                                   parent_id, rotate_until, line_id)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
                   (select coalesce(p.line_id, p.id) from tokens p where p.id = $10))";
    execute(
        c,
        sql,
        &[
            &token.id.to_string(),
            &token.hash.as_str(),
            &token.workspace.to_string(),
            &token.user.to_string(),
            &token.name,
            &token.scopes,
            &token.folder.map(|id| id.to_string()),
            &millis(token.created_at),
            &millis(token.expires_at),
            &token.parent.map(|id| id.to_string()),
            &token.rotate_until.map(millis),
        ],
    )
    .map(drop)
}

/// All tokens except grants and file requests, the oldest first.
pub fn all(c: &Conn) -> Result<Vec<TokenRow>, Error> {
    list(c, tokens!(concat!("where ", people!())), &[], token)
}

/// The caller's tokens that the caller may see: all, if no other token created the caller's; otherwise its descendants.
pub fn of_caller(c: &Conn, caller: &Caller) -> Result<Vec<TokenRow>, Error> {
    let own = caller.token.map(|id| id.to_string());
    list(c, tokens!(own!()), &[&caller.user.to_string(), &caller.workspace.to_string(), &own], token)
}

/// How many tokens of the caller are valid now, not counting those that another has replaced.
pub fn count_good(c: &Conn, caller: &Caller, now: Timestamp) -> Result<i64, Error> {
    let sql = concat!(
        "select count(*) as good from tokens t
         where t.user_id = $1 and t.workspace_id = $2 and t.revoked_at is null and t.expires_at > $3
           and t.successor_id is null and ",
        people!()
    );
    value(c, sql, &[&caller.user.to_string(), &caller.workspace.to_string(), &millis(now)], "good")
}

/// The folders to which this token and those that it comes from are confined.
pub fn folders_of_line(c: &Conn, id: TokenId) -> Result<Vec<ItemId>, Error> {
    let sql = "with recursive line (id, parent_id, folder_id) as (
                   select id, parent_id, folder_id from tokens where id = $1
                   union
                   select p.id, p.parent_id, p.folder_id from tokens p join line on p.id = line.parent_id
               )
               select distinct folder_id from line where folder_id is not null";
    list(c, sql, &[&id.to_string()], |row| parsed(row, "folder_id"))
}

/// The token that created this one, if one did.
pub fn parent(c: &Conn, id: TokenId) -> Result<Option<TokenId>, Error> {
    let found = find(c, "select parent_id from tokens where id = $1", &[&id.to_string()], |row| {
        parsed_or_none(row, "parent_id")
    });
    Ok(found?.flatten())
}

/// How many valid tokens come from this one, not counting itself and those that another has replaced.
pub fn count_descendants(c: &Conn, id: TokenId, now: Timestamp) -> Result<i64, Error> {
    let sql = concat!(
        "select count(*) as good from tokens t
         where t.id <> $1 and t.revoked_at is null and t.expires_at > $2 and t.successor_id is null and ",
        people!(),
        " and t.id in ",
        descendants!("$1")
    );
    value(c, sql, &[&id.to_string(), &millis(now)], "good")
}

/// The valid tokens that have replaced this one, directly or one after the other.
pub fn replacements(c: &Conn, id: TokenId, now: Timestamp) -> Result<Vec<TokenId>, Error> {
    let sql = "with recursive chain (id) as (
                   select successor_id from tokens where id = $1 and successor_id is not null
                   union
                   select t.successor_id from tokens t join chain on t.id = chain.id where t.successor_id is not null
               )
               select t.id from tokens t join chain on t.id = chain.id
               where t.revoked_at is null and t.expires_at > $2 order by t.created_at";
    list(c, sql, &[&id.to_string(), &millis(now)], |row| parsed(row, "id"))
}

/// The last of the tokens that have replaced this one, each the one before; the token itself if none did. What ends with
/// that one includes all of them (see `descendants!`).
pub fn newest(c: &Conn, id: TokenId) -> Result<TokenId, Error> {
    let sql = "with recursive chain (id, place) as (
                   select id, 0 from tokens where id = $1
                   union
                   select n.id, chain.place + 1 from tokens t join chain on t.id = chain.id
                   join tokens n on n.id = t.successor_id
               )
               select id from chain order by place desc limit 1";
    Ok(find(c, sql, &[&id.to_string()], |row| parsed(row, "id"))?.unwrap_or(id))
}

/// How many tokens in the chain that this one replaced were created after `since`.
pub fn count_replaced(c: &Conn, id: TokenId, since: Timestamp) -> Result<i64, Error> {
    let sql = "with recursive chain (id, created_at) as (
                   select id, created_at from tokens where successor_id = $1
                   union
                   select t.id, t.created_at from tokens t join chain on t.successor_id = chain.id
                   where chain.created_at > $2
               )
               select count(*) as replaced from chain where created_at > $2";
    value(c, sql, &[&id.to_string(), &millis(since)], "replaced")
}

/// Whether `id` is this token, or comes from it.
pub fn comes_from(c: &Conn, id: TokenId, ancestor: TokenId) -> Result<bool, Error> {
    if id == ancestor {
        return Ok(true);
    }
    let sql = concat!("select id from tokens where id = $2 and id in ", descendants!("$1"));
    Ok(find(c, sql, &[&ancestor.to_string(), &id.to_string()], |_| Ok(()))?.is_some())
}

/// Whether the token is one of those that [`of_caller`] lists.
pub fn is_own(c: &Conn, caller: &Caller, id: TokenId) -> Result<bool, Error> {
    let (user, workspace) = (caller.user.to_string(), caller.workspace.to_string());
    let own = caller.token.map(|id| id.to_string());
    let sql = tokens!(concat!(own!(), " and t.id = $4"));
    Ok(find(c, sql, &[&user, &workspace, &own, &id.to_string()], token)?.is_some())
}

fn token(row: &Row<'_>) -> Result<TokenRow, Error> {
    Ok(TokenRow {
        id: parsed(row, "id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        scopes: row.text("scopes")?.split_whitespace().map(str::to_owned).collect(),
        folder: parsed_or_none(row, "folder_id")?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
        revoked_at: time_or_none(row, "revoked_at")?,
        parent: parsed_or_none(row, "parent_id")?,
        rotate_until: time_or_none(row, "rotate_until")?,
        successor: parsed_or_none(row, "successor_id")?,
    })
}

/// Revokes a token and its descendants (see `descendants!`); `false` if there is none with this id. If a token was
/// revoked before, the first time stays.
pub fn revoke(c: &Conn, id: TokenId, now: Timestamp) -> Result<bool, Error> {
    if find(c, "select id from tokens where id = $1", &[&id.to_string()], |_| Ok(()))?.is_none() {
        return Ok(false);
    }
    let sql =
        concat!("update tokens set revoked_at = $2 where revoked_at is null and id in ", descendants!("$1"));
    execute(c, sql, &[&id.to_string(), &millis(now)])?;
    // Nobody can continue the uploads of grants that end with it, so the sweeper soon releases what they reserve.
    let sql = concat!(
        "update uploads set expires_at = $2
         where state in ('opening', 'open') and expires_at > $2 and grant_id in ",
        descendants!("$1")
    );
    execute(c, sql, &[&id.to_string(), &millis(now)])?;
    Ok(true)
}
