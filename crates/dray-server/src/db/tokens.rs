//! Access tokens.

use dray_api::{ItemId, TokenId, UserId, WorkspaceId};
use jiff::Timestamp;

use super::{
    Conn, Error, Row, execute, find, list, millis, parsed, parsed_or_none, time, time_or_none, value,
};
use crate::drive::access::{Caller, TokenRecord};
use crate::drive::token::TokenHash;

/// A token as `dray token list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Its record's id.
    pub id: TokenId,
    /// Whose it is.
    pub email: String,
    /// What it is for, for people.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// The folder that it is confined to, if it is.
    pub folder: Option<ItemId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// A token to be stored.
#[derive(Clone)]
pub(crate) struct NewToken {
    pub(crate) id: TokenId,
    pub(crate) hash: TokenHash,
    pub(crate) workspace: WorkspaceId,
    pub(crate) user: UserId,
    pub(crate) name: String,
    pub(crate) scopes: String,
    pub(crate) folder: Option<ItemId>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

pub(crate) fn by_hash(c: &Conn, hash: &TokenHash) -> Result<Option<TokenRecord>, Error> {
    let sql = "select id, user_id, workspace_id, scopes, folder_id, expires_at, revoked_at
               from tokens where hash = $1";
    find(c, sql, &[&hash.as_str()], |row| {
        Ok(TokenRecord {
            id: parsed(row, "id")?,
            user: parsed(row, "user_id")?,
            workspace: parsed(row, "workspace_id")?,
            scopes: row.get("scopes")?,
            folder: parsed_or_none(row, "folder_id")?,
            expires_at: time(row, "expires_at")?,
            revoked_at: time_or_none(row, "revoked_at")?,
        })
    })
}

pub(crate) fn insert(c: &Conn, token: &NewToken) -> Result<(), Error> {
    let sql = "insert into tokens (id, hash, workspace_id, user_id, name, scopes, folder_id, created_at, expires_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
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
        ],
    )
    .map(drop)
}

/// The columns that [`token`] reads.
macro_rules! tokens {
    ($which:literal) => {
        concat!(
            "select t.id, u.email, t.name, t.scopes, t.folder_id, t.created_at, t.expires_at, t.revoked_at
             from tokens t join users u on u.id = t.user_id ",
            $which,
            " order by t.created_at, t.id"
        )
    };
}

pub(crate) fn all(c: &Conn) -> Result<Vec<TokenRow>, Error> {
    list(c, tokens!(""), &[], token)
}

/// The caller's own.
pub(crate) fn of_user(c: &Conn, caller: &Caller) -> Result<Vec<TokenRow>, Error> {
    let sql = tokens!("where t.user_id = $1 and t.workspace_id = $2");
    list(c, sql, &[&caller.user.to_string(), &caller.workspace.to_string()], token)
}

/// How many of the caller's are good now.
pub(crate) fn count_good(c: &Conn, caller: &Caller, now: Timestamp) -> Result<i64, Error> {
    let sql = "select count(*) as good from tokens
               where user_id = $1 and workspace_id = $2 and revoked_at is null and expires_at > $3";
    value(c, sql, &[&caller.user.to_string(), &caller.workspace.to_string(), &millis(now)], "good")
}

/// As [`revoke`], if the token is the caller's own.
pub(crate) fn revoke_own(c: &Conn, caller: &Caller, id: TokenId, now: Timestamp) -> Result<bool, Error> {
    let sql = "update tokens set revoked_at = coalesce(revoked_at, $2)
               where id = $1 and user_id = $3 and workspace_id = $4";
    let (user, workspace) = (caller.user.to_string(), caller.workspace.to_string());
    Ok(execute(c, sql, &[&id.to_string(), &millis(now), &user, &workspace])? == 1)
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
    })
}

/// Revokes a token; `false` if there is none with this id. Revoking again keeps the first time.
pub(crate) fn revoke(c: &Conn, id: TokenId, now: Timestamp) -> Result<bool, Error> {
    let sql = "update tokens set revoked_at = coalesce(revoked_at, $2) where id = $1";
    Ok(execute(c, sql, &[&id.to_string(), &millis(now)])? == 1)
}
