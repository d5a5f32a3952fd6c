//! How much disk space the parts of an upload may take, if its size was announced. This file knows no HTTP and no SQL.
//!
//! A part counts from before its body is read until its bytes are removed, so parallel requests cannot exceed the
//! limit together. The counts are in memory. The first request about an upload reads them from the database, also
//! after a restart.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use dray_s3::ErrorCode;
use dray_sqlite::Settled;
use tokio::sync::watch;

use crate::{
    failure::Failure,
    ids::{PartFileId, SetId, split_part_id},
};

/// An upload may store its file twice, because a client may cut the file again into other parts.
const TIMES: u64 = 2;
/// What any upload may store beyond that, so that a tiny file can be sent again while an earlier try is still arriving.
const SLACK_BYTES: u64 = 64 << 10;
/// How many parts an upload may have beyond twice the number that its file needs: an empty part takes space too.
const SLACK_PARTS: u64 = 16;
/// How many uploads keep their counts in memory while none of their parts is arriving. Others are read again when needed.
const MAX_IDLE: usize = 65_536;

/// Parts, and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) parts: u64,
    pub(crate) bytes: u64,
}

impl Held {
    fn part(bytes: u64) -> Self {
        Self { parts: 1, bytes }
    }

    fn add(&mut self, other: Self) {
        self.parts += other.parts;
        self.bytes += other.bytes;
    }

    fn take(&mut self, other: Self) {
        self.parts = self.parts.saturating_sub(other.parts);
        self.bytes = self.bytes.saturating_sub(other.bytes);
    }
}

/// A stored part that another one replaces. Its file, if it has one, is removed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Replaced {
    pub(crate) bytes: u64,
    pub(crate) file: Option<PartFileId>,
}

/// The allowances of all uploads of a store.
pub(crate) struct Allowances {
    min_part_bytes: u64,
    known: Mutex<HashMap<SetId, Arc<Allowance>>>,
}

impl Allowances {
    pub(crate) fn new(min_part_bytes: u64) -> Self {
        Self { min_part_bytes: min_part_bytes.max(1), known: Mutex::default() }
    }

    /// The allowance of an upload. `stored` reads from the database what the upload has stored.
    pub(crate) fn of(
        &self,
        set: SetId,
        announced_bytes: u64,
        stored: impl FnOnce() -> Result<Held, Failure>,
    ) -> Result<Arc<Allowance>, Failure> {
        let mut known = lock(&self.known);
        if let Some(allowance) = known.get(&set) {
            return Ok(Arc::clone(allowance));
        }
        // No other request has this upload's allowance. So none of its parts is being committed, and the counts stay
        // true.
        let counts = Counts { stored: stored()?, ..Counts::default() };
        if known.len() >= MAX_IDLE {
            known.retain(|_, allowance| allowance.is_needed());
        }
        let allowance = Arc::new(Allowance {
            announced_bytes,
            max_parts: (announced_bytes / self.min_part_bytes + 1) * TIMES + SLACK_PARTS,
            counts: Mutex::new(counts),
            is_over: watch::Sender::new(false),
        });
        known.insert(set, Arc::clone(&allowance));
        Ok(allowance)
    }

    /// Cuts off the parts that still arrive for an upload that was aborted or completed.
    pub(crate) fn end(&self, set: SetId) {
        if let Some(allowance) = lock(&self.known).remove(&set) {
            allowance.is_over.send_replace(true);
        }
    }

    /// Releases the bytes of a replaced part, whose file is removed now.
    pub(crate) fn removed(&self, file: PartFileId) {
        let allowance = lock(&self.known).get(&split_part_id(file.part_id).0).cloned();
        if let Some(allowance) = allowance {
            allowance.counts().replaced.remove(&file);
        }
    }
}

/// What one upload may still store.
pub(crate) struct Allowance {
    announced_bytes: u64,
    max_parts: u64,
    counts: Mutex<Counts>,
    is_over: watch::Sender<bool>,
}

#[derive(Default)]
struct Counts {
    /// Parts with a row.
    stored: Held,
    /// Parts whose bodies are arriving.
    incoming: Held,
    /// Files of replaced parts that are not removed yet.
    replaced: HashMap<PartFileId, u64>,
}

