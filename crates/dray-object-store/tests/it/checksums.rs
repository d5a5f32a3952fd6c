//! Checksums: the store refuses a body whose checksum differs, in whatever form the client sends it.

use base64::{Engine, engine::general_purpose::STANDARD};
use dray_s3::{
    PayloadHash,
    checksum::{Algorithm, Checksum, composite, composite_text},
};

use crate::harness::{Answer, PART, Server, bytes};

#[tokio::test]
async fn a_wrong_checksum_stores_nothing_and_leaves_the_older_part() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    let good = bytes(1, PART);
    let etag = server.put_part("k", &id, 1, good.clone()).await.etag();
    let path = server.path(&format!("k?partNumber=1&uploadId={id}"));
    let other = Checksum::of(Algorithm::Crc32, b"other").to_base64();
    let md5 = STANDARD.encode([7; 16]);
    for body in [bytes(2, PART), bytes(2, 10)] {
        for (headers, code) in [
            (vec![("content-md5", md5.as_str())], "400 BadDigest"),
            (vec![("x-amz-checksum-crc32", other.as_str())], "400 BadDigest"),
            (vec![("content-md5", "short")], "400 InvalidDigest"),
            (vec![("x-amz-checksum-sha256", "short")], "400 InvalidRequest"),
        ] {
            assert_eq!(server.send("PUT", &path, &headers, body.clone()).await.code(), code);
        }
        let signed = PayloadHash::of(b"what was signed");
        let mismatch = server.send_signed("PUT", &path, &[], body, &signed).await;
        assert_eq!(mismatch.code(), "400 XAmzContentSHA256Mismatch");
    }
    assert_eq!(server.complete("k", &id, &[(1, etag)]).await.code(), "200");
    assert_eq!(server.get("k").await.body, good);
    server.wait_for_files(1).await;
}

#[tokio::test]
async fn a_right_checksum_of_each_algorithm_is_kept_and_returned() {
    let server = Server::start().await;
    for (algorithm, size) in Algorithm::ALL.into_iter().zip([5, PART, 300_000, 0, 70_000]) {
        let body = bytes(4, size);
        let checksum = Checksum::of(algorithm, &body).to_base64();
        let headers = [(algorithm.header_name(), checksum.as_str())];
        let signed = PayloadHash::of(&body);
        let put = server.send_signed("PUT", &server.path("k"), &headers, body, &signed).await;
        assert_eq!((put.code().as_str(), put.header(algorithm.header_name())), ("200", checksum.as_str()));
        let head = server.send("HEAD", &server.path("k"), &[("x-amz-checksum-mode", "ENABLED")], "").await;
        assert_eq!(head.header(algorithm.header_name()), checksum);
        assert_eq!(head.header("x-amz-checksum-type"), "FULL_OBJECT");
    }
}

#[tokio::test]
async fn an_objects_checksum_is_computed_from_its_parts() {
    let server = Server::start().await;
    let parts = [bytes(1, PART), bytes(2, 300_000), bytes(3, 5)];
    let whole = parts.concat();
    let cases = [
        (Algorithm::Crc64Nvme, "FULL_OBJECT"),
        (Algorithm::Crc32, "FULL_OBJECT"),
        (Algorithm::Crc32c, "COMPOSITE"),
        (Algorithm::Sha256, "COMPOSITE"),
    ];
    for (algorithm, kind) in cases {
        let headers = [("x-amz-checksum-algorithm", algorithm.as_str()), ("x-amz-checksum-type", kind)];
        let id = server.create("k", &headers).await;
        let mut listed = String::new();
        for (number, part) in (1..).zip(&parts) {
            let put = server.put_part("k", &id, number, part.clone()).await;
            let checksum = put.header(algorithm.header_name());
            assert_eq!(checksum, Checksum::of(algorithm, part).to_base64());
            listed += &listed_part(number, &put.etag(), &[(algorithm, checksum)]);
        }
        let sums = parts.each_ref().map(|part| Checksum::of(algorithm, part));
        let expected = match kind {
            "COMPOSITE" => composite_text(&composite(algorithm, &sums), 3),
            _ => Checksum::of(algorithm, &whole).to_base64(),
        };
        let given = [(algorithm.header_name(), expected.as_str())];
        let done = complete(&server, &id, &listed, &given).await;
        assert_eq!((done.code().as_str(), done.element(algorithm.element_name())), ("200", expected.clone()));
        let head = server.send("HEAD", &server.path("k"), &[("x-amz-checksum-mode", "ENABLED")], "").await;
        assert_eq!(
            (head.header(algorithm.header_name()), head.header("x-amz-checksum-type")),
            (&*expected, kind)
        );
    }
}

