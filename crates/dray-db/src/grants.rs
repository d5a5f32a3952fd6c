//! Grants: what the holders of tokens with the scope `drive_grant` may upload, and what they have uploaded.

use dray_api::upload::OnConflict;
use dray_api::{GrantId, TokenId, UploadRowId};
use jiff::Timestamp;

use super::clock::{LeaseTime, list_at};
use super::tokens::descendants;
use super::uploads::{attached_but_grant, columns, upload};
use super::{
    Conn, Error, Param, Row, execute, find, json_array, json_rows, list, lock, millis, parsed,
    parsed_or_none, rows_at_most, size, stored_size, time, time_or_none, value,
};
use dray_drive::access::Caller;
use dray_drive::grant::{Grant, Terms, Used};
use dray_drive::rules::FileType;
use dray_drive::upload::Upload;

/// The states in which an upload counts as a use of its grant. (Aborted and expired uploads do not count.)
macro_rules! counted {
    () => {
        "u.state in ('opening', 'open', 'completing', 'completed')"
    };
}

/// Selects grants with how much of each is used. `$which` chooses among them; their tokens are the table `t`.
macro_rules! grants {
    ($($which:tt)*) => {
        concat!(
            "select t.id, t.parent_id, t.folder_id, t.created_at, t.expires_at, t.revoked_at, g.max_files,
                 g.max_file_bytes, g.max_bytes, g.types, g.on_conflict, g.external_id, g.metadata,
                 (select count(*) from uploads u where u.grant_id = t.id and ", counted!(), ") as used_files,
                 (select cast(coalesce(sum(u.size_bytes), 0) as bigint) from uploads u
                  where u.grant_id = t.id and ", counted!(), ") as used_bytes,
                 (select count(*) from uploads u where u.grant_id = t.id) + g.forgotten_uploads as begun
             from tokens t join grants g on g.id = t.id ",
            $($which)*
        )
    };
}

/// Which grants a caller may see: user $1, workspace $2, their token $3, and whether that token may see the whole
/// drive $4. These are the grants that descend from the token. If no other token created the token, they are all
/// grants of its user. Submitters of file requests have a scope of their own, so they are not among these.
macro_rules! known {
    () => {
        concat!(
            "where t.user_id = $1 and t.workspace_id = $2 and t.scopes = 'drive_grant'
             and (($4 and exists (select 1 from tokens r where r.id = $3 and r.parent_id is null)) or t.id in ",
            descendants!("$3"),
            ")"
        )
    };
}

/// Inserts what the holder of a grant may upload. Its row among the tokens must exist.
pub fn insert(c: &Conn, id: GrantId, terms: &Terms) -> Result<(), Error> {
    let sql = "insert into grants (id, max_files, max_file_bytes, max_bytes, types, on_conflict, external_id, metadata)
               values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let types: Vec<_> = terms.types.iter().map(ToString::to_string).collect();
    let on_conflict = if terms.on_conflict == OnConflict::Rename { "rename" } else { "keep" };
    let params: [&dyn Param; 8] = [
        &id.to_string(),
        &i64::from(terms.max_files),
        &terms.max_file_bytes.map(stored_size).transpose()?,
        &terms.max_bytes.map(stored_size).transpose()?,
        &types.join(" "),
        &on_conflict,
        &terms.attached.external_id,
        &terms.attached.metadata,
    ];
    execute(c, sql, &params).map(drop)
}

/// How many grants of a token are valid now.
pub fn count_good(c: &Conn, token: TokenId, now: Timestamp) -> Result<i64, Error> {
    let sql = "select count(*) as good from tokens
               where parent_id = $1 and scopes = 'drive_grant' and revoked_at is null and expires_at > $2";
    value(c, sql, &[&token.to_string(), &millis(now)], "good")
}

/// Until this transaction ends, no other transaction starts an upload with the grant, or revokes the grant. Lock
/// order: take this lock before the locks of [`super::usage::lock`].
pub fn lock_uploads(c: &Conn, id: GrantId) -> Result<(), Error> {
    lock(c, &format!("uploads of grant {id}"))
}

/// A grant and its use. It does not check who may see the grant.
pub fn by_id(c: &Conn, id: GrantId) -> Result<Option<(Grant, Used)>, Error> {
    find(c, grants!("where t.id = $1"), &[&id.to_string()], grant)
}

/// The types that a grant accepts. Empty if it accepts any type, or if its row is gone.
pub fn types(c: &Conn, id: GrantId) -> Result<Vec<FileType>, Error> {
    let types = find(c, "select types from grants where id = $1", &[&id.to_string()], read_types)?;
    Ok(types.unwrap_or_default())
}

/// A grant that the caller may see.
pub fn of_caller(c: &Conn, caller: &Caller, id: GrantId) -> Result<Option<(Grant, Used)>, Error> {
    let (user, workspace, token) = whose(caller);
    let params: [&dyn Param; 5] = [&user, &workspace, &token, &sees_all(caller), &id.to_string()];
    find(c, grants!(known!(), " and t.id = $5"), &params, grant)
}

/// The grants that the caller may see, the latest first, starting after `after`.
pub fn page_of_caller(
    c: &Conn,
    caller: &Caller,
    after: Option<(Timestamp, GrantId)>,
    limit: usize,
) -> Result<Vec<(Grant, Used)>, Error> {
    let sql = grants!(
        known!(),
        " and (t.created_at, t.id) < ($5, $6) order by t.created_at desc, t.id desc limit $7"
    );
    let (user, workspace, token) = whose(caller);
    let (before, id) = before(after);
    let params: [&dyn Param; 7] =
        [&user, &workspace, &token, &sees_all(caller), &before, &id, &rows_at_most(limit)];
    list(c, sql, &params, grant)
}

fn whose(caller: &Caller) -> (String, String, Option<String>) {
    (caller.user.to_string(), caller.workspace.to_string(), caller.token.map(|id| id.to_string()))
}

/// A token that may only upload, or that is confined to a folder, sees only the grants that descend from it.
fn sees_all(caller: &Caller) -> bool {
    !caller.only_uploads() && caller.folder.is_none()
}

/// The position after which a page begins, for pages that are sorted by time and id, descending.
fn before<T: ToString>(after: Option<(Timestamp, T)>) -> (i64, String) {
    after.map_or((i64::MAX, String::new()), |(time, id)| (millis(time), id.to_string()))
}

/// The uploads that a grant has started, the latest first, starting after `after`.
pub fn uploads(
    c: &Conn,
    id: GrantId,
    after: Option<(Timestamp, UploadRowId)>,
    lease_now: LeaseTime,
    limit: usize,
) -> Result<Vec<Upload>, Error> {
    let sql = concat!(
        "select ",
        columns!(),
        " from uploads where grant_id = $1 and (created_at, id) < ($2, $3)
          order by created_at desc, id desc limit $4"
    );
    let (before, row) = before(after);
    list_at(c, sql, &[&id.to_string(), &before, &row, &rows_at_most(limit)], lease_now, upload)
}

/// Up to `limit` unfinished uploads of a grant, without those that a server is finalizing.
pub fn unfinished(c: &Conn, id: GrantId, lease_now: LeaseTime, limit: usize) -> Result<Vec<Upload>, Error> {
    let sql = concat!(
        "select ",
        columns!(),
        " from uploads where grant_id = $1 and state in ('opening', 'open') order by created_at, id limit $2"
    );
    list_at(c, sql, &[&id.to_string(), &rows_at_most(limit)], lease_now, upload)
}

/// Removes up to `limit` grants that ended before `before`, and returns how many. Their items stay, with what the
/// application attached to them.
pub fn forget_ended(c: &Conn, before: Timestamp, limit: usize) -> Result<u64, Error> {
    let sql = "delete from tokens where scopes = 'drive_grant' and expires_at <= $1 and id in (
                   select id from tokens where scopes = 'drive_grant' and expires_at <= $1
                   order by expires_at limit $2
               )";
    execute(c, sql, &[&millis(before), &rows_at_most(limit)])
}

