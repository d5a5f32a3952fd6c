//! Opens the files to upload. A file must still be the same as when it was found, and opening must never wait:
//! another program may put a symbolic link or a pipe in its place at any moment.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};

use crate::blocking::blocking;
use crate::error::Error;

/// Flags of `open` that create nothing, do not wait for the other end of a pipe, and do not take over a terminal.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// A file as it was when its upload began.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(super) file: Arc<File>,
    pub(super) metadata: Metadata,
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The path that the user named. Symbolic links are followed.
    Named(PathBuf),
    /// A path found below a folder that the user named. It was not a symbolic link then, so it must not be one now.
    Found {
        /// The folder.
        root: Arc<Path>,
        /// The path, which begins with that of the folder.
        path: PathBuf,
    },
}

impl Place {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Found { path, .. } => path,
        }
    }
}

/// Opens a regular file.
pub(super) async fn open(place: &Place) -> Result<Opened, Error> {
    let place = place.clone();
    blocking(move || open_now(&place)).await
}

/// As [`open`], on this thread.
pub(super) fn open_now(place: &Place) -> Result<Opened, Error> {
    let path = place.path();
    let file = match place {
        Place::Named(path) => named(path),
        Place::Found { root, path } => found(root, path),
    };
    let file = file.map_err(|error| {
        if is_no_file(&error) { Error::NotAFile { path: path.to_owned() } } else { Error::io(path)(error) }
    })?;
    let metadata = file.metadata().map_err(Error::io(path))?;
    if !metadata.is_file() {
        return Err(Error::NotAFile { path: path.to_owned() });
    }
    Ok(Opened { file: Arc::new(file), metadata })
}

/// Checks what the path is before it opens it, because opening a device can have an effect.
fn named(path: &Path) -> io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(rustix::io::Errno::LOOP.into());
    }
    Ok(File::from(rustix::fs::open(path, READ, Mode::empty())?))
}

/// Opens folder by folder, starting at `root`. None of them may be a symbolic link.
fn found(root: &Path, path: &Path) -> io::Result<File> {
    let below = path.strip_prefix(root).map_err(io::Error::other)?;
    let mut components = below.components().peekable();
    let mut folder: OwnedFd = rustix::fs::open(root, READ | OFlags::DIRECTORY, Mode::empty())?;
    while let Some(component) = components.next() {
        let Component::Normal(name) = component else { break };
        let is_last = components.peek().is_none();
        let kind = if is_last { OFlags::empty() } else { OFlags::DIRECTORY };
        let opened = rustix::fs::openat(&folder, name, READ | OFlags::NOFOLLOW | kind, Mode::empty())?;
        if is_last {
            return Ok(File::from(opened));
        }
        folder = opened;
    }
    Err(rustix::io::Errno::LOOP.into())
}

/// The errors of opening a link (`ELOOP`, on BSD `EMLINK`), a link or a file in the place of a folder (`ENOTDIR`), and
/// a socket (`ENXIO`, `EOPNOTSUPP`).
fn is_no_file(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    errno.is_some_and(|errno| {
        [Errno::LOOP, Errno::MLINK, Errno::NOTDIR, Errno::NXIO, Errno::OPNOTSUPP].contains(&errno)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn in_folder(folder: &Path, below: &str) -> Place {
        Place::Found { root: folder.into(), path: folder.join(below) }
    }

    async fn refused(place: Place) -> bool {
        matches!(open(&place).await, Err(Error::NotAFile { path }) if path == place.path())
    }

    #[tokio::test]
    async fn a_file_that_was_found_is_opened_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        std::fs::write(folder.path().join("a/b/c"), "abc").unwrap();
        let opened = open(&in_folder(folder.path(), "a/b/c")).await.ok().unwrap();
        assert_eq!(opened.metadata.len(), 3);
    }

    #[tokio::test]
    async fn a_found_path_that_became_a_link_is_refused_at_any_depth() {
        let folder = tempfile::tempdir().unwrap();
        let secret = tempfile::tempdir().unwrap();
        std::fs::write(secret.path().join("c"), "secret").unwrap();
        symlink(secret.path().join("c"), folder.path().join("file")).unwrap();
        symlink(secret.path(), folder.path().join("folder")).unwrap();
        assert!(refused(in_folder(folder.path(), "file")).await);
        assert!(refused(in_folder(folder.path(), "folder/c")).await);
        let named = open(&Place::Named(folder.path().join("file"))).await;
        assert!(named.is_ok(), "where the user names it, a link is followed");
    }

    #[tokio::test]
    async fn a_pipe_or_a_socket_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            folder.path().join("pipe"),
            rustix::fs::FileType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        )
        .unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        for name in ["pipe", "socket", ""] {
            assert!(refused(in_folder(folder.path(), name)).await, "{name}");
        }
        assert!(refused(Place::Named(folder.path().join("pipe"))).await);
        assert!(refused(Place::Named("/dev/null".into())).await);
    }
}
