//! How many of a server's connections strangers may hold, and that others are answered at once whatever they do.

use std::sync::Arc;
use std::time::Duration;

use dray_server::{Config, TlsFiles};
use reqwest::Client;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

use crate::world::{Place, World, wait_for};

/// Others must be answered within this time.
const AT_ONCE: Duration = Duration::from_secs(1);

fn bounds(all: usize, per_address: usize) -> impl FnOnce(&mut Config) {
    move |config| {
        config.max_connections = all;
        config.connections_per_address = Some(per_address);
    }
}

async fn measured(change: impl FnOnce(&mut Config)) -> World {
    World::start_at(Place { has_metrics: true, ..Place::default() }, change).await
}

/// A connection from another address of this machine, 127.0.0.`host`.
async fn connect(world: &World, host: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, host], 0).into()).unwrap();
    let (_, address) = world.url.split_once("://").unwrap();
    socket.connect(address.parse().unwrap()).await.unwrap()
}

async fn connect_many(world: &World, host: u8, count: usize) -> Vec<TcpStream> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(connect(world, host).await);
    }
    all
}

async fn send_all(streams: &mut [TcpStream], bytes: &[u8]) {
    for stream in streams {
        // A connection that was cut off accepts nothing, which is right.
        let _ = stream.write_all(bytes).await;
    }
}

/// A client at 127.0.0.`host` with its own connections.
fn client(host: u8) -> Client {
    Client::builder().no_proxy().local_address(Some([127, 0, 0, host].into())).build().unwrap()
}

