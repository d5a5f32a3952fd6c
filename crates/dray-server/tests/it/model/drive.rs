//! The real server, called without a socket, so that a step is cheap.

use axum::Router;
use axum::body::Body;
use dray_ops::Admin;
use dray_server::{Config, Server, Sockets};
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use crate::database::Database;
use crate::world::real_now;

/// A server of its own, with a full token for each user.
pub(crate) struct Drive {
    router: Router,
    data: TempDir,
    database: Database,
    pub(crate) users: Vec<(String, String)>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// An answer: its status and its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Drive {
    pub(crate) async fn start(users: usize) -> Self {
        let (data, database) = (tempfile::tempdir().unwrap(), Database::create().await);
        let admin = Admin::open(data.path(), database.url().as_ref()).await.unwrap();
        admin.bootstrap(real_now()).await.unwrap();
        let mut tokens = Vec::new();
        for user in 0..users {
            let email = format!("user{user}@example.com");
            admin.add_user(&email, None, real_now()).await.unwrap();
            let life = std::time::Duration::from_hours(24 * 300);
            let created = admin.create_token(&email, &["access_drive".to_owned()], life, real_now()).await;
            tokens.push((email, created.unwrap().token));
        }
        admin.close().await;
        let config = Config {
            data: data.path().to_owned(),
            database_url: database.url(),
            database_connections: 4,
            ..Config::default()
        };
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::start(config, Sockets::from(socket)).await.unwrap();
        let (router, (stop, stopped)) = (server.router(), oneshot::channel::<()>());
        let server = tokio::spawn(server.run(async move {
            let _ = stopped.await;
        }));
        let mut drive = Self { router, data, database, users: Vec::new(), stop, server };
        for (email, token) in tokens {
            let found = drive.ask(&token, Method::GET, &format!("/workspace/members?q={email}"), None).await;
            drive.users.push((found.body["members"][0]["_id"].as_str().unwrap().to_owned(), token));
        }
        drive
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.server.await.unwrap();
    }

    pub(crate) async fn ask(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder().method(method).uri(format!("/public/v1{path}"));
        self.send_json(request.header(header::AUTHORIZATION, format!("Bearer {token}")), body).await
    }

    /// The answer to somebody without a token.
    pub(crate) async fn visit(&self, url: &str, body: Value) -> Answer {
        self.send_json(Request::builder().method(Method::POST).uri(path(url)), Some(body)).await
    }

    async fn send_json(&self, mut request: http::request::Builder, body: Option<Value>) -> Answer {
        let body = body.map_or(Vec::new(), |body| body.to_string().into_bytes());
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        self.send(request.header(header::CONTENT_LENGTH, body.len()), body).await
    }

    async fn send(&self, request: http::request::Builder, body: Vec<u8>) -> Answer {
        let request = request.header(header::HOST, "localhost").body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if let (Some(etag), Value::String(_)) = (parts.headers.get(header::ETAG), &body) {
            body = json!({ "etag": etag.to_str().unwrap(), "text": body });
        }
        Answer { status: parts.status, body }
    }

    /// Puts bytes to a signed URL, with these headers. Returns the ETag.
    pub(crate) async fn put(&self, url: &str, bytes: &str, headers: &Value) -> String {
        let mut request = Request::builder().method(Method::PUT).uri(path(url));
        for (name, value) in headers.as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().unwrap());
        }
        if !request.headers_ref().unwrap().contains_key(header::CONTENT_LENGTH) {
            request = request.header(header::CONTENT_LENGTH, bytes.len());
        }
        let answer = self.send(request, bytes.as_bytes().to_vec()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["etag"].as_str().unwrap().to_owned()
    }

    /// The bytes behind a signed URL.
    pub(crate) async fn read(&self, url: &str) -> String {
        let answer = self.send(Request::builder().uri(path(url)), Vec::new()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["text"].as_str().unwrap().to_owned()
    }

    /// The status of a public link.
    pub(crate) async fn follow(&self, url: &str) -> StatusCode {
        self.send(Request::builder().uri(path(url)), Vec::new()).await.status
    }

    /// Waits until items that were removed permanently are gone, because the sweep runs in its own task.
    pub(crate) async fn swept(&self) {
        while self.database.count(self.data.path(), "items where purged_at is not null").await > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }
}

fn path(url: &str) -> &str {
    url.strip_prefix("http://localhost").unwrap_or(url)
}

impl Answer {
    pub(crate) fn is_done(&self) -> bool {
        self.status.is_success()
    }

    #[track_caller]
    pub(crate) fn id(&self) -> String {
        self.body["id"].as_str().unwrap().to_owned()
    }
}
