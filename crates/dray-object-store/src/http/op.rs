//! Which S3 operation a request is, decided by method, path and query, on one page. The store offers only what is in
//! this table.

use dray_s3::{ErrorCode, MAX_KEY_BYTES, Query, decode_path, xml::NULL_VERSION};
use http::{HeaderValue, Method, header};

use super::{access::Access, pipeline, place::BucketIn, subresources::configuration};
use crate::failure::{Failure, invalid_argument, not_implemented};

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    AbortMultipartUpload,
    CompleteMultipartUpload,
    CopyObject,
    CreateBucket,
    CreateMultipartUpload,
    DeleteBucket,
    DeleteObject,
    DeleteObjectTagging,
    DeleteObjects,
    GetAcl,
    GetBucketConfiguration(&'static str),
    GetBucketLocation,
    GetObject,
    GetObjectAttributes,
    GetObjectTagging,
    HeadBucket,
    HeadObject,
    ListBuckets,
    ListMultipartUploads,
    ListObjectVersions,
    ListObjects,
    ListObjectsV2,
    ListParts,
    /// Of Dray alone: many PUTs in one request.
    Pipeline,
    PostObject,
    PutAcl,
    PutObject,
    PutObjectTagging,
    UploadPart,
    UploadPartCopy,
}

/// The bucket and key that a request's path names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// Empty for requests about the store as a whole.
    pub(crate) bucket: String,
    /// Empty for requests about a bucket.
    pub(crate) key: String,
}

impl Target {
    /// Reads a raw path, `/{bucket}/{key}`, or `/{key}` if the bucket is in the host. It normalises nothing: a key
    /// may contain `//` and `..`.
    ///
    /// Only `/` is the store as a whole. Every other path names a bucket, and the path `//key` names one without a
    /// name: `InvalidBucketName` (AWS S3 API reference, "Error responses").
    pub(crate) fn parse(place: &BucketIn, path: &str) -> Result<Self, Failure> {
        let invalid = |_| Failure::new(ErrorCode::InvalidURI, "The path is not valid percent-encoded UTF-8");
        let path = path.strip_prefix('/').unwrap_or(path);
        let (bucket, key) = match place {
            BucketIn::Host(bucket) => (bucket.as_str(), path),
            BucketIn::Path | BucketIn::Unclear if path.is_empty() => return Ok(Self::default()),
            BucketIn::Path | BucketIn::Unclear => path.split_once('/').unwrap_or((path, "")),
        };
        if bucket.is_empty() {
            let message = "The request names a bucket whose name is empty";
            return Err(Failure::new(ErrorCode::InvalidBucketName, message));
        }
        let bucket = decode_path(bucket).map_err(invalid)?.into_owned();
        let key = decode_path(key).map_err(invalid)?.into_owned();
        if key.len() > MAX_KEY_BYTES {
            let message = format!("Your key is too long: {} bytes of at most {MAX_KEY_BYTES}", key.len());
            return Err(Failure::new(ErrorCode::KeyTooLongError, message));
        }
        Ok(Self { bucket, key })
    }
}

impl Operation {
    /// The operation of this method, target and query. `is_copy` says that the request names the bytes to store
    /// instead of sending them.
    pub(crate) fn parse(
        method: &Method,
        target: &Target,
        query: &Query,
        is_copy: bool,
    ) -> Result<Self, Failure> {
        if let Some(name) = query.duplicate() {
            return Err(invalid_argument(format!("The query parameter {name} is given twice")));
        }
        let operation = Self::in_table(method, target, query, is_copy)?;
        let may_name_a_source =
            matches!(operation, Self::CopyObject | Self::UploadPartCopy | Self::CreateMultipartUpload);
        if is_copy && !may_name_a_source {
            return Err(invalid_argument("You can only specify a copy source header for copy requests."));
        }
        let is_known = |name: &str| {
            operation.parameters().contains(&name)
                || matches!(operation, Self::GetBucketConfiguration(known) if known == name)
        };
        let is_read = [Method::GET, Method::HEAD].contains(method);
        let is_refused = |name: &str, value: &str| {
            !is_known(name) && (is_of_s3(name) || (!is_read && may_be_subresource(name, value)))
        };
        match query.get("versionId") {
            None | Some(NULL_VERSION) => {}
            Some("") => return Err(invalid_argument("Version id cannot be the empty string")),
            Some(_) => {
                return Err(Failure::new(ErrorCode::NotImplemented, "This store keeps no versions"));
            }
        }
        match query.iter().find(|(name, value)| is_refused(name, value)) {
            Some((name, _)) if operation.is_never_with(name) => {
                Err(invalid_argument(format!("The query parameter {name} does not belong to this request")))
            }
            Some((name, _)) => Err(not_implemented(&format!("the query parameter {name} here"))),
            None => Ok(operation),
        }
    }

