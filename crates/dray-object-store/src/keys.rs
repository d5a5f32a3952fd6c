//! The store's one access key, in `keys.json`: made at random on the first start, readable by its owner only.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use dray_s3::Credentials;
use serde::{Deserialize, Serialize};

use crate::{OpenError, clock};

const FILE: &str = "keys.json";
/// Longest file worth reading.
const MAX_BYTES: u64 = 4096;

#[derive(Serialize, Deserialize)]
struct Keys {
    access_key_id: String,
    secret_access_key: String,
}

/// Reads the access key of the store in `root`. The store may be open elsewhere; nothing is locked.
pub fn read_keys(root: &Path) -> Result<Credentials, OpenError> {
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
    let keys: Keys =
        serde_json::from_slice(&text).map_err(|_| OpenError::KeysCorrupt { path: path.clone() })?;
    if keys.access_key_id.is_empty() || keys.secret_access_key.is_empty() {
        return Err(OpenError::KeysCorrupt { path });
    }
    Ok(Credentials {
        access_key_id: keys.access_key_id,
        secret_access_key: keys.secret_access_key,
        session_token: None,
    })
}

/// Reads the key, or makes one when there is none yet.
pub(crate) fn read_or_make(root: &Path) -> Result<Credentials, OpenError> {
    match read_keys(root) {
        Err(OpenError::KeysUnreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            make(root).map_err(|source| OpenError::Unwritable { path: root.to_owned(), source })?;
            read_keys(root)
        }
        result => result,
    }
}

fn make(root: &Path) -> io::Result<()> {
    // 20 and 40 characters, as on AWS: other tools check for that.
    let id: String = clock::random::<16>().into_iter().map(base32).collect();
    let secret = STANDARD.encode(clock::random::<30>());
    let keys = Keys { access_key_id: format!("DRAY{id}"), secret_access_key: secret };
    let temporary = root.join("keys.json.new");
    let _ = fs::remove_file(&temporary);
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(&serde_json::to_vec_pretty(&keys)?)?;
    file.sync_all()?;
    fs::rename(&temporary, root.join(FILE))?;
    File::open(root)?.sync_all()
}

/// One character of RFC 4648 base32 from five random bits.
fn base32(random: u8) -> char {
    char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(random & 31)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let made = read_or_make(folder.path()).unwrap();
        assert_eq!((made.access_key_id.len(), made.secret_access_key.len()), (20, 40));
        assert_eq!(read_or_make(folder.path()).unwrap(), made);
        assert_eq!(read_keys(folder.path()).unwrap(), made);
        let permissions = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(permissions & 0o777, 0o600);
    }

    #[test]
    fn keys_that_are_open_corrupt_or_absent_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read_keys(folder.path()), Err(OpenError::KeysUnreadable { .. })));
        read_or_make(folder.path()).unwrap();
        let path = folder.path().join(FILE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_or_make(folder.path()), Err(OpenError::KeysTooOpen { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for text in ["", "{}", r#"{"access_key_id":"","secret_access_key":"x"}"#] {
            fs::write(&path, text).unwrap();
            assert!(matches!(read_or_make(folder.path()), Err(OpenError::KeysCorrupt { .. })), "{text}");
        }
    }
}
