//! Finding items by their words. The one place where the databases differ in kind: SQLite's full-text index
//! (<https://sqlite.org/fts5.html>), a GIN index over a `tsvector` in Postgres.

use dray_api::{SearchSort, SortOrder};

use super::items::{columns, item};
use super::{Conn, Error, list, rows_at_most, value};
use crate::drive::access::Caller;
use crate::drive::item::Item;
use crate::drive::search::Words;

/// Items with the words that are looked at, of the caller's own and of others: the newest. A word that so many
/// names have finds nothing in particular, and looking at all of them would take long.
const CANDIDATES: usize = 1000;

/// What a search found.
pub(crate) struct Found {
    /// The first of the hits, in order.
    pub(crate) items: Vec<Item>,
    /// How many hits there are.
    pub(crate) total: u64,
    /// Whether all that have the words were looked at.
    pub(crate) is_exact: bool,
}

/// The first `limit` of the items that have the words in their names and that the caller sees.
pub(crate) fn search(
    c: &Conn,
    caller: &Caller,
    words: &Words,
    (sort, order): (SearchSort, SortOrder),
    limit: usize,
) -> Result<Found, Error> {
    let sql = statement(c, sort, order);
    let (workspace, user) = (caller.workspace.to_string(), caller.user.to_string());
    let folder = caller.folder.map(|id| id.to_string());
    let (own, others) = expressions(c, caller, words);
    let (own_limit, others_limit) =
        (CANDIDATES + 1, if may_see_others(c, caller)? { CANDIDATES + 1 } else { 0 });
    let mut totals = (0, true);
    let items = list(
        c,
        &sql,
        &[
            &workspace,
            &user,
            &folder,
            &own,
            &others,
            &rows_at_most(own_limit),
            &rows_at_most(others_limit),
            &rows_at_most(limit),
        ],
        |row| {
            let most: i64 = row.get("most_candidates")?;
            totals = (row.get::<i64>("total")?, most <= rows_at_most(CANDIDATES));
            if !row.get::<bool>("is_hit")? {
                return Ok(None);
            }
            let mut hit = item(row)?;
            if !row.get::<bool>("sees_parent")? {
                hit.parent = None;
            }
            Ok(Some(hit))
        },
    )?;
    let (total, is_exact) = totals;
    let total = u64::try_from(total).map_err(Error::value)?;
    Ok(Found { items: items.into_iter().flatten().collect(), total, is_exact })
}

/// Whether the caller may see something that others own: only what is shared with them, or is in a folder of theirs.
fn may_see_others(c: &Conn, caller: &Caller) -> Result<bool, Error> {
    let sql = "select exists (select 1 from participants where user_id = $2)
                   or exists (select 1 from hosts where workspace_id = $1 and user_id = $2) as may_see_others";
    value(c, sql, &[&caller.workspace.to_string(), &caller.user.to_string()], "may_see_others")
}

/// Who sees a hit is decided as `drive/path.rs` does, for all candidates at once: each folder that has some is
/// followed up to the root once.
fn statement(c: &Conn, sort: SearchSort, order: SortOrder) -> String {
    let candidates = match c {
        Conn::Sqlite(_) => SQLITE_CANDIDATES,
        Conn::Postgres(_) => POSTGRES_CANDIDATES,
    };
    let key = match sort {
        SearchSort::CreatedAt => "created_at",
        SearchSort::UpdatedAt => "updated_at",
        SearchSort::Name => "name_key",
    };
    let direction = match order {
        SortOrder::Ascending => "asc",
        SortOrder::Descending => "desc",
    };
    format!(
        "with recursive {candidates},
         candidate as (
             select i.id, i.parent_id, i.owner_id, i.{key} as sort_key
             from (select id from own union all select id from others) k join items i on i.id = k.id
             where i.workspace_id = $1 and i.trashed_at is null
         ),
         up (start, id) as (
             select distinct parent_id, parent_id from candidate where parent_id is not null
             union
             select up.start, f.parent_id from up join items f on f.id = up.id where f.parent_id is not null
         ),
         above as (
             select up.start,
                    max(case when f.trashed_at is not null then 1 else 0 end) as is_trashed,
                    max(case when f.owner_id = $2 or p.user_id is not null then 1 else 0 end) as is_seen,
                    max(case when f.id = $3 then 1 else 0 end) as is_inside
             from up join items f on f.id = up.id
             left join participants p on p.item_id = f.id and p.user_id = $2
             group by up.start
         ),
         hit as (
             select k.id, k.sort_key,
                    coalesce(a.is_seen, 0) = 1 and ($3 is null or a.is_inside = 1) as sees_parent
             from candidate k
             left join above a on a.start = k.parent_id
             left join participants p on p.item_id = k.id and p.user_id = $2
             where coalesce(a.is_trashed, 0) = 0
               and (k.owner_id = $2 or p.user_id is not null or a.is_seen = 1)
               and ($3 is null or k.id = $3 or a.is_inside = 1)
         ),
         page as (select id, sort_key, sees_parent from hit order by sort_key {direction}, id {direction} limit $8),
         totals as (
             select (select count(*) from hit) as total,
                    (select max(n) from (select count(*) as n from own
                                         union all select count(*) as n from others) counts) as most_candidates
         )
         select t.total, t.most_candidates, i.id is not null as is_hit, page.sees_parent, {}
         from totals t left join page on true left join items i on i.id = page.id
         order by page.sort_key {direction}, page.id {direction}",
        columns!(),
    )
}

/// `cross join`: SQLite must begin with the words.
const SQLITE_CANDIDATES: &str = "
    own as materialized (
        select r.item_id as id
        from (select rowid as doc from item_words where item_words match $4 order by rowid desc limit $6) found
        cross join item_docs r on r.doc = found.doc
    ),
    others as materialized (
        select r.item_id as id
        from (select rowid as doc from item_words where item_words match $5 order by rowid desc limit $7) found
        cross join item_docs r on r.doc = found.doc
    )";

const POSTGRES_CANDIDATES: &str = "
    own as materialized (
        select id from items
        where workspace_id = $1 and owner_id = $2 and word_vector @@ $4::text::tsquery
        order by created_at desc, id desc limit $6
    ),
    others as materialized (
        select id from items
        where workspace_id = $1 and owner_id <> $2 and word_vector @@ $5::text::tsquery
        order by created_at desc, id desc limit $7
    )";

/// What the index is asked for: among the caller's own items, and among those of others. Every word is a prefix,
/// and in quotes; words have letters and digits only.
fn expressions(c: &Conn, caller: &Caller, words: &Words) -> (String, String) {
    match c {
        Conn::Sqlite(_) => {
            let words: Vec<_> = words.iter().map(|word| format!("\"{word}\" *")).collect();
            let here = format!("words : ({}) AND whose : \"{}\"", words.join(" AND "), caller.workspace);
            let own = format!("whose : \"{}\"", caller.user);
            (format!("{here} AND {own}"), format!("({here}) NOT {own}"))
        }
        Conn::Postgres(_) => {
            let words: Vec<_> = words.iter().map(|word| format!("'{word}':*")).collect();
            let query = words.join(" & ");
            (query.clone(), query)
        }
    }
}
