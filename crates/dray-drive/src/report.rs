//! What is told of work that was done from time to time.

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Finalizes that a crash had cut off, and whose items now exist.
    pub finalized: u64,
    /// Finalizes that a crash had cut off, and whose uploads are open again or gone.
    pub reopened: u64,
    /// Uploads that had expired and were aborted in the store.
    pub expired: u64,
    /// Uploads of which the store had more than was announced, and that were aborted.
    pub oversized: u64,
    /// Items whose time in the trash is over.
    pub trash_expired: u64,
    /// Items that were removed for good.
    pub removed: u64,
    /// Objects that the store has removed.
    pub objects_removed: u64,
}
