//! A served store, and a client that signs. It does not assert what an operation does.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use bytes::Bytes;
use dray_object_store::{Config, KeyKind, ObjectStore, key_of};
use dray_s3::{
    AddressingStyle, Credentials, Endpoint, PayloadHash, PresignScope, SigningScope, presign, sign_request,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

pub(crate) const MIB: usize = 1 << 20;
/// The minimum part size in these tests. The real minimum, 5 MiB, has its own test.
pub(crate) const PART: usize = 64 << 10;

/// A store that is being served.
pub(crate) struct Server {
    pub(crate) store: ObjectStore,
    pub(crate) address: SocketAddr,
    pub(crate) folder: Arc<TempDir>,
    /// The key that signs requests, unless a test says otherwise: it may write the store's own bucket.
    pub(crate) keys: Credentials,
    task: JoinHandle<()>,
}

/// An answer whose whole body was read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The text of the first element of this name.
    pub(crate) fn element(&self, name: &str) -> String {
        self.elements(name).into_iter().next().unwrap_or_default()
    }

    /// The text of every element of this name.
    pub(crate) fn elements(&self, name: &str) -> Vec<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let pieces = self.text().split(&open).skip(1);
        pieces.map(|piece| piece.split(&close).next().unwrap().replace("&quot;", "\"")).collect()
    }

    /// Status and error code, e.g. `404 NoSuchKey`; only the status if there is no error.
    pub(crate) fn code(&self) -> String {
        let status = self.status.as_u16();
        if self.text().contains("<Error>") {
            format!("{status} {}", self.element("Code"))
        } else {
            status.to_string()
        }
    }

    pub(crate) fn etag(&self) -> String {
        self.header("etag").trim_matches('"').to_owned()
    }
}

