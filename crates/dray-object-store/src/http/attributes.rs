//! `GetObjectAttributes`: the attributes that the header `x-amz-object-attributes` asks for.

use axum::response::Response;
use dray_s3::xml::{GetObjectAttributesResponse, ObjectPart, ObjectParts};
use http::header;

use super::{
    Call, answer,
    conditions::ReadCondition,
    list_objects::{number_or, page_size},
};
use crate::{
    failure::{Failure, invalid_argument, no_such_key},
    ids::part_number,
    meta::{
        buckets,
        objects::{self, Object},
        parts,
    },
};

/// The attributes that a client can ask for.
const KNOWN: [&str; 5] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
const MAX_PARTS: u16 = 1000;

pub(super) async fn get(call: &Call) -> Result<Response, Failure> {
    let fields = call.fields();
    let asked = fields.list("x-amz-object-attributes")?.unwrap_or_default();
    let asked: Vec<&str> = asked.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if asked.is_empty() || asked.iter().any(|name| !KNOWN.contains(name)) {
        return Err(invalid_argument(format!(
            "x-amz-object-attributes must list some of {}",
            KNOWN.join(", ")
        )));
    }
    let asks = |name| asked.contains(&name);
    let limit = page_size(header_number(call, "x-amz-max-parts", MAX_PARTS.into())?, MAX_PARTS);
    let marker = header_number(call, "x-amz-part-number-marker", 0)?;
    let after = u16::try_from(marker).unwrap_or(u16::MAX);
    let wants_parts = asks("ObjectParts");
    let condition = ReadCondition::read(&fields)?;
    let (bucket, key) = (call.target.bucket.clone(), call.target.key.clone());
    let find = call.store.meta().read(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        let object = objects::find(db, bucket, &key)?.ok_or_else(no_such_key)?;
        let count = if wants_parts && object.token.is_some() { usize::from(limit) + 1 } else { 0 };
        let page = parts::page(db, object.set, after, count)?;
        Ok((object, page))
    });
    let (object, page) = find.await?;
    condition.check(&object)?;

    let has_parts = wants_parts && object.token.is_some();
    let document = GetObjectAttributesResponse {
        etag: asks("ETag").then_some(&object.etag),
        checksum: asks("Checksum").then_some(object.checksum),
        object_parts: has_parts.then(|| object_parts(&object, page, marker, limit)),
        storage_class: asks("StorageClass"),
        object_size_bytes: asks("ObjectSize").then_some(object.size_bytes),
    };
    let mut response = answer::xml(document.to_xml());
    response
        .headers_mut()
        .extend(answer::http_date(object.modified_at).map(|date| (header::LAST_MODIFIED, date)));
    Ok(response)
}

fn object_parts(object: &Object, mut page: Vec<parts::Part>, marker: u32, limit: u16) -> ObjectParts {
    let is_truncated = limit > 0 && page.len() > usize::from(limit);
    page.truncate(usize::from(limit));
    let algorithm = object.checksum.checksum.algorithm();
    let parts = page.iter().map(|part| ObjectPart {
        part_number: part_number(part.number),
        size_bytes: part.size_bytes,
        checksum: part.checksum(algorithm),
    });
    ObjectParts {
        total_parts: object.layout.parts(),
        part_number_marker: marker,
        max_parts: limit,
        is_truncated,
        parts: parts.collect(),
    }
}

fn header_number(call: &Call, name: &str, default: u32) -> Result<u32, Failure> {
    number_or(name, call.fields().get(name)?, default)
}
