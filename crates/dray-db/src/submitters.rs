//! The submitters of file requests, and how much of what strangers may use up each of their networks uses.

use dray_api::{GrantId, ItemId, RequestId, UploadRowId, UserId, WorkspaceId};
use jiff::Timestamp;

use super::{
    Conn, Error, Param, Row, execute, find, grants, json_array, json_rows, list, millis, parsed,
    parsed_or_none, rows_at_most, size, time, time_or_none, value,
};
use dray_drive::grant::Used;
use dray_drive::request::{Reserved, Submitter};

/// A submitter.
pub fn submitter(c: &Conn, id: GrantId) -> Result<Option<Submitter>, Error> {
    let sql =
        "select name, email, created_at, sent_at, password_generation, network from submitters where id = $1";
    find(c, sql, &[&id.to_string()], |row| {
        Ok(Submitter {
            name: row.get("name")?,
            email: row.get("email")?,
            created_at: time(row, "created_at")?,
            sent_at: time_or_none(row, "sent_at")?,
            generation: generation(row)?,
            network: row.get("network")?,
        })
    })
}

/// Inserts a submitter. Their grant must exist.
pub fn add_submitter(
    c: &Conn,
    request: RequestId,
    grant: GrantId,
    submitter: &Submitter,
) -> Result<(), Error> {
    let sql = "insert into submitters (id, request_id, name, email, created_at, password_generation, network)
               values ($1, $2, $3, $4, $5, $6, $7)";
    let Submitter { name, email, created_at, sent_at: _, generation, network } = submitter;
    let generation = generation.map(i64::try_from).transpose().map_err(Error::value)?;
    let params: [&dyn Param; 7] =
        [&grant.to_string(), &request.to_string(), name, email, &millis(*created_at), &generation, network];
    execute(c, sql, &params).map(drop)
}

/// How many submitters of a request have an upload that is unfinished or finished.
pub fn count_sending(c: &Conn, id: RequestId) -> Result<u64, Error> {
    let sql = "select count(*) as sending from submitters s where s.request_id = $1 and s.sent_at is not null and exists (
                   select 1 from uploads u where u.grant_id = s.id
                   and u.state in ('opening', 'open', 'completing', 'completed'))";
    Ok(find(c, sql, &[&id.to_string()], |row| size(row, "sending"))?.unwrap_or_default())
}

/// How many submitters of a request have started no upload yet.
pub fn count_idle(c: &Conn, id: RequestId) -> Result<i64, Error> {
    let sql = "select count(*) as idle from submitters where request_id = $1 and sent_at is null";
    value(c, sql, &[&id.to_string()], "idle")
}

/// Forgets the oldest submitter who has started no upload, of the network that has most of these at a request. So a
/// newcomer finds a place, however many one network takes.
pub fn forget_one_idle(c: &Conn, id: RequestId) -> Result<(), Error> {
    let sql = "delete from submitters where request_id = $1 and sent_at is null and id = (
                   select s.id from submitters s
                   where s.request_id = $1 and s.sent_at is null and coalesce(s.network, s.id) = (
                       select coalesce(n.network, n.id) from submitters n
                       where n.request_id = $1 and n.sent_at is null
                       group by coalesce(n.network, n.id) order by count(*) desc, coalesce(n.network, n.id) limit 1
                   )
                   order by s.created_at, s.id limit 1
               ) returning id";
    let idle = list(c, sql, &[&id.to_string()], |row| row.get::<String>("id"))?;
    remove_grants(c, idle)
}

/// Removes the grants of submitters who have just been removed. The submitters come first, because only a condition on a
/// table's own rows is checked again after a wait for their locks.
fn remove_grants(c: &Conn, submitters: Vec<String>) -> Result<(), Error> {
    let sql = format!("delete from tokens where id in (select k.value from {})", json_rows(c, "$1"));
    execute(c, &sql, &[&json_array(submitters)]).map(drop)
}

