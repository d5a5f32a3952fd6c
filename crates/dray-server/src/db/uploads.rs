//! Uploads: rows of the state machine in `drive/upload.rs`. Every change of state is one compare-and-set.

use dray_api::UploadRowId;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{Conn, millis, parsed, parsed_or_none, size, stored_size, time};
use crate::drive::access::Caller;
use crate::drive::upload::{Digest, LeaseHolder, State, Upload};

/// Which uploads a finalize may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TakeFrom {
    /// A client asks: open ones too.
    OpenOrLapsed,
    /// The sweeper goes on: only those whose lease ran out. What it knows may be old, and an upload that is open
    /// again is its client's.
    Lapsed,
}

/// Inserts an upload in state `opening`.
pub(crate) async fn insert_opening(c: &mut Conn, upload: &Upload) -> Result<(), sqlx::Error> {
    let sql =
        "insert into uploads (id, workspace_id, user_id, parent_id, item_id, name, mime_type, size_bytes,
                                    object_key, store_token, state, created_at, expires_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'opening', $11, $12)";
    sqlx::query(sql)
        .bind(upload.id.to_string())
        .bind(upload.workspace.to_string())
        .bind(upload.user.to_string())
        .bind(upload.parent.map(|id| id.to_string()))
        .bind(upload.item.to_string())
        .bind(&upload.name)
        .bind(&upload.mime_type)
        .bind(stored_size(upload.size_bytes)?)
        .bind(&upload.object_key)
        .bind(&upload.store_token)
        .bind(millis(upload.created_at))
        .bind(millis(upload.expires_at))
        .execute(c)
        .await?;
    Ok(())
}

