//! The results of periodic work.

/// The results of a sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Finalizes that a crash interrupted, and whose items now exist.
    pub finalized: u64,
    /// Finalizes that a crash interrupted, and whose uploads are open again or gone.
    pub reopened: u64,
    /// Expired uploads that were aborted in the store.
    pub expired: u64,
    /// Uploads that were aborted because the store had more bytes than were announced.
    pub oversized: u64,
    /// Items whose time in the trash is over.
    pub trash_expired: u64,
    /// Items that were removed permanently.
    pub removed: u64,
    /// Objects that the store has removed.
    pub objects_removed: u64,
}
