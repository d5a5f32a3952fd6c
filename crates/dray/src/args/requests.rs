//! Flags of `dray request`: addresses where people without an account upload files into a folder.

use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use dray_api::limits::{MAX_GRANT_FILES, MAX_REQUEST_FILES, MAX_SUBMITTERS};
use dray_api::{ItemId, RequestId};

use super::{Connection, InFile, number};

#[derive(Debug, Subcommand)]
pub(crate) enum RequestCommand {
    /// Create a file request; prints its address
    Create(CreateRequest),
    /// List your file requests, or those to a folder, the latest first
    List {
        /// List the requests to this folder, whoever created them
        #[arg(long, value_name = "ID")]
        folder: Option<ItemId>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Change a file request; options that are left out change nothing
    Change(ChangeRequest),
    /// Close a file request: unfinished uploads are aborted, and files that have arrived stay
    Close(OneRequest),
    /// Open a closed file request again
    Reopen(OneRequest),
    /// Delete a file request and the list of who sent what; files that have arrived stay
    Delete(OneRequest),
    /// List every upload to a file request with its submitter, the latest first
    Uploads(OneRequest),
}

#[derive(Debug, Args)]
pub(crate) struct OneRequest {
    /// The request's id, from `dray request list`
    pub(crate) id: RequestId,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Whether submitters are asked for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ask {
    /// Do not ask
    No,
    /// Ask, but let submitters leave it out
    Optional,
    /// Ask, and refuse submitters who leave it out
    Required,
}

#[derive(Debug, Args)]
pub(crate) struct RequestPassword {
    /// Password that submitters must enter. Other users of this machine can see arguments: prefer the variable or the file
    #[arg(long, env = "DRAY_REQUEST_PASSWORD", hide_env_values = true, group = "secret")]
    pub(crate) password: Option<String>,
    /// File that holds the password
    #[arg(long, env = "DRAY_REQUEST_PASSWORD_FILE", value_name = "FILE", group = "secret", value_hint = ValueHint::FilePath)]
    pub(crate) password_file: Option<InFile>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Anyone who has the address can upload, without an account. Submitters see only what they have sent themselves.

Example:
  dray request create --folder ID --title 'Photos of the festival' --closes-in 14d --ask-name required --type 'image/*'")]
pub(crate) struct CreateRequest {
    /// The folder that the files go to
    #[arg(long, value_name = "ID")]
    pub(crate) folder: ItemId,
    /// The title of the page
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: String,
    /// A text below the title
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// How long the request stays open [default: until it is closed]
    #[arg(long, value_name = "TIME", value_parser = super::time::parse)]
    pub(crate) closes_in: Option<Duration>,
    #[command(flatten)]
    pub(crate) password: RequestPassword,
    /// Whether to ask submitters for their name
    #[arg(long, value_enum, default_value_t = Ask::No)]
    pub(crate) ask_name: Ask,
    /// Whether to ask submitters for their email address
    #[arg(long, value_enum, default_value_t = Ask::No)]
    pub(crate) ask_email: Ask,
    /// Give each submitter a folder of their own
    #[arg(long)]
    pub(crate) folder_each: bool,
    /// How many files each submitter may send [default: 10000]
    #[arg(long, value_name = "N", value_parser = number::within(1, MAX_GRANT_FILES))]
    pub(crate) max_files: Option<u32>,
    /// Largest file, such as 100MiB [default: the server's own limit]
    #[arg(long, value_name = "SIZE", value_parser = super::size::parse)]
    pub(crate) max_file_size: Option<ByteSize>,
    /// Largest size of all files of one submitter, such as 1GiB [default: what the quota has room for]
    #[arg(long, value_name = "SIZE", value_parser = super::size::parse)]
    pub(crate) max_size: Option<ByteSize>,
    /// How many submitters there may be [default: 1000]
    #[arg(long, value_name = "N", value_parser = number::within(1, MAX_SUBMITTERS))]
    pub(crate) max_submitters: Option<u32>,
    /// How many files all submitters together may send [default: no limit]
    #[arg(long, value_name = "N", value_parser = number::within(1, MAX_REQUEST_FILES))]
    pub(crate) max_total_files: Option<u32>,
    /// Largest size of the files of all submitters together, such as 50GiB [default: what the quota has room for]
    #[arg(long, value_name = "SIZE", value_parser = super::size::parse)]
    pub(crate) max_total_size: Option<ByteSize>,
    /// Type of files: a MIME type (image/png), a group (image/*) or a file extension (.pdf); may be repeated [default:
    /// any]
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    pub(crate) types: Vec<String>,
    /// Give a file another name if the folder already has one of its name
    #[arg(long)]
    pub(crate) rename: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  dray request change ID --closes-in 7d --no-password")]
pub(crate) struct ChangeRequest {
    /// The request's id, from `dray request list`
    pub(crate) id: RequestId,
    /// The title of the page
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// The text below the title
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// How long the request stays open from now
    #[arg(long, value_name = "TIME", value_parser = super::time::parse)]
    pub(crate) closes_in: Option<Duration>,
    /// Keep the request open until it is closed
    #[arg(long, conflicts_with = "closes_in")]
    pub(crate) no_deadline: bool,
    #[command(flatten)]
    pub(crate) password: RequestPassword,
    /// Remove the password
    #[arg(long, conflicts_with = "secret")]
    pub(crate) no_password: bool,
    /// How many submitters there may be
    #[arg(long, value_name = "N", value_parser = number::within(1, MAX_SUBMITTERS))]
    pub(crate) max_submitters: Option<u32>,
    /// How many files all submitters together may send
    #[arg(long, value_name = "N", value_parser = number::within(1, MAX_REQUEST_FILES))]
    pub(crate) max_total_files: Option<u32>,
    /// Largest size of the files of all submitters together, such as 50GiB
    #[arg(long, value_name = "SIZE", value_parser = super::size::parse)]
    pub(crate) max_total_size: Option<ByteSize>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}
