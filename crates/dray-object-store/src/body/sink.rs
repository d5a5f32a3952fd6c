//! Where the bytes of a body go: small ones into memory, others block by block into a file, one block being
//! hashed and written on a blocking thread while the next one fills.

use std::io;

use tokio::task::{JoinHandle, spawn_blocking};

use super::{
    ReceivedBytes,
    digests::{Digested, Digests},
};
use crate::{
    disk::{
        NewFile, SharedDisk,
        buffer::{BLOCK_BYTES, Buffer},
    },
    ids::PartFileId,
};

/// Bodies up to this size are kept in their database row: one commit, no file.
pub(super) const INLINE_MAX_BYTES: u64 = 16 << 10;

/// Takes a body's bytes in.
pub(super) enum Sink {
    Inline { bytes: Vec<u8>, digests: Digests },
    File(FileSink),
}

/// The file, the buffer that fills, and the one that is being written.
pub(super) struct FileSink {
    disk: SharedDisk,
    filling: Option<Buffer>,
    filled: usize,
    writing: Writing,
}

enum Writing {
    Idle(Box<Output>),
    /// The buffer comes back only to an upload that has no other.
    Busy(JoinHandle<io::Result<(Box<Output>, Option<Buffer>)>>),
    /// After an error.
    Failed,
}

/// What the blocking half of the work needs; it goes there and back with each block.
struct Output {
    file: NewFile,
    digests: Digests,
}

impl Sink {
    pub(super) fn inline(size_bytes: u64, digests: Digests) -> Self {
        Self::Inline { bytes: Vec::with_capacity(usize::try_from(size_bytes).unwrap_or(0)), digests }
    }

    /// `first` is the buffer that the file's bytes are gathered in.
    pub(super) fn file(disk: &SharedDisk, file: PartFileId, digests: Digests, first: Buffer) -> Self {
        let writing = Writing::Idle(Box::new(Output { file: NewFile::new(disk, file), digests }));
        Self::File(FileSink { disk: SharedDisk::clone(disk), filling: Some(first), filled: 0, writing })
    }

    pub(super) async fn write(&mut self, data: &[u8]) -> io::Result<()> {
        match self {
            Self::Inline { bytes, .. } => {
                bytes.extend_from_slice(data);
                Ok(())
            }
            Self::File(file) => file.write(data).await,
        }
    }

    /// The rest is written; a file and its name are durable.
    pub(super) async fn finish(self) -> io::Result<(Digested, ReceivedBytes)> {
        match self {
            Self::Inline { bytes, mut digests } => {
                digests.block(&bytes);
                Ok((digests.finish(), ReceivedBytes::Inline(bytes)))
            }
            Self::File(file) => file.finish().await,
        }
    }
}

impl FileSink {
    async fn write(&mut self, mut data: &[u8]) -> io::Result<()> {
        while !data.is_empty() {
            let buffer = self.filling.as_mut().ok_or_else(failed)?;
            let (now, later) = data.split_at(data.len().min(BLOCK_BYTES - self.filled));
            buffer[self.filled..self.filled + now.len()].copy_from_slice(now);
            self.filled += now.len();
            data = later;
            if self.filled == BLOCK_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Sends the full buffer to be written, and goes on with a second one; without one, waits for the first.
    /// With one, the first is given back as soon as it is written: an upload whose network is slower than the
    /// disk holds a single buffer nearly all the time.
    async fn flush(&mut self) -> io::Result<()> {
        let full = self.filling.take().ok_or_else(failed)?;
        let (output, _) = self.settle().await?;
        self.filled = 0;
        self.filling = self.disk.buffers.try_second();
        let is_only = self.filling.is_none();
        self.writing = Writing::Busy(spawn_blocking(move || {
            let (output, block) = output.append(full)?;
            Ok((output, is_only.then_some(block)))
        }));
        if is_only {
            let (output, written) = self.settle().await?;
            (self.writing, self.filling) = (Writing::Idle(output), written);
        }
        Ok(())
    }

    /// Waits for the block that is being written.
    async fn settle(&mut self) -> io::Result<(Box<Output>, Option<Buffer>)> {
        match std::mem::replace(&mut self.writing, Writing::Failed) {
            Writing::Idle(output) => Ok((output, None)),
            Writing::Busy(task) => task.await.map_err(io::Error::other)?,
            Writing::Failed => Err(failed()),
        }
    }

    async fn finish(mut self) -> io::Result<(Digested, ReceivedBytes)> {
        let (output, _) = self.settle().await?;
        let (tail, length) = (self.filling.take().ok_or_else(failed)?, self.filled);
        spawn_blocking(move || output.finish(tail, length)).await.map_err(io::Error::other)?
    }
}

impl Output {
    fn append(mut self: Box<Self>, block: Buffer) -> io::Result<(Box<Self>, Buffer)> {
        self.digests.block(&block);
        self.file.append(&block)?;
        Ok((self, block))
    }

    fn finish(mut self, mut tail: Buffer, length: usize) -> io::Result<(Digested, ReceivedBytes)> {
        if length > 0 {
            self.digests.block(&tail[..length]);
        }
        self.file.finish(&mut tail, length)?;
        Ok((self.digests.finish(), ReceivedBytes::File(self.file)))
    }
}

fn failed() -> io::Error {
    io::Error::other("the part file failed before")
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;
    use crate::{
        body::Wanted,
        disk::{Disk, buffer::Buffers},
    };

    fn free(buffers: &Buffers) -> usize {
        std::iter::from_fn(|| buffers.try_second()).collect::<Vec<_>>().len()
    }

    #[tokio::test]
    async fn an_upload_that_waits_for_its_network_holds_one_buffer() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(Disk::open(&folder.path().join("parts"), false).unwrap());
        let all = free(&disk.buffers);
        let first = disk.buffers.for_upload().await.unwrap();
        let digests = Digests::new(&Wanted { md5: false, algorithms: Vec::new() });
        let mut sink = Sink::file(&disk, PartFileId { part_id: 1, tag: 1 }, digests, first);
        sink.write(&vec![1; BLOCK_BYTES + 1]).await.unwrap();
        let given_back = tokio::time::timeout(Duration::from_secs(20), async {
            while free(&disk.buffers) != all - 1 {
                tokio::task::yield_now().await;
            }
        });
        assert!(given_back.await.is_ok());
        let (_, stored) = sink.finish().await.unwrap();
        assert!(matches!(stored, ReceivedBytes::File(_)));
        assert_eq!(free(&disk.buffers), all);
    }

    #[tokio::test]
    async fn an_upload_goes_on_with_its_only_buffer_when_there_is_no_second() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(Disk::open(&folder.path().join("parts"), false).unwrap());
        let first = disk.buffers.for_upload().await.unwrap();
        let _others: Vec<Buffer> = std::iter::from_fn(|| disk.buffers.try_second()).collect();
        let digests = Digests::new(&Wanted { md5: false, algorithms: Vec::new() });
        let mut sink = Sink::file(&disk, PartFileId { part_id: 1, tag: 1 }, digests, first);
        sink.write(&vec![1; 3 * BLOCK_BYTES]).await.unwrap();
        let (digested, _) = sink.finish().await.unwrap();
        assert_eq!(digested.crc64, crc_fast::crc64_nvme(&vec![1; 3 * BLOCK_BYTES]));
    }
}
