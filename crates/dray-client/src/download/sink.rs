//! The destination of a download's bytes: a temporary file next to the target. It becomes the target when all bytes
//! are on disk. If the transfer is dropped (because it failed or was cancelled), the temporary file is removed.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempPath;

use super::name;
use crate::blocking::blocking;
use crate::error::Error;

/// How many bytes are collected before they are written.
const BATCH_BYTES: usize = 1024 * 1024;

pub(super) struct Sink {
    file: Arc<File>,
    temporary: TempPath,
    target: PathBuf,
    overwrite: bool,
    /// Bytes that are in the file.
    written: u64,
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
}

impl Sink {
    /// A sink for the file that will be `target`.
    pub(super) async fn create(target: PathBuf, overwrite: bool) -> Result<Self, Error> {
        blocking(move || {
            check_target(&target, overwrite)?;
            let file_name = target.file_name().unwrap_or_default().to_string_lossy();
            let temporary = tempfile::Builder::new()
                .prefix(&name::temporary_prefix(&file_name))
                .suffix(".part")
                .rand_bytes(8)
                // The user's umask applies, as for any new file.
                .permissions(Permissions::from_mode(0o666))
                .tempfile_in(folder(&target))
                .map_err(Error::io(folder(&target)))?;
            let (file, temporary) = temporary.into_parts();
            let file = Arc::new(file);
            Ok(Self {
                file,
                temporary,
                target,
                overwrite,
                written: 0,
                gathered: Vec::new(),
                gathered_bytes: 0,
            })
        })
        .await
    }

    /// Bytes taken so far.
    pub(super) fn len(&self) -> u64 {
        self.written + self.gathered_bytes as u64
    }

    /// Takes the next bytes.
    pub(super) async fn push(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.gathered_bytes += bytes.len();
        self.gathered.push(bytes);
        if self.gathered_bytes >= BATCH_BYTES { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let (file, at) = (Arc::clone(&self.file), self.written);
        let batch = std::mem::take(&mut self.gathered);
        self.written += std::mem::take(&mut self.gathered_bytes) as u64;
        let path = self.target.clone();
        blocking(move || write_all_at(&file, &batch, at).map_err(Error::io(&path))).await
    }

    /// Forgets every byte: the next push is the file's first.
    pub(super) async fn restart(&mut self) -> Result<(), Error> {
        self.gathered.clear();
        self.gathered_bytes = 0;
        self.written = 0;
        let (file, path) = (Arc::clone(&self.file), self.target.clone());
        blocking(move || file.set_len(0).map_err(Error::io(&path))).await
    }

    /// Makes the bytes durable, and then the file visible under its own name.
    pub(super) async fn publish(mut self) -> Result<PathBuf, Error> {
        self.flush().await?;
        let Self { file, temporary, target, overwrite, .. } = self;
        blocking(move || {
            // The order of fsyncs matters: first the bytes, then the name, then the folder that has the name. After a
            // power cut, the whole file is there or none.
            file.sync_all().map_err(Error::io(&target))?;
            let renamed =
                if overwrite { temporary.persist(&target) } else { temporary.persist_noclobber(&target) };
            renamed.map_err(|refused| match refused.error.kind() {
                io::ErrorKind::AlreadyExists => Error::AlreadyExists { path: target.clone() },
                _ => Error::io(&target)(refused.error),
            })?;
            File::open(folder(&target)).and_then(|folder| folder.sync_all()).map_err(Error::io(&target))?;
            Ok(target)
        })
        .await
    }
}

/// Refuses, before the transfer, every target that [`Sink::publish`] would refuse after it, and every target that a rename must not replace.
fn check_target(target: &Path, overwrite: bool) -> Result<(), Error> {
    match std::fs::symlink_metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io(target)(error)),
        Ok(metadata) if !metadata.is_file() => Err(Error::NotReplaceable { path: target.to_owned() }),
        Ok(_) if !overwrite => Err(Error::AlreadyExists { path: target.to_owned() }),
        Ok(_) => Ok(()),
    }
}

fn write_all_at(file: &File, batch: &[Bytes], mut at: u64) -> io::Result<()> {
    for bytes in batch {
        file.write_all_at(bytes, at)?;
        at += bytes.len() as u64;
    }
    Ok(())
}

/// The folder that `target` is in.
fn folder(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn the_file_appears_whole_and_only_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let mut sink = Sink::create(target.clone(), false).await.unwrap();
        sink.push(Bytes::from_static(b"wrong")).await.unwrap();
        sink.restart().await.unwrap();
        sink.push(Bytes::from(vec![7; BATCH_BYTES])).await.unwrap();
        sink.push(Bytes::from_static(b"end")).await.unwrap();
        assert!(!target.exists());
        assert_eq!(sink.publish().await.unwrap(), target);
        let content = std::fs::read(&target).unwrap();
        assert!(content.len() == BATCH_BYTES + 3 && content.ends_with(b"\x07end"));
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[tokio::test]
    async fn a_sink_that_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut sink = Sink::create(folder.path().join("a"), false).await.unwrap();
        sink.push(Bytes::from_static(b"half")).await.unwrap();
        assert_eq!(names(folder.path()).len(), 1);
        drop(sink);
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[tokio::test]
    async fn a_file_that_appears_meanwhile_is_kept_unless_forced() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let mut sinks = Vec::new();
        for overwrite in [false, true] {
            sinks.push(Sink::create(target.clone(), overwrite).await.unwrap());
        }
        std::fs::write(&target, "theirs").unwrap();
        let forced = sinks.pop().unwrap();
        let kept = sinks.pop().unwrap().publish().await;
        assert!(matches!(kept, Err(Error::AlreadyExists { .. })));
        assert_eq!(std::fs::read(&target).unwrap(), b"theirs");
        forced.publish().await.unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[tokio::test]
    async fn a_target_that_is_not_a_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let refused = Sink::create(folder.path().to_owned(), true).await.err().unwrap();
        assert!(matches!(refused, Error::NotReplaceable { .. }));
        let refused = Sink::create("/dev/null".into(), true).await.err().unwrap();
        assert!(matches!(refused, Error::NotReplaceable { .. }));
    }
}
