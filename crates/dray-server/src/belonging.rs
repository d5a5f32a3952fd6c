//! Whether a store belongs to a drive. The database has the id of a mark, and the drive's store has the mark. What a store
//! lacks proves something only if it is the drive's store: a server that is started without `--s3-bucket` would otherwise
//! find every file lost, and would act on that.

use std::sync::Arc;

use futures_util::{FutureExt as _, StreamExt as _, stream};

use crate::config::Clock;
use crate::db::Db;
use crate::db::store_marks::{self, Sample, StoreMark};
use crate::drive::item::OBJECT_PREFIX;
use crate::drive::{self, Error};
use crate::objects::{Mark, Objects};
use crate::random;

/// How many samples the store looks up at once.
const AT_ONCE: usize = 8;

/// What to do when a store is not the drive's.
const REMEDY: &str = "if the drive's files are elsewhere, name that store with --s3-bucket and --s3-endpoint, or leave those out for the embedded store; if its files were copied here by other means, or are lost, `dray store adopt` makes this the drive's store";

/// Why a store is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum NotOurs {
    /// It is another store.
    #[error("{0}; {remedy}", remedy = REMEDY)]
    Other(String),
    /// The store or the database could not answer.
    #[error(transparent)]
    Unknown(#[from] Error),
}

impl From<NotOurs> for Error {
    fn from(refused: NotOurs) -> Self {
        match refused {
            NotOurs::Other(_) => Self::StoreRefused { detail: refused.to_string() },
            NotOurs::Unknown(err) => err,
        }
    }
}

/// Whether a proof may change the store and the database: a store without a mark gets one, and a drive that was copied to
/// another store moves there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marking {
    /// It may. For servers.
    Allowed,
    /// It changes nothing.
    Never,
}

/// Proves that `objects` is the store of the drive in `db`, and returns it with that proof. A drive that has no mark yet
/// accepts a store that has at least one of some sampled objects, and any store if it has no files.
pub async fn prove(db: &Db, objects: &Objects, marking: Marking, clock: &Clock) -> Result<Objects, NotOurs> {
    Ok(objects.proven(mark_of(db, objects, marking, clock).await?))
}

/// The same store, to which nothing is sent before [`prove`] has succeeded. For a store that cannot answer now.
pub(crate) fn proven_later(db: Db, objects: &Objects, clock: Clock) -> Objects {
    let store = Arc::new(objects.clone());
    objects.proven_by(move || {
        let (db, store, clock) = (db.clone(), Arc::clone(&store), clock.clone());
        async move { mark_of(&db, &store, Marking::Allowed, &clock).await.map_err(Error::from) }.boxed()
    })
}

async fn mark_of(db: &Db, objects: &Objects, marking: Marking, clock: &Clock) -> Result<Mark, NotOurs> {
    if let Some(mark) = db.read(|c| Ok(store_marks::get(c)?)).await? {
        return marked(db, objects, mark, marking).await.map(Some);
    }
    check_samples(db, objects).await?;
    match marking {
        Marking::Allowed => mark_first(db, objects, clock).await,
        Marking::Never => Ok(None),
    }
}

/// The mark of a store that must have one of these.
async fn marked(db: &Db, objects: &Objects, mark: StoreMark, marking: Marking) -> Result<String, NotOurs> {
    if objects.has_mark(&mark.id).await? {
        return match mark.old_id {
            Some(old_id) if marking == Marking::Allowed => leave(db, objects, mark.id, old_id).await,
            _ => Ok(mark.id),
        };
    }
    if let Some(next_id) = mark.next_id
        && objects.has_mark(&next_id).await?
    {
        if marking == Marking::Allowed {
            let id = next_id.clone();
            db.write(move |c| Ok(store_marks::take_next(c, &id)?)).await?;
            tracing::info!("the drive has moved to this store; the store before it is no longer used");
            if mark.old_id.is_some() {
                return leave(db, objects, next_id.clone(), next_id).await;
            }
        }
        return Ok(next_id);
    }
    let bucket = objects.name();
    Err(NotOurs::Other(format!(
        "the object store (bucket {bucket}) is not the one that has this drive's files: it does not have the drive's mark, or has it no longer because the drive was moved to another database"
    )))
}

