//! Clients that hold a connection and make no progress.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::World;

/// Sends `text` and nothing more. Returns what the server sent before it hung up.
async fn say_and_wait(world: &World, text: &str) -> String {
    let mut stream = TcpStream::connect(world.url.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn headers_that_never_end_are_not_waited_for() {
    let world = World::start().await;
    let answer = say_and_wait(&world, "GET /healthz HTTP/1.1\r\nhost: a\r\nx-slow: ").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn a_body_that_never_comes_is_a_timeout_in_the_error_envelope() {
    let world = World::start().await;
    let head = "POST /public/v1/drive/folders HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    let token = world.token("slow@example.com", &["access_drive"], std::time::Duration::from_mins(5)).await;
    let request = format!("{head}authorization: Bearer {token}\r\ncontent-length: 10\r\n\r\n{{");
    let answer = say_and_wait(&world, &request).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("\"code\":\"timeout\"") && answer.contains("retry-after: 2"), "{answer}");
    assert!(answer.contains("nothing was done"), "{answer}");
}

#[tokio::test]
async fn more_headers_than_anyone_needs_are_refused() {
    let world = World::start().await;
    let headers = "x: y\r\n".repeat(101);
    let answer = say_and_wait(&world, &format!("GET /healthz HTTP/1.1\r\nhost: a\r\n{headers}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}