/// A part as a Complete lists it.
fn listed_part(number: u32, etag: &str, checksums: &[(Algorithm, &str)]) -> String {
    let checksums = checksums.iter().map(|(algorithm, checksum)| {
        let name = algorithm.element_name();
        format!("<{name}>{checksum}</{name}>")
    });
    let checksums: String = checksums.collect();
    format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag>{checksums}</Part>")
}

async fn complete(server: &Server, id: &str, listed: &str, headers: &[(&str, &str)]) -> Answer {
    let path = server.path(&format!("k?uploadId={id}"));
    let body = format!("<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>");
    server.send("POST", &path, headers, body).await
}

#[tokio::test]
async fn an_upload_has_a_checksum_type_that_its_algorithm_allows_and_its_complete_names_no_other() {
    const TYPES: [&str; 2] = ["FULL_OBJECT", "COMPOSITE"];
    let server = Server::start().await;
    for algorithm in Algorithm::ALL {
        let name = algorithm.as_str();
        for kind in TYPES {
            let headers = [("x-amz-checksum-algorithm", name), ("x-amz-checksum-type", kind)];
            let is_allowed = match name {
                "CRC64NVME" => kind == "FULL_OBJECT",
                "SHA1" | "SHA256" => kind == "COMPOSITE",
                _ => true,
            };
            if !is_allowed {
                let refused = server.send("POST", &server.path("k?uploads"), &headers, "").await;
                assert_eq!(refused.code(), "400 InvalidRequest", "{name} {kind}");
                continue;
            }
            let id = server.create("k", &headers).await;
            let part = server.put_part("k", &id, 1, "hello").await;
            let listed = listed_part(1, &part.etag(), &[(algorithm, part.header(algorithm.header_name()))]);
            let complete = async |kind: &str| {
                complete(&server, &id, &listed, &[("x-amz-checksum-type", kind)]).await.code()
            };
            let other = TYPES.into_iter().find(|other| *other != kind).unwrap();
            // Before and after the upload has become an object.
            for _ in 0..2 {
                assert_eq!(complete(other).await, "400 BadDigest", "{name} {kind}");
                assert_eq!(complete("full_object").await, "400 InvalidRequest", "{name} {kind}");
                assert_eq!(complete(kind).await, "200", "{name} {kind}");
            }
        }
    }
    for headers in [
        [("x-amz-checksum-algorithm", "CRC32"), ("x-amz-checksum-type", "ALL")],
        [("x-amz-checksum-type", "COMPOSITE"), ("x-amz-meta-a", "b")],
        [("x-amz-checksum-type", "FULL_OBJECT"), ("x-amz-meta-a", "b")],
    ] {
        let refused = server.send("POST", &server.path("k?uploads"), &headers, "").await;
        assert_eq!(refused.code(), "400 InvalidRequest", "{headers:?}");
    }
}

#[tokio::test]
async fn a_part_carries_a_checksum_of_its_uploads_algorithm_or_none() {
    let server = Server::start().await;
    let body = bytes(1, PART);
    let sum = |algorithm| Checksum::of(algorithm, &body).to_base64();
    for (named, kind, others_are_refused) in
        [("SHA256", "COMPOSITE", true), ("CRC32C", "FULL_OBJECT", true), ("CRC64NVME", "FULL_OBJECT", false)]
    {
        let own = Algorithm::from_name(named).unwrap();
        let headers = [("x-amz-checksum-algorithm", named), ("x-amz-checksum-type", kind)];
        let id = server.create("k", &headers).await;
        let path = server.path(&format!("k?partNumber=1&uploadId={id}"));
        for other in Algorithm::ALL.into_iter().filter(|other| *other != own) {
            let only_other = [(other.header_name(), &*sum(other))];
            let both = [(own.header_name(), &*sum(own)), only_other[0]];
            let expected = if others_are_refused { "400 InvalidRequest" } else { "200" };
            let put = server.send("PUT", &path, &only_other, body.clone()).await;
            assert_eq!(put.code(), expected, "{named} {other:?}");
            assert_eq!(server.send("PUT", &path, &both, body.clone()).await.code(), "200");
        }
        let put = server.send("PUT", &path, &[], body.clone()).await;
        assert_eq!((put.code().as_str(), put.header(own.header_name())), ("200", &*sum(own)));
    }
}

