//! `CompleteMultipartUpload` as one transaction: the listed parts become the parts of an object. It copies no bytes.
//!
//! It runs on the writer's thread. So no part can be replaced, no upload aborted and no object created
//! between its checks and its commit.

use dray_s3::{
    ErrorCode,
    checksum::{Algorithm, Checksum, ChecksumType, combine, composite},
    xml::{CompletedPart, ObjectChecksum},
};
use md5::{Digest, Md5};
use rusqlite::Connection;

use crate::{
    crc64::Combined,
    failure::{Failure, invalid_request, no_such_upload},
    ids::UploadId,
    meta::{
        buckets::BucketId,
        layout::Layout,
        objects::{self, Object},
        parts::{self, Part},
        uploads::{self, ChecksumChoice, Upload},
    },
};

/// What a client asks the store to complete.
pub(crate) struct Completion {
    pub(crate) bucket: BucketId,
    pub(crate) key: String,
    pub(crate) id: UploadId,
    /// Strictly ascending, not empty.
    pub(crate) listed: Vec<CompletedPart>,
    /// `x-amz-mp-object-size`.
    pub(crate) expected_bytes: Option<u64>,
    pub(crate) expected_checksum: Option<ExpectedChecksum>,
    /// `x-amz-checksum-type`: what the client believes that the object's checksum covers.
    pub(crate) expected_type: Option<ChecksumType>,
    pub(crate) limits: Limits,
}

/// The checksum of the object as the client computed it.
pub(crate) struct ExpectedChecksum {
    pub(crate) checksum: Checksum,
    /// The number of parts at the end of a composite checksum. SDKs differ in whether they send it.
    pub(crate) parts: Option<u16>,
}

/// The store's limits that a Complete checks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) min_part_bytes: u64,
    pub(crate) max_object_bytes: u64,
}

/// Completes an upload. `precondition` sees the object that exists now, if any, and may refuse.
pub(crate) fn complete(
    db: &Connection,
    request: &Completion,
    precondition: impl FnOnce(Option<&Object>) -> Result<(), Failure>,
    now: i64,
) -> Result<Object, Failure> {
    let there = objects::find(db, request.bucket, &request.key)?;
    let upload = match uploads::find(db, request.bucket, &request.key, request.id) {
        Err(failure) if failure.error.code == ErrorCode::NoSuchUpload => {
            return repeated(db, request, there);
        }
        found => found?,
    };
    precondition(there.as_ref())?;
    check_type(upload.checksum.checksum_type, request)?;
    let stored = parts::all(db, request.id.set)?;
    let chosen = choose(&stored, &request.listed, request.limits.min_part_bytes)?;
    check_part_checksums(&chosen, &request.listed, upload.checksum)?;
    let object = assemble(&upload, &chosen, now)?;
    check_whole(&object, &chosen, request)?;
    for part in stored.iter().filter(|part| object.layout.part(part.number).is_none()) {
        parts::discard(db, upload.id.set, part)?;
    }
    uploads::complete(db, upload.id.set)?;
    objects::put(db, request.bucket, &request.key, &object)?;
    Ok(object)
}

/// The upload does not exist. Returns its object, if this request repeats the Complete that made it.
fn repeated(db: &Connection, request: &Completion, there: Option<Object>) -> Result<Object, Failure> {
    let made_here = |object: &Object| object.set == request.id.set && object.token == Some(request.id.token);
    let object = there.filter(made_here).ok_or_else(no_such_upload)?;
    let ObjectChecksum { checksum, checksum_type, .. } = object.checksum;
    check_type(checksum_type, request)?;
    let stored = parts::all(db, object.set)?;
    let chosen = choose(&stored, &request.listed, 0)?;
    if chosen.len() != stored.len() {
        return Err(invalid_part("The upload was completed with more parts than are listed"));
    }
    let choice = ChecksumChoice { algorithm: checksum.algorithm(), checksum_type };
    check_part_checksums(&chosen, &request.listed, choice)?;
    check_whole(&object, &chosen, request)?;
    Ok(object)
}

