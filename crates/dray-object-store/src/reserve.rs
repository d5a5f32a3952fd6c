//! Space kept in reserve so that a full disk can be emptied. A delete writes to the database, and a database that
//! cannot grow by a page cannot delete. While the reserve is released, the store accepts nothing new.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Enough that the database log can grow by its usual length.
const SIZE_BYTES: usize = 4 << 20;

/// A file that occupies the reserved space.
pub(crate) struct Reserve {
    path: PathBuf,
    held: Mutex<bool>,
}

impl Reserve {
    /// The reserve in this file; [`Reserve::refill`] creates it.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, held: Mutex::new(false) }
    }

    /// Whether the space is reserved.
    pub(crate) fn is_held(&self) -> bool {
        *self.held()
    }

    /// Releases the reserved space.
    pub(crate) fn release(&self) {
        let mut held = self.held();
        *held = false;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "the reserved space cannot be released");
            }
            _ => tracing::warn!("the disk is full: deletes now use the reserved space"),
        }
    }

    /// Reserves the space again, if there is enough.
    pub(crate) fn refill(&self) {
        let mut held = self.held();
        if !*held {
            *held = self.make().is_ok();
            if !*held {
                let _ = fs::remove_file(&self.path);
            }
        }
    }

    /// Writes the bytes, because a file system reserves no space for a file that only has a length.
    fn make(&self) -> io::Result<()> {
        if fs::metadata(&self.path).is_ok_and(|file| file.len() == SIZE_BYTES as u64) {
            return Ok(());
        }
        let mut file =
            File::options().write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
        file.write_all(&vec![0xa5; SIZE_BYTES])?;
        file.sync_all()
    }

    fn held(&self) -> MutexGuard<'_, bool> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_made_released_and_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reserve");
        let reserve = Reserve::new(path.clone());
        assert!(!reserve.is_held());
        for _ in 0..2 {
            reserve.refill();
            assert!(reserve.is_held());
            assert_eq!(fs::metadata(&path).unwrap().len(), SIZE_BYTES as u64);
            reserve.release();
            assert!(!reserve.is_held() && !path.exists());
        }
        let nowhere = Reserve::new(folder.path().join("none/reserve"));
        nowhere.refill();
        assert!(!nowhere.is_held());
    }
}
