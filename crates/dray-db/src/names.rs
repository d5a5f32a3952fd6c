//! Updates the values derived from names, for items that were written under older rules.

use super::{Conn, Error, execute, find, list, lock, rows_at_most};
use dray_drive::name::{NAME_RULES, name_key};
use dray_drive::search::words;

/// Items that one transaction looks at: some milliseconds of the one writer.
const BATCH: usize = 500;

/// Whether all items have been brought to the rules of today.
pub fn are_renewed(c: &Conn) -> Result<bool, Error> {
    Ok(matches!(progress(c)?, Some((NAME_RULES, None))))
}

/// The version of the rules, and the last item that was brought to them if not all were.
fn progress(c: &Conn) -> Result<Option<(i64, Option<String>)>, Error> {
    let sql = "select version, up_to from name_rules";
    find(c, sql, &[], |row| Ok((row.get("version")?, row.get("up_to")?)))
}

/// Updates the next items to the present rules. `false` if all are done. Several servers may do it at once.
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

/// Writes only what changes, which for most names is nothing. Answers the last item that it looked at; `None`: there are
/// no more.
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
            // Unless it was renamed meanwhile, by a server whose rules are its own.
            let sql = "update items set name_key = $2, words = $3 where id = $1 and name = $4";
            execute(c, sql, &[id, &key, &words, name])?;
        }
    }
    Ok((rows.len() == BATCH).then(|| rows.last().map(|(id, ..)| id.clone())).flatten())
}

/// All items have yet to be looked at: they come from elsewhere.
pub fn forget(c: &Conn) -> Result<(), Error> {
    execute(c, "delete from name_rules", &[]).map(drop)
}
