//! A part's bytes as a stream of frames, read from the file by position. A buffer returns to a pool once the
//! connection has written it, so an upload of any size uses the same few buffers.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use crc_fast::Digest;
use futures_util::Stream;
use futures_util::stream;

use crate::blocking::blocking;
use crate::progress::Progress;

/// Bytes of a frame. This is large enough that the cost of a system call and of a thread switch does not matter. It
/// is small enough to stay in the processor's cache between the read and the write.
const FRAME_BYTES: usize = 512 * 1024;

/// Buffers that no frame uses at the moment.
#[derive(Default)]
pub(crate) struct FramePool(Mutex<Vec<Box<[u8]>>>);

impl FramePool {
    fn take(&self) -> Box<[u8]> {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.unwrap_or_else(|| vec![0; FRAME_BYTES].into_boxed_slice())
    }

    fn give_back(&self, buffer: Box<[u8]>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

/// A filled buffer. When the last `Bytes` that refers to it is dropped, it returns to the pool.
struct Frame {
    buffer: Box<[u8]>,
    filled: usize,
    pool: Arc<FramePool>,
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        self.pool.give_back(std::mem::take(&mut self.buffer));
    }
}

/// One try of one part: where its bytes are, and how many were read.
pub(crate) struct Attempt {
    pub(crate) file: Arc<File>,
    pub(crate) offset: u64,
    pub(crate) len: u64,
    pub(crate) pool: Arc<FramePool>,
    pub(crate) progress: Arc<dyn Progress>,
    /// Bytes that the connection has asked for.
    pub(crate) read: AtomicU64,
    /// The CRC of the bytes that were read.
    pub(crate) digest: Mutex<Digest>,
    /// Why reading failed. The connection's error says only that the body failed.
    pub(crate) failure: Mutex<Option<io::Error>>,
}

impl Attempt {
    /// Why reading failed, if it did.
    pub(crate) fn take_failure(&self) -> Option<io::Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The CRC of the bytes that were read.
    pub(crate) fn crc64(&self) -> u64 {
        self.digest.lock().unwrap_or_else(PoisonError::into_inner).finalize()
    }

    /// The part's bytes: exactly `len` of them, or an error.
    pub(crate) fn frames(self: &Arc<Self>) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        stream::try_unfold(Arc::clone(self), |attempt| async move {
            match attempt.next_frame().await {
                Ok(frame) => Ok(frame.map(|frame| (frame, attempt))),
                Err(error) => {
                    let kind = error.kind();
                    *attempt.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    Err(kind.into())
                }
            }
        })
    }

    async fn next_frame(&self) -> io::Result<Option<Bytes>> {
        let done = self.read.load(Ordering::Relaxed);
        let Some(wanted) = self.len.checked_sub(done).filter(|rest| *rest > 0) else { return Ok(None) };
        let wanted = usize::try_from(wanted).unwrap_or(FRAME_BYTES).min(FRAME_BYTES);
        let (file, pool, at) = (Arc::clone(&self.file), Arc::clone(&self.pool), self.offset + done);
        let mut digest = *self.digest.lock().unwrap_or_else(PoisonError::into_inner);
        let (frame, digest) = blocking(move || {
            let mut frame = Frame { buffer: pool.take(), filled: wanted, pool };
            file.read_exact_at(&mut frame.buffer[..wanted], at)?;
            // The bytes are still in the processor's cache.
            digest.update(frame.as_ref());
            Ok::<_, io::Error>((frame, digest))
        })
        .await?;
        *self.digest.lock().unwrap_or_else(PoisonError::into_inner) = digest;
        self.read.fetch_add(wanted as u64, Ordering::Relaxed);
        self.progress.moved(wanted as u64);
        Ok(Some(Bytes::from_owner(frame)))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;

    use super::*;
    use crate::progress::Silent;

    fn attempt(content: &[u8], offset: u64, len: u64) -> Arc<Attempt> {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(content, 0).unwrap();
        Arc::new(Attempt {
            file: Arc::new(file),
            offset,
            len,
            pool: Arc::default(),
            progress: Arc::new(Silent),
            read: AtomicU64::new(0),
            digest: Mutex::new(crate::upload::proof::digest()),
            failure: Mutex::default(),
        })
    }

    #[tokio::test]
    async fn frames_are_the_parts_bytes_and_reuse_one_buffer() {
        let content: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
        let attempt = attempt(&content, 7, 2_500_000);
        let frames = attempt.frames();
        let read = frames
            .try_fold(Vec::new(), |mut read, frame| async move {
                read.extend_from_slice(&frame);
                Ok(read)
            })
            .await
            .unwrap();
        assert!(read == content[7..2_500_007]);
        assert_eq!(attempt.crc64(), crc_fast::crc64_nvme(&read));
        assert_eq!(attempt.pool.0.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_file_that_became_shorter_is_an_error_and_not_a_short_part() {
        let attempt = attempt(&[1; 100], 50, 51);
        assert!(attempt.frames().try_collect::<Vec<_>>().await.is_err());
        assert_eq!(attempt.take_failure().unwrap().kind(), io::ErrorKind::UnexpectedEof);
    }
}
