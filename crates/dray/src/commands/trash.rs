//! Commands of the trash.

use dray_client::Pages;
use serde_json::json;

use super::files::connect;
use super::folder::line;
use crate::args::{Connection, Rm, TrashCommand};
use crate::exit::Exit;
use crate::output::Output;

/// Puts items into the trash. If one fails, this reports it and continues with the others.
pub(super) async fn rm(args: Rm) -> anyhow::Result<Exit> {
    let client = connect(&args.connection)?;
    let output = Output::new(args.connection.json);
    let mut exit = Exit::Ok;
    for id in args.ids {
        match client.trash_item(id).await {
            Ok(()) => output.result(&format!("{id} is in the trash"), &json!({ "id": id }))?,
            Err(error) => {
                output.note(&format!("{id}: {error}"));
                exit = exit.and(Exit::of_client(&error));
            }
        }
    }
    Ok(exit)
}

pub(super) async fn trash(command: TrashCommand) -> anyhow::Result<Exit> {
    match command {
        TrashCommand::List(connection) => list(connection).await?,
        TrashCommand::Restore { id, connection } => {
            let item = connect(&connection)?.restore_item(id).await?;
            Output::new(connection.json).result(&line(&item), &item)?;
        }
        TrashCommand::Remove { id, connection } => {
            connect(&connection)?.remove_item(id).await?;
            Output::new(connection.json)
                .result(&format!("{id} is removed permanently"), &json!({ "id": id }))?;
        }
        TrashCommand::Empty(connection) => {
            let emptied = connect(&connection)?.empty_trash().await?;
            let text = format!("{} removed permanently", emptied.removed);
            Output::new(connection.json).result(&text, &emptied)?;
        }
    }
    Ok(Exit::Ok)
}

async fn list(connection: Connection) -> anyhow::Result<()> {
    let client = connect(&connection)?;
    let output = Output::new(connection.json);
    let mut pages = Pages::default();
    loop {
        let page = client.trash(pages.cursor()).await?;
        for trashed in &page.items {
            let until = trashed.removed_at.get(..10).unwrap_or_default();
            output.result(&format!("{}  until {until}", line(&trashed.item)), trashed)?;
        }
        if !pages.go_on(page.next_cursor)? {
            return Ok(());
        }
    }
}
