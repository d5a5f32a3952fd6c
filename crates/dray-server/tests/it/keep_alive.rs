//! A connection serves one request after another. After any answer, the connection either serves the next request, or the
//! answer has said that the connection ends.

use std::time::Duration;

use dray_server::Config;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::world::{World, bytes};

/// Nothing here takes as long.
const PATIENCE: Duration = Duration::from_secs(20);
/// A server that answers without waiting for a body has answered by then.
const SOON: Duration = Duration::from_millis(150);
const NEXT: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";

/// The head of an answer; its body has been read.
#[derive(Debug)]
struct Head {
    status: u16,
    text: String,
}

impl Head {
    fn says_close(&self) -> bool {
        self.text.contains("connection: close\r\n")
    }
}

async fn connect(world: &World) -> BufReader<TcpStream> {
    let (_, address) = world.url.split_once("://").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    BufReader::new(stream)
}

/// The next answer on the connection, or why there is none.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> Result<Head, String> {
    let read = async {
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            let read = stream.read_line(&mut text).await.map_err(|err| format!("{err} after {text:?}"))?;
            if read == 0 {
                return Err(format!("closed after {text:?}"));
            }
        }
        let text = text.to_lowercase();
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let mut body = vec![0; length.unwrap_or("0").parse().unwrap()];
        stream.read_exact(&mut body).await.map_err(|err| err.to_string())?;
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Head { status, text })
    };
    timeout(PATIENCE, read).await.expect("an answer")
}

