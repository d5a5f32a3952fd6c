//! Flags of `dray grant`: what others may upload into a folder, and what they have uploaded.

use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, Subcommand};
use dray_api::limits::MAX_GRANT_FILES;
use dray_api::{GrantId, ItemId};

use super::{Connection, number};

#[derive(Debug, Subcommand)]
pub(crate) enum GrantCommand {
    /// Create a grant; prints its secret, which is shown only once
    Create(CreateGrant),
    /// List your grants, the latest first, and how much of each is used
    List(Connection),
    /// Revoke a grant: it is invalid at once, and the server aborts its unfinished uploads
    Revoke {
        /// The grant's id, from `dray grant list`
        id: GrantId,
        #[command(flatten)]
        connection: Connection,
    },
    /// List every upload that was started with a grant, the latest first
    Uploads {
        /// The grant's id, from `dray grant list`
        id: GrantId,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
The page of the person who uploads sends the secret as its bearer token in the calls of an upload. It works for nothing else.

Example:
  dray grant create --folder ID --max-files 3 --max-file-size 100MiB --type 'image/*' --type .pdf --expires-in 2h")]
pub(crate) struct CreateGrant {
    /// The folder that the files go to [default: the root]
    #[arg(long, value_name = "ID")]
    pub(crate) folder: Option<ItemId>,
    /// How many files may be uploaded [default: 10000]
    #[arg(long, value_name = "N", value_parser = number::within(1, MAX_GRANT_FILES))]
    pub(crate) max_files: Option<u32>,
    /// Largest file, such as 100MiB [default: the server's own limit]
    #[arg(long, value_name = "SIZE", value_parser = super::size::parse)]
    pub(crate) max_file_size: Option<ByteSize>,
    /// Largest size of all files together, such as 1GiB [default: what the quota has room for]
    #[arg(long, value_name = "SIZE", value_parser = super::size::parse)]
    pub(crate) max_size: Option<ByteSize>,
    /// Accepted type of files: a MIME type (image/png), a group (image/*) or a file extension (.pdf); may be
    /// repeated [default: any]
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    pub(crate) types: Vec<String>,
    /// How long the grant is valid [default: 24h, or as long as your token]
    #[arg(long, value_name = "TIME", value_parser = super::time::parse)]
    pub(crate) expires_in: Option<Duration>,
    /// Give a file another name if the folder already has one of its name
    #[arg(long)]
    pub(crate) rename: bool,
    /// A text of your own, which comes back on each file and in webhooks
    #[arg(long, value_name = "TEXT")]
    pub(crate) external_id: Option<String>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}