/// Checks the checksum type that the client names (AWS S3 API reference, `CompleteMultipartUpload`: another than that of
/// `CreateMultipartUpload` is `BadDigest`).
fn check_type(actual: ChecksumType, request: &Completion) -> Result<(), Failure> {
    if request.expected_type.is_none_or(|expected| expected == actual) {
        return Ok(());
    }
    let message = format!(
        "The upload was created using the {} checksum mode. The complete request must use the same checksum mode.",
        actual.as_str()
    );
    Err(Failure::new(ErrorCode::BadDigest, message))
}

/// The stored parts that are listed, each with the listed `ETag`.
fn choose<'a>(
    stored: &'a [Part],
    listed: &[CompletedPart],
    min_bytes: u64,
) -> Result<Vec<&'a Part>, Failure> {
    let mut remaining = stored.iter();
    let chosen = listed.iter().map(|named| {
        let number = named.part_number.get();
        let found = remaining.find(|part| part.number >= number).filter(|part| part.number == number);
        let part = found.filter(|part| part.etag() == named.etag);
        part.ok_or_else(|| invalid_part(format!("Part {number} was not uploaded, or has another ETag")))
    });
    let chosen: Vec<&Part> = chosen.collect::<Result<_, _>>()?;
    let all_but_last = chosen.len().saturating_sub(1);
    match chosen.iter().take(all_but_last).find(|part| part.size_bytes < min_bytes) {
        Some(part) => {
            let (number, size) = (part.number, part.size_bytes);
            let message = format!(
                "Part {number} has {size} bytes; all parts except the last need at least {min_bytes}"
            );
            Err(Failure::new(ErrorCode::EntityTooSmall, message))
        }
        None => Ok(chosen),
    }
}

