//! Uploads: rows of the state machine in `drive/upload.rs`. Every change of state is one compare-and-set.

use dray_api::upload::OnConflict;
use dray_api::{ItemId, UploadRowId};
use jiff::Timestamp;

use super::{
    Conn, Error, Row, execute, find, list, millis, parsed, parsed_or_none, rows_at_most, size, stored_size,
    time,
};
use crate::drive::access::Caller;
use crate::drive::parts::{Crc64, Digest};
use crate::drive::upload::{LeaseHolder, State, Upload};

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
pub(crate) fn insert_opening(c: &Conn, upload: &Upload) -> Result<(), Error> {
    let sql =
        "insert into uploads (id, workspace_id, user_id, parent_id, item_id, name, mime_type, size_bytes,
                              on_conflict, crc64nvme, object_key, store_token, state, created_at, expires_at,
                              confined_to, only_uploads)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'opening', $13, $14, $15, $16)";
    execute(
        c,
        sql,
        &[
            &upload.id.to_string(),
            &upload.workspace.to_string(),
            &upload.user.to_string(),
            &upload.parent.map(|id| id.to_string()),
            &upload.item.to_string(),
            &upload.name,
            &upload.mime_type,
            &stored_size(upload.size_bytes)?,
            &on_conflict_text(upload.on_conflict),
            &upload.crc64.as_ref().map(Crc64::as_str),
            &upload.object_key,
            &upload.store_token,
            &millis(upload.created_at),
            &millis(upload.expires_at),
            &upload.confined_to.map(|id| id.to_string()),
            &upload.only_uploads,
        ],
    )
    .map(drop)
}

/// `opening` → `open`, with the store's upload id.
pub(crate) fn open(c: &Conn, id: UploadRowId, store_upload_id: &str) -> Result<bool, Error> {
    let sql = "update uploads set state = 'open', store_upload_id = $2 where id = $1 and state = 'opening'";
    Ok(execute(c, sql, &[&id.to_string(), &store_upload_id])? == 1)
}

/// The caller's upload by what the wire calls it.
pub(crate) fn of_caller(
    c: &Conn,
    caller: &Caller,
    store_upload_id: &str,
    object_key: &str,
) -> Result<Option<Upload>, Error> {
    let sql = "select * from uploads
               where store_upload_id = $1 and object_key = $2 and workspace_id = $3 and user_id = $4";
    find(
        c,
        sql,
        &[&store_upload_id, &object_key, &caller.workspace.to_string(), &caller.user.to_string()],
        upload,
    )
}

/// The upload as it is now.
pub(crate) fn by_id(c: &Conn, id: UploadRowId) -> Result<Option<Upload>, Error> {
    find(c, "select * from uploads where id = $1", &[&id.to_string()], upload)
}

/// The upload that an object came by.
pub(crate) fn of_object(c: &Conn, object_key: &str) -> Result<Option<UploadRowId>, Error> {
    find(c, "select id from uploads where object_key = $1", &[&object_key], |row| parsed(row, "id"))
}

