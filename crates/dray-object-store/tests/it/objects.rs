//! Objects: storing, reading, ranges, conditions, metadata, deleting.

use crate::harness::{PART, Server, bytes};

/// Parts whose borders are inside, at and outside of blocks. The last part is small enough to be kept inline.
fn parts() -> Vec<bytes::Bytes> {
    vec![bytes(1, 300 << 10), bytes(2, 256 << 10), bytes(3, PART), bytes(4, 700 << 10), bytes(5, 100)]
}

#[tokio::test]
async fn an_object_is_read_as_it_was_put() {
    let server = Server::start().await;
    for size in [0, 1, 16 << 10, (16 << 10) + 1, 256 << 10, (256 << 10) + 1, 1_000_003] {
        let body = bytes(9, size);
        let put = server.put("k", body.clone()).await;
        assert_eq!(put.code(), "200");
        let got = server.get("k").await;
        assert!(got.body == body, "{size}");
        assert_eq!(got.header("content-length"), size.to_string());
        assert_eq!(got.header("etag"), put.header("etag"));
        assert_eq!(got.header("content-type"), "binary/octet-stream");
        let head = server.send("HEAD", &server.path("k"), &[], "").await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), size.to_string());
        assert_eq!(head.header("etag"), put.header("etag"));
    }
    assert_eq!(server.put("k", "abc").await.header("etag"), "\"900150983cd24fb0d6963f7d28e17f72\"");
    server.wait_for_files(0).await;
}

#[tokio::test]
async fn any_range_across_any_border_is_exact() {
    let server = Server::start().await;
    let whole: Vec<u8> = parts().concat();
    assert_eq!(server.upload("k", &parts()).await.code(), "200");
    let size = whole.len();
    let borders = [
        0,
        1,
        255 << 10,
        256 << 10,
        300 << 10,
        556 << 10,
        (556 << 10) + PART,
        size - 101,
        size - 100,
        size - 1,
    ];
    for first in borders {
        for last in borders.into_iter().filter(|last| *last >= first) {
            let range = format!("bytes={first}-{last}");
            let got = server.send("GET", &server.path("k"), &[("range", &range)], "").await;
            assert_eq!(got.status, 206, "{range}");
            assert!(got.body == whole[first..=last], "{range}");
            assert_eq!(got.header("content-range"), format!("bytes {first}-{last}/{size}"));
        }
    }
    let suffix = server.send("GET", &server.path("k"), &[("range", "bytes=-150")], "").await;
    assert!(suffix.body == whole[size - 150..]);
    let open = server.send("GET", &server.path("k"), &[("range", "bytes=557000-")], "").await;
    assert!(open.body == whole[557_000..]);
    let beyond = server.send("GET", &server.path("k"), &[("range", &format!("bytes={size}-"))], "").await;
    assert_eq!(
        (beyond.code(), beyond.header("content-range")),
        ("416 InvalidRange".into(), &*format!("bytes */{size}"))
    );
    let nonsense = server.send("GET", &server.path("k"), &[("range", "bytes=9-1")], "").await;
    assert!(nonsense.status == 200 && nonsense.body == whole);
}

#[tokio::test]
async fn a_part_is_read_by_its_number() {
    let server = Server::start().await;
    server.upload("k", &parts()).await;
    for (number, part) in (1..).zip(parts()) {
        let got = server.send("GET", &server.path(&format!("k?partNumber={number}")), &[], "").await;
        assert!(got.status == 206 && got.body == part, "{number}");
        assert_eq!(got.header("x-amz-mp-parts-count"), "5");
        let head = server.send("HEAD", &server.path(&format!("k?partNumber={number}")), &[], "").await;
        assert_eq!(head.header("content-length"), part.len().to_string());
    }
    assert_eq!(server.send("GET", &server.path("k?partNumber=6"), &[], "").await.code(), "400 InvalidPart");
    assert_eq!(
        server.send("GET", &server.path("k?partNumber=0"), &[], "").await.code(),
        "400 InvalidArgument"
    );
}

