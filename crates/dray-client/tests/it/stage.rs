//! A drive and an object store in memory, with faults that a test chooses.

mod answers;
mod batch;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post, put};
use dray_api::upload::{Checksum, FinalizeUpload, ListParts, PresignParts, StartUpload, UploadKey};
use dray_client::{Client, Progress};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::sync::Notify;

pub(crate) use self::answers::md5_tag;
use self::answers::{an_item, broken, busy, endless, never_ends, no_answer, refuse};
pub(crate) use self::batch::FIRST_FILE;
use self::batch::{finalize_files, start_files};

/// What the store does wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Refuses with this status and S3 code.
    Refuse(u16, &'static str),
    /// Stores the part and forgets the `ETag`.
    NoETag,
    /// Breaks the connection after this many bytes of the body.
    BreakAfter(usize),
    /// Answers the whole body with status 200, whatever range the client asked for.
    IgnoreRange,
    /// Answers the requested range, but with status 200.
    RangeAsOk,
    /// Accepts the part and never answers.
    Hold,
    /// Refuses, with an endless error document.
    RefuseForEver,
    /// Stores the part under an `ETag` with this many characters.
    LongETag(usize),
    /// Refuses, and asks to wait for this many seconds.
    Busy(u64),
    /// Takes the part over a line that is shared by all such parts, which carries a MiB in this many seconds.
    Slow(u64),
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) faults: BTreeMap<u32, VecDeque<Fault>>,
    pub(crate) api_faults: VecDeque<(u16, Value)>,
    pub(crate) starts: Vec<StartUpload>,
    /// The `Idempotency-Key` of each request to start, whether it succeeded or not.
    pub(crate) start_keys: Vec<String>,
    pub(crate) signed: Vec<Vec<u64>>,
    pub(crate) parts: BTreeMap<u32, Bytes>,
    pub(crate) puts: Vec<u32>,
    pub(crate) finalized: Vec<FinalizeUpload>,
    /// What batches were finalized with, by upload.
    pub(crate) small_checksums: BTreeMap<String, Option<Checksum>>,
    /// The parts that the store has of the upload that is resumed.
    pub(crate) stored: Vec<Value>,
    /// Whether the `ETag`s of parts are the MD5s of their bytes.
    pub(crate) has_md5: bool,
    pub(crate) content: Vec<u8>,
    pub(crate) e_tag: String,
    pub(crate) gets: Vec<(Option<String>, Option<String>)>,
    pub(crate) part_size: u64,
    pub(crate) folders: Vec<String>,
    pub(crate) aborted: Vec<UploadKey>,
    pub(crate) abort_faults: VecDeque<(u16, Value)>,
    /// What the drive answers to the next finalizes although it saves the file: a refusal, or nothing (`None`).
    pub(crate) finalize_faults: VecDeque<Option<(u16, Value)>>,
    /// Whether the drive saves the files of the next batch and never answers.
    pub(crate) holds_finalize: bool,
    /// The names of the files that the drive saved, by upload.
    pub(crate) saved: BTreeMap<String, Vec<String>>,
    /// The names of the files that were started in batches, in order.
    pub(crate) batch: Vec<String>,
    /// The name of the item, if it differs from the sent one.
    pub(crate) saved_name: Option<String>,
    /// The size that the server reports, if it differs from the real one.
    pub(crate) said_size: Option<Value>,
}

pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) seen: Arc<Mutex<Seen>>,
    pub(crate) counter: Arc<Counter>,
    /// Notified when a part is held.
    pub(crate) held: Arc<Notify>,
    address: String,
}

#[derive(Default)]
pub(crate) struct Counter(Mutex<(u64, u64)>);

impl Counter {
    /// Bytes expected, and bytes moved and not undone.
    pub(crate) fn get(&self) -> (u64, u64) {
        *self.0.lock().unwrap()
    }
}

impl Progress for Counter {
    fn expect(&self, bytes: u64) {
        self.0.lock().unwrap().0 += bytes;
    }
    fn moved(&self, bytes: u64) {
        self.0.lock().unwrap().1 += bytes;
    }
    fn undone(&self, bytes: u64) {
        self.0.lock().unwrap().1 -= bytes;
    }
}

#[derive(Clone)]
struct Shared {
    address: String,
    seen: Arc<Mutex<Seen>>,
    held: Arc<Notify>,
    line: Arc<tokio::sync::Mutex<()>>,
}

/// The part number for the faults of a download.
pub(crate) const DOWNLOAD: u32 = 0;
pub(crate) const ID: &str = "65a1b2c3d4e5f60718293a4b";

