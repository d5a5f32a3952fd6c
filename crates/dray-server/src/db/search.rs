//! Finding items by the words of their names. The one place where databases differ: SQLite's full-text index
//! (<https://sqlite.org/fts5.html>).

use dray_api::{SearchOrder, SearchSort};

use super::items::{columns, is_visible, item};
use super::{Conn, Error, list, size};
use crate::drive::access::Caller;
use crate::drive::item::Item;
use crate::drive::search::Words;

/// `cross join`: SQLite must begin with the words, and not with all that the caller may see. Of all that is
/// found only the keys are sorted.
macro_rules! search {
    ($key:literal, $direction:literal) => {
        concat!(
            "with found as materialized (
                 select i.id, ",
            $key,
            " as sort_key
                 from item_names cross join item_name_rows r cross join items i
                 where item_names match $3 and r.doc = item_names.rowid and i.id = r.item_id
                   and ",
            is_visible!("i"),
            "
             ),
             page as (
                 select id, sort_key from found order by sort_key ",
            $direction,
            ", id ",
            $direction,
            " limit $4
             )
             select ",
            columns!(),
            ", (select count(*) from found) as total
             from page join items i on i.id = page.id
             order by page.sort_key ",
            $direction,
            ", page.id ",
            $direction
        )
    };
}

/// The first `limit` of the items that have the words in their names and that the caller may see, and how many
/// there are.
pub(crate) fn search(
    c: &Conn,
    caller: &Caller,
    words: &Words,
    sort: SearchSort,
    order: SearchOrder,
    limit: u32,
) -> Result<(Vec<Item>, u64), Error> {
    let sql = match (sort, order) {
        (SearchSort::CreatedAt, SearchOrder::Ascending) => search!("i.created_at", "asc"),
        (SearchSort::CreatedAt, SearchOrder::Descending) => search!("i.created_at", "desc"),
        (SearchSort::UpdatedAt, SearchOrder::Ascending) => search!("i.updated_at", "asc"),
        (SearchSort::UpdatedAt, SearchOrder::Descending) => search!("i.updated_at", "desc"),
        (SearchSort::Name, SearchOrder::Ascending) => search!("lower(i.name)", "asc"),
        (SearchSort::Name, SearchOrder::Descending) => search!("lower(i.name)", "desc"),
    };
    let (workspace, user) = (caller.workspace.to_string(), caller.user.to_string());
    let found = list(c, sql, &[&workspace, &user, &expression(words), &i64::from(limit)], |row| {
        Ok((item(row)?, size(row, "total")?))
    })?;
    let total = found.first().map_or(0, |(_, total)| *total);
    Ok((found.into_iter().map(|(item, _)| item).collect(), total))
}

/// Every word as a prefix, in quotes: nothing in it is an operator.
fn expression(words: &Words) -> String {
    words.iter().map(|word| format!("\"{word}\"*")).collect::<Vec<_>>().join(" AND ")
}

#[cfg(test)]
mod tests {
    use dray_api::{ItemId, TokenId, UserId, WorkspaceId};
    use jiff::Timestamp;

    use super::*;
    use crate::db::{access, items};
    use crate::drive::access::TokenRecord;
    use crate::drive::item::Content;

    fn caller() -> Caller {
        let record = TokenRecord {
            id: TokenId::new(1, [0; 8]),
            user: UserId::new(2, [0; 8]),
            workspace: WorkspaceId::new(3, [0; 8]),
            scopes: String::new(),
            expires_at: Timestamp::MAX,
            revoked_at: None,
        };
        record.admit(Timestamp::UNIX_EPOCH).unwrap()
    }

    fn folder(number: u32, name: &str) -> Item {
        Item {
            id: ItemId::new(number, [0; 8]),
            workspace: caller().workspace,
            parent: None,
            owner: caller().user,
            name: name.to_owned(),
            content: Content::Folder,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    /// A database as the version before searching left it.
    fn before_searching() -> Conn {
        let c = Conn::open_in_memory().unwrap();
        c.execute_batch(include_str!("../../migrations/sqlite/0001_drive.sql")).unwrap();
        let caller = caller();
        access::insert_default_workspace(&c, caller.workspace, Timestamp::UNIX_EPOCH).unwrap();
        let user = access::UserRow {
            id: caller.user,
            email: "a@example.com".into(),
            name: String::new(),
            role: "owner".into(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        assert!(access::insert_user(&c, caller.workspace, &user).unwrap());
        c
    }

    fn found(c: &Conn, text: &str) -> Vec<String> {
        let words = Words::parse(text).unwrap();
        let (sort, order) = (SearchSort::Name, SearchOrder::Ascending);
        let (items, total) = search(c, &caller(), &words, sort, order, 10).unwrap();
        assert_eq!(total, items.len() as u64);
        items.into_iter().map(|item| item.name).collect()
    }

    #[test]
    fn what_was_there_before_searching_is_found() {
        let c = before_searching();
        items::insert(&c, &folder(1, "alpha one"), None).unwrap();
        items::insert(&c, &folder(2, "alpha two"), None).unwrap();
        c.execute_batch(include_str!("../../migrations/sqlite/0002_search.sql")).unwrap();
        items::insert(&c, &folder(3, "alpha three"), None).unwrap();
        assert_eq!(found(&c, "alpha"), ["alpha one", "alpha three", "alpha two"]);
    }

    #[test]
    fn a_renamed_item_is_found_by_its_new_name_only_and_a_removed_one_not_at_all() {
        let c = before_searching();
        c.execute_batch(include_str!("../../migrations/sqlite/0002_search.sql")).unwrap();
        items::insert(&c, &folder(1, "alpha one"), None).unwrap();
        items::insert(&c, &folder(2, "alpha two"), None).unwrap();
        c.execute_batch("update items set name = 'beta' where name = 'alpha one'").unwrap();
        assert_eq!(found(&c, "alpha"), ["alpha two"]);
        assert_eq!(found(&c, "bet"), ["beta"]);
        c.execute_batch("delete from items where name = 'alpha two'; vacuum").unwrap();
        assert_eq!(found(&c, "alpha"), [""; 0]);
        assert_eq!(found(&c, "bet"), ["beta"]);
    }
}
