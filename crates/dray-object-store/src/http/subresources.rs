//! Configurations of a bucket. No bucket has any, but clients ask for them before other requests. The answers are
//! those of AWS for a bucket that nobody configured.

use axum::response::Response;
use dray_s3::{ErrorCode, Query, xml::EmptyConfiguration};

use super::{Call, answer};
use crate::{failure::Failure, meta::buckets};

/// The answer about a configuration that does not exist.
enum Unset {
    Error(ErrorCode),
    Document(EmptyConfiguration),
}

const fn document(root: &'static str) -> Unset {
    Unset::Document(EmptyConfiguration { root, element: None })
}

/// Each configuration by its query parameter (AWS S3 API reference, the `GetBucket…` operations).
const CONFIGURATIONS: [(&str, Unset); 16] = [
    ("accelerate", document("AccelerateConfiguration")),
    ("cors", Unset::Error(ErrorCode::NoSuchCORSConfiguration)),
    ("encryption", Unset::Error(ErrorCode::ServerSideEncryptionConfigurationNotFoundError)),
    ("lifecycle", Unset::Error(ErrorCode::NoSuchLifecycleConfiguration)),
    ("logging", document("BucketLoggingStatus")),
    ("notification", document("NotificationConfiguration")),
    ("object-lock", Unset::Error(ErrorCode::ObjectLockConfigurationNotFoundError)),
    ("ownershipControls", Unset::Error(ErrorCode::OwnershipControlsNotFoundError)),
    ("policy", Unset::Error(ErrorCode::NoSuchBucketPolicy)),
    ("policyStatus", Unset::Error(ErrorCode::NoSuchBucketPolicy)),
    ("publicAccessBlock", Unset::Error(ErrorCode::NoSuchPublicAccessBlockConfiguration)),
    ("replication", Unset::Error(ErrorCode::ReplicationConfigurationNotFoundError)),
    (
        "requestPayment",
        Unset::Document(EmptyConfiguration {
            root: "RequestPaymentConfiguration",
            element: Some(("Payer", "BucketOwner")),
        }),
    ),
    ("tagging", Unset::Error(ErrorCode::NoSuchTagSet)),
    ("versioning", document("VersioningConfiguration")),
    ("website", Unset::Error(ErrorCode::NoSuchWebsiteConfiguration)),
];

/// The configuration that the query asks for.
pub(super) fn configuration(query: &Query) -> Option<&'static str> {
    CONFIGURATIONS.iter().map(|(name, _)| *name).find(|name| query.contains(name))
}

/// Answers `GetBucket…` for a configuration.
pub(super) async fn get_configuration(call: &Call, name: &str) -> Result<Response, Failure> {
    let bucket = call.target.bucket.clone();
    call.store.meta().read(move |db| buckets::find(db, &bucket)).await?;
    let (_, unset) = CONFIGURATIONS
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| Failure::internal("a configuration that is not in the table"))?;
    match unset {
        Unset::Document(document) => Ok(answer::xml(document.to_xml())),
        Unset::Error(code) => Err(Failure::new(
            *code,
            "The bucket has no such configuration, because this store does not offer it",
        )),
    }
}
