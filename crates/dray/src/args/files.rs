//! Flags of the commands that talk to a server.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use dray_api::ItemId;
use dray_api::limits::{DEFAULT_SEARCH_HITS, DEFAULT_TREE_DEPTH, MAX_SEARCH_HITS, MAX_TREE_DEPTH};

use super::{InFile, number};

/// The maximum number of parts that are sent at once. More only take memory.
pub(super) const MOST_PARALLEL: NonZeroUsize = NonZeroUsize::MIN.saturating_add(999);

#[derive(Debug, Args)]
#[command(next_help_heading = "Server and output")]
pub(crate) struct Connection {
    /// The server's address
    #[arg(long, env = "DRAY_URL", default_value = "http://127.0.0.1:8080", value_hint = ValueHint::Url)]
    pub(crate) url: String,
    /// Your access token. Other users of this machine can see arguments: prefer the variable or the file
    #[arg(long, env = "DRAY_TOKEN", hide_env_values = true, group = "access")]
    pub(crate) token: Option<String>,
    /// File that holds your access token
    #[arg(long, env = "DRAY_TOKEN_FILE", value_name = "FILE", group = "access", value_hint = ValueHint::FilePath)]
    pub(crate) token_file: Option<InFile>,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dray upload report.pdf
  dray upload --parent 65a1b2c3d4e5f60718293a4b photos/ notes.txt
  id=$(dray upload --json report.pdf | jq -r .id)
  dray upload --resume big.iso          continues an interrupted upload of this file

Prints one line for each uploaded file and folder: its id and its path on this machine; with --json, one \
JSON object a line: the item and its `path` (bytes that are not UTF-8 appear as U+FFFD). If some files fail, the others are still uploaded; standard error \
names the failed ones, and the exit code is not 0. Symbolic links inside a folder are skipped.

If an upload fails, or Ctrl-C ends it, the server aborts it; otherwise it would count towards your quota until it \
expires. With --resume, or if the server cannot be reached, it stays open: see `dray uploads`.")]
pub(crate) struct Upload {
    /// Files and folders to upload
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Folder of the drive to upload into [default: the root]
    #[arg(long, value_name = "ID")]
    pub(crate) parent: Option<ItemId>,
    /// What to do if the folder already has a file of this name
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = OnConflict::Keep)]
    pub(crate) on_conflict: OnConflict,
    /// Continue an interrupted upload with the same name, size, folder and `--on-conflict`, and keep this upload open
    /// if it is interrupted too; not for folders
    #[arg(long)]
    pub(crate) resume: bool,
    /// Parts to send at once
    #[arg(long, value_name = "N", env = "DRAY_PARALLEL", default_value_t = dray_client::DEFAULT_PARALLEL,
          value_parser = number::within(NonZeroUsize::MIN, MOST_PARALLEL))]
    pub(crate) parallel: NonZeroUsize,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// What to do with a file if the folder already has one of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnConflict {
    /// Both stay, under the same name
    Keep,
    /// The new one gets a number: "report (2).pdf"
    Rename,
    /// The new one is refused
    Fail,
    /// The old one keeps its id, links and roles, and gets the new bytes
    Replace,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dray download 65a1b2c3d4e5f60718293a4b                under its own name, into the current folder
  dray download 65a1b2c3d4e5f60718293a4b -o copy.pdf
  dray download 65a1b2c3d4e5f60718293a4b -o ~/Downloads

The file appears only when it is completely on disk.")]
pub(crate) struct Download {
    /// The file
    pub(crate) id: ItemId,
    /// Path of the new file, or an existing folder
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  dray upload --parent \"$(dray mkdir --json Reports | jq -r .id)\" report.pdf")]
pub(crate) struct Mkdir {
    /// The folder's name
    pub(crate) name: String,
    /// Folder of the drive to create it in [default: the root]
    #[arg(long, value_name = "ID")]
    pub(crate) parent: Option<ItemId>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    /// The file or folder
    pub(crate) id: ItemId,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Prints one line for each file and folder: its id and its name. Folders end with a slash, and their content follows, \
indented. It prints at most 500 items; if there are more, standard error says in which folders.")]
pub(crate) struct Tree {
    /// Folder of the drive to start at [default: the root]
    #[arg(long, value_name = "ID")]
    pub(crate) parent: Option<ItemId>,
    /// Levels to show
    #[arg(long, value_name = "N", default_value_t = DEFAULT_TREE_DEPTH,
          value_parser = number::within(1, MAX_TREE_DEPTH))]
    pub(crate) depth: u32,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dray search report 2026
  dray download \"$(dray search --json --limit 1 q3-report.pdf | jq -r .hits[0].id)\"

A name matches if it has all the words, or words that begin with them. Upper and lower case and accents do not matter. \
The most recently changed items come first.")]
pub(crate) struct Search {
    /// Words of the name
    #[arg(required = true, value_name = "WORD")]
    pub(crate) words: Vec<String>,
    /// Hits to show
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEARCH_HITS,
          value_parser = number::within(1, MAX_SEARCH_HITS))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) connection: Connection,
}
