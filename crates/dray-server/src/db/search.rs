//! Finding items by the words of their names. The one place where databases differ: SQLite's full-text index
//! (<https://sqlite.org/fts5.html>).

use dray_api::{SearchOrder, SearchSort};

use super::items::{columns, is_visible, item};
use super::{Conn, size};
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
pub(crate) async fn search(
    c: &mut Conn,
    caller: &Caller,
    words: &Words,
    sort: SearchSort,
    order: SearchOrder,
    limit: u32,
) -> Result<(Vec<Item>, u64), sqlx::Error> {
    let sql = match (sort, order) {
        (SearchSort::CreatedAt, SearchOrder::Ascending) => search!("i.created_at", "asc"),
        (SearchSort::CreatedAt, SearchOrder::Descending) => search!("i.created_at", "desc"),
        (SearchSort::UpdatedAt, SearchOrder::Ascending) => search!("i.updated_at", "asc"),
        (SearchSort::UpdatedAt, SearchOrder::Descending) => search!("i.updated_at", "desc"),
        (SearchSort::Name, SearchOrder::Ascending) => search!("lower(i.name)", "asc"),
        (SearchSort::Name, SearchOrder::Descending) => search!("lower(i.name)", "desc"),
    };
    let rows = sqlx::query(sql)
        .bind(caller.workspace.to_string())
        .bind(caller.user.to_string())
        .bind(expression(words))
        .bind(i64::from(limit))
        .fetch_all(c)
        .await?;
    let total = rows.first().map_or(Ok(0), |row| size(row, "total"))?;
    Ok((rows.iter().map(item).collect::<Result<_, _>>()?, total))
}

/// Every word as a prefix, in quotes: nothing in it is an operator.
fn expression(words: &Words) -> String {
    words.iter().map(|word| format!("\"{word}\"*")).collect::<Vec<_>>().join(" AND ")
}

#[cfg(test)]
mod tests {
    use dray_api::{ItemId, TokenId, UserId, WorkspaceId};
    use jiff::Timestamp;
    use sqlx::Connection as _;

    use super::*;
    use crate::db::{access, items};
    use crate::drive::access::TokenRecord;
    use crate::drive::item::Content;

    async fn run(c: &mut Conn, sql: &'static str) {
        sqlx::raw_sql(sql).execute(c).await.unwrap();
    }

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
    async fn before_searching() -> Conn {
        let mut c = Conn::connect("sqlite::memory:").await.unwrap();
        run(&mut c, include_str!("../../migrations/sqlite/0001_drive.sql")).await;
        let caller = caller();
        access::insert_default_workspace(&mut c, caller.workspace, Timestamp::UNIX_EPOCH).await.unwrap();
        let user = access::UserRow {
            id: caller.user,
            email: "a@example.com".into(),
            name: String::new(),
            role: "owner".into(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        assert!(access::insert_user(&mut c, caller.workspace, &user).await.unwrap());
        c
    }

    async fn found(c: &mut Conn, text: &str) -> Vec<String> {
        let words = Words::parse(text).unwrap();
        let (sort, order) = (SearchSort::Name, SearchOrder::Ascending);
        let (items, total) = search(c, &caller(), &words, sort, order, 10).await.unwrap();
        assert_eq!(total, items.len() as u64);
        items.into_iter().map(|item| item.name).collect()
    }

    #[tokio::test]
    async fn what_was_there_before_searching_is_found() {
        let mut c = before_searching().await;
        items::insert(&mut c, &folder(1, "alpha one"), None).await.unwrap();
        items::insert(&mut c, &folder(2, "alpha two"), None).await.unwrap();
        run(&mut c, include_str!("../../migrations/sqlite/0002_search.sql")).await;
        items::insert(&mut c, &folder(3, "alpha three"), None).await.unwrap();
        assert_eq!(found(&mut c, "alpha").await, ["alpha one", "alpha three", "alpha two"]);
    }

    #[tokio::test]
    async fn a_renamed_item_is_found_by_its_new_name_only_and_a_removed_one_not_at_all() {
        let mut c = before_searching().await;
        run(&mut c, include_str!("../../migrations/sqlite/0002_search.sql")).await;
        items::insert(&mut c, &folder(1, "alpha one"), None).await.unwrap();
        items::insert(&mut c, &folder(2, "alpha two"), None).await.unwrap();
        run(&mut c, "update items set name = 'beta' where name = 'alpha one'").await;
        assert_eq!(found(&mut c, "alpha").await, ["alpha two"]);
        assert_eq!(found(&mut c, "bet").await, ["beta"]);
        run(&mut c, "delete from items where name = 'alpha two'; vacuum").await;
        assert_eq!(found(&mut c, "alpha").await, [""; 0]);
        assert_eq!(found(&mut c, "bet").await, ["beta"]);
    }
}