/// The caller's uploads that have not come to their end, the latest first, from the first one after `after`. A token
/// that may only upload is told of those that such a token began.
pub(crate) fn open_of_caller(
    c: &Conn,
    caller: &Caller,
    after: Option<(Timestamp, UploadRowId)>,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Upload>, Error> {
    let sql = "select * from uploads
               where user_id = $1 and workspace_id = $2 and (state = 'opening' or state = 'open' or state = 'completing')
                 and (state = 'completing' or (state = 'open' and expires_at > $5))
                 and (only_uploads or not $7)
                 and (created_at, id) < ($3, $4)
               order by created_at desc, id desc limit $6";
    let (before, id) = match after {
        Some((time, id)) => (millis(time), id.to_string()),
        None => (i64::MAX, String::new()),
    };
    let (user, workspace) = (caller.user.to_string(), caller.workspace.to_string());
    let only = caller.only_uploads();
    list(c, sql, &[&user, &workspace, &before, &id, &millis(now), &rows_at_most(limit), &only], upload)
}

/// What the bytes must come to, as the finalize says that has the lease.
pub(crate) fn set_checksum(c: &Conn, id: UploadRowId, crc64: &Crc64, verify: bool) -> Result<(), Error> {
    let sql = "update uploads set finalize_crc64nvme = $2, verify = $3 where id = $1";
    execute(c, sql, &[&id.to_string(), &crc64.as_str(), &verify]).map(drop)
}

/// → `aborted`, by its caller; `false`: it is over, or being finalized.
pub(crate) fn abort(c: &Conn, id: UploadRowId) -> Result<bool, Error> {
    let sql = "update uploads set state = 'aborted' where id = $1 and state in ('opening', 'open')";
    Ok(execute(c, sql, &[&id.to_string()])? == 1)
}

pub(crate) fn set_expiry(c: &Conn, id: UploadRowId, expires_at: Timestamp) -> Result<(), Error> {
    let sql = "update uploads set expires_at = $2 where id = $1 and state = 'open' and expires_at < $2";
    execute(c, sql, &[&id.to_string(), &millis(expires_at)]).map(drop)
}

/// A finalize takes the lease: `open` → `completing` (unless it only goes on with what others began), or over
/// from one whose lease has run out. `false`: another was faster.
pub(crate) fn begin_completing(
    c: &Conn,
    id: UploadRowId,
    digest: &Digest,
    holder: &LeaseHolder,
    now: Timestamp,
    lease_until: Timestamp,
    from: TakeFrom,
) -> Result<bool, Error> {
    let sql = "update uploads set state = 'completing', digest = $2, lease_holder = $3, lease_until = $5
               where id = $1
                 and ((state = 'open' and $6)
                      or (state = 'completing' and digest = $2 and (lease_until <= $4 or lease_until > $5)))";
    Ok(execute(
        c,
        sql,
        &[
            &id.to_string(),
            &digest.0,
            &holder.0,
            &millis(now),
            &millis(lease_until),
            &(from == TakeFrom::OpenOrLapsed),
        ],
    )? == 1)
}

/// `completing` → `open`: the store refused the parts, so the client may put things right. Only the holder of
/// the lease may.
pub(crate) fn reopen(c: &Conn, id: UploadRowId, holder: &LeaseHolder) -> Result<bool, Error> {
    let sql = "update uploads set state = 'open', digest = null, lease_holder = null, lease_until = null,
                   finalize_crc64nvme = null, verify = false
               where id = $1 and state = 'completing' and lease_holder = $2";
    Ok(execute(c, sql, &[&id.to_string(), &holder.0])? == 1)
}

/// Gives the lease back without an outcome, so that the next finalize need not wait for it to run out.
pub(crate) fn release(c: &Conn, id: UploadRowId, holder: &LeaseHolder) -> Result<(), Error> {
    let sql = "update uploads set lease_until = 0
               where id = $1 and state = 'completing' and lease_holder = $2";
    execute(c, sql, &[&id.to_string(), &holder.0]).map(drop)
}

/// → `completed`: its bytes are those of `item` now. `false` if it was already. The object is there, so nothing
/// short of a tombstone undoes it.
pub(crate) fn complete(c: &Conn, id: UploadRowId, item: ItemId, digest: &Digest) -> Result<bool, Error> {
    let sql = "update uploads set state = 'completed', item_id = $3, digest = $2, lease_holder = null,
                   lease_until = null
               where id = $1 and state in ('open', 'completing')";
    Ok(execute(c, sql, &[&id.to_string(), &digest.0, &item.to_string()])? == 1)
}

/// → `aborted`, because its item can not be made; `false`: it was over already. There are no parts to free.
pub(crate) fn abandon(c: &Conn, id: UploadRowId) -> Result<bool, Error> {
    let sql =
        "update uploads set state = 'aborted', parts_freed_at = 0, lease_holder = null, lease_until = null
               where id = $1 and state in ('open', 'completing')";
    Ok(execute(c, sql, &[&id.to_string()])? == 1)
}

/// → `aborted`: the store no longer has it. Only the holder of the lease may.
pub(crate) fn abort_completing(c: &Conn, id: UploadRowId, holder: &LeaseHolder) -> Result<bool, Error> {
    let sql = "update uploads set state = 'aborted', lease_holder = null, lease_until = null
               where id = $1 and state = 'completing' and lease_holder = $2";
    Ok(execute(c, sql, &[&id.to_string(), &holder.0])? == 1)
}

/// Uploads whose time has come: a finalize whose lease ran out, an expiry, parts that are still to be freed.
///
/// A lease that ends after `latest_lease` was taken before the clock was set back. Uploads that the store has never answered
/// for wait until they are as old as `opened_before`: what they asked of it may still come to pass.
pub(crate) fn due(
    c: &Conn,
    now: Timestamp,
    latest_lease: Timestamp,
    opened_before: Timestamp,
    limit: u32,
) -> Result<Vec<Upload>, Error> {
    let sql = "select * from uploads
               where state <> 'completed' and parts_freed_at is null
                 and ((state = 'completing' and (lease_until <= $1 or lease_until > $3))
                      or (state in ('opening', 'open') and expires_at <= $1)
                      or (state in ('aborted', 'expired') and (store_upload_id is not null or created_at <= $4)))
               order by expires_at limit $2";
    let (latest_lease, opened_before) = (millis(latest_lease), millis(opened_before));
    list(c, sql, &[&millis(now), &i64::from(limit), &latest_lease, &opened_before], upload)
}

/// Ends every lease: for a server that has just started and is the only one, whose predecessor held them.
pub(crate) fn end_leases(c: &Conn) -> Result<(), Error> {
    execute(c, "update uploads set lease_until = 0 where state = 'completing'", &[]).map(drop)
}

/// `opening` or `open` → `expired`, if its time is over. `false`: it is not, or something else happened.
pub(crate) fn expire(c: &Conn, id: UploadRowId, now: Timestamp) -> Result<bool, Error> {
    let sql = "update uploads set state = 'expired'
               where id = $1 and state in ('opening', 'open') and expires_at <= $2";
    Ok(execute(c, sql, &[&id.to_string(), &millis(now)])? == 1)
}

/// The store has dropped the parts of an upload that is over.
pub(crate) fn parts_freed(c: &Conn, id: UploadRowId, now: Timestamp) -> Result<(), Error> {
    let sql = "update uploads set parts_freed_at = $2 where id = $1 and state in ('aborted', 'expired')";
    execute(c, sql, &[&id.to_string(), &millis(now)]).map(drop)
}

fn on_conflict_text(on_conflict: OnConflict) -> &'static str {
    match on_conflict {
        OnConflict::Keep => "keep",
        OnConflict::Rename => "rename",
        OnConflict::Fail => "fail",
        OnConflict::Replace => "replace",
    }
}

