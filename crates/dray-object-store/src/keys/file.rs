//! `keys.json`: every key of a store, in one file that only its owner can read. One process at a time replaces the
//! whole file, also while another process has the store open.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

use dray_s3::Credentials;
use serde::{Deserialize, Serialize};

use super::KeyKind;
use crate::OpenError;

const FILE: &str = "keys.json";
/// The longest file that is read.
const MAX_BYTES: u64 = 64 << 10;

/// A key as it is stored. This type and those below have no `Debug`, which would show the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pair {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: String,
}

impl Pair {
    pub(super) fn credentials(&self) -> Credentials {
        Credentials {
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.clone(),
            session_token: None,
        }
    }

    fn is_whole(&self) -> bool {
        !self.access_key_id.is_empty() && !self.secret_access_key.is_empty()
    }
}

/// A tool's key, or a key that was replaced.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    #[serde(flatten)]
    pub(super) pair: Pair,
    pub(super) kind: KeyKind,
    /// Set when the key is replaced: from this time on it is refused, in milliseconds since 1970.
    #[serde(default)]
    pub(super) ends_at: Option<i64>,
}

/// All keys. The server's key is in the fields where earlier versions had their only key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyFile {
    #[serde(flatten)]
    pub(super) server: Pair,
    /// Whether an earlier version made the server's key, and so may have given it to tools.
    #[serde(default = "yes")]
    pub(super) tools_may_have_it: bool,
    #[serde(default)]
    pub(super) others: Vec<Entry>,
}

const fn yes() -> bool {
    true
}

impl KeyFile {
    /// Reads the file in `root`. It needs no lock, because the file is always complete.
    pub(super) fn read(root: &Path) -> Result<Self, OpenError> {
        let path = root.join(FILE);
        let metadata = fs::metadata(&path).map_err(|source| unreadable(&path, source))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(OpenError::KeysTooOpen { path });
        }
        if metadata.len() > MAX_BYTES {
            return Err(OpenError::KeysCorrupt { path });
        }
        let text = fs::read(&path).map_err(|source| unreadable(&path, source))?;
        let keys: Self =
            serde_json::from_slice(&text).map_err(|_| OpenError::KeysCorrupt { path: path.clone() })?;
        if !keys.server.is_whole() || !keys.others.iter().all(|entry| entry.pair.is_whole()) {
            return Err(OpenError::KeysCorrupt { path });
        }
        Ok(keys)
    }

    /// Replaces the file in `root`. The file keeps its owner, because an administrator may do this for the server's
    /// user.
    pub(super) fn write(&self, root: &Path) -> io::Result<()> {
        let path = root.join(FILE);
        let owner = fs::metadata(&path).or_else(|_| fs::metadata(root))?;
        let temporary = root.join("keys.json.new");
        let _ = fs::remove_file(&temporary);
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&temporary)?;
        let made = file.metadata()?;
        if (made.uid(), made.gid()) != (owner.uid(), owner.gid()) {
            fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
        }
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        // Fsync order: the new file, the rename, the folder. So after a power cut, either the old keys or the new
        // ones are there, never an empty file; and once this returns, it is the new ones.
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(root)?.sync_all()
    }
}

/// Why the file or its folder cannot be read.
pub(super) fn unreadable(path: &Path, source: io::Error) -> OpenError {
    match source.kind() {
        io::ErrorKind::NotFound => OpenError::KeysMissing { path: path.to_owned() },
        _ => OpenError::KeysUnreadable { path: path.to_owned(), source },
    }
}

/// Keeps other processes from changing the keys in `root` until the lock is dropped.
pub(super) fn lock(root: &Path) -> io::Result<File> {
    let folder = File::open(root)?;
    folder.lock()?;
    Ok(folder)
}

/// Distinguishes versions of the file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    seconds: i64,
    nanoseconds: i64,
    bytes: u64,
}

impl Stamp {
    /// The stamp of the file in `root` now; `None` if its metadata cannot be read.
    pub(super) fn of(root: &Path) -> Option<Self> {
        let found = fs::metadata(root.join(FILE)).ok()?;
        let (seconds, nanoseconds) = (found.mtime(), found.mtime_nsec());
        Some(Self { inode: found.ino(), seconds, nanoseconds, bytes: found.len() })
    }
}

/// Where the keys of the store in `root` are. Error messages show it.
pub(super) fn path(root: &Path) -> PathBuf {
    root.join(FILE)
}
