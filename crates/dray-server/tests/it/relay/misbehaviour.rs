//! Stores and clients that stop, break off or refuse. Each end of a relayed transfer learns what happened to the
//! other, and nothing accumulates in between.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{error, refused, relay_key, relayed, relaying, signed, stored, text};
use crate::middle::{Act, Middle};
use crate::store_down::{Away, Proxy};
use crate::world::{MIB, World, bytes, wait_for};

/// 503 in S3's form, and when to ask again. That it takes less than two seconds is tested in simulated time, beside the
/// embedded store (`tests/it/relay.rs` there).
async fn check_told(what: &str, answer: Response) {
    assert_eq!(text(&answer, "retry-after"), "1", "{what}");
    assert_eq!(refused(answer).await, error(503, "ServiceUnavailable"), "{what}");
}

#[tokio::test]
async fn a_store_that_is_down_is_told_in_s3s_form_and_all_goes_on_afterwards() {
    for away in [Away::Gone, Away::Silent] {
        let store = World::start().await;
        let mut proxy = Proxy::start(&store).await;
        let s3 = store.as_store(format!("http://{}", proxy.address));
        let drive = relaying(s3, |_| {}).await;
        let owner = drive.owner();
        let (_, read) = stored(&owner, "a", b"abc").await;
        let part = owner.urls(&owner.start("b", 6 * MIB).await, 1).await.remove(0);
        let body = axum::body::Bytes::from(bytes(6 * MIB, 1));
        proxy.cut(away).await;
        let get = async || drive.http.get(&read).send().await.unwrap();
        let put = async || drive.http.put(&part).body(body.clone()).send().await.unwrap();
        check_told(&format!("a read of a store that is {away:?}"), get().await).await;
        check_told(&format!("a part to a store that is {away:?}"), put().await).await;
        proxy.mend().await;
        assert_eq!((get().await.status(), put().await.status()), (StatusCode::OK, StatusCode::OK));
        let head = drive.http.head(&read).send().await.unwrap().status();
        assert!(head == 403, "a URL is valid only for the method that it was signed for: {head}");
    }
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    let drive = relaying(s3, |_| {}).await;
    let url = drive.owner().urls(&drive.owner().start("a", 20 * MIB).await, 1).await.remove(0);
    for (status, code, wanted) in [
        (404, "NoSuchUpload", error(404, "NoSuchUpload")),
        (400, "EntityTooLarge", error(400, "EntityTooLarge")),
        (503, "SlowDown", error(503, "SlowDown")),
        // What the store thinks of the drive's keys does not concern the client.
        (403, "AccessDenied", error(503, "ServiceUnavailable")),
        (301, "PermanentRedirect", error(503, "ServiceUnavailable")),
    ] {
        middle.will(Act::Refuses(status, code));
        let answer = drive.http.put(&url).body(bytes(20 * MIB, 1)).send().await.unwrap();
        assert_eq!(refused(answer).await, wanted);
    }
}

#[tokio::test]
async fn a_download_that_the_store_breaks_off_does_not_look_complete() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    let drive = relaying(s3, |_| {}).await;
    let (_, url) = stored(&drive.owner(), "a", &b"0123456789".repeat(100)).await;
    middle.will(Act::BreaksOff);
    let mut answer = drive.http.get(&url).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), text(&answer, "content-length")), (200, "1000"));
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "0123456789");
    middle.break_off();
    assert!(answer.bytes().await.is_err());
}

#[tokio::test]
async fn a_page_that_the_store_sends_instead_of_a_file_is_not_handed_on() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    let drive = relaying(s3, |_| {}).await;
    let (_, url) = stored(&drive.owner(), "a", b"abc").await;
    for range in ["", "bytes=1-"] {
        middle.will(Act::Pages(1));
        let get = async || drive.http.get(&url).header("range", range).send().await.unwrap();
        assert_eq!(refused(get().await).await, error(503, "SlowDown"), "{range}");
        let again = get().await;
        assert_eq!(again.status(), if range.is_empty() { 200 } else { 206 });
        assert_eq!(again.bytes().await.unwrap(), if range.is_empty() { "abc" } else { "bc" });
        middle.reads();
    }
}

#[tokio::test]
async fn a_url_names_the_size_of_its_file_and_an_older_one_that_does_not_is_served_too() {
    let (_store, drive) = relayed().await;
    let (_, url) = stored(&drive.owner(), "a", b"abc").await;
    assert!(url.contains("x-dray-object-size=3&"), "{url}");
    let key = url.split_once("/dray/").unwrap().1.split_once('?').unwrap().0.to_owned();
    let host = url.split_once("/dray/").unwrap().0;
    let older = signed(&relay_key(&drive).await, &Method::GET, (host, "dray", &key), &[]);
    assert_eq!(drive.http.get(older).send().await.unwrap().bytes().await.unwrap(), "abc");
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_stores_request() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    let drive = relaying(s3, |_| {}).await;
    let (_, url) = stored(&drive.owner(), "a", &b"0123456789".repeat(100)).await;
    middle.will(Act::Stops);
    let mut answer = drive.http.get(&url).send().await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "0123456789");
    assert_eq!(middle.under_way(), 1);
    drop(answer);
    wait_for(async || middle.under_way() == 0).await;

    middle.will(Act::Serves);
    let url = drive.owner().urls(&drive.owner().start("b", 1 << 30).await, 1).await.remove(0);
    let mut client = putting(&url).await;
    client.write_all(&bytes(MIB, 1)).await.unwrap();
    wait_for(async || middle.under_way() == 1).await;
    drop(client);
    wait_for(async || middle.under_way() == 0).await;
}

#[tokio::test]
async fn bytes_that_the_store_does_not_accept_are_not_read_from_the_client() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    let drive = relaying(s3, |_| {}).await;
    let url = drive.owner().urls(&drive.owner().start("a", 1 << 30).await, 1).await.remove(0);
    middle.will(Act::TakesNothing);
    let mut client = putting(&url).await;
    let (piece, mut taken) = (bytes(MIB, 1), 0);
    // The sockets of both connections hold some MiB.
    while let Ok(sent) = tokio::time::timeout(Duration::from_secs(2), client.write(&piece)).await {
        taken += sent.unwrap();
        assert!(taken < 64 * MIB, "{taken} bytes were read");
    }
    assert_eq!(middle.under_way(), 1);
}

/// A client that has announced a part of 1 GiB.
async fn putting(url: &str) -> TcpStream {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut client = TcpStream::connect(host).await.unwrap();
    let head = format!("PUT /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n", 1 << 30);
    client.write_all(head.as_bytes()).await.unwrap();
    client
}
