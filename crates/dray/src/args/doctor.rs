//! Flags of `dray doctor`: those of `dray serve`.

use clap::Args;

use super::Serve;

#[derive(Debug, Args)]
#[command(after_help = "\
Takes the flags and variables of dray serve, and leaves nothing behind. The exit code is 1 if a check failed.

Examples:
  dray doctor
  dray doctor --s3-bucket my-drive --s3-endpoint https://s3.example.com --public-url https://drive.example.com")]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) serve: Serve,
    /// Print each finding as a line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}
