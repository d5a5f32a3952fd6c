//! How a transfer tells how far it is. Draws nothing.

/// Listens to transfers. Called from the transfer itself: an implementation must be quick and never block.
pub trait Progress: Send + Sync {
    /// That many more bytes are to be moved.
    fn expect(&self, bytes: u64);
    /// That many bytes were moved.
    fn moved(&self, bytes: u64);
    /// That many of the bytes that were moved must be moved again.
    fn undone(&self, bytes: u64);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn expect(&self, _: u64) {}
    fn moved(&self, _: u64) {}
    fn undone(&self, _: u64) {}
}
