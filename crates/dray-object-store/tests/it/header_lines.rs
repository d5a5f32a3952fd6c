//! Headers on several lines, and headers that cannot be read: a list is joined, and everything else is refused. None
//! counts as absent, and none as its first line only.

use dray_s3::PayloadHash;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::harness::{Answer, Server};

/// A header, with two values that are valid where it belongs.
struct Read {
    method: &'static str,
    path: &'static str,
    body: &'static str,
    name: &'static str,
    values: [&'static str; 2],
}

const fn read(
    method: &'static str,
    path: &'static str,
    body: &'static str,
    name: &'static str,
    values: [&'static str; 2],
) -> Read {
    Read { method, path, body, name, values }
}

const DATES: [&str; 2] = ["Fri, 31 Jan 2025 12:00:00 GMT", "Fri, 31 Jan 2025 12:00:01 GMT"];
const MD5S: [&str; 2] = ["kAFQmDzST7DWlj99KOF/cg==", "AAAAAAAAAAAAAAAAAAAAAA=="];
const TAGS: &str = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";

/// Every header with one value that an operation reads.
const SINGLE: [Read; 31] = [
    read("PUT", "/dray/new", "abc", "content-md5", MD5S),
    read("PUT", "/dray/new", "abc", "x-amz-checksum-crc32", ["NSRBwg==", "AAAAAA=="]),
    read(
        "PUT",
        "/dray/new",
        "abc",
        "x-amz-checksum-sha256",
        ["ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "x"],
    ),
    read("PUT", "/dray/new", "abc", "x-amz-tagging", ["a=b", "c=d"]),
    read("PUT", "/dray/new", "abc", "x-amz-acl", ["private", "bucket-owner-full-control"]),
    read("PUT", "/dray/new", "abc", "x-amz-storage-class", ["STANDARD", "GLACIER"]),
    read("PUT", "/dray/new", "abc", "x-amz-server-side-encryption", ["AES256", "aws:kms"]),
    read("PUT", "/dray/new", "abc", "content-disposition", ["inline", "attachment"]),
    read("PUT", "/dray/new", "abc", "content-type", ["text/plain", "text/html"]),
    read("PUT", "/dray/new", "abc", "expires", DATES),
    read("PUT", "/new", "", "x-amz-bucket-object-lock-enabled", ["false", "true"]),
    read("PUT", "/dray/k?tagging", TAGS, "content-md5", MD5S),
    read("PUT", "/dray/k?acl", "", "x-amz-acl", ["private", "public-read"]),
    read("POST", "/dray/new?uploads", "", "x-amz-checksum-algorithm", ["CRC32", "SHA256"]),
    read("POST", "/dray/new?uploads", "", "x-amz-mp-object-size", ["3", "4"]),
    read("POST", "/dray/new?uploads", "", "x-amz-tagging", ["a=b", "c=d"]),
    read("GET", "/dray/k", "", "range", ["bytes=0-0", "bytes=1-1"]),
    read("GET", "/dray/k", "", "if-range", DATES),
    read("GET", "/dray/k", "", "if-modified-since", DATES),
    read("GET", "/dray/k", "", "if-unmodified-since", DATES),
    read("HEAD", "/dray/k", "", "if-modified-since", DATES),
    read("GET", "/dray/k", "", "x-amz-checksum-mode", ["ENABLED", "DISABLED"]),
    read("GET", "/dray/k?attributes", "", "x-amz-max-parts", ["1", "2"]),
    read("GET", "/dray/k?attributes", "", "x-amz-part-number-marker", ["1", "2"]),
    read("DELETE", "/dray/k", "", "x-amz-if-match-size", ["4", "5"]),
    read("DELETE", "/dray/k", "", "x-amz-if-match-last-modified-time", DATES),
    read("PUT", "/dray/copy", "", "x-amz-copy-source", ["/dray/k", "/dray/other"]),
    read("PUT", "/dray/copy", "", "x-amz-copy-source-if-modified-since", DATES),
    read("PUT", "/dray/copy", "", "x-amz-copy-source-if-unmodified-since", DATES),
    read("PUT", "/dray/copy", "", "x-amz-metadata-directive", ["COPY", "REPLACE"]),
    read("PUT", "/dray/copy", "", "x-amz-tagging-directive", ["COPY", "REPLACE"]),
];

async fn ask(server: &Server, asked: &Read, lines: &[&[u8]]) -> Answer {
    let mut headers = HeaderMap::new();
    if asked.path == "/dray/copy" && asked.name != "x-amz-copy-source" {
        headers.insert("x-amz-copy-source", HeaderValue::from_static("/dray/k"));
    }
    if asked.path.ends_with("?attributes") && asked.name != "x-amz-object-attributes" {
        headers.insert("x-amz-object-attributes", HeaderValue::from_static("ETag,ObjectParts"));
    }
    for line in lines {
        headers.append(HeaderName::from_static(asked.name), HeaderValue::from_bytes(line).unwrap());
    }
    let signed = server.sign_as(&server.keys, asked.method, asked.path, &headers, &PayloadHash::Unsigned);
    server.send_raw(asked.method, asked.path, signed, asked.body).await
}

#[tokio::test]
async fn a_header_that_is_no_list_is_refused_on_several_lines_and_if_it_cannot_be_read() {
    let server = Server::start().await;
    server.put("k", "stored").await;
    // These are stored as they are sent.
    let as_bytes = ["content-disposition", "content-type", "expires"];
    for asked in &SINGLE {
        let name = format!("{} {} {}", asked.method, asked.path, asked.name);
        let [first, second] = asked.values.map(str::as_bytes);
        let mut refused = vec![vec![first, first], vec![first, second], vec![second, first]];
        if !as_bytes.contains(&asked.name) {
            refused.push(vec![b"\xfc"]);
        }
        for lines in refused {
            let answer = ask(&server, asked, &lines).await;
            let expected = if asked.method == "HEAD" { "400" } else { "400 InvalidArgument" };
            assert_eq!(answer.code(), expected, "{name} {lines:?}");
        }
        assert_eq!(server.get("k").await.text(), "stored", "{name}");
        assert_eq!(server.get("new").await.code(), "404 NoSuchKey", "{name}");
        assert_eq!(server.get("copy").await.code(), "404 NoSuchKey", "{name}");
    }
}

#[tokio::test]
async fn the_lines_of_a_list_count_together() {
    let server = Server::start().await;
    let etag = server.put("k", "stored").await.etag();
    for (method, path, body, name, lines, code) in [
        ("PUT", "/dray/k", "x", "if-none-match", ["\"zz\"", "*"], "412 PreconditionFailed"),
        ("PUT", "/dray/k", "x", "if-match", ["\"yy\"", "\"zz\""], "412 PreconditionFailed"),
        ("GET", "/dray/k", "", "if-none-match", ["\"zz\"", &etag], "304"),
        ("GET", "/dray/k", "", "if-match", ["\"zz\"", &etag], "200"),
        ("DELETE", "/dray/k", "", "if-match", ["\"yy\"", "\"zz\""], "412 PreconditionFailed"),
        (
            "PUT",
            "/dray/copy",
            "",
            "x-amz-copy-source-if-none-match",
            ["\"zz\"", &etag],
            "412 PreconditionFailed",
        ),
        ("PUT", "/dray/copy", "", "x-amz-copy-source-if-match", ["\"zz\"", &etag], "200"),
        ("GET", "/dray/k?attributes", "", "x-amz-object-attributes", ["ETag", "ObjectSize"], "200"),
    ] {
        let asked = read(method, path, body, name, ["", ""]);
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        let answer = ask(&server, &asked, &lines).await;
        assert_eq!(answer.code(), code, "{method} {path} {name}");
        if name == "x-amz-object-attributes" {
            assert_eq!(
                (answer.element("ETag"), answer.element("ObjectSize")),
                (etag.clone(), "6".to_owned())
            );
        }
        let unreadable = ask(&server, &asked, &[lines[0], b"\xfc"]).await;
        assert_eq!(unreadable.code(), "400 InvalidArgument", "{method} {path} {name}");
    }
    assert_eq!(server.get("k").await.text(), "stored");
}

#[tokio::test]
async fn stored_lists_keep_all_their_lines_and_no_framing() {
    let server = Server::start().await;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("cache-control", "private"),
        ("cache-control", "no-store"),
        ("content-encoding", "aws-chunked"),
        ("content-encoding", "gzip"),
        ("content-language", "de"),
        ("content-language", "fr"),
    ] {
        headers.append(name, HeaderValue::from_static(value));
    }
    let path = server.path("k");
    let signed = server.sign_as(&server.keys, "PUT", &path, &headers, &PayloadHash::Unsigned);
    assert_eq!(server.send_raw("PUT", &path, signed, "abc").await.code(), "200");
    let object = server.get("k").await;
    assert_eq!(object.header("cache-control"), "private, no-store");
    assert_eq!(object.header("content-encoding"), "gzip");
    assert_eq!(object.header("content-language"), "de, fr");
}
