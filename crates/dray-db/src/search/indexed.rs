//! Looking up words. Only here do the databases need different queries. SQLite's full-text index
//! (<https://sqlite.org/fts5.html>) returns the newest rows first, however many there are. A GIN index of Postgres
//! returns all rows at once, so it is used only for rare words.

use dray_api::limits::MAX_SEARCH_HITS;

use super::{CANDIDATES, Candidates, has_words};
use crate::{Conn, Error, Param, json_array, list, rows_at_most, size};
use dray_drive::access::Caller;
use dray_drive::search::Words;

/// The maximum number of items whose words are compared if the index alone cannot decide.
const LOOKED_AT: usize = 5000;
/// How many of the items that changed last are searched first.
const RECENT: usize = 500;
/// How many of them are searched if the words may be common enough to be found among them.
const MORE_RECENT: usize = 5000;
/// How many rows are read through an index of Postgres. These rows are spread over the table, so each costs several
/// times as much.
const INDEXED: usize = 2500;
/// With this many hits among the latest items, the words are not rare.
const NOT_RARE: usize = 3;
/// This many hits are enough, even if there are more: an answer cannot have more.
const ENOUGH: usize = MAX_SEARCH_HITS as usize;

/// Whose items to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The caller's own.
    Own,
    /// Everybody else's.
    Others,
}

/// The newest items that have the words.
pub(super) fn find(c: &Conn, caller: &Caller, whose: Whose, words: &Words) -> Result<Candidates, Error> {
    match c {
        Conn::Sqlite(_) => full_text(c, caller, whose, words),
        Conn::Postgres(_) => recent_or_indexed(c, caller, whose, words),
    }
}

/// For SQLite. `cross join` makes it begin with the words.
fn full_text(c: &Conn, caller: &Caller, whose: Whose, words: &Words) -> Result<Candidates, Error> {
    let sql = format!(
        "with found as materialized (
             select rowid as doc from item_words where item_words match $1 order by rowid desc limit $2
         )
         select t.looked_at, h.id from (select count(*) as looked_at from found) t left join (
             select i.id from found cross join items i where i.doc = found.doc and {}
         ) h on true",
        has_words(c, "$3"),
    );
    let limit = if words.are_beginnings() { CANDIDATES + 1 } else { LOOKED_AT };
    looked_at(
        c,
        &sql,
        &[&expression(caller, whose, words), &rows_at_most(limit), &json_array(words.iter())],
        limit,
    )
}

/// The query for the index: every word is a prefix in quotes. Words have only letters and digits.
fn expression(caller: &Caller, whose: Whose, words: &Words) -> String {
    let words: Vec<_> = words.beginnings().map(|word| format!("\"{word}\" *")).collect();
    let (words, workspace, user) = (words.join(" AND "), caller.workspace, caller.user);
    match whose {
        Whose::Own => format!("{words} AND \"¤{workspace}{user}\""),
        Whose::Others => format!("({words} AND \"¤{workspace}\") NOT \"¤{workspace}{user}\""),
    }
}

/// For Postgres. Words that are not rare are quickly found among the items that changed last.
fn recent_or_indexed(c: &Conn, caller: &Caller, whose: Whose, words: &Words) -> Result<Candidates, Error> {
    let mut found = recent(c, caller, whose, words, RECENT)?;
    if !found.is_all && (NOT_RARE..ENOUGH).contains(&found.ids.len()) {
        found = recent(c, caller, whose, words, MORE_RECENT)?;
    }
    if found.is_all || found.ids.len() >= ENOUGH {
        return Ok(found);
    }
    let indexed = by_beginnings(c, caller, whose, words)?;
    found.ids.extend(indexed.ids);
    Ok(Candidates { is_all: indexed.is_all, ..found })
}

/// Searches the `rows` items that changed last.
fn recent(c: &Conn, caller: &Caller, whose: Whose, words: &Words, rows: usize) -> Result<Candidates, Error> {
    let (within, among) = match whose {
        Whose::Own => ("and owner_id = $2", ""),
        Whose::Others => ("", "and i.owner_id <> $2"),
    };
    let sql = format!(
        "with found as materialized (
             select id, owner_id, updated_at, words from items
             where workspace_id = $1 {within} and trashed_at is null
             order by updated_at desc, id desc limit {rows}
         )
         select t.looked_at, h.id from (select count(*) as looked_at from found) t left join (
             select i.id from found i where {} {among} order by i.updated_at desc, i.id desc limit $4
         ) h on true",
        has_words(c, "$3"),
    );
    let (workspace, user) = (caller.workspace.to_string(), caller.user.to_string());
    let (words, limit) = (json_array(words.iter()), rows_at_most(CANDIDATES + 1));
    looked_at(c, &sql, &[&workspace, &user, &words, &limit], rows)
}

/// Searches all items that have the beginnings of the words, or only some of them if there are many.
fn by_beginnings(c: &Conn, caller: &Caller, whose: Whose, words: &Words) -> Result<Candidates, Error> {
    let is = match whose {
        Whose::Own => "=",
        Whose::Others => "<>",
    };
    let sql = format!(
        "with found as materialized (
             select id, workspace_id, owner_id, updated_at, words, trashed_at from items
             where word_beginnings(words) collate \"C\" @>
                   array(select value from json_array_elements_text($5::text::json)) limit {INDEXED}
         )
         select t.looked_at, h.id from (select count(*) as looked_at from found) t left join (
             select i.id from found i
             where i.workspace_id = $1 and i.owner_id {is} $2 and i.trashed_at is null and {}
             order by i.updated_at desc, i.id desc limit $4
         ) h on true",
        has_words(c, "$3"),
    );
    let (workspace, user) = (caller.workspace.to_string(), caller.user.to_string());
    let (beginnings, words) = (json_array(words.beginnings()), json_array(words.iter()));
    let limit = rows_at_most(CANDIDATES + 1);
    looked_at(c, &sql, &[&workspace, &user, &words, &limit, &beginnings], INDEXED)
}

/// Runs a statement that looks at up to `most` items, and says how many it looked at.
fn looked_at(c: &Conn, sql: &str, params: &[&dyn Param], most: usize) -> Result<Candidates, Error> {
    let mut looked_at = 0;
    let ids = list(c, sql, params, |row| {
        looked_at = size(row, "looked_at")?;
        row.get::<Option<String>>("id")
    })?;
    Ok(Candidates::new(ids.into_iter().flatten().collect(), looked_at < most as u64))
}
