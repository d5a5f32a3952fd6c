//! `CompleteMultipartUpload`: reads the request and writes the answer. `meta/complete.rs` does the work.

use axum::{body::Body, response::Response};
use dray_s3::{
    PartNumber,
    checksum::Checksum,
    xml::{self, CompleteMultipartUpload, MAX_COMPLETE_BODY_BYTES},
};

use super::{
    Call, answer,
    conditions::WriteCondition,
    control_body::{self, Checksums},
    location::location,
    uploads::{named_type, object_size, upload_id},
};
use crate::{
    body::{checksum_header, invalid_value},
    clock,
    failpoints::die_at,
    failure::Failure,
    meta::{
        buckets,
        complete::{Completion, ExpectedChecksum, complete as run},
    },
};

pub(super) async fn complete(call: &Call, body: &mut Body) -> Result<Response, Failure> {
    let id = upload_id(call)?;
    let condition = WriteCondition::read(&call.fields())?;
    let expected_bytes = object_size(&call.fields())?;
    let expected_checksum = expected_checksum(call)?;
    let expected_type = named_type(&call.fields())?;
    let body = control_body::read(call, body, MAX_COMPLETE_BODY_BYTES, Checksums::OfObject).await?;
    let listed = CompleteMultipartUpload::parse(&body)?.parts;

    die_at("complete-received");
    let (bucket, key, limits) = (call.target.bucket.clone(), call.target.key.clone(), call.store.limits());
    let now = clock::now().as_millisecond();
    let commit = call.store.meta().write(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        let request =
            Completion { bucket, key, id, listed, expected_bytes, expected_checksum, expected_type, limits };
        run(db, &request, |there| condition.check(there), now)
    });
    let object = commit.await?;
    call.store.allowances().end(id.set);
    die_at("complete-done");
    call.store.collect_garbage();

    let document = xml::CompleteMultipartUploadResult {
        location: &location(&call.head, None),
        bucket: &call.target.bucket,
        key: &call.target.key,
        etag: &object.etag,
        checksum: Some(object.checksum),
    };
    Ok(answer::xml(document.to_xml()))
}

/// The object's checksum as the client computed it.
fn expected_checksum(call: &Call) -> Result<Option<ExpectedChecksum>, Failure> {
    let Some((algorithm, value)) = checksum_header(&call.fields())? else { return Ok(None) };
    let invalid = || invalid_value(algorithm.header_name());
    let (checksum, parts) = match value.split_once('-') {
        Some((checksum, parts)) => (checksum, Some(parts.parse::<PartNumber>().map_err(|_| invalid())?)),
        None => (value, None),
    };
    let checksum = Checksum::from_base64(algorithm, checksum).ok_or_else(invalid)?;
    Ok(Some(ExpectedChecksum { checksum, parts: parts.map(PartNumber::get) }))
}
