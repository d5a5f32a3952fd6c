//! A client of the API for which "no answer" is a normal outcome, because servers die while it uses them.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

/// The least size of a part that is not the last.
pub(crate) const PART_BYTES: usize = 5 << 20;

/// The connection ended, or could not be made. Nobody knows whether the server did what was asked.
#[derive(Debug)]
pub(crate) struct Cut;

/// The answer to a call, or none.
pub(crate) type Asked<T> = Result<T, Cut>;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// A file to upload.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) content: Bytes,
}

/// An upload that was started.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) file_key: String,
}

#[derive(Clone)]
pub(crate) struct ApiClient {
    http: reqwest::Client,
    url: String,
    token: String,
}

static HTTP: OnceLock<reqwest::Client> = OnceLock::new();

/// A client that never reuses a connection from before the last crash.
fn http_client() -> reqwest::Client {
    // An error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
    builder.timeout(Duration::from_mins(1)).build().unwrap()
}

impl ApiClient {
    pub(crate) fn new(url: &str, token: &str) -> Self {
        let http = HTTP.get_or_init(http_client).clone();
        Self { http, url: url.to_owned(), token: token.to_owned() }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Asked<Answer> {
        let request = self.request(method, path);
        Self::ask(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// As [`Client::post`], with a key: asked again, it makes nothing more.
    pub(crate) async fn post_once(&self, path: &str, key: &str, body: &Value) -> Asked<Answer> {
        let key = key.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        Self::ask(self.request(Method::POST, path).header("idempotency-key", key).json(body)).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}/public/v1/drive{path}", self.url));
        request.bearer_auth(&self.token)
    }

    async fn ask(request: reqwest::RequestBuilder) -> Asked<Answer> {
        let response = request.send().await.map_err(|_| Cut)?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(|_| Cut)?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body })
    }