fn upload(row: &Row<'_>) -> Result<Upload, Error> {
    Ok(Upload {
        id: parsed(row, "id")?,
        workspace: parsed(row, "workspace_id")?,
        user: parsed(row, "user_id")?,
        parent: parsed_or_none(row, "parent_id")?,
        item: parsed(row, "item_id")?,
        name: row.get("name")?,
        mime_type: row.get("mime_type")?,
        size_bytes: size(row, "size_bytes")?,
        on_conflict: match row.text("on_conflict")? {
            "rename" => OnConflict::Rename,
            "fail" => OnConflict::Fail,
            "replace" => OnConflict::Replace,
            _ => OnConflict::Keep,
        },
        confined_to: parsed_or_none(row, "confined_to")?,
        only_uploads: row.get("only_uploads")?,
        crc64: checksum(row)?,
        verify: row.get("verify")?,
        object_key: row.get("object_key")?,
        store_token: row.get("store_token")?,
        store_upload_id: row.get("store_upload_id")?,
        state: state(row)?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
    })
}

/// What start announced or else, while there is a finalize, what that says.
fn checksum(row: &Row<'_>) -> Result<Option<Crc64>, Error> {
    let announced: Option<String> = row.get("crc64nvme")?;
    let said: Option<String> = row.get("finalize_crc64nvme")?;
    Ok(announced.or(said).map(Crc64::from_stored))
}

fn state(row: &Row<'_>) -> Result<State, Error> {
    let digest = || row.get::<String>("digest").map(Digest);
    Ok(match row.text("state")? {
        "opening" => State::Opening,
        "open" => State::Open,
        "completing" => State::Completing {
            digest: digest()?,
            holder: LeaseHolder(row.get("lease_holder")?),
            lease_until: time(row, "lease_until")?,
        },
        "completed" => State::Completed { digest: digest()? },
        "aborted" => State::Aborted,
        "expired" => State::Expired,
        other => return Err(Error::value(std::io::Error::other(format!("upload state {other}")))),
    })
}
