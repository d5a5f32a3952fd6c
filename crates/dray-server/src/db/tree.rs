//! Listing folders, level by level.

use dray_api::ItemId;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::Conn;
use super::items::{columns, is_visible, item, listing_order};
use crate::drive::access::Caller;
use crate::drive::listing::Listed;

/// The first `limit` items at the top of what the caller may see.
pub(crate) async fn at_root(c: &mut Conn, caller: &Caller, limit: usize) -> Result<Vec<Listed>, sqlx::Error> {
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
    let rows = sqlx::query(sql)
        .bind(caller.workspace.to_string())
        .bind(caller.user.to_string())
        .bind(rows_at_most(limit))
        .fetch_all(c)
        .await?;
    rows.iter().map(listed).collect()
}

/// The first `limit` items in `folders`: all of the first folder, then all of the second, and so on. Reads at
/// most `limit` of each folder, however large it is.
pub(crate) async fn in_folders(
    c: &mut Conn,
    caller: &Caller,
    folders: &[ItemId],
    limit: usize,
) -> Result<Vec<Listed>, sqlx::Error> {
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
    let rows = sqlx::query(sql)
        .bind(caller.workspace.to_string())
        .bind(caller.user.to_string())
        .bind(json_array(folders))
        .bind(rows_at_most(limit))
        .fetch_all(c)
        .await?;
    rows.iter().map(listed).collect()
}

/// Ids need no escaping.
fn json_array(ids: &[ItemId]) -> String {
    let ids: Vec<_> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    format!("[{}]", ids.join(","))
}

fn rows_at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn listed(row: &SqliteRow) -> Result<Listed, sqlx::Error> {
    Ok(Listed { item: item(row)?, has_children: row.try_get("has_children")? })
}
