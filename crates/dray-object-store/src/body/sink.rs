//! The destination of a body's bytes: small bodies go to memory, others block by block to a file. One block is
//! hashed and written on a blocking thread while the next one fills.
//!
//! Buffers are scarce, and a body may arrive slowly. So a body has a buffer only while bytes fill it. If a block does not
//! fill in time, the sink writes the bytes that have arrived and releases the buffer.

use std::{io, time::Duration};

use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::Instant,
};

use super::{
    ReceivedBytes,
    digests::{Digested, Digests},
};
use crate::{
    disk::{
        NewFile, SharedDisk,
        buffer::{ALIGNMENT, BLOCK_BYTES, Buffer},
    },
    failure::{Failure, no_buffer},
    ids::PartFileId,
};

/// Bodies up to this size are kept in their database row: one commit, no file.
pub(super) const INLINE_MAX_BYTES: u64 = 16 << 10;
/// The sink gathers this many bytes before it takes a buffer.
const GATHERED_BYTES: usize = 16 << 10;
/// The longest time that a body holds a buffer that is not full.
const LONGEST_HOLD: Duration = Duration::from_millis(250);

/// Receives the bytes of a body.
pub(super) enum Sink {
    Inline { bytes: Vec<u8>, digests: Digests },
    File(FileSink),
}

/// The file, the bytes and the buffer that are being filled, and the buffer that is being written.
pub(super) struct FileSink {
    disk: SharedDisk,
    /// Bytes that have no buffer: fewer than [`GATHERED_BYTES`], and none while one fills.
    loose: Vec<u8>,
    filling: Option<Filling>,
    writing: Writing,
}

struct Filling {
    buffer: Buffer,
    filled: usize,
    until: Instant,
}

enum Writing {
    Idle(Box<Output>),
    Busy(JoinHandle<io::Result<Box<Output>>>),
    /// The state after an error.
    Failed,
}

/// What the blocking half of the work needs. It is passed there and back with each block.
struct Output {
    file: NewFile,
    digests: Digests,
}

impl Sink {
    pub(super) fn inline(size_bytes: u64, digests: Digests) -> Self {
        Self::Inline { bytes: Vec::with_capacity(usize::try_from(size_bytes).unwrap_or(0)), digests }
    }

    pub(super) fn file(disk: &SharedDisk, file: PartFileId, digests: Digests) -> Self {
        let writing = Writing::Idle(Box::new(Output { file: NewFile::new(disk, file), digests }));
        Self::File(FileSink { disk: SharedDisk::clone(disk), loose: Vec::new(), filling: None, writing })
    }

    pub(super) async fn write(&mut self, data: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Inline { bytes, .. } => {
                bytes.extend_from_slice(data);
                Ok(())
            }
            Self::File(file) => file.write(data).await,
        }
    }

    /// Until when the sink may wait for bytes. After that, call [`Sink::let_go`]. `None` means without limit.
    pub(super) fn holds_until(&self) -> Option<Instant> {
        match self {
            Self::Inline { .. } => None,
            Self::File(file) => file.filling.as_ref().map(|filling| filling.until),
        }
    }

    /// Releases the buffer that is being filled.
    pub(super) async fn let_go(&mut self) -> io::Result<()> {
        match self {
            Self::Inline { .. } => Ok(()),
            Self::File(file) => file.let_go().await,
        }
    }

    /// Writes the rest. A file and its name are durable afterwards.
    pub(super) async fn finish(self) -> Result<(Digested, ReceivedBytes), Failure> {
        match self {
            Self::Inline { bytes, mut digests } => {
                digests.update(&bytes);
                Ok((digests.finish(), ReceivedBytes::Inline(bytes)))
            }
            Self::File(file) => file.finish().await,
        }
    }
}

impl FileSink {
    async fn write(&mut self, mut data: &[u8]) -> Result<(), Failure> {
        if self.filling.is_none() && self.loose.len() + data.len() < GATHERED_BYTES {
            self.loose.extend_from_slice(data);
            return Ok(());
        }
        while !data.is_empty() {
            let mut filling = match self.filling.take() {
                Some(filling) => filling,
                None => self.begin_buffer().await?,
            };
            data = filling.take_in(data);
            if filling.filled == BLOCK_BYTES {
                self.start_writing(filling.buffer, BLOCK_BYTES).await?;
            } else {
                self.filling = Some(filling);
            }
        }
        Ok(())
    }

    /// A buffer with the loose bytes in it.
    async fn begin_buffer(&mut self) -> Result<Filling, Failure> {
        let mut buffer = self.disk.buffers.try_upload();
        if buffer.is_none() {
            // The block before must be written first. Otherwise each body could hold one buffer and wait for another,
            // and all of them would wait forever.
            self.writing = Writing::Idle(self.settle().await?);
            buffer = self.disk.buffers.for_upload().await;
        }
        let buffer = buffer.ok_or_else(no_buffer)?;
        let mut filling = Filling { buffer, filled: 0, until: Instant::now() + LONGEST_HOLD };
        filling.take_in(&std::mem::take(&mut self.loose));
        Ok(filling)
    }

    /// Starts to write the first bytes of a buffer once the block before it is written.
    async fn start_writing(&mut self, buffer: Buffer, length: usize) -> io::Result<()> {
        let output = self.settle().await?;
        self.writing = Writing::Busy(spawn_blocking(move || output.append(&buffer[..length])));
        Ok(())
    }

