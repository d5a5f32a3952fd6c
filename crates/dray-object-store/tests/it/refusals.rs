//! What the store refuses: unsigned and wrongly signed requests, operations it does not have, copies.

use dray_s3::PayloadHash;
use http::HeaderMap;
use jiff::ToSpan;

use crate::harness::{Server, bytes, header_map, now};

#[tokio::test]
async fn only_the_stores_own_signature_is_accepted() {
    let server = Server::start().await;
    let path = server.path("k");
    assert_eq!(server.send_raw("PUT", &path, HeaderMap::new(), "x").await.code(), "403 AccessDenied");
    let mut headers = server.sign("PUT", &path, &[], &PayloadHash::Unsigned);
    assert_eq!(
        server.send_raw("PUT", &server.path("other"), headers.clone(), "x").await.code(),
        "403 SignatureDoesNotMatch"
    );
    headers.insert("x-amz-meta-extra", "1".parse().unwrap());
    assert_eq!(server.send_raw("PUT", &path, headers, "x").await.status, 403);
    let stranger = Server::start().await;
    let theirs = header_map(&[("host", &server.address.to_string())]);
    let mut signed = stranger.sign("PUT", &path, &[], &PayloadHash::Unsigned);
    signed.extend(theirs);
    assert_eq!(server.send_raw("PUT", &path, signed, "x").await.code(), "403 InvalidAccessKeyId");
    assert_eq!(server.get("k").await.code(), "404 NoSuchKey");
}

#[tokio::test]
async fn a_presigned_url_does_one_thing_until_it_expires() {
    let server = Server::start().await;
    let put = server.presign("PUT", "k", &[]);
    assert_eq!(server.send_raw("PUT", &put, HeaderMap::new(), bytes(1, 70_000)).await.code(), "200");
    assert_eq!(server.send_raw("GET", &put, HeaderMap::new(), "").await.code(), "403 SignatureDoesNotMatch");
    let old = server.presign_at("GET", "k", &[], now().checked_sub(601.seconds()).unwrap());
    assert_eq!(server.send_raw("GET", &old, HeaderMap::new(), "").await.code(), "403 AccessDenied");
    let get = server.presign("GET", "k", &[]);
    assert_eq!(server.send_raw("GET", &get, HeaderMap::new(), "").await.body, bytes(1, 70_000));
    let unsigned = header_map(&[("x-amz-meta-a", "b")]);
    assert_eq!(server.send_raw("PUT", &put, unsigned, "x").await.status, 403);
}

#[tokio::test]
async fn a_presigned_put_cannot_be_turned_into_a_copy() {
    let server = Server::start().await;
    server.put("secret", "secret").await;
    let put = server.presign("PUT", "mine", &[]);
    let copy = header_map(&[("x-amz-copy-source", "/dray/secret")]);
    assert_eq!(server.send_raw("PUT", &put, copy, "").await.code(), "501 NotImplemented");
    let in_query = format!("{}&x-amz-copy-source=/dray/secret", server.path("mine?x-id=PutObject"));
    assert_eq!(server.send("PUT", &in_query, &[], "").await.code(), "501 NotImplemented");
    assert_eq!(server.get("mine").await.code(), "404 NoSuchKey");
}

#[tokio::test]
async fn operations_that_the_store_does_not_have_say_so() {
    let server = Server::start().await;
    server.put("k", "x").await;
    for (method, path) in [
        ("PUT", "k?acl"),
        ("GET", "k?legal-hold"),
        ("GET", "k?versionId=7"),
        ("POST", "k?select&select-type=2"),
        ("PUT", "?policy"),
        ("PUT", "?cors"),
        ("POST", "?restore"),
    ] {
        assert_eq!(
            server.send(method, &server.path(path), &[], "").await.code(),
            "501 NotImplemented",
            "{method} {path}"
        );
    }
    assert_eq!(server.send("PATCH", &server.path("k"), &[], "").await.code(), "405 MethodNotAllowed");
    for tag in ["aws%3Aa=b", "AWS%3Aa=b"] {
        let tagged = server.send("PUT", &server.path("k"), &[("x-amz-tagging", tag)], "y").await;
        assert_eq!(tagged.code(), "400 InvalidTag", "{tag}");
    }
    let range = [("x-amz-copy-source", "/dray/k"), ("x-amz-copy-source-range", "bytes=0-0")];
    assert_eq!(server.send("PUT", &server.path("l"), &range, "").await.code(), "400 InvalidArgument");
    let sse = [("x-amz-server-side-encryption", "aws:kms")];
    assert_eq!(server.send("PUT", &server.path("k"), &sse, "y").await.code(), "501 NotImplemented");
}

#[tokio::test]
async fn every_error_is_xml_with_a_request_id_except_to_head() {
    let server = Server::start().await;
    let missing = server.get("none").await;
    assert_eq!(missing.header("content-type"), "application/xml");
    assert_eq!(missing.element("RequestId"), missing.header("x-amz-request-id"));
    assert_eq!(missing.element("Resource"), "/dray/none");
    let head = server.send("HEAD", &server.path("none"), &[], "").await;
    assert_eq!((head.status.as_u16(), head.body.len()), (404, 0));
    assert_eq!(head.header("x-amz-request-id").len(), 16);
}

#[tokio::test]
async fn part_numbers_and_keys_outside_the_limits_are_refused() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    for number in ["0", "10001", "-1", "1.5", "2147483648", "9223372036854775808", "", "a"] {
        let path = server.path(&format!("k?partNumber={number}&uploadId={id}"));
        assert_eq!(server.send("PUT", &path, &[], "x").await.code(), "400 InvalidArgument", "{number}");
    }
    assert_eq!(
        server.send("PUT", &server.path("k?partNumber=1"), &[], "x").await.code(),
        "400 InvalidArgument"
    );
    assert_eq!(server.put(&"k".repeat(1025), "x").await.code(), "400 KeyTooLongError");
    assert_eq!(server.put(&"k".repeat(1024), "x").await.code(), "200");
}
