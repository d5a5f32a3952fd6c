//! Flags of the commands that order what is in the drive, and say who else may do what with it.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use dray_api::{ItemId, LinkId};

use super::{Connection, InFile};

#[derive(Debug, Args)]
#[command(after_help = "\
Prints a line for each file and folder: its id, its size, when it last changed, its name; with --json one JSON object \
a line.")]
pub(crate) struct Ls {
    /// The folder [default: the root]
    pub(crate) id: Option<ItemId>,
    /// What to sort by; folders come first whatever it is
    #[arg(long, value_enum, default_value_t = SortBy::Name)]
    pub(crate) sort: SortBy,
    /// The other way round
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
    after_help = "They can be taken out again for 30 days, unless the server keeps them for another time: see `dray trash`."
)]
pub(crate) struct Rm {
    /// The files and folders; a folder goes with all that is in it
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<ItemId>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrashCommand {
    /// List what is in the trash, the latest first
    List(Connection),
    /// Take something out, back to its folder
    Restore {
        /// The file or folder
        id: ItemId,
        #[command(flatten)]
        connection: Connection,
    },
    /// Remove something for good
    Remove {
        /// The file or folder
        id: ItemId,
        #[command(flatten)]
        connection: Connection,
    },
    /// Remove everything for good that is in the trash
    Empty(Connection),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShareCommand {
    /// List who may do what with a file or folder
    List {
        /// The file or folder
        id: ItemId,
        #[command(flatten)]
        connection: Connection,
    },
    /// Give somebody a role on a file or folder and all that is in it
    #[command(after_help = "Example:\n  dray share add 65a1b2c3d4e5f60718293a4b alice@example.com member")]
    Add {
        /// The file or folder
        id: ItemId,
        /// Their address
        email: String,
        /// What they may do
        role: GivenRole,
        #[command(flatten)]
        connection: Connection,
    },
    /// Take somebody's role
    Remove {
        /// The file or folder
        id: ItemId,
        /// Their address
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
    /// Also upload, make folders and change what is there
    Member,
    /// Also say who else may do what
    Admin,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LinkCommand {
    /// Make a public link to a file; prints its address
    Create(CreateLink),
    /// List a file's links, and how often they were followed
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
  curl -L -u :PASSWORD -OJ ADDRESS      follows one that has a password")]
pub(crate) struct CreateLink {
    /// The file
    pub(crate) id: ItemId,
    /// How long it leads anywhere [default: until it is revoked]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) expires_in: Option<Duration>,
    /// Ask for a password; rather set the variable or name a file, other users of this machine can see arguments
    #[arg(long, env = "DRAY_LINK_PASSWORD", hide_env_values = true, group = "secret")]
    pub(crate) password: Option<String>,
    /// File that holds the password
    #[arg(long, env = "DRAY_LINK_PASSWORD_FILE", value_name = "FILE", group = "secret", value_hint = ValueHint::FilePath)]
    pub(crate) password_file: Option<InFile>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}
