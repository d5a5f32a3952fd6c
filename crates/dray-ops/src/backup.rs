//! A drive as a folder, and back: `drive.jsonl` has its rows, `objects.jsonl` has the list of its objects, and
//! `objects/` has their bytes, if the operator wants them.
//!
//! Objects never change, so a second backup into the same folder copies only new ones.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Component, Path, PathBuf};

use dray_object_store::private;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::admin::Admin;
use crate::dump::{self, ItemObject};
use crate::store::Store;
use dray_db::leases::{self, BACKUP_LEASE};
use dray_drive::clock::Clock;
use dray_drive::parts::Crc64;
use dray_drive::{self as drive, Error};
use dray_server::lease::holding;
use dray_server::random;

/// How many objects are copied at once.
pub(crate) const AT_ONCE: usize = 4;
/// While a backup runs, the server removes no object. A heartbeat renews this lease, however long one object takes.
const LEASE: SignedDuration = SignedDuration::from_mins(10);
const ROWS: &str = "drive.jsonl";
const INVENTORY: &str = "objects.jsonl";
const OBJECTS: &str = "objects";

/// What was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Copied {
    /// Rows of the database.
    pub rows: u64,
    /// Objects that items refer to.
    pub objects: u64,
    /// How many of them the target had already.
    pub kept: u64,
    /// How many of them are missing everywhere.
    pub missing: u64,
    /// Bytes that were copied.
    pub bytes: u64,
}

/// A line of the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    key: String,
    mime_type: String,
    size: u64,
    /// The checksum of the bytes in the backup, if they are there.
    crc64nvme: Option<String>,
}

/// The outcome for one object.
pub(crate) enum Outcome {
    Copied,
    Kept,
    Missing,
}

impl Copied {
    pub(crate) fn count(&mut self, outcome: &Outcome, size_bytes: u64) {
        self.objects += 1;
        match outcome {
            Outcome::Copied => self.bytes += size_bytes,
            Outcome::Kept => self.kept += 1,
            Outcome::Missing => self.missing += 1,
        }
    }
}

impl Admin {
    /// Writes the drive as it is now into `folder`, while servers keep running. With `with_bytes`, it also writes the
    /// bytes of the drive's files. It reports its progress to `tell`.
    pub async fn backup(
        &self,
        store: &Store,
        folder: &Path,
        with_bytes: bool,
        clock: &Clock,
        tell: impl FnMut(&Copied),
    ) -> Result<Copied, dray_server::Error> {
        make_private(folder)
            .map_err(|source| dray_server::Error::DataFolder { path: folder.to_owned(), source })?;
        let holder = random::text()?;
        if !self.keep_objects(&holder).await? {
            return Err(
                Error::field("Another backup", "is running, or was interrupted: wait ten minutes").into()
            );
        }
        let work = self.copy_all(store, folder, with_bytes, clock, tell);
        let copied = holding(LEASE, &CancellationToken::new(), || self.keep_objects(&holder), work).await;
        let given_back = self.db.write(move |c| Ok(leases::give_back(c, BACKUP_LEASE, &holder)?)).await;
        let copied = copied.map_err(|lost| {
            Error::field(
                "The backup",
                format!("was stopped, because objects may have been removed in the meantime: {lost}"),
            )
        })??;
        given_back?;
        Ok(copied)
    }

    async fn copy_all(
        &self,
        store: &Store,
        folder: &Path,
        with_bytes: bool,
        clock: &Clock,
        mut tell: impl FnMut(&Copied),
    ) -> drive::Result<Copied> {
        let rows = folder.join(format!("{ROWS}.new"));
        let mut copied =
            Copied { rows: dump::write(&self.db, &rows, clock.now()).await?.rows, ..Copied::default() };
        let before = read_inventory(folder).unwrap_or_default();
        let before: HashMap<_, _> = before.into_iter().map(|entry| (entry.key.clone(), entry)).collect();
        let mut inventory = Vec::new();
        let objects = dump::objects(&rows)?;
        let mut moving = stream::iter(objects)
            .map(|object| back_up(store, folder, object, &before, with_bytes))
            .buffer_unordered(AT_ONCE);
        while let Some((entry, outcome)) = moving.try_next().await? {
            copied.count(&outcome, entry.size);
            inventory.extend((!matches!(outcome, Outcome::Missing)).then_some(entry));
            tell(&copied);
        }
        drop(moving);
        write_inventory(folder, &inventory)?;
        std::fs::rename(&rows, folder.join(ROWS)).map_err(Error::internal)?;
        sync_folder(folder)?;
        Ok(copied)
    }

    /// Keeps the server from removing objects that the backup's rows refer to, until they are copied. `false` if
    /// another backup is running.
    async fn keep_objects(&self, holder: &str) -> drive::Result<bool> {
        let (holder, now) = (holder.to_owned(), self.db.lease_time());
        self.db.write(move |c| Ok(leases::take(c, BACKUP_LEASE, &holder, LEASE, now)?)).await
    }

    /// Puts a backup into this database, which must be empty, and into `store`. An interrupted restore continues
    /// where it stopped, because the rows come last.
    pub async fn restore(
        &self,
        store: &Store,
        folder: &Path,
        mut tell: impl FnMut(&Copied),
    ) -> Result<Copied, dray_server::Error> {
        let rows = folder.join(ROWS);
        let known: HashMap<_, _> =
            read_inventory(folder)?.into_iter().map(|entry| (entry.key.clone(), entry)).collect();
        let mut copied = Copied::default();
        let mut moving = stream::iter(dump::objects(&rows)?)
            .map(|object| restore(store, folder, object, &known))
            .buffer_unordered(AT_ONCE);
        while let Some((size_bytes, outcome)) = moving.try_next().await? {
            copied.count(&outcome, size_bytes);
            tell(&copied);
        }
        copied.rows = dump::load(&self.db, &rows).await?.rows;
        Ok(copied)
    }
}

