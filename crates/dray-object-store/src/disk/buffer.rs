//! Page-aligned buffers of one block each. What they hold and where it goes is their users' matter.
//!
//! `O_DIRECT` wants aligned memory; `Vec` gives no alignment, so a little more is allocated and the aligned
//! stretch in it is used. Buffers are kept and used again: memory stays flat and pages stay mapped.

use std::{
    ops::{Deref, DerefMut, Range},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of a block: the unit of writing, of reading and of the checksums that are kept of stored bytes.
pub(crate) const BLOCK_BYTES: usize = 256 << 10;
/// What memory addresses, file offsets and lengths of direct writes are multiples of.
pub(crate) const ALIGNMENT: usize = 4096;
/// Most buffers that uploads hold at once (128 MiB); further uploads wait for one.
const MAX_UPLOAD_BUFFERS: usize = 512;
/// Most buffers kept for later (32 MiB).
const MAX_IDLE_BUFFERS: usize = 128;

/// Where buffers come from and go back to.
#[derive(Clone)]
pub(crate) struct Buffers {
    idle: Arc<Mutex<Vec<Vec<u8>>>>,
    uploads: Arc<Semaphore>,
}

impl Buffers {
    pub(crate) fn new() -> Self {
        Self { idle: Arc::default(), uploads: Arc::new(Semaphore::new(MAX_UPLOAD_BUFFERS)) }
    }

    /// A buffer for an upload that has none yet; waits while too many are out.
    pub(crate) async fn for_upload(&self) -> Buffer {
        let permit = Arc::clone(&self.uploads).acquire_owned().await.ok();
        self.take(permit)
    }

    /// A second buffer for an upload, if one is to be had at once: waiting for it while holding the first
    /// could wait for ever.
    pub(crate) fn try_second(&self) -> Option<Buffer> {
        let permit = Arc::clone(&self.uploads).try_acquire_owned().ok()?;
        Some(self.take(Some(permit)))
    }

    /// A buffer for a download, which holds at most three.
    pub(crate) fn for_download(&self) -> Buffer {
        self.take(None)
    }

    fn take(&self, permit: Option<OwnedSemaphorePermit>) -> Buffer {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let memory = kept.unwrap_or_else(|| vec![0; BLOCK_BYTES + ALIGNMENT]);
        let start = memory.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Buffer { memory, start, home: self.clone(), _permit: permit }
    }
}

/// [`BLOCK_BYTES`] bytes of aligned memory; what they hold at first is unspecified (an earlier user's bytes).
pub(crate) struct Buffer {
    memory: Vec<u8>,
    start: usize,
    home: Buffers,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + BLOCK_BYTES]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + BLOCK_BYTES]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut idle = self.home.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE_BUFFERS {
            idle.push(std::mem::take(&mut self.memory));
        }
    }
}

/// A stretch of a buffer that a body is answered from: `Bytes::from_owner` gives the buffer back afterwards.
pub(crate) struct Slice {
    pub(crate) buffer: Buffer,
    pub(crate) range: Range<usize>,
}

impl AsRef<[u8]> for Slice {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[self.range.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_aligned_and_used_again() {
        let buffers = Buffers::new();
        let (mut first, second) = (buffers.for_download(), buffers.for_download());
        for buffer in [&first, &second] {
            assert_eq!(buffer.as_ptr().align_offset(ALIGNMENT), 0);
            assert_eq!(buffer.len(), BLOCK_BYTES);
        }
        first[7] = 42;
        drop(first);
        assert_eq!(buffers.for_download()[7], 42);
    }

    #[test]
    fn a_second_buffer_is_refused_rather_than_waited_for() {
        let buffers = Buffers::new();
        let mut held: Vec<Buffer> = std::iter::from_fn(|| buffers.try_second()).collect();
        assert_eq!(held.len(), MAX_UPLOAD_BUFFERS);
        held.pop();
        assert!(buffers.try_second().is_some());
    }
}