/// `opening` → `open`, with the store's upload id.
pub(crate) async fn open(c: &mut Conn, id: UploadRowId, store_upload_id: &str) -> Result<bool, sqlx::Error> {
    let sql = "update uploads set state = 'open', store_upload_id = $2 where id = $1 and state = 'opening'";
    let done = sqlx::query(sql).bind(id.to_string()).bind(store_upload_id).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// The caller's upload by what the wire calls it.
pub(crate) async fn of_caller(
    c: &mut Conn,
    caller: &Caller,
    store_upload_id: &str,
    object_key: &str,
) -> Result<Option<Upload>, sqlx::Error> {
    let sql = "select * from uploads
               where store_upload_id = $1 and object_key = $2 and workspace_id = $3 and user_id = $4";
    let row = sqlx::query(sql)
        .bind(store_upload_id)
        .bind(object_key)
        .bind(caller.workspace.to_string())
        .bind(caller.user.to_string())
        .fetch_optional(c)
        .await?;
    row.map(|row| upload(&row)).transpose()
}

/// The upload as it is now.
pub(crate) async fn by_id(c: &mut Conn, id: UploadRowId) -> Result<Option<Upload>, sqlx::Error> {
    let row =
        sqlx::query("select * from uploads where id = $1").bind(id.to_string()).fetch_optional(c).await?;
    row.map(|row| upload(&row)).transpose()
}

pub(crate) async fn set_expiry(
    c: &mut Conn,
    id: UploadRowId,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let sql = "update uploads set expires_at = $2 where id = $1 and state = 'open' and expires_at < $2";
    sqlx::query(sql).bind(id.to_string()).bind(millis(expires_at)).execute(c).await?;
    Ok(())
}

/// A finalize takes the lease: `open` → `completing` (unless it only goes on with what others began), or over
/// from one whose lease has run out. `false`: another was faster.
pub(crate) async fn begin_completing(
    c: &mut Conn,
    id: UploadRowId,
    digest: &Digest,
    holder: &LeaseHolder,
    now: Timestamp,
    lease_until: Timestamp,
    from: TakeFrom,
) -> Result<bool, sqlx::Error> {
    let sql = "update uploads set state = 'completing', digest = $2, lease_holder = $3, lease_until = $5
               where id = $1
                 and ((state = 'open' and $6)
                      or (state = 'completing' and digest = $2 and (lease_until <= $4 or lease_until > $5)))";
    let done = sqlx::query(sql)
        .bind(id.to_string())
        .bind(&digest.0)
        .bind(&holder.0)
        .bind(millis(now))
        .bind(millis(lease_until))
        .bind(from == TakeFrom::OpenOrLapsed)
        .execute(c)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// `completing` → `open`: the store refused the parts, so the client may put things right. Only the holder of
/// the lease may.
pub(crate) async fn reopen(c: &mut Conn, id: UploadRowId, holder: &LeaseHolder) -> Result<bool, sqlx::Error> {
    let sql = "update uploads set state = 'open', digest = null, lease_holder = null, lease_until = null
               where id = $1 and state = 'completing' and lease_holder = $2";
    let done = sqlx::query(sql).bind(id.to_string()).bind(&holder.0).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the lease back without an outcome, so that the next finalize need not wait for it to run out.
pub(crate) async fn release(c: &mut Conn, id: UploadRowId, holder: &LeaseHolder) -> Result<(), sqlx::Error> {
    let sql = "update uploads set lease_until = 0
               where id = $1 and state = 'completing' and lease_holder = $2";
    sqlx::query(sql).bind(id.to_string()).bind(&holder.0).execute(c).await?;
    Ok(())
}

/// → `completed`. `false` if it was already. The object is there, so nothing short of a tombstone undoes it.
pub(crate) async fn complete(c: &mut Conn, id: UploadRowId, digest: &Digest) -> Result<bool, sqlx::Error> {
    let sql = "update uploads set state = 'completed', digest = $2, lease_holder = null, lease_until = null
               where id = $1 and state in ('open', 'completing')";
    let done = sqlx::query(sql).bind(id.to_string()).bind(&digest.0).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// → `aborted`: the store no longer has it. Only the holder of the lease may.
pub(crate) async fn abort_completing(
    c: &mut Conn,
    id: UploadRowId,
    holder: &LeaseHolder,
) -> Result<bool, sqlx::Error> {
    let sql = "update uploads set state = 'aborted', lease_holder = null, lease_until = null
               where id = $1 and state = 'completing' and lease_holder = $2";
    let done = sqlx::query(sql).bind(id.to_string()).bind(&holder.0).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// Uploads whose time has come: a finalize whose lease ran out, an expiry, parts that are still to be freed.
///
/// A lease that ends after `latest_lease` was taken before the clock was set back.
pub(crate) async fn due(
    c: &mut Conn,
    now: Timestamp,
    latest_lease: Timestamp,
    limit: u32,
) -> Result<Vec<Upload>, sqlx::Error> {
    let sql = "select * from uploads
               where state <> 'completed' and parts_freed_at is null
                 and ((state = 'completing' and (lease_until <= $1 or lease_until > $3))
                      or (state in ('opening', 'open') and expires_at <= $1)
                      or state in ('aborted', 'expired'))
               order by expires_at limit $2";
    let rows = sqlx::query(sql)
        .bind(millis(now))
        .bind(i64::from(limit))
        .bind(millis(latest_lease))
        .fetch_all(c)
        .await?;
    rows.iter().map(upload).collect()
}

/// Ends every lease: for a server that has just started and is the only one, whose predecessor held them.
pub(crate) async fn end_leases(c: &mut Conn) -> Result<(), sqlx::Error> {
    sqlx::query("update uploads set lease_until = 0 where state = 'completing'").execute(c).await?;
    Ok(())
}

/// `opening` or `open` → `expired`, if its time is over. `false`: it is not, or something else happened.
pub(crate) async fn expire(c: &mut Conn, id: UploadRowId, now: Timestamp) -> Result<bool, sqlx::Error> {
    let sql = "update uploads set state = 'expired'
               where id = $1 and state in ('opening', 'open') and expires_at <= $2";
    let done = sqlx::query(sql).bind(id.to_string()).bind(millis(now)).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// The store has dropped the parts of an upload that is over.
pub(crate) async fn parts_freed(c: &mut Conn, id: UploadRowId, now: Timestamp) -> Result<(), sqlx::Error> {
    let sql = "update uploads set parts_freed_at = $2 where id = $1 and state in ('aborted', 'expired')";
    sqlx::query(sql).bind(id.to_string()).bind(millis(now)).execute(c).await?;
    Ok(())
}

fn upload(row: &SqliteRow) -> Result<Upload, sqlx::Error> {
    Ok(Upload {
        id: parsed(row, "id")?,
        workspace: parsed(row, "workspace_id")?,
        user: parsed(row, "user_id")?,
        parent: parsed_or_none(row, "parent_id")?,
        item: parsed(row, "item_id")?,
        name: row.try_get("name")?,
        mime_type: row.try_get("mime_type")?,
        size_bytes: size(row, "size_bytes")?,
        object_key: row.try_get("object_key")?,
        store_token: row.try_get("store_token")?,
        store_upload_id: row.try_get("store_upload_id")?,
        state: state(row)?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
    })
}

fn state(row: &SqliteRow) -> Result<State, sqlx::Error> {
    let digest = || row.try_get("digest").map(Digest);
    Ok(match row.try_get("state")? {
        "opening" => State::Opening,
        "open" => State::Open,
        "completing" => State::Completing {
            digest: digest()?,
            holder: LeaseHolder(row.try_get("lease_holder")?),
            lease_until: time(row, "lease_until")?,
        },
        "completed" => State::Completed { digest: digest()? },
        "aborted" => State::Aborted,
        "expired" => State::Expired,
        other => return Err(sqlx::Error::Decode(format!("upload state {other}").into())),
    })
}
