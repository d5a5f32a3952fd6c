//! The command line: one definition of every flag and its `DRAY_*` variable. It has no behaviour.

mod admin;
mod doctor;
mod files;
mod grants;
mod log_filter;
mod manage;
mod number;
mod operate;
mod requests;
mod secret;
mod serve;
mod size;
mod time;
mod uploads;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use admin::{
    CreateToken, Data, Quota, RotateToken, StoreCommand, StoreKeys, TokenCommand, UserCommand,
    WorkspaceCommand,
};
pub(crate) use doctor::Doctor;
pub(crate) use files::{Connection, Download, Get, Mkdir, OnConflict, Search, Tree, Upload};
pub(crate) use grants::{CreateGrant, GrantCommand};
pub(crate) use manage::{CreateLink, GivenRole, LinkCommand, Ls, Mv, Rm, ShareCommand, SortBy, TrashCommand};
pub(crate) use operate::{Backup, Migrate, Place, Restore, Served, Sweep};
pub(crate) use requests::{Ask, ChangeRequest, CreateRequest, OneRequest, RequestCommand, RequestPassword};
pub(crate) use secret::{InFile, conceal, either};
pub(crate) use serve::{LogFormat, S3, Serve};
pub(crate) use uploads::UploadsCommand;

const EXAMPLES: &str = "\
First steps:
  dray serve                      starts a drive in ./dray-data; prints its address and a token
  export DRAY_TOKEN=cp_pat_…      sets that token
  dray upload report.pdf photos/  uploads files and whole folders; prints their ids
  dray download ID                downloads a file under its own name

Exit codes:
  0 ok, 1 error, 2 usage, 3 not found, 4 not allowed, 5 conflict, 6 rate limited, 130 interrupted";

