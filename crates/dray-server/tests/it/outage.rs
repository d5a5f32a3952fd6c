//! A database that cannot be reached for a while: answers come at once, and everything works again when it is back.
//! SQLite is a file, and has no such outage.

use std::sync::Arc;
use std::time::Duration;

use dray_server::Config;
use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::world::{World, refusal, wait_for};

/// "Within 2 s", plus the delay of a busy machine.
const AT_ONCE: Duration = Duration::from_secs(4);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// Connections end, and no others can be opened.
    Cut,
    /// Connections stay, but no bytes pass.
    Silent,
}

/// A relay to a database, which can be blocked.
struct Relay {
    port: u16,
    way: watch::Sender<Way>,
}

impl Relay {
    /// A relay to the Unix socket of a cluster.
    async fn start(socket: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (way, blocked) = watch::channel(Way::Open);
        let socket: Arc<str> = socket.into();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(relay(client, socket.clone(), blocked.clone()));
            }
        });
        Self { port, way }
    }

    fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

async fn relay(mut client: TcpStream, socket: Arc<str>, mut way: watch::Receiver<Way>) {
    let mut server = UnixStream::connect(&*socket).await.unwrap();
    while *way.borrow_and_update() != Way::Cut {
        if *way.borrow() == Way::Silent {
            way.changed().await.unwrap();
            continue;
        }
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            _ = way.changed() => {}
        }
    }
}

/// A world whose database is behind a relay; `None` on SQLite.
async fn behind_relay() -> Option<(World, Relay)> {
    let mut world = World::start().await;
    let (socket, name) = world.database.socket()?;
    let relay = Relay::start(socket).await;
    world.stop().await;
    let url = format!("postgres://dray@127.0.0.1:{}/{name}", relay.port);
    world.serve(|config: &mut Config| config.database_url = Some(dray_server::DatabaseUrl::new(url))).await;
    Some((world, relay))
}

#[tokio::test]
async fn while_the_database_is_away_answers_are_503_at_once_and_nothing_is_lost() {
    let Some((world, relay)) = behind_relay().await else { return };
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    let parts = owner.put_parts(&upload, &[b"abc".to_vec()]).await;
    for way in [Way::Cut, Way::Silent] {
        // A connection that was idle is tested before it is used.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        relay.set(way);
        for _ in 0..3 {
            let info = timeout(AT_ONCE, owner.get("/workspace/info")).await.expect("an answer at once");
            assert_eq!(info.headers["retry-after"], "2");
            assert_eq!(info.refused(), refusal(503, "database_unreachable"));
        }
        let finalized = timeout(AT_ONCE, owner.finalize(&upload, &parts)).await.expect("an answer at once");
        assert_eq!(finalized.refused(), refusal(503, "database_unreachable"));
        let health = world.http.get(format!("{}/healthz", world.url)).send().await.unwrap();
        assert_eq!(health.status(), 200, "the process is up");
        let ready = timeout(AT_ONCE, world.http.get(format!("{}/readyz", world.url)).send()).await;
        assert_eq!(ready.expect("an answer at once").unwrap().status(), 503);
        relay.set(Way::Open);
        wait_for(async || owner.get("/workspace/info").await.status == 200).await;
    }
    let item = owner.finalize(&upload, &parts).await.ok();
    assert_eq!(owner.download(item["id"].as_str().unwrap()).await, b"abc");
    assert_eq!(world.count("items").await, 1, "once");
}

#[tokio::test]
async fn a_database_that_restarts_while_uploads_are_finalized_loses_none() {
    let Some((world, relay)) = behind_relay().await else { return };
    let owner = world.owner();
    for round in 0..20 {
        let upload = owner.start(&format!("file {round}"), 3).await;
        let parts = owner.put_parts(&upload, &[b"abc".to_vec()]).await;
        let cut = async {
            // At another moment of the finalize each time.
            tokio::time::sleep(Duration::from_micros(700 * round)).await;
            relay.set(Way::Cut);
            tokio::time::sleep(Duration::from_millis(20)).await;
            relay.set(Way::Open);
        };
        let (first, ()) = tokio::join!(owner.finalize(&upload, &parts), cut);
        assert!([200, 503].contains(&first.status.as_u16()), "{}", first.body);
        wait_for(async || owner.finalize(&upload, &parts).await.status == 200).await;
        let again = owner.finalize(&upload, &parts).await.ok();
        if first.status == 200 {
            assert_eq!(first.body["id"], again["id"], "the item that was acknowledged");
        }
    }
    assert_eq!(world.count("items").await, 20, "each item exists once");
    let listed = owner.query("/drive/folders/root/children", &[("limit", "100")]).await.ok();
    let names: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| item["name"].clone()).collect();
    let expected: Vec<_> = (0..20).map(|round| json!(format!("file {round}"))).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn of_several_hosts_one_that_answers_is_used_and_another_when_it_is_gone() {
    let mut world = World::start().await;
    let Some((socket, name)) = world.database.socket() else { return };
    let (first, second) = (Relay::start(socket.clone()).await, Relay::start(socket).await);
    world.stop().await;
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    // It accepts connections, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hosts = [dead, silent.local_addr().unwrap().port(), first.port, second.port]
        .map(|port| format!("127.0.0.1:{port}"))
        .join(",");
    let url = format!("postgres://dray@{hosts}/{name}?target_session_attrs=read-write");
    world.serve(|config: &mut Config| config.database_url = Some(dray_server::DatabaseUrl::new(url))).await;
    let owner = world.owner();
    for (away, there) in [(&first, &second), (&second, &first), (&first, &second)] {
        there.set(Way::Open);
        away.set(Way::Cut);
        wait_for(async || owner.get("/workspace/info").await.status == 200).await;
        owner.file("a", None).await;
    }
    assert_eq!(world.count("items").await, 3);
}

#[tokio::test]
async fn a_server_that_is_no_longer_the_primary_is_an_outage_and_not_a_defect() {
    let Some((world, relay)) = behind_relay().await else { return };
    let (_, name) = world.database.socket().unwrap();
    let owner = world.owner();
    let set = async |is_read_only: &str| {
        let sql = format!(
            "begin read write; alter database \"{name}\" set default_transaction_read_only = {is_read_only}; commit"
        );
        world.execute(&sql).await;
        relay.set(Way::Cut);
        tokio::task::yield_now().await;
        relay.set(Way::Open);
    };
    set("on").await;
    for _ in 0..12 {
        let answer = owner.post("/drive/folders", &json!({ "name": "a" })).await;
        assert_eq!(answer.refused(), refusal(503, "database_unreachable"));
    }
    set("off").await;
    wait_for(async || owner.post("/drive/folders", &json!({ "name": "a" })).await.status == 200).await;
    assert_eq!(world.count("items").await, 1);
}
