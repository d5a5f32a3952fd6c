//! `UploadPartCopy`: a part that shares the files of an object, or of a range of it.

use std::ops::Range;

use axum::response::Response;
use dray_s3::{
    ErrorCode,
    checksum::{Algorithm, Checksum, ChecksumType},
    xml::{CopyResult, ObjectChecksum},
};

use super::{MAX_ATTEMPTS, source::Source, source_changes};
use crate::{
    clock,
    failure::{Failure, invalid_argument, invalid_request},
    http::{Call, answer, range::number, upload_part::part_number, uploads::upload_id},
    ids::PartDigest,
    meta::{
        buckets, objects,
        parts::{self, Content, NewPart},
        pieces,
        uploads::{self, Upload},
    },
};

/// The maximum number of pieces of one upload. By copying ranges of copies again and again, a client could make any
/// number of them, and one commit copies or removes all pieces of an object. A copy of an object of 10,000 parts in
/// 10,000 other ranges has 20,000.
const MAX_PIECES: usize = 100_000;

pub(in crate::http) async fn copy_part(call: &Call) -> Result<Response, Failure> {
    let number = part_number(call)?.get();
    let id = upload_id(call)?;
    call.store.check_space()?;
    let upload = call.store.meta().read_blocking(|db| {
        let bucket = buckets::find(db, &call.target.bucket)?;
        uploads::find(db, bucket, &call.target.key, id)
    })?;
    for _ in 0..MAX_ATTEMPTS {
        let source = Source::find(call).await?;
        let part = describe(call, &source, &upload, number).await?;
        let (etag, checksum, now) = (
            part.digest.etag(),
            checksum_of(&part, upload.checksum.algorithm),
            clock::now().as_millisecond(),
        );
        let upload = upload.clone();
        if commit(call, source, upload, part, now).await? {
            call.store.collect_garbage();
            let checksum = checksum.map(|checksum| ObjectChecksum {
                checksum,
                checksum_type: ChecksumType::FullObject,
                parts: 1,
            });
            let last_modified = answer::timestamp(now);
            return Ok(answer::xml(CopyResult { etag: &etag, last_modified, checksum }.to_part_xml()));
        }
    }
    Err(source_changes())
}

/// The part as it will be stored.
async fn describe(call: &Call, source: &Source, upload: &Upload, number: u16) -> Result<NewPart, Failure> {
    let bytes = range(call, source.object.size_bytes)?;
    let size_bytes = bytes.end - bytes.start;
    super::object::check_part_size(size_bytes)?;
    let slices = source.slices(call, bytes.clone()).await?;
    check_pieces(call, upload, slices.len()).await?;
    let crc64 = source.crc64(call, bytes.start, &slices).await?;
    let algorithm = upload.checksum.algorithm;
    let checksum = match algorithm {
        Algorithm::Crc64Nvme => None,
        other => Some(source.checksum(call, bytes.clone(), other).await?.as_bytes().to_vec()),
    };
    let content = if size_bytes == 0 { Content::Inline(Vec::new()) } else { Content::Pieces(slices) };
    let digest = digest(call, source, bytes, crc64).await?;
    let set = upload.id.set;
    Ok(NewPart { set, number, size_bytes, crc64, digest, checksum, blocks: Vec::new(), content })
}

async fn check_pieces(call: &Call, upload: &Upload, more: usize) -> Result<(), Failure> {
    let (first, last) = upload.id.set.part_ids();
    let there = call.store.meta().read(move |db| Ok(pieces::count(db, first, last, MAX_PIECES)?)).await?;
    if there + more <= MAX_PIECES {
        return Ok(());
    }
    Err(invalid_request("The copy would be in too many pieces; upload the bytes instead"))
}

fn checksum_of(part: &NewPart, algorithm: Algorithm) -> Option<Checksum> {
    let crc64 = part.crc64.to_be_bytes();
    Checksum::from_bytes(algorithm, part.checksum.as_deref().unwrap_or(&crc64))
}

/// The part's `ETag`. If the copy is exactly one part of the source, the copy has that part's `ETag`. For any other
/// copy, an `ETag` of the bytes would mean reading them. So it is made from the place of the bytes in the source: the
/// same copy made twice has the same `ETag`.
async fn digest(call: &Call, source: &Source, bytes: Range<u64>, crc64: u64) -> Result<PartDigest, Failure> {
    let (set, place) = (source.object.set, source.object.layout.at(bytes.start));
    if let Some(place) = place.filter(|place| place.bytes == bytes) {
        let page = call.store.meta().read(move |db| Ok(parts::page(db, set, place.number - 1, 1)?)).await?;
        if let Some(part) = page.first() {
            return Ok(part.digest);
        }
    }
    let mut hasher = blake3::Hasher::new();
    for number in [set.0.cast_unsigned(), bytes.start, bytes.end, crc64] {
        hasher.update(&number.to_le_bytes());
    }
    hasher.update(source.object.etag.as_bytes());
    let hash = hasher.finalize();
    Ok(PartDigest::Blake3(std::array::from_fn(|at| hash.as_bytes()[at])))
}

/// Stores the part in one commit. Returns whether the source is still the same.
async fn commit(
    call: &Call,
    source: Source,
    upload: Upload,
    part: NewPart,
    now: i64,
) -> Result<bool, Failure> {
    let commit = call.store.meta().write(move |db| {
        let from = buckets::find(db, &source.bucket)?;
        if objects::set_of(db, from, &source.key)? != Some(source.object.set) {
            return Ok(false);
        }
        // Looked up again, because the upload may have been aborted or completed meanwhile.
        uploads::find(db, upload.bucket, &upload.key, upload.id)?;
        parts::put(db, &part, now)?;
        Ok(true)
    });
    commit.await
}

/// The bytes that `x-amz-copy-source-range` names. It must be `bytes=first-last`, with both numbers, and within the
/// source.
fn range(call: &Call, size_bytes: u64) -> Result<Range<u64>, Failure> {
    let Some(text) = call.fields().get("x-amz-copy-source-range")? else {
        return Ok(0..size_bytes);
    };
    let ends = text.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let ends = ends.and_then(|(first, last)| number(first).zip(number(last)));
    let (first, last) = ends.filter(|(first, last)| first <= last).ok_or_else(|| {
        invalid_argument(
            "x-amz-copy-source-range must be bytes=first-last, where both are numbers of bytes of the source",
        )
    })?;
    if last >= size_bytes {
        let message = format!("The range {text} is not within the source, which has {size_bytes} bytes");
        return Err(Failure::new(ErrorCode::InvalidRange, message));
    }
    Ok(first..last + 1)
}