/// A self-hosted drive whose uploads go straight to S3.
#[derive(Debug, Parser)]
#[command(name = "dray", version, after_help = EXAMPLES, max_term_width = 110)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the server
    Serve(Box<Serve>),
    /// Upload files and folders
    Upload(Upload),
    /// List, abort or continue unfinished uploads
    Uploads {
        #[command(subcommand)]
        command: UploadsCommand,
    },
    /// Download a file
    Download(Download),
    /// Create a folder in the drive
    Mkdir(Mkdir),
    /// Show a file or folder of the drive
    Get(Get),
    /// Show folders of the drive and what is in them
    Tree(Tree),
    /// List one folder of the drive, whatever its size
    Ls(Ls),
    /// Find files and folders of the drive by the words of their names
    Search(Search),
    /// Rename or move files and folders of the drive
    Mv(Mv),
    /// Put files and folders of the drive into the trash
    Rm(Rm),
    /// List the trash, restore items or remove them permanently
    Trash {
        #[command(subcommand)]
        command: TrashCommand,
    },
    /// Give others a role on a file or folder
    Share {
        #[command(subcommand)]
        command: ShareCommand,
    },
    /// List what others share with you
    Shared(Connection),
    /// Create, list and revoke public links to a file
    Link {
        #[command(subcommand)]
        command: LinkCommand,
    },
    /// Create, list and revoke grants: upload-only tokens for your application's visitors
    Grant {
        #[command(subcommand)]
        command: GrantCommand,
    },
    /// Create, list, change and close file requests, where people without an account upload into a folder of yours
    Request {
        #[command(subcommand)]
        command: RequestCommand,
    },
    /// Show how much you store, and your quota
    Usage(Connection),
    /// Create, list and revoke access tokens (where the server's data is), or rotate your own
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Add and list users (where the server's data is)
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Set the quota of all users together (where the server's data is)
    Workspace {
        #[command(subcommand)]
        command: WorkspaceCommand,
    },
    /// Print keys of the embedded object store for other S3 tools, or say which store is the drive's (where the server's data is)
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Copy the whole drive into a folder while it is served (where the server's data is)
    Backup(Box<Backup>),
    /// Create a drive from a backup
    Restore(Box<Restore>),
    /// Move a drive from its folder to Postgres, to another store, or both
    Migrate(Box<Migrate>),
    /// Find objects in the store that the drive does not know (where the server's data is)
    Sweep(Box<Sweep>),
    /// Check everything that a server would use, and say how to fix what fails
    Doctor(Box<Doctor>),
    /// Print completions for a shell
    #[command(after_help = "Example:\n  source <(dray completions bash)")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_setting_of_serve_has_a_variable() {
        let command = Args::command();
        let serve = command.find_subcommand("serve").unwrap();
        for argument in serve.get_arguments().filter(|argument| argument.get_long() != Some("help")) {
            assert!(argument.get_env().is_some(), "{argument}");
        }
    }

    /// The arguments of this name, of all commands and their subcommands.
    fn arguments<'a>(command: &'a clap::Command, name: &str) -> Vec<&'a clap::Arg> {
        let own = command.get_arguments().filter(|argument| argument.get_long() == Some(name));
        own.chain(command.get_subcommands().flat_map(|command| arguments(command, name))).collect()
    }

    /// Runs `look` on each command that has no further ones, with the words that call it.
    fn each_command(command: &clap::Command, words: &[&str], look: &mut dyn FnMut(&clap::Command, &[&str])) {
        let further: Vec<_> =
            command.get_subcommands().filter(|command| command.get_name() != "help").collect();
        if further.is_empty() {
            look(command, words);
        }
        for command in further {
            each_command(command, &[words, &[command.get_name()]].concat(), look);
        }
    }

    #[test]
    fn a_value_that_a_flag_does_not_take_is_refused_in_plain_words() {
        const RUSTS_WORDS: [&str; 9] = [
            "invalid digit",
            "non-zero",
            "..",
            "parse",
            "number too",
            "expected",
            "from string",
            "literal",
            "overflow",
        ];
        let mut refused = 0;
        each_command(&Args::command(), &["dray"], &mut |command, words| {
            for argument in command.get_arguments().filter(|argument| argument.get_action().takes_values()) {
                let Some(flag) = argument.get_long() else { continue };
                for text in ["", "x", "-1", "0", "1.5", "1x", "99999999999999999999999"] {
                    let flag = format!("--{flag}={text}");
                    let given = words.iter().copied().chain([flag.as_str()]);
                    let Err(error) = Args::command().try_get_matches_from(given) else { continue };
                    if error.kind() == clap::error::ErrorKind::ValueValidation {
                        refused += 1;
                        let said = error.to_string();
                        assert!(!RUSTS_WORDS.iter().any(|words| said.contains(words)), "{said}");
                    }
                }
            }
        });
        assert!(refused > 100, "{refused}");
    }

    #[test]
    fn a_move_without_a_target_names_each_that_there_is() {
        let said = Args::try_parse_from(["dray", "migrate"]).unwrap_err().to_string();
        assert!(
            ["--to-database", "--to-database-file", "--to-s3-bucket"].iter().all(|flag| said.contains(flag)),
            "{said}"
        );
        for target in ["--to-database=postgres://a", "--to-s3-bucket=b"] {
            assert!(Args::try_parse_from(["dray", "migrate", target]).is_ok(), "{target}");
        }
        let two = ["dray", "migrate", "--to-database=postgres://a", "--to-database-file=/dev/null"];
        assert!(Args::try_parse_from(two).is_err());
    }

    #[test]
    fn no_help_shows_a_secret_from_the_environment() {
        let command = Args::command();
        for secret in ["token", "database-url", "to-database", "webhook-secret", "password"] {
            let arguments = arguments(&command, secret);
            assert!(!arguments.is_empty(), "{secret}");
            assert!(arguments.iter().all(|argument| argument.is_hide_env_values_set()), "{secret}");
        }
    }

    #[test]
    fn help_reads_well() {
        // With a fixed width, and without values from this environment.
        let mut command = Args::command().term_width(100);
        insta::assert_snapshot!("help", command.render_help());
        command.build();
        for name in [
            "serve",
            "upload",
            "uploads",
            "download",
            "mkdir",
            "get",
            "tree",
            "ls",
            "search",
            "mv",
            "rm",
            "trash",
            "share",
            "link",
            "grant",
            "request",
            "user",
            "workspace",
            "store",
            "backup",
            "restore",
            "migrate",
            "sweep",
        ] {
            let subcommand = command.find_subcommand_mut(name).unwrap();
            *subcommand = subcommand.clone().mut_args(|argument| argument.hide_env_values(true));
            insta::assert_snapshot!(format!("help_{name}"), subcommand.render_help());
        }
    }
}
