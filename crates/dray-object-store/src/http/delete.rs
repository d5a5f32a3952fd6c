//! `DeleteObject` and `DeleteObjects`. Deleting what is not there succeeds.

use axum::{body::Body, response::Response};
use dray_s3::{
    ErrorCode,
    xml::{self, Delete, DeleteFailure, DeleteObject, MAX_DELETE_BODY_BYTES},
};
use http::{StatusCode, header};

use super::{
    Call, answer,
    control_body::{self, Checksums},
};
use crate::{
    failure::{Failure, not_implemented},
    meta::{buckets, objects},
};

pub(super) async fn one(call: &Call) -> Result<Response, Failure> {
    if call.head.headers.contains_key(header::IF_MATCH)
        || call.fields().starting_with("x-amz-if-match-").next().is_some()
    {
        return Err(not_implemented("conditions on a delete"));
    }
    remove(call, vec![call.target.key.clone()]).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

pub(super) async fn many(call: &Call, body: &mut Body) -> Result<Response, Failure> {
    let body = control_body::read(call, body, MAX_DELETE_BODY_BYTES, Checksums::OfBody).await?;
    let request = Delete::parse(&body)?;
    let has_version = |object: &&DeleteObject| object.version_id.as_ref().is_some_and(|id| id != "null");
    let unversioned = request.objects.iter().filter(|object| !has_version(object));
    let keys: Vec<String> = unversioned.map(|object| object.key.clone()).collect();
    remove(call, keys.clone()).await?;

    let failures = request.objects.iter().filter(has_version).map(|object| DeleteFailure {
        key: &object.key,
        code: ErrorCode::NotImplemented,
        message: "This store keeps no versions",
    });
    let deleted = if request.quiet { Vec::new() } else { keys.iter().map(String::as_str).collect() };
    Ok(answer::xml(xml::DeleteResult { deleted, failures: failures.collect() }.to_xml()))
}

/// Removes all of these objects in one commit.
async fn remove(call: &Call, keys: Vec<String>) -> Result<(), Failure> {
    let bucket = call.target.bucket.clone();
    let remove = call.store.write_freeing(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        Ok(keys.iter().try_for_each(|key| objects::remove(db, bucket, key))?)
    });
    remove.await
}
