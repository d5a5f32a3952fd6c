//! A drive as a folder: `drive.jsonl` has its rows, `objects.jsonl` has the list of its objects, and
//! `objects/` has their bytes, if the operator wants them.
//!
//! Objects never change, so a second backup into the same folder copies only new ones. Where the drive's row or the list
//! has an object's checksum, bytes count as copied, or as there, only if they have it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Component, Path, PathBuf};

use dray_object_store::{die_at, private};
use tokio_util::sync::CancellationToken;

use crate::admin::Admin;
use crate::dump::{self, ItemObject};
use crate::each::{Needs, each, plan};
use crate::inventory::{self, Entry, INVENTORY, sync_folder};
use crate::on_disk::on_disk;
use crate::outcome::{Copied, Outcome, Told};
use crate::store::Store;
use crate::unlisted;
use dray_db::leases::{self, BACKUP_LEASE, BACKUP_LEASE_LIFE};
use dray_drive::clock::Clock;
use dray_drive::parts::Crc64;
use dray_drive::{self as drive, Error};
use dray_server::lease::{Term, holding};
use dray_server::objects::{Depth, Held, Source};
use dray_server::random;

pub(crate) const ROWS: &str = "drive.jsonl";
const OBJECTS: &str = "objects";

/// Which bytes a backup handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes {
    /// None: only the rows and the list of objects.
    None,
    /// Those that the folder does not have.
    New,
    /// Also those that the folder has: it reads them, and copies again what is damaged. It also looks whether the store has
    /// the same bytes.
    All,
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
        let copied = self.backup_until(std::future::pending(), store, folder, bytes, clock, tell).await?;
        Ok(copied.unwrap_or_default())
    }

    /// Like [`Admin::backup`], and ends with `None` once `stop` ends. Then another backup can begin at once.
    pub async fn backup_until(
        &self,
        stop: impl Future<Output = ()>,
        store: &Store,
        folder: &Path,
        bytes: Bytes,
        clock: &Clock,
        tell: impl FnMut(Told<'_>),
    ) -> Result<Option<Copied>, dray_server::Error> {
        make_private(folder)
            .map_err(|source| dray_server::Error::BackupFolder { path: folder.to_owned(), source })?;
        let holder = random::text()?;
        let term = Term::asked_now(BACKUP_LEASE_LIFE);
        if !self.keep_objects(&holder).await? {
            return Err(Error::field("Another backup", "is running, or was killed: wait ten minutes").into());
        }
        let work = self.copy_all(store, folder, bytes, clock, tell);
        let halt = CancellationToken::new();
        let held = holding(term, &halt, || self.keep_objects(&holder), work);
        let copied = tokio::select! {
            biased;
            copied = held => Some(copied),
            () = stop => None,
        };
        let given_back = self.db.write(move |c| Ok(leases::give_back(c, BACKUP_LEASE, &holder)?)).await;
        let Some(copied) = copied else {
            given_back?;
            return Ok(None);
        };
        let copied = copied.map_err(|lost| {
            Error::field(
                "The backup",
                format!("was stopped, because objects may have been removed in the meantime: {lost}"),
            )
        })??;
        given_back?;
        Ok(Some(copied))
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
        let before = inventory::read(folder).unwrap_or_default().entries;
        let mut before: BTreeMap<_, _> = before.into_iter().map(by_key).collect();
        let mut listed = BTreeMap::new();
        let objects = dump::objects(&rows)?;
        // Also those that could not be listed: what the folder has of them may be the last copy.
        let mut named: BTreeSet<_> = objects.iter().map(|object| object.key.clone()).collect();
        plan(&objects, &mut tell);
        let needs = Needs { stores: &[store], folder: Some(folder) };
        let work = |object| back_up(store, folder, object, &before, bytes);
        let done = |object: ItemObject, entry: Option<Option<Entry>>, outcome: &Outcome| {
            copied.count(outcome, object.size_bytes, &mut tell);
            // An object that failed now may be in the folder since an earlier backup.
            let entry = entry.unwrap_or_else(|| before.get(&object.key).cloned());
            listed.extend(entry.map(by_key));
            Ok(())
        };
        each(objects, &needs, work, done).await?;
        before.extend(listed.clone());
        replace(folder, &before, &listed)?;
        named.extend(listed.into_keys());
        copied.removed = unlisted::remove(&folder.join(OBJECTS), &named, &mut tell);
        Ok(copied)
    }

    /// Keeps the server from removing objects that the backup's rows refer to, until they are copied, however long one
    /// takes. `false` if another backup is running.
    async fn keep_objects(&self, holder: &str) -> drive::Result<bool> {
        let (holder, now) = (holder.to_owned(), self.db.lease_time());
        self.db.write(move |c| Ok(leases::take(c, BACKUP_LEASE, &holder, BACKUP_LEASE_LIFE, now)?)).await
    }
}

