//! File requests and their submitters. A request is a token with the scope `drive_request`, which nobody holds; a submitter is
//! a grant that descends from it.

use dray_api::request::Asks;
use dray_api::upload::OnConflict;
use dray_api::{GrantId, ItemId, RequestId, UploadRowId, UserId, WorkspaceId};
use jiff::Timestamp;

use super::clock::{LeaseTime, list_at};
use super::grants::read_terms;
use super::uploads::{columns, upload};
use super::{
    Conn, Error, Param, Row, execute, find, list, lock, millis, parsed, parsed_or_none, rows_at_most, size,
    stored_size, time, time_or_none, value,
};
use dray_drive::access::Caller;
use dray_drive::grant::Used;
use dray_drive::request::{FileRequest, Submitter, Wants};
use dray_drive::upload::Upload;

/// Requests, each with how many of its submitters have an upload that is unfinished or finished; `$which` selects them. They are
/// not counted for `uncounted` ones.
macro_rules! requests {
    (uncounted $($which:tt)*) => {
        requests!(@ "cast(0 as bigint)" $($which)*)
    };
    (@ $count:literal $($which:tt)*) => {
        concat!(
            "select r.id, r.slug, r.title, r.message, r.deadline, r.password_hash, r.password_generation,
                 r.password_changed_at, r.asks_name,
                 r.asks_email, r.folder_each, r.max_submitters, r.max_files, r.max_file_bytes, r.max_bytes,
                 r.max_total_files, r.max_total_bytes, r.confined_to, r.made_with, r.types, r.on_conflict,
                 null as external_id, null as metadata, r.created_at, t.workspace_id, t.user_id, t.folder_id,
                 t.revoked_at, ",
            $count,
            " as submitters from requests r join tokens t on t.id = r.id ",
            $($which)*
        )
    };
    ($($which:tt)*) => {
        requests!(@ "(select count(*) from submitters s where s.request_id = r.id and s.sent_at is not null and exists (
                          select 1 from uploads u where u.grant_id = s.id
                          and u.state in ('opening', 'open', 'completing', 'completed')))" $($which)*)
    };
}

/// Until this transaction ends, no other transaction starts an upload to the request, adds a submitter, or changes the
/// request. Lock order: after the lock of the submitter's grant, before those of [`super::usage::lock`].
pub fn lock_request(c: &Conn, id: RequestId) -> Result<(), Error> {
    lock(c, &format!("request {id}"))
}

/// Inserts a request. Its row among the tokens must exist.
pub fn insert(c: &Conn, request: &FileRequest) -> Result<(), Error> {
    let sql = "insert into requests (id, slug, title, message, deadline, password_hash, asks_name, asks_email, folder_each,
                   max_submitters, max_files, max_file_bytes, max_bytes, types, on_conflict, created_at, max_total_files,
                   max_total_bytes, confined_to, made_with)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
    let Wants { terms, .. } = &request.wants;
    let types: Vec<_> = terms.types.iter().map(ToString::to_string).collect();
    let params: [&dyn Param; 20] = [
        &request.id.to_string(),
        &request.slug,
        &request.wants.title,
        &request.wants.message,
        &request.wants.deadline.map(millis),
        &request.wants.password_hash,
        &asks_text(request.wants.asks_name),
        &asks_text(request.wants.asks_email),
        &request.wants.folder_each,
        &i64::from(request.wants.max_submitters),
        &i64::from(terms.max_files),
        &terms.max_file_bytes.map(stored_size).transpose()?,
        &terms.max_bytes.map(stored_size).transpose()?,
        &types.join(" "),
        &if terms.on_conflict == OnConflict::Rename { "rename" } else { "keep" },
        &millis(request.created_at),
        &request.wants.max_total_files.map(i64::from),
        &request.wants.max_total_bytes.map(stored_size).transpose()?,
        &request.confined_to.map(|id| id.to_string()),
        &request.made_with.map(|id| id.to_string()),
    ];
    execute(c, sql, &params).map(drop)
}

