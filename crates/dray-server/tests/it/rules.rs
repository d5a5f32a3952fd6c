//! Settings for which uploads a server accepts, and how long it waits for them.

use std::time::Duration;

use dray_server::{Config, FileType};
use jiff::SignedDuration;
use serde_json::json;

use crate::acts::id;
use crate::world::{World, refusal};

fn types(texts: &[&str]) -> Vec<FileType> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[tokio::test]
async fn a_file_over_the_operators_limit_is_refused_with_the_limit() {
    let world = World::start_with(|config: &mut Config| config.uploads.max_file_bytes = 1000).await;
    let start = async |size: u64| {
        let body = json!({ "fileName": "a", "fileSize": size, "mimeType": "a/b" });
        world.owner().step("start", &body).await
    };
    assert_eq!(start(1001).await.refused_for("the limit is 1000"), refusal(400, "file_too_large"));
    assert_eq!(start(1000).await.status, 200);
}

#[tokio::test]
async fn types_that_are_not_accepted_are_refused_at_start_and_as_a_new_name() {
    let world = World::start_with(|config: &mut Config| {
        config.uploads.allowed_types = types(&["image/*", ".txt"]);
        config.uploads.blocked_types = types(&["image/svg+xml", ".exe.txt"]);
    })
    .await;
    let owner = world.owner();
    let start = async |name: &str, mime_type: &str| {
        let body = json!({ "fileName": name, "fileSize": 1, "mimeType": mime_type });
        owner.step("start", &body).await
    };
    for (name, mime_type) in
        [("a", "image/svg+xml"), ("a.exe.TXT", "text/plain"), ("a.pdf", "application/pdf")]
    {
        assert_eq!(start(name, mime_type).await.refused(), refusal(400, "file_type_not_allowed"), "{name}");
    }
    assert_eq!(start("a", "image/png").await.status, 200);
    let file = owner.file("a.txt", None).await;
    let renamed = owner.change(&file, &json!({ "name": "b.exe" })).await;
    assert_eq!(renamed.refused(), refusal(400, "file_type_not_allowed"));
    assert_eq!(owner.item(&file).await["name"], "a.txt");
    let folder = owner.folder("f", None).await;
    let renamed = owner.change(&folder, &json!({ "name": "b.exe" })).await.ok();
    assert_eq!(id(&renamed), folder, "the rule is about files");
}

#[tokio::test]
async fn an_upload_lives_as_long_as_the_settings_say() {
    let world = World::start_with(|config: &mut Config| {
        config.uploads.idle_life = Duration::from_hours(1);
        config.uploads.whole_life = Duration::from_mins(90);
        config.url_ttl = Duration::from_mins(30);
    })
    .await;
    let owner = world.owner();
    let upload = owner.start("a", 1).await;
    let body = upload.body(&json!({ "parts": 1 }));
    for minutes in [50, 35] {
        world.pass(SignedDuration::from_mins(minutes)).await;
        assert_eq!(owner.step("presigned-urls", &body).await.status, 200, "it was signed in between");
    }
    world.pass(SignedDuration::from_mins(6)).await;
    assert_eq!(owner.step("presigned-urls", &body).await.refused(), refusal(410, "upload_expired"));
}
