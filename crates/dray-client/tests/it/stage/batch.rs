//! The drive's routes for many small files.

use axum::extract::State;
use axum::response::{IntoResponse, Json, Response};
use dray_api::batch::{FinalizeFiles, StartFiles};
use serde_json::{Value, json};

use super::Shared;
use super::answers::{an_item, no_answer};

/// The part number under which the store has the first file of a batch.
pub(crate) const FIRST_FILE: u32 = 1000;

impl Shared {
    /// Saves a file of a batch. Returns its item.
    pub(super) fn save_small(&self, upload_id: &str) -> Value {
        let mut seen = self.seen.lock().unwrap();
        let number: u32 = upload_id.parse().unwrap();
        let name = seen.batch[usize::try_from(number - FIRST_FILE).unwrap()].clone();
        let size = seen.parts[&number].len() as u64;
        seen.saved.entry(upload_id.to_owned()).or_default().push(name.clone());
        an_item(&name, "file", Some(size)).0
    }
}

pub(super) async fn start_files(State(shared): State<Shared>, Json(body): Json<StartFiles>) -> Json<Value> {
    let mut seen = shared.seen.lock().unwrap();
    let started = body.files.into_iter().map(|file| {
        let number = FIRST_FILE + u32::try_from(seen.batch.len()).unwrap();
        seen.batch.push(file.path);
        let url = format!("{}/store/{number}?sig=secret", shared.address);
        json!({ "upload": { "uploadId": number.to_string(), "fileKey": "k", "url": url, "headers": {} } })
    });
    let files: Vec<_> = started.collect();
    Json(json!({ "files": files, "expiresAt": "2026-01-31T12:00:00.000Z" }))
}

pub(super) async fn finalize_files(
    State(shared): State<Shared>,
    Json(body): Json<FinalizeFiles>,
) -> Response {
    let fault = shared.seen.lock().unwrap().finalize_faults.pop_front();
    let files = body.files.iter().map(|file| {
        let (id, checksum) = (file.upload_id.clone(), file.checksum.clone());
        shared.seen.lock().unwrap().small_checksums.insert(id, checksum);
        let item = shared.save_small(&file.upload_id);
        if let Some(Some((_, error))) = &fault { json!({ "error": error }) } else { json!({ "item": item }) }
    });
    let answer = json!({ "files": files.collect::<Vec<_>>() });
    if std::mem::take(&mut shared.seen.lock().unwrap().holds_finalize) {
        shared.held.notify_one();
        return std::future::pending().await;
    }
    if matches!(fault, Some(None)) { no_answer() } else { Json(answer).into_response() }
}
