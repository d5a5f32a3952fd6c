//! Many PUTs in one request: each is what it is alone, and what cannot be read ends the request without harm.

use std::time::Duration;

use bytes::Bytes;
use dray_object_store::{Caller, KeyKind, Relay, key_of, pipeline};
use dray_s3::PayloadHash;
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    crash::copy,
    harness::{MIB, Server, bytes, header_map, now},
    relay::{self, good},
};

/// The head of a PUT by a signed URL, with these further lines.
fn head(server: &Server, url: &str, length: usize, lines: &str) -> Vec<u8> {
    let host = server.address;
    format!("PUT {url} HTTP/1.1\r\nHost: {host}\r\n{lines}Content-Length: {length}\r\n\r\n").into_bytes()
}

/// A PUT by a URL that the server has signed.
fn put(server: &Server, key: &str, body: &[u8]) -> Vec<u8> {
    let url = server.presign_as(&server.store.credentials(), "PUT", key);
    [&head(server, &url, body.len(), ""), body].concat()
}

fn address(server: &Server) -> String {
    let query = [(pipeline::PARAMETER, "")];
    server.presign_with(&server.store.credentials(), "POST", "", &query, now())
}

/// The status of each request, or the code of its error.
fn outcomes(answers: &Value) -> Vec<String> {
    let code = |body: &str| {
        body.split("<Code>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned()
    };
    let of = |answer: &Value| match answer["body"].as_str() {
        Some(body) => format!("{} {}", answer["status"], code(body)),
        None => answer["status"].to_string(),
    };
    answers.as_array().unwrap().iter().map(of).collect()
}

/// The outcomes, and the code that says why the rest was not read.
async fn send(server: &Server, body: impl Into<Bytes>) -> (Vec<String>, Value) {
    let answer = server.send_raw("POST", &address(server), HeaderMap::new(), body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (200, "application/json"),
        "{answer:?}"
    );
    let json: Value = serde_json::from_slice(&answer.body).unwrap();
    (outcomes(&json["answers"]), json["stopped"]["code"].clone())
}

#[tokio::test]
async fn each_put_of_a_pipeline_is_stored_as_if_it_came_alone() {
    let server = Server::start_with(|_| ()).await;
    let sizes = [0, 1, 16 << 10, (16 << 10) + 1, 100_000, 256 << 10, MIB, 3];
    let files: Vec<_> =
        (0..120_u8).map(|n| (format!("f {n}"), bytes(n, sizes[usize::from(n) % 8]))).collect();
    for some in files.chunks(50) {
        let body: Vec<u8> = some.iter().flat_map(|(key, bytes)| put(&server, key, bytes)).collect();
        let answer = server.send_raw("POST", &address(&server), HeaderMap::new(), body).await;
        let json: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(json.get("stopped").is_none(), "{json}");
        for ((key, bytes), answer) in some.iter().zip(json["answers"].as_array().unwrap()) {
            let alone = server.put("alone", bytes.clone()).await;
            assert_eq!(*answer, json!({ "status": 200, "eTag": alone.header("etag") }), "{key}");
        }
    }
    for (key, bytes) in &files {
        assert!(server.get(&key.replace(' ', "%20")).await.body == bytes, "{key}");
    }
    // After a crash, everything that was acknowledged is there.
    let crashed = std::sync::Arc::new(tempfile::tempdir().unwrap());
    copy(server.folder.path(), crashed.path());
    let restarted = Server::start_in(crashed, |_| ()).await;
    for (key, bytes) in &files {
        assert!(restarted.get(&key.replace(' ', "%20")).await.body == bytes, "{key}");
    }
}

#[tokio::test]
async fn headers_conditions_and_checksums_mean_the_same_in_a_pipeline() {
    let server = Server::start().await;
    let owner = server.store.credentials();
    let one = |key: &str, lines: &str, body: &str| {
        let url = server.presign_as(&owner, "PUT", key);
        [&head(&server, &url, body.len(), lines), body.as_bytes()].concat()
    };
    server.put("there", "first").await;
    let body = [
        one("there", "If-None-Match: *\r\n", "second"),
        one("new", "If-None-Match: *\r\n", "new"),
        one("damaged", "Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==\r\n", "damaged"),
        one("last", "", "last"),
    ];
    let (answers, stopped) = send(&server, body.concat()).await;
    assert_eq!(answers, ["412 PreconditionFailed", "200", "400 BadDigest", "200"]);
    assert_eq!(stopped, Value::Null);
    assert_eq!(server.get("there").await.text(), "first");
    assert_eq!(server.get("new").await.text(), "new");
    assert_eq!(server.get("damaged").await.code(), "404 NoSuchKey");
}

#[tokio::test]
async fn only_signed_puts_of_whole_objects_are_taken_and_others_hinder_none() {
    let server = Server::start().await;
    server.put("source", "source").await;
    let id = server.create("up", &[]).await;
    let owner = server.store.credentials();
    let signed = |method: &str, key: &str, query: &[(&str, &str)]| {
        server.presign_with(&owner, method, key, query, now())
    };
    let old = now().checked_sub(jiff::SignedDuration::from_secs(601)).unwrap();
    let late = server.presign_with(&owner, "PUT", "a", &[], old);
    let part = signed("PUT", "up", &[("partNumber", "1"), ("uploadId", &id)]);
    let plain = signed("PUT", "a", &[]);
    let tool = server.presign_as(&key_of(server.folder.path(), KeyKind::Tool).unwrap(), "PUT", "a");
    let raw = |method: &str, url: &str, host: &str, lines: &str| {
        format!("{method} {url} HTTP/1.1\r\nHost: {host}\r\n{lines}Content-Length: 1\r\n\r\nx")
    };
    let host = server.address.to_string();
    let headers = server.sign("PUT", "/dray/a", &[], &PayloadHash::Unsigned);
    let lines = headers.iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap()));
    let by_header = lines.collect::<Vec<_>>().concat();
    let nested = address(&server);
    let cases = [
        (raw("PUT", &late, &host, ""), "403 AccessDenied"),
        (raw("PUT", "/dray/a", &host, ""), "403 AccessDenied"),
        (raw("PUT", &plain.replace("/a?", "/b?"), &host, ""), "403 SignatureDoesNotMatch"),
        (raw("PUT", &tool, &host, ""), "403 AccessDenied"),
        (raw("PUT", "/dray/a", &host, &by_header), "400 InvalidRequest"),
        (raw("PUT", &plain, &host, "Authorization: AWS4-HMAC-SHA256 x\r\n"), "400 InvalidRequest"),
        (raw("PUT", &part, &host, ""), "400 InvalidRequest"),
        (raw("PUT", &signed("PUT", "a", &[("acl", "")]), &host, ""), "400 InvalidRequest"),
        (raw("PUT", &signed("PUT", "a", &[("tagging", "")]), &host, ""), "400 InvalidRequest"),
        (raw("PUT", &plain, &host, "x-amz-copy-source: /dray/source\r\n"), "501 NotImplemented"),
        (raw("PUT", &plain, "other.example.com", ""), "400 InvalidRequest"),
        (raw("PUT", "/other/a", &host, ""), "400 InvalidRequest"),
        (raw("PUT", "/dray", &host, ""), "400 InvalidRequest"),
        (raw("GET", &signed("GET", "source", &[]), &host, ""), "405 MethodNotAllowed"),
        (raw("DELETE", &signed("DELETE", "source", &[]), &host, ""), "405 MethodNotAllowed"),
        (raw("POST", &nested, &host, ""), "405 MethodNotAllowed"),
        (raw("PUT", &nested, &host, ""), "400 InvalidRequest"),
    ];
    let good = |at: usize| put(&server, &format!("good {at}"), b"good");
    let mut body = Vec::new();
    for (at, (request, _)) in cases.iter().enumerate() {
        body.extend_from_slice(request.as_bytes());
        body.extend(good(at));
    }
    let (answers, stopped) = send(&server, body).await;
    assert_eq!((answers.len(), stopped), (2 * cases.len(), Value::Null));
    for (at, (request, wanted)) in cases.iter().enumerate() {
        assert_eq!((answers[2 * at].as_str(), answers[2 * at + 1].as_str()), (*wanted, "200"), "{request}");
    }
    assert_eq!(server.get("a").await.code(), "404 NoSuchKey");
    assert_eq!(server.get("source").await.text(), "source");
    let parts = server.send("GET", &server.path(&format!("up?uploadId={id}")), &[], "").await;
    assert!(parts.elements("PartNumber").is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_ends_a_pipeline_and_what_came_before_is_stored() {
    let server = Server::start().await;
    let whole = put(&server, "whole", b"whole");
    let url = server.presign_as(&server.store.credentials(), "PUT", "broken");
    let line = format!("PUT {url} HTTP/1.1\r\nHost: {}\r\n", server.address);
    let bomb = "a: b\r\n".repeat(200);
    for (broken, answered, stopped) in [
        ("garbage\r\n\r\n".to_owned(), 0, "InvalidRequest"),
        (format!("{line}\r\n"), 0, "InvalidRequest"),
        (format!("{line}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"), 0, "InvalidRequest"),
        (format!("{line}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), 0, "InvalidRequest"),
        (format!("{line}{bomb}Content-Length: 1\r\n\r\nx"), 0, "InvalidRequest"),
        (format!("{line}a: {}", "x".repeat(17 << 10)), 0, "InvalidRequest"),
        (format!("{line}a: b"), 0, "IncompleteBody"),
        (format!("{line}Content-Length: 99999999999999999999\r\n\r\nx"), 0, "InvalidRequest"),
        // Its length lies: the body ends before, or the next head begins in the middle of it.
        (format!("{line}Content-Length: 900000\r\n\r\nx"), 1, "IncompleteBody"),
        (format!("{line}Content-Length: 2\r\n\r\nxxxxx\r\n\r\n"), 1, "InvalidRequest"),
    ] {
        let sent = [&whole, broken.as_bytes(), &put(&server, "after", b"after")].concat();
        let sent = if stopped == "IncompleteBody" { [&whole, broken.as_bytes()].concat() } else { sent };
        let (answers, why) = send(&server, sent).await;
        assert_eq!((answers.len(), why), (1 + answered, json!(stopped)), "{broken:.200}");
        assert_eq!(answers[0], "200");
        assert_eq!(server.get("after").await.code(), "404 NoSuchKey", "{broken:.200}");
    }
    // Nobody else sees its end, but a client that hung up may come back with the same files.
    assert_eq!(server.get("whole").await.text(), "whole");
}

#[tokio::test]
async fn a_pipeline_has_a_bounded_number_of_requests() {
    let server = Server::start().await;
    let one = put(&server, "a", b"");
    let (answers, stopped) = send(&server, one.repeat(10_000)).await;
    assert_eq!((answers.len(), stopped), (pipeline::MAX_FILES as usize, json!("InvalidRequest")));
    let (answers, stopped) = send(&server, one.repeat(pipeline::MAX_FILES as usize)).await;
    assert_eq!((answers.len(), stopped), (pipeline::MAX_FILES as usize, Value::Null));
    assert!(answers.iter().all(|answer| answer == "200"));
    assert_eq!(send(&server, "").await, (vec![], Value::Null));
}

#[tokio::test]
async fn an_unsigned_an_expired_or_an_oversized_pipeline_is_refused_before_its_body_is_read() {
    let server = Server::start().await;
    let old = now().checked_sub(jiff::SignedDuration::from_secs(601)).unwrap();
    let query = [(pipeline::PARAMETER, "")];
    let good = address(&server);
    let late = server.presign_with(&server.store.credentials(), "POST", "", &query, old);
    let tools = server.presign_with(&server.keys, "POST", "", &query, now());
    let host = server.address.to_string();
    let with = |line: (&'static str, &str)| header_map(&[("host", &host), line]);
    let most = pipeline::MAX_BYTES.to_string();
    let too_long = (pipeline::MAX_BYTES + 1).to_string();
    for (path, headers, wanted) in [
        ("/dray?dray-pipeline", with(("content-length", "9")), "403|AccessDenied"),
        (&late, with(("content-length", "9")), "403|AccessDenied"),
        (&good.replace("/dray?", "/other?"), with(("content-length", "9")), "403|SignatureDoesNotMatch"),
        (&tools, with(("content-length", "9")), "501|NotImplemented"),
        (&good, with(("content-length", &too_long)), "400|EntityTooLarge"),
        (&good, with(("transfer-encoding", "chunked")), "411|MissingContentLength"),
    ] {
        let answer = server.send_part_of_body("POST", path, &headers, b"", false);
        let answer = tokio::time::timeout(Duration::from_secs(20), answer).await.unwrap();
        let (status, code) = wanted.split_once('|').unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(code),
            "{path}: {answer}"
        );
    }
    let by_header = server.sign("POST", "/dray?dray-pipeline", &[], &PayloadHash::Unsigned);
    let answer = server.send_raw("POST", "/dray?dray-pipeline", by_header, "").await;
    assert_eq!(answer.code(), "501 NotImplemented");
    let answer = server.send_part_of_body("POST", &good, &with(("content-length", &most)), b"", true).await;
    assert!(answer.is_empty() || answer.contains("IncompleteBody"), "{answer}");
}

#[tokio::test]
async fn a_pipeline_that_stops_coming_is_answered_with_what_was_stored() {
    let server = Server::start_with(|config| config.idle_timeout = Duration::from_millis(200)).await;
    for rest in ["PUT /dr".as_bytes(), &put(&server, "cut", &bytes(1, 100_000))[..50_000]] {
        let body = [&put(&server, "whole", b"whole"), rest].concat();
        let host = server.address.to_string();
        let headers = header_map(&[("host", &host), ("content-length", "1000000")]);
        let answer = server.send_part_of_body("POST", &address(&server), &headers, &body, false).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
        assert!(answer.contains(r#"{"answers":[{"status":200"#), "{answer}");
        assert!(answer.contains(r#""stopped":{"code":"RequestTimeout""#), "{answer}");
    }
    assert_eq!(server.get("whole").await.text(), "whole");
    assert_eq!(server.get("cut").await.code(), "404 NoSuchKey");
    server.wait_for_files(0).await;
    assert!(server.store.transfers().too_slow >= 2);
    assert_eq!(server.store.transfers().uploads, 0);
}

#[tokio::test]
async fn the_requests_of_a_pipeline_count_as_transfers_of_their_sender() {
    let server = Server::start_with(|config| config.transfers_per_caller = 1).await;
    let body = [put(&server, "a", b"a"), put(&server, "b", b"b")].concat();
    let mut request = Request::post(address(&server))
        .header("host", server.address.to_string())
        .header("content-length", body.len())
        .body(axum::body::Body::from(body))
        .unwrap();
    request.extensions_mut().insert(Caller([10, 0, 0, 1].into()));
    let answer = server.store.router().oneshot(request).await.unwrap();
    let body = axum::body::to_bytes(answer.into_body(), MIB).await.unwrap();
    let json: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(outcomes(&json["answers"]), ["503 SlowDown", "503 SlowDown"]);
    assert_eq!(json["answers"][0]["retryAfter"], 1);
    assert_eq!(server.store.transfers().uploads_refused_of_address, 2);
}

#[tokio::test]
async fn a_relay_takes_pipelines_too() {
    let (relay, asked) = good();
    let length = [("content-length", "3")];
    let url = relay::url(&http::Method::PUT, &[], &length);
    let part = relay::part_url();
    let one =
        |url: &str| format!("PUT {url} HTTP/1.1\r\nHost: drive.example.com\r\nContent-Length: 3\r\n\r\nabc");
    let body = [one(&url), one(&part), one(&url)].concat();
    let json = carried(&relay, body).await;
    assert_eq!(outcomes(&json["answers"]), ["200", "400 InvalidRequest", "200"]);
    assert_eq!(json["answers"][0]["eTag"], "\"e\"");
    let asked = asked.take();
    assert_eq!(asked.len(), 2);
    for (relayed, body) in &asked {
        assert_eq!((relayed.operation, relayed.key.as_str()), ("PutObject", "files/a b"));
        assert_eq!(body.as_deref(), Some(&b"abc"[..]));
    }
}

async fn carried(relay: &Relay, body: String) -> Value {
    let address = relay::url_of(&http::Method::POST, "", &[(pipeline::PARAMETER, "")], &[]);
    let length = body.len().to_string();
    let headers = [("content-length", length.as_str())];
    let answer = relay::ask(relay, &http::Method::POST, &address, &headers, body.into()).await;
    assert_eq!(answer.status().as_u16(), 200);
    let body = axum::body::to_bytes(answer.into_body(), MIB).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}
