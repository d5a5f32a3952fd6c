//! `dray grant`: what others may upload, and what they have uploaded.

use bytesize::ByteSize;
use dray_api::upload::OnConflict;
use dray_api::{Grant, GrantId, GrantUpload, GrantUploadState, NewGrant};
use dray_client::Pages;
use jiff::SignedDuration;
use serde_json::json;

use super::files::connect;
use crate::args::{Connection, CreateGrant, GrantCommand};
use crate::clock;
use crate::exit::{Exit, Usage};
use crate::output::Output;

pub(super) async fn grant(command: GrantCommand) -> anyhow::Result<Exit> {
    match command {
        GrantCommand::Create(args) => create(args).await?,
        GrantCommand::List(connection) => list(&connection).await?,
        GrantCommand::Revoke { id, connection } => {
            connect(&connection)?.revoke_grant(id).await?;
            Output::new(connection.json).result(&format!("{id} is revoked"), &json!({ "id": id }))?;
        }
        GrantCommand::Uploads { id, connection } => uploads(id, &connection).await?,
    }
    Ok(Exit::Ok)
}

async fn create(args: CreateGrant) -> anyhow::Result<()> {
    let life = args.expires_in.map(SignedDuration::try_from).transpose();
    let end = life.ok().flatten().map(|life| clock::now().checked_add(life)).transpose();
    let end = end.map_err(|_| Usage("--expires-in is too long"))?;
    let new = NewGrant {
        folder_id: args.folder,
        max_files: args.max_files,
        max_file_bytes: args.max_file_size.map(|size| size.as_u64()),
        max_bytes: args.max_size.map(|size| size.as_u64()),
        types: Some(args.types),
        expires_at: end.map(|end| end.to_string()),
        on_conflict: if args.rename { OnConflict::Rename } else { OnConflict::Keep },
        external_id: args.external_id,
        ..NewGrant::default()
    };
    let created = connect(&args.connection)?.create_grant(&new).await?;
    let secret = created.grant.as_deref().unwrap_or("(its secret was lost with an answer: revoke it)");
    let text = format!("{}  {secret}", created.record.id);
    Output::new(args.connection.json).result(&text, &created)?;
    Ok(())
}

async fn list(connection: &Connection) -> anyhow::Result<()> {
    let (client, output) = (connect(connection)?, Output::new(connection.json));
    let mut pages = Pages::default();
    loop {
        let page = client.grants(pages.cursor()).await?;
        for grant in &page.grants {
            output.result(&describe(grant), grant)?;
        }
        if !pages.go_on(page.next_cursor)? {
            return Ok(());
        }
    }
}

fn describe(grant: &Grant) -> String {
    let end = match &grant.revoked_at {
        Some(time) => format!("revoked {time}"),
        None => format!("until {}", grant.expires_at),
    };
    let used =
        format!("{} of {} files, {}", grant.used_files, grant.max_files, ByteSize::b(grant.used_bytes));
    let external_id = grant.external_id.as_deref().map_or_else(String::new, |id| format!("  {id}"));
    format!("{}  {used}  {end}{external_id}", grant.id)
}

async fn uploads(id: GrantId, connection: &Connection) -> anyhow::Result<()> {
    let (client, output) = (connect(connection)?, Output::new(connection.json));
    let mut pages = Pages::default();
    loop {
        let page = client.grant_uploads(id, pages.cursor()).await?;
        for upload in &page.uploads {
            output.result(&line(upload), upload)?;
        }
        if !pages.go_on(page.next_cursor)? {
            return Ok(());
        }
    }
}

/// A state as the terminal shows it.
pub(super) fn state(state: GrantUploadState) -> &'static str {
    match state {
        GrantUploadState::Open => "open",
        GrantUploadState::Finalizing => "finalizing",
        GrantUploadState::Finalized => "finalized",
        GrantUploadState::Aborted => "aborted",
        GrantUploadState::Expired => "expired",
    }
}

fn line(upload: &GrantUpload) -> String {
    let state = state(upload.state);
    let item = upload.item_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    format!("{item:<24}  {state:<10}  {:>10}  {}", ByteSize::b(upload.file_size), upload.file_name)
}
