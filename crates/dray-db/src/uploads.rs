//! Uploads: rows of the state machine in `drive/upload.rs`. Every change of state is one compare-and-set.

use dray_api::upload::OnConflict;
use dray_api::{GrantId, ItemId, UploadRowId, UserId, WorkspaceId};
use jiff::Timestamp;

use super::clock::{LeaseTime, find_at, list_at};
use super::tokens::descendants;
use super::{
    Conn, Error, Param, Row, execute, find, json_array, json_rows, list, millis, parsed, parsed_or_none,
    rows_at_most, size, stored_size, time,
};
use dray_drive::access::Caller;
use dray_drive::item::{Attached, Notes};
use dray_drive::parts::{Crc64, Digest};
use dray_drive::upload::{State, Upload, check_on_conflict};

/// The columns of an upload. A lease is held until its end. An end that is later than this clock could have set it
/// (twice [`FINALIZE_LEASE`](dray_drive::upload::FINALIZE_LEASE)) comes from a wrong clock and does not count.
macro_rules! columns {
    () => {
        "id, workspace_id, user_id, parent_id, item_id, name, mime_type, size_bytes, on_conflict, crc64nvme,
         finalize_crc64nvme, proven_crc64nvme, verify, object_key, store_token, store_upload_id, put_key, state, digest,
         confined_to, only_uploads, token_id, grant_id, request_id, external_id, metadata,
         attempted_at is not null as is_attempted,
         coalesce(lease_until > $now and lease_until <= $now + 60000, false) as is_held, created_at, expires_at"
    };
}

pub(super) use columns;

/// Inserts an upload in state `opening`.
pub fn insert_opening(c: &Conn, upload: &Upload) -> Result<(), Error> {
    insert(c, upload, "opening", None)
}

/// Inserts an upload of a whole file with one signed PUT. The URL is valid until `put_until`. The store need not be
/// asked first, so the upload is `open` at once.
pub fn insert_put(c: &Conn, upload: &Upload, put_until: Timestamp) -> Result<(), Error> {
    insert(c, upload, "open", Some(put_until))
}

fn insert(c: &Conn, upload: &Upload, state: &str, put_until: Option<Timestamp>) -> Result<(), Error> {
    let sql =
        "insert into uploads (id, workspace_id, user_id, parent_id, item_id, name, mime_type, size_bytes,
                              on_conflict, crc64nvme, object_key, store_token, state, created_at, expires_at,
                              confined_to, only_uploads, grant_id, external_id, metadata, store_upload_id, put_key, put_until,
                              token_id, request_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
                 $24, $25)";
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
            &state,
            &millis(upload.created_at),
            &millis(upload.expires_at),
            &upload.confined_to.map(|id| id.to_string()),
            &upload.only_uploads,
            &upload.attached.grant.map(|id| id.to_string()),
            &upload.attached.external_id,
            &upload.attached.metadata,
            &upload.store_upload_id,
            &upload.put_key,
            &put_until.map(millis),
            &upload.token.map(|id| id.to_string()),
            &upload.attached.request.map(|id| id.to_string()),
        ],
    )
    .map(drop)
}

/// `opening` → `open`, with the store's upload id.
pub fn open(c: &Conn, id: UploadRowId, store_upload_id: &str) -> Result<bool, Error> {
    let sql = "update uploads set state = 'open', store_upload_id = $2 where id = $1 and state = 'opening'";
    Ok(execute(c, sql, &[&id.to_string(), &store_upload_id])? == 1)
}

/// The store's upload id of the upload that makes this object, if the upload is still known.
pub fn store_id_of(c: &Conn, object_key: &str) -> Result<Option<String>, Error> {
    let sql = "select store_upload_id from uploads where object_key = $1 and store_upload_id is not null";
    find(c, sql, &[&object_key], |row| row.get("store_upload_id"))
}

