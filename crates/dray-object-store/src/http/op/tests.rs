//! Which operation each method, path and query is, and what is refused.

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
        ("GET", "/b?list-type=1", Operation::ListObjects),
        ("GET", "/b?uploads=", Operation::ListMultipartUploads),
        ("POST", "/b?delete", Operation::DeleteObjects),
        ("POST", "/b?dray-pipeline", Operation::Pipeline),
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
        ("GET", "/b/k?made-up", Operation::GetObject),
        ("DELETE", "/b/k?x-user", Operation::DeleteObject),
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
        assert_eq!(parse(method, &format!("/b/k?{query}&versionId=null")), Ok(operation), "{method} {query}");
        let other = parse(method, &format!("/b/k?{query}&versionId=1"));
        assert_eq!(other, Err(ErrorCode::NotImplemented), "{method} {query}");
        let empty = parse(method, &format!("/b/k?{query}&versionId="));
        assert_eq!(empty, Err(ErrorCode::InvalidArgument), "{method} {query}");
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
        ("PUT", "/b/k?made-up", ErrorCode::NotImplemented),
        ("DELETE", "/b/k?made-up=", ErrorCode::NotImplemented),
        ("DELETE", "/b?made-up", ErrorCode::NotImplemented),
        ("GET", "/b/k?torrent", ErrorCode::NotImplemented),
        ("POST", "/b/k?select&select-type=2", ErrorCode::NotImplemented),
        ("POST", "/b/k", ErrorCode::MethodNotAllowed),
        ("GET", "/b?session", ErrorCode::NotImplemented),
        ("GET", "/b?inventory&id=1", ErrorCode::NotImplemented),
        ("GET", "/b/k?response-x=1", ErrorCode::InvalidArgument),
        ("GET", "/b?start-after=a", ErrorCode::InvalidArgument),
        ("GET", "/b?continuation-token=a", ErrorCode::InvalidArgument),
        ("GET", "/b?fetch-owner=true", ErrorCode::InvalidArgument),
        ("GET", "/b?list-type=2&marker=a", ErrorCode::InvalidArgument),
        ("GET", "/b?list-type=3", ErrorCode::InvalidArgument),
        ("PUT", "/b/k?response-content-type=x", ErrorCode::InvalidArgument),
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
        for path in ["//", "//b", "//b/k", "///", "//b?acl", "//b/k?uploads", "//b/k?partNumber=1&uploadId=u"]
        {
            assert_eq!(parse(method, path), Err(ErrorCode::InvalidBucketName), "{method} {path}");
        }
    }
    let in_host = Target::parse(&BucketIn::Host(String::new()), "/k").unwrap_err();
    assert_eq!(in_host.error.code, ErrorCode::InvalidBucketName);
}

#[test]
fn a_request_that_names_a_source_copies_it_or_is_refused() {
    let copy = |method: Method, path: &str, query: &str| {
        let target = Target::parse(&BucketIn::Path, path).unwrap();
        Operation::parse(&method, &target, &Query::parse(query).unwrap(), true)
            .map_err(|failure| failure.error.code)
    };
    assert_eq!(copy(Method::PUT, "/b/k", ""), Ok(Operation::CopyObject));
    assert_eq!(copy(Method::PUT, "/b/k", "partNumber=1&uploadId=u"), Ok(Operation::UploadPartCopy));
    assert_eq!(copy(Method::POST, "/b/k", "uploads"), Ok(Operation::CreateMultipartUpload));
    for (method, path, query) in [
        (Method::PUT, "/b", ""),
        (Method::PUT, "/b/k", "tagging"),
        (Method::PUT, "/b/k", "acl"),
        (Method::POST, "/b/k", "uploadId=u"),
        (Method::GET, "/b/k", ""),
        (Method::HEAD, "/b/k", ""),
        (Method::DELETE, "/b/k", ""),
        (Method::GET, "/b", ""),
    ] {
        let refused = copy(method.clone(), path, query);
        assert_eq!(refused, Err(ErrorCode::InvalidArgument), "{method} {path}?{query}");
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
    for (path, key) in
        [("/", ""), ("", ""), ("/a", "a"), ("/b/a", "b/a"), ("//a", "/a"), ("/public/v1/x", "public/v1/x")]
    {
        let target = Target::parse(&BucketIn::Host("b".into()), path).unwrap();
        assert_eq!(target, Target { bucket: "b".into(), key: key.into() }, "{path}");
    }
}
