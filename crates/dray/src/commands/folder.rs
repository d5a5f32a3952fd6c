//! Commands that list one folder, rename and move items, and show usage.

use bytesize::ByteSize;
use dray_api::{Item, ItemChange, ItemType, ListSort, SortOrder};
use dray_client::Pages;

use super::files::connect;
use crate::args::{Connection, Ls, Mv, SortBy};
use crate::exit::Exit;
use crate::output::Output;

pub(super) async fn ls(args: Ls) -> anyhow::Result<Exit> {
    let client = connect(&args.connection)?;
    let output = Output::new(args.connection.json);
    let sort = match args.sort {
        SortBy::Name => ListSort::Name,
        SortBy::Size => ListSort::Size,
        SortBy::Created => ListSort::CreatedAt,
        SortBy::Updated => ListSort::UpdatedAt,
    };
    let order = if args.reverse { SortOrder::Descending } else { SortOrder::Ascending };
    let mut pages = Pages::default();
    loop {
        let page = client.children(args.id, sort, order, pages.cursor()).await?;
        for item in &page.items {
            output.result(&line(item), item)?;
        }
        if !pages.go_on(page.next_cursor)? {
            return Ok(Exit::Ok);
        }
    }
}

pub(super) async fn shared(connection: Connection) -> anyhow::Result<Exit> {
    let client = connect(&connection)?;
    let output = Output::new(connection.json);
    let mut pages = Pages::default();
    loop {
        let page = client.shared(pages.cursor()).await?;
        for item in &page.items {
            output.result(&line(item), item)?;
        }
        if !pages.go_on(page.next_cursor)? {
            return Ok(Exit::Ok);
        }
    }
}

/// Id, size, day and name, in columns.
pub(super) fn line(item: &Item) -> String {
    let size = item.file_size.map_or_else(|| "-".to_owned(), |bytes| ByteSize(bytes).to_string());
    let slash = if item.kind == ItemType::Folder { "/" } else { "" };
    let day = item.updated_at.get(..10).unwrap_or_default();
    format!("{}  {size:>10}  {day}  {}{slash}", item.id, item.name)
}

pub(super) async fn mv(args: Mv) -> anyhow::Result<Exit> {
    let client = connect(&args.connection)?;
    let parent_id = if args.root { Some(None) } else { args.parent.map(Some) };
    let item = client.change_item(args.id, &ItemChange { name: args.name, parent_id }).await?;
    Output::new(args.connection.json).result(&format!("{}  {}", item.id, item.name), &item)?;
    Ok(Exit::Ok)
}

pub(super) async fn usage(connection: Connection) -> anyhow::Result<Exit> {
    let client = connect(&connection)?;
    let usage = client.usage().await?;
    let quota = usage.quota_bytes.map_or_else(String::new, |bytes| format!(" of {}", ByteSize(bytes)));
    let mut lines =
        vec![format!("{}{quota} in {} files and folders", ByteSize(usage.used_bytes), usage.items)];
    if usage.open_uploads > 0 {
        let (reserved, stored) = (ByteSize(usage.reserved_bytes), ByteSize(usage.uploading_bytes));
        let uploads = usage.open_uploads;
        lines.push(format!("{reserved} reserved by {uploads} unfinished uploads ({stored} of it stored)"));
    }
    Output::new(connection.json).results(&lines, &usage)?;
    Ok(Exit::Ok)
}
