//! Webhooks: events are posted, signed, at least once, and only to allowed addresses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dray_server::{Config, WebhookSettings};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::acts::id;
use crate::batch;
use crate::grants::granted;
use crate::world::{World, wait_for};

const KEY: [u8; 32] = [7; 32];

/// A call that was received.
#[derive(Clone)]
struct Call {
    headers: HeaderMap,
    body: String,
}

impl Call {
    fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A program that receives events, and answers with the given statuses, then 204.
#[derive(Clone, Default)]
struct Receiver {
    calls: Arc<Mutex<Vec<Call>>>,
    refusals: Arc<Mutex<Vec<StatusCode>>>,
}

impl Receiver {
    async fn start() -> (Self, String) {
        let receiver = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let router = Router::new().route("/hook", post(receive)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (receiver, format!("http://{address}/hook?key=of-the-receiver"))
    }

    async fn wait_for(&self, count: usize) -> Vec<Call> {
        wait_for(async || self.calls.lock().await.len() >= count).await;
        self.calls.lock().await.clone()
    }

    async fn kinds(&self, count: usize) -> Vec<String> {
        let calls = self.wait_for(count).await;
        let mut kinds: Vec<_> =
            calls.iter().map(|call| call.event()["type"].as_str().unwrap().to_owned()).collect();
        kinds.sort();
        kinds
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let call = Call { headers, body: String::from_utf8(body.to_vec()).unwrap() };
    receiver.calls.lock().await.push(call);
    let mut refusals = receiver.refusals.lock().await;
    if refusals.is_empty() { StatusCode::NO_CONTENT } else { refusals.remove(0) }
}

fn telling(url: &str) -> impl FnOnce(&mut Config) {
    let urls = vec![url.parse().unwrap()];
    let secret = format!("whsec_{}", STANDARD.encode(KEY)).parse().unwrap();
    move |config| config.webhooks = Some(WebhookSettings { urls, secret, allow_private: true })
}

#[tokio::test]
async fn events_are_posted_with_a_valid_signature() {
    let (receiver, url) = Receiver::start().await;
    let world = World::start_with(telling(&url)).await;
    let owner = world.owner();
    let item = owner.upload("report.pdf", &[b"abc".to_vec()]).await;
    let call = receiver.wait_for(1).await.remove(0);
    let signed = format!("{}.{}.{}", call.header("webhook-id"), call.header("webhook-timestamp"), call.body);
    let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).unwrap();
    mac.update(signed.as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(call.header("webhook-signature"), signature);
    assert_eq!(call.header("content-type"), "application/json");
    let event = call.event();
    assert_eq!(
        (&event["type"], &event["data"]["item"]),
        (&json!("upload.finalized"), &owner.item(&id(&item)).await)
    );
    assert_eq!(event["data"]["upload"]["fileName"], "report.pdf");
    assert_eq!(event["data"]["userId"], item["owner"]);
}

#[tokio::test]
async fn the_event_of_an_upload_with_a_grant_has_what_its_maker_attached() {
    let (receiver, url) = Receiver::start().await;
    let world = World::start_with(telling(&url)).await;
    let request = json!({ "externalId": "case 7", "metadata": { "form": ["a", 1, null] } });
    let (holder, grant) = granted(&world, &world.owner(), &request).await;
    holder.upload_with("one", b"a", &json!({})).await;
    let many = [(batch::file("two", b"b"), &b"b"[..]), (batch::file("three", b"c"), b"c")];
    holder.upload_files(&world, &many, &json!({})).await;
    let open = holder.start("four", 1).await;
    holder.step("abort", &open.body(&json!({}))).await.done();
    let calls = receiver.wait_for(4).await;
    let mut told = Vec::new();
    for event in calls.iter().map(Call::event) {
        let upload = &event["data"]["upload"];
        assert_eq!(
            (&upload["grantId"], &upload["externalId"], &upload["metadata"]),
            (&grant["id"], &json!("case 7"), &request["metadata"]),
            "{event}"
        );
        told.push(format!("{} {}", event["type"].as_str().unwrap(), upload["fileName"].as_str().unwrap()));
    }
    told.sort();
    assert_eq!(
        told,
        ["upload.aborted four", "upload.finalized one", "upload.finalized three", "upload.finalized two"]
    );
}

#[tokio::test]
async fn events_about_uploads_to_a_file_request_name_the_request_and_its_submitter() {
    let (receiver, url) = Receiver::start().await;
    let world = World::start_with(telling(&url)).await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let body = json!({ "folderId": folder, "title": "Photos", "folderEach": true });
    let request = owner.post("/drive/requests", &body).await.ok();
    let slug = request["url"].as_str().unwrap().rsplit('/').next().unwrap();
    let address = format!("{}/r/{slug}/submitters", world.url);
    let made = world.http.post(address).json(&json!({})).send().await.unwrap();
    let holder = world.with_token(made.json::<Value>().await.unwrap()["grant"].as_str().unwrap());
    let item = holder.upload_with("a", b"a", &json!({})).await;
    let item = owner.item(&id(&item)).await;
    holder.start("b", 1).await;
    owner.patch(&format!("/drive/requests/{}", id(&request)), &json!({ "closed": true })).await.ok();
    let mut kinds = Vec::new();
    for call in receiver.wait_for(4).await {
        let event = call.event();
        let data = &event["data"];
        kinds.push(event["type"].as_str().unwrap().to_owned());
        if data["upload"].is_object() {
            assert_eq!(data["upload"]["requestId"], request["id"]);
            assert_eq!(data["upload"]["grantId"], item["grantId"]);
        }
    }
    kinds.sort();
    assert_eq!(kinds, ["folder.created", "folder.created", "upload.aborted", "upload.finalized"]);
}

#[tokio::test]
async fn every_kind_of_event_is_posted_once_and_refused_requests_cause_none() {
    let (receiver, url) = Receiver::start().await;
    let world = World::start_with(telling(&url)).await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    owner.change(&folder, &json!({ "name": "g" })).await.ok();
    assert_eq!(owner.change("0123456789abcdef01234567", &json!({ "name": "g" })).await.status, 404);
    for _ in 0..2 {
        owner.delete(&format!("/drive/files/{folder}")).await;
    }
    owner.post(&format!("/drive/files/{folder}/restore"), &json!({})).await.ok();
    owner.delete(&format!("/drive/files/{folder}")).await;
    owner.delete(&format!("/drive/trash/{folder}")).await;
    let other = owner.folder("h", None).await;
    owner.delete(&format!("/drive/files/{other}")).await;
    owner.delete("/drive/trash").await;
    let upload = owner.start("a", 1).await;
    for _ in 0..2 {
        assert_eq!(owner.step("abort", &upload.body(&json!({}))).await.status, 204);
    }
    let expected = [
        "folder.created",
        "folder.created",
        "item.changed",
        "item.removed",
        "item.restored",
        "item.trashed",
        "item.trashed",
        "item.trashed",
        "trash.emptied",
        "upload.aborted",
    ];
    assert_eq!(receiver.kinds(expected.len()).await, expected);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(receiver.calls.lock().await.len(), expected.len(), "no event that was answered is sent again");
}

#[tokio::test]
async fn a_receiver_that_was_down_gets_the_same_event_later() {
    let (receiver, url) = Receiver::start().await;
    receiver.refusals.lock().await.extend([StatusCode::INTERNAL_SERVER_ERROR, StatusCode::FOUND]);
    let mut world = World::start_with(telling(&url)).await;
    world.owner().folder("f", None).await;
    for count in 1..=2 {
        receiver.wait_for(count).await;
        let soon = world.now().as_millisecond() + 80_000;
        let postponed = format!("outbox where attempts = {count} and next_at < {soon}");
        wait_for(async || world.count(&postponed).await == 1).await;
        world.pass(SignedDuration::from_secs(30)).await;
    }
    let calls = receiver.wait_for(3).await;
    assert!(calls.iter().all(|call| call.header("webhook-id") == calls[0].header("webhook-id")));
    assert!(calls.iter().all(|call| call.body == calls[0].body));
    wait_for(async || world.count("outbox").await == 0).await;
    // An event that was recorded while no receiver was up is posted by the next server.
    world.stop().await;
    world.serve(telling("http://127.0.0.1:9/hook")).await;
    world.owner().folder("g", None).await;
    world.stop().await;
    world.execute(&format!("update outbox set url = '{url}', next_at = 0")).await;
    world.serve(telling(&url)).await;
    assert_eq!(receiver.wait_for(4).await[3].event()["data"]["item"]["name"], "g");
}

#[tokio::test]
async fn an_address_that_is_given_twice_is_called_once() {
    let (receiver, url) = Receiver::start().await;
    let world = World::start_with(|config| {
        telling(&url)(config);
        let webhooks = config.webhooks.as_mut().unwrap();
        webhooks.urls.push(url.replace("http://", "HTTP://").parse().unwrap());
    })
    .await;
    let owner = world.owner();
    owner.upload("a", &[b"a".to_vec()]).await;
    owner.upload("b", &[b"b".to_vec()]).await;
    wait_for(async || world.count("outbox").await == 0).await;
    assert_eq!(receiver.calls.lock().await.len(), 2);
}

#[tokio::test]
async fn uncommitted_events_are_not_posted_and_private_addresses_are_not_called() {
    let (receiver, url) = Receiver::start().await;
    let port = url.rsplit(':').next().unwrap();
    let world = World::start_with(|config: &mut Config| {
        telling(&url)(config);
        let webhooks = config.webhooks.as_mut().unwrap();
        webhooks.allow_private = false;
        webhooks.urls.push(format!("http://localhost:{port}").parse().unwrap());
    })
    .await;
    world.owner().folder("f", None).await;
    wait_for(async || world.count("outbox where attempts > 0").await == 2).await;
    assert!(receiver.calls.lock().await.is_empty(), "it is called neither by address nor by name");
}

#[tokio::test]
async fn events_that_a_clock_far_ahead_has_postponed_are_delivered_all_the_same() {
    let (receiver, url) = Receiver::start().await;
    receiver.refusals.lock().await.push(StatusCode::INTERNAL_SERVER_ERROR);
    let world = World::start_with(telling(&url)).await;
    world.owner().folder("f", None).await;
    receiver.wait_for(1).await;
    wait_for(async || world.count("outbox where attempts = 1").await == 1).await;
    let in_a_year = (world.now() + SignedDuration::from_hours(365 * 24)).as_millisecond();
    world.execute(&format!("update outbox set next_at = {in_a_year}")).await;
    receiver.wait_for(2).await;
    wait_for(async || world.count("outbox").await == 0).await;
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_gives_up_no_event() {
    let (receiver, url) = Receiver::start().await;
    receiver.refusals.lock().await.extend([StatusCode::INTERNAL_SERVER_ERROR; 2]);
    let mut world = World::start_with(telling(&url)).await;
    world.owner().folder("f", None).await;
    receiver.wait_for(1).await;
    wait_for(async || world.count("outbox where attempts = 1").await == 1).await;
    world.stop().await;
    world.set_clock_off(SignedDuration::from_hours(400 * 24));
    world.execute("update outbox set next_at = 0").await;
    world.serve(telling(&url)).await;
    receiver.wait_for(2).await;
    wait_for(async || world.count("outbox where attempts = 2").await == 1).await;
    world.set_clock_off(SignedDuration::ZERO);
    world.execute("update outbox set next_at = 0").await;
    receiver.wait_for(3).await;
    wait_for(async || world.count("outbox").await == 0).await;
}