/// Checks that checksums listed with the parts are those of the stored parts. A composite checksum is computed from
/// them, so each part must have one there (AWS: "The complete request must include the checksum for each part"). A
/// checksum of another algorithm is refused, because the store cannot compare it: as `BadDigest`, or as `InvalidPart` if the
/// upload was created without an algorithm, as on AWS.
fn check_part_checksums(
    chosen: &[&Part],
    listed: &[CompletedPart],
    choice: ChecksumChoice,
) -> Result<(), Failure> {
    let algorithm = choice.algorithm;
    for (part, named) in chosen.iter().zip(listed) {
        let number = part.number;
        match named.checksum {
            None if choice.checksum_type == ChecksumType::Composite => {
                return Err(invalid_request(format!(
                    "The upload was created using a {} checksum. The complete request must include the checksum for \
                     each part. It was missing for part {number} in the request.",
                    algorithm.as_str().to_lowercase(),
                )));
            }
            Some(given) if given.algorithm() != algorithm && choice != ChecksumChoice::DEFAULT => {
                let given = given.algorithm().as_str().to_lowercase();
                let message =
                    format!("The {given} you specified for part {number} did not match what we received.");
                return Err(Failure::new(ErrorCode::BadDigest, message));
            }
            Some(given) if part.checksum(algorithm) != Some(given) => {
                return Err(invalid_part(format!(
                    "The checksum listed for part {number} is not one that the store has of this part"
                )));
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

fn assemble(upload: &Upload, chosen: &[&Part], now: i64) -> Result<Object, Failure> {
    let mut layout = Layout::default();
    for part in chosen {
        layout.push(part.number, part.size_bytes);
    }
    Ok(Object {
        set: upload.id.set,
        token: Some(upload.id.token),
        size_bytes: layout.size_bytes(),
        etag: etag(chosen),
        modified_at: now,
        headers: upload.headers.clone(),
        tags: upload.tags.clone(),
        checksum: ObjectChecksum {
            checksum: checksum(chosen, upload.checksum)?,
            checksum_type: upload.checksum.checksum_type,
            parts: chosen.len(),
        },
        layout,
    })
}

/// S3's `ETag` of a multipart object, the MD5 of its parts' MD5s, if all of those are known. Otherwise it is made in
/// the same way from the parts' `ETag`s.
fn etag(chosen: &[&Part]) -> String {
    let mut whole = Md5::new();
    match chosen.iter().map(|part| part.digest.md5()).collect::<Option<Vec<_>>>() {
        Some(md5s) => md5s.iter().for_each(|md5| whole.update(md5)),
        None => chosen.iter().for_each(|part| whole.update(part.etag())),
    }
    format!("{}-{}", hex::encode(whole.finalize()), chosen.len())
}

/// The object's checksum, computed from those of its parts.
fn checksum(chosen: &[&Part], choice: ChecksumChoice) -> Result<Checksum, Failure> {
    let algorithm = choice.algorithm;
    if algorithm == Algorithm::Crc64Nvme {
        return whole_crc64(chosen).ok_or_else(|| Failure::internal("a CRC-64 is 8 bytes"));
    }
    let sums = chosen.iter().map(|part| part.checksum(algorithm)).collect::<Option<Vec<Checksum>>>();
    let sums = sums.ok_or_else(|| Failure::internal("a part has no checksum of its upload's algorithm"))?;
    match choice.checksum_type {
        ChecksumType::Composite => Ok(composite(algorithm, &sums)),
        ChecksumType::FullObject => {
            let sizes = chosen.iter().map(|part| part.size_bytes);
            combine(algorithm, sums.iter().zip(sizes))
                .ok_or_else(|| Failure::internal("the algorithm cannot be combined"))
        }
    }
}

fn whole_crc64(chosen: &[&Part]) -> Option<Checksum> {
    let mut combined = Combined::new();
    for part in chosen {
        combined.push(part.crc64, part.size_bytes);
    }
    Checksum::from_bytes(Algorithm::Crc64Nvme, &combined.get().to_be_bytes())
}

fn check_whole(object: &Object, chosen: &[&Part], request: &Completion) -> Result<(), Failure> {
    let size = object.size_bytes;
    if size > request.limits.max_object_bytes {
        let message = format!(
            "The object would have {size} bytes; at most {} are allowed",
            request.limits.max_object_bytes
        );
        return Err(Failure::new(ErrorCode::EntityTooLarge, message));
    }
    if let Some(expected) = request.expected_bytes.filter(|expected| *expected != size) {
        return Err(invalid_request(format!(
            "The parts have {size} bytes together, but x-amz-mp-object-size says {expected}"
        )));
    }
    let Some(ExpectedChecksum { checksum: given, parts }) = &request.expected_checksum else {
        return Ok(());
    };
    let algorithm = given.algorithm();
    let (known, is_composite) = if algorithm == object.checksum.checksum.algorithm() {
        (Some(object.checksum.checksum), object.checksum.checksum_type == ChecksumType::Composite)
    } else if algorithm == Algorithm::Crc64Nvme {
        (whole_crc64(chosen), false)
    } else {
        return Err(invalid_request(format!("The upload was not created with {}", algorithm.as_str())));
    };
    let count_fits = parts.is_none_or(|parts| is_composite && usize::from(parts) == chosen.len());
    if known == Some(*given) && count_fits {
        return Ok(());
    }
    let message = format!("The {} you specified does not match the object", algorithm.header_name());
    Err(Failure::new(ErrorCode::BadDigest, message))
}

fn invalid_part(message: impl Into<std::borrow::Cow<'static, str>>) -> Failure {
    Failure::new(ErrorCode::InvalidPart, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::SetId, meta::schema};

    fn outcome(db: &Connection) -> ErrorCode {
        let request = Completion {
            bucket: 1,
            key: "k".to_owned(),
            id: UploadId { set: SetId(1), token: [0; 16] },
            listed: Vec::new(),
            expected_bytes: None,
            expected_checksum: None,
            expected_type: None,
            limits: Limits { min_part_bytes: 0, max_object_bytes: 0 },
        };
        complete(db, &request, |_| Ok(()), 0).unwrap_err().error.code
    }

    #[test]
    fn a_failed_lookup_of_an_upload_does_not_say_that_the_upload_is_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let db = schema::open_writer(&folder.path().join("meta.db"), false).unwrap();
        assert_eq!(outcome(&db), ErrorCode::NoSuchUpload);
        db.execute_batch("drop table upload").unwrap();
        assert_eq!(outcome(&db), ErrorCode::InternalError);
    }
}