#[tokio::test]
async fn conditions_of_readers_and_writers_hold() {
    let server = Server::start().await;
    let etag = server.put("k", "abc").await.header("etag").to_owned();
    let get = |name: &'static str, value: String| {
        let server = &server;
        async move { server.send("GET", &server.path("k"), &[(name, &value)], "").await.code() }
    };
    assert_eq!(get("if-match", etag.clone()).await, "200");
    assert_eq!(get("if-match", "\"x\"".into()).await, "412 PreconditionFailed");
    assert_eq!(get("if-none-match", etag.clone()).await, "304");
    let range = [("range", "bytes=0-0"), ("if-range", "\"old\"")];
    assert_eq!(server.send("GET", &server.path("k"), &range, "").await.body, "abc");

    let absent = [("if-none-match", "*")];
    assert_eq!(server.send("PUT", &server.path("k"), &absent, "new").await.code(), "412 PreconditionFailed");
    assert_eq!(server.send("PUT", &server.path("new"), &absent, "new").await.code(), "200");
    assert_eq!(
        server.send("PUT", &server.path("k"), &[("if-match", "\"x\"")], "new").await.code(),
        "412 PreconditionFailed"
    );
    assert_eq!(
        server.send("PUT", &server.path("none"), &[("if-match", &etag)], "new").await.code(),
        "404 NoSuchKey"
    );
    assert_eq!(server.send("PUT", &server.path("k"), &[("if-match", &etag)], "new").await.code(), "200");
    assert_eq!(server.get("k").await.body, "new");
}

