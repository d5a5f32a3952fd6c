//! Why a server cannot start, and why an operator's command fails. Failures of requests are the drive's `Error`.

use std::path::PathBuf;

use crate::belonging::NotOurs;
use crate::config::SettingError;
use crate::{db, drive};

/// Why a server cannot start. Each is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data folder cannot be created or written.
    #[error("the data folder {} cannot be used: {source}; choose another with --data, or let this user write there", path.display())]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The folder of a backup cannot be created or written.
    #[error("the backup folder {} cannot be used: {source}; name another FOLDER, or let this user write there", path.display())]
    BackupFolder {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Another process serves or moves the drive in this folder.
    #[error("the drive in {} is in use by another process: a server, or a command; wait for it, or stop it", path.display())]
    FolderInUse {
        /// The folder.
        path: PathBuf,
    },
    /// The database cannot be opened.
    #[error("the database {name} {source}")]
    Database {
        /// Its file or, because its address may contain a password, a name for it.
        name: String,
        /// Why.
        source: db::OpenError,
    },
    /// The embedded store cannot be opened.
    #[error(transparent)]
    Store(#[from] dray_object_store::OpenError),
    /// A setting cannot be used.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The store refuses the server.
    #[error(transparent)]
    StoreRefused(drive::Error),
    /// A process has the embedded store open, and no server with this store is at the address.
    #[error(
        "a process has this drive's store open, and at {url} there is no server that serves it ({source}); if a server is running, name its address with --url, otherwise wait for the command that has the store open"
    )]
    NoServerAt {
        /// The address.
        url: String,
        /// What was answered.
        source: drive::Error,
    },
    /// The operator named something that does not exist.
    #[error("{0}")]
    NotThere(String),
    /// The operator named something new that exists already.
    #[error("{0}")]
    ThereAlready(String),
    /// The store is not the one that has the drive's files.
    #[error(transparent)]
    OtherStore(NotOurs),
    /// A socket could not be opened.
    #[error("a socket could not be opened: {0}")]
    Socket(std::io::Error),
    /// The drive refuses.
    #[error(transparent)]
    Drive(#[from] drive::Error),
}

impl From<NotOurs> for Error {
    fn from(refused: NotOurs) -> Self {
        match refused {
            NotOurs::Unknown(err @ drive::Error::StoreRefused { .. }) => Self::StoreRefused(err),
            NotOurs::Unknown(err) => Self::Drive(err),
            other @ NotOurs::Other(_) => Self::OtherStore(other),
        }
    }
}
