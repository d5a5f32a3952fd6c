//! The store's keys: who has which key, how keys are made, and how they are replaced while the store runs.
//! `http/access.rs` decides what a key may do.

mod file;
mod ring;

use std::{io, path::Path, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use dray_s3::Credentials;
use serde::{Deserialize, Serialize};

use self::file::{Entry, KeyFile, Pair};
pub(crate) use self::ring::{KeyRing, Known};
use crate::{OpenError, clock};

/// The maximum number of replaced keys of one kind that are still accepted at once. A rotation that would make more is
/// refused: a key that was promised some time is accepted for that time.
const MAX_FORMER: usize = 32;

/// Whose a key is. Each kind has one current key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// The server's own key, which signs the URLs that it hands out.
    Server,
    /// A key for tools: it reads everything, and writes every bucket except the store's own.
    Tool,
    /// A key for tools that must also write the store's own bucket.
    Writer,
}

/// Reads the server's key of the store in `root`. The store may be open elsewhere; this takes no lock.
pub fn read_keys(root: &Path) -> Result<Credentials, OpenError> {
    Ok(KeyFile::read(root)?.server.credentials())
}

/// The current key of this kind. The first call makes it. A server that has the store open accepts it at once.
pub fn key_of(root: &Path, kind: KeyKind) -> Result<Credentials, OpenError> {
    // Whatever keeps the file from being read, `change` meets it too.
    if let Ok(keys) = KeyFile::read(root)
        && let Some(pair) = current(&keys, kind)
    {
        return Ok(pair.credentials());
    }
    // Another process may have made it meanwhile.
    change(root, |keys| match current(keys, kind) {
        Some(pair) => Ok((pair.credentials(), false)),
        None => Ok((add(keys, kind).credentials(), true)),
    })
}

/// Replaces the key of this kind, and returns the new one. The store accepts the old key for the time `grace`, and keys
/// replaced earlier for no longer than that; it accepts the server's old key only in presigned URLs. A server that has the
/// store open notices within a second. [`OpenError::TooManyFormerKeys`] if very many old keys are still accepted.
pub fn rotate_key(root: &Path, kind: KeyKind, grace: Duration) -> Result<Credentials, OpenError> {
    let now = clock::now().as_millisecond();
    let ends_at = now.saturating_add(i64::try_from(grace.as_millis()).unwrap_or(i64::MAX));
    change(root, |keys| {
        retire(keys, kind, ends_at);
        keys.others.retain(|entry| entry.ends_at.is_none_or(|ends_at| now < ends_at));
        if keys.others.iter().filter(|entry| entry.kind == kind).count() > MAX_FORMER {
            return Err(OpenError::TooManyFormerKeys { most: MAX_FORMER });
        }
        Ok((add(keys, kind).credentials(), true))
    })
}

/// Whether tools may have the server's key, because earlier versions made one key for both.
pub fn tools_may_have_the_servers_key(root: &Path) -> Result<bool, OpenError> {
    Ok(KeyFile::read(root)?.tools_may_have_it)
}

/// Opens the keys of the store in `root`, and makes the server's key if there is none yet.
pub(crate) fn open(root: &Path) -> Result<KeyRing, OpenError> {
    match KeyFile::read(root) {
        Err(OpenError::KeysMissing { .. }) => {
            new_file().write(root).map_err(|source| unwritable(root, source))?;
        }
        read => drop(read?),
    }
    KeyRing::open(root.to_owned())
}

/// Changes the file, if `change` says that it has changed the keys. If somebody has removed the file of a store, this makes
/// a new one, as the next start of the server would.
fn change<T>(
    root: &Path,
    change: impl FnOnce(&mut KeyFile) -> Result<(T, bool), OpenError>,
) -> Result<T, OpenError> {
    let path = file::path(root);
    let _lock = file::lock(root).map_err(|source| file::unreadable(&path, source))?;
    let mut keys = match KeyFile::read(root) {
        Err(OpenError::KeysMissing { .. }) if root.join(crate::meta::FILE).exists() => new_file(),
        read => read?,
    };
    let (value, is_changed) = change(&mut keys)?;
    if is_changed {
        keys.write(root).map_err(|source| unwritable(&path, source))?;
    }
    Ok(value)
}

/// A file with a new key of the server, and no other key.
fn new_file() -> KeyFile {
    KeyFile { server: random_pair(), tools_may_have_it: false, others: Vec::new() }
}

fn unwritable(path: &Path, source: io::Error) -> OpenError {
    OpenError::Unwritable { path: path.to_owned(), source }
}

fn current(keys: &KeyFile, kind: KeyKind) -> Option<&Pair> {
    if kind == KeyKind::Server {
        return Some(&keys.server);
    }
    let is_it = |entry: &&Entry| entry.kind == kind && entry.ends_at.is_none();
    keys.others.iter().find(is_it).map(|entry| &entry.pair)
}

/// Makes a key the current one of its kind.
fn add(keys: &mut KeyFile, kind: KeyKind) -> Pair {
    let pair = random_pair();
    if kind == KeyKind::Server {
        keys.server = pair.clone();
        keys.tools_may_have_it = false;
    } else {
        keys.others.push(Entry { pair: pair.clone(), kind, ends_at: None });
    }
    pair
}

/// Ends all keys of a kind at this time, or earlier.
fn retire(keys: &mut KeyFile, kind: KeyKind, ends_at: i64) {
    if kind == KeyKind::Server {
        keys.others.push(Entry { pair: keys.server.clone(), kind, ends_at: None });
    }
    for entry in keys.others.iter_mut().filter(|entry| entry.kind == kind) {
        entry.ends_at = Some(entry.ends_at.map_or(ends_at, |earlier| earlier.min(ends_at)));
    }
}

fn random_pair() -> Pair {
    // The id has 20 characters and the secret 40, as on AWS, because other tools check these lengths.
    let id: String = clock::random::<16>().into_iter().map(base32).collect();
    Pair { access_key_id: format!("DRAY{id}"), secret_access_key: STANDARD.encode(clock::random::<30>()) }
}

/// One character of RFC 4648 base32 from five random bits.
fn base32(random: u8) -> char {
    char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(random & 31)])
}

#[cfg(test)]
mod tests;
