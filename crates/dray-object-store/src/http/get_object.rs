//! `GetObject` and `HeadObject`: the same answer, with and without the bytes.

use std::ops::Range;

use axum::{body::Body, response::Response};
use dray_s3::{ErrorCode, PartNumber};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::{
    Call, answer, conditions,
    range::{self, Asked},
    stored_headers,
    uploads::X_AMZ_CHECKSUM_TYPE,
};
use crate::{
    failure::{Failure, invalid_request, no_such_key},
    meta::{buckets, objects, objects::Object},
    pins::Pin,
    read::{self, Reader},
};

const X_AMZ_MP_PARTS_COUNT: HeaderName = HeaderName::from_static("x-amz-mp-parts-count");

/// Which bytes are answered, and whether they are named as a part of the whole.
struct Selection {
    bytes: Range<u64>,
    partial: bool,
}

pub(super) async fn head(call: &Call) -> Result<Response, Failure> {
    let (bucket, key) = (call.target.bucket.clone(), call.target.key.clone());
    let find = call.store.meta().read(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        objects::find(db, bucket, &key)?.ok_or_else(no_such_key)
    });
    let object = find.await?;
    Ok(describe(call, &object)?.0)
}

pub(super) async fn get(call: &Call) -> Result<Response, Failure> {
    let (object, pin) = find_and_pin(call).await?;
    let (mut response, bytes) = describe(call, &object)?;
    if bytes.is_empty() {
        return Ok(response);
    }
    let reader = Reader {
        meta: call.store.shared_meta(),
        disk: call.store.disk().clone(),
        pin,
        layout: object.layout,
        bytes,
        open: None,
    };
    *response.body_mut() = Body::from_stream(read::stream(reader).await?);
    Ok(response)
}

/// The object, its parts pinned: see `pins.rs` for why it is looked at twice.
async fn find_and_pin(call: &Call) -> Result<(Object, Pin), Failure> {
    let (bucket, key) = (call.target.bucket.clone(), call.target.key.clone());
    let pins = call.store.pins().clone();
    let find = call.store.meta().read(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        loop {
            let object = objects::find(db, bucket, &key)?.ok_or_else(no_such_key)?;
            let pin = pins.pin(object.set);
            if objects::set_of(db, bucket, &key)? == Some(object.set) {
                return Ok((object, pin));
            }
        }
    });
    find.await
}

/// The head of the answer, and the bytes that belong to it.
fn describe(call: &Call, object: &Object) -> Result<(Response, Range<u64>), Failure> {
    conditions::check_read(&call.head.headers, object)?;
    let part_number = call.query.get("partNumber").map(str::parse::<PartNumber>).transpose()?;
    let selection = select(call, object, part_number)?;
    let mut response = answer::empty(StatusCode::OK);
    let headers = response.headers_mut();
    stored_headers::restore(&object.headers, &call.query, headers)?;
    headers.extend(answer::quoted(&object.etag).map(|etag| (header::ETAG, etag)));
    headers.extend(answer::http_date(object.modified_at).map(|date| (header::LAST_MODIFIED, date)));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, (selection.bytes.end - selection.bytes.start).into());
    if part_number.is_some() && object.token.is_some() {
        headers.insert(X_AMZ_MP_PARTS_COUNT, object.layout.parts().into());
    }
    let wants_checksum = call.fields().get("x-amz-checksum-mode");
    if !selection.partial && wants_checksum.is_some_and(|mode| mode.eq_ignore_ascii_case("enabled")) {
        let name = HeaderName::from_static(object.checksum.checksum.algorithm().header_name());
        answer::set(headers, name, &object.checksum.text());
        answer::set(headers, X_AMZ_CHECKSUM_TYPE, object.checksum.checksum_type.as_str());
    }
    if selection.partial {
        let Range { start, end } = selection.bytes;
        let range = format!("bytes {start}-{}/{}", end.saturating_sub(1), object.size_bytes);
        answer::set(headers, header::CONTENT_RANGE, &range);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok((response, selection.bytes))
}

fn select(call: &Call, object: &Object, part_number: Option<PartNumber>) -> Result<Selection, Failure> {
    let range = call.head.headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let whole = Selection { bytes: 0..object.size_bytes, partial: false };
    if let Some(number) = part_number {
        if range.is_some() {
            return Err(invalid_request("Cannot specify both Range header and partNumber query parameter"));
        }
        let place = object.layout.part(number.get()).ok_or_else(|| {
            Failure::new(ErrorCode::InvalidPartNumber, format!("The object has no part {number}"))
        })?;
        return Ok(Selection { partial: !place.bytes.is_empty(), bytes: place.bytes });
    }
    let Some(range) = range.filter(|_| conditions::range_applies(&call.head.headers, object)) else {
        return Ok(whole);
    };
    match range::parse(range, object.size_bytes) {
        Asked::Whole => Ok(whole),
        Asked::Bytes(bytes) => Ok(Selection { bytes, partial: true }),
        Asked::Unsatisfiable => {
            let size = HeaderValue::from_str(&format!("bytes */{}", object.size_bytes)).ok();
            let failure = Failure::new(ErrorCode::InvalidRange, "The requested range is not satisfiable");
            Err(failure.with_header(header::CONTENT_RANGE, size))
        }
    }
}