    pub(crate) async fn get(&self, path: &str) -> Asked<Answer> {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Asked<Answer> {
        self.call(Method::DELETE, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Asked<Answer> {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn step(&self, step: &str, upload: &Upload, more: &Value) -> Asked<Answer> {
        let mut body = json!({ "uploadId": upload.id, "fileKey": upload.file_key });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post(&format!("/files/upload/multipart/{step}"), &body).await
    }

    /// Asks for an upload, and returns whatever the answer is.
    pub(crate) async fn ask_to_start(&self, file: &File, more: &Value) -> Asked<Answer> {
        let (name, size) = (&file.name, file.content.len());
        let mut body = json!({ "fileName": name, "fileSize": size, "mimeType": "application/octet-stream" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post("/files/upload/multipart/start", &body).await
    }

    pub(crate) async fn start(&self, file: &File) -> Asked<Upload> {
        Ok(Upload::of(&self.ask_to_start(file, &json!({})).await?.ok()))
    }

    /// A signed URL for each part.
    pub(crate) async fn sign(&self, upload: &Upload, file: &File) -> Asked<Vec<String>> {
        let more = json!({ "parts": file.parts().count() });
        let signed = self.step("presigned-urls", upload, &more).await?.ok();
        Ok(signed["urls"].as_array().unwrap().iter().map(|url| url.as_str().unwrap().to_owned()).collect())
    }

    /// Puts bytes to a signed URL. Returns the status and the ETag.
    pub(crate) async fn put(&self, url: &str, bytes: Bytes) -> Asked<(u16, String)> {
        self.put_with(url, &json!({}), bytes).await
    }

    /// The same, with these headers.
    pub(crate) async fn put_with(&self, url: &str, headers: &Value, bytes: Bytes) -> Asked<(u16, String)> {
        let mut request = self.http.put(url).header("content-length", bytes.len()).body(bytes);
        for (name, value) in headers.as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        let response = request.send().await.map_err(|_| Cut)?;
        let etag = response.headers().get("etag").map(|etag| etag.to_str().unwrap().to_owned());
        Ok((response.status().as_u16(), etag.unwrap_or_default()))
    }

    /// Puts every part. Returns the list for finalize.
    pub(crate) async fn put_all(&self, upload: &Upload, file: &File) -> Asked<Value> {
        let mut listed = Vec::new();
        for (url, (number, part)) in self.sign(upload, file).await?.iter().zip(file.parts()) {
            let (status, etag) = self.put(url, part).await?;
            assert_eq!(status, 200, "a part");
            listed.push(json!({ "partNumber": number, "eTag": etag }));
        }
        Ok(Value::Array(listed))
    }

    pub(crate) async fn finalize(&self, upload: &Upload, parts: &Value) -> Asked<Answer> {
        self.step("finalize", upload, &json!({ "parts": parts })).await
    }

    pub(crate) async fn abort(&self, upload: &Upload) -> Asked<Answer> {
        self.step("abort", upload, &json!({})).await
    }

    /// Uploads the whole file. Returns the item's id.
    pub(crate) async fn upload(&self, file: &File) -> Asked<String> {
        let upload = self.start(file).await?;
        let parts = self.put_all(&upload, file).await?;
        Ok(self.finalize(&upload, &parts).await?.id())
    }

    /// The bytes of a file, or the answer that refuses them.
    pub(crate) async fn download(&self, id: &str) -> Asked<Result<Bytes, Answer>> {
        let answer = self.get(&format!("/files/{id}/download")).await?;
        if answer.status != 200 {
            return Ok(Err(answer));
        }
        let response = self.http.get(answer.body["url"].as_str().unwrap()).send().await.map_err(|_| Cut)?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await.map_err(|_| Cut)?;
        if status == 200 { Ok(Ok(bytes)) } else { Ok(Err(Answer { status, body: Value::Null })) }
    }

    /// All items in a folder, or in `root`.
    pub(crate) async fn children(&self, folder: &str) -> Vec<Value> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/folders/{folder}/children?limit=500{cursor}")).await.unwrap().ok();
            found.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["nextCursor"].as_str() else { return found };
            cursor = format!("&cursor={next}");
        }
    }

    /// Starts a sweep at once. Removing something permanently does that.
    pub(crate) async fn sweep_now(&self) {
        self.delete("/trash").await.unwrap().ok();
    }
}

impl Upload {
    pub(crate) fn of(started: &Value) -> Self {
        let text = |name: &str| started[name].as_str().unwrap().to_owned();
        Self { id: text("uploadId"), file_key: text("fileKey") }
    }

    /// The id that its item has, or will have.
    pub(crate) fn item(&self) -> &str {
        self.file_key.rsplit('/').next().unwrap()
    }
}

impl File {
    /// A file of unique bytes. Most are small; some have several parts.
    pub(crate) fn random(name: String, rng: &mut fastrand::Rng) -> Self {
        let size = match rng.u8(..20) {
            0 => 0,
            // Bytes up to 16 KiB are in the store's database.
            1..=9 => rng.usize(1..16 << 10),
            10..=18 => rng.usize(16 << 10..200 << 10),
            _ => PART_BYTES + rng.usize(1..100 << 10),
        };
        Self::of_size(name, size, rng)
    }

    pub(crate) fn of_size(name: String, size: usize, rng: &mut fastrand::Rng) -> Self {
        let mut content = vec![0; size];
        rng.fill(&mut content);
        Self { name, content: content.into() }
    }

    /// Its parts, with their numbers. An empty file has one empty part.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (usize, Bytes)> {
        let count = self.content.len().div_ceil(PART_BYTES).max(1);
        let end = |at: usize| (at * PART_BYTES).min(self.content.len());
        (1..=count).map(move |number| (number, self.content.slice(end(number - 1)..end(number))))
    }
}

impl Answer {
    /// The body of an answer that must be a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    /// The id of the item in an answer that must be one.
    #[track_caller]
    pub(crate) fn id(self) -> String {
        self.ok()["id"].as_str().unwrap().to_owned()
    }
}