/// Writes what may change of a request. `ends_at` is when it ends as a token.
pub fn update(c: &Conn, request: &FileRequest, ends_at: Timestamp) -> Result<(), Error> {
    let sql = "update requests set title = $2, message = $3, deadline = $4, password_hash = $5,
                   password_generation = $6, max_submitters = $7, max_total_files = $8, max_total_bytes = $9
               where id = $1";
    let id = request.id.to_string();
    let wants = &request.wants;
    let params: [&dyn Param; 9] = [
        &id,
        &wants.title,
        &wants.message,
        &wants.deadline.map(millis),
        &wants.password_hash,
        &i64::try_from(wants.password_generation).map_err(Error::value)?,
        &i64::from(wants.max_submitters),
        &wants.max_total_files.map(i64::from),
        &wants.max_total_bytes.map(stored_size).transpose()?,
    ];
    execute(c, sql, &params)?;
    let sql = "update tokens set expires_at = $2, revoked_at = $3 where id = $1";
    execute(c, sql, &[&id, &millis(ends_at), &request.closed_at.map(millis)]).map(drop)
}

/// Removes a request and its submitters. Their items stay.
pub fn remove(c: &Conn, id: RequestId) -> Result<(), Error> {
    // The grants of its submitters are children of its token.
    execute(c, "delete from tokens where id = $1", &[&id.to_string()]).map(drop)
}

/// The request with this slug.
pub fn by_slug(c: &Conn, slug: &str) -> Result<Option<FileRequest>, Error> {
    Ok(find(c, requests!(uncounted "where r.slug = $1"), &[&slug], request)?.map(|(request, _)| request))
}

/// A request, and how many of its submitters have an upload that is unfinished or finished.
pub fn by_id(c: &Conn, id: RequestId) -> Result<Option<(FileRequest, u64)>, Error> {
    find(c, requests!("where r.id = $1"), &[&id.to_string()], request)
}

/// The request of a submitter.
pub fn of_submitter(c: &Conn, id: GrantId) -> Result<Option<FileRequest>, Error> {
    let sql = requests!(uncounted "where r.id = (select s.request_id from submitters s where s.id = $1)");
    Ok(find(c, sql, &[&id.to_string()], request)?.map(|(request, _)| request))
}

/// Which requests a list has.
#[derive(Debug, Clone, Copy)]
pub enum Listed {
    /// Those that the caller's user created.
    OfUser,
    /// Those to a folder, whoever created them.
    OfFolder(ItemId),
}

/// A page of requests, the latest first, from the first one after `after`.
pub fn page(
    c: &Conn,
    caller: &Caller,
    listed: Listed,
    after: Option<(Timestamp, RequestId)>,
    limit: usize,
) -> Result<Vec<(FileRequest, u64)>, Error> {
    let (before, id) = before(after);
    let (workspace, limit) = (caller.workspace.to_string(), rows_at_most(limit));
    match listed {
        Listed::OfUser => {
            let sql = requests!(
                "where t.workspace_id = $1 and t.scopes = 'drive_request' and (t.created_at, t.id) < ($2, $3)
                 and t.user_id = $5 order by t.created_at desc, t.id desc limit $4"
            );
            list(c, sql, &[&workspace, &before, &id, &limit, &caller.user.to_string()], request)
        }
        Listed::OfFolder(folder) => {
            let sql = requests!(
                "where t.workspace_id = $1 and t.scopes = 'drive_request' and (t.created_at, t.id) < ($2, $3)
                 and t.folder_id = $5 order by t.created_at desc, t.id desc limit $4"
            );
            list(c, sql, &[&workspace, &before, &id, &limit, &folder.to_string()], request)
        }
    }
}

/// How many requests a user has, closed ones included.
pub fn count(c: &Conn, caller: &Caller) -> Result<i64, Error> {
    let sql = "select count(*) as requests from tokens
               where user_id = $1 and workspace_id = $2 and scopes = 'drive_request'";
    value(c, sql, &[&caller.user.to_string(), &caller.workspace.to_string()], "requests")
}

/// How many requests tokens of the caller that are confined to this folder have created.
pub fn count_of_folder(c: &Conn, caller: &Caller, folder: ItemId) -> Result<i64, Error> {
    let sql = "select count(*) as requests from requests r join tokens t on t.id = r.id
               where t.user_id = $1 and t.workspace_id = $2 and r.confined_to = $3";
    let (user, workspace) = (caller.user.to_string(), caller.workspace.to_string());
    value(c, sql, &[&user, &workspace, &folder.to_string()], "requests")
}

/// What all submitters of a request together have uploaded, and what is under way.
pub fn used(c: &Conn, id: RequestId) -> Result<Used, Error> {
    let sql = "select count(*) as files, cast(coalesce(sum(size_bytes), 0) as bigint) as bytes from uploads
               where request_id = $1 and state in ('opening', 'open', 'completing', 'completed')";
    let used = |row: &Row<'_>| {
        Ok(Used { files: size(row, "files")?, bytes: size(row, "bytes")?, ..Used::default() })
    };
    Ok(find(c, sql, &[&id.to_string()], used)?.unwrap_or_default())
}

