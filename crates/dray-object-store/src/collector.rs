//! Removes the files that nothing refers to: garbage that commits recorded and, after a crash, files that no commit
//! ever named. It runs on one thread. It never decides what is garbage.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use dray_sqlite::WAL_CHECK_EVERY;
use rusqlite::Connection;

use crate::{
    allowance::Allowances,
    disk::{Disk, SharedDisk},
    failure::Failure,
    ids::{PartFileId, SetId},
    meta::{Meta, garbage},
    pins::Pins,
    reserve::Reserve,
};

/// How many files it handles between two database jobs.
const BATCH: usize = 256;
/// A wake-up may be lost if a client disconnects at the wrong moment. This limits how long its garbage stays.
const PERIOD: Duration = Duration::from_mins(1);
/// Garbage of this period is collected together, because most wake-ups have nothing to collect.
const TOGETHER: Duration = Duration::from_millis(50);

/// Reads and removes files for one store.
pub(crate) struct Collector {
    pub(crate) meta: Arc<Meta>,
    pub(crate) disk: SharedDisk,
    pub(crate) pins: Pins,
    /// The allowances, which learn which files of replaced parts are gone.
    pub(crate) allowances: Arc<Allowances>,
    pub(crate) reserve: Arc<Reserve>,
    /// Set, and then woken, when the store closes.
    pub(crate) stop: Arc<AtomicBool>,
}

/// Files that could not be removed.
#[derive(Default)]
struct Stuck {
    files: usize,
    /// The last of the reasons.
    why: Option<io::Error>,
}

impl Stuck {
    /// The reason, for the log.
    fn why(&self) -> Option<String> {
        self.why.as_ref().map(ToString::to_string)
    }
}

impl Collector {
    /// Starts the thread.
    pub(crate) fn start(self, woken: Receiver<()>, scan: bool) -> io::Result<thread::JoinHandle<()>> {
        thread::Builder::new().name("store-collector".to_owned()).spawn(move || {
            if scan {
                self.scan();
            }
            let mut stuck = Stuck::default();
            while !self.stopped() {
                let before = stuck.files;
                stuck = self.collect();
                // Logged when the number grows, not at every wake-up.
                if stuck.files > before {
                    tracing::warn!(
                        files = stuck.files,
                        why = stuck.why(),
                        "some garbage could not be removed; it is tried again later"
                    );
                }
                self.reserve.refill();
                if !self.wait(&woken) {
                    return;
                }
            }
        })
    }

