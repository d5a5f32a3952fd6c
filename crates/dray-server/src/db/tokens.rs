//! Access tokens.

use dray_api::{TokenId, UserId, WorkspaceId};
use jiff::Timestamp;
use sqlx::Row as _;

use super::{Conn, millis, parsed, time, time_or_none};
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

pub(crate) async fn by_hash(c: &mut Conn, hash: &TokenHash) -> Result<Option<TokenRecord>, sqlx::Error> {
    let sql = "select id, user_id, workspace_id, scopes, expires_at, revoked_at from tokens where hash = $1";
    let Some(row) = sqlx::query(sql).bind(hash.as_str()).fetch_optional(c).await? else { return Ok(None) };
    Ok(Some(TokenRecord {
        id: parsed(&row, "id")?,
        user: parsed(&row, "user_id")?,
        workspace: parsed(&row, "workspace_id")?,
        scopes: row.try_get("scopes")?,
        expires_at: time(&row, "expires_at")?,
        revoked_at: time_or_none(&row, "revoked_at")?,
    }))
}

pub(crate) async fn insert(c: &mut Conn, token: &NewToken) -> Result<(), sqlx::Error> {
    let sql = "insert into tokens (id, hash, workspace_id, user_id, scopes, created_at, expires_at)
               values ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(sql)
        .bind(token.id.to_string())
        .bind(token.hash.as_str())
        .bind(token.workspace.to_string())
        .bind(token.user.to_string())
        .bind(&token.scopes)
        .bind(millis(token.created_at))
        .bind(millis(token.expires_at))
        .execute(c)
        .await?;
    Ok(())
}

pub(crate) async fn list(c: &mut Conn) -> Result<Vec<TokenRow>, sqlx::Error> {
    let sql = "select t.id, u.email, t.scopes, t.created_at, t.expires_at, t.revoked_at
               from tokens t join users u on u.id = t.user_id order by t.created_at, t.id";
    let rows = sqlx::query(sql).fetch_all(c).await?;
    rows.iter()
        .map(|row| {
            let scopes: &str = row.try_get("scopes")?;
            Ok(TokenRow {
                id: parsed(row, "id")?,
                email: row.try_get("email")?,
                scopes: scopes.split_whitespace().map(str::to_owned).collect(),
                created_at: time(row, "created_at")?,
                expires_at: time(row, "expires_at")?,
                revoked_at: time_or_none(row, "revoked_at")?,
            })
        })
        .collect()
}

/// Revokes a token; `false` if there is none with this id. Revoking again keeps the first time.
pub(crate) async fn revoke(c: &mut Conn, id: TokenId, now: Timestamp) -> Result<bool, sqlx::Error> {
    let sql = "update tokens set revoked_at = coalesce(revoked_at, $2) where id = $1";
    let done = sqlx::query(sql).bind(id.to_string()).bind(millis(now)).execute(c).await?;
    Ok(done.rows_affected() == 1)
}
