//! Every operation with every condition: it evaluates the condition, or refuses the request and changes nothing.

use http::HeaderMap;

use crate::harness::{PART, Server, bytes, complete_body};

const PAST: &str = "Mon, 01 Jan 2001 00:00:00 GMT";
const FUTURE: &str = "Sat, 01 Jan 2101 00:00:00 GMT";
const TAGS: &str = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
const DELETE: &str = "<Delete><Object><Key>k</Key></Object></Delete>";

/// Every condition of HTTP and S3 on the object that a request names, with a value that does not hold.
const CONDITIONS: [(&str, &str); 9] = [
    ("if-match", "\"other\""),
    ("if-none-match", "*"),
    ("if-modified-since", FUTURE),
    ("if-unmodified-since", PAST),
    ("if-range", "\"other\""),
    ("if-of-tomorrow", "x"),
    ("x-amz-if-match-size", "7"),
    ("x-amz-if-match-last-modified-time", PAST),
    ("x-amz-if-match-initiated-time", PAST),
];
const OF_READS: &[&str] = &["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];
const OF_WRITES: &[&str] = &["if-match", "if-none-match"];
const OF_DELETES: &[&str] = &["if-match", "x-amz-if-match-size", "x-amz-if-match-last-modified-time"];

/// A request, and the conditions that its operation evaluates. `{id}` in the path is an upload's id.
type Asked = (&'static str, &'static str, &'static str, &'static [&'static str]);

const OPERATIONS: [Asked; 30] = [
    ("GET", "/", "", &[]),
    ("PUT", "/dray", "", &[]),
    ("HEAD", "/dray", "", &[]),
    ("DELETE", "/empty", "", &[]),
    ("GET", "/dray?location", "", &[]),
    ("GET", "/dray?policy", "", &[]),
    ("GET", "/dray?acl", "", &[]),
    ("GET", "/dray/k?acl", "", &[]),
    ("PUT", "/dray/k?acl", "", &[]),
    ("GET", "/dray", "", &[]),
    ("GET", "/dray?list-type=2", "", &[]),
    ("GET", "/dray?versions", "", &[]),
    ("GET", "/dray?uploads", "", &[]),
    ("POST", "/dray?delete", DELETE, &[]),
    ("POST", "/dray?dray-pipeline", "", &[]),
    ("POST", "/dray", "", &[]),
    ("GET", "/dray/k", "", OF_READS),
    ("HEAD", "/dray/k", "", OF_READS),
    ("GET", "/dray/k?attributes", "", OF_READS),
    ("GET", "/dray/k?tagging", "", &[]),
    ("PUT", "/dray/k?tagging", TAGS, &[]),
    ("DELETE", "/dray/k?tagging", "", &[]),
    ("PUT", "/dray/k", "new", OF_WRITES),
    ("PUT", "/dray/k?copy", "", OF_WRITES),
    ("DELETE", "/dray/k", "", OF_DELETES),
    ("POST", "/dray/k?uploads", "", OF_WRITES),
    ("PUT", "/dray/k?uploadId={id}&partNumber=1", "new", &[]),
    ("GET", "/dray/k?uploadId={id}", "", &[]),
    ("POST", "/dray/k?uploadId={id}", "", OF_WRITES),
    ("DELETE", "/dray/k?uploadId={id}", "", &[]),
];

#[tokio::test]
async fn no_operation_ignores_a_condition() {
    let server = Server::start().await;
    server.send("PUT", "/empty", &[], "").await;
    server.put("k", "old").await;
    server.put("source", "copied").await;
    let id = server.create("k", &[]).await;
    let part = server.put_part("k", &id, 1, bytes(1, PART)).await.etag();
    let complete = complete_body(&[(1, part)]);
    let source = ("x-amz-copy-source", "/dray/source");
    for (method, path, body, evaluated) in OPERATIONS {
        let is_complete = method == "POST" && path.ends_with("{id}");
        let body = if is_complete { complete.as_str() } else { body };
        for (name, value) in CONDITIONS {
            let mut headers = vec![(name, value), ("x-amz-object-attributes", "ETag")];
            headers.extend(path.ends_with("?copy").then_some(source));
            let path = path.replace("?copy", "").replace("{id}", &id);
            let status = server.send(method, &path, &headers, body.to_owned()).await.status.as_u16();
            if evaluated.contains(&name) {
                assert!([304, 412].contains(&status), "{method} {path} {name}: {status}");
            } else if name == "if-range" && (path.ends_with("/k") && ["GET", "HEAD"].contains(&method)) {
                assert_eq!(status, 200, "{method} {path}: there is no range");
            } else {
                assert_eq!(status, 501, "{method} {path} {name}");
            }
            assert_eq!(server.get("k").await.body, "old", "{method} {path} {name}");
        }
    }
    let part_copy = format!("/dray/k?uploadId={id}&partNumber=1");
    for (name, value) in CONDITIONS {
        let copied = server.send("PUT", &part_copy, &[source, (name, value)], "").await;
        assert_eq!(copied.code(), "501 NotImplemented", "UploadPartCopy {name}");
    }
    assert_eq!(server.send("GET", "/", &[], "").await.elements("Name"), ["dray", "empty"]);
    assert_eq!(server.send("GET", "/dray?uploads", &[], "").await.element("UploadId"), id);
    assert_eq!(server.send("GET", "/dray/k?tagging", &[], "").await.elements("Key"), [""; 0]);
    assert_eq!(server.send("POST", &format!("/dray/k?uploadId={id}"), &[], complete).await.code(), "200");
}

#[tokio::test]
async fn a_condition_that_a_presigner_moved_into_the_query_is_not_ignored() {
    let server = Server::start().await;
    server.put("k", "old").await;
    for (method, expected) in
        [("DELETE", "412 PreconditionFailed"), ("PUT", "501 NotImplemented"), ("GET", "501 NotImplemented")]
    {
        let path = server.path("k?X-Amz-If-Match-Size=7");
        assert_eq!(server.send(method, &path, &[], "").await.code(), expected, "{method}");
    }
    let put = server.presign("PUT", "k", &[]);
    let headers = HeaderMap::from_iter([(http::header::IF_UNMODIFIED_SINCE, PAST.parse().unwrap())]);
    assert_eq!(server.send_raw("PUT", &put, headers, "new").await.code(), "501 NotImplemented");
    assert_eq!(server.get("k").await.body, "old");
}

#[tokio::test]
async fn an_upload_whose_condition_does_not_hold_is_not_created() {
    let server = Server::start().await;
    let create =
        async |name, value| server.send("POST", "/dray/k?uploads", &[(name, value)], "").await.code();
    assert_eq!(create("if-none-match", "*").await, "200");
    assert_eq!(create("if-match", "*").await, "404 NoSuchKey");
    let etag = server.put("k", "old").await.etag();
    assert_eq!(create("if-none-match", "*").await, "412 PreconditionFailed");
    assert_eq!(create("if-match", &etag).await, "200");
}
