//! `POST …/multipart/start`.

use dray_server::BUCKET;
use serde_json::json;

use crate::world::{World, refusal};

#[tokio::test]
async fn start_answers_the_stores_own_upload_and_a_plan() {
    let world = World::start().await;
    let body =
        json!({ "fileName": "big.iso", "fileSize": 40 << 20, "mimeType": "application/x-iso9660-image" });
    let answer = world.owner().step("start", &body).await.ok();
    assert!(answer["uploadId"].as_str().is_some_and(|id| !id.is_empty()));
    assert!(answer["fileKey"].as_str().is_some_and(|key| key.starts_with("files/") && !key.contains("big")));
    assert_eq!((&answer["partSize"], &answer["parts"]), (&json!(16 << 20), &json!(3)));
    assert!(answer["expiresAt"].as_str().is_some_and(|time| time.ends_with('Z')));
}

#[tokio::test]
async fn the_signed_url_names_the_upload_and_the_key_of_start() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 1).await;
    let url = owner.urls(&upload, 1).await.remove(0);
    assert!(url.starts_with(&format!("{}/{BUCKET}/{}?", world.url, upload.file_key)), "{url}");
    assert!(url.contains(&format!("uploadId={}", upload.upload_id)), "{url}");
}

#[tokio::test]
async fn a_parent_must_be_a_folder_that_the_caller_sees() {
    let world = World::start().await;
    let (owner, other) = (world.owner(), world.user("other@example.com").await);
    let file = owner.upload("a.txt", &[vec![1]]).await;
    let folder = other.post("/drive/folders", &json!({ "name": "theirs" })).await.ok();
    let start = async |parent: &serde_json::Value| {
        let body = json!({ "fileName": "b", "fileSize": 1, "mimeType": "a/b", "parentId": parent });
        owner.step("start", &body).await
    };
    assert_eq!(start(&file["id"]).await.refused(), refusal(400, "not_a_folder"));
    let foreign = start(&folder["id"]).await;
    let absent = start(&json!("0123456789abcdef01234567")).await;
    assert_eq!(foreign.body, absent.body, "the answers for absent and foreign folders are the same");
    assert_eq!(foreign.refused(), refusal(404, "not_found"));
    assert_eq!(absent.status, 404);
    assert_eq!(start(&json!(null)).await.status, 200, "null is the root");
}
