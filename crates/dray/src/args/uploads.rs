//! Flags of `dray uploads`: what was begun and has not come to its end.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

use super::Connection;

#[derive(Debug, Subcommand)]
pub(crate) enum UploadsCommand {
    /// List your uploads that have not come to their end, the latest first
    #[command(after_help = "\
Prints a line for each: its id, the file's name and size, how much of it the store has, how old the upload is and when it \
expires. What the store has counts towards your quota, as does what is still to come. With --json one JSON object a line.")]
    List(Connection),
    /// Give uploads up: what arrived of them is removed
    #[command(after_help = "Examples:\n  dray uploads abort ID\n  dray uploads abort --all")]
    Abort {
        /// The uploads' ids, from `dray uploads list`
        #[arg(required_unless_present = "all", value_name = "ID")]
        ids: Vec<String>,
        /// All of them, those of other machines and of the page too
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// Go on with an upload: sends what the store lacks
    #[command(after_help = "\
The file must be the one that the upload was begun for: it is saved only if what was sent before is of the same bytes. If \
it fails, the upload stays, to be gone on with again.")]
    Resume {
        /// The upload's id, from `dray uploads list`
        id: String,
        /// The file
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        path: PathBuf,
        /// Parts to send at once
        #[arg(long, value_name = "N", env = "DRAY_PARALLEL", default_value_t = dray_client::DEFAULT_PARALLEL)]
        parallel: NonZeroUsize,
        #[command(flatten)]
        connection: Connection,
    },
}
