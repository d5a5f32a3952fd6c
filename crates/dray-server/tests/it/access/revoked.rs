//! A token that ends while its request waits for the rest of its body.

use std::collections::BTreeSet;
use std::time::Duration;

use dray_ops::{Admin, OWNER_EMAIL};
use jiff::SignedDuration;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::table::Needs::Nothing;
use super::table::{ROWS, Row};
use super::{Cast, Scene, state};
use crate::world::World;

/// A request whose first half the server is waiting to be continued.
struct Half {
    stream: BufReader<TcpStream>,
    rest: String,
}

impl Half {
    /// Sends half of a request's body, once the server has admitted its caller and asks for the body; `None` if it does not
    /// ask.
    async fn send(world: &World, secret: &str, row: &Row, scene: &Scene) -> Option<Self> {
        let (path, body) = scene.request(row);
        let host = world.url.strip_prefix("http://").unwrap();
        let mut stream = BufReader::new(TcpStream::connect(host).await.unwrap());
        let head = format!(
            "{} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {secret}\r\nconnection: close\r\n\
             expect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            row.method,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        if !line.starts_with("HTTP/1.1 100 ") {
            return None;
        }
        let (first, rest) = body.split_at(body.len() / 2);
        stream.write_all(first.as_bytes()).await.unwrap();
        Some(Self { stream, rest: rest.to_owned() })
    }

    /// Sends the other half. Returns the status and the body of the answer.
    async fn finish(mut self) -> (u16, Value) {
        self.stream.write_all(self.rest.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.unwrap();
        let answer = answer.strip_prefix("\r\n").unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        (status, serde_json::from_str(body).unwrap_or_default())
    }
}

/// How a token ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Not,
    Revoked,
    Expired,
    WithItsUser,
}

impl End {
    async fn come(self, world: &World, admin: &Admin, token: &dray_ops::CreatedToken) {
        // Longer than an admission is good for.
        world.pass(SignedDuration::from_millis(100)).await;
        match self {
            Self::Not => {}
            Self::Revoked => assert!(admin.revoke_token(token.id, world.now()).await.unwrap()),
            Self::Expired => world.pass(SignedDuration::from_secs(11)).await,
            // What the removal of a user leaves of their tokens.
            Self::WithItsUser => {
                world.execute(&format!("delete from tokens where id = '{}'", token.id)).await;
            }
        }
    }

    fn expected(self, row: &Row) -> (u16, Option<&'static str>) {
        match self {
            Self::Not => (row.expected[0], None),
            Self::Revoked => (401, Some("revoked_token")),
            Self::Expired => (401, Some("expired_token")),
            Self::WithItsUser => (401, Some("invalid_token")),
        }
    }
}

#[tokio::test]
async fn a_token_that_ends_while_its_body_arrives_does_nothing() {
    let world = World::start().await;
    let cast = Cast::gather(&world).await;
    let admin = world.admin().await;
    let mut asked = BTreeSet::new();
    for row in ROWS.iter().filter(|row| row.needs != Nothing && !row.body.is_empty()) {
        let scene = Scene::make(&cast).await;
        let before = state(&world, &cast.owner, &scene).await;
        for end in [End::Revoked, End::Expired, End::WithItsUser, End::Not] {
            let (scopes, life) = (["access_drive".to_owned()], Duration::from_secs(10));
            let token = admin.create_token(OWNER_EMAIL, &scopes, life, world.now()).await.unwrap();
            let Some(half) = Half::send(&world, &token.token, row, &scene).await else { break };
            asked.insert(row.route());
            end.come(&world, &admin, &token).await;
            let (status, body) = half.finish().await;
            let (expected, code) = end.expected(row);
            let what = format!("{} {}, {end:?}: {body}", row.method, row.path);
            assert_eq!((status, code.or(body["code"].as_str())), (expected, body["code"].as_str()), "{what}");
            if code.is_some() {
                admin.revoke_token(token.id, world.now()).await.unwrap();
                let now = state(&world, &cast.owner, &scene).await;
                assert_eq!(without_tokens(&now), without_tokens(&before), "{what}");
            }
        }
    }
    admin.close().await;
    assert_eq!(asked, with_bodies(&world).await, "every route that has a body was asked");
}

/// A state without the list of tokens, to which this test adds some.
fn without_tokens(state: &[Value]) -> Vec<&Value> {
    state.iter().filter(|part| part.get("tokens").is_none()).collect()
}

/// The routes whose requests have a body, and that need a token, by the API's own document.
async fn with_bodies(world: &World) -> BTreeSet<(String, String)> {
    let document = world.http.get(format!("{}/openapi.json", world.url)).send().await.unwrap();
    let document = document.json::<Value>().await.unwrap();
    let mut routes = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, route) in methods.as_object().unwrap() {
            if route.get("requestBody").is_some() && !path.starts_with("/r/") {
                routes.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    routes
}
