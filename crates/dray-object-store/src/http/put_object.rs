//! `PutObject`: an object of one part.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use dray_s3::{
    checksum::{Algorithm, ChecksumType},
    xml::ObjectChecksum,
};
use http::{HeaderName, StatusCode, header};
use rusqlite::Connection;

use super::{
    Call, Door, answer,
    conditions::WriteCondition,
    stored_headers, tags,
    upload_part::{new_file_id, settle, split},
    uploads::X_AMZ_CHECKSUM_TYPE,
};
use crate::{
    body::{self, Announced, Received, Wanted},
    clock,
    failpoints::die_at,
    failure::Failure,
    ids::{PartFileId, SetId},
    meta::{
        buckets,
        layout::Layout,
        objects::{self, Object},
        parts,
        uploads::ChecksumChoice,
    },
    transfers::Direction,
};

pub(super) async fn put(call: &Call, body: &mut Body) -> Result<Response, Failure> {
    let _transfer = call.begin(Direction::Up, call.object())?;
    let announced = Announced::read(&call.fields(), call.payload.clone())?;
    if !frees_space(call, announced.size_bytes) {
        call.store.check_space()?;
    }
    call.store.check_object_size(announced.size_bytes)?;
    let headers = if call.is_url_of_server() {
        stored_headers::collect_signed(&call.head.headers, &call.query)?
    } else {
        stored_headers::collect(&call.fields())?
    };
    let tags = tags::of_header(&call.fields())?;
    let condition = WriteCondition::read(&call.fields())?;
    check_early(call, condition.clone()).await?;

    let described = Described { set: call.store.meta().new_set(), headers, tags, condition };
    let algorithm = announced.algorithm().unwrap_or(ChecksumChoice::DEFAULT.algorithm);
    let wanted = Wanted { md5: true, algorithms: vec![algorithm] };
    let (file, timeout) = (described.file(), call.store.idle_timeout());
    let received = body::receive(call.store.disk(), file, body, &announced, wanted, timeout).await?;
    let object = store(call, received, algorithm, described).await?;
    die_at("object-stored");
    let mut response = answer_with(&object);
    stored_headers::not_encrypted(&call.fields(), response.headers_mut());
    Ok(response)
}

/// What is known of an object before its bytes arrive.
pub(super) struct Described {
    pub(super) set: SetId,
    pub(super) headers: String,
    pub(super) tags: String,
    pub(super) condition: WriteCondition,
}

impl Described {
    /// A name for the file of its bytes.
    pub(super) fn file(&self) -> PartFileId {
        new_file_id(self.set.part_id(1))
    }
}

/// Creates the object from the bytes that arrived, in one commit.
pub(super) async fn store(
    call: &Call,
    received: Received,
    algorithm: Algorithm,
    described: Described,
) -> Result<Object, Failure> {
    let Described { set, headers, tags, condition } = described;
    let object = describe(&received, set, algorithm, (headers, tags))?;
    let (part, file) = split(received, set.part_id(1), algorithm);
    let (bucket, key, stored) = (call.target.bucket.clone(), call.target.key.clone(), object.clone());
    let part = Arc::new(part);
    let job = move |db: &Connection| {
        let bucket = buckets::find(db, &bucket)?;
        condition.check(objects::find(db, bucket, &key)?.as_ref())?;
        parts::put(db, &part, stored.modified_at)?;
        Ok(objects::put(db, bucket, &key, &stored)?)
    };
    if frees_space(call, object.size_bytes) {
        call.store.write_freeing(job).await?;
    } else {
        call.store.meta().write_then(job, move |settled| settle(file, settled)).await?;
        call.store.collect_garbage();
    }
    Ok(object)
}

/// Whether this PUT exists to free space: the owner of the store, in this process, puts an empty object over what a signed
/// URL has written or may still write. It has no file, because its body is empty.
fn frees_space(call: &Call, size_bytes: u64) -> bool {
    call.caller.door == Door::Inside && size_bytes == 0
}

/// Refuses a request before its body is read if it would be refused after that anyway.
pub(super) async fn check_early(call: &Call, condition: WriteCondition) -> Result<(), Failure> {
    let (bucket, key) = (call.target.bucket.clone(), call.target.key.clone());
    let check = call.store.meta().read(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        if condition.is_none() {
            return Ok(());
        }
        condition.check(objects::find(db, bucket, &key)?.as_ref())
    });
    check.await
}

fn describe(
    received: &Received,
    set: SetId,
    algorithm: Algorithm,
    (headers, tags): (String, String),
) -> Result<Object, Failure> {
    let md5 = received.digested.digest.md5().ok_or_else(|| Failure::internal("the MD5 was not computed"))?;
    let checksum = received.digested.checksum(algorithm);
    let checksum = checksum.ok_or_else(|| Failure::internal("the checksum was not computed"))?;
    Ok(Object {
        set,
        token: None,
        size_bytes: received.size_bytes,
        etag: hex::encode(md5),
        modified_at: clock::now().as_millisecond(),
        headers,
        tags,
        layout: Layout::single(received.size_bytes),
        checksum: ObjectChecksum { checksum, checksum_type: ChecksumType::FullObject, parts: 1 },
    })
}

fn answer_with(object: &Object) -> Response {
    let mut response = answer::empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.extend(answer::quoted(&object.etag).map(|etag| (header::ETAG, etag)));
    let name = HeaderName::from_static(object.checksum.checksum.algorithm().header_name());
    answer::set(headers, name, &object.checksum.text());
    answer::set(headers, X_AMZ_CHECKSUM_TYPE, object.checksum.checksum_type.as_str());
    response
}
