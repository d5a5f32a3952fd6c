//! Flags of the commands that move, remove and share what is in the drive.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use dray_api::{ItemId, LinkId};

use super::{Connection, InFile};

#[derive(Debug, Args)]
#[command(after_help = "\
Prints one line for each file and folder: its id, its size, when it last changed, its name; with --json, one JSON object \
a line.")]
pub(crate) struct Ls {
    /// The folder [default: the root]
    pub(crate) id: Option<ItemId>,
    /// What to sort by; folders always come first
    #[arg(long, value_enum, default_value_t = SortBy::Name)]
    pub(crate) sort: SortBy,
    /// Reverse the order
    #[arg(long)]
    pub(crate) reverse: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// What a folder is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SortBy {
    Name,
    Size,
    Created,
    Updated,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dray mv 65a1b2c3d4e5f60718293a4b --name \"Report, final.pdf\"
  dray mv 65a1b2c3d4e5f60718293a4b --parent 65a1b2c3d4e5f60718293a4c
  dray mv 65a1b2c3d4e5f60718293a4b --root")]
#[group(id = "change", required = true, multiple = true, args = ["name", "parent", "root"])]
pub(crate) struct Mv {
    /// The file or folder
    pub(crate) id: ItemId,
    /// Its new name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The folder to move it to
    #[arg(long, value_name = "ID")]
    pub(crate) parent: Option<ItemId>,
    /// Move it to the root
    #[arg(long, conflicts_with = "parent")]
    pub(crate) root: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
#[command(
    after_help = "`dray trash restore ID` restores one. The server removes them permanently after 30 days, unless its operator sets another time."
)]
pub(crate) struct Rm {
    /// The files and folders; everything in a folder goes with it
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<ItemId>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrashCommand {
    /// List the trash, the latest first
    List(Connection),
    /// Restore an item to its folder
    Restore {
        /// The file or folder
        id: ItemId,
        #[command(flatten)]
        connection: Connection,
    },
    /// Remove an item permanently
    Remove {
        /// The file or folder
        id: ItemId,
        #[command(flatten)]
        connection: Connection,
    },
    /// Remove everything in the trash permanently
    Empty(Connection),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShareCommand {
    /// List who has which role on a file or folder
    List {
        /// The file or folder
        id: ItemId,
        #[command(flatten)]
        connection: Connection,
    },
    /// Give somebody a role on a file or folder and everything in it
    #[command(after_help = "Example:\n  dray share add 65a1b2c3d4e5f60718293a4b alice@example.com member")]
    Add {
        /// The file or folder
        id: ItemId,
        /// The person's email address
        email: String,
        /// What the person may do
        role: GivenRole,
        #[command(flatten)]
        connection: Connection,
    },
    /// Take somebody's role away
    Remove {
        /// The file or folder
        id: ItemId,
        /// The person's email address
        email: String,
        #[command(flatten)]
        connection: Connection,
    },
}

/// A role that can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GivenRole {
    /// Read and download
    Viewer,
    /// Also upload, create folders and change items
    Member,
    /// Also decide who else has a role
    Admin,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LinkCommand {
    /// Create a public link to a file; prints its address
    Create(CreateLink),
    /// List a file's links, and how often each was followed
    List {
        /// The file
        id: ItemId,
        #[command(flatten)]
        connection: Connection,
    },
    /// Revoke a link
    Revoke {
        /// The file
        id: ItemId,
        /// The link's id, from `dray link list`
        link: LinkId,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dray link create 65a1b2c3d4e5f60718293a4b --expires-in 7d
  curl -L -u :PASSWORD -OJ ADDRESS      follows a link that has a password")]
pub(crate) struct CreateLink {
    /// The file
    pub(crate) id: ItemId,
    /// How long the link is valid [default: until it is revoked]
    #[arg(long, value_name = "TIME", value_parser = super::time::parse)]
    pub(crate) expires_in: Option<Duration>,
    /// Password that the link asks for. Other users of this machine can see arguments: prefer the variable or the file
    #[arg(long, env = "DRAY_LINK_PASSWORD", hide_env_values = true, group = "secret")]
    pub(crate) password: Option<String>,
    /// File that holds the password
    #[arg(long, env = "DRAY_LINK_PASSWORD_FILE", value_name = "FILE", group = "secret", value_hint = ValueHint::FilePath)]
    pub(crate) password_file: Option<InFile>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}
