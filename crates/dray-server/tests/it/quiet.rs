//! A store that takes long for a Complete, and meanwhile says that it knows neither the upload nor its object. That
//! proves nothing, so no upload is given up before the quiet time has passed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use dray_s3::{AddressingStyle, Endpoint, PresignScope, presign};
use dray_server::{Config, S3Config};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::acts::id;
use crate::middle::{Act, Middle};
use crate::world::{Started, World, real_now, refusal, wait_for};

/// No Complete has been under way for long, and the server has watched all the time.
const QUIET: &str = "update uploads set attempted_at = 1; update watches set since = 1";

/// A slow store in front of a fast one.
struct Slow {
    store: String,
    /// The settings with which a drive reaches it.
    config: S3Config,
    http: reqwest::Client,
    /// Whether Completes wait, and their uploads are denied meanwhile.
    is_held: watch::Sender<bool>,
    has_begun: AtomicBool,
    completes: AtomicUsize,
    /// Whether every Complete is answered as if there were no such upload, although its parts are listed.
    denies_completes: AtomicBool,
    /// The answers to every Complete, one after the other, instead of the store's. The store may have done it.
    answers: Mutex<Vec<(u16, &'static str)>>,
    /// Whether listing an upload's parts is refused, as it is for keys without that right.
    lists_nothing: AtomicBool,
}

const UNKNOWN: &str = "<Error><Code>NoSuchUpload</Code><Message>It is not known.</Message></Error>";

impl Slow {
    async fn start(store: &World) -> (Arc<Self>, S3Config) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = format!("http://{}", listener.local_addr().unwrap());
        let config = S3Config { public_endpoint: Some(store.url.clone()), ..store.as_store(here) };
        let slow = Arc::new(Self {
            store: store.url.clone(),
            config: config.clone(),
            http: store.http.clone(),
            is_held: watch::Sender::new(true),
            has_begun: AtomicBool::new(false),
            completes: AtomicUsize::new(0),
            denies_completes: AtomicBool::new(false),
            answers: Mutex::default(),
            lists_nothing: AtomicBool::new(false),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&slow));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (slow, config)
    }

    /// Makes the store complete an upload of one part.
    async fn complete(&self, upload: &Started, listed: &Value) {
        let endpoint = Endpoint::parse(&self.store, AddressingStyle::Path).unwrap();
        let scope = PresignScope {
            credentials: self.config.credentials.as_ref().unwrap(),
            region: &self.config.region,
            endpoint: &endpoint,
            bucket: &self.config.bucket,
            key: &upload.file_key,
            now: real_now(),
            expires_secs: 60,
        };
        let url = presign(&Method::POST, &scope, &[("uploadId", &upload.upload_id)]).unwrap();
        let etag = listed[0]["eTag"].as_str().unwrap();
        let body = format!(
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
        );
        let answer = self.http.post(url).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }

    /// An external store that is not slow.
    async fn prompt(store: &World) -> S3Config {
        let (slow, config) = Self::start(store).await;
        slow.is_held.send_replace(false);
        config
    }