    /// Waits until there may be something to remove; `false` if the store is closed. While it waits, it keeps the log
    /// short.
    fn wait(&self, woken: &Receiver<()>) -> bool {
        let mut waited = Duration::ZERO;
        while waited < PERIOD {
            match woken.recv_timeout(WAL_CHECK_EVERY) {
                Ok(()) => {
                    thread::sleep(TOGETHER);
                    return true;
                }
                Err(RecvTimeoutError::Timeout) => self.meta.shrink_log(),
                Err(RecvTimeoutError::Disconnected) => return false,
            }
            waited += WAL_CHECK_EVERY;
        }
        true
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Removes what can be removed.
    fn collect(&self) -> Stuck {
        let mut stuck = Stuck::default();
        // Sets come first, because files that only sets share may become garbage with them.
        report(self.collect_sets(&mut stuck));
        report(self.collect_files(&mut stuck));
        stuck
    }

    /// Removes files that no part and no piece names. Some are files of replaced parts. Nobody has those open,
    /// because nobody reads an upload's parts. The others are shared files whose last set is gone, and a set goes
    /// only when nobody reads it.
    fn collect_files(&self, stuck: &mut Stuck) -> Result<(), Failure> {
        let mut after = None;
        while !self.stopped() {
            let files = self.meta.read_blocking(|db| Ok(garbage::files(db, after, BATCH)?))?;
            let Some(last) = files.last() else {
                return Ok(());
            };
            after = Some(*last);
            let gone: Vec<PartFileId> = files.into_iter().filter(|file| self.remove(*file, stuck)).collect();
            for file in &gone {
                self.allowances.removed(*file);
            }
            self.forget(move |db| gone.iter().try_for_each(|file| garbage::forget_file(db, *file)))?;
        }
        Ok(())
    }

    /// Removes the files of sets that nobody reads. If only a garbage set names a file, no other set will ever name it,
    /// because copies are made from live objects only. So the file can be removed before the set is forgotten.
    fn collect_sets(&self, stuck: &mut Stuck) -> Result<(), Failure> {
        let mut after = SetId(0);
        while !self.stopped() {
            let sets = self.meta.read_blocking(|db| Ok(garbage::sets(db, after, BATCH)?))?;
            let Some(last) = sets.last() else {
                return Ok(());
            };
            after = *last;
            let mut gone = Vec::with_capacity(sets.len());
            for set in sets.into_iter().filter(|set| !self.pins.is_pinned(*set)) {
                if self.remove_files_of(set, stuck)? {
                    gone.push(set);
                }
            }
            self.forget_sets(gone)?;
        }
        Ok(())
    }

    /// Forgets sets in several transactions, because one set may have 10,000 parts, and others wait for the writer.
    fn forget_sets(&self, mut gone: Vec<SetId>) -> Result<(), Failure> {
        while !gone.is_empty() && !self.stopped() {
            let sets = gone.clone();
            let forgotten = self.forget(move |db| garbage::forget_sets(db, &sets, BATCH))?;
            gone.drain(..forgotten);
        }
        Ok(())
    }

    /// Commits that garbage is removed. If the disk is full, it uses the reserve.
    fn forget<T: Send + 'static>(
        &self,
        job: impl Fn(&Connection) -> rusqlite::Result<T> + Clone + Send + 'static,
    ) -> Result<T, Failure> {
        let again = job.clone();
        let forgotten = self.meta.write_blocking(move |db| Ok(job(db)?));
        if !forgotten.as_ref().is_err_and(Failure::is_full) {
            return forgotten;
        }
        self.reserve.release();
        self.meta.write_blocking(move |db| Ok(again(db)?))
    }

    /// Removes the files of a set, and says whether all of them are gone.
    fn remove_files_of(&self, set: SetId, stuck: &mut Stuck) -> Result<bool, Failure> {
        let stuck_before = stuck.files;
        let mut after = set.part_ids().0;
        loop {
            let files = self.meta.read_blocking(|db| Ok(garbage::files_of_set(db, set, after, BATCH)?))?;
            let Some(last) = files.last() else {
                return Ok(stuck.files == stuck_before);
            };
            after = last.part_id;
            for file in files {
                self.remove(file, stuck);
            }
        }
    }

    /// Removes a file, and says whether it is gone. If one cannot be removed, the others still are.
    fn remove(&self, file: PartFileId, stuck: &mut Stuck) -> bool {
        match self.disk.remove(file) {
            Ok(()) => true,
            Err(error) => {
                *stuck = Stuck { files: stuck.files + 1, why: Some(error) };
                false
            }
        }
    }

    /// After a crash: removes the files that no row names. It skips files whose request is still under way. For all
    /// other files without a row, no request will name them any more. If the scan did not look at all files, or could
    /// not remove all that it should, the next start scans again.
    fn scan(&self) {
        let (mut removed, mut stuck, mut complete) = (0, Stuck::default(), true);
        for folder in Disk::folders() {
            let scanned = self.scan_folder(folder, &mut removed, &mut stuck);
            complete &= scanned.is_ok();
            report(scanned);
        }
        if complete && stuck.files == 0 && !self.stopped() {
            self.disk.scanned();
        }
        tracing::info!(
            removed,
            stuck = stuck.files,
            why = stuck.why(),
            "looked for part files that a crash left behind"
        );
    }

    fn scan_folder(&self, folder: u16, removed: &mut usize, stuck: &mut Stuck) -> Result<(), Failure> {
        for batch in self.disk.settled_files(folder)?.chunks(BATCH) {
            if self.stopped() {
                return Ok(());
            }
            for orphan in self.meta.read_blocking(|db| unnamed(db, batch))? {
                *removed += usize::from(self.remove(orphan, stuck));
            }
        }
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
    if let Err(failure) = result {
        tracing::warn!(cause = failure.told(), "garbage could not be removed; it is tried again later");
    }
}
