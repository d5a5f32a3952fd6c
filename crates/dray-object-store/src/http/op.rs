//! Which S3 operation a request is, decided by method, path and query, on one page. The store offers only what is in
//! this table.

use dray_s3::{ErrorCode, MAX_KEY_BYTES, Query, decode_path, xml::NULL_VERSION};
use http::{HeaderValue, Method, header};

use super::{access::Access, place::BucketIn, subresources::configuration};
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
        let has = |name| query.contains(name);
        let operation = match (method.as_str(), target.bucket.is_empty(), target.key.is_empty()) {
            ("GET", true, true) => Self::ListBuckets,
            (_, true, _) => return Err(not_allowed(OF_SERVICE)),

            ("PUT", false, _) if has("acl") => Self::PutAcl,
            ("PUT", _, true) => Self::CreateBucket,
            ("HEAD", _, true) => Self::HeadBucket,
            ("DELETE", _, true) => Self::DeleteBucket,
            ("POST", _, true) if has("delete") => Self::DeleteObjects,
            ("POST", _, true) => Self::PostObject,
            ("GET", _, true) if has("location") => Self::GetBucketLocation,
            ("GET", _, true) if has("uploads") => Self::ListMultipartUploads,
            ("GET", _, true) if has("versions") => Self::ListObjectVersions,
            ("GET", _, _) if has("acl") => Self::GetAcl,
            ("GET", _, true) if query.get("list-type") == Some("2") => Self::ListObjectsV2,
            ("GET", _, true) => match configuration(query) {
                Some(name) => Self::GetBucketConfiguration(name),
                None => Self::ListObjects,
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

            ("POST", _, _) => return Err(not_implemented("this operation")),
            _ => return Err(not_allowed(OF_BUCKET)),
        };
        if is_copy && *method == Method::PUT && !matches!(operation, Self::CopyObject | Self::UploadPartCopy)
        {
            return Err(invalid_argument("x-amz-copy-source belongs to a PUT of an object or of a part"));
        }
        let is_known = |name: &str| {
            operation.parameters().contains(&name)
                || matches!(operation, Self::GetBucketConfiguration(known) if known == name)
        };
        let refused = query.iter().find(|(name, _)| is_of_s3(name) && !is_known(name));
        if query.get("versionId").is_some_and(|id| id != NULL_VERSION) {
            return Err(Failure::new(ErrorCode::NotImplemented, "This store keeps no versions"));
        }
        match refused {
            Some((name, _)) => Err(not_implemented(&format!("the query parameter {name} here"))),
            None => Ok(operation),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(method: &str, uri: &str) -> Result<Operation, ErrorCode> {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let target = Target::parse(&BucketIn::Path, path).map_err(|failure| failure.error.code)?;
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        Operation::parse(&method, &target, &Query::parse(query).unwrap(), false)
            .map_err(|failure| failure.error.code)
    }

    #[test]
    fn each_operation_is_known_by_method_path_and_query() {
        for (method, uri, operation) in [
            ("GET", "/", Operation::ListBuckets),
            ("PUT", "/b", Operation::CreateBucket),
            ("HEAD", "/b/", Operation::HeadBucket),
            ("DELETE", "/b", Operation::DeleteBucket),
            ("GET", "/b?location", Operation::GetBucketLocation),
            ("GET", "/b?policy", Operation::GetBucketConfiguration("policy")),
            ("GET", "/b?acl", Operation::GetAcl),
            ("GET", "/b/k?acl", Operation::GetAcl),
            ("GET", "/b/k?tagging", Operation::GetObjectTagging),
            ("GET", "/b?versions", Operation::ListObjectVersions),
            ("POST", "/b", Operation::PostObject),
            ("DELETE", "/b/k?versionId=null", Operation::DeleteObject),
            ("GET", "/b?prefix=a", Operation::ListObjects),
            ("GET", "/b?list-type=2", Operation::ListObjectsV2),
            ("GET", "/b?uploads=", Operation::ListMultipartUploads),
            ("POST", "/b?delete", Operation::DeleteObjects),
            ("PUT", "/b?acl", Operation::PutAcl),
            ("PUT", "/b/k?acl", Operation::PutAcl),
            ("PUT", "/b/k", Operation::PutObject),
            ("PUT", "/b/k?partNumber=1&uploadId=u&X-Amz-Date=d&x-id=UploadPart", Operation::UploadPart),
            ("PUT", "/b/k?partNumber=1", Operation::UploadPart),
            ("POST", "/b/k?uploads", Operation::CreateMultipartUpload),
            ("POST", "/b/k?uploadId=u", Operation::CompleteMultipartUpload),
            ("DELETE", "/b/k?uploadId=u", Operation::AbortMultipartUpload),
            ("DELETE", "/b/k", Operation::DeleteObject),
            ("GET", "/b/k?uploadId=u", Operation::ListParts),
            ("GET", "/b/k?attributes", Operation::GetObjectAttributes),
            ("GET", "/b/k?response-content-type=x", Operation::GetObject),
            ("HEAD", "/b/k", Operation::HeadObject),
        ] {
            assert_eq!(parse(method, uri), Ok(operation), "{method} {uri}");
        }
    }

    #[test]
    fn parameters_without_a_meaning_in_s3_are_ignored() {
        assert!(OF_S3.is_sorted());
        for (method, uri, operation) in [
            ("GET", "/b/k?x-user=johndoe", Operation::GetObject),
            ("PUT", "/b/k?X-User=johndoe&cache=7", Operation::PutObject),
            ("GET", "/b?list-type=2&metadata=true", Operation::ListObjectsV2),
            ("GET", "/b?allow-unordered=true", Operation::ListObjects),
            ("GET", "/b?policy&foo=bar", Operation::GetBucketConfiguration("policy")),
            ("GET", "/?foo", Operation::ListBuckets),
            ("PUT", "/b/k?partNumber=1&uploadId=u&AWSAccessKeyId=a", Operation::UploadPart),
        ] {
            assert_eq!(parse(method, uri), Ok(operation), "{method} {uri}");
        }
    }

    #[test]
    fn the_null_version_is_the_object_wherever_a_version_can_be_named() {
        for (method, query, operation) in [
            ("GET", "", Operation::GetObject),
            ("HEAD", "", Operation::HeadObject),
            ("DELETE", "", Operation::DeleteObject),
            ("GET", "tagging", Operation::GetObjectTagging),
            ("PUT", "tagging", Operation::PutObjectTagging),
            ("DELETE", "tagging", Operation::DeleteObjectTagging),
            ("GET", "acl", Operation::GetAcl),
            ("PUT", "acl", Operation::PutAcl),
            ("GET", "attributes", Operation::GetObjectAttributes),
        ] {
            assert_eq!(
                parse(method, &format!("/b/k?{query}&versionId=null")),
                Ok(operation),
                "{method} {query}"
            );
            let other = parse(method, &format!("/b/k?{query}&versionId=1"));
            assert_eq!(other, Err(ErrorCode::NotImplemented), "{method} {query}");
        }
    }

    /// S3 ignores parameters that it does not know. But where it gives a parameter a meaning that this operation does
    /// not have here, ignoring it would do something else than was asked for.
    #[test]
    fn what_s3_has_and_this_store_does_not_is_refused() {
        for (method, uri, code) in [
            ("PUT", "/b/k?legal-hold", ErrorCode::NotImplemented),
            ("PUT", "/b/k?retention&versionId=null", ErrorCode::NotImplemented),
            ("PUT", "/b/k?versionId=null", ErrorCode::NotImplemented),
            ("PUT", "/b/k?renameObject", ErrorCode::NotImplemented),
            ("GET", "/b/k?torrent", ErrorCode::NotImplemented),
            ("POST", "/b/k?select&select-type=2", ErrorCode::NotImplemented),
            ("GET", "/b?session", ErrorCode::NotImplemented),
            ("GET", "/b?inventory&id=1", ErrorCode::NotImplemented),
            ("GET", "/b/k?response-x=1", ErrorCode::NotImplemented),
            ("PUT", "/b/k?response-content-type=x", ErrorCode::NotImplemented),
            ("PUT", "/b?acl&policy", ErrorCode::NotImplemented),
            ("GET", "/b/k?legal-hold", ErrorCode::NotImplemented),
            ("GET", "/b/k?versionId=1", ErrorCode::NotImplemented),
            ("PUT", "/b?policy", ErrorCode::NotImplemented),
            ("PUT", "/b?versioning", ErrorCode::NotImplemented),
            ("GET", "/b?policy&prefix=a", ErrorCode::NotImplemented),
            ("POST", "/b/k?restore", ErrorCode::NotImplemented),
            ("POST", "/b?restore", ErrorCode::NotImplemented),
            ("PATCH", "/b/k", ErrorCode::MethodNotAllowed),
            ("PUT", "/", ErrorCode::MethodNotAllowed),
            ("DELETE", "/", ErrorCode::MethodNotAllowed),
            ("POST", "/?delete", ErrorCode::MethodNotAllowed),
            ("GET", "/b/k?partNumber=1&partNumber=2", ErrorCode::InvalidArgument),
            ("GET", "/b/%zz", ErrorCode::InvalidURI),
            ("GET", "/?acl", ErrorCode::NotImplemented),
            ("GET", "/?uploads", ErrorCode::NotImplemented),
            ("GET", "/b/k?location", ErrorCode::NotImplemented),
            ("GET", "/b/k?uploads", ErrorCode::NotImplemented),
            ("POST", "/b/k?delete", ErrorCode::NotImplemented),
            ("DELETE", "/b?uploadId=u", ErrorCode::NotImplemented),
        ] {
            assert_eq!(parse(method, uri), Err(code), "{method} {uri}");
        }
    }

    #[test]
    fn a_method_that_is_not_allowed_is_answered_with_those_that_are() {
        for (method, path, allowed) in [
            ("PUT", "/", OF_SERVICE),
            ("HEAD", "/", OF_SERVICE),
            ("PATCH", "/b", OF_BUCKET),
            ("PATCH", "/b/k", OF_BUCKET),
        ] {
            let target = Target::parse(&BucketIn::Path, path).unwrap();
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let refused = Operation::parse(&method, &target, &Query::default(), false).unwrap_err();
            assert_eq!(refused.headers, [(header::ALLOW, allowed)], "{method} {path}");
        }
    }

    #[test]
    fn a_path_without_a_buckets_name_is_no_other_path() {
        for method in ["GET", "HEAD", "PUT", "POST", "DELETE"] {
            for path in
                ["//", "//b", "//b/k", "///", "//b?acl", "//b/k?uploads", "//b/k?partNumber=1&uploadId=u"]
            {
                assert_eq!(parse(method, path), Err(ErrorCode::InvalidBucketName), "{method} {path}");
            }
        }
        let in_host = Target::parse(&BucketIn::Host(String::new()), "/k").unwrap_err();
        assert_eq!(in_host.error.code, ErrorCode::InvalidBucketName);
    }

    #[test]
    fn a_put_that_names_a_source_copies_it_or_is_refused() {
        let copy = |method: Method, path: &str, query: &str| {
            let target = Target::parse(&BucketIn::Path, path).unwrap();
            Operation::parse(&method, &target, &Query::parse(query).unwrap(), true)
                .map_err(|failure| failure.error.code)
        };
        assert_eq!(copy(Method::PUT, "/b/k", ""), Ok(Operation::CopyObject));
        assert_eq!(copy(Method::PUT, "/b/k", "partNumber=1&uploadId=u"), Ok(Operation::UploadPartCopy));
        assert_eq!(copy(Method::POST, "/b/k", "uploads"), Ok(Operation::CreateMultipartUpload));
        for (path, query) in [("/b", ""), ("/b/k", "tagging"), ("/b/k", "acl")] {
            assert_eq!(copy(Method::PUT, path, query), Err(ErrorCode::InvalidArgument), "{path}?{query}");
        }
    }

    #[test]
    fn a_key_is_not_normalised() {
        let parse = |path: &str| Target::parse(&BucketIn::Path, path);
        let target = parse("/b//a/../%2e%2e/c+d%20e/").unwrap();
        assert_eq!(target, Target { bucket: "b".into(), key: "/a/../../c+d e/".into() });
        assert!(parse(&format!("/b/{}", "k".repeat(1024))).is_ok());
        let failure = parse(&format!("/b/{}", "k".repeat(1025))).unwrap_err();
        assert_eq!(failure.error.code, ErrorCode::KeyTooLongError);
    }

    #[test]
    fn with_the_bucket_in_the_host_the_whole_path_is_the_key() {
        for (path, key) in [
            ("/", ""),
            ("", ""),
            ("/a", "a"),
            ("/b/a", "b/a"),
            ("//a", "/a"),
            ("/public/v1/x", "public/v1/x"),
        ] {
            let target = Target::parse(&BucketIn::Host("b".into()), path).unwrap();
            assert_eq!(target, Target { bucket: "b".into(), key: key.into() }, "{path}");
        }
    }
}
