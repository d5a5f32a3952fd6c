//! The two published clients. Each reads only the spelling that it knows.

use serde_json::{Value, json};

use crate::world::{Actor, MIB, World, bytes};

/// Uploads as the Node.js SDK does: `parts[].signedUrl` and `PartNumber`; reads `_id`, `size`, `parent`.
#[tokio::test]
async fn the_node_sdk_finds_its_spelling() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.post("/drive/folders", &json!({ "name": "f" })).await.ok();
    let start =
        json!({ "fileName": "a.bin", "fileSize": 5 * MIB + 1, "mimeType": "a/b", "parentId": folder["_id"] });
    let started = owner.step("start", &start).await.ok();
    let ids = json!({ "uploadId": started["uploadId"], "fileKey": started["fileKey"] });
    let signed = owner.step("presigned-urls", &with(&ids, &json!({ "parts": 2 }))).await.ok();
    let mut listed = Vec::new();
    for (part, len) in signed["parts"].as_array().unwrap().iter().zip([5 * MIB, 1]) {
        let etag = owner.put(part["signedUrl"].as_str().unwrap(), bytes(len, 1)).await;
        listed.push(json!({ "PartNumber": part["PartNumber"], "ETag": etag }));
    }
    let item = owner.step("finalize", &with(&ids, &json!({ "parts": listed }))).await.ok();
    assert_eq!((&item["size"], &item["parent"]), (&json!(5 * MIB + 1), &folder["_id"]));
    check_download(&owner, item["_id"].as_str().unwrap(), 5 * MIB + 1).await;
}

/// Uploads as the Go command line does: `urls[]`; reads `id`, `fileSize`, `parentId`.
#[tokio::test]
async fn the_go_client_finds_its_spelling() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.post("/drive/folders", &json!({ "name": "f" })).await.ok();
    let start =
        json!({ "fileName": "a.bin", "fileSize": 5 * MIB + 1, "mimeType": "a/b", "parentId": folder["id"] });
    let started = owner.step("start", &start).await.ok();
    let ids = json!({ "uploadId": started["uploadId"], "fileKey": started["fileKey"] });
    let signed = owner.step("presigned-urls", &with(&ids, &json!({ "parts": 2 }))).await.ok();
    let mut listed = Vec::new();
    for (at, (url, len)) in signed["urls"].as_array().unwrap().iter().zip([5 * MIB, 1]).enumerate() {
        let etag = owner.put(url.as_str().unwrap(), bytes(len, 1)).await;
        listed.push(json!({ "partNumber": at + 1, "eTag": etag }));
    }
    let item = owner.step("finalize", &with(&ids, &json!({ "parts": listed }))).await.ok();
    assert_eq!((&item["fileSize"], &item["parentId"]), (&json!(5 * MIB + 1), &folder["id"]));
    check_download(&owner, item["id"].as_str().unwrap(), 5 * MIB + 1).await;
}

fn with(ids: &Value, more: &Value) -> Value {
    let mut body = ids.as_object().unwrap().clone();
    body.extend(more.as_object().unwrap().clone());
    Value::Object(body)
}

async fn check_download(actor: &Actor, id: &str, size: usize) {
    assert_eq!(actor.download(id).await.len(), size);
}
