//! `dray request`: addresses where people without an account upload files, and what they have uploaded.

use std::time::Duration;

use bytesize::ByteSize;
use dray_api::request::{Asks, Submission};
use dray_api::upload::OnConflict;
use dray_api::{FileRequest, ItemId, NewRequest, RequestChange, RequestId};
use dray_client::Pages;
use jiff::SignedDuration;
use serde_json::json;

use super::files::connect;
use super::grants;
use crate::args::{
    Ask, ChangeRequest, Connection, CreateRequest, OneRequest, RequestCommand, RequestPassword, either,
};
use crate::clock;
use crate::exit::{Exit, Usage};
use crate::output::Output;

pub(super) async fn request(command: RequestCommand) -> anyhow::Result<Exit> {
    match command {
        RequestCommand::Create(args) => create(args).await?,
        RequestCommand::List { folder, connection } => list(folder, &connection).await?,
        RequestCommand::Change(args) => change(args).await?,
        RequestCommand::Close(one) => set_closed(&one, true).await?,
        RequestCommand::Reopen(one) => set_closed(&one, false).await?,
        RequestCommand::Delete(OneRequest { id, connection }) => {
            connect(&connection)?.delete_request(id).await?;
            Output::new(connection.json).result(&format!("{id} is deleted"), &json!({ "id": id }))?;
        }
        RequestCommand::Uploads(OneRequest { id, connection }) => uploads(id, &connection).await?,
    }
    Ok(Exit::Ok)
}

async fn create(args: CreateRequest) -> anyhow::Result<()> {
    let new = NewRequest {
        folder_id: args.folder,
        title: args.title,
        message: args.message,
        deadline: deadline(args.closes_in)?,
        password: password(&args.password),
        asks_name: asks(args.ask_name),
        asks_email: asks(args.ask_email),
        folder_each: args.folder_each,
        max_submitters: args.max_submitters,
        max_files: args.max_files,
        max_file_bytes: args.max_file_size.map(|size| size.as_u64()),
        max_bytes: args.max_size.map(|size| size.as_u64()),
        max_total_files: args.max_total_files,
        max_total_bytes: args.max_total_size.map(|size| size.as_u64()),
        types: Some(args.types),
        on_conflict: if args.rename { OnConflict::Rename } else { OnConflict::Keep },
    };
    let created = connect(&args.connection)?.create_request(&new).await?;
    Output::new(args.connection.json).result(&created.url, &created)?;
    Ok(())
}

/// The time after `open_for`, as the wire has it.
fn deadline(open_for: Option<Duration>) -> anyhow::Result<Option<String>> {
    let Some(open_for) = open_for else { return Ok(None) };
    let end = SignedDuration::try_from(open_for).and_then(|open_for| clock::now().checked_add(open_for));
    Ok(Some(end.map_err(|_| Usage("--closes-in is too long"))?.to_string()))
}

fn password(given: &RequestPassword) -> Option<String> {
    either(given.password.as_ref(), given.password_file.as_ref())
}

fn asks(ask: Ask) -> Asks {
    match ask {
        Ask::No => Asks::No,
        Ask::Optional => Asks::Optional,
        Ask::Required => Asks::Required,
    }
}

async fn change(args: ChangeRequest) -> anyhow::Result<()> {
    let deadline = deadline(args.closes_in)?;
    let password = password(&args.password);
    let change = RequestChange {
        title: args.title,
        message: args.message,
        deadline: if args.no_deadline { Some(None) } else { deadline.map(Some) },
        password: if args.no_password { Some(None) } else { password.map(Some) },
        closed: None,
        max_submitters: args.max_submitters,
        max_total_files: args.max_total_files.map(Some),
        max_total_bytes: args.max_total_size.map(|size| Some(size.as_u64())),
    };
    apply(args.id, &change, &args.connection).await
}

async fn set_closed(one: &OneRequest, closed: bool) -> anyhow::Result<()> {
    apply(one.id, &RequestChange { closed: Some(closed), ..RequestChange::default() }, &one.connection).await
}

async fn apply(id: RequestId, change: &RequestChange, connection: &Connection) -> anyhow::Result<()> {
    let request = connect(connection)?.change_request(id, change).await?;
    Output::new(connection.json).result(&describe(&request), &request)?;
    Ok(())
}

async fn list(folder: Option<ItemId>, connection: &Connection) -> anyhow::Result<()> {
    let (client, output) = (connect(connection)?, Output::new(connection.json));
    let mut pages = Pages::default();
    loop {
        let page = client.requests(folder, pages.cursor()).await?;
        for request in &page.requests {
            output.result(&describe(request), request)?;
        }
        if !pages.go_on(page.next_cursor)? {
            return Ok(());
        }
    }
}

fn describe(request: &FileRequest) -> String {
    let state = match (&request.closed_at, &request.deadline) {
        (Some(time), _) => format!("closed {time}"),
        (None, Some(end)) => format!("until {end}"),
        (None, None) => "open".to_owned(),
    };
    let password = if request.has_password { "  with a password" } else { "" };
    let FileRequest { id, url, title, submitters, .. } = request;
    format!("{id}  {url}  {state}{password}  {submitters} submitters  {title}")
}

async fn uploads(id: RequestId, connection: &Connection) -> anyhow::Result<()> {
    let (client, output) = (connect(connection)?, Output::new(connection.json));
    let mut pages = Pages::default();
    loop {
        let page = client.submissions(id, pages.cursor()).await?;
        for submission in &page.submissions {
            output.result(&line(submission), submission)?;
        }
        if !pages.go_on(page.next_cursor)? {
            return Ok(());
        }
    }
}

fn line(submission: &Submission) -> String {
    let Submission { submitter, upload } = submission;
    let who = match (&submitter.name, &submitter.email) {
        (Some(name), Some(email)) => format!("{name} <{email}>"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => submitter.id.to_string(),
    };
    let (state, size) = (grants::state(upload.state), ByteSize::b(upload.file_size));
    let item = upload.item_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    format!("{item:<24}  {state:<10}  {size:>10}  {who}  {}", upload.file_name)
}