/// Takes the store away from the database that this drive was moved from: it gets another mark than that one knows. If this is
/// interrupted, the next start continues it.
async fn leave(db: &Db, objects: &Objects, id: String, old_id: String) -> Result<String, NotOurs> {
    let mut present = id;
    if present == old_id {
        let new = random::text()?;
        if let Err(err) = objects.put_mark(&new).await {
            tracing::warn!(%err, "the store still has the mark of the database that this drive was moved from; the next start tries again");
            return Ok(present);
        }
        let written = new.clone();
        let (is_ours, mark) =
            db.write(move |c| Ok((store_marks::replace_old(c, &written)?, store_marks::get(c)?))).await?;
        if !is_ours {
            // Another server was faster.
            forget(objects, &new).await;
        }
        present = mark.map_or(new, |mark| mark.id);
    }
    match objects.remove_mark(&old_id).await {
        Ok(()) => db.write(move |c| Ok(store_marks::forget_old(c, &old_id)?)).await?,
        Err(err) => {
            tracing::warn!(%err, "the mark of the database that this drive was moved from stays in the store; the next start tries again");
        }
    }
    Ok(present)
}

/// Refuses a store that has none of the sampled objects.
async fn check_samples(db: &Db, objects: &Objects) -> Result<(), NotOurs> {
    let samples = db.read(|c| Ok(store_marks::samples(c)?)).await?;
    let (all, found) = (samples.len(), count_found(objects, samples).await?);
    if all == 0 && db.read(|c| Ok(store_marks::is_new(c)?)).await? && has_files(objects).await? {
        return Err(NotOurs::Other(
            "the store in the data folder has files, and the database knows none: it is new, or another one than the drive's; name the drive's database with --database-url, or bring it back with `dray restore`".into(),
        ));
    }
    if all == 0 || found > 0 {
        return Ok(());
    }
    objects.check().await?;
    let bucket = objects.name();
    Err(NotOurs::Other(format!(
        "the object store (bucket {bucket}) does not have this drive's files: it has none of {all} that were looked for"
    )))
}

/// Whether this is the embedded store, which has only one drive, and has files. (A start that was interrupted may have left a
/// mark there.)
async fn has_files(objects: &Objects) -> drive::Result<bool> {
    if !objects.checks_what_it_completes() {
        return Ok(false);
    }
    let (files, _) = objects.list(OBJECT_PREFIX, None).await?;
    Ok(!files.is_empty())
}

/// Whether the drive has no store yet: neither a mark nor a file.
pub async fn is_without_store(db: &Db) -> drive::Result<bool> {
    db.read(|c| Ok(store_marks::get(c)?.is_none() && store_marks::samples(c)?.is_empty())).await
}

/// How many of the objects the store has.
async fn count_found(objects: &Objects, samples: Vec<Sample>) -> drive::Result<usize> {
    let mut looks = stream::iter(samples)
        .map(async |sample| {
            let head = objects.head(&sample.object_key).await?;
            Ok::<_, Error>(head.is_some_and(|head| head.size_bytes == sample.size_bytes))
        })
        .buffer_unordered(AT_ONCE);
    let mut found = 0;
    while let Some(is_there) = looks.next().await {
        found += usize::from(is_there?);
    }
    Ok(found)
}