/// Refuses a folder that has the backup of another drive, before anything in it is replaced.
fn check_same_drive(folder: &Path, new: &Path) -> drive::Result<()> {
    let there = folder.join(ROWS);
    // An empty file has no backup that could be lost.
    if std::fs::metadata(&there).map_or(true, |metadata| metadata.len() == 0) {
        return Ok(());
    }
    let (theirs, ours) = (dump::workspaces(&there)?, dump::workspaces(new)?);
    if theirs == ours {
        return Ok(());
    }
    std::fs::remove_file(new).map_err(on_disk(new))?;
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
    // First the names of the objects, in their folders and in all folders above them.
    for objects in folders_of(folder, of_new.keys()) {
        sync_folder(&objects)?;
    }
    sync_parent(folder)?;
    inventory::write(folder, of_both.values())?;
    sync_folder(folder)?;
    die_at("backup-listed");
    std::fs::rename(folder.join(format!("{ROWS}.new")), folder.join(ROWS)).map_err(on_disk(folder))?;
    sync_folder(folder)?;
    die_at("backup-replaced");
    inventory::write(folder, of_new.values())?;
    sync_folder(folder)
}

/// The folders that lead to these objects, from the folder of the backup on. Only those that exist.
fn folders_of<'a>(folder: &Path, keys: impl Iterator<Item = &'a String>) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::from([folder.to_owned(), folder.join(OBJECTS)]);
    for path in keys.filter_map(|key| path_of(folder, key).ok()) {
        let above = path.ancestors().skip(1).take_while(|above| *above != folder);
        for above in above.map(Path::to_owned) {
            // Its parents are known if it is.
            if !folders.insert(above) {
                break;
            }
        }
    }
    folders.retain(|folder| folder.exists());
    folders
}

