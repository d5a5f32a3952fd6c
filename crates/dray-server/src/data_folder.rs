//! The data folder, which only this user can enter, and the database: the file in it, or Postgres.

use std::fs::{File, TryLockError};
use std::path::Path;

use dray_object_store::private;

use crate::config::{self, DatabaseUrl};
use crate::db::Db;
use crate::error::Error;

/// The file that a server locks.
const LOCK: &str = "drive.db-lock";
/// The prefixes of Dray's file names in the folder, besides the store's folder.
const OURS: [&str; 2] = ["drive.db", "migrated-to-"];

/// Creates the folder if it does not exist, and removes all rights that other users have on it and on Dray's files in
/// it.
pub fn make(path: &Path) -> Result<(), Error> {
    let failed = |source| Error::DataFolder { path: path.to_owned(), source };
    private::make_folder(path).and_then(|()| tighten_files(path)).map_err(failed)
}

/// Changes only Dray's own files, because the folder may contain others.
fn tighten_files(path: &Path) -> std::io::Result<()> {
    for entry in path.read_dir()? {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = OURS.iter().any(|start| name.to_string_lossy().starts_with(start));
        if is_ours && entry.file_type()?.is_file() {
            private::tighten_file(&entry.path())?;
        }
    }
    Ok(())
}

/// Takes the folder for this process alone, as long as the file is open, also after a crash. A server needs this if its
/// database is the file in the folder: two servers on one file would end each other's leases. Commands that work beside a
/// server do not take it.
pub fn lock(data: &Path) -> Result<File, Error> {
    let failed = |source| Error::DataFolder { path: data.to_owned(), source };
    let file = private::ensure_file(&data.join(LOCK)).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::FolderInUse { path: data.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Takes the folder if the database is the file in it.
pub(crate) fn lock_of_file(config: &config::Config) -> Result<Option<File>, Error> {
    config.database_url.is_none().then(|| lock(&config.data)).transpose()
}

/// Opens Postgres if the settings have its address; otherwise opens the file in the data folder.
pub async fn open_database(data: &Path, url: Option<&DatabaseUrl>, connections: usize) -> Result<Db, Error> {
    if let Some(url) = url {
        let failed = |source| Error::Database { name: "of --database-url".to_owned(), source };
        return Db::connect(url, connections).await.map_err(failed);
    }
    let path = config::database_file(data);
    // SQLite creates its other files (the log and the index of the log) with the same mode.
    private::ensure_file(&path).map_err(|source| Error::DataFolder { path: data.to_owned(), source })?;
    Db::open_file(&path).await.map_err(|source| Error::Database { name: path.display().to_string(), source })
}