impl Stage {
    pub(crate) async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen { part_size: 1000, e_tag: "\"one\"".into(), ..Seen::default() }));
        let held = Arc::new(Notify::new());
        let shared = Shared {
            address: address.clone(),
            seen: Arc::clone(&seen),
            held: Arc::clone(&held),
            line: Arc::default(),
        };
        let app = Router::new()
            .route("/public/v1/drive/files/upload/multipart/start", post(start))
            .route("/public/v1/drive/files/upload/multipart/presigned-urls", post(presign))
            .route("/public/v1/drive/files/upload/multipart/finalize", post(finalize))
            .route("/public/v1/drive/files/upload/multipart/abort", post(abort))
            .route("/public/v1/drive/files/upload/batch/start", post(start_files))
            .route("/public/v1/drive/files/upload/batch/finalize", post(finalize_files))
            .route("/public/v1/drive/files/upload/multipart/parts", post(stored_parts))
            .route(
                "/public/v1/drive/uploads",
                get(async || Json(json!({ "uploads": [], "nextCursor": null }))),
            )
            .route("/public/v1/drive/folders", post(create_folder))
            .route("/public/v1/drive/files/{id}", get(item))
            .route("/public/v1/drive/files/{id}/download", get(download_url))
            .route("/endless/{path}/public/v1/workspace/info", get(never_ends))
            .route("/store/{part_number}", put(put_part).get(get_object))
            .with_state(shared);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let client = Client::new(&address, "cp_pat_test".parse().unwrap()).unwrap();
        Self { client, seen, counter: Arc::default(), held, address }
    }

    /// A client of a server that never stops answering (`tree`) or refusing (`refused`).
    pub(crate) fn client_below(&self, path: &str) -> Client {
        Client::new(&format!("{}/endless/{path}", self.address), "cp_pat_test".parse().unwrap()).unwrap()
    }

    pub(crate) fn fault(&self, part_number: u32, fault: Fault) {
        self.seen.lock().unwrap().faults.entry(part_number).or_default().push_back(fault);
    }
}

impl Shared {
    fn next_fault(&self, part_number: u32) -> Option<Fault> {
        self.seen.lock().unwrap().faults.get_mut(&part_number)?.pop_front()
    }

    /// Saves a file that was sent in parts. Returns its item.
    fn save(&self, body: FinalizeUpload) -> Value {
        let mut seen = self.seen.lock().unwrap();
        seen.content = seen.parts.range(..FIRST_FILE).flat_map(|(_, bytes)| bytes.clone()).collect();
        let size = seen.content.len() as u64;
        let name = seen.saved_name.clone().or_else(|| Some(seen.starts.first()?.file_name.clone()));
        // A resumed upload has this name.
        let name = name.unwrap_or_else(|| "a".into());
        seen.saved.entry(body.upload_id.clone()).or_default().push(name.clone());
        seen.finalized.push(body);
        an_item(&name, "file", Some(size)).0
    }

    /// The body; `None` if the connection broke.
    async fn receive(&self, body: Body, fault: Option<Fault>) -> Option<Bytes> {
        let (mut received, mut chunks, mut paid) = (Vec::new(), body.into_data_stream(), 0);
        while let Some(chunk) = chunks.next().await {
            received.extend_from_slice(&chunk.ok()?);
            if let Some(Fault::Slow(secs)) = fault {
                while received.len() > paid {
                    let _turn = self.line.lock().await;
                    tokio::time::sleep(Duration::from_secs(secs) / 4).await;
                    paid += 256 * 1024;
                }
            }
        }
        Some(received.into())
    }

    fn api_fault(&self) -> Option<Response> {
        let (status, body) = self.seen.lock().unwrap().api_faults.pop_front()?;
        Some((StatusCode::from_u16(status).unwrap(), Json(body)).into_response())
    }
}

async fn start(State(shared): State<Shared>, headers: HeaderMap, Json(body): Json<StartUpload>) -> Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    shared.seen.lock().unwrap().start_keys.push(key);
    if let Some(fault) = shared.api_fault() {
        return fault;
    }
    let mut seen = shared.seen.lock().unwrap();
    let parts = body.file_size.div_ceil(seen.part_size).max(1);
    let part_size = seen.part_size;
    seen.starts.push(body);
    Json(json!({
        "uploadId": "u", "fileKey": "k", "partSize": part_size, "parts": parts,
        "expiresAt": "2026-01-31T12:00:00.000Z",
    }))
    .into_response()
}

async fn presign(State(shared): State<Shared>, Json(body): Json<PresignParts>) -> Json<Value> {
    let numbers = body.part_numbers.unwrap();
    let signed: Vec<_> = numbers
        .iter()
        .map(|number| json!({ "partNumber": number, "signedUrl": format!("{}/store/{number}?sig=secret", shared.address) }))
        .collect();
    shared.seen.lock().unwrap().signed.push(numbers);
    Json(json!({ "parts": signed, "expiresAt": "2026-01-31T12:00:00.000Z" }))
}

async fn put_part(State(shared): State<Shared>, Path(part_number): Path<u32>, body: Body) -> Response {
    shared.seen.lock().unwrap().puts.push(part_number);
    let fault = shared.next_fault(part_number);
    let Some(body) = shared.receive(body, fault).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if let Some(Fault::Refuse(status, code)) = fault {
        return refuse(status, code);
    }
    if let Some(Fault::Busy(secs)) = fault {
        return busy(secs);
    }
    if let Some(Fault::RefuseForEver) = fault {
        return (StatusCode::BAD_REQUEST, endless()).into_response();
    }
    if let Some(Fault::Hold) = fault {
        shared.held.notify_one();
        return std::future::pending().await;
    }
    let mut e_tag = format!("\"part {part_number} of {}\"", body.len());
    if shared.seen.lock().unwrap().has_md5 {
        e_tag = md5_tag(&body);
    }
    if let Some(Fault::LongETag(chars)) = fault {
        e_tag = "e".repeat(chars);
    }
    shared.seen.lock().unwrap().parts.insert(part_number, body);
    match fault {
        Some(Fault::NoETag) => StatusCode::OK.into_response(),
        _ => [(header::ETAG, e_tag)].into_response(),
    }
}

