//! A server on a port and a folder of its own, and the people who use it.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use dray_ops::{Admin, OWNER_EMAIL};
use dray_server::{Clock, Config, Sockets};
use futures_util::future::join_all;
use jiff::Timestamp;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

mod time;

use self::time::shifted;
use crate::database::Database;
use crate::store::OtherStore;

pub(crate) const MIB: usize = 1024 * 1024;

/// A running server.
pub(crate) struct World {
    pub(crate) url: String,
    pub(crate) data: TempDir,
    pub(crate) database: Database,
    /// The store, if it is not the embedded one.
    pub(crate) store: Option<OtherStore>,
    pub(crate) http: Client,
    /// How much time has passed for everybody, besides real time.
    passed_ms: Arc<AtomicI64>,
    /// By how much this machine's clock is wrong.
    clock_off_ms: Arc<AtomicI64>,
    place: Place,
    /// The address of the metrics, if they are on.
    pub(crate) metrics_url: String,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<Result<(), dray_server::Error>>>,
    first_token: String,
}

/// Where a server listens.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) address: &'static str,
    pub(crate) has_metrics: bool,
}

impl Default for Place {
    fn default() -> Self {
        Self { address: "127.0.0.1:0", has_metrics: false }
    }
}

/// The answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

/// A caller with or without a token.
#[derive(Clone)]
pub(crate) struct Actor {
    url: String,
    http: Client,
    token: Option<String>,
}

/// An upload that was started, and its announced size.
#[derive(Debug, Clone)]
pub(crate) struct Started {
    pub(crate) upload_id: String,
    pub(crate) file_key: String,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts a server whose settings `change` has changed.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_at(Place::default(), change).await
    }

    pub(crate) async fn start_at(place: Place, change: impl FnOnce(&mut Config)) -> Self {
        let (data, http) = (tempfile::tempdir().unwrap(), http_client());
        let mut world = Self {
            url: String::new(),
            data,
            database: Database::create().await,
            store: OtherStore::create(&http, real_now()).await,
            http,
            passed_ms: Arc::default(),
            clock_off_ms: Arc::default(),
            place,
            metrics_url: String::new(),
            stop: None,
            server: None,
            first_token: String::new(),
        };
        let admin = world.admin().await;
        world.first_token = admin.bootstrap(world.now()).await.unwrap().expect("a first token");
        admin.close().await;
        world.serve(change).await;
        world
    }

    /// The same people, on another empty drive whose server is not running yet.
    pub(crate) async fn elsewhere(&self) -> Self {
        Self {
            url: String::new(),
            data: tempfile::tempdir().unwrap(),
            database: Database::create().await,
            store: None,
            http: self.http.clone(),
            passed_ms: Arc::default(),
            clock_off_ms: Arc::default(),
            place: self.place,
            metrics_url: String::new(),
            stop: None,
            server: None,
            first_token: self.first_token.clone(),
        }
    }

    /// Another server on the same database, which is not running yet and has its own clock; `None` if the database is
    /// a file.
    pub(crate) fn beside(&self) -> Option<Self> {
        (!self.database.is_file()).then(|| Self {
            url: String::new(),
            data: tempfile::tempdir().unwrap(),
            database: self.database.clone(),
            store: self.store.clone(),
            http: self.http.clone(),
            passed_ms: self.passed_ms.clone(),
            clock_off_ms: Arc::default(),
            place: self.place,
            metrics_url: String::new(),
            stop: None,
            server: None,
            first_token: self.first_token.clone(),
        })
    }

    /// Starts the server (again) on the same folder and another port, and waits until it is ready.
    pub(crate) async fn serve(&mut self, change: impl FnOnce(&mut Config)) {
        let has_tls = self.launch(change).await;
        // With TLS, the test decides whom to trust. Its requests wait in the socket.
        if !has_tls {
            let ready = self.http.get(format!("{}/readyz", self.url)).send().await.unwrap();
            assert_eq!(ready.status(), 200);
        }
    }

    /// Starts the server (again), which may not be ready yet. Returns whether it speaks TLS.
    pub(crate) async fn launch(&mut self, change: impl FnOnce(&mut Config)) -> bool {
        let (passed, off) = (self.passed_ms.clone(), self.clock_off_ms.clone());
        let (passed_too, no_more) = (passed.clone(), Arc::<AtomicI64>::default());
        let steady_clock = move || shifted(&passed_too, &no_more);
        let clock = move || shifted(&passed, &off);
        let mut config = Config {
            data: self.data.path().to_owned(),
            database_url: self.database.url(),
            database_connections: 8,
            s3: self.store.as_ref().map(|store| store.config.clone()),
            s3_relay: self.store.as_ref().is_some_and(|store| store.is_relayed),
            clock: Clock::from_fn(clock),
            steady_clock: Some(Clock::from_fn(steady_clock)),
            ..Config::default()
        };
        change(&mut config);
        let drive = TcpListener::bind(self.place.address).await.unwrap();
        self.url = format!("http://127.0.0.1:{}", drive.local_addr().unwrap().port());
        let mut sockets = Sockets::from(drive);
        if self.place.has_metrics {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            self.metrics_url = format!("http://{}/metrics", listener.local_addr().unwrap());
            sockets.metrics = Some(listener);
        }
        let has_tls = config.tls.is_some();
        let (stop, stopped) = oneshot::channel::<()>();
        self.stop = Some(stop);
        self.server = Some(tokio::spawn(dray_server::run(config, sockets, async move {
            let _ = stopped.await;
        })));
        has_tls
    }

    /// Asks the server to stop, and does not wait.
    pub(crate) fn ask_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops the server and waits until it has.
    pub(crate) async fn stop(&mut self) {
        self.ask_to_stop();
        self.server.take().unwrap().await.unwrap().unwrap();
    }

    pub(crate) async fn admin(&self) -> Admin {
        Admin::open(self.data.path(), self.database.url().as_ref()).await.unwrap()
    }

    /// Changes the database behind the server's back.
    pub(crate) async fn execute(&self, sql: &str) {
        self.database.execute(self.data.path(), sql).await;
    }

    pub(crate) fn anonymous(&self) -> Actor {
        Actor { url: self.url.clone(), http: self.http.clone(), token: None }
    }

    pub(crate) fn with_token(&self, token: &str) -> Actor {
        Actor { token: Some(token.to_owned()), ..self.anonymous() }
    }

    /// The user whom the first start makes.
    pub(crate) fn owner(&self) -> Actor {
        self.with_token(&self.first_token)
    }

    /// A token for a user, who is added if there is none with this address.
    pub(crate) async fn token(&self, email: &str, scopes: &[&str], life: Duration) -> String {
        let admin = self.admin().await;
        if email != OWNER_EMAIL {
            let _ = admin.add_user(email, None, self.now()).await;
        }
        let scopes: Vec<String> = scopes.iter().map(|&s| s.to_owned()).collect();
        let created = admin.create_token(email, &scopes, life, self.now()).await.unwrap();
        admin.close().await;
        created.token
    }

    pub(crate) async fn user(&self, email: &str) -> Actor {
        let token = self.token(email, &["access_drive"], Duration::from_hours(1)).await;
        self.with_token(&token)
    }
}