    /// Writes the bytes that fill whole pages, and keeps the rest without a buffer. Afterwards buffers no longer
    /// begin where blocks begin. Only the digests depend on blocks, and they count for themselves.
    async fn let_go(&mut self) -> io::Result<()> {
        let Some(Filling { buffer, filled, .. }) = self.filling.take() else { return Ok(()) };
        let whole = filled / ALIGNMENT * ALIGNMENT;
        self.loose = buffer[whole..filled].to_vec();
        if whole > 0 {
            self.start_writing(buffer, whole).await?;
        }
        Ok(())
    }

    /// Waits for the block that is being written.
    async fn settle(&mut self) -> io::Result<Box<Output>> {
        match std::mem::replace(&mut self.writing, Writing::Failed) {
            Writing::Idle(output) => Ok(output),
            Writing::Busy(task) => task.await.map_err(io::Error::other)?,
            Writing::Failed => Err(failed()),
        }
    }

    async fn finish(mut self) -> Result<(Digested, ReceivedBytes), Failure> {
        if self.filling.is_none() && !self.loose.is_empty() {
            self.filling = Some(self.begin_buffer().await?);
        }
        let (output, tail) = (self.settle().await?, self.filling.take());
        let finish = move || match tail {
            Some(Filling { mut buffer, filled, .. }) => output.finish(&mut buffer, filled),
            None => output.finish(&mut [], 0),
        };
        Ok(spawn_blocking(finish).await.map_err(io::Error::other)??)
    }
}

impl Filling {
    /// Copies as many bytes as there is room for, and returns the rest.
    fn take_in<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
        let (now, later) = data.split_at(data.len().min(BLOCK_BYTES - self.filled));
        self.buffer[self.filled..self.filled + now.len()].copy_from_slice(now);
        self.filled += now.len();
        later
    }
}

impl Output {
    fn append(mut self: Box<Self>, bytes: &[u8]) -> io::Result<Box<Self>> {
        self.digests.update(bytes);
        self.file.append(bytes)?;
        Ok(self)
    }

    fn finish(mut self, tail: &mut [u8], length: usize) -> io::Result<(Digested, ReceivedBytes)> {
        self.digests.update(&tail[..length]);
        self.file.finish(tail, length)?;
        Ok((self.digests.finish(), ReceivedBytes::File(self.file)))
    }
}

fn failed() -> io::Error {
    io::Error::other("writing this part file has failed before")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        WhenShort,
        body::Wanted,
        disk::{Disk, buffer::Buffers},
    };

    fn free(buffers: &Buffers) -> usize {
        std::iter::from_fn(|| buffers.try_upload()).collect::<Vec<_>>().len()
    }

    fn disk(folder: &tempfile::TempDir) -> SharedDisk {
        Arc::new(Disk::open(&folder.path().join("parts"), false, WhenShort::default()).unwrap())
    }

    fn sink(disk: &SharedDisk) -> Sink {
        let digests = Digests::new(&Wanted { md5: false, algorithms: Vec::new() });
        Sink::file(disk, PartFileId { part_id: 1, tag: 1 }, digests)
    }

    async fn check_stored(folder: &tempfile::TempDir, sink: Sink, bytes: &[u8]) {
        let (digested, stored) = sink.finish().await.unwrap();
        assert_eq!(digested.crc64, crc_fast::crc64_nvme(bytes));
        let ReceivedBytes::File(_file) = stored else { panic!("no file") };
        let path = folder.path().join("parts").join(PartFileId { part_id: 1, tag: 1 }.path());
        assert!(std::fs::read(path).unwrap() == bytes, "other bytes were stored");
    }

    #[tokio::test]
    async fn an_upload_has_no_buffer_until_there_is_something_to_fill_it_with() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(&folder);
        let all = free(&disk.buffers);
        let mut sink = sink(&disk);
        sink.write(&vec![1; GATHERED_BYTES - 1]).await.unwrap();
        assert!(free(&disk.buffers) == all && sink.holds_until().is_none());
        sink.write(&[2]).await.unwrap();
        assert!(free(&disk.buffers) == all - 1 && sink.holds_until().is_some());
        let mut bytes = vec![1; GATHERED_BYTES];
        bytes[GATHERED_BYTES - 1] = 2;
        check_stored(&folder, sink, &bytes).await;
        assert_eq!(free(&disk.buffers), all);
    }

    #[tokio::test]
    async fn an_upload_that_releases_its_buffer_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(&folder);
        let all = free(&disk.buffers);
        let bytes: Vec<u8> = (0..251).cycle().take(2 * BLOCK_BYTES + 100_001).collect();
        let mut sink = sink(&disk);
        for piece in bytes.chunks(77_777) {
            sink.write(piece).await.unwrap();
            sink.let_go().await.unwrap();
            assert!(sink.holds_until().is_none());
            let Sink::File(file) = &mut sink else { panic!("no file") };
            file.writing = Writing::Idle(file.settle().await.unwrap());
            assert_eq!(free(&disk.buffers), all);
        }
        check_stored(&folder, sink, &bytes).await;
    }

    #[tokio::test]
    async fn an_upload_continues_with_one_buffer_when_there_is_no_second() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(&folder);
        let mut others: Vec<Buffer> = std::iter::from_fn(|| disk.buffers.try_upload()).collect();
        others.pop();
        let mut sink = sink(&disk);
        let bytes = vec![1; 3 * BLOCK_BYTES];
        sink.write(&bytes).await.unwrap();
        check_stored(&folder, sink, &bytes).await;
    }
}
