//! Flags of the commands that work on a whole drive: backup, restore, migrate, sweep.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::{Data, InFile, S3};

/// Where a drive is: its data folder, or the database and bucket that it uses instead.
#[derive(Debug, Args)]
pub(crate) struct Place {
    #[command(flatten)]
    pub(crate) data: Data,
    // Last, because its help heading would apply to all fields after it.
    #[command(flatten)]
    pub(crate) s3: S3,
}

/// A drive, for commands that also work while a server serves it.
#[derive(Debug, Args)]
pub(crate) struct Served {
    /// The server's address, if one is running on the embedded store
    #[arg(long, env = "DRAY_URL", value_name = "URL", default_value = "http://127.0.0.1:8080", value_hint = ValueHint::Url)]
    pub(crate) url: String,
    // Last, because of its help heading.
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dray backup /mnt/backup/dray
  dray backup --verify /mnt/backup/dray
  dray backup --no-bytes /mnt/backup/rows --database-url postgres://… --s3-bucket drive

The rows are all from one moment. The bytes of files never change, so the next backup into the same folder copies \
only what is new. If one file cannot be read, the command names it, continues with the others, and ends with exit code 1. Servers can keep running. The backup leaves out other buckets of the embedded store, which do not belong to the drive: \
the command names them and says how much is in them.")]
pub(crate) struct Backup {
    /// Folder to write to; created if it does not exist
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// Copy only the rows and the list of objects, not the bytes of files
    #[arg(long)]
    pub(crate) no_bytes: bool,
    /// Also read the bytes that the folder already has, copy again what is damaged, and compare with the store
    #[arg(long, conflicts_with = "no_bytes")]
    pub(crate) verify: bool,
    #[command(flatten)]
    pub(crate) served: Served,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dray restore /mnt/backup/dray --data ./new-data
  dray restore /mnt/backup/dray --database-url postgres://… --s3-bucket drive

The database must be empty, and no server may use it; while one uses the data folder, the command refuses. What the store already has is compared by checksum, and read back if the store tells none. If a file \
is missing or damaged in the backup, the command names it, restores the others, and ends with exit code 1. Run a restore again that was interrupted, or \
that missed files: it brings what is missing, as long as the database has exactly the rows of the backup.")]
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

Stop the server first; while one uses the data folder, the command refuses. The old folder does not change. The command reads back and compares every object and \
all rows. If one file cannot be moved, the command names it, continues with the others, and ends with exit code 1. Run an interrupted move again: it continues where it stopped. Dray finds credentials as AWS's tools do.")]
#[group(id = "target", required = true, multiple = true, args = ["to_database", "to_database_file", "to_s3_bucket"])]
pub(crate) struct Migrate {
    /// Postgres to move the rows to; the database must be empty
    #[arg(long, env = "DRAY_TO_DATABASE", value_name = "URL", hide_env_values = true, value_hint = ValueHint::Url)]
    pub(crate) to_database: Option<String>,
    /// File that holds that address, with its password
    #[arg(long, env = "DRAY_TO_DATABASE_FILE", value_name = "FILE", conflicts_with = "to_database", value_hint = ValueHint::FilePath)]
    pub(crate) to_database_file: Option<InFile>,
    /// Bucket to move the bytes of files to
    #[arg(long, value_name = "NAME")]
    pub(crate) to_s3_bucket: Option<String>,
    /// Address at which this machine reaches the bucket's store [default: AWS]
    #[arg(long, value_name = "URL", requires = "to_s3_bucket", value_hint = ValueHint::Url)]
    pub(crate) to_s3_endpoint: Option<String>,
    /// Region of the bucket's store
    #[arg(long, value_name = "NAME", default_value = "us-east-1")]
    pub(crate) to_s3_region: String,
    /// Put the bucket's name into the path instead of the host
    #[arg(long)]
    pub(crate) to_s3_path_style: bool,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dray sweep --orphans             only lists them
  dray sweep --orphans --delete

Orphans are objects and uploads in the store that the drive does not know. They remain when a database is restored \
from an older backup, when a restore or a move to another store was killed and not run again, or when a request or a part reaches the store much later than it was sent. If the store does not remove one, the command names it, continues with the others, and ends with exit \
code 1. The server removes everything else by itself.")]
pub(crate) struct Sweep {
    /// Find objects and uploads in the store that the drive does not know
    #[arg(long, required = true)]
    pub(crate) orphans: bool,
    /// Remove them
    #[arg(long)]
    pub(crate) delete: bool,
    /// Only orphans that are at least this old
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = super::time::parse)]
    pub(crate) older_than: Duration,
    #[command(flatten)]
    pub(crate) served: Served,
}
