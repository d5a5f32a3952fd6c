//! Which conditions each operation evaluates, on one page. A request with any other condition is refused: if the store
//! ignored it, it would do what its sender wanted to prevent. `conditions.rs` evaluates them.

use super::op::Operation;
use crate::{
    failure::{Failure, not_implemented},
    fields::Fields,
};

const OF_READS: &[&str] =
    &["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"];
const WITHOUT_RANGE: &[&str] = &["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];
const OF_WRITES: &[&str] = &["if-match", "if-none-match"];
const OF_DELETES: &[&str] = &["if-match", "x-amz-if-match-last-modified-time", "x-amz-if-match-size"];

/// Beginnings of the names of all conditions. Those on the source of a copy (`x-amz-copy-source-if-…`) are not among
/// them: a request that copies nothing cannot have them.
const PREFIXES: [&str; 2] = ["if-", "x-amz-if-"];

impl Operation {
    /// The conditions that the operation evaluates, on the object that its path names.
    const fn conditions(self) -> &'static [&'static str] {
        match self {
            Self::GetObject | Self::HeadObject => OF_READS,
            Self::GetObjectAttributes => WITHOUT_RANGE,
            Self::CompleteMultipartUpload
            | Self::CopyObject
            // S3 has none here. A client that sends the condition of the whole upload already now learns early that it does
            // not hold.
            | Self::CreateMultipartUpload
            | Self::PutObject => OF_WRITES,
            Self::DeleteObject => OF_DELETES,
            Self::AbortMultipartUpload
            | Self::CreateBucket
            | Self::DeleteBucket
            | Self::DeleteObjectTagging
            | Self::DeleteObjects
            | Self::GetAcl
            | Self::GetBucketConfiguration(_)
            | Self::GetBucketLocation
            | Self::GetObjectTagging
            | Self::HeadBucket
            | Self::ListBuckets
            | Self::ListMultipartUploads
            | Self::ListObjectVersions
            | Self::ListObjects
            | Self::ListObjectsV2
            | Self::ListParts
            | Self::Pipeline
            // The conditions of a form are among its fields. They are checked as those of a `PutObject`.
            | Self::PostObject
            | Self::PutAcl
            | Self::PutObjectTagging
            | Self::UploadPart
            | Self::UploadPartCopy => &[],
        }
    }

    /// The conditions that the operation evaluates if it is relayed to another store. The relay passes on those of reads.
    const fn relayed_conditions(self) -> &'static [&'static str] {
        match self {
            Self::GetObject | Self::HeadObject => self.conditions(),
            _ => &[],
        }
    }
}

/// Refuses a request with a condition that the store does not evaluate for its operation.
pub(super) fn check(operation: Operation, fields: &Fields<'_>) -> Result<(), Failure> {
    refuse_others(operation.conditions(), fields)
}

/// Refuses a request with a condition that the relay does not pass on.
pub(crate) fn check_relayed(operation: Operation, fields: &Fields<'_>) -> Result<(), Failure> {
    refuse_others(operation.relayed_conditions(), fields)
}

/// Whether a header or a form's field of this name, in lower case, is a condition.
pub(super) fn is_condition(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn refuse_others(evaluated: &[&str], fields: &Fields<'_>) -> Result<(), Failure> {
    match fields.names_with(&PREFIXES).find(|name| !evaluated.contains(&&**name)) {
        Some(name) => Err(not_implemented(&format!("the condition {name} on this request"))),
        None => Ok(()),
    }
}
