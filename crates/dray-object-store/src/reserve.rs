//! Space kept in reserve so that a full disk can be emptied. A delete writes to the database, and a database that
//! cannot grow by a page cannot delete. While the reserve is released, the store accepts nothing new.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Enough that the database log can grow by its usual length.
const SIZE_BYTES: usize = 4 << 20;

/// A file that occupies the reserved space.
pub(crate) struct Reserve {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether the space is reserved.
    is_held: bool,
    /// How many writes need the released space.
    spenders: usize,
}

/// As long as it exists, nobody reserves the space again: the write that needs it has not ended.
#[must_use = "without it, the space may be reserved again before the write"]
pub struct Spending(Arc<Reserve>);

impl Drop for Spending {
    fn drop(&mut self) {
        self.0.state().spenders -= 1;
    }
}

impl Reserve {
    /// The reserve in this file; [`Reserve::refill`] creates it.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, state: Mutex::default() }
    }

    /// Whether the space is reserved.
    pub(crate) fn is_held(&self) -> bool {
        self.state().is_held
    }

    /// Releases the reserved space for a write.
    pub(crate) fn spend(self: &Arc<Self>) -> Spending {
        self.state().spenders += 1;
        self.release();
        Spending(Arc::clone(self))
    }

    /// Releases the reserved space.
    pub(crate) fn release(&self) {
        let mut state = self.state();
        state.is_held = false;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "the reserved space cannot be released");
            }
            _ => tracing::warn!("the disk is full: deletes now use the reserved space"),
        }
    }

    /// Reserves the space again, if there is enough and no write needs it.
    pub(crate) fn refill(&self) {
        let mut state = self.state();
        if !state.is_held && state.spenders == 0 {
            state.is_held = self.make().is_ok();
            if !state.is_held {
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn the_reserve_stays_released_until_every_write_that_needs_it_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Arc::new(Reserve::new(folder.path().join("reserve")));
        reserve.refill();
        let (one, two) = (reserve.spend(), reserve.spend());
        drop(one);
        reserve.refill();
        assert!(!reserve.is_held());
        drop(two);
        reserve.refill();
        assert!(reserve.is_held());
    }
}
