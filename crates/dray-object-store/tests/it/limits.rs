//! Bodies that are too long, too short, too slow or cut off: an error, and nothing stored.

use std::time::Duration;

use dray_s3::PayloadHash;

use crate::harness::{PART, Server, bytes};

#[tokio::test]
async fn a_body_over_the_limits_is_refused_before_it_is_read() {
    let server = Server::start_with(|config| config.max_object_bytes = 1000).await;
    let id = server.create("k", &[]).await;
    let path = server.path(&format!("k?partNumber=1&uploadId={id}"));
    let length = ((5_u64 << 30) + 1).to_string();
    let headers = server.sign("PUT", &path, &[("content-length", &length)], &PayloadHash::Unsigned);
    let answer = server.send_part_of_body("PUT", &path, &headers, b"", true).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("<Code>EntityTooLarge</Code>"), "{answer}");
    assert_eq!(server.put("k", bytes(1, 1001)).await.code(), "400 EntityTooLarge");
    let etag = server.put_part("k", &id, 1, bytes(1, 1001)).await.etag();
    assert_eq!(server.complete("k", &id, &[(1, etag)]).await.code(), "400 EntityTooLarge");
}

#[tokio::test]
async fn a_body_without_a_length_is_refused() {
    let server = Server::start().await;
    let headers =
        server.sign("PUT", &server.path("k"), &[("transfer-encoding", "chunked")], &PayloadHash::Unsigned);
    let answer =
        server.send_part_of_body("PUT", &server.path("k"), &headers, b"1\r\nx\r\n0\r\n\r\n", true).await;
    assert!(
        answer.starts_with("HTTP/1.1 411") && answer.contains("<Code>MissingContentLength</Code>"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_body_that_ends_early_leaves_the_older_part() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    let path = server.path(&format!("k?partNumber=1&uploadId={id}"));
    let etag = server.put_part("k", &id, 1, bytes(1, PART)).await.etag();
    for (length, sent) in [(100, 50), (600_000, 599_999), (600_000, 0)] {
        let headers =
            server.sign("PUT", &path, &[("content-length", &length.to_string())], &PayloadHash::Unsigned);
        let answer = server.send_part_of_body("PUT", &path, &headers, &bytes(2, sent), true).await;
        assert!(answer.is_empty() || answer.contains("<Code>IncompleteBody</Code>"), "{answer}");
    }
    server.wait_for_files(1).await;
    let listed = server.send("GET", &server.path(&format!("k?uploadId={id}")), &[], "").await;
    assert_eq!(listed.element("ETag").trim_matches('"'), etag);
}

#[tokio::test]
async fn a_body_that_stops_coming_times_out_and_closes() {
    let server = Server::start_with(|config| config.idle_timeout = Duration::from_millis(50)).await;
    let headers =
        server.sign("PUT", &server.path("k"), &[("content-length", "600000")], &PayloadHash::Unsigned);
    let answer =
        server.send_part_of_body("PUT", &server.path("k"), &headers, &bytes(1, 300_000), false).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("<Code>RequestTimeout</Code>"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    server.wait_for_files(0).await;
    assert_eq!(server.get("k").await.code(), "404 NoSuchKey");
}

#[tokio::test]
async fn bodies_of_control_requests_are_bounded() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    let path = server.path(&format!("k?uploadId={id}"));
    let length = [("content-length", "5242880")];
    let headers = server.sign("POST", &path, &length, &PayloadHash::Unsigned);
    let long = server.send_part_of_body("POST", &path, &headers, b"", false).await;
    assert!(long.starts_with("HTTP/1.1 400") && long.contains("MaxMessageLengthExceeded"), "{long}");
    let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><CompleteMultipartUpload>&b;</CompleteMultipartUpload>";
    assert_eq!(server.send("POST", &path, &[], bomb).await.code(), "400 MalformedXML");
}