/// Whether a file has arrived at a request, or is about to.
pub fn has_arrivals(c: &Conn, id: RequestId) -> Result<bool, Error> {
    let sql = "select exists (
                   select 1 from uploads where request_id = $1 and state in ('completing', 'completed')
               ) as has_arrivals";
    value(c, sql, &[&id.to_string()], "has_arrivals")
}

/// The uploads to a request that were not aborted, the latest first, from the first one after `after`, each with its submitter.
pub fn submissions(
    c: &Conn,
    id: RequestId,
    after: Option<(Timestamp, UploadRowId)>,
    lease_now: LeaseTime,
    limit: usize,
) -> Result<Vec<(Upload, Submitter)>, Error> {
    let sql = concat!(
        "select u.*, s.name as submitter_name, s.email as submitter_email, s.created_at as submitter_created_at,
             s.sent_at as submitter_sent_at
         from (select ",
        columns!(),
        " from uploads where request_id = $1 and state <> 'aborted' and (created_at, id) < ($2, $3)
          order by created_at desc, id desc limit $4) u
         join submitters s on s.id = u.grant_id order by u.created_at desc, u.id desc"
    );
    let (before, row) = before(after);
    list_at(c, sql, &[&id.to_string(), &before, &row, &rows_at_most(limit)], lease_now, |row| {
        let submitter = Submitter {
            name: row.get("submitter_name")?,
            email: row.get("submitter_email")?,
            created_at: time(row, "submitter_created_at")?,
            sent_at: time_or_none(row, "submitter_sent_at")?,
            ..Submitter::default()
        };
        Ok((upload(row)?, submitter))
    })
}

/// Up to `limit` uploads to a request that are unfinished, and that no server finalizes.
pub fn unfinished(c: &Conn, id: RequestId, lease_now: LeaseTime, limit: usize) -> Result<Vec<Upload>, Error> {
    let sql = concat!(
        "select ",
        columns!(),
        " from uploads where request_id = $1 and state in ('opening', 'open') order by created_at, id limit $2"
    );
    list_at(c, sql, &[&id.to_string(), &rows_at_most(limit)], lease_now, upload)
}

/// The position after which a page begins that is sorted by time and id, descending.
fn before<T: ToString>(after: Option<(Timestamp, T)>) -> (i64, String) {
    after.map_or((i64::MAX, String::new()), |(time, id)| (millis(time), id.to_string()))
}

fn request(row: &Row<'_>) -> Result<(FileRequest, u64), Error> {
    let max = |column| row.get::<Option<i64>>(column)?.map(u64::try_from).transpose().map_err(Error::value);
    let max_total_files = max("max_total_files")?.map(u32::try_from).transpose().map_err(Error::value)?;
    let wants = Wants {
        title: row.get("title")?,
        message: row.get("message")?,
        deadline: time_or_none(row, "deadline")?,
        password_hash: row.get("password_hash")?,
        password_generation: size(row, "password_generation")?,
        password_changed_at: time_or_none(row, "password_changed_at")?,
        asks_name: read_asks(row.text("asks_name")?),
        asks_email: read_asks(row.text("asks_email")?),
        folder_each: row.get("folder_each")?,
        max_submitters: u32::try_from(size(row, "max_submitters")?).map_err(Error::value)?,
        max_total_files,
        max_total_bytes: max("max_total_bytes")?,
        terms: read_terms(row, None)?,
    };
    let request = FileRequest {
        id: parsed(row, "id")?,
        slug: row.get("slug")?,
        workspace: parsed::<WorkspaceId>(row, "workspace_id")?,
        user: parsed::<UserId>(row, "user_id")?,
        folder: parsed(row, "folder_id")?,
        confined_to: parsed_or_none(row, "confined_to")?,
        made_with: parsed_or_none(row, "made_with")?,
        closed_at: time_or_none(row, "revoked_at")?,
        created_at: time(row, "created_at")?,
        wants,
    };
    Ok((request, size(row, "submitters")?))
}

fn asks_text(asks: Asks) -> &'static str {
    match asks {
        Asks::No => "no",
        Asks::Optional => "optional",
        Asks::Required => "required",
    }
}

fn read_asks(text: &str) -> Asks {
    match text {
        "optional" => Asks::Optional,
        "required" => Asks::Required,
        _ => Asks::No,
    }
}
