//! Updates the values derived from names, for items that were written under older rules.

use super::{Conn, Error, execute, find, list, lock, rows_at_most};
use dray_drive::name::{NAME_RULES, name_key};
use dray_drive::search::words;

/// How many items one transaction updates. This occupies SQLite's only writer for some milliseconds.
const BATCH: usize = 500;

/// Whether all items follow the current rules.
pub fn are_renewed(c: &Conn) -> Result<bool, Error> {
    Ok(matches!(progress(c)?, Some((NAME_RULES, None))))
}

/// Whether the drive is empty, so that there is nothing to update.
pub fn is_without_items(c: &Conn) -> Result<bool, Error> {
    Ok(find(c, "select id from items limit 1", &[], |row| row.get::<String>("id"))?.is_none())
}

/// The version of the rules, and the last item that was updated, if some are left.
fn progress(c: &Conn) -> Result<Option<(i64, Option<String>)>, Error> {
    let sql = "select version, up_to from name_rules";
    find(c, sql, &[], |row| Ok((row.get("version")?, row.get("up_to")?)))
}

/// Updates the next items to the current rules; `false` if all are done. Several servers may do this at once.
pub fn renew_some(c: &Conn) -> Result<bool, Error> {
    lock(c, "name rules")?;
    let after = match progress(c)? {
        Some((NAME_RULES, None)) => return Ok(false),
        Some((NAME_RULES, Some(id))) => id,
        _ => String::new(),
    };
    let last = renew_after(c, &after)?;
    let sql = "insert into name_rules (one, version, up_to) values (1, $1, $2)
               on conflict (one) do update set version = excluded.version, up_to = excluded.up_to";
    execute(c, sql, &[&NAME_RULES, &last])?;
    Ok(last.is_some())
}

/// Updates the items after `id`. It writes only values that change, and for most names none do. Returns the last item
/// that it checked; `None` if there are no more.
fn renew_after(c: &Conn, id: &str) -> Result<Option<String>, Error> {
    let sql = "select id, name, name_key, words from items where id > $1 order by id limit $2";
    let columns = ["id", "name", "name_key", "words"];
    let rows = list(c, sql, &[&id, &rows_at_most(BATCH)], |row| {
        let [id, name, key, words] = columns.map(|column| row.get::<String>(column));
        Ok((id?, name?, key?, words?))
    })?;
    for (id, name, old_key, old_words) in &rows {
        let (key, words) = (name_key(name), words(name).join(" "));
        if (&key, &words) != (old_key, old_words) {
            // A server with other rules may have renamed the item in the meantime. Then the item stays as it is.
            let sql = "update items set name_key = $2, words = $3 where id = $1 and name = $4";
            execute(c, sql, &[id, &key, &words, name])?;
        }
    }
    Ok((rows.len() == BATCH).then(|| rows.last().map(|(id, ..)| id.clone())).flatten())
}

/// Records that all items must be checked again, because they come from another database.
pub fn forget(c: &Conn) -> Result<(), Error> {
    execute(c, "delete from name_rules", &[]).map(drop)
}