/// Records that a submitter starts their first upload.
pub fn set_sent(c: &Conn, grant: GrantId, now: Timestamp) -> Result<(), Error> {
    execute(c, "update submitters set sent_at = $2 where id = $1", &[&grant.to_string(), &millis(now)])
        .map(drop)
}

/// Makes a submitter's files go to `folder` from now on.
pub fn set_folder(c: &Conn, grant: GrantId, folder: ItemId) -> Result<(), Error> {
    let sql = "update tokens set folder_id = $2 where id = $1";
    execute(c, sql, &[&grant.to_string(), &folder.to_string()]).map(drop)
}

/// Who comes to a file request: the request, and the visitor's network, as [`network_of`] names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The request.
    pub request: RequestId,
    /// The network.
    pub network: String,
}

/// The name under which the network of a submitter is counted. A submitter whose network is not known has one of their own.
pub fn network_of(grant: GrantId, submitter: &Submitter) -> String {
    submitter.network.clone().unwrap_or_else(|| grant.to_string())
}

/// Unfinished uploads to file requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// All of them.
    pub all: Used,
    /// Those to one request.
    pub of_request: Used,
    /// Those from one network, whatever the request.
    pub of_network: Used,
}

/// The unfinished uploads to all file requests of a user (`None` means of everybody in the workspace), and which of them concern
/// this visitor.
pub fn held(
    c: &Conn,
    workspace: WorkspaceId,
    user: Option<UserId>,
    visitor: &Visitor,
) -> Result<Held, Error> {
    let whose = if user.is_some() { "and u.user_id = $4" } else { "" };
    let sql = format!(
        "select count(*) as files, cast(coalesce(sum(size_bytes), 0) as bigint) as bytes,
                cast(coalesce(sum(case when request_id = $2 then 1 else 0 end), 0) as bigint) as request_files,
                cast(coalesce(sum(case when request_id = $2 then size_bytes else 0 end), 0) as bigint) as request_bytes,
                cast(coalesce(sum(case when network = $3 then 1 else 0 end), 0) as bigint) as network_files,
                cast(coalesce(sum(case when network = $3 then size_bytes else 0 end), 0) as bigint) as network_bytes
         from (
             select u.size_bytes, u.request_id, coalesce(s.network, u.grant_id) as network
             from uploads u left join submitters s on s.id = u.grant_id
             where u.workspace_id = $1 and u.request_id is not null
               and (u.state = 'opening' or u.state = 'open' or u.state = 'completing') {whose}
         ) unfinished"
    );
    let read = |row: &Row<'_>| {
        let sums = |files, bytes| {
            Ok::<_, Error>(Used { files: size(row, files)?, bytes: size(row, bytes)?, begun: 0 })
        };
        Ok(Held {
            all: sums("files", "bytes")?,
            of_request: sums("request_files", "request_bytes")?,
            of_network: sums("network_files", "network_bytes")?,
        })
    };
    let (workspace, request) = (workspace.to_string(), visitor.request.to_string());
    let found = match user {
        None => find(c, &sql, &[&workspace, &request, &visitor.network], read),
        Some(user) => find(c, &sql, &[&workspace, &request, &visitor.network, &user.to_string()], read),
    };
    Ok(found?.unwrap_or_default())
}

/// Where strangers compete for room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a request, for what it takes in all.
    Request(RequestId),
    /// At all requests of a user, for places.
    User(UserId),
    /// In a workspace, for bytes.
    Workspace,
}

