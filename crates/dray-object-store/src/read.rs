//! Reads an object's bytes block by block, and checks each block before it passes any byte on.
//!
//! If a range begins or ends inside a block, the whole block is read and checked (at most 256 KiB). So the store never
//! serves a byte that differs from the stored one, and the cost of a range depends on its length.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt, sync::Arc};

use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::{
    disk::{
        SharedDisk,
        buffer::{BLOCK_BYTES, Buffer, Slice},
    },
    failure::{Failure, no_buffer},
    ids::SetId,
    meta::{
        Meta,
        layout::{Layout, Place},
        parts,
        pieces::{Slice as Stored, StoredBytes},
    },
    pins::Pin,
    transfers::Transfer,
};

/// Reads a range of an object. Its pin keeps the parts in place, even if the object is replaced or removed meanwhile.
pub(crate) struct Reader {
    pub(crate) meta: Arc<Meta>,
    pub(crate) disk: SharedDisk,
    pub(crate) pin: Pin,
    /// Dropped when the reading ends.
    pub(crate) _transfer: Transfer,
    pub(crate) layout: Layout,
    /// The range that is left to read.
    pub(crate) bytes: Range<u64>,
    pub(crate) open: Option<OpenPart>,
}

/// The stored bytes that are being read, of a part or of a piece.
pub(crate) struct OpenPart {
    /// The part that they belong to, and where they are in the object.
    place: Place,
    /// Where in their file they begin, the file's size, and the CRCs of the blocks from `first_block` on.
    start: u64,
    file_bytes: u64,
    first_block: u64,
    blocks: Vec<u64>,
    bytes: OpenBytes,
}

enum OpenBytes {
    File(File),
    Inline(Bytes),
}

/// The stored bytes differ from those that were received.
#[derive(Debug, thiserror::Error)]
#[error("part {number} of set {} is damaged: {what}", set.0)]
struct Damaged {
    set: SetId,
    number: u16,
    what: String,
}

impl Reader {
    /// The next bytes, at most a block, in `buffer`; `None` at the end of the range. It blocks the thread.
    fn next_block(&mut self, buffer: Buffer) -> Result<Option<Bytes>, Failure> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let open = match self.open.take().filter(|open| open.place.bytes.contains(&self.bytes.start)) {
            Some(open) => open,
            None => self.open_part()?,
        };
        let bytes = open.read(&self.bytes, buffer);
        let bytes = bytes.map_err(|what| self.unreadable(open.place.number, what))?;
        self.bytes.start += bytes.len() as u64;
        self.open = Some(open);
        Ok(Some(bytes))
    }

    fn open_part(&self) -> Result<OpenPart, Failure> {
        let place = self.layout.at(self.bytes.start);
        let place = place.ok_or_else(|| Failure::internal("a range reaches beyond its object"))?;
        let (set, number, offset) = (self.pin.set(), place.number, self.bytes.start - place.bytes.start);
        let (at, stored) = self.meta.read_blocking(|db| parts::stored_at(db, set, number, offset))?;
        let first_block = stored.first_block();
        let Stored { size_bytes, start, file_bytes, blocks, bytes } = stored;
        let bytes = match bytes {
            StoredBytes::Inline(bytes) => OpenBytes::Inline(bytes.into()),
            StoredBytes::File(id) => {
                let file = self.disk.open_stored(id);
                OpenBytes::File(file.map_err(|error| self.unreadable(number, error))?)
            }
        };
        let begin = place.bytes.start + at;
        let place = Place { number, bytes: begin..begin + size_bytes };
        Ok(OpenPart { place, start, file_bytes, first_block, blocks, bytes })
    }

    /// The failure of a part that cannot be read. Only what lies in the part's file counts as damage. The machine may
    /// also lack descriptors, which passes.
    fn unreadable(&self, number: u16, error: io::Error) -> Failure {
        if is_damage(&error) {
            Failure::damaged(Damaged { set: self.pin.set(), number, what: error.to_string() })
        } else {
            error.into()
        }
    }
}

