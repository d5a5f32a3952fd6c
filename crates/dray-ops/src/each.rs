//! Work on very many objects, each of which may fail by itself. One object that cannot be read or written does not stop the others:
//! it gets an outcome with its name. Only a fault of the store as a whole, or of this machine's disk, ends the work.

use std::path::Path;

use futures_util::{StreamExt as _, stream};

use crate::dump::ItemObject;
use crate::on_disk::on_disk;
use crate::outcome::{Outcome, Told};
use crate::store::Store;
use dray_drive::{Error, Result};

/// How many objects are handled at once.
const AT_ONCE: usize = 4;

/// What the work needs as a whole, besides each object.
pub(crate) struct Needs<'a> {
    /// The stores that it reads or writes.
    pub(crate) stores: &'a [&'a Store],
    /// The folder that it writes to.
    pub(crate) folder: Option<&'a Path>,
}

impl Needs<'_> {
    /// After an error about one object: finds out whether the same would happen to all others.
    async fn check(&self, err: &Error) -> Result<()> {
        // A full disk, or a key that Dray never makes.
        if matches!(err, Error::NoSpace | Error::DiskFull { .. } | Error::InvalidField { .. }) {
            return Err(err.clone());
        }
        for store in self.stores {
            store.objects.check().await?;
        }
        let Some(folder) = self.folder else { return Ok(()) };
        tempfile::Builder::new().prefix("dray").tempfile_in(folder).map(drop).map_err(on_disk(folder))
    }
}

/// Says what there is to do.
pub(crate) fn plan(objects: &[ItemObject], tell: &mut impl FnMut(Told<'_>)) {
    let bytes = objects.iter().map(|object| object.size_bytes).sum();
    tell(Told::Plan { objects: objects.len() as u64, bytes });
}

/// Whether a second try may help. An error of this machine may be a lack of descriptors or memory.
fn may_pass(err: &Error) -> bool {
    err.is_passing() || matches!(err, Error::Internal { .. })
}

/// The outcome of an object for which there is an error.
fn failed(object: &ItemObject, err: &Error) -> Outcome {
    match err {
        Error::BytesDamaged { detail } => {
            Outcome::Damaged(object.trouble(format_args!("the store can no longer read its bytes: {detail}")))
        }
        err => Outcome::Failed(object.trouble(format_args!("this file failed: {err}"))),
    }
}

/// Does `work` for each object, and passes the outcome and what else `work` returned to `done`. An object whose error may
/// pass gets a second try after all others.
pub(crate) async fn each<T, F: Future<Output = Result<(T, Outcome)>>>(
    objects: Vec<ItemObject>,
    needs: &Needs<'_>,
    work: impl Fn(ItemObject) -> F,
    mut done: impl FnMut(ItemObject, Option<T>, &Outcome) -> Result<()>,
) -> Result<()> {
    let (mut round, mut is_last) = (objects, false);
    while !round.is_empty() {
        let mut again = Vec::new();
        let mut doing = stream::iter(round)
            .map(|object| {
                let doing = work(object.clone());
                async move { (object, doing.await) }
            })
            .buffer_unordered(AT_ONCE);
        while let Some((object, outcome)) = doing.next().await {
            match outcome {
                Ok((more, outcome)) => done(object, Some(more), &outcome)?,
                Err(err) => {
                    needs.check(&err).await?;
                    if may_pass(&err) && !is_last {
                        again.push(object);
                    } else {
                        let outcome = failed(&object, &err);
                        done(object, None, &outcome)?;
                    }
                }
            }
        }
        (round, is_last) = (again, true);
    }
    Ok(())
}
