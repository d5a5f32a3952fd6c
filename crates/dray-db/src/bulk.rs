//! Fills a database with very many items, for benchmarks and tests of large drives.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{Conn, Error, Param, execute, items, stored_size, usage};
use dray_drive::item::Item;

/// How many items one statement inserts. Postgres is faster with few large statements, because each costs a round
/// trip. SQLite is faster with small ones, because for each parameter it searches all parameters of the statement.
fn items_at_once(c: &Conn) -> usize {
    match c {
        Conn::Sqlite(_) => 10,
        Conn::Postgres(_) => 500,
    }
}

/// Adds items, and counts them as used by their owners. Each item must come after its folder, and must have the
/// folder's owner.
pub fn insert(c: &Conn, all: &[Item]) -> Result<(), Error> {
    for chunk in all.chunks(items_at_once(c)) {
        let rows = chunk.iter().map(|item| items::values(item, None)).collect::<Result<Vec<_>, _>>()?;
        let params: Vec<&dyn Param> = rows.iter().flatten().map(AsRef::as_ref).collect();
        execute(c, &statement(rows.len()), &params)?;
    }
    let mut used = HashMap::new();
    for item in all {
        let (count, bytes) = used.entry((item.workspace, item.owner)).or_insert((0, 0));
        *count += 1;
        *bytes += stored_size(item.size_bytes())?;
    }
    used.into_iter()
        .try_for_each(|((workspace, user), (count, bytes))| usage::add(c, workspace, user, count, bytes))
}

fn statement(rows: usize) -> String {
    let mut sql = format!("insert into items ({}) values ", items::INSERTED);
    let width = items::INSERTED.split(',').count();
    for row in 0..rows {
        let first = row * width + 1;
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for at in first..first + width - 1 {
            let _ = write!(sql, "${at}, ");
        }
        let _ = write!(sql, "${})", first + width - 1);
    }
    sql
}

/// Does what autovacuum does on Postgres some time after such a change. SQLite needs no such work.
pub fn settle(c: &Conn) -> Result<(), Error> {
    if matches!(c, Conn::Postgres(_)) {
        for sql in ["set statement_timeout = 0", "vacuum analyze", "reset statement_timeout"] {
            execute(c, sql, &[])?;
        }
    }
    Ok(())
}
