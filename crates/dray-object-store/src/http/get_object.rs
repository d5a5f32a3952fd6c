//! `GetObject` and `HeadObject`: the same answer, with and without the bytes.

use std::ops::Range;

use axum::{body::Body, response::Response};
use dray_s3::{ErrorCode, PartNumber};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::{
    Call, answer,
    conditions::{self, ReadCondition},
    range::{self, Asked},
    stored_headers, tags,
    uploads::X_AMZ_CHECKSUM_TYPE,
};
use crate::{
    ObjectStore,
    failure::{Failure, invalid_request, no_such_key},
    meta::{
        buckets, objects,
        objects::Object,
        parts::{self, Part},
    },
    pins::Pin,
    read::{self, Reader},
    transfers::Direction,
};

const X_AMZ_MP_PARTS_COUNT: HeaderName = HeaderName::from_static("x-amz-mp-parts-count");

const X_AMZ_TAGGING_COUNT: HeaderName = HeaderName::from_static("x-amz-tagging-count");

/// Which bytes the answer has, and whether it names them as a range.
struct Selection {
    bytes: Range<u64>,
    partial: bool,
}

pub(super) async fn head(call: &Call) -> Result<Response, Failure> {
    let number = part_number(call)?;
    let (bucket, key) = (call.target.bucket.clone(), call.target.key.clone());
    let find = call.store.meta().read(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        objects::find(db, bucket, &key)?.ok_or_else(no_such_key)
    });
    let object = find.await?;
    let part = part_asked(call, &object, number).await?;
    Ok(describe(call, &object, number, part.as_ref())?.0)
}

pub(super) async fn get(call: &Call) -> Result<Response, Failure> {
    let number = part_number(call)?;
    let transfer = call.begin(Direction::Down, call.object())?;
    let (object, pin) = find_and_pin(&call.store, &call.target.bucket, &call.target.key).await?;
    let part = part_asked(call, &object, number).await?;
    let (mut response, bytes) = describe(call, &object, number, part.as_ref())?;
    if bytes.is_empty() {
        return Ok(response);
    }
    let reader = Reader {
        meta: call.store.shared_meta(),
        disk: call.store.disk().clone(),
        pin,
        _transfer: transfer,
        layout: object.layout,
        bytes,
        open: None,
    };
    *response.body_mut() = Body::from_stream(read::stream(reader).await?);
    Ok(response)
}

/// The object, with its parts pinned. `pins.rs` says why this reads it twice.
pub(super) async fn find_and_pin(
    store: &ObjectStore,
    bucket: &str,
    key: &str,
) -> Result<(Object, Pin), Failure> {
    let (bucket, key, pins) = (bucket.to_owned(), key.to_owned(), store.pins().clone());
    let find = store.meta().read(move |db| {
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

/// The part that the request asks for. It is read before the object is looked up: a wrong number is the sender's mistake,
/// whether there is such an object or not.
fn part_number(call: &Call) -> Result<Option<PartNumber>, Failure> {
    Ok(call.query.get("partNumber").map(str::parse::<PartNumber>).transpose()?)
}

/// The part whose checksum the request asks for, by its number.
async fn part_asked(
    call: &Call,
    object: &Object,
    number: Option<PartNumber>,
) -> Result<Option<Part>, Failure> {
    let wants_checksum = wants_checksum(call)?;
    let Some(number) = number.filter(|_| object.token.is_some() && wants_checksum) else {
        return Ok(None);
    };
    let (set, before) = (object.set, number.get() - 1);
    let page = call.store.meta().read(move |db| Ok(parts::page(db, set, before, 1)?)).await?;
    Ok(page.into_iter().find(|part| part.number == number.get()))
}

fn wants_checksum(call: &Call) -> Result<bool, Failure> {
    let mode = call.fields().get("x-amz-checksum-mode")?;
    Ok(mode.is_some_and(|mode| mode.eq_ignore_ascii_case("enabled")))
}

/// The head of the answer, and the bytes for its body.
fn describe(
    call: &Call,
    object: &Object,
    part_number: Option<PartNumber>,
    part: Option<&Part>,
) -> Result<(Response, Range<u64>), Failure> {
    ReadCondition::read(&call.fields())?.check(object)?;
    let selection = select(call, object, part_number)?;
    let mut response = answer::empty(StatusCode::OK);
    let headers = response.headers_mut();
    stored_headers::restore(&object.headers, &call.query, call.is_url_of_server(), headers)?;
    if let Some(hidden) = call.store.hidden_metadata().filter(|_| call.is_presigned()) {
        headers.remove(hidden);
    }
    headers.extend(answer::quoted(&object.etag).map(|etag| (header::ETAG, etag)));
    headers.extend(answer::http_date(object.modified_at).map(|date| (header::LAST_MODIFIED, date)));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, (selection.bytes.end - selection.bytes.start).into());
    let tags = tags::count(&object.tags)?;
    if tags > 0 {
        headers.insert(X_AMZ_TAGGING_COUNT, tags.into());
    }
    if part_number.is_some() && object.token.is_some() {
        headers.insert(X_AMZ_MP_PARTS_COUNT, object.layout.parts().into());
    }
    let algorithm = object.checksum.checksum.algorithm();
    let checksum = match part {
        Some(part) => part.checksum(algorithm).map(|checksum| checksum.to_base64()),
        None => (!selection.partial && wants_checksum(call)?).then(|| object.checksum.text()),
    };
    if let Some(checksum) = checksum {
        answer::set(headers, HeaderName::from_static(algorithm.header_name()), &checksum);
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
    let fields = call.fields();
    let range = fields.get(header::RANGE.as_str())?;
    let whole = Selection { bytes: 0..object.size_bytes, partial: false };
    if let Some(number) = part_number {
        if range.is_some() {
            return Err(invalid_request("Cannot specify both Range header and partNumber query parameter"));
        }
        let place = object.layout.part(number.get()).ok_or_else(|| {
            Failure::new(ErrorCode::InvalidPart, format!("The object has no part {number}"))
        })?;
        return Ok(Selection { partial: !place.bytes.is_empty(), bytes: place.bytes });
    }
    let applies = conditions::range_applies(&fields, object)?;
    let Some(range) = range.filter(|_| applies) else { return Ok(whole) };
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