/// Whether the file is gone, is too short, has other bytes, or cannot be read from its disk.
fn is_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData
    ) || error.raw_os_error() == Some(libc::EIO)
}

impl OpenPart {
    /// The bytes from the start of `wanted` to the end of their block, or of `wanted` if that comes first.
    fn read(&self, wanted: &Range<u64>, mut buffer: Buffer) -> io::Result<Bytes> {
        let in_file = |offset: u64| offset.min(self.place.bytes.end) - self.place.bytes.start + self.start;
        let (start, end) = (in_file(wanted.start), in_file(wanted.end));
        let block = start / BLOCK_BYTES as u64;
        let block_start = block * BLOCK_BYTES as u64;
        let block_bytes = index(self.file_bytes - block_start).min(BLOCK_BYTES);
        let from = index(start - block_start);
        let to = index(end - block_start).min(block_bytes);
        let whole = match &self.bytes {
            OpenBytes::Inline(bytes) => bytes.clone(),
            OpenBytes::File(file) => {
                file.read_exact_at(&mut buffer[..block_bytes], block_start)?;
                Bytes::from_owner(Slice { buffer, range: 0..block_bytes })
            }
        };
        let expected = self.blocks.get(index(block - self.first_block));
        if whole.len() != block_bytes || Some(&crc_fast::crc64_nvme(&whole)) != expected {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("block {block} has another CRC-64"),
            ));
        }
        Ok(whole.slice(from..to))
    }
}

/// A block that is being read. It returns the reader.
type Reading = JoinHandle<(Reader, Result<Option<Bytes>, Failure>)>;

fn read(mut reader: Reader, buffer: Buffer) -> Reading {
    spawn_blocking(move || {
        let block = reader.next_block(buffer);
        (reader, block)
    })
}

enum Step {
    First(Bytes, Reader),
    Ahead(Reading),
    /// There was no buffer to read ahead into.
    Waiting(Reader),
    Done,
}

/// Streams a range. It reads the first block before it returns, so that the answer can be an error if the object cannot
/// be read. A later failure ends the stream with an error, which cuts the connection.
pub(crate) async fn stream(reader: Reader) -> Result<impl Stream<Item = io::Result<Bytes>>, Failure> {
    let buffer = reader.disk.buffers.for_download().await.ok_or_else(no_buffer)?;
    let (reader, first) = read(reader, buffer).await.map_err(Failure::internal)?;
    let start = first?.map_or(Step::Done, |block| Step::First(block, reader));
    Ok(stream::unfold(start, |step| async {
        match step {
            Step::First(block, reader) => Some((Ok(block), go_on(reader))),
            Step::Ahead(reading) => next_step(reading).await,
            Step::Waiting(reader) => {
                let buffer = reader.disk.buffers.for_download_under_way().await?;
                next_step(read(reader, buffer)).await
            }
            Step::Done => None,
        }
    }))
}

fn go_on(reader: Reader) -> Step {
    if reader.bytes.is_empty() {
        return Step::Done;
    }
    match reader.disk.buffers.try_ahead() {
        Some(buffer) => Step::Ahead(read(reader, buffer)),
        None => Step::Waiting(reader),
    }
}

async fn next_step(reading: Reading) -> Option<(io::Result<Bytes>, Step)> {
    match reading.await {
        Ok((reader, Ok(Some(block)))) => Some((Ok(block), go_on(reader))),
        Ok((_, Ok(None))) => None,
        Ok((_, Err(failure))) => {
            tracing::error!(cause = failure.told(), "a download was cut off");
            Some((Err(io::Error::other("the stored bytes cannot be read")), Step::Done))
        }
        Err(error) => Some((Err(io::Error::other(error)), Step::Done)),
    }
}

/// Nothing is lost here: callers pass offsets inside a block, numbers of blocks in a part of at most 5 GiB, and
/// lengths that they cut to the block.
fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
