//! `dray uploads`: lists, aborts and continues unfinished uploads.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use dray_api::upload::{ListParts, OpenUpload, UploadKey};
use dray_client::{Client, Pages, Uploader};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::files::{ItemAt, connect};
use crate::args::{Connection, UploadsCommand};
use crate::clock;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::Bar;

/// An upload, and how much the store has of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    #[serde(flatten)]
    upload: &'a OpenUpload,
    stored_bytes: u64,
}

pub(super) async fn uploads(command: UploadsCommand) -> anyhow::Result<Exit> {
    match command {
        UploadsCommand::List(connection) => list(&connection).await,
        UploadsCommand::Abort { ids, all, connection } => {
            let client = connect(&connection)?;
            let output = Output::new(connection.json);
            if all { abort_all(&client, &output).await } else { abort(&client, &output, &ids).await }
        }
        UploadsCommand::Resume { id, path, parallel, connection } => {
            resume(&connection, &id, &path, parallel).await
        }
    }
}

async fn list(connection: &Connection) -> anyhow::Result<Exit> {
    let client = connect(connection)?;
    let output = Output::new(connection.json);
    let mut pages = Pages::default();
    loop {
        let page = client.uploads(pages.cursor()).await?;
        for upload in &page.uploads {
            // An upload that no longer exists has ended since it was listed.
            if let Some(stored_bytes) = stored(&client, upload).await? {
                output.result(&line(upload, stored_bytes), &Listed { upload, stored_bytes })?;
            }
        }
        if !pages.go_on(page.next_cursor)? {
            return Ok(Exit::Ok);
        }
    }
}

/// How much the store has of an upload. Asking does not extend the upload's expiry.
async fn stored(client: &Client, upload: &OpenUpload) -> Result<Option<u64>, dray_client::Error> {
    let OpenUpload { upload_id, file_key, .. } = upload.clone();
    match client.stored_parts(&ListParts { upload_id, file_key, keep_alive: Some(false) }).await {
        Ok(stored) => Ok(Some(stored.parts.iter().map(|part| part.size).fold(0, u64::saturating_add))),
        Err(dray_client::Error::Api { status: 404 | 410, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn line(upload: &OpenUpload, stored_bytes: u64) -> String {
    let now = clock::now();
    let (size, stored) = (ByteSize(upload.file_size), ByteSize(stored_bytes));
    let age = between(upload.created_at.parse().ok(), Some(now));
    let left = between(Some(now), upload.expires_at.parse().ok());
    format!(
        "{}  {}  {stored} of {size}  started {age} ago  expires in {left}",
        upload.upload_id, upload.file_name
    )
}

/// The time between two texts of a server, to the minute; `?` if one is not a time.
fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    let (Some(from), Some(to)) = (from, to) else { return "?".to_owned() };
    let minutes = to.duration_since(from).as_mins().max(0);
    let rounded = Duration::from_mins(u64::try_from(minutes).unwrap_or(0));
    humantime::format_duration(rounded).to_string()
}

async fn abort(client: &Client, output: &Output, ids: &[String]) -> anyhow::Result<Exit> {
    let mut exit = Exit::Ok;
    for id in ids {
        let aborted = match client.open_upload(id).await {
            Ok(upload) => abort_one(client, output, upload).await?,
            Err(error) => Err(error),
        };
        exit = exit.and(said(output, id, aborted));
    }
    Ok(exit)
}

/// Reads the whole list before it aborts the first upload, because each abort shifts the later pages.
async fn abort_all(client: &Client, output: &Output) -> anyhow::Result<Exit> {
    let (mut all, mut pages) = (Vec::new(), Pages::default());
    loop {
        let page = client.uploads(pages.cursor()).await?;
        all.extend(page.uploads);
        if !pages.go_on(page.next_cursor)? {
            break;
        }
    }
    let mut exit = Exit::Ok;
    for upload in all {
        let id = upload.upload_id.clone();
        let aborted = abort_one(client, output, upload).await?;
        exit = exit.and(said(output, &id, aborted));
    }
    Ok(exit)
}

async fn abort_one(
    client: &Client,
    output: &Output,
    upload: OpenUpload,
) -> anyhow::Result<Result<(), dray_client::Error>> {
    let OpenUpload { upload_id, file_key, file_name, .. } = upload;
    let aborted = client.abort_upload(&UploadKey { upload_id: upload_id.clone(), file_key }).await;
    if aborted.is_ok() {
        let value = json!({ "uploadId": upload_id, "aborted": true });
        output.result(&format!("{upload_id}  {file_name} is aborted"), &value)?;
    }
    Ok(aborted)
}

/// Reports an upload that cannot be aborted. The others are still aborted.
fn said(output: &Output, id: &str, aborted: Result<(), dray_client::Error>) -> Exit {
    let Err(error) = aborted else { return Exit::Ok };
    output.note(&format!("{id}: {error}"));
    Exit::of_client(&error)
}

async fn resume(
    connection: &Connection,
    id: &str,
    path: &Path,
    parallel: NonZeroUsize,
) -> anyhow::Result<Exit> {
    let client = connect(connection)?;
    let upload = client.open_upload(id).await?;
    let bar = Bar::new();
    let output = Output::around(bar.handle(), connection.json);
    dray_client::Progress::expect(&bar, upload.file_size);
    let item = Uploader::new(client, parallel, Arc::new(bar)).resume_upload(upload, path).await?;
    output.result(&format!("{}  {}", item.id, path.display()), &ItemAt { item: &item, path })?;
    Ok(Exit::Ok)
}