async fn check_answered_at_once(world: &World, client: &Client) {
    let began = Instant::now();
    let answer = client.get(format!("{}/healthz", world.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(began.elapsed() < AT_ONCE, "it took {:?}", began.elapsed());
}

async fn metric(world: &World, series: &str) -> f64 {
    let text = world.http.get(&world.metrics_url).send().await.unwrap().text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{text}")).parse().unwrap()
}

#[tokio::test]
async fn silent_sockets_of_one_address_keep_nobody_waiting() {
    let world = measured(bounds(60, 60)).await;
    let _silent = connect_many(&world, 1, 200).await;
    check_answered_at_once(&world, &client(2)).await;
    check_answered_at_once(&world, &client(1)).await;
    assert!(metric(&world, "dray_connections").await <= 60.0);
}

#[tokio::test]
async fn silent_sockets_of_many_addresses_keep_nobody_waiting() {
    let world = measured(bounds(60, 20)).await;
    let mut silent = Vec::new();
    for host in 10..60 {
        silent.extend(connect_many(&world, host, 4).await);
    }
    check_answered_at_once(&world, &client(2)).await;
    assert!(metric(&world, "dray_connections_cut_total{reason=\"silent\"}").await > 100.0);
}

#[tokio::test]
async fn kept_alive_connections_count_as_silent() {
    let world = measured(bounds(30, 30)).await;
    // One fewer than allowed, because the world has a connection of its own.
    let mut idle = connect_many(&world, 3, 29).await;
    for stream in &mut idle {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut answer = [0; 17];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK\r\n");
    }
    let others = [client(4), client(5)];
    for other in &others {
        check_answered_at_once(&world, other).await;
    }
    assert!(metric(&world, "dray_connections_cut_total{reason=\"silent\"}").await >= 1.0);
}

#[tokio::test]
async fn an_address_with_its_limit_of_busy_connections_is_told_to_try_again() {
    let world = measured(bounds(100, 3)).await;
    let head = b"POST /public/v1/drive/folders HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\
                 content-type: application/json\r\nauthorization: Bearer ";
    let token = world.token("busy@example.com", &["access_drive"], Duration::from_mins(5)).await;
    let begun = [head, token.as_bytes(), b"\r\n\r\n{"].concat();
    wait_for(async || {
        // A connection whose request the server had not read yet was silent, and was closed.
        let mut busy = connect_many(&world, 1, 3).await;
        send_all(&mut busy, &begun).await;
        let _ = timeout(Duration::from_millis(500), busy[0].readable()).await;
        let mut answer = String::new();
        let mut next = connect(&world, 1).await;
        let read = timeout(Duration::from_millis(500), next.read_to_string(&mut answer)).await;
        read.is_ok() && answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1")
    })
    .await;
    check_answered_at_once(&world, &client(2)).await;
    assert!(metric(&world, "dray_connections_refused_total").await >= 1.0);
}

#[tokio::test]
async fn requests_that_stall_give_way_to_others_of_their_address() {
    let world = measured(bounds(100, 3)).await;
    let begun = b"PUT /bucket/key HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000\r\n\r\n";
    let mut busy = connect_many(&world, 1, 3).await;
    send_all(&mut busy, begun).await;
    for refused in &busy {
        // The server has answered, and reads the rest of the body, which never comes.
        refused.readable().await.unwrap();
    }
    wait_for(async || {
        let answer = client(1).get(format!("{}/healthz", world.url)).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    })
    .await;
    assert_eq!(
        metric(&world, "dray_connections_cut_total{reason=\"stalled_address\"}").await.to_string(),
        "1"
    );
}

#[tokio::test]
async fn unfinished_headers_of_one_address_are_bounded_in_memory() {
    let world = measured(bounds(400, 400)).await;
    let mut slow = connect_many(&world, 1, 200).await;
    let head = format!("GET /healthz HTTP/1.1\r\nhost: a\r\nx: {}", "x".repeat(120_000));
    send_all(&mut slow, head.as_bytes()).await;
    wait_for(async || metric(&world, "dray_connections_cut_total{reason=\"unfinished\"}").await > 100.0)
        .await;
    assert!(metric(&world, "dray_unfinished_request_bytes").await < 9e6);
    check_answered_at_once(&world, &client(1)).await;
    check_answered_at_once(&world, &client(2)).await;
}

/// Sends a request whose body is refused, all of it before it reads the answer, and returns the answer's first line.
async fn refused(mut stream: TcpStream, head: String, body: Arc<Vec<u8>>) -> String {
    let sent = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&body).await
    };
    sent.await.unwrap_or_else(|err| panic!("the server cut off a body that it refused: {err}"));
    let mut answer = [0; 22];
    timeout(Duration::from_secs(20), stream.read_exact(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn large_refused_bodies_of_one_address_hide_no_answer() {
    let world = measured(bounds(100, 100)).await;
    if world.store.is_some() {
        return;
    }
    let body = Arc::new(vec![b'x'; 64 << 20]);
    let head = format!(
        "PUT /dray/files/a?X-Amz-Signature=0 HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let clients = connect_many(&world, 1, 6).await.into_iter();
    let answers = clients.map(|stream| tokio::spawn(refused(stream, head.clone(), body.clone())));
    for answer in answers.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), "HTTP/1.1 400 Bad Reque");
    }
    assert_eq!(metric(&world, "dray_connections_cut_total{reason=\"unfinished\"}").await.to_bits(), 0);
}

#[tokio::test]
async fn unfinished_handshakes_keep_nobody_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    std::fs::write(&files.cert, made.cert.pem()).unwrap();
    let mut world = World::start_with(|config| {
        config.tls = Some(files);
        bounds(60, 60)(config);
    })
    .await;
    world.url = world.url.replace("http:", "https:");
    let mut silent = connect_many(&world, 1, 200).await;
    // The beginning of a record for a handshake of 16,000 bytes (RFC 8446, 5.1).
    send_all(&mut silent, b"\x16\x03\x01\x3e\x80\x01").await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let other = Client::builder().no_proxy().local_address(Some([127, 0, 0, 2].into()));
    let other = other.tls_certs_only([certificate]).build().unwrap();
    check_answered_at_once(&world, &other).await;
}

#[tokio::test]
async fn behind_a_proxy_each_clients_requests_are_counted() {
    let world = measured(|config| {
        bounds(100, 2)(config);
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let token = world.token("busy@example.com", &["access_drive"], Duration::from_mins(5)).await;
    let mut busy = connect_many(&world, 1, 2).await;
    let head = format!(
        "POST /public/v1/drive/folders HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 203.0.113.1\r\ncontent-length: 10\r\n\
         content-type: application/json\r\nauthorization: Bearer {token}\r\n\r\n{{"
    );
    send_all(&mut busy, head.as_bytes()).await;
    let ask = async |client: &str| {
        let request = world.http.get(format!("{}/healthz", world.url)).header("x-forwarded-for", client);
        request.send().await.unwrap().status().as_u16()
    };
    wait_for(async || ask("203.0.113.1").await == 429).await;
    assert_eq!(ask("203.0.113.2").await, 200);
    let _many = connect_many(&world, 1, 50).await;
    assert_eq!(ask("203.0.113.2").await, 200, "the proxy may have many connections");
}
