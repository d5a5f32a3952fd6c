//! Access control lists. Every bucket and object has the same one: the owner has every right, and nobody else has any.
//! Clients may read this list, and may set the list that is already there.

use axum::{body::Body, response::Response};
use dray_s3::{ErrorCode, xml::AccessControlPolicy};
use http::StatusCode;

use super::{
    Call, Fields, answer,
    control_body::{self, Checksums},
    stored_headers::refuse_what_is_not_kept,
};
use crate::{
    failure::{Failure, invalid_argument, no_such_key, not_implemented},
    meta::{buckets, objects},
};

const X_AMZ_ACL: &str = "x-amz-acl";
/// The canned lists that change nothing: they give rights to the owner only.
const TAKEN: [&str; 2] = ["private", "bucket-owner-full-control"];
/// The other canned lists of S3 (AWS S3 user guide, "Access control list (ACL) overview").
const REFUSED: [&str; 6] = [
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "log-delivery-write",
];
const MAX_BODY_BYTES: usize = 64 << 10;

/// Refuses a canned list that would give others a right, with `NotImplemented`, and a name that is no canned list of
/// S3, with `InvalidArgument`.
pub(super) fn check_canned(fields: &Fields<'_>) -> Result<(), Failure> {
    match fields.get(X_AMZ_ACL)? {
        None => Ok(()),
        Some(name) if TAKEN.contains(&name) => Ok(()),
        Some(name) if REFUSED.contains(&name) => {
            let message =
                format!("This store accepts only these values of {X_AMZ_ACL}: {}", TAKEN.join(" and "));
            Err(Failure::new(ErrorCode::NotImplemented, message))
        }
        Some(_) => Err(invalid_argument(format!("The header {X_AMZ_ACL} does not name a canned ACL of S3"))),
    }
}

/// `GetBucketAcl` and `GetObjectAcl`.
pub(super) async fn get(call: &Call) -> Result<Response, Failure> {
    check_exists(call).await?;
    Ok(answer::xml(AccessControlPolicy { owner: call.store.owner() }.to_xml()))
}

/// `PutBucketAcl` and `PutObjectAcl` with a canned list that changes nothing. Any other list is `NotImplemented`.
pub(super) async fn put(call: &Call, body: &mut Body) -> Result<Response, Failure> {
    let fields = call.fields();
    refuse_what_is_not_kept(&fields)?;
    let body = control_body::read(call, body, MAX_BODY_BYTES, Checksums::OfBody).await?;
    if !fields.has(X_AMZ_ACL) || !body.is_empty() {
        return Err(not_implemented("access control lists, except a canned one that changes nothing"));
    }
    check_exists(call).await?;
    Ok(answer::empty(StatusCode::OK))
}

async fn check_exists(call: &Call) -> Result<(), Failure> {
    let (bucket, key) = (call.target.bucket.clone(), call.target.key.clone());
    let find = call.store.meta().read(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        if !key.is_empty() {
            objects::set_of(db, bucket, &key)?.ok_or_else(no_such_key)?;
        }
        Ok(())
    });
    find.await
}
