//! How a transfer reports its progress. It draws nothing.

/// Receives the progress of transfers. The transfer itself calls it, so an implementation must be quick and never block.
pub trait Progress: Send + Sync {
    /// Called when this many more bytes will be transferred.
    fn expect(&self, bytes: u64);
    /// Called when this many bytes were transferred.
    fn moved(&self, bytes: u64);
    /// Called when this many of the transferred bytes must be transferred again.
    fn undone(&self, bytes: u64);
}

/// Reports nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn expect(&self, _: u64) {}
    fn moved(&self, _: u64) {}
    fn undone(&self, _: u64) {}
}
