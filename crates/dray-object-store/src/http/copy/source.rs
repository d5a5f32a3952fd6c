//! The source of a copy: finding it, the conditions on it, and digests of its bytes.

use std::{ops::Range, pin::pin};

use dray_s3::{
    checksum::{Algorithm, Checksum, Checksummer},
    decode_path,
};
use futures_util::TryStreamExt;

use super::super::{
    Call,
    access::Access,
    conditions::{self, ReadCondition},
    get_object::find_and_pin,
};
use crate::{
    crc64::Combined,
    disk::buffer::BLOCK_BYTES,
    failure::{Failure, invalid_argument, not_implemented},
    meta::{objects::Object, parts, pieces::Slice},
    pins::Pin,
    read::{self, Reader},
    transfers::{Direction, Of},
};

/// The source object, with its parts pinned.
pub(super) struct Source {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) object: Object,
    _pin: Pin,
}

impl Source {
    /// Finds the object that `x-amz-copy-source` names; `PreconditionFailed` unless it fulfils the request's conditions.
    pub(super) async fn find(call: &Call) -> Result<Self, Failure> {
        let (bucket, key) = named(call)?;
        call.check(Access::Read, &bucket)?;
        let fields = call.fields();
        let condition = ReadCondition::of_source(&fields)?;
        let (object, pin) = find_and_pin(&call.store, &bucket, &key).await?;
        // Where a reader gets 304 "not modified", a copy fails, because its condition was a change.
        condition.check(&object).map_err(|_| conditions::precondition_failed())?;
        Ok(Self { bucket, key, object, _pin: pin })
    }

    /// References to these bytes, in order.
    pub(super) async fn slices(&self, call: &Call, bytes: Range<u64>) -> Result<Vec<Slice>, Failure> {
        let (layout, set) = (self.object.layout.clone(), self.object.set);
        let read = call.store.meta().read(move |db| {
            let (mut found, mut at) = (Vec::new(), bytes.start);
            while at < bytes.end {
                let place = layout.at(at).ok_or_else(|| Failure::internal("a range reaches too far"))?;
                let mut begin = place.bytes.start;
                for slice in parts::stored(db, set, place.number)? {
                    let end = begin + slice.size_bytes;
                    let wanted = at.max(begin)..bytes.end.min(end);
                    if !wanted.is_empty() {
                        at = wanted.end;
                        found.push(slice.cut(wanted.start - begin, wanted.end - wanted.start));
                    }
                    begin = end;
                }
            }
            Ok(found)
        });
        read.await
    }

    /// CRC-64/NVME of the bytes from `start` on that these slices refer to. It reads only blocks that a slice begins or
    /// ends in; the CRCs of all others are stored.
    pub(super) async fn crc64(&self, call: &Call, start: u64, slices: &[Slice]) -> Result<u64, Failure> {
        let (mut combined, mut at) = (Combined::new(), start);
        for slice in slices {
            let end = slice.start + slice.size_bytes;
            for (block, crc) in (slice.first_block()..).zip(&slice.blocks) {
                let block =
                    block * BLOCK_BYTES as u64..((block + 1) * BLOCK_BYTES as u64).min(slice.file_bytes);
                let part = block.start.max(slice.start)..block.end.min(end);
                let size = part.end - part.start;
                let crc = if part == block { *crc } else { self.read_crc64(call, at..at + size).await? };
                combined.push(crc, size);
                at += size;
            }
        }
        Ok(combined.get())
    }

    /// The checksum of these bytes. It reads all of them.
    pub(super) async fn checksum(
        &self,
        call: &Call,
        bytes: Range<u64>,
        algorithm: Algorithm,
    ) -> Result<Checksum, Failure> {
        let mut checksummer = Checksummer::new(algorithm);
        self.read(call, bytes, |block| checksummer.update(block)).await?;
        Ok(checksummer.finish())
    }

    async fn read_crc64(&self, call: &Call, bytes: Range<u64>) -> Result<u64, Failure> {
        let mut combined = Combined::new();
        self.read(call, bytes, |block| combined.push(crc_fast::crc64_nvme(block), block.len() as u64))
            .await?;
        Ok(combined.get())
    }

    async fn read(&self, call: &Call, bytes: Range<u64>, mut take: impl FnMut(&[u8])) -> Result<(), Failure> {
        let reader = Reader {
            meta: call.store.shared_meta(),
            disk: call.store.disk().clone(),
            pin: call.store.pins().pin(self.object.set),
            _transfer: call.begin(Direction::Down, Of::Object(self.bucket.clone(), self.key.clone()))?,
            layout: self.object.layout.clone(),
            bytes,
            open: None,
        };
        let mut blocks = pin!(read::stream(reader).await?);
        while let Some(block) = blocks.try_next().await? {
            take(&block);
        }
        Ok(())
    }
}

/// The bucket and key of the source: percent-encoded, with or without a slash before them.
fn named(call: &Call) -> Result<(String, String), Failure> {
    let invalid = || invalid_argument("x-amz-copy-source must be /bucket/key, percent-encoded");
    let text = call.fields().get(super::COPY_SOURCE)?.ok_or_else(invalid)?;
    let text = match text.rsplit_once("?versionId=") {
        Some((path, "null")) => path,
        Some(_) => return Err(not_implemented("versions (a versionId in x-amz-copy-source)")),
        None => text,
    };
    let path = decode_path(text).map_err(|_| invalid())?;
    let (bucket, key) = path.strip_prefix('/').unwrap_or(&path).split_once('/').ok_or_else(invalid)?;
    if bucket.is_empty() || key.is_empty() {
        return Err(invalid());
    }
    Ok((bucket.to_owned(), key.to_owned()))
}
