//! What the caller sees of others' items, folder by folder. It finds everything for a caller with a moderate number
//! of shared folders.

use super::{CANDIDATES, Candidates, has_words};
use crate::{Conn, Error, json_array, list, rows_at_most};
use dray_drive::access::Caller;
use dray_drive::search::Words;

/// The maximum number of items that are read.
const ITEMS: usize = 3000;
/// The maximum number of folders that are visited.
const FOLDERS: usize = 500;

/// The newest items with the words, among those that others share with the caller and those that others have put into
/// the caller's folders. For a token that is confined to a folder: among everything in that folder.
pub(super) fn shared(c: &Conn, caller: &Caller, words: &Words) -> Result<Candidates, Error> {
    let sql = format!(
        "with recursive entry (id) as (
             select id from (select item_id as id from participants where user_id = $2 limit $6) granted where cast($3 as text) is null
             union
             select id from (
                 select id from items
                 where host_id = $2 and workspace_id = $1 and trashed_at is null limit $6
             ) hosted where cast($3 as text) is null
             union
             select id from items where id = $3
         ),
         top as materialized (
             select i.id, i.kind, i.updated_at, i.words from entry cross join items i
             where i.id = entry.id and i.workspace_id = $1 and i.trashed_at is null
         ),
         tree (id) as (
             select id from top where kind = 0
             union
             select i.id from tree cross join items i
             where i.place = tree.id and i.workspace_id = $1 and i.kind = 0 and i.trashed_at is null {enough}
         ),
         folder as materialized (select id from tree limit $5),
         inside as materialized (
             select i.id, i.updated_at, i.words from folder cross join items i
             where i.place = folder.id and i.workspace_id = $1 and i.trashed_at is null limit $6
         ),
         hit as (
             select i.id from (
                 select id, updated_at, words from top union all select id, updated_at, words from inside
             ) i
             where {has_words} order by i.updated_at desc limit $7
         )
         select hit.id, t.is_all from (
             select (select count(*) from entry) < $6 and (select count(*) from folder) < $5
                    and (select count(*) from inside) < $6 as is_all
         ) t left join hit on true",
        has_words = has_words(c, "$4"),
        enough = enough(c),
    );
    let folder = caller.folder.map(|id| id.to_string());
    let mut is_all = true;
    let ids = list(
        c,
        &sql,
        &[
            &caller.workspace.to_string(),
            &caller.user.to_string(),
            &folder,
            &json_array(words.iter()),
            &rows_at_most(FOLDERS),
            &rows_at_most(ITEMS),
            &rows_at_most(CANDIDATES + 1),
        ],
        |row| {
            is_all = row.get("is_all")?;
            row.get::<Option<String>>("id")
        },
    )?;
    Ok(Candidates::new(ids.into_iter().flatten().collect(), is_all))
}

/// Where the walk from folder to folder ends. Postgres walks only as far as its rows are read, but SQLite needs a limit.
fn enough(c: &Conn) -> &'static str {
    match c {
        Conn::Sqlite(_) => "limit $5",
        Conn::Postgres(_) => "",
    }
}