#[tokio::test]
async fn a_composite_checksum_needs_the_checksum_of_each_listed_part() {
    let server = Server::start().await;
    let parts = [bytes(1, PART), bytes(2, 5)];
    for (named, kind, is_needed) in
        [("CRC32", "COMPOSITE", true), ("SHA1", "COMPOSITE", true), ("CRC32", "FULL_OBJECT", false)]
    {
        let own = Algorithm::from_name(named).unwrap();
        let other = if own == Algorithm::Crc32 { Algorithm::Sha256 } else { Algorithm::Crc32 };
        let id =
            server.create("k", &[("x-amz-checksum-algorithm", named), ("x-amz-checksum-type", kind)]).await;
        let mut etags = Vec::new();
        for (number, part) in (1..).zip(&parts) {
            etags.push(server.put_part("k", &id, number, part.clone()).await.etag());
        }
        let sums = |algorithm| parts.each_ref().map(|part| Checksum::of(algorithm, part).to_base64());
        let (own_sums, other_sums) = (sums(own), sums(other));
        let list = |last: &[(Algorithm, &str)]| {
            listed_part(1, &etags[0], &[(own, &own_sums[0])]) + &listed_part(2, &etags[1], last)
        };
        let missing = if is_needed { "400 InvalidRequest" } else { "200" };
        let wrong = [(own, &*own_sums[0])];
        for (last, expected) in [
            (&wrong[..], "400 InvalidPart"),
            (&[], missing),
            (&[(other, &*other_sums[1])], missing),
            (&[(own, &*own_sums[1])], "200"),
            (&[(other, &*other_sums[1]), (own, &*own_sums[1])], "200"),
            (&wrong, "400 InvalidPart"),
        ] {
            let done = complete(&server, &id, &list(last), &[]).await;
            assert_eq!(done.code(), expected, "{named} {kind} {last:?}");
        }
    }
}

fn chunked(body: &[u8], trailer: &str) -> String {
    let text = std::str::from_utf8(body).unwrap();
    let chunks = text.as_bytes().chunks(100_000).map(|chunk| std::str::from_utf8(chunk).unwrap());
    let framed: Vec<String> = chunks.map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
    format!("{}0\r\n{trailer}\r\n\r\n", framed.concat())
}

#[tokio::test]
async fn a_body_in_chunks_is_checked_against_its_trailer() {
    let server = Server::start().await;
    for size in [10, 300_000] {
        let body = vec![b'x'; size];
        let length = size.to_string();
        let headers = [
            ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", length.as_str()),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
        ];
        let put = |trailer: String, headers: Vec<(&'static str, String)>| {
            let (server, body) = (&server, chunked(&body, &trailer));
            async move {
                let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
                server
                    .send_signed("PUT", &server.path("k"), &headers, body, &PayloadHash::UnsignedTrailer)
                    .await
            }
        };
        let owned = |headers: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
            headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
        };
        let right = format!("x-amz-checksum-crc32:{}", Checksum::of(Algorithm::Crc32, &body).to_base64());
        let wrong = format!("x-amz-checksum-crc32:{}", Checksum::of(Algorithm::Crc32, b"?").to_base64());
        assert_eq!(put(wrong, owned(&headers)).await.code(), "400 BadDigest");
        assert_eq!(put(String::new(), owned(&headers)).await.code(), "400 InvalidRequest");
        assert_eq!(put(right.clone(), owned(&headers[..1])).await.code(), "411 MissingContentLength");
        assert_eq!(server.get("k").await.code(), if size == 10 { "404 NoSuchKey" } else { "200" });
        assert_eq!(put(right, owned(&headers)).await.code(), "200");
        let got = server.get("k").await;
        assert_eq!((got.body.len(), got.header("content-encoding")), (size, ""));
    }
}
