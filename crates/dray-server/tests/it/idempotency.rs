//! `Idempotency-Key`: a request that creates something creates it once, however often it is sent.

use dray_server::{Config, creating_routes};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::acts::id;
use crate::world::{Actor, Answer, World, refusal};

async fn make(actor: &Actor, path: &str, key: &str, body: &Value) -> Answer {
    let request = actor.request(Method::POST, path).header("idempotency-key", key).json(body);
    Answer::of(request).await
}

fn is_repeat(answer: &Answer) -> bool {
    answer.headers.get("idempotency-replayed").is_some_and(|value| value == "true")
}

const START: &str = "/drive/files/upload/multipart/start";
const BATCH: &str = "/drive/files/upload/batch/start";

fn start() -> Value {
    json!({ "fileName": "a", "fileSize": 1, "mimeType": "a/b" })
}

/// Path and body of a request to each creating route. A route that is missing here fails.
async fn requests(owner: &Actor) -> Vec<(String, Value)> {
    let (file, folder) = (owner.file("a", None).await, owner.folder("inbox", None).await);
    let mut requests = Vec::new();
    for (method, route) in creating_routes() {
        assert_eq!(method, Method::POST);
        let path = route.strip_prefix("/public/v1").unwrap().replace("{id}", &file);
        let body = match path.as_str() {
            START => start(),
            BATCH => json!({ "files": [{ "path": "a", "fileSize": 1, "mimeType": "a/b" }] }),
            "/drive/folders" => json!({ "name": "f" }),
            "/drive/grants" => json!({ "maxFiles": 1 }),
            "/drive/requests" => json!({ "folderId": folder, "title": "t", "password": "correct horse" }),
            "/tokens" => json!({ "name": "t", "scopes": ["drive_read"] }),
            "/tokens/rotate" => json!({}),
            path if path.ends_with("/links") => json!({ "password": "correct horse" }),
            other => panic!("{other} creates something, and this test has no request for it"),
        };
        requests.push((path, body));
    }
    requests
}

/// Removes the signed addresses from the answer to a batch.
fn without_addresses(answer: &mut Value) {
    for file in answer.get_mut("files").and_then(Value::as_array_mut).into_iter().flatten() {
        assert!(file["upload"]["url"].is_string());
        file["upload"]["url"] = Value::Null;
    }
    if answer.get("files").is_some() {
        answer["expiresAt"] = Value::Null;
    }
    if let Some(pipeline) = answer.get_mut("pipeline") {
        assert!(pipeline["url"].is_string());
        pipeline["url"] = Value::Null;
    }
}

async fn rows(world: &World) -> [i64; 4] {
    [
        world.count("items").await,
        world.count("links").await,
        world.count("tokens").await,
        world.count("uploads").await,
    ]
}

#[tokio::test]
async fn every_route_that_creates_answers_a_repeat_with_what_the_first_made() {
    let world = World::start().await;
    for (path, body) in requests(&world.owner()).await {
        let owner = world.owner();
        let before = rows(&world).await;
        let first = make(&owner, &path, "\"key 1\"", &body).await;
        assert!(!is_repeat(&first) && first.status == 200, "{path}: {}", first.body);
        let after = rows(&world).await;
        assert_eq!(after.iter().sum::<i64>(), before.iter().sum::<i64>() + 1, "{path}");
        let mut again = make(&owner, &path, "\"key 1\"", &body).await;
        assert!(is_repeat(&again), "{path}: {}", again.body);
        assert_eq!(rows(&world).await, after, "{path}");
        let mut expected = first.body.clone();
        for secret in ["token", "grant"] {
            expected.as_object_mut().unwrap().remove(secret);
        }
        without_addresses(&mut again.body);
        without_addresses(&mut expected);
        assert_eq!(again.body, expected, "{path}: the same except for the secret and the signed URLs");
        let mut other = body.clone();
        other["more"] = json!(1);
        again = make(&owner, &path, "\"key 1\"", &other).await;
        assert_eq!(again.refused(), refusal(409, "idempotency_key_reused"), "{path}");
        if path != "/tokens/rotate" {
            assert!(
                !is_repeat(&make(&owner, &path, "key2", &body).await),
                "{path}: another key makes another"
            );
        }
        let refused = make(&owner, &path, "", &body).await;
        assert_eq!(refused.refused_for("Idempotency-Key"), refusal(400, "invalid_parameter"), "{path}");
    }
}

