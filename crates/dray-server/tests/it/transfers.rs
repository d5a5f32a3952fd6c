//! Transfers of the embedded store that hardly move. They are limited, and hold nothing that others need.

use std::time::Duration;

use dray_server::Config;
use reqwest::Client;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;

use crate::world::{Actor, MIB, Place, World, bytes, wait_for};

/// How long other clients' transfers may take beside stuck ones. Alone they take some 100 ms.
const SOON: Duration = Duration::from_secs(5);

fn roomy(config: &mut Config) {
    config.max_connections = 3000;
    config.connections_per_address = Some(3000);
    config.transfers_per_address = Some(3000);
}

async fn measured(change: impl FnOnce(&mut Config)) -> World {
    World::start_at(Place { has_metrics: true, ..Place::default() }, change).await
}

/// A client at 127.0.0.2, which must not be delayed.
fn other() -> Client {
    Client::builder().no_proxy().local_address(Some([127, 0, 0, 2].into())).build().unwrap()
}

/// Sends the beginning of a request from 127.0.0.`host`, and no more. It does not read the answer.
async fn hold(world: &World, host: u8, request: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind(([127, 0, 0, host], 0).into()).unwrap();
    let (_, address) = world.url.split_once("://").unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    // A refused connection may accept less, which is right.
    let _ = stream.write_all(request).await;
    stream
}

fn path(url: &str) -> &str {
    &url[url.match_indices('/').nth(2).unwrap().0..]
}

fn put(url: &str, announced: usize, sent: usize) -> Vec<u8> {
    let head =
        format!("PUT {} HTTP/1.1\r\nHost: {}\r\nContent-Length: {announced}\r\n\r\n", path(url), host(url));
    [head.into_bytes(), vec![b'x'; sent]].concat()
}

fn get(url: &str) -> Vec<u8> {
    format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", path(url), host(url)).into_bytes()
}

fn host(url: &str) -> &str {
    url.split('/').nth(2).unwrap()
}

async fn check_upload_goes_on(world: &World) {
    let actor = world.owner().by(other(), world.url.clone());
    let began = Instant::now();
    actor.upload("other.bin", &[bytes(6 * MIB, 1)]).await;
    assert!(began.elapsed() < SOON, "it took {:?}", began.elapsed());
}

/// Uploads a file. Returns a signed URL of it.
async fn stored(actor: &Actor, len: usize) -> String {
    let item = actor.upload("big.bin", &[bytes(len, 2)]).await;
    let link = actor.get(&format!("/drive/files/{}/download", item["id"].as_str().unwrap())).await.ok();
    link["url"].as_str().unwrap().to_owned()
}

async fn metric(world: &World, series: &str) -> f64 {
    let text = world.http.get(&world.metrics_url).send().await.unwrap().text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{text}")).parse().unwrap()
}

#[tokio::test]
async fn stuck_puts_on_one_url_are_told_to_slow_down_and_delay_nobody() {
    let world = measured(roomy).await;
    if world.store.is_some() {
        return;
    }
    let owner = world.owner();
    let url = owner.urls(&owner.start("held.bin", 1 << 30).await, 1).await.remove(0);
    let mut held = Vec::new();
    for _ in 0..520 {
        // Few enough bytes that the bound on an upload's stored bytes does not refuse them first.
        held.push(hold(&world, 1, &put(&url, 16 * MIB, 1)).await);
    }
    check_upload_goes_on(&world).await;
    let refused = "dray_transfers_refused_total{direction=\"up\",limit=\"url\"}";
    wait_for(async || metric(&world, refused).await > 500.0).await;
    let mut answer = vec![0; 2000];
    let len = held.last_mut().unwrap().read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..len]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("<Code>SlowDown</Code>"), "{answer}");
    assert!(answer.contains("retry-after: 1"), "{answer}");
}

#[tokio::test]
async fn stuck_puts_on_many_urls_delay_nobody_however_much_they_sent() {
    let world = measured(roomy).await;
    if world.store.is_some() {
        return;
    }
    let owner = world.owner();
    let urls = owner.urls(&owner.start("held.bin", 600 * 16 * MIB).await, 600).await;
    let mut held = Vec::new();
    for (at, url) in urls.iter().enumerate() {
        held.push(hold(&world, 1, &put(url, 16 * MIB, if at % 2 == 0 { 40_000 } else { 300_000 })).await);
    }
    wait_for(async || metric(&world, "dray_transfers{direction=\"up\"}").await >= 600.0).await;
    check_upload_goes_on(&world).await;
}

#[tokio::test]
async fn readers_that_read_nothing_delay_nobody() {
    let world = measured(roomy).await;
    if world.store.is_some() {
        return;
    }
    let url = stored(&world.owner(), 16 * MIB).await;
    let mut held = Vec::new();
    for host in 10..20 {
        for _ in 0..50 {
            held.push(hold(&world, host, &get(&url)).await);
        }
    }
    let began = Instant::now();
    let answer = other().get(&url).send().await.unwrap();
    assert!(
        answer.bytes().await.unwrap().len() == 16 * MIB && began.elapsed() < SOON,
        "{:?}",
        began.elapsed()
    );
    assert!(metric(&world, "dray_connections_cut_total{reason=\"unread\"}").await >= 1.0);
}

#[tokio::test]
async fn transfers_of_an_address_are_bounded_and_other_addresses_have_their_own_bound() {
    let world = World::start_with(|config| config.transfers_per_address = Some(2)).await;
    if world.store.is_some() {
        return;
    }
    let owner = world.owner();
    let urls = owner.urls(&owner.start("held.bin", 3 * 16 * MIB).await, 3).await;
    let _held = [
        hold(&world, 1, &put(&urls[0], 16 * MIB, 1)).await,
        hold(&world, 1, &put(&urls[1], 16 * MIB, 1)).await,
    ];
    let put = async |http: &Client| http.put(&urls[2]).body(bytes(16 * MIB, 1)).send().await.unwrap();
    wait_for(async || put(&world.http).await.status() == 503).await;
    let answer = put(&world.http).await;
    assert_eq!(answer.headers()["retry-after"], "1");
    assert!(answer.text().await.unwrap().contains("<Code>SlowDown</Code>"));
    assert_eq!(put(&other()).await.status(), 200);
}

#[tokio::test]
async fn the_servers_own_requests_have_no_bound() {
    let world = World::start_with(|config| config.transfers_per_address = Some(1)).await;
    let owner = world.owner();
    let upload = owner.start("a.bin", 3).await;
    let listed = owner.put_parts(&upload, &[b"abc".to_vec()]).await;
    // Verifying reads the file back.
    let body = upload.body(&json!({ "parts": listed, "verify": true }));
    owner.step("finalize", &body).await.ok();
}
