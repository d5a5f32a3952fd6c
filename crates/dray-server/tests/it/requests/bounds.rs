//! What strangers can use up: every bound holds, its refusal is clear, and others are not hindered.

use dray_server::Config;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream;
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{requested, submissions, submitter, visit};
use crate::acts::id;
use crate::world::{Actor, Answer, World, refusal, wait_for};

fn one_file() -> Value {
    json!({ "fileName": "a", "fileSize": 1, "mimeType": "a/b" })
}

/// A request from `client`, as a proxy would pass it on.
async fn visit_from(world: &World, client: &str, path: &str, body: &Value) -> Answer {
    let request = world.http.post(format!("{}{path}", world.url)).header("x-forwarded-for", client);
    Answer::of(request.json(body)).await
}

#[tokio::test]
async fn ten_thousand_requests_of_one_address_keep_little_and_hinder_nobody() {
    let behind = |config: &mut Config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let mut world = World::start_with(behind).await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (request, path) = requested(&owner, &folder, &json!({ "maxSubmitters": 10 })).await;
    let (_, guarded) = requested(&owner, &folder, &json!({ "password": "correct horse" })).await;
    let (flood, other) = ("198.51.100.7", "198.51.100.8");
    let join = format!("{path}/submitters");
    let asked = stream::iter(0..10_000).map(async |at: u32| match at % 4 {
        0 | 1 => visit_from(&world, flood, &join, &json!({})).await,
        2 => {
            visit_from(&world, flood, &format!("{guarded}/open"), &json!({ "password": "wrong horse" })).await
        }
        _ => visit_from(&world, flood, "/r/0123456789abcdef0123456789abcdef/open", &json!({})).await,
    });
    let (mut joined, mut answers) = (0, asked.buffer_unordered(16));
    while let Some(answer) = answers.next().await {
        match answer.status {
            StatusCode::OK => joined += 1,
            StatusCode::TOO_MANY_REQUESTS => assert!(answer.headers.contains_key("retry-after")),
            StatusCode::FORBIDDEN => assert_eq!(answer.refused(), refusal(403, "request_password")),
            _ => assert_eq!(answer.refused(), refusal(404, "request_not_found")),
        }
    }
    drop(answers);
    assert!((60..200).contains(&joined), "{joined} became submitters");
    assert_eq!(world.count("submitters").await, joined);
    let refused = visit_from(&world, flood, &join, &json!({})).await.refused();
    assert_eq!(refused, refusal(429, "rate_limited"));
    let made = visit_from(&world, other, &join, &json!({})).await.ok();
    let holder = world.with_token(made["grant"].as_str().unwrap());
    holder.upload_with("a", b"a", &json!({})).await;
    visit_from(&world, other, &format!("{guarded}/open"), &json!({ "password": "correct horse" })).await.ok();
    world.pass(SignedDuration::from_mins(61)).await;
    world.restart().await;
    wait_for(async || world.count("submitters").await == 1).await;
    assert_eq!(submissions(&world.owner(), &request).await.len(), 1);
}

/// Starts `each` uploads of each of these at the same time. Returns how many were admitted; the others get `code`.
async fn start_at_once(holders: &[Actor], each: usize, code: &str) -> usize {
    let body = one_file();
    let starts = holders.iter().flat_map(|holder| (0..each).map(|_| holder.step("start", &body)));
    let answers = join_all(starts).await;
    let (started, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status.is_success());
    for answer in refused {
        assert_eq!(answer.refused(), refusal(409, code));
    }
    started.len()
}

#[tokio::test]
async fn submitters_who_start_at_once_never_exceed_what_the_request_takes_in_all() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    for limit in [json!({ "maxTotalFiles": 3 }), json!({ "maxTotalBytes": 3 })] {
        let (request, path) = requested(&owner, &folder, &limit).await;
        let mut holders = Vec::new();
        for _ in 0..4 {
            holders.push(submitter(&world, &path, &json!({})).await);
        }
        assert_eq!(start_at_once(&holders, 3, "grant_used_up").await, 3, "{limit}");
        let own = format!("/drive/requests/{}", id(&request));
        owner.patch(&own, &json!({ "maxTotalFiles": 4, "maxTotalBytes": null })).await.ok();
        assert_eq!(start_at_once(&holders, 1, "grant_used_up").await, 1, "{limit}");
    }
}

