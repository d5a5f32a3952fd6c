//! `CopyObject`: an object that shares the parts of another. Its `ETag`, parts and checksums are those of the source.

use axum::response::Response;
use dray_s3::{
    ErrorCode,
    checksum::{Algorithm, ChecksumType},
    xml::{CopyResult, ObjectChecksum},
};

use super::{MAX_ATTEMPTS, source::Source, source_changes};
use crate::{
    clock,
    failure::{Failure, invalid_argument, invalid_request},
    http::{Call, answer, conditions::WriteCondition, stored_headers, tags, uploads::named_algorithm},
    meta::{
        buckets,
        objects::{self, Object},
        parts,
    },
};

/// Whether the copy keeps the metadata or the tags of its source, or has those of the request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Copy,
    Replace,
}

pub(in crate::http) async fn copy(call: &Call) -> Result<Response, Failure> {
    if call.fields().has("x-amz-copy-source-range") {
        return Err(invalid_argument(
            "x-amz-copy-source-range is for UploadPartCopy; CopyObject copies the whole object",
        ));
    }
    call.store.check_space()?;
    let condition = WriteCondition::read(&call.fields())?;
    for _ in 0..MAX_ATTEMPTS {
        let source = Source::find(call).await?;
        let object = describe(call, &source).await?;
        if commit(call, source, object.clone(), condition.clone()).await? {
            call.store.collect_garbage();
            let document = CopyResult {
                etag: &object.etag,
                last_modified: answer::timestamp(object.modified_at),
                checksum: Some(object.checksum),
            };
            let mut response = answer::xml(document.to_object_xml());
            stored_headers::not_encrypted(&call.fields(), response.headers_mut());
            return Ok(response);
        }
    }
    Err(source_changes())
}

/// The copy as it will be stored.
async fn describe(call: &Call, source: &Source) -> Result<Object, Failure> {
    let metadata = directive(call, "x-amz-metadata-directive")?;
    let tagging = directive(call, "x-amz-tagging-directive")?;
    let asked = named_algorithm(&call.fields())?;
    let is_same = source.bucket == call.target.bucket && source.key == call.target.key;
    let changes = metadata == Directive::Replace
        || ["x-amz-storage-class", "x-amz-server-side-encryption"].iter().any(|name| call.fields().has(name));
    if is_same && !changes {
        return Err(invalid_request(
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    call.store.check_object_size(source.object.size_bytes)?;
    let given = stored_headers::collect(&call.fields())?;
    let mut object = source.object.clone();
    object.set = call.store.meta().new_set();
    // The copy of a multipart object is a multipart object too. No Complete made it, so it gets a token that no
    // upload has.
    object.token = object.token.map(|_| clock::random());
    object.modified_at = clock::now().as_millisecond();
    if metadata == Directive::Replace {
        object.headers = given;
    }
    if tagging == Directive::Replace {
        object.tags = tags::of_header(&call.fields())?;
    }
    if let Some(algorithm) = asked.filter(|asked| !has(&object.checksum, *asked)) {
        object.checksum = ObjectChecksum {
            checksum: source.checksum(call, 0..object.size_bytes, algorithm).await?,
            checksum_type: ChecksumType::FullObject,
            parts: object.checksum.parts,
        };
    }
    Ok(object)
}

fn has(checksum: &ObjectChecksum, asked: Algorithm) -> bool {
    checksum.checksum.algorithm() == asked && checksum.checksum_type == ChecksumType::FullObject
}

/// Stores the copy in one commit. Returns whether the source is still the same.
async fn commit(
    call: &Call,
    source: Source,
    object: Object,
    condition: WriteCondition,
) -> Result<bool, Failure> {
    let (bucket, key) = (call.target.bucket.clone(), call.target.key.clone());
    let commit = call.store.meta().write(move |db| {
        let from = buckets::find(db, &source.bucket)?;
        let to = buckets::find(db, &bucket)?;
        if objects::set_of(db, from, &source.key)? != Some(source.object.set) {
            return Ok(false);
        }
        condition.check(objects::find(db, to, &key)?.as_ref())?;
        let same_checksum = object.checksum == source.object.checksum;
        parts::share(db, source.object.set, object.set, same_checksum)?;
        objects::put(db, to, &key, &object)?;
        Ok(true)
    });
    commit.await
}

fn directive(call: &Call, name: &str) -> Result<Directive, Failure> {
    match call.fields().get(name)? {
        None | Some("COPY") => Ok(Directive::Copy),
        Some("REPLACE") => Ok(Directive::Replace),
        Some(_) => Err(invalid_argument(format!("{name} must be COPY or REPLACE"))),
    }
}

/// The most that one part may copy (AWS S3 API reference, `UploadPartCopy`).
pub(super) fn check_part_size(size_bytes: u64) -> Result<(), Failure> {
    const MAX_BYTES: u64 = 5 << 30;
    if size_bytes <= MAX_BYTES {
        return Ok(());
    }
    let message = format!("One part may copy at most {MAX_BYTES} bytes, not {size_bytes}; give a range");
    Err(Failure::new(ErrorCode::InvalidRequest, message))
}