/// The caller's upload by the ids that the API uses.
pub fn of_caller(
    c: &Conn,
    caller: &Caller,
    store_upload_id: &str,
    object_key: &str,
    now: LeaseTime,
) -> Result<Option<Upload>, Error> {
    let sql = concat!(
        "select ",
        columns!(),
        " from uploads
               where store_upload_id = $1 and object_key = $2 and workspace_id = $3 and user_id = $4"
    );
    let (workspace, user) = (caller.workspace.to_string(), caller.user.to_string());
    find_at(c, sql, &[&store_upload_id, &object_key, &workspace, &user], now, upload)
}

/// The caller's uploads that have these ids in the store, in any order.
pub fn all_of_caller(
    c: &Conn,
    caller: &Caller,
    store_upload_ids: &[String],
    now: LeaseTime,
) -> Result<Vec<Upload>, Error> {
    let sql = format!(
        "select {} from uploads
         where store_upload_id in (select k.value from {}) and workspace_id = $2 and user_id = $3",
        columns!(),
        json_rows(c, "$1")
    );
    let (workspace, user) = (caller.workspace.to_string(), caller.user.to_string());
    let ids = serde_json::Value::from(store_upload_ids).to_string();
    list_at(c, &sql, &[&ids, &workspace, &user], now, upload)
}

/// The upload as it is now.
pub fn by_id(c: &Conn, id: UploadRowId, now: LeaseTime) -> Result<Option<Upload>, Error> {
    let sql = concat!("select ", columns!(), " from uploads where id = $1");
    find_at(c, sql, &[&id.to_string()], now, upload)
}

/// The item that an upload will become, or has become.
pub fn item_of(c: &Conn, id: UploadRowId) -> Result<Option<ItemId>, Error> {
    find(c, "select item_id from uploads where id = $1", &[&id.to_string()], |row| parsed(row, "item_id"))
}

/// The upload that made an object.
pub fn of_object(c: &Conn, object_key: &str) -> Result<Option<UploadRowId>, Error> {
    find(c, "select id from uploads where object_key = $1", &[&object_key], |row| parsed(row, "id"))
}

