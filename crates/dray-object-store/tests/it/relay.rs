//! The relay without sockets: what it asks the store behind it, what happens to bodies that are slow, short or long, and
//! how long it waits for the store. The store is a function.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::body::{Body, to_bytes};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use dray_object_store::{Asking, CorsOrigins, Relay, RelayConfig, Relayed, Unanswered, Upstream, WhenShort};
use dray_s3::{
    AddressingStyle, Credentials, Endpoint, PresignScope, presign, presign_with_headers, xml::ErrorAnswer,
};
use futures_util::stream;
use http::{HeaderMap, Method, Request, Response};
use md5::{Digest as _, Md5};
use sha2::Sha256;
use tokio::time::Instant;
use tower::ServiceExt as _;

const PATH: &str = "/dray/files/a%20b";

/// The requests that the store received, and the bodies that it read.
#[derive(Default)]
pub(crate) struct Asked(Mutex<Vec<(Relayed, Option<Bytes>)>>);

impl Asked {
    pub(crate) fn take(&self) -> Vec<(Relayed, Option<Bytes>)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn key() -> Credentials {
    Credentials { access_key_id: "relay".into(), secret_access_key: "hush".into(), session_token: None }
}

fn relay(upstream: Upstream) -> Relay {
    let config = RelayConfig {
        bucket: "dray".into(),
        region: "us-east-1".into(),
        key: key(),
        cors_origins: CorsOrigins::Any,
        idle_timeout: Duration::from_secs(10),
        transfers_per_caller: 10,
        when_short: WhenShort::default(),
    };
    Relay::new(config, upstream)
}

/// A store that is up, whatever it does with a request.
fn asked_by(ask: impl Fn(Relayed) -> Asking + Send + Sync + 'static) -> Upstream {
    Upstream::new(ask, || Box::pin(async { Ok(()) }))
}

/// A store that reads everything that it is sent, and answers with an `ETag`.
pub(crate) fn good() -> (Relay, Arc<Asked>) {
    let asked = Arc::new(Asked::default());
    let upstream = {
        let asked = Arc::clone(&asked);
        asked_by(move |mut request| {
            let asked = Arc::clone(&asked);
            Box::pin(async move {
                let body = match request.body.take() {
                    Some((body, _)) => {
                        Some(to_bytes(body, usize::MAX).await.map_err(|err| Unanswered(err.to_string()))?)
                    }
                    None => None,
                };
                asked.0.lock().unwrap().push((request, body));
                Ok(Response::builder().header("etag", "\"e\"").body(Body::from("body")).unwrap())
            })
        })
    };
    (relay(upstream), asked)
}

pub(crate) fn url(method: &Method, query: &[(&str, &str)], headers: &[(&str, &str)]) -> String {
    url_of(method, "files/a b", query, headers)
}

pub(crate) fn url_of(
    method: &Method,
    object: &str,
    query: &[(&str, &str)],
    headers: &[(&str, &str)],
) -> String {
    let credentials = key();
    #[expect(clippy::disallowed_methods, reason = "the relay uses the machine's clock")]
    let now = jiff::Timestamp::now();
    let endpoint = Endpoint::parse("http://drive.example.com", AddressingStyle::Path).unwrap();
    let scope = PresignScope {
        credentials: &credentials,
        region: "us-east-1",
        endpoint: &endpoint,
        bucket: "dray",
        key: object,
        now,
        expires_secs: 600,
    };
    let url = match headers {
        [] => presign(method, &scope, query),
        headers => presign_with_headers(method, &scope, query, headers),
    };
    url.unwrap().strip_prefix("http://drive.example.com").unwrap().to_owned()
}

pub(crate) fn part_url() -> String {
    url(&Method::PUT, &[("partNumber", "7"), ("uploadId", "an/id")], &[])
}

pub(crate) async fn ask(
    relay: &Relay,
    method: &Method,
    url: &str,
    headers: &[(&str, &str)],
    body: Body,
) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(url).header("host", "drive.example.com");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    relay.router().oneshot(request.body(body).unwrap()).await.unwrap()
}

async fn code(answer: Response<Body>) -> (u16, String) {
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, ErrorAnswer::parse(&body).unwrap().code)
}

fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn the_store_gets_the_signed_request_and_nothing_that_it_does_not_need() {
    let (relay, asked) = good();
    let headers =
        [("content-length", "3"), ("cookie", "a=b"), ("authorization", "Basic x"), ("range", "bytes=0-1")];
    let put = ask(&relay, &Method::PUT, &part_url(), &headers, Body::from("abc")).await;
    assert_eq!((put.status().as_u16(), put.headers()["etag"].to_str().unwrap()), (200, "\"e\""));
    assert!(to_bytes(put.into_body(), 10).await.unwrap().is_empty());
    let overrides = [("response-content-type", "text/x"), ("response-content-disposition", "attachment")];
    let headers = [("range", "bytes=0-1"), ("if-match", "\"e\""), ("cookie", "a=b")];
    let get = url(&Method::GET, &overrides, &[]);
    let got = ask(&relay, &Method::GET, &get, &headers, Body::empty()).await;
    assert_eq!(got.headers()["content-type"], "text/x");
    assert_eq!(got.headers()["content-disposition"], "attachment");
    assert_eq!(to_bytes(got.into_body(), 10).await.unwrap(), "body");

    let asked = std::mem::take(&mut *asked.0.lock().unwrap());
    let (put, body) = &asked[0];
    assert_eq!(
        (put.operation, put.key.as_str(), body.as_deref()),
        ("UploadPart", "files/a b", Some(&b"abc"[..]))
    );
    assert_eq!(put.query, [("partNumber", "7".to_owned()), ("uploadId", "an/id".to_owned())]);
    assert_eq!(put.headers, HeaderMap::new());
    let (get, body) = &asked[1];
    assert_eq!((get.operation, get.query.len(), body), ("GetObject", 0, &None));
    let names: Vec<_> = get.headers.keys().map(http::HeaderName::as_str).collect();
    assert_eq!(names, ["range", "if-match"]);
}

#[tokio::test]
async fn a_condition_that_is_not_passed_on_is_refused() {
    let (relay, asked) = good();
    let get = url(&Method::GET, &[], &[]);
    for (method, url, name) in [
        (Method::PUT, part_url(), "if-match"),
        (Method::PUT, url(&Method::PUT, &[], &[]), "if-none-match"),
        (Method::PUT, part_url(), "if-unmodified-since"),
        (Method::GET, get, "if-of-tomorrow"),
    ] {
        let headers = [("content-length", "3"), (name, "*")];
        let refused = ask(&relay, &method, &url, &headers, Body::from("abc")).await;
        assert_eq!(code(refused).await, error(501, "NotImplemented"), "{method} {name}");
    }
    assert!(asked.0.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_arriving_is_cut_off_and_so_is_the_stores_request() {
    let (relay, asked) = good();
    let body = Body::from_stream(stream::unfold(0, async |at| match at {
        0 => Some((Ok::<_, std::io::Error>(Bytes::from_static(b"ab")), 1)),
        _ => std::future::pending().await,
    }));
    let begun = Instant::now();
    let answer = ask(&relay, &Method::PUT, &part_url(), &[("content-length", "3")], body).await;
    assert_eq!(answer.headers()["connection"], "close");
    assert_eq!(code(answer).await, error(400, "RequestTimeout"));
    assert_eq!(begun.elapsed().as_secs(), 10);
    assert!(asked.0.lock().unwrap().is_empty(), "the store has not received a whole body");
    assert_eq!(relay.transfers().too_slow, 1);
}

#[tokio::test]
async fn a_body_must_have_the_announced_length() {
    let (relay, asked) = good();
    for (body, length, wanted) in [
        ("ab", Some("3"), error(400, "IncompleteBody")),
        ("abcd", Some("3"), error(400, "InvalidRequest")),
        ("abc", None, error(411, "MissingContentLength")),
        ("abc", Some("5368709121"), error(400, "EntityTooLarge")),
        ("abc", Some("+3"), error(400, "InvalidArgument")),
    ] {
        let headers: Vec<_> = length.map(|length| ("content-length", length)).into_iter().collect();
        let answer = ask(&relay, &Method::PUT, &part_url(), &headers, Body::from(body)).await;
        assert_eq!(code(answer).await, wanted, "{body} {length:?}");
    }
    let length = [("content-length", "5000000000")];
    let large = url(&Method::PUT, &[], &length);
    let answer = ask(&relay, &Method::PUT, &large, &length, Body::from("a")).await;
    assert_eq!(code(answer).await, error(403, "AccessDenied"), "only small files may be sent whole");
    assert!(asked.0.lock().unwrap().is_empty());
    assert_eq!(relay.transfers().uploads, 0, "a refused transfer holds nothing");
}

/// How long a read and a part take if the store never answers, in tenths of a second.
async fn silence_lasts(relay: &Relay) -> [u128; 2] {
    let mut took = Vec::new();
    for (method, url) in [(Method::GET, url(&Method::GET, &[], &[])), (Method::PUT, part_url())] {
        let begun = Instant::now();
        let answer = ask(relay, &method, &url, &[("content-length", "3")], Body::from("abc")).await;
        assert_eq!(answer.headers()["retry-after"], "1");
        assert_eq!(code(answer).await, error(503, "ServiceUnavailable"));
        took.push(begun.elapsed().as_millis() / 100);
    }
    [took[0], took[1]]
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_silent_is_given_up() {
    let relay = relay(asked_by(|_| Box::pin(std::future::pending())));
    assert_eq!(silence_lasts(&relay).await, [100, 600], "the store answers probes, so it may be slow");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_is_told_within_two_seconds() {
    let probe = || -> dray_object_store::Probing {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(1400)).await;
            Err(Unanswered("no answer within 1.4 s".into()))
        })
    };
    let relay = relay(Upstream::new(|_| Box::pin(std::future::pending()), probe));
    assert_eq!(silence_lasts(&relay).await, [17, 17]);
    assert_eq!((relay.transfers().uploads, relay.transfers().downloads), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_slow_says_nothing_of_the_store() {
    let probed = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&probed);
    let ask_store = |mut request: Relayed| -> Asking {
        Box::pin(async move {
            let (body, _) = request.body.take().unwrap();
            to_bytes(body, usize::MAX).await.map_err(|err| Unanswered(err.to_string()))?;
            Ok(Response::builder().header("etag", "\"e\"").body(Body::empty()).unwrap())
        })
    };
    let relay = relay(Upstream::new(ask_store, move || {
        counted.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Err(Unanswered("down".into())) })
    }));
    let answer = ask(&relay, &Method::PUT, &part_url(), &[("content-length", "40960")], slow(5)).await;
    assert_eq!((answer.status().as_u16(), probed.load(Ordering::SeqCst)), (200, 0));
}

