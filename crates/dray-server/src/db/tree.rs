//! Listing folders, level by level.

use dray_api::ItemId;

use super::items::{columns, is_visible, item, listing_order};
use super::{Conn, Error, Row, list};
use crate::drive::access::Caller;
use crate::drive::listing::Listed;

/// The first `limit` items at the top of what the caller may see.
pub(crate) fn at_root(c: &Conn, caller: &Caller, limit: usize) -> Result<Vec<Listed>, Error> {
    let sql = concat!(
        "select ",
        columns!(),
        ",
                exists (select 1 from items b where ",
        is_visible!("b"),
        " and b.parent_id = i.id) as has_children
         from items i where ",
        is_visible!("i"),
        " and i.parent_id is null
         order by ",
        listing_order!("i"),
        " limit $3"
    );
    list(c, sql, &[&caller.workspace.to_string(), &caller.user.to_string(), &rows_at_most(limit)], listed)
}

/// The first `limit` items in `folders`: all of the first folder, then all of the second, and so on. Reads at
/// most `limit` of each folder, however large it is.
pub(crate) fn in_folders(
    c: &Conn,
    caller: &Caller,
    folders: &[ItemId],
    limit: usize,
) -> Result<Vec<Listed>, Error> {
    let sql = concat!(
        "select ",
        columns!(),
        ",
                exists (select 1 from items b where ",
        is_visible!("b"),
        " and b.parent_id = i.id) as has_children
         from json_each($3) folder join items i on i.id in (
             select n.id from items n where ",
        is_visible!("n"),
        " and n.parent_id = folder.value
             order by ",
        listing_order!("n"),
        " limit $4
         )
         order by folder.key, ",
        listing_order!("i"),
        " limit $4"
    );
    list(
        c,
        sql,
        &[
            &caller.workspace.to_string(),
            &caller.user.to_string(),
            &json_array(folders),
            &rows_at_most(limit),
        ],
        listed,
    )
}

/// Ids need no escaping.
fn json_array(ids: &[ItemId]) -> String {
    let ids: Vec<_> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    format!("[{}]", ids.join(","))
}

fn rows_at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn listed(row: &Row<'_>) -> Result<Listed, Error> {
    Ok(Listed { item: item(row)?, has_children: row.get("has_children")? })
}
