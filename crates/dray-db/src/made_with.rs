//! What tokens have made that does not end with them: public links and file requests.

use std::collections::BTreeMap;

use dray_api::TokenId;
use jiff::Timestamp;

use super::tokens::descendants;
use super::{Conn, Error, Row, execute, find, list, millis, parsed, size};

/// How much that still works was made with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MadeWith {
    /// Public links.
    pub links: u64,
    /// File requests.
    pub requests: u64,
}

/// What still works: links `l` and requests `r`, by the token that made them, as rows of `made_with`, `links`, `requests`. The
/// parameter $1 is the time.
macro_rules! working {
    () => {
        "(select l.made_with, 1 as links, 0 as requests from links l
          where l.made_with is not null and (l.expires_at is null or l.expires_at > $1)
          union all
          select r.made_with, 0, 1 from requests r join tokens t on t.id = r.id
          where r.made_with is not null and t.revoked_at is null and t.expires_at > $1) made"
    };
}

/// What each token itself has made. Tokens that have made nothing are left out.
pub fn of_all(c: &Conn, now: Timestamp) -> Result<BTreeMap<TokenId, MadeWith>, Error> {
    let sql = concat!(
        "select made_with, cast(sum(links) as bigint) as links, cast(sum(requests) as bigint) as requests from ",
        working!(),
        " group by made_with"
    );
    let rows = list(c, sql, &[&millis(now)], |row| Ok((parsed(row, "made_with")?, made_with(row)?)))?;
    Ok(rows.into_iter().collect())
}

/// What the token has made, and the tokens that end with it (see `descendants!`).
pub fn of(c: &Conn, id: TokenId, now: Timestamp) -> Result<MadeWith, Error> {
    let sql = concat!(
        "select cast(coalesce(sum(links), 0) as bigint) as links,
             cast(coalesce(sum(requests), 0) as bigint) as requests from ",
        working!(),
        " where made_with in ",
        descendants!("$2")
    );
    Ok(find(c, sql, &[&millis(now), &id.to_string()], made_with)?.unwrap_or_default())
}

/// Removes the links that the token and those that end with it have made, and closes their file requests. The unfinished uploads
/// to these requests expire, so the sweeper soon releases what they reserve.
pub fn end(c: &Conn, id: TokenId, now: Timestamp) -> Result<(), Error> {
    let (id, now) = (id.to_string(), millis(now));
    execute(c, concat!("delete from links where made_with in ", descendants!("$1")), &[&id])?;
    let sql = concat!(
        "update tokens set revoked_at = $2 where revoked_at is null
             and id in (select r.id from requests r where r.made_with in ",
        descendants!("$1"),
        ")"
    );
    execute(c, sql, &[&id, &now])?;
    let sql = concat!(
        "update uploads set expires_at = $2 where state in ('opening', 'open') and expires_at > $2
             and request_id in (select r.id from requests r where r.made_with in ",
        descendants!("$1"),
        ")"
    );
    execute(c, sql, &[&id, &now]).map(drop)
}

fn made_with(row: &Row<'_>) -> Result<MadeWith, Error> {
    Ok(MadeWith { links: size(row, "links")?, requests: size(row, "requests")? })
}
