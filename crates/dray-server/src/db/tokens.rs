//! Access tokens.

use dray_api::{TokenId, UserId, WorkspaceId};
use jiff::Timestamp;

use super::{Conn, Error, execute, find, list, millis, parsed, time, time_or_none};
use crate::drive::access::TokenRecord;
use crate::drive::token::TokenHash;

/// A token as `dray token list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Its record's id.
    pub id: TokenId,
    /// Whose it is.
    pub email: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// A token to be stored.
pub(crate) struct NewToken {
    pub(crate) id: TokenId,
    pub(crate) hash: TokenHash,
    pub(crate) workspace: WorkspaceId,
    pub(crate) user: UserId,
    pub(crate) scopes: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

pub(crate) fn by_hash(c: &Conn, hash: &TokenHash) -> Result<Option<TokenRecord>, Error> {
    let sql = "select id, user_id, workspace_id, scopes, expires_at, revoked_at from tokens where hash = $1";
    find(c, sql, &[&hash.as_str()], |row| {
        Ok(TokenRecord {
            id: parsed(row, "id")?,
            user: parsed(row, "user_id")?,
            workspace: parsed(row, "workspace_id")?,
            scopes: row.get("scopes")?,
            expires_at: time(row, "expires_at")?,
            revoked_at: time_or_none(row, "revoked_at")?,
        })
    })
}

pub(crate) fn insert(c: &Conn, token: &NewToken) -> Result<(), Error> {
    let sql = "insert into tokens (id, hash, workspace_id, user_id, scopes, created_at, expires_at)
               values ($1, $2, $3, $4, $5, $6, $7)";
    execute(
        c,
        sql,
        &[
            &token.id.to_string(),
            &token.hash.as_str(),
            &token.workspace.to_string(),
            &token.user.to_string(),
            &token.scopes,
            &millis(token.created_at),
            &millis(token.expires_at),
        ],
    )
    .map(drop)
}

pub(crate) fn all(c: &Conn) -> Result<Vec<TokenRow>, Error> {
    let sql = "select t.id, u.email, t.scopes, t.created_at, t.expires_at, t.revoked_at
               from tokens t join users u on u.id = t.user_id order by t.created_at, t.id";
    list(c, sql, &[], |row| {
        let scopes: String = row.get("scopes")?;
        Ok(TokenRow {
            id: parsed(row, "id")?,
            email: row.get("email")?,
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            created_at: time(row, "created_at")?,
            expires_at: time(row, "expires_at")?,
            revoked_at: time_or_none(row, "revoked_at")?,
        })
    })
}

/// Revokes a token; `false` if there is none with this id. Revoking again keeps the first time.
pub(crate) fn revoke(c: &Conn, id: TokenId, now: Timestamp) -> Result<bool, Error> {
    let sql = "update tokens set revoked_at = coalesce(revoked_at, $2) where id = $1";
    Ok(execute(c, sql, &[&id.to_string(), &millis(now)])? == 1)
}
