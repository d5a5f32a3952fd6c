//! `POST …/upload/batch/start` and `…/batch/finalize`: many small files, each sent with one signed PUT. On the embedded
//! store the PUT writes the object itself. On another store it writes an object with another key, and finalize copies
//! it.

mod answers;
mod granted;
mod headers;
mod leftovers;
mod moved;
pub(crate) mod pipelines;
mod places;
mod races;

use dray_server::Config;
use reqwest::Response;
use serde_json::{Value, json};

use crate::world::{Actor, Answer, Started, World};

/// A drive and, if it does not use its own store, the drive whose store it uses.
pub(crate) struct Stage {
    pub(crate) world: World,
    /// Kept running as long as `world`.
    pub(super) store: Option<World>,
    pub(crate) name: &'static str,
}

impl Stage {
    pub(super) fn is_embedded(&self) -> bool {
        self.store.is_none() && self.world.store.is_none()
    }

    /// The keys of all objects that the store has.
    pub(super) async fn object_keys(&self) -> Vec<String> {
        self.store.as_ref().unwrap_or(&self.world).object_keys().await
    }

    /// Starts the server again, with the same store.
    pub(super) async fn restart(&mut self) {
        self.world.stop().await;
        self.serve().await;
    }

    pub(super) async fn serve(&mut self) {
        let (store, is_relayed) = (self.store.as_ref(), self.name == "relayed");
        let change = |config: &mut Config| {
            if let Some(store) = store {
                config.s3 = Some(store.as_store(store.url.clone()));
                config.s3_relay = is_relayed;
            }
        };
        self.world.serve(change).await;
    }
}

/// A drive on each kind of store: the embedded one (or the store that the tests run on), an external one, and an
/// external one that clients reach only through the drive.
pub(crate) async fn stages() -> Vec<Stage> {
    stages_with(|_| {}).await
}

pub(crate) async fn stages_with(change: impl Fn(&mut Config)) -> Vec<Stage> {
    let mut stages = vec![Stage { world: World::start_with(&change).await, store: None, name: "own" }];
    if stages[0].world.store.is_none() {
        for name in ["other", "relayed"] {
            let store = World::start().await;
            let s3 = store.as_store(store.url.clone());
            let world = World::start_with(|config| {
                config.s3 = Some(s3);
                config.s3_relay = name == "relayed";
                change(config);
            })
            .await;
            stages.push(Stage { world, store: Some(store), name });
        }
    }
    stages
}

/// A file to start.
pub(crate) fn file(path: &str, bytes: &[u8]) -> Value {
    json!({ "path": path, "fileSize": bytes.len(), "mimeType": "text/plain" })
}

pub(super) fn checksum(bytes: &[u8]) -> Value {
    use base64::Engine as _;
    let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, bytes);
    json!({ "crc64nvme": base64::engine::general_purpose::STANDARD.encode(crc.to_be_bytes()) })
}

/// The same file, with its checksum.
pub(crate) fn known(path: &str, bytes: &[u8]) -> Value {
    let mut file = file(path, bytes);
    file["checksum"] = checksum(bytes);
    file
}

/// The ids of an upload, for the routes that name it.
pub(crate) fn ids_of(upload: &Value) -> Value {
    json!({ "uploadId": upload["uploadId"], "fileKey": upload["fileKey"] })
}

pub(super) fn started(upload: &Value) -> Started {
    Started::of(upload)
}

impl Actor {
    pub(crate) async fn batch(&self, step: &str, body: &Value) -> Answer {
        self.post(&format!("/drive/files/upload/batch/{step}"), body).await
    }

    /// Starts files. The answer for each must be an upload.
    pub(crate) async fn start_files(&self, files: &[Value], more: &Value) -> Vec<Value> {
        let mut body = json!({ "files": files });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.batch("start", &body).await.ok();
        let files = answer["files"].as_array().unwrap().iter();
        files
            .map(|file| {
                assert!(file["upload"].is_object(), "{file}");
                file["upload"].clone()
            })
            .collect()
    }

    /// Finalizes files. Returns an item or the code of an error for each.
    pub(super) async fn finalize_files(&self, uploads: &[Value]) -> Vec<Result<Value, String>> {
        let files: Vec<Value> = uploads.iter().map(ids_of).collect();
        let answer = self.batch("finalize", &json!({ "files": files })).await.ok();
        answer["files"].as_array().unwrap().iter().map(outcome).collect()
    }

    /// As [`Actor::finalize_files`], but repeats the request as long as an answer asks for that.
    pub(super) async fn insist_on_files(&self, uploads: &[Value]) -> Vec<Value> {
        loop {
            let outcomes = self.finalize_files(uploads).await;
            let asks_again =
                |code: &String| ["store_unreachable", "finalize_pending"].contains(&code.as_str());
            if !outcomes.iter().any(|outcome| outcome.as_ref().is_err_and(asks_again)) {
                return outcomes.into_iter().map(Result::unwrap).collect();
            }
        }
    }

    /// Starts, sends and finalizes files, all of which must become items.
    pub(crate) async fn upload_files(
        &self,
        world: &World,
        files: &[(Value, &[u8])],
        more: &Value,
    ) -> Vec<Value> {
        let started: Vec<Value> = files.iter().map(|(file, _)| file.clone()).collect();
        let uploads = self.start_files(&started, more).await;
        for (upload, (_, bytes)) in uploads.iter().zip(files) {
            assert_eq!(put(world, upload, bytes).await.status(), 200);
        }
        self.finalize_files(&uploads).await.into_iter().map(Result::unwrap).collect()
    }
}

/// The item of a file, or the code of its error.
pub(crate) fn outcome(file: &Value) -> Result<Value, String> {
    match file["error"]["code"].as_str() {
        Some(code) => Err(code.to_owned()),
        None => Ok(file["item"].clone()),
    }
}

/// Sends a file to its upload's URL, with the headers of the upload.
pub(crate) async fn put(world: &World, upload: &Value, bytes: &[u8]) -> Response {
    put_with_header(world, upload, bytes, None).await
}

/// As [`put`], with one header more.
pub(super) async fn put_with_header(
    world: &World,
    upload: &Value,
    bytes: &[u8],
    more: Option<(&str, &str)>,
) -> Response {
    let mut request = world.http.put(upload["url"].as_str().unwrap());
    for (name, value) in upload["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    if let Some((name, value)) = more {
        request = request.header(name, value);
    }
    request.header("content-length", bytes.len()).body(bytes.to_vec()).send().await.unwrap()
}

/// A batch of `count` files in several folders, with their bytes.
pub(super) fn many(count: usize) -> Vec<(Value, Vec<u8>)> {
    (0..count)
        .map(|at| {
            let bytes = format!("the bytes of file {at}").into_bytes();
            (file(&format!("folder {}/deeper/file {at}.txt", at % 7), &bytes), bytes)
        })
        .collect()
}
