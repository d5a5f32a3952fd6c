//! `POST …/multipart/presigned-urls`.

use dray_server::Config;
use jiff::SignedDuration;
use serde_json::json;

use crate::world::{MIB, World, bytes, refusal};

#[tokio::test]
async fn only_the_numbers_that_are_asked_for_are_signed() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 40 * MIB).await;
    let some =
        owner.step("presigned-urls", &upload.body(&json!({ "parts": 8, "partNumbers": [7, 3] }))).await.ok();
    let numbers: Vec<_> =
        some["parts"].as_array().unwrap().iter().map(|p| p["partNumber"].as_u64()).collect();
    assert_eq!(numbers, [Some(3), Some(7)]);
    assert_eq!(some["parts"][0]["signedUrl"], some["urls"][0]);
}

#[tokio::test]
async fn a_count_that_can_not_work_is_refused_with_those_that_do() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 12 * MIB).await;
    for parts in [json!(0), json!(4), json!(10_001), json!(1_u64 << 63)] {
        let answer = owner.step("presigned-urls", &upload.body(&json!({ "parts": parts }))).await;
        assert_eq!(answer.refused_for("1 to 3 parts"), refusal(400, "impossible_part_count"));
    }
    assert_eq!(owner.urls(&upload, 3).await.len(), 3, "the upload is as it was");
}

#[tokio::test]
async fn a_url_ends_and_another_can_be_had() {
    let world =
        World::start_with(|config: &mut Config| config.url_ttl = std::time::Duration::from_mins(1)).await;
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    world.pass(SignedDuration::from_secs(-61)).await;
    let old = owner.urls(&upload, 1).await.remove(0);
    let answer = world.http.put(&old).body("abc").send().await.unwrap();
    // Some stores say 400.
    assert!(answer.status().is_client_error(), "{answer:?}");
    world.pass(SignedDuration::from_secs(61)).await;
    let new = owner.urls(&upload, 1).await.remove(0);
    let etag = owner.put(&new, b"abc".to_vec()).await;
    let item = owner.finalize(&upload, &json!([{ "partNumber": 1, "eTag": etag }])).await.ok();
    assert_eq!(item["size"], 3);
}

#[tokio::test]
async fn a_url_puts_its_own_part_and_does_nothing_else() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 6 * MIB).await;
    let url = owner.urls(&upload, 2).await.remove(0);
    let put = async |url: String| world.http.put(url).body(bytes(10, 0)).send().await.unwrap().status();
    assert_eq!(put(url.replace("partNumber=1", "partNumber=2")).await, 403);
    assert_eq!(put(url.replace("/files/", "/other/")).await, 403);
    assert_eq!(put(format!("{url}&x-id=1")).await, 403);
    assert_eq!(world.http.get(&url).send().await.unwrap().status(), 403);
    assert_eq!(world.http.delete(&url).send().await.unwrap().status(), 403);
    let copy = world.http.put(&url).header("x-amz-copy-source", format!("/dray/{}", upload.file_key));
    assert!(copy.send().await.unwrap().status().as_u16() >= 400, "an upload URL must not read other objects");
}

#[tokio::test]
async fn urls_are_signed_for_the_host_that_the_caller_used() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 1).await;
    let by_name = world.url.replace("127.0.0.1", "localhost");
    let request = owner.request(reqwest::Method::POST, "/drive/files/upload/multipart/presigned-urls");
    let host = by_name.strip_prefix("http://").unwrap().to_owned();
    let request = request.header("host", host).json(&upload.body(&json!({ "parts": 1 })));
    let answer = crate::world::Answer::of(request).await.ok();
    assert!(answer["urls"][0].as_str().unwrap().starts_with(&by_name));
    owner.put(answer["urls"][0].as_str().unwrap(), vec![1]).await;
}

#[tokio::test]
async fn a_public_url_is_what_urls_are_signed_for() {
    let change = |config: &mut Config| config.public_url = Some("https://drive.example.com".into());
    let world = World::start_with(change).await;
    let owner = world.owner();
    let upload = owner.start("a", 1).await;
    assert!(owner.urls(&upload, 1).await[0].starts_with("https://drive.example.com/dray/files/"));
}

#[tokio::test]
async fn another_users_upload_is_not_there() {
    let world = World::start().await;
    let (owner, other) = (world.owner(), world.user("other@example.com").await);
    let upload = owner.start("a", 1).await;
    let foreign = other.step("presigned-urls", &upload.body(&json!({ "parts": 1 }))).await;
    let mut unknown = upload.clone();
    unknown.upload_id = "unknown".into();
    let absent = other.step("presigned-urls", &unknown.body(&json!({ "parts": 1 }))).await;
    assert_eq!(foreign.body, absent.body);
    assert_eq!(foreign.refused(), refusal(404, "upload_not_found"));
    let mut other_key = upload.clone();
    other_key.file_key.push('0');
    let answer = owner.step("presigned-urls", &other_key.body(&json!({ "parts": 1 }))).await;
    assert_eq!(answer.refused(), refusal(404, "upload_not_found"));
}
