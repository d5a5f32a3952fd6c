//! Moves a drive from one database or store to another. The source does not change, and everything is
//! compared after the move. An interrupted move continues where it stopped.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use dray_object_store::private;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::admin::Admin;
use crate::backup::{AT_ONCE, Copied, Outcome, Told};
use crate::dump::{self, ItemObject};
use crate::store::Store;
use dray_drive::clock::Clock;
use dray_drive::parts::Crc64;
use dray_drive::{self as drive, Error};

impl Admin {
    /// Copies this drive's rows into `to`, and compares them. `to` must be empty, or already have all of them.
    pub async fn move_rows(
        &self,
        to: &Self,
        folder: &Path,
        clock: &Clock,
    ) -> Result<u64, dray_server::Error> {
        let ours = dump::sum(&self.db).await?;
        if dump::sum(&to.db).await? != ours {
            let file =
                tempfile::Builder::new().prefix("migrate").tempfile_in(folder).map_err(Error::internal)?;
            dump::write(&self.db, file.path(), clock.now()).await?;
            dump::load(&to.db, file.path()).await?;
        }
        let theirs = dump::sum(&to.db).await?;
        if theirs == ours {
            return Ok(theirs.rows);
        }
        Err(Error::internal("the rows differ after the move: is a server running on one of the databases?")
            .into())
    }

    /// Copies every object that this drive's items refer to from one store to another, and reads each back. `folder`
    /// records which objects are done.
    pub async fn move_objects(
        &self,
        from: &Store,
        to: &Store,
        folder: &Path,
        clock: &Clock,
        mut tell: impl FnMut(Told<'_>),
    ) -> Result<Copied, dray_server::Error> {
        let rows = tempfile::Builder::new().prefix("migrate").tempfile_in(folder).map_err(Error::internal)?;
        dump::write(&self.db, rows.path(), clock.now()).await?;
        let mut notes = Notes::open(folder, to.objects.name())?;
        let done = notes.done.clone();
        let mut copied = Copied::default();
        let mut moving = stream::iter(dump::objects(rows.path())?)
            .map(|object| move_one(from, to, folder, object, &done))
            .buffer_unordered(AT_ONCE);
        while let Some((object, outcome)) = moving.try_next().await? {
            if matches!(outcome, Outcome::Copied) {
                notes.add(&object.key)?;
            }
            copied.count(&outcome, object.size_bytes, &mut tell);
        }
        Ok(copied)
    }
}

async fn move_one(
    from: &Store,
    to: &Store,
    folder: &Path,
    object: ItemObject,
    done: &HashSet<String>,
) -> drive::Result<(ItemObject, Outcome)> {
    let ItemObject { key, mime_type, size_bytes, .. } = &object;
    let there = to.objects.head(key).await?;
    if done.contains(key) && there.is_some_and(|head| head.size_bytes == *size_bytes) {
        return Ok((object, Outcome::Kept));
    }
    if from.objects.head(key).await?.is_none_or(|head| head.size_bytes != *size_bytes) {
        let trouble = object.trouble("the store does not have its bytes");
        return Ok((object, Outcome::Missing(trouble)));
    }
    let mut new = to.objects.begin_object(key, mime_type, *size_bytes).await?;
    let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
    while let Some((offset, len)) = new.next_part() {
        let put = async {
            let mut part = tempfile::NamedTempFile::new_in(folder).map_err(Error::internal)?;
            from.objects.read(key, (offset, len), part.as_file_mut(), &mut digest).await?;
            new.put(part.path(), 0, len).await
        };
        if let Err(err) = put.await {
            new.abort().await;
            return Err(err);
        }
    }
    new.complete().await?;
    if to.objects.read_crc64(key).await? == Crc64::of(digest.finalize()) {
        return Ok((object, Outcome::Copied));
    }
    to.objects.delete(key).await?;
    Err(Error::internal(format_args!(
        "{key} had other bytes when it was read back, and was removed from the new store"
    )))
}

/// The keys that were copied and compared, one per line.
struct Notes {
    done: HashSet<String>,
    file: File,
}

impl Notes {
    fn open(folder: &Path, store: &str) -> drive::Result<Self> {
        let name: String = store.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let path = folder.join(format!("migrated-to-{name}"));
        let file = private::ensure_file(&path).map_err(Error::internal)?;
        let done = std::fs::read_to_string(&path).map_err(Error::internal)?;
        Ok(Self { done: done.lines().map(str::to_owned).collect(), file })
    }

    fn add(&mut self, key: &str) -> drive::Result<()> {
        writeln!(self.file, "{key}").map_err(Error::internal)
    }
}
