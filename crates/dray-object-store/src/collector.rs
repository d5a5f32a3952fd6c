//! Removes the files that nothing refers to: garbage noted by commits and, after a crash, files that no
//! commit ever named. One thread; it never decides what garbage is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use rusqlite::Connection;

use crate::{
    disk::{Disk, SharedDisk},
    failure::Failure,
    ids::{PartFileId, SetId},
    meta::{Meta, garbage},
    pins::Pins,
    reserve::Reserve,
};

/// Files looked at between two database jobs.
const BATCH: usize = 256;
/// A wake-up may be lost when a client leaves at the wrong moment; this bounds how long its garbage stays.
const PERIOD: Duration = Duration::from_mins(1);

/// Reads and removes on behalf of one store.
pub(crate) struct Collector {
    pub(crate) meta: Arc<Meta>,
    pub(crate) disk: SharedDisk,
    pub(crate) pins: Pins,
    pub(crate) reserve: Arc<Reserve>,
    /// Set, and then woken, when the store closes.
    pub(crate) stop: Arc<AtomicBool>,
}

impl Collector {
    /// Starts the thread.
    pub(crate) fn start(self, woken: Receiver<()>, scan: bool) -> std::io::Result<thread::JoinHandle<()>> {
        thread::Builder::new().name("store-collector".to_owned()).spawn(move || {
            if scan {
                report(self.scan());
            }
            while !self.stopped() {
                report(self.collect());
                self.reserve.refill();
                if let Err(RecvTimeoutError::Disconnected) = woken.recv_timeout(PERIOD) {
                    return;
                }
            }
        })
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn collect(&self) -> Result<(), Failure> {
        self.collect_files()?;
        self.collect_sets()
    }

    /// Removes the files of replaced parts: nobody reads an upload's parts, so nobody has them open.
    fn collect_files(&self) -> Result<(), Failure> {
        while !self.stopped() {
            let files = self.meta.read_blocking(|db| Ok(garbage::files(db, BATCH)?))?;
            if files.is_empty() {
                return Ok(());
            }
            self.remove(&files)?;
            self.forget(move |db| files.iter().try_for_each(|file| garbage::forget_file(db, *file)))?;
        }
        Ok(())
    }

    /// Removes sets that are not being read.
    fn collect_sets(&self) -> Result<(), Failure> {
        let mut after = SetId(0);
        while !self.stopped() {
            let sets = self.meta.read_blocking(|db| Ok(garbage::sets(db, after, BATCH)?))?;
            let Some(last) = sets.last() else {
                return Ok(());
            };
            after = *last;
            let free: Vec<SetId> = sets.into_iter().filter(|set| !self.pins.is_pinned(*set)).collect();
            free.iter().try_for_each(|set| self.remove_files_of(*set))?;
            self.forget(move |db| free.iter().try_for_each(|set| garbage::forget_set(db, *set)))?;
        }
        Ok(())
    }

    /// Commits that garbage is gone, with the reserve's help if the disk is full.
    fn forget(
        &self,
        job: impl Fn(&Connection) -> rusqlite::Result<()> + Clone + Send + 'static,
    ) -> Result<(), Failure> {
        let again = job.clone();
        let forgotten = self.meta.write_blocking(move |db| Ok(job(db)?));
        if !forgotten.as_ref().is_err_and(Failure::is_full) {
            return forgotten;
        }
        self.reserve.release();
        self.meta.write_blocking(move |db| Ok(again(db)?))
    }

    fn remove_files_of(&self, set: SetId) -> Result<(), Failure> {
        let mut after = set.part_ids().0;
        loop {
            let files = self.meta.read_blocking(|db| Ok(garbage::files_of_set(db, set, after, BATCH)?))?;
            let Some(last) = files.last() else {
                return Ok(());
            };
            after = last.part_id;
            self.remove(&files)?;
        }
    }

    fn remove(&self, files: &[PartFileId]) -> Result<(), Failure> {
        Ok(files.iter().try_for_each(|file| self.disk.remove(*file))?)
    }

    /// After a crash: removes the files that no row names. A file whose request is still under way is not
    /// among the settled ones; a file that is settled and not named will never be.
    fn scan(&self) -> Result<(), Failure> {
        let mut removed = 0;
        for folder in Disk::folders() {
            let files = self.disk.settled_files(folder)?;
            for batch in files.chunks(BATCH) {
                if self.stopped() {
                    return Ok(());
                }
                let orphans = self.meta.read_blocking(|db| unnamed(db, batch))?;
                self.remove(&orphans)?;
                removed += orphans.len();
            }
        }
        self.disk.scanned();
        tracing::info!(removed, "looked for part files that a crash left behind");
        Ok(())
    }
}

fn unnamed(db: &Connection, files: &[PartFileId]) -> Result<Vec<PartFileId>, Failure> {
    let mut orphans = Vec::new();
    for file in files {
        if !garbage::is_named(db, *file)? {
            orphans.push(*file);
        }
    }
    Ok(orphans)
}

fn report(result: Result<(), Failure>) {
    if let Err(Failure { cause, .. }) = result {
        tracing::warn!(?cause, "garbage could not be removed; it is tried again later");
    }
}
