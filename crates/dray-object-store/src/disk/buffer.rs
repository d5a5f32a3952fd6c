//! Page-aligned buffers of one block each. They do not know what they hold or where it goes.
//!
//! `O_DIRECT` needs aligned memory. `Vec` is not aligned, so each buffer allocates a little more and uses the aligned
//! range within it. Buffers are reused, so memory use stays flat and pages stay mapped.

use std::{
    ops::{Deref, DerefMut, Range},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::WhenShort;

/// Bytes of a block: the unit of writing, of reading, and of the stored checksums.
pub(crate) const BLOCK_BYTES: usize = 256 << 10;
/// Memory addresses, file offsets and lengths of direct writes must be multiples of this.
pub(crate) const ALIGNMENT: usize = 4096;
/// The maximum number of buffers that uploads hold at once (128 MiB); further uploads wait for one.
const MAX_UPLOAD_BUFFERS: usize = 512;
/// The maximum number of buffers that downloads hold at once (64 MiB). This includes buffers in a connection whose
/// client has not read them yet.
const MAX_DOWNLOAD_BUFFERS: usize = 256;
/// The longest wait for the first buffer of a transfer: less than clients wait for an answer.
const MAX_WAIT: Duration = Duration::from_secs(10);
/// A download that has waited this long reports that memory is short.
const SHORT_AFTER: Duration = Duration::from_millis(50);
/// The maximum number of buffers kept for later (32 MiB).
const MAX_IDLE_BUFFERS: usize = 128;

/// Lends buffers and takes them back.
#[derive(Clone)]
pub(crate) struct Buffers {
    idle: Arc<Mutex<Vec<Vec<u8>>>>,
    uploads: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
    when_short: WhenShort,
}

impl Buffers {
    pub(crate) fn new(when_short: WhenShort) -> Self {
        Self {
            when_short,
            idle: Arc::default(),
            uploads: Arc::new(Semaphore::new(MAX_UPLOAD_BUFFERS)),
            downloads: Arc::new(Semaphore::new(MAX_DOWNLOAD_BUFFERS)),
        }
    }

    /// A buffer for an upload that holds none; `None` when too many stay in use for [`MAX_WAIT`].
    pub(crate) async fn for_upload(&self) -> Option<Buffer> {
        let permit = tokio::time::timeout(MAX_WAIT, Arc::clone(&self.uploads).acquire_owned()).await;
        Some(self.take(permit.ok()?.ok()?))
    }

    /// A buffer for an upload, if one is free. A caller that holds another buffer must not wait for one, or all
    /// callers could wait forever.
    pub(crate) fn try_upload(&self) -> Option<Buffer> {
        let permit = Arc::clone(&self.uploads).try_acquire_owned().ok()?;
        Some(self.take(permit))
    }

    /// The first buffer of a download; `None` when too many stay in use for [`MAX_WAIT`].
    pub(crate) async fn for_download(&self) -> Option<Buffer> {
        tokio::time::timeout(MAX_WAIT, self.for_download_under_way()).await.ok()?
    }

    /// A further buffer for a download. It waits for buffers of downloads (also its own), which come back when
    /// clients read, or when the server cuts off clients that do not read. Never `None`.
    pub(crate) async fn for_download_under_way(&self) -> Option<Buffer> {
        let mut permit = pin!(Arc::clone(&self.downloads).acquire_owned());
        loop {
            match tokio::time::timeout(SHORT_AFTER, &mut permit).await {
                Ok(permit) => return Some(self.take(permit.ok()?)),
                Err(_) => self.when_short.tell(),
            }
        }
    }

    /// A buffer to read ahead into, if many are free, so that nobody else has to wait because of it.
    pub(crate) fn try_ahead(&self) -> Option<Buffer> {
        if self.downloads.available_permits() <= MAX_DOWNLOAD_BUFFERS / 2 {
            return None;
        }
        let permit = Arc::clone(&self.downloads).try_acquire_owned().ok()?;
        Some(self.take(permit))
    }

    fn take(&self, permit: OwnedSemaphorePermit) -> Buffer {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let memory = kept.unwrap_or_else(|| vec![0; BLOCK_BYTES + ALIGNMENT]);
        let start = memory.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Buffer { memory, start, home: self.clone(), _permit: permit }
    }
}

/// [`BLOCK_BYTES`] bytes of aligned memory. Its first content is unspecified (an earlier user's bytes).
pub(crate) struct Buffer {
    memory: Vec<u8>,
    start: usize,
    home: Buffers,
    _permit: OwnedSemaphorePermit,
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

/// The range of a buffer that an answer sends. `Bytes::from_owner` returns the buffer afterwards.
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
        let buffers = Buffers::new(WhenShort::default());
        let (mut first, second) = (buffers.try_upload().unwrap(), buffers.try_ahead().unwrap());
        for buffer in [&first, &second] {
            assert_eq!(buffer.as_ptr().align_offset(ALIGNMENT), 0);
            assert_eq!(buffer.len(), BLOCK_BYTES);
        }
        first[7] = 42;
        drop(first);
        assert_eq!(buffers.try_ahead().unwrap()[7], 42);
    }

    #[tokio::test(start_paused = true)]
    async fn uploads_wait_for_a_buffer_but_not_forever() {
        let buffers = Buffers::new(WhenShort::default());
        let mut held: Vec<Buffer> = std::iter::from_fn(|| buffers.try_upload()).collect();
        assert_eq!(held.len(), MAX_UPLOAD_BUFFERS);
        assert!(buffers.for_upload().await.is_none());
        let (waited, ()) = tokio::join!(buffers.for_upload(), async { drop(held.pop()) });
        assert!(waited.is_some() && buffers.try_upload().is_none());
        drop(waited);
        assert!(buffers.try_upload().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn downloads_hold_a_limited_number_of_buffers() {
        let buffers = Buffers::new(WhenShort::default());
        let mut held: Vec<Buffer> = std::iter::from_fn(|| buffers.try_ahead()).collect();
        assert_eq!(held.len(), MAX_DOWNLOAD_BUFFERS / 2);
        while let Some(buffer) = buffers.for_download().await {
            held.push(buffer);
        }
        assert_eq!(held.len(), MAX_DOWNLOAD_BUFFERS);
        let (waited, ()) = tokio::join!(buffers.for_download_under_way(), async { drop(held.pop()) });
        assert!(waited.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_download_that_waits_says_that_memory_is_short_until_it_is_not() {
        let (told, held) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(Vec::<Buffer>::new())));
        let act = {
            let (told, held) = (told.clone(), held.clone());
            move || {
                *told.lock().unwrap() += 1;
                if *told.lock().unwrap() == 3 {
                    held.lock().unwrap().pop();
                }
            }
        };
        let buffers = Buffers::new(WhenShort::new(act));
        for _ in 0..MAX_DOWNLOAD_BUFFERS {
            let buffer = buffers.for_download().await.unwrap();
            held.lock().unwrap().push(buffer);
        }
        assert_eq!(*told.lock().unwrap(), 0);
        assert!(buffers.for_download().await.is_some());
        assert_eq!(*told.lock().unwrap(), 3);
    }
}
