//! Why a server cannot start, and why an operator's command fails. What goes wrong in a request is the drive's `Error`.

use std::path::PathBuf;

use crate::config::SettingError;
use crate::{db, drive};

/// Why a server cannot start. Each is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data folder cannot be made or written.
    #[error("the data folder {} cannot be used: {source}; choose another with --data, or let this user write there", path.display())]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("the database {name} {source}")]
    Database {
        /// Its file, or what stands for its address, which may have a password in it.
        name: String,
        /// Why.
        source: db::OpenError,
    },
    /// The embedded store cannot be opened.
    #[error(transparent)]
    Store(#[from] dray_object_store::OpenError),
    /// A setting is not usable.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The store does not let the server in.
    #[error("the object store does not answer as it should: {0}")]
    StoreRefused(drive::Error),
    /// A socket could not be opened.
    #[error("no local socket: {0}")]
    Socket(std::io::Error),
    /// The drive said no.
    #[error(transparent)]
    Drive(#[from] drive::Error),
}
