//! The data folder: made for this user alone, and the database that is in it, unless that is elsewhere.

use std::fs::{DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::db::Db;
use crate::{DatabaseUrl, Error, config};

/// Makes the folder, if it is not there.
pub(crate) fn make(path: &Path) -> Result<(), Error> {
    let failed = |source| Error::DataFolder { path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)
}

/// Opens Postgres if there is an address of it, else the file in the data folder.
pub(crate) async fn open_database(
    data: &Path,
    url: Option<&DatabaseUrl>,
    connections: usize,
) -> Result<Db, Error> {
    if let Some(url) = url {
        let failed = |source| Error::Database { name: "of --database-url".to_owned(), source };
        return Db::connect(url, connections).await.map_err(failed);
    }
    let path = config::database_file(data);
    make_private_file(&path).map_err(|source| Error::DataFolder { path: data.to_owned(), source })?;
    Db::open_file(&path).await.map_err(|source| Error::Database { name: path.display().to_string(), source })
}

/// An empty database that only this user can read; SQLite gives its other files the same mode.
fn make_private_file(path: &Path) -> std::io::Result<()> {
    File::options().append(true).create(true).mode(0o600).open(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600))
}
