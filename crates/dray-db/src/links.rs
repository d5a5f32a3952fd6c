//! Public links to files.

use dray_api::{ItemId, LinkId, UserId};

use super::{
    Conn, Error, Row, execute, find, list, millis, parsed, parsed_or_none, size, time, time_or_none, value,
};
use dray_drive::link::Link;

/// The columns of a link.
macro_rules! columns {
    () => {
        "id, item_id, slug, password_hash, created_by, confined_to, made_with, created_at, expires_at, downloads"
    };
}

/// Adds a link.
pub fn insert(c: &Conn, link: &Link) -> Result<(), Error> {
    let sql = "insert into links (id, item_id, slug, password_hash, created_by, created_at, expires_at,
                                  confined_to, made_with)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    execute(
        c,
        sql,
        &[
            &link.id.to_string(),
            &link.item.to_string(),
            &link.slug,
            &link.password_hash,
            &link.created_by.to_string(),
            &millis(link.created_at),
            &link.expires_at.map(millis),
            &link.confined_to.map(|id| id.to_string()),
            &link.made_with.map(|id| id.to_string()),
        ],
    )
    .map(drop)
}

/// The links of an item.
pub fn of_item(c: &Conn, item: ItemId) -> Result<Vec<Link>, Error> {
    let sql = concat!("select ", columns!(), " from links where item_id = $1 order by created_at, id");
    list(c, sql, &[&item.to_string()], link)
}

/// How many links an item has.
pub fn count(c: &Conn, item: ItemId) -> Result<i64, Error> {
    let sql = "select count(*) as links from links where item_id = $1";
    value(c, sql, &[&item.to_string()], "links")
}

/// The link whose address ends in this text.
pub fn by_slug(c: &Conn, slug: &str) -> Result<Option<Link>, Error> {
    find(c, concat!("select ", columns!(), " from links where slug = $1"), &[&slug], link)
}

/// Revokes a link of an item; `false` if it has none with this id.
pub fn remove(c: &Conn, item: ItemId, id: LinkId) -> Result<bool, Error> {
    let sql = "delete from links where id = $1 and item_id = $2";
    Ok(execute(c, sql, &[&id.to_string(), &item.to_string()])? == 1)
}

/// Counts a download through the link.
pub fn add_download(c: &Conn, id: LinkId) -> Result<(), Error> {
    let sql = "update links set downloads = downloads + 1 where id = $1";
    execute(c, sql, &[&id.to_string()]).map(drop)
}

fn link(row: &Row<'_>) -> Result<Link, Error> {
    Ok(Link {
        id: parsed(row, "id")?,
        item: parsed(row, "item_id")?,
        slug: row.get("slug")?,
        password_hash: row.get("password_hash")?,
        created_by: parsed::<UserId>(row, "created_by")?,
        confined_to: parsed_or_none(row, "confined_to")?,
        made_with: parsed_or_none(row, "made_with")?,
        created_at: time(row, "created_at")?,
        expires_at: time_or_none(row, "expires_at")?,
        downloads: size(row, "downloads")?,
    })
}