#[tokio::test]
async fn a_repeat_is_answered_although_its_request_would_be_refused_by_now() {
    let mut world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("place", None).await;
    let requests = requests(&owner).await;
    let soon = (world.now() + SignedDuration::from_mins(10)).to_string();
    let mut made = Vec::new();
    for (path, mut body) in requests {
        for field in ["expiresAt", "rotateUntil", "deadline"] {
            body[field] = json!(soon);
        }
        if path != "/tokens" {
            body["folderId"] = json!(folder);
        }
        body["parentId"] = json!(folder);
        made.push((make(&owner, &path, "k", &body).await.ok(), path, body));
    }
    owner.trash(&folder).await;
    world.pass(SignedDuration::from_mins(11)).await;
    world.stop().await;
    world
        .serve(|config: &mut Config| {
            config.uploads.max_file_bytes = 0;
            config.uploads.blocked_types = vec!["a/b".parse().unwrap()];
        })
        .await;
    let owner = world.owner();
    for (first, path, body) in made {
        let again = make(&owner, &path, "k", &body).await;
        assert!(is_repeat(&again), "{path}: {}", again.body);
        let ids = |answer: &Value| {
            ["/id", "/_id", "/uploadId", "/files/0/upload/uploadId"]
                .map(|place| answer.pointer(place).cloned())
        };
        assert_eq!(ids(&again.body), ids(&first), "{path}");
        if !path.contains("upload") && path != "/drive/folders" {
            let anew = make(&owner, &path, "another", &body).await;
            assert_eq!(anew.refused().0 / 100, 4, "{path}");
        }
    }
}

#[tokio::test]
async fn every_route_that_creates_is_documented_with_the_header() {
    let world = World::start().await;
    let document = Answer::of(world.http.get(format!("{}/openapi.json", world.url))).await.ok();
    let creating = creating_routes();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let has_header = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
            let creates = method == "post" && creating.iter().any(|(_, creating)| creating == path);
            assert_eq!(has_header, creates, "{method} {path}");
        }
    }
    assert_eq!(creating.len(), 8);
}

#[tokio::test]
async fn many_at_once_with_one_key_make_one() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({ "name": "f" });
    let asked = (0..16).map(|_| make(&owner, "/drive/folders", "same", &body));
    let answers = futures_util::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| !is_repeat(answer)).count(), 1);
    let made: std::collections::BTreeSet<_> = answers.iter().map(|answer| id(&answer.body)).collect();
    assert_eq!((made.len(), world.count("items").await), (1, 1));
    let body = start();
    let asked = (0..16).map(|_| make(&owner, START, "same", &body));
    for answer in futures_util::future::join_all(asked).await {
        if answer.status != 200 {
            assert_eq!(answer.headers["retry-after"], "2");
            assert_eq!(answer.refused(), refusal(409, "idempotency_key_in_use"));
        }
    }
    assert!(is_repeat(&make(&owner, START, "same", &start()).await));
    assert_eq!((world.count("uploads").await, world.uploads_in_store().await), (1, 1));
}

#[tokio::test]
async fn what_was_refused_is_not_kept_and_is_made_once_it_is_mended() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    owner.trash(&folder).await;
    let body = json!({ "name": "f", "parentId": folder });
    assert_eq!(make(&owner, "/drive/folders", "k", &body).await.refused(), refusal(404, "not_found"));
    owner.restore(&folder).await.ok();
    let made = make(&owner, "/drive/folders", "k", &body).await;
    assert!(!is_repeat(&made));
    made.ok();
}

#[tokio::test]
async fn ids_in_the_path_count_as_the_same_in_upper_and_lower_case() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let path = |id: &str| format!("/drive/files/{id}/links");
    let first = make(&owner, &path(&file), "k", &json!({})).await;
    let again = make(&owner, &path(&file.to_uppercase()), "k", &json!({})).await;
    assert!(is_repeat(&again), "{}", again.body);
    assert_eq!(id(&again.ok()), id(&first.ok()));
    let other = owner.file("b", None).await;
    let answer = make(&owner, &path(&other), "k", &json!({})).await;
    assert_eq!(answer.refused(), refusal(409, "idempotency_key_reused"));
    // A key belongs to its route, too.
    make(&owner, "/drive/folders", "k", &json!({ "name": "f" })).await.ok();
}