impl Allowance {
    /// Counts a part before its body is read. `there` reads the part that is stored under the same number.
    ///
    /// `EntityTooLarge` if the part can never be stored; `SlowDown` if it can be stored once other parts have arrived
    /// or are removed.
    pub(crate) fn reserve(
        self: &Arc<Self>,
        bytes: u64,
        there: impl FnOnce() -> Result<Option<u64>, Failure>,
    ) -> Result<Reservation, Failure> {
        if bytes > self.announced_bytes {
            return Err(too_large(format!(
                "The part has {bytes} bytes, but the upload was announced with {} bytes in all",
                self.announced_bytes
            )));
        }
        if !self.try_reserve(bytes) {
            return Err(self.refusal(bytes, there()?));
        }
        Ok(Reservation { allowance: Arc::clone(self), bytes, outcome: Mutex::default() })
    }

    fn try_reserve(&self, bytes: u64) -> bool {
        let mut counts = self.counts();
        let mut would_be = counts.stored;
        would_be.add(counts.incoming);
        would_be.add(Held::part(bytes));
        would_be.bytes += counts.replaced.values().sum::<u64>();
        let fits = self.allows(would_be);
        if fits {
            counts.incoming.add(Held::part(bytes));
        }
        fits
    }

    fn refusal(&self, bytes: u64, there: Option<u64>) -> Failure {
        let mut would_be = self.counts().stored;
        would_be.take(there.map(Held::part).unwrap_or_default());
        would_be.add(Held::part(bytes));
        if self.allows(would_be) {
            let message = "Other parts of this upload are arriving or being replaced; try again";
            return Failure::new(ErrorCode::SlowDown, message);
        }
        let Held { parts, bytes } = would_be;
        let (most, most_parts) = (self.max_bytes(), self.max_parts);
        too_large(format!(
            "The upload would have {parts} parts of {bytes} bytes in all. It was announced with {} bytes, so it may have \
             {most_parts} parts of {most} bytes. Abort it and start again",
            self.announced_bytes
        ))
    }

    fn allows(&self, held: Held) -> bool {
        held.bytes <= self.max_bytes() && held.parts <= self.max_parts
    }

    fn max_bytes(&self) -> u64 {
        self.announced_bytes.saturating_mul(TIMES).saturating_add(SLACK_BYTES)
    }

    /// Whether it holds counts that are not in the database.
    fn is_needed(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 1 || !self.counts().replaced.is_empty()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        lock(&self.counts)
    }
}

/// A part that counts while its body arrives. The outcome counts when the last owner of the reservation drops it.
pub(crate) struct Reservation {
    allowance: Arc<Allowance>,
    bytes: u64,
    outcome: Mutex<Outcome>,
}

#[derive(Default, Clone, Copy)]
struct Outcome {
    replaced: Option<Replaced>,
    is_stored: bool,
}

impl Reservation {
    /// Records that the part replaces another one, unless the commit fails. Call it before the commit, because the
    /// collector may remove the file right after the commit.
    pub(crate) fn replaces(&self, replaced: Replaced) {
        if let Some(file) = replaced.file {
            self.allowance.counts().replaced.insert(file, replaced.bytes);
        }
        lock(&self.outcome).replaced = Some(replaced);
    }

    /// Records the outcome of the commit. If the outcome is unknown, the part may be stored.
    pub(crate) fn settle(&self, settled: Settled) {
        lock(&self.outcome).is_stored = settled != Settled::Undone;
    }

    /// Returns when the upload is aborted or completed.
    pub(crate) async fn upload_is_over(&self) {
        let mut is_over = self.allowance.is_over.subscribe();
        // The sender is a field of the allowance, which this reservation holds.
        let _ = is_over.wait_for(|is_over| *is_over).await;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let Outcome { replaced, is_stored } = *lock(&self.outcome);
        let mut counts = self.allowance.counts();
        counts.incoming.take(Held::part(self.bytes));
        if is_stored {
            counts.stored.add(Held::part(self.bytes));
            counts.stored.take(replaced.map(|replaced| Held::part(replaced.bytes)).unwrap_or_default());
        } else if let Some(file) = replaced.and_then(|replaced| replaced.file) {
            counts.replaced.remove(&file);
        }
    }
}