    async fn forward(&self, method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Response {
        let url = format!("{}{}", self.store, uri.path_and_query().unwrap());
        let answer = self.http.request(method, url).headers(headers).body(body).send().await.unwrap();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        *response.body_mut() = Body::from(answer.bytes().await.unwrap());
        response
    }
}

async fn answer(
    State(slow): State<Arc<Slow>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_of_upload = uri.query().is_some_and(|query| query.contains("uploadId="));
    // The mark that says whose store it is does not come by a Complete.
    let is_of_file = uri.path().contains("/files/") && !uri.path().contains("/.dray-store/");
    let is_denied = *slow.is_held.borrow() && slow.has_begun.load(Ordering::SeqCst);
    match method {
        Method::POST if is_of_upload && slow.denies_completes.load(Ordering::SeqCst) => {
            (StatusCode::NOT_FOUND, UNKNOWN).into_response()
        }
        Method::GET if is_of_upload && slow.lists_nothing.load(Ordering::SeqCst) => {
            (StatusCode::FORBIDDEN, said("AccessDenied")).into_response()
        }
        Method::POST if is_of_upload && !slow.answers.lock().unwrap().is_empty() => {
            let at = slow.completes.fetch_add(1, Ordering::SeqCst);
            let answers = slow.answers.lock().unwrap();
            let (status, code) = answers[at % answers.len()];
            (StatusCode::from_u16(status).unwrap(), said(code)).into_response()
        }
        Method::POST if is_of_upload && !is_denied => {
            slow.has_begun.store(true, Ordering::SeqCst);
            slow.completes.fetch_add(1, Ordering::SeqCst);
            // It continues even if nobody waits for its answer any more.
            let complete = tokio::spawn(async move {
                slow.is_held.subscribe().wait_for(|is_held| !is_held).await.unwrap();
                slow.forward(method, &uri, headers, body).await
            });
            complete.await.unwrap()
        }
        _ if is_denied && (is_of_upload || method == Method::HEAD && is_of_file) => {
            (StatusCode::NOT_FOUND, UNKNOWN).into_response()
        }
        _ => slow.forward(method, &uri, headers, body).await,
    }
}

fn said(code: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>Because.</Message></Error>")
}

/// A drive that is stopped while a Complete is under way in its store, and started again.
async fn stopped_in_complete() -> (World, World, Arc<Slow>, Started, Value) {
    stopped_in_complete_beside(&[], &json!({})).await
}

/// The same, with these empty files in the drive as well.
async fn stopped_in_complete_beside(
    files: &[&str],
    more: &Value,
) -> (World, World, Arc<Slow>, Started, Value) {
    let store = World::start().await;
    let (slow, s3) = Slow::start(&store).await;
    let settings = move |config: &mut Config| {
        config.s3 = Some(s3.clone());
        config.shutdown_grace = Duration::from_millis(100);
    };
    let mut drive = World::start_with(settings.clone()).await;
    for name in files {
        drive.owner().upload(name, &[Vec::new()]).await;
    }
    let upload = drive.owner().start_with("a", 3, more).await;
    let listed = drive.owner().put_parts(&upload, &[b"abc".to_vec()]).await;
    let (owner, same, parts) = (drive.owner(), upload.clone(), listed.clone());
    let asked =
        tokio::spawn(async move { owner.step("finalize", &same.body(&json!({ "parts": parts }))).await });
    wait_for(async || slow.completes.load(Ordering::SeqCst) == 1).await;
    asked.abort();
    let stopped = tokio::time::timeout(Duration::from_secs(20), drive.stop()).await;
    assert!(stopped.is_ok(), "a server that stops does not wait for a Complete of ten minutes");
    drive.serve(settings).await;
    (store, drive, slow, upload, listed)
}

#[tokio::test]
async fn a_finalize_whose_complete_is_still_under_way_is_not_given_up() {
    let (_store, drive, slow, upload, listed) = stopped_in_complete().await;
    let owner = drive.owner();
    for _ in 0..3 {
        assert_eq!(owner.finalize(&upload, &listed).await.refused(), refusal(503, "finalize_pending"));
    }
    let parts = owner.step("parts", &upload.body(&json!({}))).await;
    assert_eq!(parts.refused(), refusal(503, "finalize_pending"), "its upload is not reported as ended");
    assert_eq!(
        slow.completes.load(Ordering::SeqCst),
        1,
        "an upload whose Complete has an unknown outcome is not completed again"
    );
    slow.is_held.send_replace(false);
    wait_for(async || owner.finalize(&upload, &listed).await.status == 200).await;
    let item = owner.finalize(&upload, &listed).await.ok();
    assert_eq!(owner.download(item["id"].as_str().unwrap()).await, b"abc");
    assert_eq!(drive.count("items").await, 1);
}

#[tokio::test]
async fn after_the_quiet_time_silence_is_proof() {
    let (_store, drive, _slow, upload, listed) = stopped_in_complete().await;
    let owner = drive.owner();
    assert_eq!(owner.finalize(&upload, &listed).await.refused(), refusal(503, "finalize_pending"));
    drive.execute(QUIET).await;
    assert_eq!(owner.finalize(&upload, &listed).await.refused(), refusal(410, "upload_aborted"));
}

#[tokio::test]
async fn what_an_upload_becomes_that_was_aborted_during_its_complete_is_removed_after_the_quiet_time() {
    let (store, mut drive, slow, upload, listed) =
        stopped_in_complete_beside(&["b"], &json!({ "onConflict": "fail" })).await;
    let owner = drive.owner();
    let id = drive.database.text(drive.data.path(), "select id from items").await;
    owner.change(&id, &json!({ "name": "a" })).await.ok();
    assert_eq!(owner.finalize(&upload, &listed).await.refused(), refusal(409, "name_taken"));
    // The upload is open again, so its client may abort it. The store says that it has nothing of the upload.
    owner.step("abort", &upload.body(&json!({}))).await.done();
    slow.is_held.send_replace(false);
    wait_for(async || store.object_keys().await.contains(&upload.file_key)).await;
    let unfreed = async || drive.count("uploads where state = 'aborted' and parts_freed_at is null").await;
    assert_eq!(unfreed().await, 1, "the store's answer proves nothing yet");
    drive
        .execute("update uploads set attempted_at = 1, next_try_at = null; update watches set since = 1")
        .await;
    drive.stop().await;
    drive.serve(|config| config.s3 = Some(slow.config.clone())).await;
    wait_for(async || !store.object_keys().await.contains(&upload.file_key)).await;
}

#[tokio::test]
async fn a_store_that_lists_parts_and_never_completes_them_is_not_asked_forever() {
    let store = World::start().await;
    let (slow, s3) = Slow::start(&store).await;
    slow.denies_completes.store(true, Ordering::SeqCst);
    let drive = World::start_with(move |config: &mut Config| config.s3 = Some(s3)).await;
    let owner = drive.owner();
    let upload = owner.start("a", 3).await;
    let listed = owner.put_parts(&upload, &[b"abc".to_vec()]).await;
    let pending = refusal(503, "finalize_pending");
    assert_eq!(owner.finalize(&upload, &listed).await.refused(), pending);
    // Its first Complete was long ago. The repeats do not start the wait again.
    drive.execute(QUIET).await;
    assert_eq!(owner.finalize(&upload, &listed).await.refused(), refusal(410, "upload_aborted"));
    assert_eq!(drive.count("uploads where state = 'aborted'").await, 1);
}

/// A drive with an upload whose parts are stored, and whose Completes always get these answers.
async fn never_completed(answers: &[(u16, &'static str)]) -> (World, World, Arc<Slow>, Started, Value) {
    let store = World::start().await;
    let (slow, s3) = Slow::start(&store).await;
    slow.answers.lock().unwrap().extend(answers);
    slow.is_held.send_replace(false);
    let drive = World::start_with(move |config: &mut Config| config.s3 = Some(s3)).await;
    let upload = drive.owner().start("a", 3).await;
    let listed = drive.owner().put_parts(&upload, &[b"abc".to_vec()]).await;
    (store, drive, slow, upload, listed)
}

/// Two days after its end, after the largest number of Completes. After a week the sweep would forget the row.
async fn pass_two_days_after_the_end(drive: &World) {
    let ended = (drive.now() - SignedDuration::from_hours(48)).as_millisecond();
    drive.execute(&format!("update uploads set expires_at = {ended}, inconclusive = 8")).await;
}

async fn check_given_up_in_the_end(answers: &[(u16, &'static str)]) {
    let (store, drive, slow, upload, listed) = never_completed(answers).await;
    let owner = drive.owner();
    for _ in 0..2 {
        assert!(owner.finalize(&upload, &listed).await.status.as_u16() >= 500, "{answers:?}");
    }
    assert_eq!(drive.count("uploads where inconclusive = 2").await, 1, "{answers:?}");
    drive.execute(QUIET).await;
    let asked = slow.completes.load(Ordering::SeqCst);
    owner.finalize(&upload, &listed).await.refused();
    assert!(slow.completes.load(Ordering::SeqCst) > asked, "before its end it is completed again");

    pass_two_days_after_the_end(&drive).await;
    let asked = slow.completes.load(Ordering::SeqCst);
    let pending = refusal(503, "finalize_pending");
    assert_eq!(owner.finalize(&upload, &listed).await.refused(), pending, "a Complete may be under way");
    drive.execute(QUIET).await;
    assert_eq!(owner.finalize(&upload, &listed).await.refused(), refusal(410, "upload_aborted"));
    assert_eq!(slow.completes.load(Ordering::SeqCst), asked, "no Complete is sent any more");
    assert_eq!(store.uploads_in_store().await, 0);
}

#[tokio::test]
async fn an_upload_that_the_store_never_completes_is_given_up_long_after_its_end() {
    check_given_up_in_the_end(&[(500, "InternalError")]).await;
    check_given_up_in_the_end(&[(403, "AccessDenied")]).await;
    // A Complete is sent again after a temporary error, and then there is no such upload.
    check_given_up_in_the_end(&[(500, "InternalError"), (404, "NoSuchUpload")]).await;
}

#[tokio::test]
async fn an_object_that_appears_late_becomes_an_item() {
    let (_store, drive, slow, upload, listed) = never_completed(&[(500, "InternalError")]).await;
    let owner = drive.owner();
    owner.finalize(&upload, &listed).await.refused();
    // One of the Completes succeeded.
    slow.complete(&upload, &listed).await;
    pass_two_days_after_the_end(&drive).await;
    drive.execute(QUIET).await;
    let item = owner.finalize(&upload, &listed).await.ok();
    assert_eq!(owner.download(item["id"].as_str().unwrap()).await, b"abc");
}

#[tokio::test]
async fn the_sweeper_ends_an_upload_that_no_client_asks_for_any_more() {
    let (_store, mut drive, slow, upload, listed) = never_completed(&[(403, "AccessDenied")]).await;
    drive.owner().finalize(&upload, &listed).await.refused();
    pass_two_days_after_the_end(&drive).await;
    drive.execute(QUIET).await;
    drive.stop().await;
    drive.serve(|config| config.s3 = Some(slow.config.clone())).await;
    wait_for(async || drive.count("uploads where state = 'aborted'").await == 1).await;
}

#[tokio::test]
async fn an_upload_whose_parts_may_not_be_listed_can_be_aborted_by_its_client() {
    let (_store, drive, slow, upload, listed) = never_completed(&[]).await;
    let owner = drive.owner();
    slow.lists_nothing.store(true, Ordering::SeqCst);
    assert_eq!(owner.finalize(&upload, &listed).await.status, 503);
    owner.step("abort", &upload.body(&json!({}))).await.done();
}

#[tokio::test]
async fn an_empty_file_whose_upload_the_store_did_not_abort_leaves_nothing_there_in_the_end() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    let mut drive = World::start_with(|config: &mut Config| config.s3 = Some(s3.clone())).await;
    middle.will(Act::RefusesAborts);
    let item = drive.owner().upload("a", &[Vec::new()]).await;
    assert_eq!((store.uploads_in_store().await, drive.count("items").await), (1, 1));
    drive.stop().await;
    drive.serve(|config: &mut Config| config.s3 = Some(s3.clone())).await;
    wait_for(async || drive.count("tombstones where tries > 0").await == 1).await;
    middle.will(Act::Serves);
    drive.execute("update tombstones set next_try_at = null").await;
    drive.stop().await;
    drive.serve(|config: &mut Config| config.s3 = Some(s3)).await;
    wait_for(async || store.uploads_in_store().await == 0 && drive.count("tombstones").await == 0).await;
    assert_eq!(drive.owner().download(item["id"].as_str().unwrap()).await, b"");
}

#[tokio::test]
async fn an_object_is_removed_once_more_after_the_last_moment_at_which_a_put_of_it_may_take_effect() {
    let store = World::start().await;
    let s3 = store.as_store(store.url.clone());
    let settings = move |config: &mut Config| config.s3 = Some(s3.clone());
    let mut drive = World::start_with(settings.clone()).await;
    let owner = drive.owner();
    let item = owner.upload("a", &[Vec::new()]).await;
    owner.trash(&id(&item)).await;
    owner.purge(&id(&item)).await;
    wait_for(async || store.object_keys().await.is_empty() && drive.count("items").await == 0).await;
    let repeated = "tombstones where object_key not like '%.empty' and next_try_at > 0";
    wait_for(async || drive.count(repeated).await == 1).await;
    // Eleven minutes later.
    drive.stop().await;
    drive
        .execute("update uploads set attempted_at = attempted_at - 11 * 60000; update watches set since = 1")
        .await;
    drive.execute("update tombstones set next_try_at = 1").await;
    drive.serve(settings).await;
    wait_for(async || drive.count("tombstones").await == 0).await;
}

#[tokio::test]
async fn an_empty_file_that_replaces_another_leaves_nothing_in_an_external_store() {
    let store = World::start().await;
    let s3 = Slow::prompt(&store).await;
    let drive = World::start_with(move |config: &mut Config| config.s3 = Some(s3)).await;
    // While a backup holds its lease, the sweeper removes no object.
    let until = drive.now().as_millisecond() + 5 * 60_000;
    let lease = format!("insert into leases (name, holder, held_until) values ('backup', 'a test', {until})");
    drive.execute(&lease).await;
    let replace = json!({ "onConflict": "replace" });
    let first = drive.owner().upload_with("a", b"", &replace).await;
    assert_eq!(drive.owner().upload_with("a", b"", &replace).await["id"], first["id"]);
    assert_eq!(
        drive.count("tombstones where object_key like '%.empty'").await,
        2,
        "the scratch objects of both"
    );
}

#[tokio::test]
async fn an_empty_file_that_the_store_refuses_is_open_again_so_that_its_client_can_try_again_or_abort() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    let drive = World::start_with(|config: &mut Config| config.s3 = Some(s3)).await;
    let owner = drive.owner();
    for ends_well in [true, false] {
        middle.will(Act::Serves);
        let upload = owner.start("a", 0).await;
        let parts = owner.put_parts(&upload, &[Vec::new()]).await;
        middle.will(Act::RefusesObjects);
        for _ in 0..2 {
            assert_eq!(owner.finalize(&upload, &parts).await.refused(), refusal(503, "store_unreachable"));
        }
        assert_eq!(drive.count("uploads where state = 'open' and attempted_at is null").await, 1);
        if ends_well {
            middle.will(Act::Serves);
            owner.finalize(&upload, &parts).await.ok();
        } else {
            owner.step("abort", &upload.body(&json!({}))).await.done();
        }
    }
}
