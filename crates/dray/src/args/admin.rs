//! Flags of the commands that work on a server's data, whether the server is running or not.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, Subcommand, ValueHint};
use dray_api::TokenId;
use dray_server::DatabaseUrl;

use super::{Connection, InFile, Place, either};

#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "a field is called as its flag")]
pub(crate) struct Data {
    /// The server's folder
    #[arg(long, env = "DRAY_DATA", value_name = "FOLDER", default_value = "./dray-data", value_hint = ValueHint::DirPath)]
    pub(crate) data: PathBuf,
    /// Address of Postgres, if the server uses it
    #[arg(long, env = "DRAY_DATABASE_URL", value_name = "URL", hide_env_values = true, group = "database", value_hint = ValueHint::Url)]
    pub(crate) database_url: Option<String>,
    /// File that holds the address of Postgres, with its password
    #[arg(long, env = "DRAY_DATABASE_URL_FILE", value_name = "FILE", group = "database", value_hint = ValueHint::FilePath)]
    pub(crate) database_url_file: Option<InFile>,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Data {
    /// The address of Postgres, if the server uses it.
    pub(crate) fn database_url(&self) -> Option<DatabaseUrl> {
        either(self.database_url.as_ref(), self.database_url_file.as_ref()).map(DatabaseUrl::new)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token; prints only the token, which is never shown again
    Create(CreateToken),
    /// List all tokens, without their secrets
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Replace your own token (`DRAY_TOKEN`); prints only the new token, which is never shown again
    Rotate(RotateToken),
    /// Revoke a token at once, with the tokens that it created and the ones it replaced
    Revoke {
        /// The token's id, from `dray token list`
        id: TokenId,
        /// Also revoke the tokens that have replaced it, one after the other, with the tokens that they created
        #[arg(long)]
        with_replacements: bool,
        /// Also remove the public links that these tokens have made, and close their file requests
        #[arg(long)]
        with_links_and_requests: bool,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  export DRAY_TOKEN=$(dray token create --user alice@example.com)")]
pub(crate) struct CreateToken {
    /// Email address of the token's user
    #[arg(long, value_name = "EMAIL")]
    pub(crate) user: String,
    /// What the token may do; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", default_value = "access_drive")]
    pub(crate) scopes: Vec<String>,
    /// How long the token is valid, at most 365d
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = super::time::parse)]
    pub(crate) expires_in: Duration,
    /// How long `dray token rotate` may replace the token, each time for as long as --expires-in says; at most 365d
    /// [default: as long as the token is valid]
    #[arg(long, value_name = "TIME", value_parser = super::time::parse)]
    pub(crate) rotate_for: Option<Duration>,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  export DRAY_TOKEN=$(dray token rotate)

The new token has the rights of the old one, in the same folder. Tokens that the old one created stay valid.")]
pub(crate) struct RotateToken {
    /// How long the new token is valid [default: as long as the old one was created for, within its --rotate-for]
    #[arg(long, value_name = "TIME", value_parser = super::time::parse)]
    pub(crate) expires_in: Option<Duration>,
    /// End the old token at once; otherwise it stays valid for another day
    #[arg(long)]
    pub(crate) end_old_now: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user
    #[command(after_help = "Example:\n  dray user add alice@example.com --name \"Alice Liddell\"")]
    Add {
        /// The user's email address
        email: String,
        /// The user's name [default: the address up to the @]
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        data: Data,
    },
    /// Set how much a user may store
    #[command(
        after_help = "Examples:\n  dray user quota alice@example.com 50GiB\n  dray user quota alice@example.com none"
    )]
    Quota {
        /// The user's email address
        email: String,
        /// A size, such as 500MB or 50GiB; `none` means no limit
        #[arg(value_parser = parse_quota)]
        quota: Quota,
        #[command(flatten)]
        data: Data,
    },
    /// List all users
    List {
        #[command(flatten)]
        data: Data,
    },
}

/// How many bytes may be stored; `None` means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota(pub(crate) Option<u64>);

fn parse_quota(text: &str) -> Result<Quota, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Quota(None));
    }
    let bytes = text.parse::<ByteSize>().map_err(|_| "must be a size such as 50GiB, or none".to_owned())?;
    Ok(Quota(Some(bytes.as_u64())))
}

#[derive(Debug, Subcommand)]
pub(crate) enum WorkspaceCommand {
    /// Set how much all users together may store
    #[command(after_help = "Examples:\n  dray workspace quota 2TiB\n  dray workspace quota none")]
    Quota {
        /// A size, such as 500MB or 50GiB; `none` means no limit
        #[arg(value_parser = parse_quota)]
        quota: Quota,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Print the embedded store's endpoint, bucket and keys, as variables that S3 tools read
    Keys(StoreKeys),
    /// Make a store the drive's own, although it does not have the drive's mark
    #[command(after_help = "\
Examples:
  dray store adopt --s3-bucket drive
  dray store adopt --data ./data

The drive's store has an object that marks it. A server does not start on a store without it, because it would take every \
file for lost. Use this after the files were copied by other means than `dray migrate` or `dray restore`, or if they are lost \
and are to be sent again. It looks up a sample of the drive's files and prints how many the store has. Stop all servers first; while one uses the data folder, the command refuses. From then on \
no other store is the drive's.")]
    Adopt(Place),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  eval \"$(dray store keys)\" && aws s3 ls s3://dray --recursive
  dray store keys --rotate                    from now on tools need the new keys
  dray store keys --rotate --grace 1h         the old keys stay valid for one more hour
  dray store keys --rotate --server           URLs signed before stay valid for a day

These keys may read the drive's bucket, which has the files of all users, and may write every other bucket. A running server \
accepts new keys at once, and refuses the replaced ones within a second.")]
pub(crate) struct StoreKeys {
    /// The server's address
    #[arg(long, env = "DRAY_URL", default_value = "http://127.0.0.1:8080", value_hint = ValueHint::Url)]
    pub(crate) url: String,
    /// Print keys that may also write the drive's bucket, for another Dray that stores its files there or for repairs
    #[arg(long)]
    pub(crate) write_drive: bool,
    /// Replace the keys, and print the new ones
    #[arg(long)]
    pub(crate) rotate: bool,
    /// Replace the server's own key, which signs URLs and is never printed
    #[arg(long, requires = "rotate", conflicts_with = "write_drive")]
    pub(crate) server: bool,
    /// How long the old keys are still accepted [default: not at all; with --server, 1d, in URLs only]
    #[arg(long, requires = "rotate", value_name = "TIME", value_parser = super::time::parse)]
    pub(crate) grace: Option<Duration>,
    #[command(flatten)]
    pub(crate) data: Data,
}
