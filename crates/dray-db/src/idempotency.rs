//! What requests with an `Idempotency-Key` have created.

use dray_api::{TokenId, UploadRowId};
use jiff::Timestamp;

use super::{Conn, Error, execute, find, list, lock, millis, parsed, parsed_or_none};
use dray_drive::access::Caller;

/// What identifies a request: its caller's token, its route, its key.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// The token of the request.
    pub token: TokenId,
    /// The route of the request, as a pattern.
    pub route: &'a str,
    /// The key, as the client wrote it.
    pub text: &'a str,
}

/// The outcome of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Identifies its method, path and body.
    pub fingerprint: String,
    /// The answer, as JSON without secrets.
    pub answer: Option<String>,
    /// The upload that it started.
    pub upload: Option<UploadRowId>,
}

/// The outcome of the request with this key, if it is newer than `since`. Until this transaction ends, other requests
/// with the key wait. Lock order: this is the first lock of a transaction.
pub fn take(c: &Conn, key: Key<'_>, since: Timestamp) -> Result<Option<Kept>, Error> {
    lock(c, &format!("idempotency {} {} {}", key.token, key.route, key.text))?;
    let sql = "select fingerprint, answer, upload_id from idempotency_keys
               where token_id = $1 and route = $2 and key = $3 and created_at > $4";
    find(c, sql, &[&key.token.to_string(), &key.route, &key.text, &millis(since)], |row| {
        let (fingerprint, answer) = (row.get("fingerprint")?, row.get("answer")?);
        Ok(Kept { fingerprint, answer, upload: parsed_or_none(row, "upload_id")? })
    })
}

/// Stores the outcome of a request, and replaces one that is too old.
pub fn keep(c: &Conn, key: Key<'_>, caller: &Caller, kept: &Kept, now: Timestamp) -> Result<(), Error> {
    let sql = "insert into idempotency_keys (token_id, route, key, user_id, workspace_id, fingerprint, answer, upload_id,
                                             created_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               on conflict (token_id, route, key) do update set fingerprint = excluded.fingerprint,
                   answer = excluded.answer, upload_id = excluded.upload_id, created_at = excluded.created_at";
    let (token, upload) = (key.token.to_string(), kept.upload.map(|id| id.to_string()));
    let (user, workspace) = (caller.user.to_string(), caller.workspace.to_string());
    let Kept { fingerprint, answer, .. } = kept;
    let now = millis(now);
    execute(c, sql, &[&token, &key.route, &key.text, &user, &workspace, fingerprint, answer, &upload, &now])
        .map(drop)
}

/// Removes up to `limit` outcomes that are older than `before`, and returns how many.
pub fn forget_old(c: &Conn, before: Timestamp, limit: usize) -> Result<u64, Error> {
    let sql = "delete from idempotency_keys where created_at <= $1 and (token_id, route, key) in (
                   select token_id, route, key from idempotency_keys where created_at <= $1 order by created_at limit $2
               )";
    execute(c, sql, &[&millis(before), &super::rows_at_most(limit)])
}

/// The tokens with more than `most` outcomes. For each, when the newest outcome beyond the latest `most` was created.
pub fn over(c: &Conn, most: usize) -> Result<Vec<(TokenId, i64)>, Error> {
    let sql = "select t.token_id,
                   (select k.created_at from idempotency_keys k where k.token_id = t.token_id
                    order by k.created_at desc limit 1 offset $1) as since
               from (select token_id from idempotency_keys group by token_id having count(*) > $1) t";
    list(c, sql, &[&super::rows_at_most(most)], |row| Ok((parsed(row, "token_id")?, row.get("since")?)))
}

/// Forgets a token's outcomes that are as old as `since`, in milliseconds since 1970, or older.
pub fn forget_of(c: &Conn, token: TokenId, since: i64) -> Result<u64, Error> {
    let sql = "delete from idempotency_keys where token_id = $1 and created_at <= $2";
    execute(c, sql, &[&token.to_string(), &since])
}
