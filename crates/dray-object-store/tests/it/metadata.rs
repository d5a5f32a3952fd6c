//! Headers that are stored with objects. Their values may be any bytes that a header may have.

use dray_s3::PayloadHash;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::harness::{Answer, Server, bytes};

const WORD: &str = "=?UTF-8?B?RnLDvGhsaW5nc2dyw7zDn2U=?=";

fn headers(pairs: &[(&'static str, &[u8])]) -> HeaderMap {
    let mut all = HeaderMap::new();
    for (name, value) in pairs {
        all.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
    }
    all
}

async fn send(server: &Server, method: &str, path: &str, sent: &HeaderMap) -> Answer {
    let signed = server.sign_as(&server.keys, method, path, sent, &PayloadHash::Unsigned);
    server.send_raw(method, path, signed, "").await
}

#[tokio::test]
async fn signed_headers_may_have_any_bytes() {
    let server = Server::start().await;
    let disposition = "attachment; filename=\"Grüße.txt\"".as_bytes();
    let sent = headers(&[
        ("x-amz-meta-title", "Frühlingsgrüße".as_bytes()),
        ("x-amz-meta-latin", b"Fr\xfchlingsgr\xfc\xdfe"),
        ("content-disposition", disposition),
    ]);
    assert_eq!(send(&server, "PUT", &server.path("k"), &sent).await.code(), "200");
    let object = server.send("HEAD", &server.path("k"), &[], "").await;
    assert_eq!(object.header("x-amz-meta-title"), WORD);
    assert_eq!(object.header("x-amz-meta-latin"), WORD);
    assert_eq!(object.headers["content-disposition"].as_bytes(), disposition);
}

#[tokio::test]
async fn the_headers_of_a_multipart_object_may_have_any_bytes_too() {
    let server = Server::start().await;
    let sent = headers(&[("x-amz-meta-title", "Frühlingsgrüße".as_bytes())]);
    let begun = send(&server, "POST", &server.path("k?uploads"), &sent).await.element("UploadId");
    let etag = server.put_part("k", &begun, 1, bytes(1, 10)).await.etag();
    assert_eq!(server.complete("k", &begun, &[(1, etag)]).await.code(), "200");
    assert_eq!(server.get("k").await.header("x-amz-meta-title"), WORD);
}

#[tokio::test]
async fn a_signature_over_other_bytes_is_refused() {
    let server = Server::start().await;
    let sent = headers(&[("x-amz-meta-title", "ü".as_bytes())]);
    let path = server.path("k");
    let mut signed = server.sign_as(&server.keys, "PUT", &path, &sent, &PayloadHash::Unsigned);
    signed.insert("x-amz-meta-title", HeaderValue::from_bytes("ö".as_bytes()).unwrap());
    assert_eq!(server.send_raw("PUT", &path, signed, "").await.code(), "403 SignatureDoesNotMatch");
}

#[tokio::test]
async fn metadata_given_twice_is_joined_and_too_much_is_refused() {
    let server = Server::start().await;
    let twice = headers(&[("x-amz-meta-a", b" 1  2 "), ("x-amz-meta-a", b"3"), ("x-amz-meta-b", b"")]);
    assert_eq!(send(&server, "PUT", &server.path("k"), &twice).await.code(), "200");
    let object = server.get("k").await;
    let given: Vec<_> = object.headers.get_all("x-amz-meta-a").iter().collect();
    assert_eq!(given, ["1  2,3"]);
    assert_eq!(object.header("x-amz-meta-b"), "");
    let long = "ü".repeat(1024);
    let sent = headers(&[("x-amz-meta-a", long.as_bytes())]);
    assert_eq!(send(&server, "PUT", &server.path("k"), &sent).await.code(), "400 MetadataTooLarge");
    assert_eq!(send(&server, "POST", &server.path("k?uploads"), &sent).await.code(), "400 MetadataTooLarge");
}

#[tokio::test]
async fn a_suffix_of_an_empty_object_is_the_whole_object() {
    let server = Server::start().await;
    server.put("k", "").await;
    let get = async |range: &str| {
        let answer = server.send("GET", &server.path("k"), &[("range", range)], "").await;
        (answer.code(), answer.header("content-range").to_owned())
    };
    assert_eq!(get("bytes=-5").await, ("200".into(), String::new()));
    for range in ["bytes=-0", "bytes=0-", "bytes=0-0"] {
        assert_eq!(get(range).await, ("416 InvalidRange".into(), "bytes */0".into()), "{range}");
    }
}
