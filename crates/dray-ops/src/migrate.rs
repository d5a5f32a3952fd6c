//! Moves a drive from one database or store to another. The source does not change, and everything is
//! compared after the move. An interrupted move continues where it stopped.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use dray_object_store::private;

use crate::admin::Admin;
use crate::dump::{self, ItemObject};
use crate::each::{Needs, each, plan};
use crate::on_disk::on_disk;
use crate::outcome::{Copied, Outcome, Told};
use crate::store::Store;
use dray_drive::clock::Clock;
use dray_drive::parts::Crc64;
use dray_drive::{self as drive, Error};
use dray_server::belonging;
use dray_server::objects::Source;

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
                tempfile::Builder::new().prefix("migrate").tempfile_in(folder).map_err(on_disk(folder))?;
            dump::write(&self.db, file.path(), clock.now()).await?;
            dump::load(&to.db, file.path()).await?;
        }
        let theirs = dump::sum(&to.db).await?;
        if theirs == ours {
            belonging::copy(&self.db, &to.db, clock).await?;
            return Ok(theirs.rows);
        }
        Err(Error::internal("the rows differ after the move: is a server running on one of the databases?")
            .into())
    }

    /// Records that both the rows and the objects were moved: this drive no longer accepts the store that it had.
    pub async fn close_moved(&self) -> Result<(), dray_server::Error> {
        Ok(belonging::close(&self.db).await?)
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
        let rows = tempfile::Builder::new().prefix("migrate").tempfile_in(folder).map_err(on_disk(folder))?;
        dump::write(&self.db, rows.path(), clock.now()).await?;
        let objects = dump::objects(rows.path())?;
        plan(&objects, &mut tell);
        to.abort_begun(&objects, &mut tell).await?;
        let (mut notes, compared) = Notes::open(folder, to.objects.name())?;
        let mut copied = Copied::default();
        let needs = Needs { stores: &[from, to], folder: Some(folder) };
        let work = |object| move_one(from, to, folder, object, &compared);
        let done = |object: ItemObject, etag: Option<Option<String>>, outcome: &Outcome| {
            if let Some(etag) = etag.flatten() {
                notes.add(&object.key, &etag)?;
            }
            copied.count(outcome, object.size_bytes, &mut tell);
            Ok(())
        };
        each(objects, &needs, work, done).await?;
        // A drive whose files could not all be moved stays where it is.
        if copied.failed == 0 {
            belonging::follow(&self.db, &to.objects).await?;
        }
        Ok(copied)
    }
}

/// Moves one object. If it was copied and compared now, returns its `ETag` in the new store.
async fn move_one(
    from: &Store,
    to: &Store,
    folder: &Path,
    object: ItemObject,
    compared: &BTreeMap<String, String>,
) -> drive::Result<(Option<String>, Outcome)> {
    let ItemObject { key, size_bytes, crc64, .. } = &object;
    if let Some(etag) = compared.get(key)
        && let Some(there) = to.objects.whole_file(key, true).await?
        && there.etag == *etag
        && there.size_bytes == *size_bytes
    {
        return Ok((None, Outcome::Kept));
    }
    let head = from.objects.head(key).await?.filter(|head| head.size_bytes == *size_bytes);
    let Some(head) = head else {
        return Ok((None, Outcome::Missing(object.trouble("the store does not have its bytes"))));
    };
    let Some(copied) = copy(from, head.source(key), to, folder, &object).await? else {
        let what = "its bytes have another checksum than the drive knows, and were not moved";
        return Ok((None, Outcome::Damaged(object.trouble(what))));
    };
    let there = to.objects.head(key).await?.filter(|there| there.size_bytes == *size_bytes);
    if let Some(there) = there
        && to.objects.read_crc64(there.source(key)).await? == copied
    {
        return Ok((Some(there.etag), Outcome::Copied));
    }
    to.objects.delete(key).await?;
    let known = crc64.as_ref().unwrap_or(&copied).as_str();
    let what = format_args!(
        "the new store gave other bytes back than it was sent (checksum {known}), and they were removed from it"
    );
    Ok((None, Outcome::Damaged(object.trouble(what))))
}

/// Copies an object's bytes, and returns their checksum. If the drive knows another checksum, it copies nothing, and
/// returns `None`.
async fn copy(
    from: &Store,
    of: Source<'_>,
    to: &Store,
    folder: &Path,
    object: &ItemObject,
) -> drive::Result<Option<Crc64>> {
    let ItemObject { key, mime_type, size_bytes, crc64, .. } = object;
    let mut new = to.objects.begin_object(key, mime_type, *size_bytes).await?;
    let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
    while let Some((offset, len)) = new.next_part() {
        let put = async {
            let on_disk = on_disk(folder);
            let mut part = tempfile::NamedTempFile::new_in(folder).map_err(&on_disk)?;
            let read = from.objects.read(of, (offset, len), |bytes| {
                digest.update(bytes);
                part.write_all(bytes).map_err(&on_disk)
            });
            read.await?;
            new.put(part.path(), 0, len).await
        };
        if let Err(err) = put.await {
            new.abort().await;
            return Err(err);
        }
    }
    let copied = Crc64::of(digest.finalize());
    if crc64.as_ref().is_some_and(|known| *known != copied) {
        new.abort().await;
        return Ok(None);
    }
    new.complete().await?;
    Ok(Some(copied))
}

/// What was copied and compared: a line for each object, with its key and its `ETag` in the new store. As long as the
/// object has this `ETag`, it has the bytes that were compared.
struct Notes {
    file: File,
    path: PathBuf,
}

impl Notes {
    /// Opens the notes, and returns the `ETag`s by key. Lines of older versions have none and do not count.
    fn open(folder: &Path, store: &str) -> drive::Result<(Self, BTreeMap<String, String>)> {
        let name: String = store.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let path = folder.join(format!("migrated-to-{name}"));
        let on_disk = on_disk(&path);
        let file = private::ensure_file(&path).map_err(&on_disk)?;
        let lines = std::fs::read_to_string(&path).map_err(&on_disk)?;
        let compared = lines.lines().filter_map(|line| line.split_once('\t'));
        Ok((Self { file, path }, compared.map(|(key, etag)| (key.to_owned(), etag.to_owned())).collect()))
    }

    fn add(&mut self, key: &str, etag: &str) -> drive::Result<()> {
        writeln!(self.file, "{key}\t{etag}").map_err(on_disk(&self.path))
    }
}