#[tokio::test]
async fn keys_are_each_tokens_own() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({ "name": "f" });
    let first = make(&owner, "/drive/folders", "k", &body).await.ok();
    let other = world.token_of(&owner, &["access_drive"], None).await;
    let second = make(&other, "/drive/folders", "k", &body).await;
    assert!(!is_repeat(&second));
    assert_ne!(id(&second.ok()), id(&first));
    let stranger = world.user("other@example.com").await;
    assert!(!is_repeat(&make(&stranger, "/drive/folders", "k", &body).await));
}

#[tokio::test]
async fn a_start_that_a_crash_cut_off_is_begun_anew_and_leaves_one_upload() {
    let mut world = World::start().await;
    let owner = world.owner();
    let first = make(&owner, START, "k", &start()).await.ok();
    // The row as a crash leaves it after the store's answer and before the server has written it.
    world.execute("update uploads set state = 'opening', store_upload_id = null").await;
    let answer = make(&owner, START, "k", &start()).await;
    assert_eq!(
        answer.refused(),
        refusal(409, "idempotency_key_in_use"),
        "its server may still be working on it"
    );
    world.pass(SignedDuration::from_secs(11)).await;
    let second = make(&owner, START, "k", &start()).await;
    assert!(!is_repeat(&second));
    let second = second.ok();
    assert_ne!(second["fileKey"], first["fileKey"]);
    assert_eq!(world.count("uploads where state = 'open'").await, 1);
    assert_eq!(make(&owner, START, "k", &start()).await.ok(), second);
    world.pass(SignedDuration::from_mins(10)).await;
    world.restart().await;
    crate::world::wait_for(async || world.uploads_in_store().await == 1).await;
}

#[tokio::test]
async fn keys_are_forgotten_after_a_day() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({ "name": "f" });
    let first = make(&owner, "/drive/folders", "k", &body).await.ok();
    world.pass(SignedDuration::from_hours(23)).await;
    assert_eq!(make(&owner, "/drive/folders", "k", &body).await.ok(), first);
    world.pass(SignedDuration::from_hours(2)).await;
    let second = make(&owner, "/drive/folders", "k", &body).await;
    assert!(!is_repeat(&second));
    world.pass(SignedDuration::from_hours(25)).await;
    world.see_a_sweep().await;
    crate::world::wait_for(async || world.count("idempotency_keys").await == 0).await;
}

#[tokio::test]
async fn of_one_token_only_the_latest_keys_are_kept_and_all_of_another() {
    let mut world = World::start().await;
    make(&world.owner(), "/drive/folders", "k", &json!({ "name": "f" })).await.ok();
    let request = json!({ "name": "narrow", "scopes": ["drive_upload"] });
    let token = world.owner().post("/tokens", &request).await.ok()["token"].as_str().unwrap().to_owned();
    let narrow = world.with_token(&token);
    let first = make(&narrow, "/drive/folders", "narrow", &json!({ "name": "g" })).await.ok();
    world.execute("update idempotency_keys set created_at = created_at - 100000 where key = 'narrow'").await;
    let sql = "insert into idempotency_keys
                   (token_id, route, key, user_id, workspace_id, fingerprint, answer, created_at)
               with recursive n (i) as (select 1 union all select i + 1 from n where i < 10050)
               select token_id, route, 'k' || i, user_id, workspace_id, fingerprint, answer, created_at - i
               from idempotency_keys, n where key = 'k'";
    world.execute(sql).await;
    world.restart().await;
    crate::world::wait_for(async || world.count("idempotency_keys").await == 10_001).await;
    let narrow = world.with_token(&token);
    assert_eq!(make(&narrow, "/drive/folders", "narrow", &json!({ "name": "g" })).await.ok(), first);
    assert_eq!(world.count("idempotency_keys where key = 'k'").await, 1, "the latest key stays");
}
