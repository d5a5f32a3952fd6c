//! Which store belongs to this database. The drive leaves an object in its store, the mark, and its id here. `dray-server`
//! says what follows if a store lacks the mark.

use jiff::Timestamp;

use super::{Conn, Error, execute, find, list, millis, size};

/// How many objects of each end of the drive's life [`samples`] returns.
const SAMPLES: i64 = 8;

/// The marks that this database knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreMark {
    /// The id of the mark in the drive's store.
    pub id: String,
    /// The id of the mark in a store to which all files were copied. The drive belongs to it from the moment a server
    /// starts there.
    pub next_id: Option<String>,
    /// The id of a mark that another database has, too: the one that this drive was moved from. The first server here gives
    /// the store another mark and removes this one, so that nothing works with the other database any more.
    pub old_id: Option<String>,
}

/// An object that some item refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its key.
    pub object_key: String,
    /// Its size.
    pub size_bytes: u64,
}

/// The marks, if the drive's store has one.
pub fn get(c: &Conn) -> Result<Option<StoreMark>, Error> {
    find(c, "select id, next_id, old_id from store_mark", &[], |row| {
        Ok(StoreMark { id: row.get("id")?, next_id: row.get("next_id")?, old_id: row.get("old_id")? })
    })
}

/// Records that the drive's store has the mark `id`, unless it has another one already. Returns the mark that counts. Of
/// servers that start at the same time, all get the same: the insert waits for another server's insert, and the read
/// after it sees what that one committed (read committed).
pub fn get_or_set(c: &Conn, id: &str, now: Timestamp) -> Result<StoreMark, Error> {
    let sql = "insert into store_mark (one, id, created_at) values (1, $1, $2) on conflict (one) do nothing";
    execute(c, sql, &[&id, &millis(now)])?;
    Ok(get(c)?.unwrap_or_else(|| StoreMark { id: id.to_owned(), next_id: None, old_id: None }))
}

/// Records these marks, whatever was known before; `None` means that no store is known.
pub fn set(c: &Conn, mark: Option<&StoreMark>, now: Timestamp) -> Result<(), Error> {
    execute(c, "delete from store_mark", &[])?;
    let Some(StoreMark { id, next_id, old_id }) = mark else { return Ok(()) };
    let sql = "insert into store_mark (one, id, next_id, old_id, created_at) values (1, $1, $2, $3, $4)";
    execute(c, sql, &[id, next_id, old_id, &millis(now)]).map(drop)
}

/// Records that all files were copied to a store with the mark `next_id`.
pub fn set_next(c: &Conn, next_id: &str) -> Result<(), Error> {
    execute(c, "update store_mark set next_id = $1", &[&next_id]).map(drop)
}

/// Records that the drive is now in the store with the mark `next_id`. The store before it is no longer the drive's. If the
/// drive was also moved from another database, that one knows this mark, too.
pub fn take_next(c: &Conn, next_id: &str) -> Result<(), Error> {
    let sql = "update store_mark set id = next_id, next_id = null,
                   old_id = case when old_id is null then null else next_id end
               where next_id = $1";
    execute(c, sql, &[&next_id]).map(drop)
}

/// Records that the drive's store has the mark `id` instead of one that another database has, too. `false` if another server
/// has replaced that.
pub fn replace_old(c: &Conn, id: &str) -> Result<bool, Error> {
    Ok(execute(c, "update store_mark set id = $1 where id = old_id", &[&id])? == 1)
}

/// Records that the store no longer has the mark `old_id`.
pub fn forget_old(c: &Conn, old_id: &str) -> Result<(), Error> {
    execute(c, "update store_mark set old_id = null where old_id = $1 and id <> old_id", &[&old_id]).map(drop)
}

/// Whether the database has never had a file: it has no items, no uploads, and nothing that the store still has to remove.
pub fn is_new(c: &Conn) -> Result<bool, Error> {
    let sql = "select 1 as one where exists (select 1 from items) or exists (select 1 from uploads)
                   or exists (select 1 from tombstones)";
    Ok(find(c, sql, &[], |_| Ok(()))?.is_none())
}

/// Some objects that the drive's store must have: the oldest and the newest.
pub fn samples(c: &Conn) -> Result<Vec<Sample>, Error> {
    let mut samples = Vec::new();
    for order in ["asc", "desc"] {
        let sql = format!(
            "select object_key, size_bytes from items where object_key is not null and purged_at is null
             order by id {order} limit $1"
        );
        let some = list(c, &sql, &[&SAMPLES], |row| {
            Ok(Sample { object_key: row.get("object_key")?, size_bytes: size(row, "size_bytes")? })
        });
        samples.extend(some?);
    }
    samples.sort_unstable_by(|a, b| a.object_key.cmp(&b.object_key));
    samples.dedup();
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::database;

    fn mark(id: &str, next_id: Option<&str>) -> StoreMark {
        StoreMark { id: id.into(), next_id: next_id.map(str::to_owned), old_id: None }
    }

    #[tokio::test]
    async fn the_first_mark_stays_until_the_drive_has_moved() {
        let (db, _folder) = database().await;
        let now = Timestamp::UNIX_EPOCH;
        let seen = db.write(move |c| {
            assert_eq!(get(c)?, None);
            assert_eq!(get_or_set(c, "one", now)?, mark("one", None));
            assert_eq!(get_or_set(c, "two", now)?, mark("one", None));
            set_next(c, "three")?;
            assert_eq!(get(c)?, Some(mark("one", Some("three"))));
            take_next(c, "four")?;
            assert_eq!(get(c)?, Some(mark("one", Some("three"))), "it moved elsewhere");
            take_next(c, "three")?;
            assert_eq!(get(c)?, Some(mark("three", None)));
            set(c, Some(&mark("five", Some("six"))), now)?;
            assert_eq!(get(c)?, Some(mark("five", Some("six"))));
            let moved = StoreMark { old_id: Some("six".into()), ..mark("six", None) };
            set(c, Some(&moved), now)?;
            forget_old(c, "six")?;
            assert_eq!(get(c)?, Some(moved), "the store has it still");
            assert!(replace_old(c, "seven")? && !replace_old(c, "eight")?, "another server was faster");
            forget_old(c, "six")?;
            assert_eq!(get(c)?, Some(mark("seven", None)));
            let both = StoreMark { old_id: Some("six".into()), ..mark("six", Some("nine")) };
            set(c, Some(&both), now)?;
            take_next(c, "nine")?;
            assert_eq!(get(c)?, Some(StoreMark { old_id: Some("nine".into()), ..mark("nine", None) }));
            set(c, None, now)?;
            Ok(get(c)?)
        });
        assert_eq!(seen.await, Ok(None));
    }
}