/// Up to `limit` open uploads of strangers that compete for the same room, the oldest first.
pub fn competing(
    c: &Conn,
    workspace: WorkspaceId,
    place: Place,
    limit: usize,
) -> Result<Vec<Reserved<UploadRowId>>, Error> {
    let (which, id) = match place {
        Place::Request(id) => ("and u.request_id = $3", Some(id.to_string())),
        Place::User(id) => ("and u.user_id = $3", Some(id.to_string())),
        Place::Workspace => ("", None),
    };
    let sql = format!(
        "select u.id, u.size_bytes, u.created_at, coalesce(s.network, u.grant_id) as network,
                coalesce(m.stored_bytes, 0) > 0 as has_bytes
         from uploads u left join submitters s on s.id = u.grant_id
             left join measured_uploads m on m.upload_id = u.id
         where u.workspace_id = $1 and u.request_id is not null and u.state = 'open' {which}
         order by u.created_at, u.id limit $2"
    );
    let read = |row: &Row<'_>| {
        Ok(Reserved {
            upload: parsed(row, "id")?,
            network: row.get("network")?,
            size_bytes: size(row, "size_bytes")?,
            created_at: time(row, "created_at")?,
            has_bytes: row.get("has_bytes")?,
        })
    };
    let (workspace, limit) = (workspace.to_string(), rows_at_most(limit));
    match id {
        None => list(c, &sql, &[&workspace, &limit], read),
        Some(id) => list(c, &sql, &[&workspace, &limit, &id], read),
    }
}

/// Removes up to `limit` uploads of strangers that ended without a file, whose parts were gone before `before`, and that no URL
/// could still write then. A submitter who has no other upload counts as one who has started none.
pub fn forget_ended(c: &Conn, before: Timestamp, limit: usize) -> Result<u64, Error> {
    let sql = "select id, grant_id from uploads
               where request_id is not null and state in ('aborted', 'expired') and parts_freed_at is not null
                 and parts_freed_at <= $1 and (put_until is null or put_until <= $1)
               order by parts_freed_at limit $2";
    let read = |row: &Row<'_>| Ok((parsed_or_none::<GrantId>(row, "grant_id")?, row.get::<String>("id")?));
    let mut ended = list(c, sql, &[&millis(before), &rows_at_most(limit)], read)?;
    // In one order, so that two servers never wait for each other.
    ended.sort();
    for (grant, id) in &ended {
        if let Some(grant) = grant {
            grants::lock_uploads(c, *grant)?;
            let sql = "update grants set forgotten_uploads = forgotten_uploads + 1 where id = $1";
            execute(c, sql, &[&grant.to_string()])?;
        }
        execute(c, "delete from uploads where id = $1", &[id])?;
    }
    let mut submitters: Vec<_> = ended.iter().filter_map(|(grant, _)| *grant).collect();
    submitters.dedup();
    for grant in submitters {
        let sql = "update submitters set sent_at = null
                   where id = $1 and not exists (select 1 from uploads u where u.grant_id = $1)";
        execute(c, sql, &[&grant.to_string()])?;
    }
    Ok(ended.len() as u64)
}

/// Removes the networks of up to `limit` submitters who came before `before`. Returns how many.
pub fn forget_networks(c: &Conn, before: Timestamp, limit: usize) -> Result<u64, Error> {
    let sql =
        "update submitters set network = null where network is not null and created_at <= $1 and id in (
                   select id from submitters where network is not null and created_at <= $1
                   order by created_at limit $2
               )";
    execute(c, sql, &[&millis(before), &rows_at_most(limit)])
}

/// Forgets up to `limit` submitters who opened a request before `before` and have started no upload. Returns how many.
pub fn forget_idle(c: &Conn, before: Timestamp, limit: usize) -> Result<u64, Error> {
    let sql = "delete from submitters where sent_at is null and created_at <= $1
                 and not exists (select 1 from uploads u where u.grant_id = submitters.id) and id in (
                   select id from submitters where sent_at is null and created_at <= $1
                   and not exists (select 1 from uploads u where u.grant_id = submitters.id) order by created_at limit $2
               ) returning id";
    let idle = list(c, sql, &[&millis(before), &rows_at_most(limit)], |row| row.get::<String>("id"))?;
    let forgotten = idle.len() as u64;
    remove_grants(c, idle)?;
    Ok(forgotten)
}

fn generation(row: &Row<'_>) -> Result<Option<u64>, Error> {
    row.get::<Option<i64>>("password_generation")?.map(u64::try_from).transpose().map_err(Error::value)
}