/// 8 KiB a second, for so many seconds.
fn slow(secs: u32) -> Body {
    Body::from_stream(stream::unfold(0, move |at| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        (at < secs).then(|| (Ok::<_, std::io::Error>(Bytes::from(vec![0; 8192])), at + 1))
    }))
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_may_take_longer_than_a_slow_store() {
    let (relay, asked) = good();
    let length = (90 * 8192).to_string();
    let answer = ask(&relay, &Method::PUT, &part_url(), &[("content-length", &length)], slow(90)).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(asked.0.lock().unwrap()[0].1.as_ref().unwrap().len(), 90 * 8192);
}

#[tokio::test(start_paused = true)]
async fn a_download_whose_bytes_stop_arriving_is_cut_off() {
    let upstream = asked_by(|_| {
        let bytes = stream::unfold(0, async |at| match at {
            0 => Some((Ok::<_, std::io::Error>(Bytes::from_static(b"ab")), 1)),
            _ => std::future::pending().await,
        });
        let answer = Response::builder().header("etag", "\"e\"").header("content-length", "3");
        let answer = answer.body(Body::from_stream(bytes));
        Box::pin(async move { Ok(answer.unwrap()) })
    });
    let relay = relay(upstream);
    let answer = ask(&relay, &Method::GET, &url(&Method::GET, &[], &[]), &[], Body::empty()).await;
    assert_eq!(relay.transfers().downloads, 1);
    assert!(to_bytes(answer.into_body(), 10).await.is_err());
    assert_eq!(relay.transfers().downloads, 0);
}

/// A relay to a store that answers every request with this `ETag` and body, without a length.
fn answering(etag: Option<&'static str>, body: &'static str) -> Relay {
    relay(asked_by(move |_| {
        let mut answer = Response::builder();
        if let Some(etag) = etag {
            answer = answer.header("etag", etag);
        }
        let bytes = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(body.as_bytes()))]);
        let answer = answer.body(Body::from_stream(bytes)).unwrap();
        Box::pin(async move { Ok(answer) })
    }))
}

#[tokio::test]
async fn a_download_has_as_many_bytes_as_the_server_signed_or_does_not_look_complete() {
    let signed = url(&Method::GET, &[("x-dray-object-size", "4")], &[]);
    for (body, is_whole) in [("body", true), ("bod", false), ("", false), ("body!", false)] {
        let relay = answering(Some("\"e\""), body);
        let answer = ask(&relay, &Method::GET, &signed, &[], Body::empty()).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-length"]),
            (200, &"4".parse().unwrap())
        );
        assert_eq!(to_bytes(answer.into_body(), 10).await.is_ok(), is_whole, "{body}");
        assert_eq!(relay.transfers().downloads, 0);
    }
    let page = answering(None, "page");
    assert_eq!(
        code(ask(&page, &Method::GET, &signed, &[], Body::empty()).await).await,
        error(503, "SlowDown")
    );
}

