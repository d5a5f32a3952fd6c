//! A part file while it is being written, until a commit names it. Its functions block, so call them on a thread that may.

use std::{fs::File, io, os::unix::fs::FileExt, sync::Arc};

use tokio::runtime::Handle;

use crate::{
    disk::{Disk, SharedDisk, buffer::ALIGNMENT},
    ids::PartFileId,
};

/// A file that no row names yet. Dropped without [`NewFile::keep`], it is removed.
pub(crate) struct NewFile {
    disk: SharedDisk,
    id: PartFileId,
    open: Option<Open>,
    size_bytes: u64,
    fate: Fate,
    /// The runtime that removes it. The database's writer thread decides the file's fate, and commits must not wait until
    /// big files are removed.
    runtime: Option<Handle>,
}

struct Open {
    file: File,
    direct: bool,
}

enum Fate {
    Remove,
    Keep,
    Unknown,
}

impl NewFile {
    /// Names a file. The first write creates it.
    pub(crate) fn new(disk: &SharedDisk, id: PartFileId) -> Self {
        disk.in_flight().insert(id);
        let (disk, runtime) = (Arc::clone(disk), Handle::try_current().ok());
        Self { disk, id, open: None, size_bytes: 0, fate: Fate::Remove, runtime }
    }

    /// The random half of its name, for the part row.
    pub(crate) fn tag(&self) -> u64 {
        self.id.tag
    }

    /// Appends bytes at the start of a buffer: a multiple of [`ALIGNMENT`].
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes)?;
        self.size_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Appends the last `length` bytes (at the start of a buffer, which is padded with zeros; empty if there are none),
    /// cuts the file to its true size, and makes it and its name durable.
    pub(crate) fn finish(&mut self, tail: &mut [u8], length: usize) -> io::Result<()> {
        let padded = length.next_multiple_of(ALIGNMENT);
        tail[length..padded].fill(0);
        self.write(&tail[..padded])?;
        self.size_bytes += length as u64;
        let Some(Open { file, .. }) = self.open.take() else {
            return Ok(());
        };
        if padded != length {
            file.set_len(self.size_bytes)?;
        }
        if self.disk.durable {
            // The order matters, and both come before the commit of the row: first the bytes, then the name that leads
            // to them.
            file.sync_all()?;
            let path = self.disk.path(self.id);
            let folder = path.parent().unwrap_or(&self.disk.root);
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Keeps the file, because a row names it now.
    pub(crate) fn keep(mut self) {
        self.fate = Fate::Keep;
    }

    /// Leaves the file in place. Its commit failed, but after a crash it may turn out that it happened. The next
    /// start finds out whether a row names the file.
    pub(crate) fn leave_to_scan(mut self) {
        self.fate = Fate::Unknown;
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.open.is_none() {
            let (file, direct) = self.disk.open_new(self.id)?;
            self.open = Some(Open { file, direct });
        }
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        match open.file.write_all_at(bytes, self.size_bytes) {
            Err(error) if open.direct && error.raw_os_error() == Some(libc::EINVAL) => {
                self.disk.give_up_direct();
                (open.file, open.direct) = (super::open_for_writing(&self.disk.path(self.id), 0)?, false);
                open.file.write_all_at(bytes, self.size_bytes)
            }
            result => result,
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        match self.fate {
            Fate::Remove => {}
            Fate::Keep => {
                self.disk.in_flight().remove(&self.id);
                return;
            }
            // The file counts as in flight as long as this process lives, so nothing touches it.
            Fate::Unknown => return,
        }
        let (disk, id) = (Arc::clone(&self.disk), self.id);
        let remove = move || {
            disk.remove_abandoned(id);
        };
        // A runtime that has ended removes nothing. The file stays in flight, and the next start scans.
        match &self.runtime {
            Some(runtime) => drop(runtime.spawn_blocking(remove)),
            None => remove(),
        }
    }
}

impl Disk {
    fn remove_abandoned(&self, id: PartFileId) {
        if let Err(error) = self.remove(id) {
            tracing::warn!(%error, "an abandoned part file cannot be removed; the next start tries again");
            self.require_scan();
        }
        self.in_flight().remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{WhenShort, disk::buffer::BLOCK_BYTES};

    fn disk(folder: &tempfile::TempDir) -> SharedDisk {
        Arc::new(Disk::open(&folder.path().join("parts"), true, WhenShort::default()).unwrap())
    }

    fn write(disk: &SharedDisk, id: PartFileId, size: usize) -> NewFile {
        let mut file = NewFile::new(disk, id);
        let mut buffer = disk.buffers.try_upload().unwrap();
        for _ in 0..size / BLOCK_BYTES {
            buffer.fill(b'b');
            file.append(&buffer).unwrap();
        }
        buffer.fill(b't');
        file.finish(&mut buffer, size % BLOCK_BYTES).unwrap();
        file
    }

    #[test]
    fn a_kept_file_has_exactly_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(&folder);
        for (tag, size) in [(1, 1), (2, ALIGNMENT), (3, BLOCK_BYTES), (4, 3 * BLOCK_BYTES + 4097)] {
            let id = PartFileId { part_id: 5, tag };
            write(&disk, id, size).keep();
            let stored = fs::read(disk.path(id)).unwrap();
            assert_eq!(stored.len(), size);
            assert_eq!(stored.last(), Some(if size % BLOCK_BYTES == 0 { &b'b' } else { &b't' }));
        }
        assert!(disk.is_settled());
    }

    #[test]
    fn a_dropped_file_is_removed_and_a_scan_sees_it_only_when_settled() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(&folder);
        let id = PartFileId { part_id: 5, tag: 0x107 };
        let file = write(&disk, id, 10);
        assert_eq!(disk.settled_files(7).unwrap(), []);
        drop(file);
        assert!(!disk.path(id).exists());
        write(&disk, id, 10).leave_to_scan();
        assert!(disk.path(id).exists() && !disk.is_settled());
        assert_eq!(disk.settled_files(7).unwrap(), []);
        let restarted = self::disk(&folder);
        assert_eq!(restarted.settled_files(7).unwrap(), [id]);
    }

    #[test]
    fn a_file_dropped_on_another_thread_is_removed_by_the_runtime_it_came_from() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(&folder);
        let id = PartFileId { part_id: 5, tag: 1 };
        let runtime = tokio::runtime::Builder::new_multi_thread().max_blocking_threads(1).build().unwrap();
        let file = runtime.block_on(async { write(&disk, id, 10) });
        // The only thread that may remove the file is busy. Whoever drops the file does not wait for it.
        let (go_on, wait) = std::sync::mpsc::channel();
        let _guard = runtime.enter();
        let busy = runtime.spawn_blocking(move || wait.recv().unwrap());
        std::thread::spawn(move || drop(file)).join().unwrap();
        assert!(disk.path(id).exists());
        go_on.send(()).unwrap();
        runtime.block_on(busy).unwrap();
        runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
        assert!(!disk.path(id).exists() && disk.is_settled());
    }
}