#[tokio::test]
async fn no_more_submitters_start_than_a_request_takes_and_idle_ones_take_no_place() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (request, path) = requested(&owner, &folder, &json!({ "maxSubmitters": 2 })).await;
    let mut holders = Vec::new();
    for _ in 0..6 {
        holders.push(submitter(&world, &path, &json!({})).await);
    }
    assert_eq!(start_at_once(&holders, 1, "request_full").await, 2);
    let own = format!("/drive/requests/{}", id(&request));
    assert_eq!(owner.get(&own).await.ok()["submitters"], 2);
    assert_eq!(owner.patch(&own, &json!({ "maxSubmitters": 3 })).await.ok()["maxSubmitters"], 3);
    assert_eq!(
        start_at_once(&holders[5..], 1, "request_full").await
            + start_at_once(&holders, 1, "request_full").await,
        4
    );
}

#[tokio::test]
async fn a_start_and_a_closing_at_the_same_time_leave_no_unfinished_upload() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    for _ in 0..10 {
        let (request, path) = requested(&owner, &folder, &json!({})).await;
        let holder = submitter(&world, &path, &json!({})).await;
        let own = format!("/drive/requests/{}", id(&request));
        let (body, close) = (one_file(), json!({ "closed": true }));
        let starts = join_all((0..4).map(|_| holder.step("start", &body)));
        let (_, closed) = tokio::join!(starts, owner.patch(&own, &close));
        closed.ok();
        assert_eq!(world.count("uploads where state in ('opening', 'open')").await, 0);
    }
}

#[tokio::test]
async fn the_quota_of_the_owner_is_hidden_from_submitters_and_holds() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (_, path) = requested(&owner, &folder, &json!({})).await;
    let holder = submitter(&world, &path, &json!({})).await;
    world.execute("update memberships set quota_bytes = 777").await;
    let large = json!({ "fileName": "a", "fileSize": 778, "mimeType": "a/b" });
    let answer = holder.step("start", &large).await;
    assert!(!answer.body.to_string().contains("777"), "{}", answer.body);
    assert_eq!(answer.refused(), refusal(507, "quota_exceeded"));
    assert_eq!(world.count("uploads").await, 0);
    visit(&world, &format!("{path}/open"), &json!({})).await.ok();
}

#[tokio::test]
async fn a_batch_of_small_files_is_taken_as_far_as_the_request_allows() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let limits = json!({ "maxTotalFiles": 3, "maxFileBytes": 10, "folderEach": true });
    let (request, path) = requested(&owner, &folder, &limits).await;
    let holder = submitter(&world, &path, &json!({})).await;
    let file = |name: &str, size: u64| json!({ "path": name, "fileSize": size, "mimeType": "a/b" });
    let files = [file("a", 1), file("large", 11), file("b", 1), file("c", 1), file("d", 1)];
    let answer = holder.post("/drive/files/upload/batch/start", &json!({ "files": files })).await.ok();
    let codes: Vec<_> =
        answer["files"].as_array().unwrap().iter().map(|file| file["error"]["code"].clone()).collect();
    assert_eq!(json!(codes), json!([null, "file_too_large", null, null, "grant_used_up"]));
    assert_eq!(owner.listed(&folder).await.len(), 1, "one folder for the submitter");
    let own = format!("/drive/requests/{}", id(&request));
    assert_eq!(owner.get(&own).await.ok()["submitters"], 1);
    owner.patch(&own, &json!({ "closed": true })).await.ok();
    for route in ["start", "finalize"] {
        let files = json!({ "files": [] });
        let refused = holder.post(&format!("/drive/files/upload/batch/{route}"), &files).await.refused();
        assert_eq!(refused, refusal(410, "request_closed"), "{route}");
    }
}