#[tokio::test]
async fn the_length_of_a_download_is_told_once() {
    let relay = relay(asked_by(|_| {
        let answer = Response::builder().header("etag", "\"e\"").header("content-length", "4");
        Box::pin(async move { Ok(answer.body(Body::from("body")).unwrap()) })
    }));
    for method in [Method::GET, Method::HEAD] {
        let signed = url(&method, &[("x-dray-object-size", "4")], &[]);
        let answer = ask(&relay, &method, &signed, &[], Body::empty()).await;
        assert_eq!(answer.headers().get_all("content-length").iter().count(), 1, "{method}");
    }
}

#[tokio::test]
async fn a_part_counts_as_stored_only_if_the_store_says_so_as_s3_does() {
    for (etag, body, wanted) in [
        (None, "", error(503, "SlowDown")),
        (None, "<html>please log in</html>", error(503, "SlowDown")),
        (None, "<Error><Code>InternalError</Code></Error>", error(500, "InternalError")),
        (Some("\"e\""), "<Error><Code>SlowDown</Code></Error>", error(503, "SlowDown")),
        (Some("\"e\""), "<Error><Code>NoSuchUpload</Code></Error>", error(404, "NoSuchUpload")),
    ] {
        let (relay, url, length) = (answering(etag, body), part_url(), [("content-length", "3")]);
        let answer = ask(&relay, &Method::PUT, &url, &length, Body::from("abc")).await;
        assert_eq!(code(answer).await, wanted, "{body}");
    }
}

#[tokio::test]
async fn several_ranges_are_not_asked_for() {
    let (relay, asked) = good();
    let get = url(&Method::GET, &[], &[]);
    for range in ["bytes=0-1,3-4", "bytes=x", "items=0-1"] {
        let answer = ask(&relay, &Method::GET, &get, &[("range", range)], Body::empty()).await;
        assert_eq!(answer.status(), 200);
        assert!(asked.take()[0].0.headers.is_empty(), "{range}");
    }
}

#[tokio::test]
async fn a_url_is_served_only_for_what_it_was_signed_for() {
    let (relay, asked) = good();
    let signed = part_url();
    let (_, query) = signed.split_once('?').unwrap();
    for (method, url) in [
        (Method::GET, signed.clone()),
        (Method::PUT, format!("/dray/files/other?{query}")),
        (Method::PUT, signed.replace("partNumber=7", "partNumber=8")),
        (Method::PUT, format!("/base{PATH}?{query}")),
    ] {
        let answer = ask(&relay, &method, &url, &[("content-length", "3")], Body::from("abc")).await;
        assert_eq!(code(answer).await, error(403, "SignatureDoesNotMatch"), "{method} {url}");
    }
    assert!(asked.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_body_that_is_not_what_its_client_announced_never_reaches_the_store_whole() {
    let md5 = |body: &[u8]| STANDARD.encode(Md5::digest(body));
    let sha256 =
        |body: &[u8]| Sha256::digest(body).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    for content in [&b"the right bytes"[..], b""] {
        for (header, right, wrong, refused) in [
            ("content-md5", md5(content), md5(b"other"), "BadDigest"),
            ("x-amz-content-sha256", sha256(content), sha256(b"other"), "XAmzContentSHA256Mismatch"),
        ] {
            let (relay, asked) = good();
            let length = content.len().to_string();
            let put = async |digest: &str| {
                let headers = [("content-length", length.as_str()), (header, digest)];
                let frames =
                    stream::iter(content.chunks(4).map(|frame| Ok::<_, std::io::Error>(Bytes::from(frame))));
                ask(&relay, &Method::PUT, &part_url(), &headers, Body::from_stream(frames)).await
            };
            assert_eq!(code(put(&wrong).await).await, error(400, refused), "{header}");
            assert!(asked.0.lock().unwrap().is_empty(), "{header}: the store has received a whole body");
            assert_eq!(put(&right).await.status(), 200, "{header}");
            assert_eq!(asked.0.lock().unwrap()[0].1.as_deref(), Some(content));
        }
    }
}