/// Makes the name of a backup's folder durable. Its parent may be a folder that this user cannot list.
fn sync_parent(folder: &Path) -> drive::Result<()> {
    let parent = std::path::absolute(folder).map_err(on_disk(folder))?.parent().map(Path::to_owned);
    match parent.map(File::open) {
        Some(Ok(parent)) => parent.sync_all().map_err(on_disk(folder)),
        _ => Ok(()),
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

/// Backs one object up. Returns how the backup lists it, if the backup has it.
async fn back_up(
    store: &Store,
    folder: &Path,
    object: ItemObject,
    before: &BTreeMap<String, Entry>,
    bytes: Bytes,
) -> drive::Result<(Option<Entry>, Outcome)> {
    let path = path_of(folder, &object.key)?;
    let is_there = std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() == object.size_bytes);
    let kept = before.get(&object.key).filter(|entry| is_there && entry.crc64nvme.is_some());
    let expected = object.crc64.as_ref().or_else(|| kept.and_then(|entry| entry.crc64nvme.as_ref()));
    let mut damage = None;
    if let Some(entry) = kept {
        damage = match bytes {
            _ if entry.crc64nvme.as_ref() != expected => Some(other_bytes(&path)),
            Bytes::All => damage_of(&path, expected).await,
            Bytes::None | Bytes::New => None,
        };
        if damage.is_none() {
            let outcome = match bytes {
                Bytes::All => check_store(store, &object, expected).await?,
                Bytes::None | Bytes::New => Outcome::Kept,
            };
            return Ok((Some(entry.clone()), outcome));
        }
    }
    let head = store.objects.head(&object.key).await?.filter(|head| head.size_bytes == object.size_bytes);
    let Some(head) = head else {
        let Some(damage) = damage else {
            return Ok((
                None,
                Outcome::Missing(object.trouble("neither the store nor the backup has its bytes")),
            ));
        };
        let what = format_args!("{damage}, and the store does not have its bytes either");
        return Ok((kept.cloned(), Outcome::Damaged(object.trouble(what))));
    };
    if bytes == Bytes::None {
        return Ok((Some(entry_of(&object, None)), Outcome::Kept));
    }
    let Some(crc64) = copy_bytes(store, folder, head.source(&object.key), &path, expected).await? else {
        let damage = damage.map(|damage| format!("{damage}, and ")).unwrap_or_default();
        let whose = if object.crc64.is_some() { "the drive knows" } else { "the backup has noted" };
        let what = format_args!("{damage}the store has bytes with another checksum than {whose}");
        return Ok((kept.cloned(), Outcome::Damaged(object.trouble(what))));
    };
    let outcome = damage.map(|damage| object.trouble(format_args!("{damage}; it was copied again")));
    Ok((Some(entry_of(&object, Some(crc64))), outcome.map_or(Outcome::Copied, Outcome::CopiedBut)))
}

/// Looks at the store's bytes of an object that the backup has. Which of the two has the right ones is known only if the
/// drive has a checksum from the upload: the backup's own checksum is that of what the store gave once.
async fn check_store(store: &Store, object: &ItemObject, expected: Option<&Crc64>) -> drive::Result<Outcome> {
    let (what, backups) = match store.objects.held(object.wanted(expected), Depth::Bytes).await? {
        Held::Wanted => return Ok(Outcome::Kept),
        Held::Nothing => ("no longer has its bytes".to_owned(), "the backup has them"),
        Held::Other(what) if object.crc64.is_some() => (what, "the backup has the right ones"),
        Held::Other(what) => {
            (what, "the backup has others, and no checksum from the upload says which are the right ones")
        }
    };
    Ok(Outcome::Damaged(object.trouble(format_args!("the store {what}; {backups}"))))
}

fn entry_of(object: &ItemObject, crc64: Option<Crc64>) -> Entry {
    let ItemObject { key, mime_type, size_bytes, .. } = object;
    Entry { key: key.clone(), mime_type: mime_type.clone(), size: *size_bytes, crc64nvme: crc64 }
}

/// Copies an object's bytes from the store into the file at `path`. Returns their checksum. If they should have another
/// one, it copies nothing, and returns `None`.
async fn copy_bytes(
    store: &Store,
    folder: &Path,
    of: Source<'_>,
    path: &Path,
    expected: Option<&Crc64>,
) -> drive::Result<Option<Crc64>> {
    private::make_folder(path.parent().unwrap_or(folder)).map_err(on_disk(folder))?;
    let unfinished = path.with_extension("new");
    let on_disk = on_disk(&unfinished);
    let mut file = private::create_file(&unfinished).map_err(&on_disk)?;
    let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
    let read = store.objects.read(of, (0, of.size_bytes), |bytes| {
        digest.update(bytes);
        file.write_all(bytes).map_err(&on_disk)
    });
    let read = read.await;
    let crc64 = Crc64::of(digest.finalize());
    if read.is_err() || expected.is_some_and(|expected| *expected != crc64) {
        std::fs::remove_file(&unfinished).map_err(&on_disk)?;
        return read.map(|()| None);
    }
    // The order of fsyncs matters: first the bytes, then the name. A file with its name is complete, and the next
    // backup skips it.
    file.sync_all().map_err(&on_disk)?;
    std::fs::rename(&unfinished, path).map_err(&on_disk)?;
    Ok(Some(crc64))
}

/// What is wrong with a file of the backup that should have this checksum, if it is known.
pub(crate) async fn damage_of(path: &Path, crc64: Option<&Crc64>) -> Option<String> {
    match checksum_of(path.to_owned()).await {
        Ok(found) if crc64.is_none_or(|crc64| *crc64 == found) => None,
        Ok(_) => Some(other_bytes(path)),
        Err(err) => Some(format!("the backup is damaged: {} cannot be read: {err}", path.display())),
    }
}

fn other_bytes(path: &Path) -> String {
    format!("the backup is damaged: {} has another checksum", path.display())
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
pub(crate) fn path_of(folder: &Path, key: &str) -> drive::Result<PathBuf> {
    let relative = Path::new(key);
    if relative.components().all(|part| matches!(part, Component::Normal(_))) {
        Ok(folder.join(OBJECTS).join(relative))
    } else {
        Err(Error::field("The backup", format!("has a key that is not one of Dray's: {key:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_from_the_backup_to_its_objects_is_made_durable() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("backup");
        let keys = ["files/a/1", "files/a/2", "files/b/1"].map(str::to_owned);
        for key in &keys {
            std::fs::create_dir_all(path_of(&folder, key).unwrap().parent().unwrap()).unwrap();
        }
        let gone = "files/gone/1".to_owned();
        let found = folders_of(&folder, keys.iter().chain([&gone]));
        let wanted = ["", "objects", "objects/files", "objects/files/a", "objects/files/b"];
        assert_eq!(found, wanted.iter().map(|name| folder.join(name)).collect());
    }
}
