//! `CreateBucket`, `HeadBucket`, `DeleteBucket`, `ListBuckets`, `GetBucketLocation`.

use axum::{body::Body, response::Response};
use dray_s3::{ErrorCode, xml};
use http::{HeaderName, StatusCode, header};

use super::{
    Call, answer,
    control_body::{self, Checksums},
};
use crate::{failure::Failure, meta::buckets};

const MAX_CONFIGURATION_BYTES: usize = 16 << 10;
const X_AMZ_BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

/// Whether a name is one that S3 allows (AWS S3 user guide, "Bucket naming rules", those on characters).
pub(crate) fn is_bucket_name(name: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(byte))
        && edge(bytes.first())
        && edge(bytes.last())
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
}

pub(super) async fn create(call: &Call, body: &mut Body) -> Result<Response, Failure> {
    let name = call.target.bucket.clone();
    if !is_bucket_name(&name) {
        let message = "A bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens";
        return Err(Failure::new(ErrorCode::InvalidBucketName, message));
    }
    let body = control_body::read(call, body, MAX_CONFIGURATION_BYTES, Checksums::OfBody).await?;
    let asked = xml::CreateBucketConfiguration::parse(&body)?.location_constraint;
    if asked.is_some_and(|region| region != call.store.region()) {
        let message = format!("This store's region is {}", call.store.region());
        return Err(Failure::new(ErrorCode::InvalidLocationConstraint, message));
    }
    let (location, now) = (format!("/{name}"), call.now_ms());
    let made = call.store.meta().write(move |db| Ok(buckets::ensure(db, &name, now)?)).await?;
    if !made {
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
    answer::set(response.headers_mut(), X_AMZ_BUCKET_REGION, call.store.region());
    Ok(response)
}

pub(super) async fn delete(call: &Call) -> Result<Response, Failure> {
    let name = call.target.bucket.clone();
    let remove = call.store.meta().write(move |db| {
        let bucket = buckets::find(db, &name)?;
        if !buckets::is_empty(db, bucket)? {
            let message = "The bucket you tried to delete holds objects or unfinished uploads";
            return Err(Failure::new(ErrorCode::BucketNotEmpty, message));
        }
        Ok(buckets::remove(db, bucket)?)
    });
    remove.await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

pub(super) async fn list(call: &Call) -> Result<Response, Failure> {
    let all = call.store.meta().read(|db| Ok(buckets::list(db)?)).await?;
    let listed = |bucket: &buckets::Bucket| answer::timestamp(bucket.created_at);
    let buckets = all.iter().map(|bucket| xml::Bucket { name: &bucket.name, created_at: listed(bucket) });
    let owner = call.store.owner();
    Ok(answer::xml(xml::ListAllMyBucketsResult { owner, buckets: buckets.collect() }.to_xml()))
}

pub(super) async fn location(call: &Call) -> Result<Response, Failure> {
    let name = call.target.bucket.clone();
    call.store.meta().read(move |db| buckets::find(db, &name)).await?;
    Ok(answer::xml(xml::LocationConstraint { region: call.store.region() }.to_xml()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_follow_the_rules() {
        for good in ["dray", "a-b.c", "123", &"a".repeat(63)] {
            assert!(is_bucket_name(good), "{good}");
        }
        for bad in ["", "ab", "Dray", "a_b", "-ab", "ab-", "a..b", "1.2.3.4", "a/b", &"a".repeat(64)] {
            assert!(!is_bucket_name(bad), "{bad}");
        }
    }
}
