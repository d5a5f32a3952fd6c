//! A backup becomes a drive again: first the bytes, then the rows.

use std::collections::BTreeMap;
use std::path::Path;

use crate::admin::Admin;
use crate::backup::{ROWS, damage_of, path_of};
use crate::dump::{self, ItemObject};
use crate::each::{Needs, each, plan};
use crate::inventory::{self, Entry};
use crate::outcome::{Copied, Outcome, Told};
use crate::store::Store;
use dray_drive::parts::Crc64;
use dray_drive::{self as drive, Error};
use dray_server::objects::{Depth, Held};
use dray_server::{Clock, belonging};

impl Admin {
    /// Puts a backup into this database, and into `store`. The database must be empty, or have exactly the rows of the
    /// backup; then this only brings the bytes that are missing or damaged. An interrupted restore continues where it
    /// stopped, because the rows come last. An object that is missing or damaged does not stop the others. Fails if the database
    /// has a drive whose files are in another store.
    pub async fn restore(
        &self,
        store: &Store,
        folder: &Path,
        mut tell: impl FnMut(Told<'_>),
    ) -> Result<Copied, dray_server::Error> {
        let rows = folder.join(ROWS);
        let objects = dump::objects(&rows)?;
        let there = dump::rows_there(&self.db, &rows).await?;
        let is_marked = belonging::is_marked(&self.db, &store.objects).await?;
        let list = inventory::read(folder)?;
        for damage in &list.damages {
            tell(Told::Trouble(damage));
        }
        let known: BTreeMap<_, _> =
            list.entries.into_iter().map(|entry| (entry.key.clone(), entry)).collect();
        plan(&objects, &mut tell);
        store.abort_begun(&objects, &mut tell).await?;
        let mut copied = Copied::default();
        let needs = Needs { stores: &[store], folder: None };
        let work = |object| {
            let outcome = restore(store, folder, object, &known);
            async move { Ok(((), outcome.await?)) }
        };
        let done = |object: ItemObject, _, outcome: &Outcome| {
            copied.count(outcome, object.size_bytes, &mut tell);
            Ok(())
        };
        each(objects, &needs, work, done).await?;
        copied.rows = match there {
            Some(there) => there.rows,
            None => dump::load(&self.db, &rows).await?.rows,
        };
        if !is_marked {
            self.adopt(store, &Clock::system()).await?;
        }
        Ok(copied)
    }
}

async fn restore(
    store: &Store,
    folder: &Path,
    object: ItemObject,
    known: &BTreeMap<String, Entry>,
) -> drive::Result<Outcome> {
    let path = path_of(folder, &object.key)?;
    let listed = known.get(&object.key).and_then(|entry| entry.crc64nvme.as_ref());
    let crc64 = object.crc64.as_ref().or(listed);
    let there = store.objects.held(object.wanted(crc64), Depth::Bytes).await?;
    if there == Held::Wanted {
        return Ok(Outcome::Kept);
    }
    let Some(damage) = backup_damage(&path, &object, crc64).await else {
        return write(store, &path, &object, crc64, there).await;
    };
    Ok(match there {
        Held::Other(what) => Outcome::Damaged(object.trouble(format_args!("the store {what}, and {damage}"))),
        _ if path.is_file() => Outcome::Damaged(object.trouble(damage)),
        _ => Outcome::Missing(object.trouble("neither the backup nor the store has its bytes")),
    })
}

/// Why the backup's bytes of an object cannot be used.
async fn backup_damage(path: &Path, object: &ItemObject, crc64: Option<&Crc64>) -> Option<String> {
    match std::fs::metadata(path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
            Some("the backup does not have its bytes".to_owned())
        }
        Ok(metadata) if crc64.is_none() && metadata.len() != object.size_bytes => {
            Some(format!("the backup is damaged: {} has another length", path.display()))
        }
        _ => damage_of(path, crc64).await,
    }
}

/// Writes the backup's bytes of an object into the store, and looks at what the store has then.
async fn write(
    store: &Store,
    path: &Path,
    object: &ItemObject,
    crc64: Option<&Crc64>,
    before: Held,
) -> drive::Result<Outcome> {
    let mut new = store.objects.begin_object(&object.key, &object.mime_type, object.size_bytes).await?;
    while let Some((offset, len)) = new.next_part() {
        if let Err(err) = new.put(path, offset, len).await {
            new.abort().await;
            return Err(err);
        }
    }
    new.complete().await?;
    match (store.objects.held(object.wanted(crc64), Depth::Written).await?, before) {
        (Held::Wanted, Held::Other(what)) => {
            Ok(Outcome::CopiedBut(object.trouble(format_args!("the store {what}; it was written again"))))
        }
        (Held::Wanted, _) if crc64.is_none() => {
            Ok(Outcome::CopiedBut(object.trouble("its checksum is not known; it was restored unchecked")))
        }
        (Held::Wanted, _) => Ok(Outcome::Copied),
        (Held::Nothing, _) => Err(Error::StoreRefused { detail: "it lost the object at once".to_owned() }),
        (Held::Other(what), _) => {
            Ok(Outcome::Damaged(object.trouble(format_args!("it was written, but the store {what}"))))
        }
    }
}