    /// The line of the table.
    fn in_table(method: &Method, target: &Target, query: &Query, is_copy: bool) -> Result<Self, Failure> {
        let has = |name| query.contains(name);
        Ok(match (method.as_str(), target.bucket.is_empty(), target.key.is_empty()) {
            ("GET", true, true) => Self::ListBuckets,
            (_, true, _) => return Err(not_allowed(OF_SERVICE)),

            ("PUT", false, _) if has("acl") => Self::PutAcl,
            ("PUT", _, true) => Self::CreateBucket,
            ("HEAD", _, true) => Self::HeadBucket,
            ("DELETE", _, true) => Self::DeleteBucket,
            ("POST", _, true) if has("delete") => Self::DeleteObjects,
            ("POST", _, true) if has(pipeline::PARAMETER) => Self::Pipeline,
            ("POST", _, true) => Self::PostObject,
            ("GET", _, true) if has("location") => Self::GetBucketLocation,
            ("GET", _, true) if has("uploads") => Self::ListMultipartUploads,
            ("GET", _, true) if has("versions") => Self::ListObjectVersions,
            ("GET", _, _) if has("acl") => Self::GetAcl,
            ("GET", _, true) if query.get("list-type") == Some("2") => Self::ListObjectsV2,
            ("GET", _, true) => match (configuration(query), query.get("list-type")) {
                (Some(name), _) => Self::GetBucketConfiguration(name),
                (None, None | Some("" | "1")) => Self::ListObjects,
                (None, Some(_)) => {
                    return Err(invalid_argument("list-type must be 2, or absent for version 1"));
                }
            },

            ("PUT", _, _) if has("tagging") => Self::PutObjectTagging,
            ("PUT", _, _) if is_copy && (has("uploadId") || has("partNumber")) => Self::UploadPartCopy,
            ("PUT", _, _) if is_copy => Self::CopyObject,
            ("PUT", _, _) if has("uploadId") || has("partNumber") => Self::UploadPart,
            ("PUT", _, _) => Self::PutObject,
            ("POST", _, _) if has("uploads") => Self::CreateMultipartUpload,
            ("POST", _, _) if has("uploadId") => Self::CompleteMultipartUpload,
            ("DELETE", _, _) if has("uploadId") => Self::AbortMultipartUpload,
            ("DELETE", _, _) if has("tagging") => Self::DeleteObjectTagging,
            ("DELETE", _, _) => Self::DeleteObject,
            ("GET", _, _) if has("uploadId") => Self::ListParts,
            ("GET", _, _) if has("tagging") => Self::GetObjectTagging,
            ("GET", _, _) if has("attributes") => Self::GetObjectAttributes,
            ("GET", _, _) => Self::GetObject,
            ("HEAD", _, _) => Self::HeadObject,

            ("POST", _, _)
                if query.iter().any(|(name, value)| is_of_s3(name) || may_be_subresource(name, value)) =>
            {
                return Err(not_implemented("this operation"));
            }
            _ => return Err(not_allowed(OF_BUCKET)),
        })
    }

    /// Whether this parameter of S3 is a mistake here, on AWS too: it belongs to the other version of listings, or is a
    /// `response-` header that S3 does not have.
    fn is_never_with(self, name: &str) -> bool {
        match self {
            Self::ListObjects => matches!(name, "continuation-token" | "fetch-owner" | "start-after"),
            Self::ListObjectsV2 => name == "marker",
            _ => name.starts_with("response-"),
        }
    }

    /// What the operation does to the bucket of its target.
    pub(crate) const fn access(self) -> Access {
        match self {
            Self::GetAcl
            | Self::GetBucketConfiguration(_)
            | Self::GetBucketLocation
            | Self::GetObject
            | Self::GetObjectAttributes
            | Self::GetObjectTagging
            | Self::HeadBucket
            | Self::HeadObject
            | Self::ListBuckets
            | Self::ListMultipartUploads
            | Self::ListObjectVersions
            | Self::ListObjects
            | Self::ListObjectsV2
            | Self::ListParts => Access::Read,
            Self::AbortMultipartUpload
            | Self::CompleteMultipartUpload
            | Self::CopyObject
            | Self::CreateBucket
            | Self::CreateMultipartUpload
            | Self::DeleteObject
            | Self::DeleteObjectTagging
            | Self::DeleteObjects
            | Self::Pipeline
            | Self::PostObject
            | Self::PutAcl
            | Self::PutObject
            | Self::PutObjectTagging
            | Self::UploadPart
            | Self::UploadPartCopy => Access::Write,
            Self::DeleteBucket => Access::RemoveBucket,
        }
    }