/// Creates the folder of a backup, and removes all rights that other users have on it.
fn make_private(folder: &Path) -> std::io::Result<()> {
    private::make_folder(folder)?;
    for name in [ROWS, INVENTORY] {
        private::tighten_file(&folder.join(name))?;
    }
    private::make_folder(&folder.join(OBJECTS))?;
    private::tighten_folder(&folder.join(OBJECTS))
}

async fn back_up(
    store: &Store,
    folder: &Path,
    object: ItemObject,
    before: &HashMap<String, Entry>,
    with_bytes: bool,
) -> drive::Result<(Entry, Outcome)> {
    let ItemObject { key, mime_type, size_bytes } = object;
    let path = path_of(folder, &key)?;
    let is_there = std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() == size_bytes);
    if let Some(entry) = before.get(&key).filter(|entry| is_there && entry.crc64nvme.is_some()) {
        return Ok((entry.clone(), Outcome::Kept));
    }
    let mut entry = Entry { key, mime_type, size: size_bytes, crc64nvme: None };
    let head = store.objects.head(&entry.key).await?;
    if head.is_none_or(|head| head.size_bytes != size_bytes) {
        tracing::warn!(key = entry.key, "the store does not have an item's object");
        return Ok((entry, Outcome::Missing));
    }
    if !with_bytes {
        return Ok((entry, Outcome::Kept));
    }
    private::make_folder(path.parent().unwrap_or(folder)).map_err(Error::internal)?;
    let unfinished = path.with_extension("new");
    let mut file = private::create_file(&unfinished).map_err(Error::internal)?;
    let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
    store.objects.read(&entry.key, (0, size_bytes), &mut file, &mut digest).await?;
    // The order of fsyncs matters: first the bytes, then the name. A file with its name is complete, and the next
    // backup skips it.
    file.sync_all().map_err(Error::internal)?;
    std::fs::rename(&unfinished, &path).map_err(Error::internal)?;
    entry.crc64nvme = Some(Crc64::of(digest.finalize()).as_str().to_owned());
    Ok((entry, Outcome::Copied))
}

async fn restore(
    store: &Store,
    folder: &Path,
    object: ItemObject,
    known: &HashMap<String, Entry>,
) -> drive::Result<(u64, Outcome)> {
    let ItemObject { key, mime_type, size_bytes } = object;
    let there = store.objects.head(&key).await?;
    if there.is_some_and(|head| head.size_bytes == size_bytes) {
        return Ok((size_bytes, Outcome::Kept));
    }
    let path = path_of(folder, &key)?;
    let crc64 = known.get(&key).and_then(|entry| entry.crc64nvme.clone());
    let Some(crc64) = crc64.filter(|_| path.is_file()) else {
        tracing::warn!(key, "an item's object is neither in the backup nor in the store");
        return Ok((size_bytes, Outcome::Missing));
    };
    if checksum_of(path.clone()).await?.as_str() != crc64 {
        return Err(Error::field(
            "The backup",
            format!("is damaged: {} has another checksum", path.display()),
        ));
    }
    let mut new = store.objects.begin_object(&key, &mime_type, size_bytes).await?;
    while let Some((offset, len)) = new.next_part() {
        if let Err(err) = new.put(&path, offset, len).await {
            new.abort().await;
            return Err(err);
        }
    }
    new.complete().await?;
    Ok((size_bytes, Outcome::Copied))
}

async fn checksum_of(path: PathBuf) -> drive::Result<Crc64> {
    let sum = tokio::task::spawn_blocking(move || {
        let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
        loop {
            let bytes = reader.fill_buf()?;
            if bytes.is_empty() {
                return Ok::<_, std::io::Error>(digest.finalize());
            }
            digest.update(bytes);
            let read = bytes.len();
            reader.consume(read);
        }
    });
    Ok(Crc64::of(sum.await.map_err(Error::internal)?.map_err(Error::internal)?))
}

/// Where the bytes of an object are. It refuses a key that leads elsewhere, because Dray makes no such keys.
fn path_of(folder: &Path, key: &str) -> drive::Result<PathBuf> {
    let relative = Path::new(key);
    if relative.components().all(|part| matches!(part, Component::Normal(_))) {
        Ok(folder.join(OBJECTS).join(relative))
    } else {
        Err(Error::field("The backup", format!("has a key that is not one of Dray's: {key:?}")))
    }
}

fn read_inventory(folder: &Path) -> drive::Result<Vec<Entry>> {
    let path = folder.join(INVENTORY);
    let broken = |err: &dyn std::fmt::Display| {
        Error::field("The backup", format!("cannot be read: {}: {err}", path.display()))
    };
    let lines = BufReader::new(File::open(&path).map_err(|err| broken(&err))?).lines();
    lines
        .map(|line| serde_json::from_str(&line.map_err(|err| broken(&err))?).map_err(|err| broken(&err)))
        .collect()
}

fn write_inventory(folder: &Path, entries: &[Entry]) -> drive::Result<()> {
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
    write().map_err(Error::internal)
}

fn sync_folder(folder: &Path) -> drive::Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::internal)
}