/// A request of `method` and `path` whose body is JSON, in two halves: the body comes after the server had time to answer.
async fn ask_in_two(stream: &mut BufReader<TcpStream>, line: &str, headers: &str, body: &str) -> Head {
    let length = body.len();
    let head = format!("{line} HTTP/1.1\r\nhost: a\r\n{headers}content-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let _ = timeout(SOON, stream.get_ref().readable()).await;
    // A server that has closed the connection takes no body.
    let _ = stream.write_all(body.as_bytes()).await;
    answer(stream).await.unwrap()
}

/// Checks that the connection serves another request, or that it ends as the answer said.
async fn check_next(stream: &mut BufReader<TcpStream>, head: &Head, what: &str) {
    if head.says_close() {
        let mut rest = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("an end").unwrap();
        assert!(rest.is_empty(), "{what}: {rest:?}");
        return;
    }
    let _ = stream.write_all(NEXT).await;
    let next = answer(stream).await.unwrap_or_else(|err| panic!("{what}: {head:?}, and then {err}"));
    assert_eq!(next.status, 200, "{what}");
}

/// Requests that are answered before their body is read, and the answer.
async fn unread(world: &World) -> Vec<(&'static str, String, u16)> {
    const FOLDERS: &str = "POST /public/v1/drive/folders";
    let reader = world.token("reader@example.com", &["drive_read"], Duration::from_mins(5)).await;
    let json = "content-type: application/json\r\n";
    let with = |token: &str| format!("authorization: Bearer {token}\r\n{json}");
    vec![
        (FOLDERS, json.into(), 401),
        (FOLDERS, with("cp_pat_wrong"), 401),
        (FOLDERS, with(&reader), 403),
        ("POST /public/v1/nowhere", json.into(), 404),
        ("DELETE /public/v1/drive/folders", json.into(), 405),
        ("GET /healthz", String::new(), 200),
        ("GET /", String::new(), 200),
        ("GET /public/v1/workspace/info", with(&reader), 200),
        (
            "OPTIONS /public/v1/drive/folders",
            "origin: http://b\r\naccess-control-request-method: POST\r\n".into(),
            200,
        ),
        ("PUT /dray/files/a?X-Amz-Signature=0", String::new(), 400),
        ("POST /dray/files/a?uploadId=0&X-Amz-Signature=0", String::new(), 400),
        ("DELETE /dray/files/a?X-Amz-Signature=0", String::new(), 400),
    ]
}

#[tokio::test]
async fn after_an_answer_without_its_body_the_connection_serves_the_next_request() {
    let world = World::start().await;
    let requests = unread(&world).await;
    let embedded = world.store.is_none();
    for (line, headers, status) in requests.iter().filter(|(line, ..)| embedded || !line.contains("X-Amz")) {
        let mut stream = connect(&world).await;
        for _ in 0..3 {
            let head = ask_in_two(&mut stream, line, headers, "{\"name\":\"a\"}").await;
            assert_eq!((head.status, head.says_close()), (*status, false), "{line} {head:?}");
        }
        check_next(&mut stream, &Head { status: 200, text: String::new() }, line).await;
    }
}

#[tokio::test]
async fn a_refusal_by_a_limit_leaves_the_connection_to_the_next_request() {
    let one = |config: &mut Config| config.rate_limit_per_address = Some("1/h".parse().unwrap());
    let world = World::start_with(one).await;
    world.anonymous().get("/workspace/info").await.refused();
    let mut stream = connect(&world).await;
    let head = ask_in_two(&mut stream, "POST /public/v1/tokens", "", "{}").await;
    assert_eq!((head.status, head.says_close()), (429, false));
    check_next(&mut stream, &head, "429").await;
}

#[tokio::test]
async fn a_chunked_body_that_nobody_reads_is_skipped() {
    let world = World::start().await;
    let mut stream = connect(&world).await;
    let head = "POST /public/v1/tokens HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let _ = timeout(SOON, stream.get_ref().readable()).await;
    stream.write_all(b"3\r\nabc\r\n0\r\n\r\n").await.unwrap();
    let head = answer(&mut stream).await.unwrap();
    assert_eq!((head.status, head.says_close()), (401, false));
    check_next(&mut stream, &head, "chunked").await;
    stream
        .write_all(b"POST /public/v1/tokens HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nno\r\n")
        .await
        .unwrap();
    let head = answer(&mut stream).await.unwrap();
    assert!(head.says_close(), "nothing after it can be understood: {head:?}");
}

#[tokio::test]
async fn a_large_body_that_nobody_reads_ends_the_connection_and_does_not_hide_the_answer() {
    let world = World::start().await;
    for (line, status) in
        [("POST /public/v1/drive/folders", 401), ("PUT /dray/files/a?X-Amz-Signature=0", 400)]
    {
        if status == 400 && world.store.is_some() {
            continue;
        }
        let mut stream = connect(&world).await;
        let body = bytes(20 << 20, 1);
        let head = format!("{line} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let head = answer(&mut stream).await.unwrap();
        assert_eq!((head.status, head.says_close()), (status, true), "{line}");
        check_next(&mut stream, &head, line).await;
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_delays_the_answer_by_a_second_at_most() {
    let world = World::start().await;
    let mut stream = connect(&world).await;
    let began = Instant::now();
    stream
        .write_all(b"POST /public/v1/tokens HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{")
        .await
        .unwrap();
    let head = answer(&mut stream).await.unwrap();
    assert_eq!((head.status, head.says_close()), (401, true));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_client_that_waits_to_be_asked_for_its_body_is_refused_at_once_and_not_asked() {
    let world = World::start().await;
    for length in ["0", "9", "99999999"] {
        let mut stream = connect(&world).await;
        let head = format!(
            "POST /public/v1/tokens HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        );
        let began = Instant::now();
        stream.write_all(head.as_bytes()).await.unwrap();
        let head = answer(&mut stream).await.unwrap();
        assert_eq!((head.status, head.says_close()), (401, true), "{length}");
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        check_next(&mut stream, &head, length).await;
    }
}

/// `HAProxy` does so for its HTTP/2 clients. If the server closed the socket, the network would reset it, and the answer could be lost.
#[tokio::test]
async fn a_body_that_nobody_asked_for_is_read_if_it_comes_and_is_not_waited_for() {
    let world = World::start().await;
    let head = "POST /public/v1/tokens HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 3000000\r\n\r\n";
    for sends in [true, false] {
        let mut stream = connect(&world).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        tokio::time::sleep(SOON).await;
        if sends {
            for _ in 0..30 {
                stream.write_all(&vec![b'a'; 100_000]).await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        assert_eq!(answer(&mut stream).await.unwrap().status, 401, "{sends}");
        let began = Instant::now();
        let rest = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await.expect("the connection ends");
        assert_eq!(rest.unwrap(), 0, "no word to go on follows an answer");
        assert!(began.elapsed() < Duration::from_secs(5), "{sends}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn bodies_that_were_read_and_empty_ones_cost_no_connection() {
    let world = World::start().await;
    let token = world.token("busy@example.com", &["access_drive"], Duration::from_mins(5)).await;
    let headers = format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n");
    let mut stream = connect(&world).await;
    for (line, body, status) in [
        ("POST /public/v1/drive/folders", json!({ "name": "a" }).to_string(), 200),
        ("POST /public/v1/drive/folders", "{".to_owned(), 400),
        ("POST /public/v1/drive/folders", String::new(), 400),
        ("GET /public/v1/drive/tree", String::new(), 200),
    ] {
        let head = ask_in_two(&mut stream, line, &headers, &body).await;
        assert_eq!((head.status, head.says_close()), (status, false), "{line} {body:?} {head:?}");
    }
    check_next(&mut stream, &Head { status: 200, text: String::new() }, "all").await;
}

#[tokio::test]
async fn answers_of_a_server_that_stops_say_that_their_connection_ends() {
    let mut world = World::start().await;
    let token = world.token("busy@example.com", &["access_drive"], Duration::from_mins(5)).await;
    let mut stream = connect(&world).await;
    let head = format!(
        "POST /public/v1/drive/folders HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 12\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let _ = timeout(SOON, stream.get_ref().readable()).await;
    world.ask_to_stop();
    let refused = async || TcpStream::connect(world.url.split_once("://").unwrap().1).await.is_err();
    crate::world::wait_for(refused).await;
    stream.write_all(b"{\"name\":\"a\"}").await.unwrap();
    let head = answer(&mut stream).await.unwrap();
    assert_eq!((head.status, head.says_close()), (200, true), "{head:?}");
}
