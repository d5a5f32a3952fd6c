//! Why a store cannot be opened. Each message is one line that says what to do.

use std::{io, path::PathBuf};

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be created or written.
    #[error("cannot write the store's folder {}: {source}; make it writable or choose another", path.display())]
    Unwritable {
        /// The folder or the file in it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has the store open.
    #[error("the store in {} is in use by another process: a backup, another command or another server has it open; wait for it, or stop it", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// A newer version of this program made the folder.
    #[error("the store in {} was made by a newer version (format {found}, this one knows {known}); run that version", path.display())]
    NewerVersion {
        /// The folder.
        path: PathBuf,
        /// The format of the folder.
        found: i64,
        /// The newest format that this version knows.
        known: i64,
    },
    /// The database cannot be opened.
    #[error("the store's database {} cannot be opened: {message}; restore it from a backup", path.display())]
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
    /// There are no keys.
    #[error("there are no keys in {}; start the server once to get new ones (URLs that it signed with lost keys have ended)", path.display())]
    KeysMissing {
        /// The file.
        path: PathBuf,
    },
    /// So many replaced keys of one kind are still accepted that no further one can be replaced.
    #[error(
        "{most} replaced keys of this kind are still accepted, which is the most; wait until one ends, or end all of them at once with --grace 0s"
    )]
    TooManyFormerKeys {
        /// The limit.
        most: usize,
    },
    /// Others can read the keys.
    #[error("other users can read the store's keys; run: chmod 600 {}", path.display())]
    KeysTooOpen {
        /// The file.
        path: PathBuf,
    },
    /// This program did not write the file of keys.
    #[error("the store's keys {} are damaged; restore the file, or remove it to get new keys: then `dray store keys` or the next start of the server makes them, and URLs signed before end", path.display())]
    KeysCorrupt {
        /// The file.
        path: PathBuf,
    },
    /// S3 does not allow the bucket's name.
    #[error("{name:?} is not a bucket's name: use 3 to 63 lower-case letters, digits, dots and hyphens")]
    BucketName {
        /// The name.
        name: String,
    },
}