/// The caller's uploads that have not ended, the latest first, from the first one after `after`. A token that may only
/// upload gets those that it or a token that comes from it began. (Uploads that are older than the column `token_id`
/// belong to all such tokens.) Uploads of grants belong to other people and are left out. So are uploads whose
/// `onConflict` the token could not have chosen.
pub fn open_of_caller(
    c: &Conn,
    caller: &Caller,
    after: Option<(Timestamp, UploadRowId)>,
    now: Timestamp,
    lease_now: LeaseTime,
    limit: usize,
) -> Result<Vec<Upload>, Error> {
    let sql = concat!(
        "select ",
        columns!(),
        " from uploads
               where user_id = $1 and workspace_id = $2 and (state = 'opening' or state = 'open' or state = 'completing')
                 and (state = 'completing' or (state = 'open' and expires_at > $5))
                 and (not $7 or (only_uploads and grant_id is null
                                 and (token_id is null or token_id in ",
        descendants!("$8"),
        ")))
                 and (not $9 or on_conflict <> 'replace')
                 and (created_at, id) < ($3, $4)
               order by created_at desc, id desc limit $6"
    );
    let (before, id) = match after {
        Some((time, id)) => (millis(time), id.to_string()),
        None => (i64::MAX, String::new()),
    };
    let (user, workspace) = (caller.user.to_string(), caller.workspace.to_string());
    let (token, may_not_replace) =
        (caller.token.map(|id| id.to_string()), check_on_conflict(caller, OnConflict::Replace).is_err());
    let params: [&dyn Param; 9] = [
        &user,
        &workspace,
        &before,
        &id,
        &millis(now),
        &rows_at_most(limit),
        &caller.only_uploads(),
        &token,
        &may_not_replace,
    ];
    list_at(c, sql, &params, lease_now, upload)
}

/// Which of a user's uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// All.
    User,
    /// Those of grants and of tokens that may only upload.
    OnlyUploads,
    /// Those of one grant.
    Grant(GrantId),
}

/// How many of these uploads of a user have not ended; counts only up to `limit`.
pub fn count_open(
    c: &Conn,
    workspace: WorkspaceId,
    user: UserId,
    whose: Whose,
    limit: u32,
) -> Result<u64, Error> {
    let (which, grant) = match whose {
        Whose::User => ("", None),
        Whose::OnlyUploads => ("and only_uploads", None),
        Whose::Grant(id) => ("and grant_id = $4", Some(id.to_string())),
    };
    let sql = format!(
        "select count(*) as uploads from (
             select 1 from uploads
             where user_id = $1 and workspace_id = $2
               and (state = 'opening' or state = 'open' or state = 'completing') {which} limit $3
         ) open_ones"
    );
    let (user, workspace, limit) = (user.to_string(), workspace.to_string(), i64::from(limit));
    let read = |row: &Row<'_>| size(row, "uploads");
    let found = match grant {
        None => find(c, &sql, &[&user, &workspace, &limit], read),
        Some(grant) => find(c, &sql, &[&user, &workspace, &limit, &grant], read),
    };
    Ok(found?.unwrap_or_default())
}

/// → `aborted`, because its client asks for it; `false` if it has ended, or is being finalized.
pub fn abort(c: &Conn, id: UploadRowId) -> Result<bool, Error> {
    let sql = "update uploads set state = 'aborted' where id = $1 and state in ('opening', 'open')";
    Ok(execute(c, sql, &[&id.to_string()])? == 1)
}

/// Sets when an upload expires.
pub fn set_expiry(c: &Conn, id: UploadRowId, expires_at: Timestamp) -> Result<(), Error> {
    let sql = "update uploads set expires_at = $2 where id = $1 and state = 'open' and expires_at < $2";
    execute(c, sql, &[&id.to_string(), &millis(expires_at)]).map(drop)
}

/// → `completed`: its bytes now belong to `item`. `false` if it was completed already. The object exists, so only a
/// tombstone can remove it. The row stays for some time after `now`.
pub fn complete(
    c: &Conn,
    id: UploadRowId,
    item: ItemId,
    digest: &Digest,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql = "update uploads set state = 'completed', item_id = $3, digest = $2, lease_holder = null,
                   lease_until = null, expires_at = case when expires_at < $4 then $4 else expires_at end
               where id = $1 and state in ('open', 'completing')";
    Ok(execute(c, sql, &[&id.to_string(), &digest.0, &item.to_string(), &millis(now)])? == 1)
}

/// → `aborted`, because its item cannot be created; `false` if it had already ended. There are no parts to remove.
pub fn abandon(c: &Conn, id: UploadRowId) -> Result<bool, Error> {
    let sql =
        "update uploads set state = 'aborted', parts_freed_at = 0, lease_holder = null, lease_until = null
               where id = $1 and state in ('open', 'completing')";
    Ok(execute(c, sql, &[&id.to_string()])? == 1)
}

/// Whether an upload that has not ended began after `latest`.
pub fn begin_after(c: &Conn, latest: Timestamp) -> Result<bool, Error> {
    // It names all states of an index that has only unfinished uploads, so that it does not read the others.
    let sql = "select id from uploads where (state = 'opening' or state = 'open' or state = 'completing')
                 and state <> 'completing' and created_at > $1 limit 1";
    Ok(find(c, sql, &[&millis(latest)], |_| Ok(()))?.is_some())
}

/// Uploads that began after `latest` begin at `now` instead, and expire as much earlier.
pub fn begin_at_latest(c: &Conn, latest: Timestamp, now: Timestamp) -> Result<(), Error> {
    let sql = "update uploads set expires_at = expires_at - (created_at - $2), created_at = $2
               where state in ('opening', 'open') and created_at > $1";
    execute(c, sql, &[&millis(latest), &millis(now)]).map(drop)
}

/// `opening` or `open` → `expired`, if its time is over; `false` if it is not, or if the state changed meanwhile.
pub fn expire(c: &Conn, id: UploadRowId, now: Timestamp) -> Result<bool, Error> {
    let sql = "update uploads set state = 'expired'
               where id = $1 and state in ('opening', 'open') and expires_at <= $2";
    Ok(execute(c, sql, &[&id.to_string(), &millis(now)])? == 1)
}

fn on_conflict_text(on_conflict: OnConflict) -> &'static str {
    match on_conflict {
        OnConflict::Keep => "keep",
        OnConflict::Rename => "rename",
        OnConflict::Fail => "fail",
        OnConflict::Replace => "replace",
    }
}

