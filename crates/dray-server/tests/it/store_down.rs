//! What a drive does while its external object store is unreachable: it says so at once, continues with everything
//! that needs no store, and loses nothing. The store belongs to a second drive, behind a proxy that can be cut.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use dray_server::{Config, S3Config};
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::batch;
use crate::world::{Answer, Started, World, refusal, wait_for};

/// Between a drive and its store.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    store: String,
    task: Option<JoinHandle<()>>,
}

/// How a store is away.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Away {
    /// Nothing listens.
    Gone,
    /// It accepts connections and never answers.
    Silent,
}

impl Proxy {
    pub(crate) async fn start(store: &World) -> Self {
        let store = store.url.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { address, task: Some(tokio::spawn(forward(listener, store.clone()))), store }
    }

    /// Cuts all connections.
    pub(crate) async fn cut(&mut self, away: Away) {
        let task = match (self.end().await, away) {
            (listener, Away::Silent) => tokio::spawn(keep_silent(listener)),
            (listener, Away::Gone) => {
                drop(listener);
                tokio::spawn(async {})
            }
        };
        self.task = Some(task);
    }

    pub(crate) async fn mend(&mut self) {
        let listener = self.end().await;
        self.task = Some(tokio::spawn(forward(listener, self.store.clone())));
    }

    /// Ends its present work, and listens again.
    async fn end(&mut self) -> TcpListener {
        let task = self.task.take().unwrap();
        task.abort();
        let _ = task.await;
        TcpListener::bind(self.address).await.unwrap()
    }
}

async fn forward(listener: TcpListener, store: String) {
    let mut connections = JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        let store = store.clone();
        connections.spawn(async move {
            let mut store = TcpStream::connect(store).await.unwrap();
            let _ = copy_bidirectional(&mut client, &mut store).await;
        });
    }
}

async fn keep_silent(listener: TcpListener) {
    let mut connections = Vec::new();
    while let Ok((connection, _)) = listener.accept().await {
        connections.push(connection);
    }
}

/// A drive whose store is `store`'s, behind a proxy.
async fn drive_with(store: &World) -> (World, Proxy, S3Config) {
    let proxy = Proxy::start(store).await;
    let there = store.as_store(format!("http://{}", proxy.address));
    let config = S3Config { public_endpoint: Some(store.url.clone()), ..there };
    let s3 = config.clone();
    (World::start_with(|config: &mut Config| config.s3 = Some(s3)).await, proxy, config)
}

/// The answer to a request that needs the store: 503 within two seconds, with the time to ask again. Because the
/// machine may be busy, one of three tries is enough.
async fn check_refused(what: &str, ask: impl AsyncFn() -> Answer) {
    let mut took = Vec::new();
    while took.len() < 3 && took.iter().all(|took| *took > Duration::from_secs(2)) {
        let begun = Instant::now();
        let answer = ask().await;
        took.push(begun.elapsed());
        assert!(answer.headers.contains_key("retry-after"), "{what}");
        assert_eq!(answer.refused(), refusal(503, "store_unreachable"), "{what}");
    }
    assert!(took.iter().any(|took| *took < Duration::from_secs(2)), "{what} took {took:?}");
}

/// Checks requests that need no store.
async fn check_unharmed(drive: &World, file: &Value, open: &Started) {
    let owner = drive.owner();
    assert_eq!(owner.get("/drive/tree").await.ok()["totalItems"], 1);
    assert_eq!(owner.item(file["id"].as_str().unwrap()).await["size"], 3);
    owner.download_url(file["id"].as_str().unwrap()).await;
    assert_eq!(owner.urls(open, 1).await.len(), 1);
    owner.folder("f", None).await;
}

