//! Flags of `dray uploads`: uploads that were started but not finished.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

use super::files::MOST_PARALLEL;
use super::{Connection, number};

#[derive(Debug, Subcommand)]
pub(crate) enum UploadsCommand {
    /// List your unfinished uploads, the latest first
    #[command(after_help = "\
Prints one line for each: its id, the file's name and size, how much of it the store has, how old the upload is and when it \
expires. The whole size of an unfinished upload counts towards your quota. With --json, one JSON object a line.")]
    List(Connection),
    /// Abort uploads: the server removes what was sent of them
    #[command(after_help = "Examples:\n  dray uploads abort ID\n  dray uploads abort --all")]
    Abort {
        /// The uploads' ids, from `dray uploads list`
        #[arg(required_unless_present = "all", value_name = "ID")]
        ids: Vec<String>,
        /// All your uploads, also those of other machines and of the page
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// Continue an upload: sends what the store does not have yet
    #[command(after_help = "\
The file must be the one that the upload was started for. It is compared with the parts that the store has: if the first \
of them differs, nothing is saved, and you can continue with the right file. Later parts that differ are sent again. The \
file is saved only if the store has exactly its bytes. If a store does not tell what it has (some that encrypt), the \
comparison comes at the end, and ends the upload if the bytes differ.")]
    Resume {
        /// The upload's id, from `dray uploads list`
        id: String,
        /// The file
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        path: PathBuf,
        /// Parts to send at once
        #[arg(long, value_name = "N", env = "DRAY_PARALLEL", default_value_t = dray_client::DEFAULT_PARALLEL,
              value_parser = number::within(NonZeroUsize::MIN, MOST_PARALLEL))]
        parallel: NonZeroUsize,
        #[command(flatten)]
        connection: Connection,
    },
}