/// Ends the grants for a folder that is about to be removed permanently. They stay listed with their uploads until a week after
/// their end, as other grants do, but no longer name the folder. Nobody can continue their uploads, nor those of the folder's
/// file requests, so the sweeper soon releases what these reserve.
pub(super) fn end_with_folder(c: &Conn, folder: &str, now: Timestamp) -> Result<(), Error> {
    let sql = "select id from tokens where folder_id = $1";
    let holders = list(c, sql, &[&folder], |row| row.get::<String>("id"))?;
    let sql = format!(
        "update uploads set expires_at = $2
         where state in ('opening', 'open') and expires_at > $2 and grant_id in (select k.value from {})",
        json_rows(c, "$1")
    );
    execute(c, &sql, &[&json_array(holders), &millis(now)])?;
    let sql = "update tokens set folder_id = null, revoked_at = coalesce(revoked_at, $2)
               where folder_id = $1 and scopes = 'drive_grant'";
    execute(c, sql, &[&folder, &millis(now)]).map(drop)
}

/// Reads the terms, that is, what the holder may upload. `grant` is the grant that has these terms, if there is one.
pub(super) fn read_terms(row: &Row<'_>, grant: Option<GrantId>) -> Result<Terms, Error> {
    let max = |column| row.get::<Option<i64>>(column)?.map(u64::try_from).transpose().map_err(Error::value);
    Ok(Terms {
        max_files: u32::try_from(size(row, "max_files")?).map_err(Error::value)?,
        max_file_bytes: max("max_file_bytes")?,
        max_bytes: max("max_bytes")?,
        types: read_types(row)?,
        on_conflict: if row.text("on_conflict")? == "rename" { OnConflict::Rename } else { OnConflict::Keep },
        attached: attached_but_grant(row, grant)?,
    })
}

fn read_types(row: &Row<'_>) -> Result<Vec<FileType>, Error> {
    let texts = row.text("types")?.split(' ').filter(|text| !text.is_empty());
    texts.map(str::parse).collect::<Result<_, _>>().map_err(Error::value)
}

fn grant(row: &Row<'_>) -> Result<(Grant, Used), Error> {
    let id: GrantId = parsed(row, "id")?;
    let terms = read_terms(row, Some(id))?;
    let grant = Grant {
        id,
        token: parsed_or_none(row, "parent_id")?.unwrap_or_else(|| id.into()),
        folder: parsed_or_none(row, "folder_id")?,
        terms,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
        revoked_at: time_or_none(row, "revoked_at")?,
    };
    let used =
        Used { files: size(row, "used_files")?, bytes: size(row, "used_bytes")?, begun: size(row, "begun")? };
    Ok((grant, used))
}