/// Locks the rows of these uploads: until this transaction ends, no other transaction changes them. Lock order: by
/// id. A transaction that changes several uploads calls this before it changes anything. Otherwise two transactions
/// that share some uploads could wait for each other. (SQLite has one writer and needs no lock.)
pub fn lock_all(c: &Conn, ids: impl IntoIterator<Item = UploadRowId>) -> Result<(), Error> {
    let Conn::Postgres(_) = c else { return Ok(()) };
    let sql = "select u.id from uploads u
               where u.id in (select value from json_array_elements_text($1::text::json) k (value))
               order by u.id for update of u";
    list(c, sql, &[&json_array(ids)], |_| Ok(())).map(drop)
}

/// Removes up to `limit` uploads that ended before `before` and whose parts are gone, and returns how many. Their
/// items stay, without a reference to their upload. Uploads of a grant that became items stay until the grant itself
/// is removed, because they show how much of it is used.
pub fn forget_finished(c: &Conn, before: Timestamp, limit: usize) -> Result<u64, Error> {
    let sql = "select id from uploads
               where (state = 'completed' or parts_freed_at is not null) and expires_at <= $1
                 and (grant_id is null or state <> 'completed'
                      or not exists (select 1 from grants g where g.id = uploads.grant_id))
               order by expires_at limit $2";
    let ids = list(c, sql, &[&millis(before), &rows_at_most(limit)], |row| row.get::<String>("id"))?;
    for id in &ids {
        execute(c, "update items set upload_id = null where upload_id = $1", &[id])?;
        execute(c, "delete from uploads where id = $1", &[id])?;
    }
    Ok(ids.len() as u64)
}

pub(super) fn upload(row: &Row<'_>) -> Result<Upload, Error> {
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
        token: parsed_or_none(row, "token_id")?,
        attached: attached(row)?,
        crc64: checksum(row)?,
        proven_crc64: row.get::<Option<String>>("proven_crc64nvme")?.map(Crc64::from_stored),
        is_attempted: row.get("is_attempted")?,
        verify: row.get("verify")?,
        object_key: row.get("object_key")?,
        store_token: row.get("store_token")?,
        store_upload_id: row.get("store_upload_id")?,
        put_key: row.get("put_key")?,
        state: state(row)?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
    })
}

/// What the application attached to a grant's uploads.
pub(super) fn attached(row: &Row<'_>) -> Result<Attached, Error> {
    let (grant, request) = (parsed_or_none(row, "grant_id")?, parsed_or_none(row, "request_id")?);
    Ok(Notes { grant, request, external_id: row.get("external_id")?, metadata: row.get("metadata")? }.into())
}

/// Like [`attached`], for the uploads of a known grant that is not a submitter's.
pub(super) fn attached_but_grant(row: &Row<'_>, grant: Option<GrantId>) -> Result<Attached, Error> {
    let notes =
        Notes { grant, request: None, external_id: row.get("external_id")?, metadata: row.get("metadata")? };
    Ok(notes.into())
}

/// The checksum that start announced or, without one, that of the finalize under way.
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
        "completing" => State::Completing { digest: digest()?, is_held: row.get("is_held")? },
        "completed" => State::Completed { digest: digest()? },
        "aborted" => State::Aborted,
        "expired" => State::Expired,
        other => return Err(Error::value(std::io::Error::other(format!("upload state {other}")))),
    })
}
