//! `GET /drive/files/{id}/download`.

use serde_json::json;

use crate::world::{MIB, World, bytes, refusal};

#[tokio::test]
async fn the_url_downloads_under_the_items_own_name_and_never_runs() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner
        .step("start", &json!({ "fileName": "naïve \"x\".html", "fileSize": 3, "mimeType": "text/html" }))
        .await
        .ok();
    let upload = crate::world::Started {
        upload_id: upload["uploadId"].as_str().unwrap().into(),
        file_key: upload["fileKey"].as_str().unwrap().into(),
    };
    let listed = owner.put_parts(&upload, &[b"<b>".to_vec()]).await;
    let item = owner.finalize(&upload, &listed).await.ok();
    let url = owner.get(&format!("/drive/files/{}/download", item["id"].as_str().unwrap())).await.ok();
    let response = world.http.get(url["url"].as_str().unwrap()).send().await.unwrap();
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        header("content-disposition"),
        "attachment; filename=\"na_ve _x_.html\"; filename*=UTF-8''na%C3%AFve%20%22x%22.html"
    );
    assert_eq!(header("content-type"), "text/html");
    if world.store.is_none() {
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-security-policy").contains("sandbox"));
    }
}

#[tokio::test]
async fn a_range_across_the_border_of_two_parts_is_served() {
    let world = World::start().await;
    let owner = world.owner();
    let parts = [bytes(5 * MIB, 1), bytes(1000, 2)];
    let item = owner.upload("a", &parts).await;
    let url = owner.get(&format!("/drive/files/{}/download", item["id"].as_str().unwrap())).await.ok();
    let range = format!("bytes={}-{}", 5 * MIB - 10, 5 * MIB + 9);
    let response = world.http.get(url["url"].as_str().unwrap()).header("range", range).send().await.unwrap();
    // rclone answers it with 200.
    assert!(response.status() == 206 || world.store.is_some());
    assert_eq!(
        response.headers()["content-range"],
        format!("bytes {}-{}/{}", 5 * MIB - 10, 5 * MIB + 9, 5 * MIB + 1000)
    );
    assert_eq!(response.bytes().await.unwrap(), [&parts[0][5 * MIB - 10..], &parts[1][..10]].concat());
}

#[tokio::test]
async fn a_folder_has_no_bytes() {
    let world = World::start().await;
    let folder = world.owner().post("/drive/folders", &json!({ "name": "f" })).await.ok();
    let answer =
        world.owner().get(&format!("/drive/files/{}/download", folder["id"].as_str().unwrap())).await;
    assert_eq!(answer.refused(), refusal(400, "not_a_file"));
}
