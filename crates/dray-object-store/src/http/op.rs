//! Which S3 operation a request is: method, path and query, on one page. What is not in this table is not
//! offered. `CopyObject` and `UploadPartCopy` are left out on purpose: see `refuse_copies`.

use dray_s3::{ErrorCode, MAX_KEY_BYTES, Query, decode_path};
use http::{HeaderMap, Method};

use super::{access::Access, place::BucketIn};
use crate::failure::{Failure, invalid_argument, not_implemented};

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    AbortMultipartUpload,
    CompleteMultipartUpload,
    CreateBucket,
    CreateMultipartUpload,
    DeleteBucket,
    DeleteObject,
    DeleteObjects,
    GetBucketLocation,
    GetObject,
    GetObjectAttributes,
    HeadBucket,
    HeadObject,
    ListBuckets,
    ListMultipartUploads,
    ListObjects,
    ListObjectsV2,
    ListParts,
    PutObject,
    UploadPart,
}

/// What a request's path names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// Empty for the service itself.
    pub(crate) bucket: String,
    /// Empty for a bucket.
    pub(crate) key: String,
}

impl Target {
    /// Reads a raw path, `/{bucket}/{key}`, or `/{key}` if the bucket is in the host. Nothing is normalised: a key may
    /// hold `//` and `..`.
    pub(crate) fn parse(place: &BucketIn, path: &str) -> Result<Self, Failure> {
        let invalid = |_| Failure::new(ErrorCode::InvalidURI, "The path is not valid percent-encoded UTF-8");
        let path = path.strip_prefix('/').unwrap_or(path);
        let (bucket, key) = match place {
            BucketIn::Host(bucket) => (bucket.as_str(), path),
            BucketIn::Path | BucketIn::Unclear => path.split_once('/').unwrap_or((path, "")),
        };
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
    /// The operation of this method, target and query.
    pub(crate) fn parse(method: &Method, target: &Target, query: &Query) -> Result<Self, Failure> {
        if let Some(name) = query.duplicate() {
            return Err(invalid_argument(format!("The query parameter {name} is given twice")));
        }
        let has = |name| query.contains(name);
        let operation = match (method.as_str(), target.bucket.is_empty(), target.key.is_empty()) {
            ("GET", true, _) => Self::ListBuckets,

            ("PUT", _, true) => Self::CreateBucket,
            ("HEAD", _, true) => Self::HeadBucket,
            ("DELETE", _, true) => Self::DeleteBucket,
            ("POST", _, true) if has("delete") => Self::DeleteObjects,
            ("GET", _, true) if has("location") => Self::GetBucketLocation,
            ("GET", _, true) if has("uploads") => Self::ListMultipartUploads,
            ("GET", _, true) if query.get("list-type") == Some("2") => Self::ListObjectsV2,
            ("GET", _, true) => Self::ListObjects,

            ("PUT", _, _) if has("uploadId") || has("partNumber") => Self::UploadPart,
            ("PUT", _, _) => Self::PutObject,
            ("POST", _, _) if has("uploads") => Self::CreateMultipartUpload,
            ("POST", _, _) if has("uploadId") => Self::CompleteMultipartUpload,
            ("DELETE", _, _) if has("uploadId") => Self::AbortMultipartUpload,
            ("DELETE", _, _) => Self::DeleteObject,
            ("GET", _, _) if has("uploadId") => Self::ListParts,
            ("GET", _, _) if has("attributes") => Self::GetObjectAttributes,
            ("GET", _, _) => Self::GetObject,
            ("HEAD", _, _) => Self::HeadObject,

            ("POST", _, _) => return Err(not_implemented("this operation")),
            _ => {
                let message = "The specified method is not allowed against this resource";
                return Err(Failure::new(ErrorCode::MethodNotAllowed, message));
            }
        };
        let unknown =
            query.iter().find(|(name, _)| !is_common(name) && !operation.parameters().contains(name));
        match unknown {
            Some((name, _)) => Err(not_implemented(&format!("the query parameter {name} here"))),
            None => Ok(operation),
        }
    }

    /// What the operation does to the bucket of its target.
    pub(crate) const fn access(self) -> Access {
        match self {
            Self::GetBucketLocation
            | Self::GetObject
            | Self::GetObjectAttributes
            | Self::HeadBucket
            | Self::HeadObject
            | Self::ListBuckets
            | Self::ListMultipartUploads
            | Self::ListObjects
            | Self::ListObjectsV2
            | Self::ListParts => Access::Read,
            Self::AbortMultipartUpload
            | Self::CompleteMultipartUpload
            | Self::CreateBucket
            | Self::CreateMultipartUpload
            | Self::DeleteObject
            | Self::DeleteObjects
            | Self::PutObject
            | Self::UploadPart => Access::Write,
            Self::DeleteBucket => Access::RemoveBucket,
        }
    }

    /// The query parameters that the operation knows.
    const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::CreateBucket
            | Self::DeleteBucket
            | Self::DeleteObject
            | Self::HeadBucket
            | Self::PutObject => &[],
            Self::ListBuckets => &["bucket-region", "continuation-token", "max-buckets", "prefix"],
            Self::GetBucketLocation => &["location"],
            Self::DeleteObjects => &["delete"],
            Self::CreateMultipartUpload => &["uploads"],
            Self::AbortMultipartUpload | Self::CompleteMultipartUpload => &["uploadId"],
            Self::UploadPart => &["uploadId", "partNumber"],
            Self::GetObjectAttributes => &["attributes"],
            Self::ListParts => &["uploadId", "max-parts", "part-number-marker"],
            Self::GetObject | Self::HeadObject => &[
                "partNumber",
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
            Self::ListObjects => &["delimiter", "encoding-type", "marker", "max-keys", "prefix", "list-type"],
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

/// Parameters that any request may have: those of a signature (of version 2 too, so that the refusal says
/// what is wrong with it), headers that a presigner moved into the
/// query (they act as headers here), and the operation's name, which SDKs add for their own logs.
fn is_common(name: &str) -> bool {
    ["x-id", "AWSAccessKeyId", "Expires", "Signature"].contains(&name)
        || name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"))
}

/// Refuses a copy before anything else is looked at. A presigned PUT does not bind headers that its signer did
/// not sign; a store that honours `x-amz-copy-source` there turns an upload URL into a read of any object.
pub(crate) fn refuse_copies(headers: &HeaderMap, query: &Query) -> Result<(), Failure> {
    let is_copy =
        |name: &str| name.get(..17).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-copy-source"));
    if headers.keys().any(|name| is_copy(name.as_str())) || query.iter().any(|(name, _)| is_copy(name)) {
        return Err(not_implemented("copies (x-amz-copy-source)"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(method: &str, uri: &str) -> Result<Operation, ErrorCode> {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let target = Target::parse(&BucketIn::Path, path).map_err(|failure| failure.error.code)?;
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        Operation::parse(&method, &target, &Query::parse(query).unwrap())
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
            ("GET", "/b?prefix=a", Operation::ListObjects),
            ("GET", "/b?list-type=2", Operation::ListObjectsV2),
            ("GET", "/b?uploads=", Operation::ListMultipartUploads),
            ("POST", "/b?delete", Operation::DeleteObjects),
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
    fn everything_else_is_refused() {
        for (method, uri, code) in [
            ("GET", "/b/k?acl", ErrorCode::NotImplemented),
            ("GET", "/b/k?tagging", ErrorCode::NotImplemented),
            ("GET", "/b/k?versionId=1", ErrorCode::NotImplemented),
            ("PUT", "/b?policy", ErrorCode::NotImplemented),
            ("GET", "/b?versions", ErrorCode::NotImplemented),
            ("POST", "/b/k?restore", ErrorCode::NotImplemented),
            ("POST", "/b", ErrorCode::NotImplemented),
            ("PATCH", "/b/k", ErrorCode::MethodNotAllowed),
            ("GET", "/b/k?partNumber=1&partNumber=2", ErrorCode::InvalidArgument),
            ("GET", "/b/%zz", ErrorCode::InvalidURI),
        ] {
            assert_eq!(parse(method, uri), Err(code), "{method} {uri}");
        }
    }

    #[test]
    fn a_key_is_taken_as_it_is() {
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

    #[test]
    fn a_copy_is_refused_wherever_it_hides() {
        let none = Query::default();
        let mut headers = HeaderMap::new();
        assert!(refuse_copies(&headers, &none).is_ok());
        assert!(refuse_copies(&headers, &Query::parse("X-Amz-Copy-Source=/b/k").unwrap()).is_err());
        headers.insert("x-amz-copy-source-range", http::HeaderValue::from_static("bytes=0-1"));
        assert!(refuse_copies(&headers, &none).is_err());
    }
}
