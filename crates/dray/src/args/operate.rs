//! Flags of the commands that look after a whole drive: backup, restore, migrate, sweep.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::{Data, InFile, S3};

/// Where a drive is: its data folder, or what is in its place.
#[derive(Debug, Args)]
pub(crate) struct Place {
    #[command(flatten)]
    pub(crate) data: Data,
    #[command(flatten)]
    pub(crate) s3: S3,
    /// The server's address, if one is running on the embedded store
    #[arg(long, env = "DRAY_URL", value_name = "URL", default_value = "http://127.0.0.1:8080", value_hint = ValueHint::Url)]
    pub(crate) url: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dray backup /mnt/backup/dray
  dray backup --no-bytes /mnt/backup/rows --database-url postgres://… --s3-bucket drive

The rows are those of one moment. The bytes of files never change: the next backup into the same folder copies \
only what is new. Servers may go on meanwhile. Other buckets of the embedded store are not the drive's and are left out: \
the command says which, and how much is in them.")]
pub(crate) struct Backup {
    /// Folder to write to; made if it is not there
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// Leave the bytes of files where they are, and only write down which there are
    #[arg(long)]
    pub(crate) no_bytes: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dray restore /mnt/backup/dray --data ./new-data
  dray restore /mnt/backup/dray --database-url postgres://… --s3-bucket drive

A restore that was cut off goes on where it was.")]
pub(crate) struct Restore {
    /// Folder that `dray backup` wrote
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  dray migrate --to-database postgres://dray@db/drive --to-s3-bucket drive --to-s3-endpoint http://s3:9000 --to-s3-path-style

Stop the server first. What is in the folder stays as it is. Every object is read back and compared, and so are \
all rows; a move that was cut off goes on where it was. The bucket's keys are found as AWS's tools find them.")]
pub(crate) struct Migrate {
    /// Postgres to move the rows to: a database that is empty
    #[arg(long, env = "DRAY_TO_DATABASE", value_name = "URL", hide_env_values = true, group = "to_rows", value_hint = ValueHint::Url)]
    pub(crate) to_database: Option<String>,
    /// File that holds that address, with its password
    #[arg(long, env = "DRAY_TO_DATABASE_FILE", value_name = "FILE", group = "to_rows", value_hint = ValueHint::FilePath)]
    pub(crate) to_database_file: Option<InFile>,
    /// Bucket to move the bytes of files to
    #[arg(long, value_name = "NAME", required_unless_present = "to_rows")]
    pub(crate) to_s3_bucket: Option<String>,
    /// Where its store is reached [default: AWS]
    #[arg(long, value_name = "URL", requires = "to_s3_bucket", value_hint = ValueHint::Url)]
    pub(crate) to_s3_endpoint: Option<String>,
    /// Its store's region
    #[arg(long, value_name = "NAME", default_value = "us-east-1")]
    pub(crate) to_s3_region: String,
    /// Put its name into the path, not into the host
    #[arg(long)]
    pub(crate) to_s3_path_style: bool,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dray sweep --orphans             only says what there is
  dray sweep --orphans --delete

Orphans come of a database that was restored from an older backup, or of parts that were put after their upload \
was given up. All else is swept by the server itself, every minute.")]
pub(crate) struct Sweep {
    /// Look for what the store has and no item, upload or removal under way knows of
    #[arg(long, required = true)]
    pub(crate) orphans: bool,
    /// Remove it
    #[arg(long)]
    pub(crate) delete: bool,
    /// Only what is at least so old
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = humantime::parse_duration)]
    pub(crate) older_than: Duration,
    #[command(flatten)]
    pub(crate) place: Place,
}
