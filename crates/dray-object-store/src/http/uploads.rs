//! `CreateMultipartUpload`, `AbortMultipartUpload`, `ListParts`.

use axum::response::Response;
use dray_s3::{
    checksum::{Algorithm, ChecksumType},
    xml,
};
use http::{HeaderName, StatusCode};

use super::{
    Call, answer,
    conditions::WriteCondition,
    list_objects::{number_parameter, page_size},
    stored_headers, tags,
};
use crate::{
    clock,
    failure::{Failure, invalid_request, no_such_upload},
    fields::Fields,
    ids::{UploadId, part_number},
    meta::{
        buckets, objects, parts,
        uploads::{self, ChecksumChoice, Upload},
    },
};

pub(super) const X_AMZ_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("x-amz-checksum-algorithm");
pub(super) const X_AMZ_CHECKSUM_TYPE: HeaderName = HeaderName::from_static("x-amz-checksum-type");

pub(super) async fn create(call: &Call) -> Result<Response, Failure> {
    call.store.check_space()?;
    let fields = call.fields();
    let checksum = checksum_choice(&fields)?;
    let headers = stored_headers::collect(&fields)?;
    let tags = tags::of_header(&fields)?;
    let id = UploadId { set: call.store.meta().new_set(), token: clock::random() };
    let announced_bytes = object_size(&fields)?;
    let condition = WriteCondition::read(&fields)?;
    let (bucket, key, created_at) = (call.target.bucket.clone(), call.target.key.clone(), call.now_ms());
    let insert = call.store.meta().write(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        if !condition.is_none() {
            condition.check(objects::find(db, bucket, &key)?.as_ref())?;
        }
        let upload = Upload { id, bucket, key, created_at, headers, tags, checksum, announced_bytes };
        Ok(uploads::insert(db, &upload)?)
    });
    insert.await?;

    let upload_id = id.to_string();
    let (bucket, key) = (&call.target.bucket, &call.target.key);
    let document = xml::InitiateMultipartUploadResult { bucket, key, upload_id: &upload_id };
    let mut response = answer::xml(document.to_xml());
    let headers = response.headers_mut();
    stored_headers::not_encrypted(&fields, headers);
    answer::set(headers, X_AMZ_CHECKSUM_ALGORITHM, checksum.algorithm.as_str());
    answer::set(headers, X_AMZ_CHECKSUM_TYPE, checksum.checksum_type.as_str());
    Ok(response)
}

/// `x-amz-mp-object-size`: the size of the whole object. S3 has this header on Complete. Here a client may also send
/// it when it creates an upload. Then it limits the bytes that the upload may store.
pub(super) fn object_size(fields: &Fields<'_>) -> Result<Option<u64>, Failure> {
    let parse = |value: &str| {
        value.parse().map_err(|_| invalid_request("x-amz-mp-object-size must be a number of bytes"))
    };
    fields.get("x-amz-mp-object-size")?.map(parse).transpose()
}

/// The algorithm that `x-amz-checksum-algorithm` asks for.
pub(super) fn named_algorithm(fields: &Fields<'_>) -> Result<Option<Algorithm>, Failure> {
    let named = fields.get(X_AMZ_CHECKSUM_ALGORITHM.as_str())?.map(|name| {
        Algorithm::from_name(name)
            .ok_or_else(|| invalid_request("x-amz-checksum-algorithm must name an algorithm of S3"))
    });
    named.transpose()
}

/// The type that `x-amz-checksum-type` names.
pub(super) fn named_type(fields: &Fields<'_>) -> Result<Option<ChecksumType>, Failure> {
    let named = fields.get(X_AMZ_CHECKSUM_TYPE.as_str())?.map(|name| {
        ChecksumType::parse(name)
            .ok_or_else(|| invalid_request("x-amz-checksum-type must be FULL_OBJECT or COMPOSITE"))
    });
    named.transpose()
}

fn checksum_choice(fields: &Fields<'_>) -> Result<ChecksumChoice, Failure> {
    let (named, typed) = (named_algorithm(fields)?, named_type(fields)?);
    if typed.is_some() && named.is_none() {
        return Err(invalid_request(
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header",
        ));
    }
    let algorithm = named.unwrap_or(ChecksumChoice::DEFAULT.algorithm);
    let checksum_type = typed.unwrap_or(algorithm.default_type());
    if !algorithm.allows(checksum_type) {
        let (algorithm, checksum_type) = (algorithm.as_str(), checksum_type.as_str());
        return Err(invalid_request(format!(
            "The checksum type {checksum_type} cannot be used with {algorithm}"
        )));
    }
    Ok(ChecksumChoice { algorithm, checksum_type })
}

pub(super) async fn abort(call: &Call) -> Result<Response, Failure> {
    let id = upload_id(call)?;
    let (bucket, key) = (call.target.bucket.clone(), call.target.key.clone());
    let abort = call.store.write_freeing(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        let upload = uploads::find(db, bucket, &key, id)?;
        Ok(uploads::abort(db, upload.id.set)?)
    });
    abort.await?;
    call.store.allowances().end(id.set);
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

pub(super) async fn list_parts(call: &Call) -> Result<Response, Failure> {
    let id = upload_id(call)?;
    let limit = page_size(number_parameter(call, "max-parts", 1000)?, 1000);
    let marker = number_parameter(call, "part-number-marker", 0)?;
    let after = u16::try_from(marker).unwrap_or(u16::MAX);
    let (bucket, key) = (call.target.bucket.clone(), call.target.key.clone());
    let read = call.store.meta().read(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        let upload = uploads::find(db, bucket, &key, id)?;
        Ok((upload.checksum, parts::page(db, id.set, after, usize::from(limit) + 1)?))
    });
    let (choice, mut page) = read.await?;
    let is_truncated = limit > 0 && page.len() > usize::from(limit);
    page.truncate(usize::from(limit));

    let etags: Vec<String> = page.iter().map(parts::Part::etag).collect();
    let parts = page.iter().zip(&etags).map(|(part, etag)| xml::ListedPart {
        part_number: part_number(part.number),
        last_modified: answer::timestamp(part.modified_at),
        etag,
        size_bytes: part.size_bytes,
        checksum: part.checksum(choice.algorithm),
    });
    let document = xml::ListPartsResult {
        bucket: &call.target.bucket,
        key: &call.target.key,
        upload_id: &id.to_string(),
        owner: call.store.owner(),
        part_number_marker: marker,
        max_parts: limit,
        is_truncated,
        checksum: Some((choice.algorithm, choice.checksum_type)),
        parts: parts.collect(),
    };
    Ok(answer::xml(document.to_xml()))
}

/// The upload id in the query. An id that this store never made belongs to no upload.
pub(super) fn upload_id(call: &Call) -> Result<UploadId, Failure> {
    UploadId::parse(call.query.get("uploadId").unwrap_or_default()).ok_or_else(no_such_upload)
}