#[tokio::test]
async fn metadata_is_returned_and_signed_overrides_take_precedence() {
    let server = Server::start().await;
    let sent = [
        ("content-type", "text/html"),
        ("content-disposition", "attachment; filename=\"a.html\""),
        ("cache-control", "no-store"),
        ("x-amz-meta-token", "t0k"),
    ];
    server.send("PUT", &server.path("put"), &sent, "<b>").await;
    let id = server.create("multi", &sent).await;
    let etag = server.put_part("multi", &id, 1, "<b>").await.etag();
    server.complete("multi", &id, &[(1, etag)]).await;
    for key in ["put", "multi"] {
        for method in ["GET", "HEAD"] {
            let got = server.send(method, &server.path(key), &[], "").await;
            for (name, value) in sent {
                assert_eq!(got.header(name), value);
            }
            assert_eq!(got.header("x-content-type-options"), "nosniff");
            assert_eq!(got.header("content-security-policy"), "sandbox; default-src 'none'");
        }
        let query =
            [("response-content-type", "text/plain"), ("response-content-disposition", "inline; a=\"b\"")];
        let path = server.presign("GET", key, &query);
        let got = server.send_raw("GET", &path, http::HeaderMap::new(), "").await;
        assert_eq!(got.code(), "200");
        assert_eq!(
            (got.header("content-type"), got.header("content-disposition")),
            ("text/plain", "inline; a=\"b\"")
        );
        assert_eq!(got.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_download_outlives_its_object() {
    let server = Server::start().await;
    let parts: Vec<_> = (0..8).map(|seed| bytes(seed, 5 << 20)).collect();
    server.upload("k", &parts).await;
    // The head of the answer has arrived, but most of its bytes have not: no socket buffers 40 MiB.
    let headers = server.sign("GET", &server.path("k"), &[], &dray_s3::PayloadHash::Unsigned);
    let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let mut request = http::Request::new(http_body_util::Empty::<bytes::Bytes>::new());
    *request.uri_mut() = server.path("k").parse().unwrap();
    *request.headers_mut() = headers;
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);

    assert_eq!(server.send("DELETE", &server.path("k"), &[], "").await.code(), "204");
    assert_eq!(server.get("k").await.code(), "404 NoSuchKey");
    // Garbage that nobody reads is removed at once; the files of this object are not.
    server.put("other", bytes(1, PART)).await;
    server.send("DELETE", &server.path("other"), &[], "").await;
    server.wait_for_files(8).await;
    let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    assert!(body == parts.concat());
    server.wait_for_files(0).await;
}

#[tokio::test]
async fn deleting_is_idempotent_and_accepts_many_keys() {
    let server = Server::start().await;
    for key in ["a", "b", "c", "d<&>"] {
        server.put(&key.replace('<', "%3C").replace('>', "%3E"), bytes(1, PART)).await;
    }
    assert_eq!(server.send("DELETE", &server.path("a"), &[], "").await.code(), "204");
    assert_eq!(server.send("DELETE", &server.path("a"), &[], "").await.code(), "204");
    let path = format!("/{}?delete", server.store.bucket());
    let body = "<Delete><Object><Key>b</Key></Object><Object><Key>none</Key></Object>\
                <Object><Key>d&lt;&amp;&gt;</Key></Object></Delete>";
    let deleted = server.send("POST", &path, &[], body).await;
    assert_eq!(deleted.elements("Key"), ["b", "none", "d&lt;&amp;&gt;"]);
    let quiet = "<Delete><Quiet>true</Quiet><Object><Key>c</Key></Object></Delete>";
    assert_eq!(server.send("POST", &path, &[], quiet).await.elements("Key").len(), 0);
    assert_eq!(server.send("POST", &path, &[], "<Delete></Delete>").await.code(), "400 MalformedXML");
    let wrong = [("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")];
    assert_eq!(server.send("POST", &path, &wrong, quiet).await.code(), "400 BadDigest");
    let list = server.send("GET", &format!("/{}?list-type=2", server.store.bucket()), &[], "").await;
    assert_eq!(list.element("KeyCount"), "0");
    server.wait_for_files(0).await;
}

#[tokio::test]
async fn an_answer_has_the_attributes_that_were_asked_for() {
    let server = Server::start().await;
    server.upload("k", &parts()).await;
    let asked =
        [("x-amz-object-attributes", "ETag,ObjectSize,ObjectParts,Checksum"), ("x-amz-max-parts", "2")];
    let got = server.send("GET", &server.path("k?attributes"), &asked, "").await;
    let size: usize = parts().iter().map(bytes::Bytes::len).sum();
    assert_eq!(got.element("ObjectSize"), size.to_string());
    assert_eq!(got.elements("PartNumber"), ["1", "2"]);
    assert_eq!((got.element("PartsCount"), got.element("IsTruncated")), ("5".into(), "true".into()));
    assert_eq!(got.element("ChecksumType"), "FULL_OBJECT");
    let none = server.send("GET", &server.path("k?attributes"), &[], "").await;
    assert_eq!(none.code(), "400 InvalidArgument");
}

#[tokio::test]
async fn buckets_are_created_listed_and_deleted_when_empty() {
    let server = Server::start().await;
    assert_eq!(server.send("PUT", "/second", &[], "").await.code(), "200");
    assert_eq!(
        server.send("PUT", "/second", &[], "").await.code(),
        "200",
        "creating it again succeeds, as in us-east-1"
    );
    assert_eq!(server.send("PUT", "/No_Name", &[], "").await.code(), "400 InvalidBucketName");
    assert_eq!(server.send("GET", "/", &[], "").await.elements("Name"), ["dray", "second"]);
    assert_eq!(server.send("HEAD", "/second", &[], "").await.status, 200);
    assert_eq!(server.send("GET", "/second?location", &[], "").await.code(), "200");
    server.send("PUT", "/second/k", &[], "x").await;
    assert_eq!(server.send("DELETE", "/second", &[], "").await.code(), "409 BucketNotEmpty");
    server.send("DELETE", "/second/k", &[], "").await;
    assert_eq!(server.send("DELETE", "/second", &[], "").await.code(), "204");
    assert_eq!(server.send("GET", "/second/k", &[], "").await.code(), "404 NoSuchBucket");
    assert_eq!(server.send("HEAD", "/second", &[], "").await.status, 404);
    assert_eq!(server.send("PUT", "/second/k", &[], "x").await.code(), "404 NoSuchBucket");
}
