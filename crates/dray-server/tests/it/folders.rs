//! `POST /drive/folders`.

use dray_api::limits::MAX_FOLDER_DEPTH;
use serde_json::json;

use crate::world::{World, refusal};

#[tokio::test]
async fn a_folder_can_be_in_a_folder() {
    let world = World::start().await;
    let owner = world.owner();
    let outer = owner.post("/drive/folders", &json!({ "name": "outer" })).await.ok();
    assert_eq!((&outer["type"], outer.get("parentId"), outer.get("size")), (&json!("folder"), None, None));
    let inner = owner.post("/drive/folders", &json!({ "name": "inner", "parentId": outer["id"] })).await.ok();
    assert_eq!(inner["parent"], outer["_id"]);
    assert_eq!(owner.item(inner["id"].as_str().unwrap()).await, inner);
}

#[tokio::test]
async fn folders_cannot_be_nested_without_end() {
    let world = World::start().await;
    let owner = world.owner();
    let mut parent = json!(null);
    for _ in 0..MAX_FOLDER_DEPTH {
        parent = owner.post("/drive/folders", &json!({ "name": "f", "parentId": parent })).await.ok()["id"]
            .clone();
    }
    let answer = owner.post("/drive/folders", &json!({ "name": "f", "parentId": parent })).await;
    assert_eq!(answer.refused_for("parentId"), refusal(400, "too_deep"));
}
