//! Commands that ask a server for one thing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dray_api::{Item, ItemType, NewFolder};
use dray_client::download::{Destination, download as fetch};
use dray_client::{Client, Progress};
use serde::{Serialize, Serializer};

use crate::args::{Connection, Download, Get, Mkdir, either};
use crate::exit::{Exit, Usage};
use crate::output::Output;
use crate::progress::Bar;

const NO_TOKEN: &str = "no access token: set DRAY_TOKEN. To create one, run `dray token create --user EMAIL` on the machine that has the server's data";
const BAD_TOKEN: &str = "DRAY_TOKEN is not a token. A token is one word, as `dray token create` or the server's first start printed it";

/// An item, and its path on this machine.
#[derive(Serialize)]
pub(super) struct ItemAt<'a> {
    #[serde(flatten)]
    pub(super) item: &'a Item,
    #[serde(serialize_with = "lossy")]
    pub(super) path: &'a Path,
}

/// A path as text. Bytes that are not UTF-8, which JSON cannot hold, become U+FFFD, as on a terminal.
fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// The client that the flags describe.
pub(super) fn connect(connection: &Connection) -> anyhow::Result<Client> {
    let token = either(connection.token.as_ref(), connection.token_file.as_ref());
    let token = token.filter(|token| !token.is_empty()).ok_or(Usage(NO_TOKEN))?;
    let token = token.parse().map_err(|_| Usage(BAD_TOKEN))?;
    Ok(Client::new(&connection.url, token)?)
}

pub(super) async fn download(args: Download) -> anyhow::Result<Exit> {
    let client = connect(&args.connection)?;
    let bar = Bar::new();
    let output = Output::around(bar.handle(), args.connection.json);
    let progress: Arc<dyn Progress> = Arc::new(bar);
    let destination = destination(args.output);
    let downloaded = fetch(&client, args.id, destination, args.force, progress).await?;
    let item = &downloaded.item;
    output.result(&downloaded.path.display().to_string(), &ItemAt { item, path: &downloaded.path })?;
    Ok(Exit::Ok)
}

/// Reads the destination as `cp` reads its last argument.
fn destination(output: Option<PathBuf>) -> Destination {
    match output {
        None => Destination::Folder(PathBuf::new()),
        Some(path) if path.is_dir() => Destination::Folder(path),
        Some(path) => Destination::File(path),
    }
}

pub(super) async fn mkdir(args: Mkdir) -> anyhow::Result<Exit> {
    let client = connect(&args.connection)?;
    let item = client.create_folder(&NewFolder { name: args.name, parent_id: args.parent }).await?;
    Output::new(args.connection.json).result(&format!("{}  {}", item.id, item.name), &item)?;
    Ok(Exit::Ok)
}

pub(super) async fn get(args: Get) -> anyhow::Result<Exit> {
    let client = connect(&args.connection)?;
    let item = client.item(args.id).await?;
    Output::new(args.connection.json).results(&describe(&item), &item)?;
    Ok(Exit::Ok)
}

fn describe(item: &Item) -> Vec<String> {
    let mut lines = vec![("id", item.id.to_string()), ("name", item.name.clone())];
    lines.push(("type", if item.kind == ItemType::File { "file" } else { "folder" }.to_owned()));
    lines.extend(item.file_size.map(|bytes| ("size", format!("{bytes} bytes"))));
    lines.extend(item.mime_type.clone().map(|mime_type| ("mime type", mime_type)));
    lines.extend(item.parent_id.map(|parent| ("parent", parent.to_string())));
    lines.push(("owner", item.owner.to_string()));
    lines.push(("created", item.created_at.clone()));
    lines.push(("updated", item.updated_at.clone()));
    lines.iter().map(|(name, value)| format!("{name:<10} {value}")).collect()
}
