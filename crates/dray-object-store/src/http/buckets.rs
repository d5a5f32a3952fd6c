//! `CreateBucket`, `HeadBucket`, `DeleteBucket`, `ListBuckets`, `GetBucketLocation`.

use axum::{body::Body, response::Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dray_s3::{ErrorCode, xml};
use http::{StatusCode, header};

use super::{
    Call, answer,
    control_body::{self, Checksums},
    list_objects::continued,
    stored_headers::refuse_what_is_not_kept,
};
use crate::{
    bucket_name::may_be_created,
    failure::{Failure, invalid_argument, not_implemented},
    meta::buckets::{self, Asked},
};

const MAX_CONFIGURATION_BYTES: usize = 16 << 10;
/// The most buckets of a store, and of one page of their list (AWS S3 API reference, `ListBuckets`).
const MAX_BUCKETS: usize = 10_000;

/// The region whose rules differ from those of all newer regions.
const CLASSIC_REGION: &str = "us-east-1";

pub(super) async fn create(call: &Call, body: &mut Body) -> Result<Response, Failure> {
    let name = call.target.bucket.clone();
    if !may_be_created(&name) {
        let message = "A bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens, and none of the beginnings \
                       and ends that S3 keeps for itself";
        return Err(Failure::new(ErrorCode::InvalidBucketName, message));
    }
    refuse_what_is_not_kept(&call.fields())?;
    if call
        .fields()
        .get("x-amz-bucket-object-lock-enabled")?
        .is_some_and(|asked| !asked.eq_ignore_ascii_case("false"))
    {
        return Err(not_implemented("object lock"));
    }
    let body = control_body::read(call, body, MAX_CONFIGURATION_BYTES, Checksums::OfBody).await?;
    let asked = xml::CreateBucketConfiguration::parse(&body)?.location_constraint;
    if asked.is_some_and(|region| region != call.store.region()) {
        let message = format!("This store's region is {}", call.store.region());
        return Err(Failure::new(ErrorCode::InvalidLocationConstraint, message));
    }
    if call.store.is_reserved(&name) {
        let message = format!(
            "A bucket cannot have the name {name}: the server uses that path or host for something else"
        );
        return Err(Failure::new(ErrorCode::InvalidBucketName, message));
    }
    let (location, now) = (format!("/{name}"), call.now_ms());
    let (names, noted) = (call.store.meta().bucket_names().clone(), name.clone());
    let make = call.store.meta().write_then(
        move |db| {
            let made = buckets::ensure(db, &name, now)?;
            if made && buckets::count(db)? > MAX_BUCKETS {
                let message = format!("The store has {MAX_BUCKETS} buckets, which is the limit");
                return Err(Failure::new(ErrorCode::TooManyBuckets, message));
            }
            Ok(made)
        },
        move |settled| names.made(noted, settled),
    );
    // In this region S3 answers as if it had just created the bucket (AWS S3 API reference, `CreateBucket`, the error
    // `BucketAlreadyOwnedByYou`). Its objects stay as they are.
    let is_forgiven = call.store.region() == CLASSIC_REGION;
    if !make.await? && !is_forgiven {
        let message = "Your previous request to create the named bucket succeeded and you already own it";
        return Err(Failure::new(ErrorCode::BucketAlreadyOwnedByYou, message));
    }
    let mut response = answer::empty(StatusCode::OK);
    answer::set(response.headers_mut(), header::LOCATION, &location);
    Ok(response)
}

pub(super) async fn head(call: &Call) -> Result<Response, Failure> {
    let name = call.target.bucket.clone();
    call.store.meta().read(move |db| buckets::find(db, &name)).await?;
    let mut response = answer::empty(StatusCode::OK);
    answer::set(response.headers_mut(), answer::X_AMZ_BUCKET_REGION, call.store.region());
    Ok(response)
}

pub(super) async fn delete(call: &Call) -> Result<Response, Failure> {
    let name = call.target.bucket.clone();
    let (names, noted) = (call.store.meta().bucket_names().clone(), name.clone());
    // Its unfinished uploads go with it.
    let remove = call.store.write_freeing_then(
        move |db| {
            let bucket = buckets::find(db, &name)?;
            if !buckets::is_empty(db, bucket)? {
                let message = "The bucket you tried to delete is not empty";
                return Err(Failure::new(ErrorCode::BucketNotEmpty, message));
            }
            Ok(buckets::remove(db, bucket)?)
        },
        move |settled| names.removed(&noted, settled),
    );
    remove.await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

pub(super) async fn list(call: &Call) -> Result<Response, Failure> {
    let limit = max_buckets(call)?;
    let prefix = call.query.get("prefix");
    let after = call.query.get("continuation-token").map(continued).transpose()?.unwrap_or_default();
    let region = call.store.region();
    let is_elsewhere = call.query.get("bucket-region").is_some_and(|asked| asked != region);
    let asked = Asked { prefix: prefix.unwrap_or_default().to_owned(), after, limit: Some(limit + 1) };
    let read = call.store.meta().read(move |db| Ok(buckets::page(db, &asked)?));
    let mut page = if is_elsewhere { Vec::new() } else { read.await? };

    let is_truncated = page.len() > limit;
    page.truncate(limit);
    let next = page.last().filter(|_| is_truncated).map(|last| URL_SAFE_NO_PAD.encode(&last.name));
    let is_paged = ["bucket-region", "max-buckets", "continuation-token", "prefix"]
        .iter()
        .any(|name| call.query.contains(name));
    let buckets = page.iter().map(|bucket| xml::Bucket {
        name: &bucket.name,
        created_at: answer::timestamp(bucket.created_at),
        region: is_paged.then_some(region),
    });
    let document = xml::ListAllMyBucketsResult {
        owner: call.store.owner(),
        buckets: buckets.collect(),
        continuation_token: next.as_deref(),
        prefix,
    };
    Ok(answer::xml(document.to_xml()))
}

/// How many buckets a page has: 1 to 10,000; by default the most that a store may have.
fn max_buckets(call: &Call) -> Result<usize, Failure> {
    let Some(asked) = call.query.get("max-buckets") else { return Ok(MAX_BUCKETS) };
    let asked = asked.parse().ok().filter(|number| (1..=MAX_BUCKETS).contains(number));
    asked.ok_or_else(|| invalid_argument(format!("max-buckets must be an integer from 1 to {MAX_BUCKETS}")))
}

pub(super) async fn location(call: &Call) -> Result<Response, Failure> {
    let name = call.target.bucket.clone();
    call.store.meta().read(move |db| buckets::find(db, &name)).await?;
    let mut response = answer::xml(xml::LocationConstraint { region: call.store.region() }.to_xml());
    answer::set(response.headers_mut(), answer::X_AMZ_BUCKET_REGION, call.store.region());
    Ok(response)
}
