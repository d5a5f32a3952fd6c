//! Files and folders that only the user who runs this program may use: 0600 and 0700, whatever the umask is and
//! whatever their modes were before.

use std::{
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

const FILE: u32 = 0o600;
const FOLDER: u32 = 0o700;
/// The bits of a mode that say who may read, write and execute.
const RIGHTS: u32 = 0o777;
/// The bit of a folder like `/tmp`, which everybody uses.
const STICKY: u32 = 0o1000;

/// Creates a folder, and missing folders above it. If the folder exists, it becomes private. If it belongs to somebody
/// else, the log says so instead.
pub fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)?;
    tighten(path, FOLDER)
}

/// Creates a file, or empties an existing one.
pub fn create_file(path: &Path) -> io::Result<File> {
    let file = File::options().write(true).create(true).truncate(true).mode(FILE).open(path)?;
    tighten(path, FILE)?;
    Ok(file)
}

/// Creates a file if it does not exist. An existing file keeps its bytes.
pub fn ensure_file(path: &Path) -> io::Result<File> {
    let file = File::options().append(true).create(true).mode(FILE).open(path)?;
    tighten(path, FILE)?;
    Ok(file)
}

/// Makes a file private, if it exists.
pub fn tighten_file(path: &Path) -> io::Result<()> {
    match tighten(path, FILE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        tightened => tightened,
    }
}

/// Makes a folder private with the files and folders in it, if it exists. It does not look into a folder below it that is
/// already private: nobody else can enter it, and there may be millions of files.
pub fn tighten_folder(path: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_file() {
            tighten_file(&entry.path())?;
        } else if kind.is_dir() && entry.metadata()?.permissions().mode() & RIGHTS != FOLDER {
            tighten_folder(&entry.path())?;
        }
    }
    // The folder itself comes last: if this is interrupted, the next start sees that there is work left.
    tighten(path, FOLDER)
}

fn tighten(path: &Path, rights: u32) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & RIGHTS == rights {
        return Ok(());
    }
    let (shown, rights_before) = (path.display(), format!("{:03o}", mode & RIGHTS));
    if rights == FOLDER && mode & STICKY != 0 {
        tracing::warn!(path = %shown, "all users share this folder, so its rights stay as they are; use a folder of its own instead");
        return Ok(());
    }
    match fs::set_permissions(path, Permissions::from_mode(rights)) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            tracing::warn!(path = %shown, rights_before, %error, "other users of this machine may be able to read this");
            Ok(())
        }
        changed => {
            changed?;
            tracing::debug!(path = %shown, rights_before, "only this user can read and write it now");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & RIGHTS
    }

    fn open_to_all(path: &Path) {
        fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
    }

    #[test]
    fn open_files_become_private_and_keep_their_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let (top, below) = (folder.path().join("a"), folder.path().join("a/b"));
        let files = [top.join("1"), below.join("2")];
        make_folder(&below).unwrap();
        for file in &files {
            fs::write(file, "kept").unwrap();
        }
        for path in [&top, &below, &files[0], &files[1]] {
            open_to_all(path);
        }
        tighten_folder(&top).unwrap();
        assert_eq!((rights(&top), rights(&below)), (FOLDER, FOLDER));
        for file in &files {
            assert_eq!((rights(file), fs::read_to_string(file).unwrap()), (FILE, "kept".to_owned()));
        }
    }

    #[test]
    fn a_file_that_is_created_or_kept_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "before").unwrap();
        open_to_all(&path);
        ensure_file(&path).unwrap();
        assert_eq!((rights(&path), fs::read_to_string(&path).unwrap().as_str()), (FILE, "before"));
        open_to_all(&path);
        create_file(&path).unwrap();
        assert_eq!((rights(&path), fs::read_to_string(&path).unwrap().as_str()), (FILE, ""));
        tighten_file(&folder.path().join("not there")).unwrap();
    }

    #[test]
    fn a_folder_that_everybody_uses_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
        make_folder(folder.path()).unwrap();
        assert_eq!(rights(folder.path()), 0o777);
    }
}