/// Gives the store its first mark. The mark comes before its id: a database that has the id has a store with the mark,
/// wherever this is interrupted. A store that refuses the mark, or has no room, is used without one.
async fn mark_first(db: &Db, objects: &Objects, clock: &Clock) -> Result<Mark, NotOurs> {
    let id = random::text()?;
    if let Err(err) = objects.put_mark(&id).await {
        tracing::warn!(%err, "the store could not be marked as this drive's; the next start tries it again");
        return Ok(None);
    }
    let (new, now) = (id.clone(), clock.now());
    match db.write(move |c| Ok(store_marks::get_or_set(c, &new, now)?)).await {
        Ok(mark) if mark.id == id => Ok(Some(id)),
        // Another server was faster.
        Ok(mark) => {
            forget(objects, &id).await;
            marked(db, objects, mark, Marking::Allowed).await.map(Some)
        }
        Err(Error::NoSpace) => {
            forget(objects, &id).await;
            Ok(None)
        }
        Err(err) => Err(err.into()),
    }
}

/// Removes a mark that no database knows.
async fn forget(objects: &Objects, id: &str) {
    if let Err(err) = objects.remove_mark(id).await {
        tracing::warn!(%err, "a mark that is not used stays in the store");
    }
}

/// Whether `objects` was seen to be the store of the drive in `db`; `false` if the drive has no marked store yet. Fails if
/// the drive's store is another one.
pub async fn is_marked(db: &Db, objects: &Objects) -> Result<bool, NotOurs> {
    let Some(mark) = db.read(|c| Ok(store_marks::get(c)?)).await? else { return Ok(false) };
    marked(db, objects, mark, Marking::Allowed).await.map(|_| true)
}

/// Makes `objects` the store of the drive, whatever it has, because its operator says so. No other store is the drive's any
/// more. Returns how many of some sampled objects it has, and how many were looked for.
pub async fn adopt(db: &Db, objects: &Objects, clock: &Clock) -> drive::Result<(usize, usize)> {
    let samples = db.read(|c| Ok(store_marks::samples(c)?)).await?;
    let (all, found) = (samples.len(), count_found(objects, samples).await?);
    let (id, now) = (random::text()?, clock.now());
    let mark = match objects.put_mark(&id).await {
        Ok(()) => Some(StoreMark { id, next_id: None, old_id: None }),
        Err(err) if err.is_passing() => return Err(err),
        Err(err) => {
            tracing::warn!(%err, "the store could not be marked as this drive's");
            None
        }
    };
    db.write(move |c| Ok(store_marks::set(c, mark.as_ref(), now)?)).await?;
    Ok((found, all))
}

/// Records that all files of the drive were copied to `objects`, so that the next server may start there. The store before
/// it remains the drive's until then.
pub async fn follow(db: &Db, objects: &Objects) -> drive::Result<()> {
    let Some(mark) = db.read(|c| Ok(store_marks::get(c)?)).await? else { return Ok(()) };
    for id in [Some(&mark.id), mark.next_id.as_ref()].into_iter().flatten() {
        if objects.has_mark(id).await? {
            return Ok(());
        }
    }
    let id = random::text()?;
    objects.put_mark(&id).await?;
    db.write(move |c| Ok(store_marks::set_next(c, &id)?)).await
}

/// Copies what one database knows of its store into another one, to which its rows were moved. The first server on the other
/// database takes the store away from this one ([`leave`]).
pub async fn copy(from: &Db, to: &Db, clock: &Clock) -> drive::Result<()> {
    let (mark, now) = (from.read(|c| Ok(store_marks::get(c)?)).await?, clock.now());
    let mark = mark.map(|mark| StoreMark { old_id: Some(mark.id.clone()), ..mark });
    to.write(move |c| Ok(store_marks::set(c, mark.as_ref(), now)?)).await
}

/// Takes the drive in `db` away from its store at once, because its rows and its files were both moved: the server there
/// cannot reach this store.
pub async fn close(db: &Db) -> drive::Result<()> {
    db.write(|c| match store_marks::get(c)?.and_then(|mark| mark.next_id) {
        Some(next_id) => Ok(store_marks::take_next(c, &next_id)?),
        None => Ok(()),
    })
    .await
}
