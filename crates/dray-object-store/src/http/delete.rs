//! `DeleteObject` and `DeleteObjects`. Deleting an object that does not exist succeeds.

use std::collections::BTreeSet;

use axum::{body::Body, response::Response};
use dray_s3::{
    ErrorCode,
    xml::{self, Delete, DeleteFailure, DeleteObject, MAX_DELETE_BODY_BYTES, NULL_VERSION},
};
use http::StatusCode;

use super::{
    Call, answer,
    conditions::{DeleteCondition, precondition_failed},
    control_body::{self, Checksums},
};
use crate::{
    failure::Failure,
    meta::{buckets, objects},
};

pub(super) async fn one(call: &Call) -> Result<Response, Failure> {
    let condition = DeleteCondition::read(&call.fields())?;
    let refused = remove(call, vec![(call.target.key.clone(), condition)]).await?;
    match refused.into_iter().next() {
        Some(_) => Err(precondition_failed()),
        None => Ok(answer::empty(StatusCode::NO_CONTENT)),
    }
}

pub(super) async fn many(call: &Call, body: &mut Body) -> Result<Response, Failure> {
    let body = control_body::read(call, body, MAX_DELETE_BODY_BYTES, Checksums::OfBody).await?;
    let request = Delete::parse(&body)?;
    let has_version = |object: &&DeleteObject| {
        object.version_id.as_ref().is_some_and(|id| !id.is_empty() && id != NULL_VERSION)
    };
    let unversioned = request.objects.iter().filter(|object| !has_version(object));
    let asked = unversioned.map(|object| Ok((object.key.clone(), DeleteCondition::of(object)?)));
    let asked = asked.collect::<Result<Vec<_>, Failure>>()?;
    let refused = remove(call, asked.clone()).await?;

    let versioned = request.objects.iter().filter(has_version).map(|object| DeleteFailure {
        key: &object.key,
        code: ErrorCode::NotImplemented,
        message: "This store keeps no versions",
    });
    let changed = refused.iter().map(|at| DeleteFailure {
        key: &asked[*at].0,
        code: ErrorCode::PreconditionFailed,
        message: "The object does not fulfil the conditions of the request",
    });
    let gone = asked.iter().enumerate().filter(|(at, _)| !request.quiet && !refused.contains(at));
    let deleted = gone.map(|(_, (key, _))| key.as_str()).collect();
    Ok(answer::xml(xml::DeleteResult { deleted, failures: versioned.chain(changed).collect() }.to_xml()))
}

/// Removes these objects in one commit, except those whose conditions do not hold. Returns the positions of the latter.
async fn remove(call: &Call, asked: Vec<(String, DeleteCondition)>) -> Result<BTreeSet<usize>, Failure> {
    let bucket = call.target.bucket.clone();
    let remove = call.store.write_freeing(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        let mut refused = BTreeSet::new();
        for (at, (key, condition)) in asked.iter().enumerate() {
            if !condition.is_none()
                && let Some(there) = objects::find(db, bucket, key)?
                && condition.check(&there).is_err()
            {
                refused.insert(at);
                continue;
            }
            objects::remove(db, bucket, key)?;
        }
        Ok(refused)
    });
    remove.await
}