async fn check_with(away: Away) {
    let store = World::start().await;
    let (mut drive, mut proxy, config) = drive_with(&store).await;
    let owner = drive.owner();
    let file = owner.upload("there", &[b"abc".to_vec()]).await;
    let (ready, open) = (owner.start("ready", 4).await, owner.start("open", 5).await);
    let listed = owner.put_parts(&ready, &[b"defg".to_vec()]).await;

    proxy.cut(away).await;
    let start = json!({ "fileName": "a", "fileSize": 1, "mimeType": "a/b" });
    let about_open = open.body(&json!({}));
    check_refused("start", async || owner.step("start", &start).await).await;
    check_refused("parts", async || owner.step("parts", &about_open).await).await;
    check_refused("finalize", async || owner.finalize(&ready, &listed).await).await;
    check_refused("finalize without parts", async || owner.step("finalize", &about_open).await).await;
    let readyz = format!("{}/readyz", drive.url);
    // The result of a probe is repeated for a second.
    wait_for(async || drive.http.get(&readyz).send().await.unwrap().status() == 503).await;
    check_refused("readyz", async || Answer::of(drive.http.get(&readyz)).await).await;
    check_unharmed(&drive, &file, &open).await;

    drive.stop().await;
    drive.launch(|settings: &mut Config| settings.s3 = Some(config)).await;
    let owner = drive.owner();
    assert_eq!(owner.item(file["id"].as_str().unwrap()).await["size"], 3, "it starts without its store");

    proxy.mend().await;
    let item = owner.finalize(&ready, &listed).await.ok();
    assert_eq!(owner.download(item["id"].as_str().unwrap()).await, b"defg");
    let again = owner.finalize(&ready, &listed).await.ok();
    assert_eq!(again["id"], item["id"]);
    owner.upload("new", &[b"h".to_vec()]).await;
}

#[tokio::test]
async fn an_absent_store_is_reported_at_once_and_nothing_is_lost() {
    check_with(Away::Gone).await;
}

#[tokio::test]
async fn a_store_that_never_answers_is_reported_within_two_seconds_and_nothing_is_lost() {
    check_with(Away::Silent).await;
}

#[tokio::test]
async fn a_batch_waits_for_a_silent_store_once_and_not_for_each_of_its_files() {
    let store = World::start().await;
    let (drive, mut proxy, _) = drive_with(&store).await;
    let owner = drive.owner();
    let files: Vec<Value> = (0..300).map(|n| batch::file(&format!("{n}"), b"1")).collect();
    let uploads = owner.start_files(&files, &json!({})).await;
    let there = batch::known("there", b"1");
    owner.upload_files(&drive, &[(there.clone(), b"1")], &json!({})).await;
    proxy.cut(Away::Silent).await;
    let mut took = Vec::new();
    // Because the machine may be busy, one of three tries is enough. Each file by itself would take 27 seconds in all.
    while took.len() < 3 && took.iter().all(|took| *took > Duration::from_secs(3)) {
        let begun = Instant::now();
        let outcomes = owner.finalize_files(&uploads).await;
        took.push(begun.elapsed());
        assert_eq!(outcomes, vec![Err("store_unreachable".to_owned()); 300]);
    }
    assert!(took.iter().any(|took| *took < Duration::from_secs(3)), "{took:?}");
    let begun = owner.batch("start", &json!({ "files": [there] })).await.ok();
    assert_eq!(begun["files"][0]["error"]["code"], "store_unreachable");
    proxy.mend().await;
    for upload in &uploads {
        assert_eq!(batch::put(&drive, upload, b"1").await.status(), 200);
    }
    assert!(owner.finalize_files(&uploads).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_server_does_not_start_with_keys_that_its_store_refuses() {
    let store = World::start().await;
    let (mut drive, _proxy, mut config) = drive_with(&store).await;
    drive.stop().await;
    config.credentials.as_mut().unwrap().secret_access_key.push('x');
    let settings = Config { data: drive.data.path().to_owned(), s3: Some(config), ..Config::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = dray_server::run(settings, listener, async {}).await.unwrap_err();
    assert!(matches!(error, dray_server::Error::StoreRefused(_)), "{error}");
}

#[tokio::test]
async fn an_object_with_another_size_than_was_announced_becomes_no_item() {
    let store = World::start().await;
    let (drive, _proxy, _) = drive_with(&store).await;
    let owner = drive.owner();
    for announced in [2, 4] {
        let upload = owner.start("a", announced).await;
        let listed = owner.put_parts(&upload, &[b"abc".to_vec()]).await;
        for _ in 0..2 {
            let refused = owner.finalize(&upload, &listed).await;
            assert_eq!(refused.refused_for("parts"), refusal(400, "size_mismatch"));
        }
    }
    assert_eq!(owner.get("/drive/tree").await.ok()["totalItems"], 0);
    assert!(store.object_keys().await.is_empty(), "the parts were not completed");
}
