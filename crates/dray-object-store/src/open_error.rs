//! Why a store does not open. Each message is one line that says what to do.

use std::{io, path::PathBuf};

/// Why a store does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made or written.
    #[error("cannot write the store's folder {}: {source}; make it writable or choose another", path.display())]
    Unwritable {
        /// The folder or the file in it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has the folder open.
    #[error("the store in {} is in use by another process; stop that one or choose another folder", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The folder was made by a newer version of this program.
    #[error("the store in {} was made by a newer version (format {found}, this one knows {known}); run that version", path.display())]
    NewerVersion {
        /// The folder.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this version knows.
        known: i64,
    },
    /// The database does not open.
    #[error("the store's database {} does not open: {message}; restore it from a backup", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What `SQLite` said.
        message: String,
    },
    /// The keys cannot be read.
    #[error("cannot read the store's keys {}: {source}; make the file readable for this user", path.display())]
    KeysUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The keys can be read by others.
    #[error("others can read the store's keys; run: chmod 600 {}", path.display())]
    KeysTooOpen {
        /// The file.
        path: PathBuf,
    },
    /// The file of keys is not what this program wrote.
    #[error("the store's keys {} are damaged; restore the file, or remove it to get new keys", path.display())]
    KeysCorrupt {
        /// The file.
        path: PathBuf,
    },
    /// The bucket's name is not one that S3 allows.
    #[error("{name:?} is not a bucket's name: use 3 to 63 lower-case letters, digits, dots and hyphens")]
    BucketName {
        /// The name.
        name: String,
    },
}
