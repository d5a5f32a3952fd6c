//! `keys.json`: every key of a store, in one file that its owner alone can read. It is replaced whole, by one process at
//! a time, whether the store is open elsewhere or not.

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
/// Longest file worth reading.
const MAX_BYTES: u64 = 64 << 10;

/// A key as it is stored. No `Debug`, here and below: it would show the secret.
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

/// A key beside the server's, or one that was replaced.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    #[serde(flatten)]
    pub(super) pair: Pair,
    pub(super) kind: KeyKind,
    /// Set when the key was replaced: milliseconds since 1970 from which on it is refused.
    #[serde(default)]
    pub(super) ends_at: Option<i64>,
}

/// All keys. The server's stands where versions before this one had their only key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyFile {
    #[serde(flatten)]
    pub(super) server: Pair,
    /// Whether an earlier version made the server's key, and so may have handed it to tools.
    #[serde(default = "yes")]
    pub(super) tools_may_have_it: bool,
    #[serde(default)]
    pub(super) others: Vec<Entry>,
}

const fn yes() -> bool {
    true
}

impl KeyFile {
    /// Reads the file in `root`. Nothing is locked: it is always whole.
    pub(super) fn read(root: &Path) -> Result<Self, OpenError> {
        let path = root.join(FILE);
        let unreadable = |source: io::Error| OpenError::KeysUnreadable { path: path.clone(), source };
        let metadata = fs::metadata(&path).map_err(unreadable)?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(OpenError::KeysTooOpen { path });
        }
        if metadata.len() > MAX_BYTES {
            return Err(OpenError::KeysCorrupt { path });
        }
        let text = fs::read(&path).map_err(unreadable)?;
        let keys: Self =
            serde_json::from_slice(&text).map_err(|_| OpenError::KeysCorrupt { path: path.clone() })?;
        if !keys.server.is_whole() || !keys.others.iter().all(|entry| entry.pair.is_whole()) {
            return Err(OpenError::KeysCorrupt { path });
        }
        Ok(keys)
    }

    /// Replaces the file in `root`. Its owner stays who it was: an administrator may do this for the server's user.
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
        // In this order: a power cut leaves the old keys or the new ones, never an empty file.
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(root)?.sync_all()
    }
}

/// Keeps other processes from changing the keys in `root` until it is dropped.
pub(super) fn lock(root: &Path) -> io::Result<File> {
    let folder = File::open(root)?;
    folder.lock()?;
    Ok(folder)
}

/// Tells one state of the file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    seconds: i64,
    nanoseconds: i64,
    bytes: u64,
}

impl Stamp {
    /// That of the file in `root` now; `None` if it cannot be looked at.
    pub(super) fn of(root: &Path) -> Option<Self> {
        let found = fs::metadata(root.join(FILE)).ok()?;
        let (seconds, nanoseconds) = (found.mtime(), found.mtime_nsec());
        Some(Self { inode: found.ino(), seconds, nanoseconds, bytes: found.len() })
    }
}

/// Where the keys of the store in `root` are, for messages.
pub(super) fn path(root: &Path) -> PathBuf {
    root.join(FILE)
}
