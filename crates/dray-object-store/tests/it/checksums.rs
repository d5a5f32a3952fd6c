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
            let put = put_part(&server, &id, number, part, algorithm).await;
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

/// Puts a part with its checksum.
async fn put_part(server: &Server, id: &str, number: u32, part: &[u8], algorithm: Algorithm) -> Answer {
    let path = server.path(&format!("k?partNumber={number}&uploadId={id}"));
    let checksum = Checksum::of(algorithm, part).to_base64();
    server.send("PUT", &path, &[(algorithm.header_name(), &checksum)], part.to_vec()).await
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
            let part = put_part(&server, &id, 1, b"hello", algorithm).await;
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
async fn a_part_carries_one_checksum_of_its_uploads_algorithm() {
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
            assert_eq!(put.header(other.header_name()), "", "Complete would refuse it: {named} {other:?}");
            let both = server.send("PUT", &path, &both, body.clone()).await;
            assert_eq!(both.code(), "400 InvalidRequest", "{named} {other:?}");
        }
        let with_own = [(own.header_name(), &*sum(own))];
        let put = server.send("PUT", &path, &with_own, body.clone()).await;
        assert_eq!((put.code().as_str(), put.header(own.header_name())), ("200", &*sum(own)));
        let without = server.send("PUT", &path, &[], body.clone()).await;
        if kind == "COMPOSITE" {
            assert_eq!(
                without.code(),
                "400 InvalidRequest",
                "a composite checksum is made from those of the parts"
            );
        } else {
            assert_eq!((without.code().as_str(), without.header(own.header_name())), ("200", &*sum(own)));
        }
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
            etags.push(put_part(&server, &id, number, part, own).await.etag());
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
            (&[(other, &*other_sums[1])], "400 BadDigest"),
            (&[(other, &*other_sums[1]), (own, &*own_sums[1])], "400 InvalidArgument"),
            (&[(own, "AAAA")], "400 InvalidArgument"),
            (&[], missing),
            (&[(own, &*own_sums[1])], "200"),
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
    let end = if trailer.is_empty() { "" } else { "\r\n" };
    format!("{}0\r\n{trailer}{end}\r\n", framed.concat())
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
        let other = format!("x-amz-checksum-crc32c:{}", Checksum::of(Algorithm::Crc32c, &body).to_base64());
        for trailer in ["", "x:y", ":y", &other, &format!("{right}\r\n{other}")] {
            let refused = put(trailer.to_owned(), owned(&headers)).await;
            assert_eq!(refused.code(), "400 MalformedTrailerError", "{trailer}");
        }
        assert_eq!(put(right.clone(), owned(&headers[..2])).await.code(), "400 MalformedTrailerError");
        let sum = Checksum::of(Algorithm::Sha1, &body).to_base64();
        let both = [&headers[..], &[("x-amz-checksum-sha1", &*sum)]].concat();
        assert_eq!(put(right.clone(), owned(&both)).await.code(), "400 InvalidRequest");
        assert_eq!(put(right.clone(), owned(&headers[..1])).await.code(), "411 MissingContentLength");
        assert_eq!(server.get("k").await.code(), if size == 10 { "404 NoSuchKey" } else { "200" });
        assert_eq!(put(right, owned(&headers)).await.code(), "200");
        let got = server.get("k").await;
        assert_eq!((got.body.len(), got.header("content-encoding")), (size, ""));
    }
}

#[tokio::test]
async fn a_checksum_that_nobody_compares_is_refused() {
    let server = Server::start().await;
    let sum = Checksum::of(Algorithm::Crc32, b"hello").to_base64();
    let put =
        async |headers: &[(&str, &str)]| server.send("PUT", &server.path("k"), headers, "hello").await.code();
    for (said, code) in
        [("SHA1", "400 InvalidRequest"), ("x", "400 InvalidRequest"), ("CRC32", "200"), ("crc32", "200")]
    {
        let headers = [("x-amz-checksum-crc32", &*sum), ("x-amz-sdk-checksum-algorithm", said)];
        assert_eq!(put(&headers).await, code, "{said}");
    }
    assert_eq!(put(&[("x-amz-sdk-checksum-algorithm", "CRC32")]).await, "200", "as in presigned URLs");
    for name in ["x-amz-checksum-xxhash64", "x-amz-checksum-sha512", "x-amz-checksum-x"] {
        assert_eq!(put(&[(name, "AAAAAAAAAAA=")]).await, "501 NotImplemented", "{name}");
    }
    let both = [("x-amz-checksum-crc32", &*sum), ("x-amz-checksum-sha1", "")];
    assert_eq!(put(&both).await, "400 InvalidRequest");
}

#[tokio::test]
async fn without_an_algorithm_the_listed_checksums_are_of_the_default_one() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    let etag = server.put_part("k", &id, 1, "hello").await.etag();
    let sum = |algorithm, body: &[u8]| Checksum::of(algorithm, body).to_base64();
    let (right, wrong) = (sum(Algorithm::Crc64Nvme, b"hello"), sum(Algorithm::Crc64Nvme, b"other"));
    let other = sum(Algorithm::Crc32, b"hello");
    for (listed, expected) in [
        ((Algorithm::Crc64Nvme, &*wrong), "400 InvalidPart"),
        ((Algorithm::Crc32, &*other), "400 InvalidPart"),
        ((Algorithm::Crc64Nvme, ""), "200"),
        ((Algorithm::Crc64Nvme, &*right), "200"),
        // A repeat of the Complete that made the object is checked in the same way.
        ((Algorithm::Crc32, &*other), "400 InvalidPart"),
    ] {
        let done = complete(&server, &id, &listed_part(1, &etag, &[listed]), &[]).await;
        assert_eq!(done.code(), expected, "{listed:?}");
    }
}

#[tokio::test]
async fn the_checksum_of_the_whole_object_has_the_form_of_its_algorithm() {
    let server = Server::start().await;
    for (algorithm, kind) in [(Algorithm::Crc32, "FULL_OBJECT"), (Algorithm::Sha256, "COMPOSITE")] {
        let name = algorithm.header_name();
        let headers = [("x-amz-checksum-algorithm", algorithm.as_str()), ("x-amz-checksum-type", kind)];
        let id = server.create("k", &headers).await;
        let part = put_part(&server, &id, 1, b"hello", algorithm).await;
        let listed = listed_part(1, &part.etag(), &[(algorithm, part.header(name))]);
        let whole = Checksum::of(algorithm, b"hello");
        let right = if kind == "COMPOSITE" { composite(algorithm, &[whole]) } else { whole }.to_base64();
        let counted = if kind == "COMPOSITE" { "200" } else { "400 BadDigest" };
        for (given, expected) in [
            ("", "400 InvalidRequest"),
            ("x", "400 InvalidRequest"),
            ("AAAA", "400 InvalidRequest"),
            (&*format!("{right}-"), "400 InvalidRequest"),
            (&*format!("{right}-1a"), "400 InvalidRequest"),
            (&*format!("{right}--1"), "400 InvalidRequest"),
            (&*format!("{right}-2"), "400 BadDigest"),
            (&*Checksum::of(algorithm, b"other").to_base64(), "400 BadDigest"),
            (&*right, "200"),
            (&*format!("{right}-1"), counted),
        ] {
            assert_eq!(
                complete(&server, &id, &listed, &[(name, given)]).await.code(),
                expected,
                "{kind} {given}"
            );
        }
    }
}