fn too_large(message: String) -> Failure {
    Failure::new(ErrorCode::EntityTooLarge, message)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;
    const SET: SetId = SetId(7);

    fn of(allowances: &Allowances, announced_bytes: u64, stored: Held) -> Arc<Allowance> {
        allowances.of(SET, announced_bytes, || Ok(stored)).unwrap()
    }

    fn code(reserved: Result<Reservation, Failure>) -> ErrorCode {
        reserved.err().unwrap().error.code
    }

    fn store(allowance: &Arc<Allowance>, bytes: u64, replaced: Option<Replaced>) {
        let reservation = allowance.reserve(bytes, || Ok(None)).unwrap();
        if let Some(replaced) = replaced {
            reservation.replaces(replaced);
        }
        reservation.settle(Settled::Committed);
    }

    #[test]
    fn no_part_is_larger_than_the_file() {
        let allowances = Allowances::new(MIB);
        let allowance = of(&allowances, 10, Held::default());
        assert_eq!(code(allowance.reserve(11, || Ok(None))), ErrorCode::EntityTooLarge);
        assert!(allowance.reserve(10, || Ok(None)).is_ok());
        let empty = allowances.of(SetId(8), 0, || Ok(Held::default())).unwrap();
        assert_eq!(code(empty.reserve(1, || Ok(None))), ErrorCode::EntityTooLarge);
        assert!(empty.reserve(0, || Ok(None)).is_ok());
    }

    #[test]
    fn bodies_that_come_in_count_until_they_are_dropped() {
        let allowance = of(&Allowances::new(MIB), 4 * MIB, Held::default());
        let coming: Vec<_> = (0..2).map(|_| allowance.reserve(4 * MIB, || Ok(None)).unwrap()).collect();
        assert_eq!(code(allowance.reserve(4 * MIB, || Ok(None))), ErrorCode::SlowDown);
        drop(coming);
        assert!(allowance.reserve(4 * MIB, || Ok(None)).is_ok());
    }

    #[test]
    fn many_empty_parts_are_bounded_too() {
        let allowance = of(&Allowances::new(MIB), 0, Held::default());
        let taken = std::iter::from_fn(|| allowance.reserve(0, || Ok(None)).ok()).collect::<Vec<_>>();
        assert_eq!(taken.len() as u64, TIMES + SLACK_PARTS);
    }

    #[test]
    fn parts_that_were_stored_before_a_restart_count() {
        let stored = Held { parts: 2, bytes: 8 * MIB };
        let allowance = of(&Allowances::new(MIB), 4 * MIB, stored);
        assert_eq!(code(allowance.reserve(4 * MIB, || Ok(None))), ErrorCode::EntityTooLarge);
        // It could replace one of the two parts, but there is no room for it beside them.
        assert_eq!(code(allowance.reserve(4 * MIB, || Ok(Some(4 * MIB)))), ErrorCode::SlowDown);
    }

    #[test]
    fn a_replaced_part_counts_until_its_file_is_gone() {
        let allowances = Allowances::new(MIB);
        let allowance = of(&allowances, 4 * MIB, Held::default());
        store(&allowance, 4 * MIB, None);
        let file = PartFileId { part_id: SET.part_id(1), tag: 1 };
        store(&allowance, 4 * MIB, Some(Replaced { bytes: 4 * MIB, file: Some(file) }));
        assert_eq!(code(allowance.reserve(4 * MIB, || Ok(Some(4 * MIB)))), ErrorCode::SlowDown);
        allowances.removed(file);
        assert!(allowance.reserve(4 * MIB, || Ok(None)).is_ok());
    }

    #[test]
    fn a_commit_that_failed_leaves_no_count() {
        let allowance = of(&Allowances::new(MIB), MIB, Held::default());
        for tag in 0..10 {
            let reservation = allowance.reserve(MIB, || Ok(None)).unwrap();
            let file = Some(PartFileId { part_id: SET.part_id(1), tag });
            reservation.replaces(Replaced { bytes: MIB, file });
            reservation.settle(Settled::Undone);
        }
        let counts = allowance.counts();
        assert_eq!(
            (counts.incoming, counts.stored, counts.replaced.len()),
            (Held::default(), Held::default(), 0)
        );
    }

    #[tokio::test]
    async fn an_arriving_body_is_told_that_its_upload_is_over() {
        let allowances = Allowances::new(MIB);
        let reservation = of(&allowances, MIB, Held::default()).reserve(1, || Ok(None)).unwrap();
        allowances.end(SET);
        reservation.upload_is_over().await;
    }
}