async fn stored_parts(State(shared): State<Shared>, Json(body): Json<ListParts>) -> Json<Value> {
    let seen = shared.seen.lock().unwrap();
    let is_saved = seen.saved.contains_key(&body.upload_id);
    Json(json!({
        "uploadId": body.upload_id, "fileKey": "k", "fileName": "a", "fileSize": 10, "mimeType": "a/b",
        "parentId": null, "partSize": 1000, "parts": seen.stored, "onConflict": "keep",
        "status": if is_saved { "finalized" } else { "open" },
        "createdAt": "2026-01-31T12:00:00.000Z", "expiresAt": "2026-01-31T12:00:00.000Z",
    }))
}

async fn finalize(State(shared): State<Shared>, Json(body): Json<FinalizeUpload>) -> Response {
    if let Some(fault) = shared.api_fault() {
        return fault;
    }
    let fault = shared.seen.lock().unwrap().finalize_faults.pop_front();
    let answer = if body.parts.is_none() { shared.save_small(&body.upload_id) } else { shared.save(body) };
    match fault {
        None => Json(answer).into_response(),
        Some(None) => no_answer(),
        Some(Some((status, body))) => (StatusCode::from_u16(status).unwrap(), Json(body)).into_response(),
    }
}

async fn abort(State(shared): State<Shared>, Json(body): Json<UploadKey>) -> Response {
    let mut seen = shared.seen.lock().unwrap();
    if let Some((status, body)) = seen.abort_faults.pop_front() {
        return (StatusCode::from_u16(status).unwrap(), Json(body)).into_response();
    }
    if seen.saved.contains_key(&body.upload_id) {
        let body = json!({ "statusCode": 409, "error": "x", "code": "already_finalized", "message": "No." });
        return (StatusCode::CONFLICT, Json(body)).into_response();
    }
    seen.aborted.push(body);
    StatusCode::NO_CONTENT.into_response()
}

async fn create_folder(State(shared): State<Shared>, Json(body): Json<dray_api::NewFolder>) -> Response {
    if body.name.contains("refused") {
        let body =
            json!({ "statusCode": 400, "error": "Bad Request", "code": "invalid_name", "message": "No." });
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    shared.seen.lock().unwrap().folders.push(body.name.clone());
    an_item(&body.name, "folder", None).into_response()
}

async fn item(State(shared): State<Shared>) -> Json<Value> {
    let seen = shared.seen.lock().unwrap();
    let Json(mut item) = an_item("../report.pdf", "file", Some(seen.content.len() as u64));
    if let Some(said) = &seen.said_size {
        item["fileSize"] = said.clone();
    }
    Json(item)
}

async fn download_url(State(shared): State<Shared>) -> Json<Value> {
    Json(json!({ "url": format!("{}/store/{DOWNLOAD}?sig=secret", shared.address) }))
}

async fn get_object(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let (range, if_match) = (text(header::RANGE), text(header::IF_MATCH));
    shared.seen.lock().unwrap().gets.push((range.clone(), if_match.clone()));
    let fault = shared.next_fault(DOWNLOAD);
    if let Some(Fault::Refuse(status, code)) = fault {
        return refuse(status, code);
    }
    if let Some(Fault::Busy(secs)) = fault {
        return busy(secs);
    }
    if let Some(Fault::RefuseForEver) = fault {
        return Response::new(endless());
    }
    let seen = shared.seen.lock().unwrap();
    if if_match.is_some_and(|wanted| wanted != seen.e_tag) {
        return refuse(412, "PreconditionFailed");
    }
    let start = match (&range, fault) {
        (None, _) | (_, Some(Fault::IgnoreRange)) => 0,
        (Some(range), _) => range.strip_prefix("bytes=").unwrap().trim_end_matches('-').parse().unwrap(),
    };
    let rest = seen.content[start..].to_vec();
    let total = seen.content.len();
    let mut response =
        Response::builder().header(header::ETAG, &seen.e_tag).header(header::CONTENT_LENGTH, rest.len());
    if start > 0 {
        let content_range = format!("bytes {start}-{}/{total}", total - 1);
        let status = if matches!(fault, Some(Fault::RangeAsOk)) { 200 } else { 206 };
        response = response.status(status).header(header::CONTENT_RANGE, content_range);
    }
    let body = match fault {
        // A length that was promised and not kept closes the connection.
        Some(Fault::BreakAfter(bytes)) => broken(rest[..bytes].to_vec()),
        _ => Body::from(rest),
    };
    response.body(body).unwrap()
}