    /// The query parameters that the operation knows.
    const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::CopyObject
            | Self::CreateBucket
            | Self::DeleteBucket
            | Self::GetBucketConfiguration(_)
            | Self::HeadBucket
            | Self::PostObject
            | Self::PutObject => &[],
            Self::ListBuckets => &["bucket-region", "continuation-token", "max-buckets", "prefix"],
            Self::DeleteObject => &["versionId"],
            Self::GetAcl | Self::PutAcl => &["acl", "versionId"],
            Self::GetBucketLocation => &["location"],
            Self::DeleteObjects => &["delete"],
            Self::Pipeline => &[pipeline::PARAMETER],
            Self::CreateMultipartUpload => &["uploads"],
            Self::AbortMultipartUpload | Self::CompleteMultipartUpload => &["uploadId"],
            Self::UploadPart | Self::UploadPartCopy => &["uploadId", "partNumber"],
            Self::DeleteObjectTagging | Self::GetObjectTagging | Self::PutObjectTagging => {
                &["tagging", "versionId"]
            }
            Self::GetObjectAttributes => &["attributes", "versionId"],
            Self::ListParts => &["uploadId", "max-parts", "part-number-marker"],
            Self::GetObject | Self::HeadObject => &[
                "partNumber",
                "versionId",
                "response-cache-control",
                "response-content-disposition",
                "response-content-encoding",
                "response-content-language",
                "response-content-type",
                "response-expires",
            ],
            Self::ListMultipartUploads => &[
                "uploads",
                "delimiter",
                "encoding-type",
                "key-marker",
                "max-uploads",
                "prefix",
                "upload-id-marker",
            ],
            Self::ListObjectVersions => &[
                "versions",
                "delimiter",
                "encoding-type",
                "key-marker",
                "max-keys",
                "prefix",
                "version-id-marker",
            ],
            Self::ListObjects => &["delimiter", "encoding-type", "list-type", "marker", "max-keys", "prefix"],
            Self::ListObjectsV2 => &[
                "continuation-token",
                "delimiter",
                "encoding-type",
                "fetch-owner",
                "list-type",
                "max-keys",
                "prefix",
                "start-after",
            ],
        }
    }
}

/// The methods of the store as a whole.
const OF_SERVICE: HeaderValue = HeaderValue::from_static("GET, OPTIONS");
/// The methods of buckets and of objects.
const OF_BUCKET: HeaderValue = HeaderValue::from_static("GET, HEAD, PUT, POST, DELETE, OPTIONS");

/// The answer names the methods that are allowed (RFC 9110, 15.5.6).
fn not_allowed(allowed: HeaderValue) -> Failure {
    let message = "The specified method is not allowed against this resource";
    Failure::new(ErrorCode::MethodNotAllowed, message).with_header(header::ALLOW, Some(allowed))
}

/// Query parameters that S3 gives a meaning (AWS S3 API reference, "Actions"), besides those of a signature and `x-id`.
/// Where an operation does not have one of them, ignoring it would do something else than its sender asks for.
const OF_S3: [&str; 60] = [
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "attributes",
    "bucket-region",
    "continuation-token",
    "cors",
    "delete",
    "delimiter",
    "encoding-type",
    "encryption",
    "fetch-owner",
    "intelligent-tiering",
    "inventory",
    "key-marker",
    "legal-hold",
    "lifecycle",
    "list-type",
    "location",
    "logging",
    "marker",
    "max-buckets",
    "max-directory-buckets",
    "max-keys",
    "max-parts",
    "max-uploads",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "part-number-marker",
    "partNumber",
    "policy",
    "policyStatus",
    "prefix",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "select-type",
    "session",
    "start-after",
    "tagging",
    "torrent",
    "upload-id-marker",
    "uploadId",
    "uploads",
    "version-id-marker",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// Whether S3 gives this query parameter a meaning. S3 ignores all others, and clients send some for their own logs or
/// for other stores (`x-user`, `metadata=true`, `allow-unordered`).
fn is_of_s3(name: &str) -> bool {
    OF_S3.binary_search(&name).is_ok() || name.starts_with("response-")
}

/// Whether this parameter has the form of a subresource: a name alone. A write to a subresource that S3 gets one day must
/// not replace or remove the object.
fn may_be_subresource(name: &str, value: &str) -> bool {
    value.is_empty() && !name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"))
}

#[cfg(test)]
mod tests;
