//! A drive as a folder, and back: `drive.jsonl` has its rows, `objects.jsonl` has the list of its objects, and
//! `objects/` has their bytes, if the operator wants them.
//!
//! Objects never change, so a second backup into the same folder copies only new ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Component, Path, PathBuf};

use dray_object_store::{die_at, private};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::admin::Admin;
use crate::dump::{self, ItemObject};
use crate::inventory::{self, Entry, INVENTORY, sync_folder};
use crate::store::Store;
use dray_db::leases::{self, BACKUP_LEASE, BACKUP_LEASE_LIFE};
use dray_drive::clock::Clock;
use dray_drive::parts::Crc64;
use dray_drive::{self as drive, Error};
use dray_server::lease::holding;
use dray_server::random;

/// How many objects are copied at once.
pub(crate) const AT_ONCE: usize = 4;
const ROWS: &str = "drive.jsonl";
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
    /// How many of them are damaged in the backup, and nowhere else.
    pub damaged: u64,
    /// Bytes that were copied.
    pub bytes: u64,
}

/// Which bytes a backup handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes {
    /// None: only the rows and the list of objects.
    None,
    /// Those that the folder does not have.
    New,
    /// Also those that the folder has: it reads them, and copies again what is damaged.
    All,
}

/// What a long command tells while it runs.
#[derive(Debug, Clone, Copy)]
pub enum Told<'a> {
    /// What it has done so far.
    Progress(&'a Copied),
    /// Which object is missing or damaged, for people.
    Trouble(&'a str),
}

/// The outcome for one object. A text says for people which object it is.
pub(crate) enum Outcome {
    Copied,
    Kept,
    /// It was damaged in the backup, and was copied again.
    Repaired(String),
    Missing(String),
    Damaged(String),
}

impl Outcome {
    /// What people should know about it.
    fn trouble(&self) -> Option<&str> {
        match self {
            Self::Copied | Self::Kept => None,
            Self::Repaired(text) | Self::Missing(text) | Self::Damaged(text) => Some(text),
        }
    }
}

impl Copied {
    /// Counts an object, and tells about it.
    pub(crate) fn count(&mut self, outcome: &Outcome, size_bytes: u64, tell: &mut impl FnMut(Told<'_>)) {
        self.objects += 1;
        match outcome {
            Outcome::Copied | Outcome::Repaired(_) => self.bytes += size_bytes,
            Outcome::Kept => self.kept += 1,
            Outcome::Missing(_) => self.missing += 1,
            Outcome::Damaged(_) => self.damaged += 1,
        }
        if let Some(trouble) = outcome.trouble() {
            tell(Told::Trouble(trouble));
        }
        tell(Told::Progress(self));
    }
}

impl Admin {
    /// Writes the drive as it is now into `folder`, while servers keep running, with those `bytes` of the drive's files.
    /// It reports its progress to `tell`. If the folder has a backup of another drive, it refuses.
    pub async fn backup(
        &self,
        store: &Store,
        folder: &Path,
        bytes: Bytes,
        clock: &Clock,
        tell: impl FnMut(Told<'_>),
    ) -> Result<Copied, dray_server::Error> {
        make_private(folder)
            .map_err(|source| dray_server::Error::DataFolder { path: folder.to_owned(), source })?;
        let holder = random::text()?;
        if !self.keep_objects(&holder).await? {
            return Err(
                Error::field("Another backup", "is running, or was interrupted: wait ten minutes").into()
            );
        }
        let work = self.copy_all(store, folder, bytes, clock, tell);
        let copied =
            holding(BACKUP_LEASE_LIFE, &CancellationToken::new(), || self.keep_objects(&holder), work).await;
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
        bytes: Bytes,
        clock: &Clock,
        mut tell: impl FnMut(Told<'_>),
    ) -> drive::Result<Copied> {
        let rows = folder.join(format!("{ROWS}.new"));
        let mut copied =
            Copied { rows: dump::write(&self.db, &rows, clock.now()).await?.rows, ..Copied::default() };
        check_same_drive(folder, &rows)?;
        let by_key = |entry: Entry| (entry.key.clone(), entry);
        let before = inventory::read(folder).unwrap_or_default();
        let mut before: BTreeMap<_, _> = before.into_iter().map(by_key).collect();
        let mut listed = BTreeMap::new();
        let objects = dump::objects(&rows)?;
        let mut moving = stream::iter(objects)
            .map(|object| back_up(store, folder, object, &before, bytes))
            .buffer_unordered(AT_ONCE);
        while let Some((entry, outcome)) = moving.try_next().await? {
            copied.count(&outcome, entry.size, &mut tell);
            listed.extend((!matches!(outcome, Outcome::Missing(_))).then(|| by_key(entry)));
        }
        drop(moving);
        before.extend(listed.clone());
        replace(folder, &before, &listed)?;
        Ok(copied)
    }

    /// Keeps the server from removing objects that the backup's rows refer to, until they are copied, however long one
    /// takes. `false` if another backup is running.
    async fn keep_objects(&self, holder: &str) -> drive::Result<bool> {
        let (holder, now) = (holder.to_owned(), self.db.lease_time());
        self.db.write(move |c| Ok(leases::take(c, BACKUP_LEASE, &holder, BACKUP_LEASE_LIFE, now)?)).await
    }

    /// Puts a backup into this database, which must be empty, and into `store`. An interrupted restore continues
    /// where it stopped, because the rows come last. An object that is missing or damaged stops no other.
    pub async fn restore(
        &self,
        store: &Store,
        folder: &Path,
        mut tell: impl FnMut(Told<'_>),
    ) -> Result<Copied, dray_server::Error> {
        let rows = folder.join(ROWS);
        let known: BTreeMap<_, _> =
            inventory::read(folder)?.into_iter().map(|entry| (entry.key.clone(), entry)).collect();
        let mut copied = Copied::default();
        let mut moving = stream::iter(dump::objects(&rows)?)
            .map(|object| restore(store, folder, object, &known))
            .buffer_unordered(AT_ONCE);
        while let Some((size_bytes, outcome)) = moving.try_next().await? {
            copied.count(&outcome, size_bytes, &mut tell);
        }
        copied.rows = dump::load(&self.db, &rows).await?.rows;
        Ok(copied)
    }
}

/// Refuses a folder that has the backup of another drive, before anything in it is replaced.
fn check_same_drive(folder: &Path, new: &Path) -> drive::Result<()> {
    let there = folder.join(ROWS);
    if !there.exists() {
        return Ok(());
    }
    let (theirs, ours) = (dump::workspaces(&there)?, dump::workspaces(new)?);
    if theirs == ours {
        return Ok(());
    }
    std::fs::remove_file(new).map_err(Error::internal)?;
    let names = |ids: &BTreeSet<String>| ids.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let (theirs, ours) = (names(&theirs), names(&ours));
    let ours = if ours.is_empty() {
        "this database has no drive".to_owned()
    } else {
        format!("this drive is workspace {ours}")
    };
    let rule = format!("has a backup of another drive (workspace {theirs}; {ours}): name another folder");
    Err(Error::field("The folder", rule))
}

/// Replaces the rows and the list of objects. First the list gets the objects of both backups, then the rows are
/// replaced, then the list loses the objects of the earlier backup: after an interruption at any point, the rows that are
/// there are complete. Each step is durable before the next one begins.
fn replace(
    folder: &Path,
    of_both: &BTreeMap<String, Entry>,
    of_new: &BTreeMap<String, Entry>,
) -> drive::Result<()> {
    let folders = of_new.keys().filter_map(|key| path_of(folder, key).ok()?.parent().map(Path::to_owned));
    for objects in folders.collect::<BTreeSet<_>>() {
        if objects.exists() {
            sync_folder(&objects)?;
        }
    }
    inventory::write(folder, of_both.values())?;
    sync_folder(folder)?;
    die_at("backup-listed");
    std::fs::rename(folder.join(format!("{ROWS}.new")), folder.join(ROWS)).map_err(Error::internal)?;
    sync_folder(folder)?;
    die_at("backup-replaced");
    inventory::write(folder, of_new.values())?;
    sync_folder(folder)
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
    before: &BTreeMap<String, Entry>,
    bytes: Bytes,
) -> drive::Result<(Entry, Outcome)> {
    let path = path_of(folder, &object.key)?;
    let is_there = std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() == object.size_bytes);
    let kept = before.get(&object.key).filter(|entry| is_there && entry.crc64nvme.is_some());
    let mut damage = None;
    if let Some(entry) = kept {
        if bytes == Bytes::All {
            damage = damage_of(&path, entry.crc64nvme.as_deref()).await;
        }
        if damage.is_none() {
            return Ok((entry.clone(), Outcome::Kept));
        }
    }
    let head = store.objects.head(&object.key).await?;
    if head.is_none_or(|head| head.size_bytes != object.size_bytes) {
        let (Some(entry), Some(damage)) = (kept, damage) else {
            let trouble = object.trouble("neither the store nor the backup has its bytes");
            return Ok((entry_of(&object), Outcome::Missing(trouble)));
        };
        let what = format_args!("{damage}, and the store does not have its bytes either");
        return Ok((entry.clone(), Outcome::Damaged(object.trouble(what))));
    }
    let mut entry = entry_of(&object);
    if bytes == Bytes::None {
        return Ok((entry, Outcome::Kept));
    }
    entry.crc64nvme = Some(copy_bytes(store, folder, &object, &path).await?.as_str().to_owned());
    let outcome = damage.map(|damage| object.trouble(format_args!("{damage}; it was copied again")));
    Ok((entry, outcome.map_or(Outcome::Copied, Outcome::Repaired)))
}

fn entry_of(object: &ItemObject) -> Entry {
    let ItemObject { key, mime_type, size_bytes, .. } = object;
    Entry { key: key.clone(), mime_type: mime_type.clone(), size: *size_bytes, crc64nvme: None }
}

/// Copies an object's bytes from the store into the file at `path`. Returns their checksum.
async fn copy_bytes(store: &Store, folder: &Path, object: &ItemObject, path: &Path) -> drive::Result<Crc64> {
    private::make_folder(path.parent().unwrap_or(folder)).map_err(Error::internal)?;
    let unfinished = path.with_extension("new");
    let mut file = private::create_file(&unfinished).map_err(Error::internal)?;
    let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
    store.objects.read(&object.key, (0, object.size_bytes), &mut file, &mut digest).await?;
    // The order of fsyncs matters: first the bytes, then the name. A file with its name is complete, and the next
    // backup skips it.
    file.sync_all().map_err(Error::internal)?;
    std::fs::rename(&unfinished, path).map_err(Error::internal)?;
    Ok(Crc64::of(digest.finalize()))
}

async fn restore(
    store: &Store,
    folder: &Path,
    object: ItemObject,
    known: &BTreeMap<String, Entry>,
) -> drive::Result<(u64, Outcome)> {
    let size_bytes = object.size_bytes;
    let there = store.objects.head(&object.key).await?;
    if there.is_some_and(|head| head.size_bytes == size_bytes) {
        return Ok((size_bytes, Outcome::Kept));
    }
    let path = path_of(folder, &object.key)?;
    let crc64 = known.get(&object.key).and_then(|entry| entry.crc64nvme.as_deref());
    let Some(crc64) = crc64.filter(|_| path.is_file()) else {
        let trouble = object.trouble("neither the backup nor the store has its bytes");
        return Ok((size_bytes, Outcome::Missing(trouble)));
    };
    if let Some(damage) = damage_of(&path, Some(crc64)).await {
        return Ok((size_bytes, Outcome::Damaged(object.trouble(damage))));
    }
    let mut new = store.objects.begin_object(&object.key, &object.mime_type, size_bytes).await?;
    while let Some((offset, len)) = new.next_part() {
        if let Err(err) = new.put(&path, offset, len).await {
            new.abort().await;
            return Err(err);
        }
    }
    new.complete().await?;
    Ok((size_bytes, Outcome::Copied))
}

/// What is wrong with a file of the backup that should have this checksum.
async fn damage_of(path: &Path, crc64: Option<&str>) -> Option<String> {
    match checksum_of(path.to_owned()).await {
        Ok(found) if Some(found.as_str()) == crc64 => None,
        Ok(_) => Some(format!("the backup is damaged: {} has another checksum", path.display())),
        Err(err) => Some(format!("the backup is damaged: {} cannot be read: {err}", path.display())),
    }
}

async fn checksum_of(path: PathBuf) -> std::io::Result<Crc64> {
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
    sum.await.map_err(std::io::Error::other)?.map(Crc64::of)
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
