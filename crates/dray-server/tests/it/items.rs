//! `GET /drive/files/{id}`.

use serde_json::json;

use crate::world::{World, refusal};

#[tokio::test]
async fn a_file_is_returned_as_finalize_returned_it() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.post("/drive/folders", &json!({ "name": "f" })).await.ok();
    let body = json!({ "fileName": "a", "fileSize": 1, "mimeType": "text/plain", "parentId": folder["id"] });
    let started = owner.step("start", &body).await.ok();
    let upload = crate::world::Started {
        upload_id: started["uploadId"].as_str().unwrap().into(),
        file_key: started["fileKey"].as_str().unwrap().into(),
    };
    let listed = owner.put_parts(&upload, &[vec![7]]).await;
    let item = owner.finalize(&upload, &listed).await.ok();
    assert_eq!((&item["parent"], &item["parentId"]), (&folder["id"], &folder["_id"]));
    let id = item["id"].as_str().unwrap();
    assert_eq!(owner.item(id).await, item);
    assert_eq!(owner.get(&format!("/drive/files/{id}")).await.ok()["role"], "owner");
}

#[tokio::test]
async fn another_users_item_looks_like_a_missing_one() {
    let world = World::start().await;
    let item = world.owner().upload("a", &[vec![1]]).await;
    let other = world.user("other@example.com").await;
    let path = format!("/drive/files/{}", item["id"].as_str().unwrap());
    let foreign = other.get(&path).await;
    let absent = other.get("/drive/files/0123456789abcdef01234567").await;
    assert_eq!(foreign.body, absent.body);
    assert_eq!(foreign.refused(), refusal(404, "not_found"));
    assert_eq!(other.get(&format!("{path}/download")).await.refused(), refusal(404, "not_found"));
}

#[tokio::test]
async fn an_id_is_24_hexadecimal_characters() {
    let world = World::start().await;
    for id in
        ["0123456789abcdef0123456", "0123456789abcdef012345678", "0123456789abcdef0123456g", "%00", "x%2Fy"]
    {
        for route in ["", "/download"] {
            let answer = world.owner().get(&format!("/drive/files/{id}{route}")).await;
            assert_eq!(answer.refused_for("id"), refusal(400, "invalid_parameter"), "{id}");
        }
    }
}
