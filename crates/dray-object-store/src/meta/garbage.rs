//! The records of what nothing refers to any more, until its files are removed. Also whether the store was closed in
//! an orderly way.

use rusqlite::{Connection, params};

use crate::{
    ids::{PartFileId, SetId},
    meta::pieces,
};

/// Records a set whose upload or object is gone. Readers that have already begun can still read its parts.
pub(crate) fn add_set(db: &Connection, set: SetId) -> rusqlite::Result<()> {
    db.prepare_cached("insert into garbage_set values (?1)")?.execute([set.0]).map(drop)
}

/// Records that a part or piece no longer names this file. A file that nothing names is garbage.
pub(crate) fn release_file(db: &Connection, file: PartFileId) -> rusqlite::Result<()> {
    if pieces::forget_one_ref(db, file)? > 0 {
        return Ok(());
    }
    let sql = "insert into garbage_file values (?1, ?2)";
    db.prepare_cached(sql)?.execute(params![file.part_id, file.tag.cast_signed()]).map(drop)
}

/// Up to `limit` sets after `after`, ascending.
pub(crate) fn sets(db: &Connection, after: SetId, limit: usize) -> rusqlite::Result<Vec<SetId>> {
    let sql = "select set_id from garbage_set where set_id > ?1 order by set_id limit ?2";
    let mut statement = db.prepare_cached(sql)?;
    statement.query_map(params![after.0, limit], |row| row.get(0).map(SetId))?.collect()
}

/// Up to `limit` files after `after`, in the order of the table's key.
pub(crate) fn files(
    db: &Connection,
    after: Option<PartFileId>,
    limit: usize,
) -> rusqlite::Result<Vec<PartFileId>> {
    let sql = "select part_id, file_tag from garbage_file where (part_id, file_tag) > (?1, ?2)
               order by part_id, file_tag limit ?3";
    let (part_id, tag) = after.map_or((i64::MIN, i64::MIN), |file| (file.part_id, file.tag.cast_signed()));
    let mut statement = db.prepare_cached(sql)?;
    let rows =
        statement.query_map(params![part_id, tag, limit], |row| Ok(file_id(row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Up to `limit` files that only this set names and whose part ids are over `after`.
pub(crate) fn files_of_set(
    db: &Connection,
    set: SetId,
    after: i64,
    limit: usize,
) -> rusqlite::Result<Vec<PartFileId>> {
    let sql = "select id, file_tag from part where id > ?1 and id <= ?2 and file_tag is not null
               and not exists (select 1 from shared_file where part_id = part.id and file_tag = part.file_tag)
               order by id limit ?3";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement
        .query_map(params![after, set.part_ids().1, limit], |row| Ok(file_id(row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Forgets sets whose own files are removed, but at most `most_parts` parts. Returns how many sets are forgotten completely;
/// of the next one, some parts may be. Files that they shared become garbage if nothing else names them.
pub(crate) fn forget_sets(db: &Connection, sets: &[SetId], most_parts: usize) -> rusqlite::Result<usize> {
    let mut left = most_parts;
    for (forgotten, set) in sets.iter().enumerate() {
        let (first, last) = set.part_ids();
        let sql = "select id from part where id between ?1 and ?2 order by id limit ?3";
        let mut statement = db.prepare_cached(sql)?;
        let ids = statement.query_map(params![first, last, left], |row| row.get(0))?;
        let ids = ids.collect::<rusqlite::Result<Vec<i64>>>()?;
        if let Some(last) = ids.last() {
            forget_parts(db, first, *last)?;
        }
        left -= ids.len();
        if left == 0 {
            return Ok(forgotten);
        }
        db.prepare_cached("delete from garbage_set where set_id = ?1")?.execute([set.0])?;
    }
    Ok(sets.len())
}

fn forget_parts(db: &Connection, first: i64, last: i64) -> rusqlite::Result<()> {
    let sql = "select part.id, part.file_tag from part
               join shared_file on shared_file.part_id = part.id and shared_file.file_tag = part.file_tag
               where part.id between ?1 and ?2";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([first, last], |row| Ok(file_id(row.get(0)?, row.get(1)?)))?;
    let shared: Vec<PartFileId> = rows.collect::<Result<_, _>>()?;
    shared.into_iter().try_for_each(|file| release_file(db, file))?;
    pieces::remove(db, first, last)?;
    db.prepare_cached("delete from part where id between ?1 and ?2")?.execute([first, last]).map(drop)
}

/// Forgets a file that is removed.
pub(crate) fn forget_file(db: &Connection, file: PartFileId) -> rusqlite::Result<()> {
    let sql = "delete from garbage_file where part_id = ?1 and file_tag = ?2";
    db.prepare_cached(sql)?.execute(params![file.part_id, file.tag.cast_signed()]).map(drop)
}

/// Whether a part or a piece names this file.
pub(crate) fn is_named(db: &Connection, file: PartFileId) -> rusqlite::Result<bool> {
    let sql = "select exists (select 1 from part where id = ?1 and file_tag = ?2)
               or exists (select 1 from shared_file where part_id = ?1 and file_tag = ?2)";
    db.prepare_cached(sql)?.query_row(params![file.part_id, file.tag.cast_signed()], |row| row.get(0))
}

/// The highest set id in use.
pub(crate) fn highest_set(db: &Connection) -> rusqlite::Result<i64> {
    let sql = "select max(ifnull((select max(set_id) from upload), 0),
                          ifnull((select max(set_id) from garbage_set), 0),
                          ifnull((select max(id) >> 14 from part), 0))";
    db.query_row(sql, [], |row| row.get(0))
}

/// Records that the store is open. Returns whether it had been closed in an orderly way.
pub(crate) fn mark_opened(db: &Connection) -> rusqlite::Result<bool> {
    let clean = db.query_row("select clean from shutdown", [], |row| row.get(0))?;
    db.execute("update shutdown set clean = 0", [])?;
    Ok(clean)
}

/// Records that each file is named by a row or removed.
pub(crate) fn mark_closed(db: &Connection) -> rusqlite::Result<()> {
    db.execute("update shutdown set clean = 1", []).map(drop)
}

pub(super) fn file_id(part_id: i64, tag: i64) -> PartFileId {
    PartFileId { part_id, tag: tag.cast_unsigned() }
}
