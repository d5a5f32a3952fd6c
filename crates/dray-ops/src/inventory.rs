//! The list of a backup's objects: a file with one line for each, replaced as a whole.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;

use dray_object_store::private;
use serde::{Deserialize, Serialize};

use crate::on_disk::on_disk;
use dray_drive::parts::Crc64;
use dray_drive::{self as drive, Error};

/// Its name in the backup's folder.
pub(crate) const INVENTORY: &str = "objects.jsonl";

/// A line of the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) mime_type: String,
    pub(crate) size: u64,
    /// The checksum of the bytes in the backup, if they are there.
    pub(crate) crc64nvme: Option<Crc64>,
}

/// A list as it was read.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    pub(crate) entries: Vec<Entry>,
    /// What is wrong with lines that cannot be read, for people. A damaged line hides no other.
    pub(crate) damages: Vec<String>,
}

/// Reads the list of the backup in `folder`.
pub(crate) fn read(folder: &Path) -> drive::Result<Inventory> {
    let path = folder.join(INVENTORY);
    let broken = |err: &dyn std::fmt::Display| {
        Error::field("The backup", format!("cannot be read: {}: {err}", path.display()))
    };
    let file = BufReader::new(File::open(&path).map_err(|err| broken(&err))?);
    let mut inventory = Inventory::default();
    for (at, line) in file.split(b'\n').enumerate() {
        match serde_json::from_slice(&line.map_err(|err| broken(&err))?) {
            Ok(entry) => inventory.entries.push(entry),
            Err(err) => inventory.damages.push(format!(
                "the backup is damaged: line {} of {} cannot be read: {err}",
                at + 1,
                path.display()
            )),
        }
    }
    Ok(inventory)
}

/// Replaces the list of the backup in `folder`.
pub(crate) fn write<'a>(folder: &Path, entries: impl IntoIterator<Item = &'a Entry>) -> drive::Result<()> {
    let unfinished = folder.join(format!("{INVENTORY}.new"));
    let write = || -> std::io::Result<()> {
        let mut file = BufWriter::new(private::create_file(&unfinished)?);
        for entry in entries {
            serde_json::to_writer(&mut file, entry)?;
            file.write_all(b"\n")?;
        }
        // First the bytes are synced, then the file gets its name: a file with this name is complete.
        file.into_inner()?.sync_all()?;
        std::fs::rename(&unfinished, folder.join(INVENTORY))
    };
    write().map_err(on_disk(&unfinished))
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> drive::Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(on_disk(folder))
}
