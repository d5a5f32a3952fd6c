//! Finding items by their words. A search reads few items, however many there are. If others share little with the
//! caller, it walks through everything that they share. Among all other items it looks up the words, and if many
//! items have them, it reads only the newest ones. At the end it decides for all candidates at once which of them the
//! caller sees. Whether an answer is complete never depends on items that the caller does not see, unless the caller
//! sees very many.

mod indexed;
mod walk;

use std::collections::BTreeSet;

use dray_api::{SearchSort, SortOrder};

use super::items::{columns, item};
use super::{Conn, Error, json_array, json_rows, list, rows_at_most, size};
use dray_drive::access::Caller;
use dray_drive::item::Item;
use dray_drive::search::Words;
use indexed::Whose;

/// The maximum number of candidates from each of three groups: the caller's own items, those shared with the caller,
/// and all others. The newest ones count. A word that so many names have finds nothing in particular, and reading all
/// of them would take long.
const CANDIDATES: usize = 150;

/// The result of a search.
pub struct Found {
    /// The first of the hits, in order.
    pub items: Vec<Item>,
    /// How many hits there are.
    pub total: u64,
    /// Whether the search read all items with the words.
    pub is_exact: bool,
}

/// Items that have the words, before the check who may see them.
struct Candidates {
    ids: Vec<String>,
    /// Whether these are all such items.
    is_all: bool,
}

impl Candidates {
    /// Makes candidates of the ids that were found. One id more than the maximum shows that there are others.
    fn new(mut ids: Vec<String>, is_all: bool) -> Self {
        let is_all = is_all && ids.len() <= CANDIDATES;
        ids.truncate(CANDIDATES);
        Self { ids, is_all }
    }
}

/// The first `limit` items that have the words in their names and that the caller sees.
pub fn search(
    c: &Conn,
    caller: &Caller,
    words: &Words,
    order: (SearchSort, SortOrder),
    limit: usize,
) -> Result<Found, Error> {
    let shared = walk::shared(c, caller, words)?;
    let (mut ids, mut is_exact): (BTreeSet<_>, _) = (shared.ids.into_iter().collect(), shared.is_all);
    // A token that is confined to a folder sees only that folder.
    if caller.folder.is_none() || !shared.is_all {
        let own = indexed::find(c, caller, Whose::Own, words)?;
        ids.extend(own.ids);
        is_exact = own.is_all;
    }
    if !shared.is_all {
        let others = indexed::find(c, caller, Whose::Others, words)?;
        ids.extend(others.ids);
        is_exact &= others.is_all;
    }
    let (items, total) = visible(c, caller, &ids, order, limit)?;
    Ok(Found { items, total, is_exact })
}

/// The first `limit` candidates that the caller sees, and how many they see. It decides by the rules of
/// `drive/path.rs`, but for all candidates at once: it follows each of their folders up to the root only once.
fn visible(
    c: &Conn,
    caller: &Caller,
    candidates: &BTreeSet<String>,
    (sort, order): (SearchSort, SortOrder),
    limit: usize,
) -> Result<(Vec<Item>, u64), Error> {
    let (workspace, user) = (caller.workspace.to_string(), caller.user.to_string());
    let folder = caller.folder.map(|id| id.to_string());
    let candidates = json_array(candidates);
    let mut total = 0;
    let items = list(
        c,
        &statement(c, sort, order),
        &[&workspace, &user, &folder, &candidates, &rows_at_most(limit)],
        |row| {
            total = size(row, "total")?;
            let mut hit = item(row)?;
            if !row.get::<bool>("sees_parent")? {
                hit.parent = None;
            }
            Ok(hit)
        },
    )?;
    Ok((items, total))
}

fn statement(c: &Conn, sort: SearchSort, order: SortOrder) -> String {
    let candidates = json_rows(c, "$4");
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
        "with recursive candidate as materialized (
             select i.id, i.parent_id, i.{key} as sort_key, i.owner_id = $2 or {granted_on_i} as is_seen
             from {candidates} cross join items i
             where i.id = k.value and i.workspace_id = $1 and i.trashed_at is null
         ),
         up (start, parent_id, is_trashed, is_seen, is_inside) as (
             select i.id, i.parent_id, i.trashed_at is not null, i.owner_id = $2 or {granted_on_i},
                    coalesce(i.id = $3, false)
             from (select distinct parent_id from candidate) k cross join items i where i.id = k.parent_id
             union all
             select up.start, i.parent_id, up.is_trashed or i.trashed_at is not null,
                    up.is_seen or i.owner_id = $2 or {granted_on_i}, up.is_inside or coalesce(i.id = $3, false)
             from up cross join items i where i.id = up.parent_id
         ),
         hit as (
             select k.id, k.sort_key, coalesce(a.is_seen and ($3 is null or a.is_inside), false) as sees_parent
             from candidate k left join up a on a.start = k.parent_id and a.parent_id is null
             where not coalesce(a.is_trashed, false) and (k.is_seen or a.is_seen)
               and ($3 is null or k.id = $3 or a.is_inside)
         ),
         page as (
             select id, sort_key, sees_parent, count(*) over () as total from hit
             order by sort_key {direction}, id {direction} limit $5
         )
         select page.total, page.sees_parent, {columns} from page join items i on i.id = page.id
         order by page.sort_key {direction}, page.id {direction}",
        granted_on_i = "exists (select 1 from participants p where p.item_id = i.id and p.user_id = $2)",
        columns = columns!(),
    )
}

/// The condition that the item `i` has all words of `$parameter`, a JSON array. A word of the name may be longer than
/// the word of the search.
fn has_words(c: &Conn, parameter: &str) -> String {
    match c {
        Conn::Sqlite(_) => format!(
            "not exists (select 1 from json_each({parameter}) w where instr(' ' || i.words, ' ' || w.value) = 0)"
        ),
        Conn::Postgres(_) => format!(
            "' ' || i.words like all (array(
                 select '% ' || value || '%' from json_array_elements_text({parameter}::text::json)
             ))"
        ),
    }
}

#[cfg(test)]
mod tests {
    use dray_drive::search::BEGINNINGS;

    #[test]
    fn both_databases_index_the_beginnings_that_are_looked_up() {
        let lengths = BEGINNINGS.map(|length| length.to_string());
        let sqlite = include_str!("../../migrations/sqlite/0002_search.sql");
        let postgres = include_str!("../../migrations/postgres/0002_search.sql");
        assert!(sqlite.contains(&format!("prefix = '{}'", lengths.join(" "))));
        assert!(postgres.contains(&format!("'{{{}}}'::integer[]", lengths.join(", "))));
    }
}
