//! Part files: `parts/<two hex digits>/<part row id>-<random tag>`. Nothing here knows HTTP or SQL.
//!
//! A part file has its final, random name from the start. Nobody sees it until a database commit names it.
//!
//! The order of fsyncs matters: write → fsync the file → fsync its folder → commit. If the commit came first, a power
//! cut could leave a row whose file has no bytes or no name. The rename of the usual order "write a temporary file,
//! rename it" would add an fsync and hide nothing. A crash in between leaves a file that no row names, which the scan
//! at start ([`crate::collector`]) removes. Files are never written again.

pub(crate) mod buffer;
mod new_file;

use std::{
    collections::HashSet,
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

pub(crate) use self::new_file::NewFile;
use crate::{WhenShort, disk::buffer::Buffers, ids::PartFileId, private};

/// Fan-out folders, so that no folder holds all files.
const FOLDERS: u16 = 256;

/// The flag of `open` that bypasses the page cache. Systems without it (macOS, OpenBSD) write through the cache.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
const DIRECT: Option<i32> = Some(libc::O_DIRECT);
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
const DIRECT: Option<i32> = None;

/// The folder of part files.
pub(crate) struct Disk {
    root: PathBuf,
    durable: bool,
    /// Whether the file system accepts [`DIRECT`]; the first write finds out.
    direct: AtomicBool,
    pub(crate) buffers: Buffers,
    /// Files that are being written, or that are written but not committed. The scan skips them.
    in_flight: Mutex<HashSet<PartFileId>>,
    /// Whether there may be files that no row names and no request will ever commit.
    scan_needed: AtomicBool,
}

impl Disk {
    /// Opens the folder, and creates the fan-out folders if they do not exist.
    pub(crate) fn open(root: &Path, durable: bool, when_short: WhenShort) -> io::Result<Self> {
        private::make_folder(root)?;
        for number in 0..FOLDERS {
            private::make_folder(&root.join(format!("{number:02x}")))?;
        }
        if durable {
            File::open(root)?.sync_all()?;
        }
        Ok(Self {
            root: root.to_owned(),
            durable,
            direct: AtomicBool::new(DIRECT.is_some()),
            buffers: Buffers::new(when_short),
            in_flight: Mutex::default(),
            scan_needed: AtomicBool::new(false),
        })
    }

    /// Opens a stored file for reading.
    pub(crate) fn open_stored(&self, id: PartFileId) -> io::Result<File> {
        File::open(self.path(id))
    }

    /// Removes a file. It succeeds if the file does not exist.
    pub(crate) fn remove(&self, id: PartFileId) -> io::Result<()> {
        match fs::remove_file(self.path(id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// The files in one fan-out folder that no request is writing now.
    pub(crate) fn settled_files(&self, folder: u16) -> io::Result<Vec<PartFileId>> {
        let names = fs::read_dir(self.root.join(format!("{folder:02x}")))?;
        let names = names.collect::<io::Result<Vec<_>>>()?;
        let ids = names
            .into_iter()
            .filter_map(|entry| PartFileId::parse(entry.file_name().to_str()?))
            .filter(|id| id.tag & 0xff == u64::from(folder))
            .collect::<Vec<_>>();
        let in_flight = self.in_flight();
        Ok(ids.into_iter().filter(|id| !in_flight.contains(id)).collect())
    }

    /// All fan-out folders.
    pub(crate) fn folders() -> std::ops::Range<u16> {
        0..FOLDERS
    }

    /// Whether each file is named by a row or removed, so that the next start needs no scan.
    pub(crate) fn is_settled(&self) -> bool {
        self.in_flight().is_empty() && !self.scan_needed.load(Ordering::Acquire)
    }

    /// Says that the next start must scan, unless a scan ends before this process does.
    pub(crate) fn require_scan(&self) {
        self.scan_needed.store(true, Ordering::Release);
    }

    /// Says that a scan has seen all files.
    pub(crate) fn scanned(&self) {
        self.scan_needed.store(false, Ordering::Release);
    }

    fn in_flight(&self) -> MutexGuard<'_, HashSet<PartFileId>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, id: PartFileId) -> PathBuf {
        self.root.join(id.path())
    }

    /// Opens a file for writing, with [`DIRECT`] if the file system accepts it. Returns whether it does.
    fn open_new(&self, id: PartFileId) -> io::Result<(File, bool)> {
        let path = self.path(id);
        if self.direct.load(Ordering::Relaxed) {
            match open_for_writing(&path, DIRECT.unwrap_or(0)) {
                Err(error) if error.raw_os_error() == Some(libc::EINVAL) => self.give_up_direct(),
                result => return Ok((result?, true)),
            }
        }
        Ok((open_for_writing(&path, 0)?, false))
    }

    fn give_up_direct(&self) {
        if self.direct.swap(false, Ordering::Relaxed) {
            tracing::info!("this file system has no O_DIRECT; writing through the page cache");
        }
    }
}

fn open_for_writing(path: &Path, flags: i32) -> io::Result<File> {
    File::options().write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(path)
}

/// A handle that several owners share.
pub(crate) type SharedDisk = Arc<Disk>;