fn http_client() -> Client {
    // An error means that another test was faster.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the tests' one clock")]
pub(crate) fn real_now() -> Timestamp {
    Timestamp::now()
}

impl Actor {
    /// The same person, who reaches the server with another client at another address.
    pub(crate) fn by(self, http: Client, url: String) -> Self {
        Self { url, http, ..self }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/public/v1{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }

    /// Like [`Actor::get`], with parameters, which it encodes.
    pub(crate) async fn query(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        let url = format!("{}/public/v1{path}", self.url);
        let url = reqwest::Url::parse_with_params(&url, parameters).unwrap();
        let request = self.http.get(url);
        Answer::of(match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
    }

    /// Creates a folder. Returns its id.
    pub(crate) async fn folder(&self, name: &str, parent: Option<&str>) -> String {
        let body = json!({ "name": name, "parentId": parent });
        self.post("/drive/folders", &body).await.ok()["id"].as_str().unwrap().to_owned()
    }

    /// Creates this many folders in one place, many at once. Returns their ids.
    pub(crate) async fn folders(&self, count: usize, parent: Option<&str>) -> Vec<String> {
        let names: Vec<_> = (0..count).map(|at| format!("f{at:04}")).collect();
        let mut made = Vec::with_capacity(count);
        for some in names.chunks(64) {
            made.extend(join_all(some.iter().map(|name| self.folder(name, parent))).await);
        }
        made
    }

    pub(crate) async fn start(&self, name: &str, size: usize) -> Started {
        self.start_with(name, size, &json!({})).await
    }

    /// One of the three steps of an upload.
    pub(crate) async fn step(&self, step: &str, body: &Value) -> Answer {
        self.post(&format!("/drive/files/upload/multipart/{step}"), body).await
    }

    pub(crate) async fn urls(&self, upload: &Started, parts: usize) -> Vec<String> {
        let answer = self.step("presigned-urls", &upload.body(&json!({ "parts": parts }))).await.ok();
        answer["urls"].as_array().unwrap().iter().map(|url| url.as_str().unwrap().to_owned()).collect()
    }

    /// Puts each of `parts` to its URL. Returns the list that finalize needs.
    pub(crate) async fn put_parts(&self, upload: &Started, parts: &[Vec<u8>]) -> Value {
        let mut listed = Vec::new();
        for (at, url) in self.urls(upload, parts.len()).await.into_iter().enumerate() {
            let etag = self.put(&url, parts[at].clone()).await;
            listed.push(json!({ "partNumber": at + 1, "eTag": etag }));
        }
        Value::Array(listed)
    }

    /// Puts bytes to a signed URL. Returns the ETag.
    pub(crate) async fn put(&self, url: &str, bytes: Vec<u8>) -> String {
        // An empty body has no length of its own to send.
        let answer =
            self.http.put(url).header("content-length", bytes.len()).body(bytes).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        answer.headers()["etag"].to_str().unwrap().to_owned()
    }

    pub(crate) async fn finalize(&self, upload: &Started, parts: &Value) -> Answer {
        self.step("finalize", &upload.body(&json!({ "parts": parts }))).await
    }

    /// The whole upload. Returns the item.
    pub(crate) async fn upload(&self, name: &str, parts: &[Vec<u8>]) -> Value {
        let upload = self.start(name, parts.iter().map(Vec::len).sum()).await;
        let listed = self.put_parts(&upload, parts).await;
        self.finalize(&upload, &listed).await.ok()
    }

    /// The bytes of a file.
    pub(crate) async fn download(&self, id: &str) -> Vec<u8> {
        let response = self.http.get(self.download_url(id).await).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap().to_vec()
    }
}

impl Started {
    /// The answer of `start`.
    pub(crate) fn of(answer: &Value) -> Self {
        Self {
            upload_id: answer["uploadId"].as_str().unwrap().to_owned(),
            file_key: answer["fileKey"].as_str().unwrap().to_owned(),
        }
    }

    /// A request body about this upload, with `more` in it.
    pub(crate) fn body(&self, more: &Value) -> Value {
        let mut body = json!({ "uploadId": self.upload_id, "fileKey": self.file_key });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, headers, body }
    }

    /// The body of an answer that must be a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Checks that the answer is a success without a body.
    #[track_caller]
    pub(crate) fn done(self) {
        assert_eq!((self.status.as_u16(), &self.body), (204, &json!("")));
    }

    /// The status and the code of an error. Its envelope is checked too.
    #[track_caller]
    pub(crate) fn refused(self) -> (u16, String) {
        let status = self.status.as_u16();
        assert!(status >= 400, "{status} {}", self.body);
        assert_eq!(self.body["statusCode"], status, "{}", self.body);
        assert_eq!(self.body["error"], self.status.canonical_reason().unwrap());
        assert!(self.body["message"].as_str().is_some_and(|m| m.len() > 10), "{}", self.body);
        assert!(self.headers.contains_key("x-request-id"));
        (status, self.body["code"].as_str().unwrap().to_owned())
    }

    /// Like [`Answer::refused`], and checks that the message names `field`.
    #[track_caller]
    pub(crate) fn refused_for(self, field: &str) -> (u16, String) {
        let message = self.body["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(field), "{message:?} must name {field}");
        self.refused()
    }
}

/// `len` bytes that differ from part to part.
pub(crate) fn bytes(len: usize, seed: u8) -> Vec<u8> {
    (0..=250).cycle().zip(0_u32..).map(|(a, at)| a ^ at.to_be_bytes()[1] ^ seed).take(len).collect()
}

/// An error, in the form of [`Answer::refused`].
pub(crate) fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Waits until `done`, as long as a slow machine may need.
pub(crate) async fn wait_for(done: impl AsyncFn() -> bool) {
    for _ in 0..1500 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not happen");
}