impl Server {
    /// A new store in a folder of its own, without fsync, because these tests do not simulate power cuts.
    pub(crate) async fn start() -> Self {
        Self::start_with(|config| config.durable = false).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), change).await
    }

    pub(crate) async fn start_in(folder: Arc<TempDir>, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(folder.path());
        change(&mut config);
        let store = ObjectStore::open_with_min_part_bytes(config, PART as u64).unwrap();
        Self::serve(store, folder).await
    }

    pub(crate) async fn serve(store: ObjectStore, folder: Arc<TempDir>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = store.router();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let keys = key_of(folder.path(), KeyKind::Writer).unwrap();
        Self { store, address, folder, keys, task }
    }

    /// Closes the store in an orderly way and returns its folder.
    pub(crate) async fn stop(self) -> Arc<TempDir> {
        self.task.abort();
        self.store.close().await;
        self.folder
    }

    /// A path in the store's bucket.
    pub(crate) fn path(&self, key_and_query: &str) -> String {
        format!("/{}/{key_and_query}", self.store.bucket())
    }

    /// Sends a request that is signed in its headers. The payload is not signed, unless the test says so.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        self.send_signed(method, path, headers, body, &PayloadHash::Unsigned).await
    }

    pub(crate) async fn send_signed(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
        payload: &PayloadHash,
    ) -> Answer {
        let headers = self.sign(method, path, headers, payload);
        self.send_raw(method, path, headers, body).await
    }

    /// The headers of a signed request.
    pub(crate) fn sign(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        payload: &PayloadHash,
    ) -> HeaderMap {
        self.sign_as(&self.keys, method, path, &header_map(headers), payload)
    }

    /// The headers of a request signed by somebody.
    pub(crate) fn sign_as(
        &self,
        keys: &Credentials,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        payload: &PayloadHash,
    ) -> HeaderMap {
        let uri: Uri = format!("http://{}{path}", self.address).parse().unwrap();
        let scope = SigningScope { credentials: keys, region: self.store.region(), now: now() };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut all = headers.clone();
        all.extend(sign_request(&scope, &method, &uri, headers, payload).unwrap());
        all
    }

    /// Sends a request signed by somebody.
    pub(crate) async fn send_as(
        &self,
        keys: &Credentials,
        method: &str,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Answer {
        let headers = self.sign_as(keys, method, path, &HeaderMap::new(), &PayloadHash::Unsigned);
        self.send_raw(method, path, headers, body).await
    }

    /// Sends a request with these headers and no others.
    pub(crate) async fn send_raw(
        &self,
        method: &str,
        path: &str,
        headers: HeaderMap,
        body: impl Into<Bytes>,
    ) -> Answer {
        self.try_send(method, path, headers, body).await.unwrap()
    }

    /// Like [`Server::send_raw`], but fails if the connection is cut.
    pub(crate) async fn try_send(
        &self,
        method: &str,
        path: &str,
        mut headers: HeaderMap,
        body: impl Into<Bytes>,
    ) -> Result<Answer, hyper::Error> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        headers.entry("host").or_insert_with(|| self.address.to_string().parse().unwrap());
        // hyper leaves it out for an empty body, but S3 requires it.
        let body: Bytes = body.into();
        headers.entry("content-length").or_insert_with(|| body.len().into());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        *request.uri_mut() = path.parse().unwrap();
        *request.headers_mut() = headers;
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        drop(sender);
        connection.abort();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    /// Sends the head of a request and only the beginning of its body, ends the sending side if `hang_up`, and
    /// returns the answer, up to the point where the server closes the connection.
    pub(crate) async fn send_part_of_body(
        &self,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
        hang_up: bool,
    ) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let lines = headers.iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap()));
        let lines = lines.collect::<Vec<_>>().concat();
        stream.write_all(format!("{method} {path} HTTP/1.1\r\n{lines}\r\n").as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        if hang_up {
            stream.shutdown().await.unwrap();
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A presigned path.
    pub(crate) fn presign(&self, method: &str, key: &str, query: &[(&str, &str)]) -> String {
        self.presign_at(method, key, query, now())
    }

    /// A path that somebody has presigned.
    pub(crate) fn presign_as(&self, keys: &Credentials, method: &str, key: &str) -> String {
        self.presign_with(keys, method, key, &[], now())
    }

    pub(crate) fn presign_at(
        &self,
        method: &str,
        key: &str,
        query: &[(&str, &str)],
        now: jiff::Timestamp,
    ) -> String {
        self.presign_with(&self.keys, method, key, query, now)
    }

    /// A path that somebody has presigned at some time.
    pub(crate) fn presign_with(
        &self,
        keys: &Credentials,
        method: &str,
        key: &str,
        query: &[(&str, &str)],
        now: jiff::Timestamp,
    ) -> String {
        let endpoint = Endpoint::parse(&format!("http://{}", self.address), AddressingStyle::Path).unwrap();
        let scope = PresignScope {
            credentials: keys,
            region: self.store.region(),
            endpoint: &endpoint,
            bucket: self.store.bucket(),
            key,
            now,
            expires_secs: 600,
        };
        let url = presign(&Method::from_bytes(method.as_bytes()).unwrap(), &scope, query).unwrap();
        let uri: Uri = url.parse().unwrap();
        uri.path_and_query().unwrap().to_string()
    }

    pub(crate) async fn put(&self, key: &str, body: impl Into<Bytes>) -> Answer {
        self.send("PUT", &self.path(key), &[], body).await
    }

    pub(crate) async fn get(&self, key: &str) -> Answer {
        self.send("GET", &self.path(key), &[], "").await
    }

    /// Begins an upload and returns its id.
    pub(crate) async fn create(&self, key: &str, headers: &[(&str, &str)]) -> String {
        let answer = self.send("POST", &self.path(&format!("{key}?uploads")), headers, "").await;
        assert_eq!(answer.code(), "200", "{answer:?}");
        answer.element("UploadId")
    }

    pub(crate) async fn put_part(&self, key: &str, id: &str, number: u32, body: impl Into<Bytes>) -> Answer {
        let path = self.path(&format!("{key}?partNumber={number}&uploadId={id}"));
        self.send("PUT", &path, &[], body).await
    }

    /// Completes the upload with these part numbers and `ETag`s.
    pub(crate) async fn complete(&self, key: &str, id: &str, parts: &[(u32, String)]) -> Answer {
        self.complete_with(key, id, parts, &[]).await
    }

    pub(crate) async fn complete_with(
        &self,
        key: &str,
        id: &str,
        parts: &[(u32, String)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let path = self.path(&format!("{key}?uploadId={id}"));
        self.send("POST", &path, headers, complete_body(parts)).await
    }

    /// Uploads parts and completes the upload.
    pub(crate) async fn upload(&self, key: &str, parts: &[Bytes]) -> Answer {
        let id = self.create(key, &[]).await;
        let mut listed = Vec::new();
        for (number, part) in (1..).zip(parts) {
            listed.push((number, self.put_part(key, &id, number, part.clone()).await.etag()));
        }
        self.complete(key, &id, &listed).await
    }

    /// All part files.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        files_in(self.folder.path())
    }

    /// Waits until there is this number of part files, because garbage is removed in the background.
    pub(crate) async fn wait_for_files(&self, count: usize) {
        let waited = tokio::time::timeout(std::time::Duration::from_secs(20), async {
            while self.files().len() != count {
                tokio::task::yield_now().await;
            }
        });
        assert!(waited.await.is_ok(), "{} files instead of {count}", self.files().len());
    }
}

pub(crate) fn files_in(root: &std::path::Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(root.join("parts")).unwrap().map(|folder| folder.unwrap().path());
    folders.flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path())).collect()
}

pub(crate) fn header_map(headers: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
    };
    headers.iter().map(pair).collect()
}

pub(crate) fn complete_body(parts: &[(u32, String)]) -> String {
    let parts = parts.iter().map(|(number, etag)| {
        format!("<Part><PartNumber>{number}</PartNumber><ETag>\"{etag}\"</ETag></Part>")
    });
    format!("<CompleteMultipartUpload>{}</CompleteMultipartUpload>", parts.collect::<String>())
}

/// Bytes that differ from position to position and from seed to seed.
pub(crate) fn bytes(seed: u8, size: usize) -> Bytes {
    let mut state = u64::from(seed) + 1;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(size).collect()
}

#[expect(clippy::disallowed_methods, reason = "requests are signed for the server's own clock")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
