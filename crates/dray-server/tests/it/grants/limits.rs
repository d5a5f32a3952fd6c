//! What a grant allows holds on the server: when an upload is started, and for the bytes that were stored.

use dray_server::Config;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{asks, granted, states, uploads};
use crate::acts::id;
use crate::world::{Actor, Answer, World, refusal, wait_for};

async fn start(holder: &Actor, name: &str, mime_type: &str, size: u64, more: Value) -> Answer {
    let mut body = json!({ "fileName": name, "fileSize": size, "mimeType": mime_type });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    holder.step("start", &body).await
}

#[tokio::test]
async fn a_file_that_a_grant_does_not_allow_is_refused_before_a_byte_is_sent() {
    let world = World::start().await;
    let owner = world.owner();
    let (folder, other) = (owner.folder("inbox", None).await, owner.folder("other", None).await);
    let below = owner.folder("below", Some(&folder)).await;
    let request =
        json!({ "folderId": folder, "maxFileBytes": 10, "maxBytes": 15, "types": ["image/*", ".pdf"] });
    let (holder, grant) = granted(&world, &owner, &request).await;
    for (name, mime_type, size, more, expected) in [
        ("a.pdf", "a/b", 11, json!({}), (400, "file_too_large")),
        ("a.exe", "a/b", 1, json!({}), (400, "file_type_not_allowed")),
        ("a.pdf", "a/b", 1, json!({ "parentId": other }), (404, "not_found")),
        ("a.pdf", "a/b", 1, json!({ "parentId": below }), (404, "not_found")),
        ("a.pdf", "a/b", 1, json!({ "parentId": "0123456789abcdef01234567" }), (404, "not_found")),
        ("a.pdf", "a/b", 1, json!({ "onConflict": "replace" }), (400, "invalid_field")),
        ("a.pdf", "a/b", 1, json!({ "onConflict": "fail" }), (400, "invalid_field")),
    ] {
        let refused = start(&holder, name, mime_type, size, more.clone()).await.refused();
        assert_eq!(refused, refusal(expected.0, expected.1), "{name} {mime_type} {size} {more}");
    }
    assert!(
        uploads(&owner, &grant).await.is_empty() && world.uploads_in_store().await == 0,
        "nothing is kept"
    );
    start(&holder, "a.pdf", "a/b", 10, json!({ "parentId": folder, "onConflict": "rename" })).await.ok();
    let over = start(&holder, "b", "image/png", 6, json!({})).await;
    assert_eq!(over.refused_for("5 bytes left"), refusal(409, "grant_used_up"));
    start(&holder, "b", "image/png", 5, json!({})).await.ok();
}

#[tokio::test]
async fn what_came_to_nothing_no_longer_counts_and_what_arrived_does() {
    let world = World::start().await;
    let owner = world.owner();
    let (holder, grant) = granted(&world, &owner, &json!({ "maxFiles": 2, "maxBytes": 10 })).await;
    let used_up = Err(refusal(409, "grant_used_up"));
    let first = holder.start("a", 5).await;
    let item = holder.upload_with("b", b"abcde", &json!({})).await;
    assert_eq!(asks(&holder).await, used_up);
    holder.step("abort", &first.body(&json!({}))).await.done();
    assert_eq!(asks(&holder).await, Ok(()));
    assert_eq!(asks(&holder).await, used_up);
    owner.trash(&id(&item)).await;
    owner.purge(&id(&item)).await;
    assert_eq!(asks(&holder).await, used_up, "a file that was removed was sent all the same");
    assert_eq!(states(&owner, &grant).await, ["open", "finalized", "aborted"]);
}

#[tokio::test]
async fn starts_at_once_never_exceed_a_grant_together() {
    let world = World::start().await;
    for (request, size, most) in [
        (json!({ "maxFiles": 3 }), 1, 3),
        (json!({ "maxBytes": 1000 }), 300, 3),
        (json!({ "maxBytes": 0 }), 1, 0),
    ] {
        let (holder, grant) = granted(&world, &world.owner(), &request).await;
        let starts = join_all((0..24).map(|at| {
            let holder = holder.clone();
            async move { start(&holder, &format!("{at}"), "a/b", size, json!({})).await }
        }));
        let (mut begun, mut refused) = (0, 0);
        for answer in starts.await {
            if answer.status == 200 {
                begun += 1;
            } else {
                assert_eq!(answer.refused(), refusal(409, "grant_used_up"));
                refused += 1;
            }
        }
        assert_eq!((begun, refused), (most, 24 - most), "{request}");
        assert_eq!(uploads(&world.owner(), &grant).await.len(), most);
    }
}

#[tokio::test]
async fn a_start_with_a_key_is_one_file_however_often_it_is_sent() {
    let world = World::start().await;
    let (holder, grant) = granted(&world, &world.owner(), &json!({ "maxFiles": 1 })).await;
    let body = json!({ "fileName": "a", "fileSize": 1, "mimeType": "a/b" });
    let ask = async || {
        let path = "/drive/files/upload/multipart/start";
        let request = holder.request(reqwest::Method::POST, path).header("idempotency-key", "k").json(&body);
        Answer::of(request).await.ok()
    };
    assert_eq!(ask().await, ask().await);
    assert_eq!(uploads(&world.owner(), &grant).await.len(), 1);
}

#[tokio::test]
async fn the_quota_of_its_maker_is_reserved_when_an_upload_is_started() {
    let world = World::start().await;
    let admin = world.admin().await;
    admin.set_quota(Some(dray_ops::OWNER_EMAIL), Some(100)).await.unwrap();
    admin.close().await;
    let (one, _) = granted(&world, &world.owner(), &json!({})).await;
    let (two, _) = granted(&world, &world.owner(), &json!({})).await;
    start(&one, "a", "a/b", 60, json!({})).await.ok();
    assert_eq!(start(&two, "b", "a/b", 60, json!({})).await.refused(), refusal(507, "quota_exceeded"));
    assert_eq!(world.owner().get("/drive/usage").await.ok()["reservedBytes"], 60);
}

#[tokio::test]
async fn more_bytes_than_were_announced_never_become_a_file() {
    let world = World::start().await;
    let owner = world.owner();
    let (holder, grant) = granted(&world, &owner, &json!({ "maxFileBytes": 10 })).await;
    let upload = holder.start("a", 10).await;
    let url = holder.urls(&upload, 1).await.remove(0);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let sent = http.put(&url).body(vec![1; 11]).send().await.unwrap();
    let listed = match sent.headers().get("etag") {
        Some(etag) => json!([{ "partNumber": 1, "eTag": etag.to_str().unwrap() }]),
        None => Value::Null,
    };
    let refused = holder.step("finalize", &upload.body(&json!({ "parts": listed }))).await.refused();
    assert_eq!(refused.0, 400, "{refused:?}");
    assert!(owner.listed("root").await.is_empty());
    assert_eq!(states(&owner, &grant).await, ["open"], "the holder may still send what was announced");
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";
const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0";

#[tokio::test]
async fn a_type_by_another_name_is_refused_when_the_server_looks_at_what_was_stored() {
    let world = World::start_with(|config: &mut Config| config.uploads.verify_types = true).await;
    let owner = world.owner();
    let (holder, grant) = granted(&world, &owner, &json!({ "types": ["image/png", ".png"] })).await;
    let send = async |name: &str, mime_type: &str, bytes: &[u8]| {
        let (upload, listed) = holder.put_with(name, bytes, &json!({ "mimeType": mime_type })).await;
        let answer = holder.finalize(&upload, &listed).await;
        (upload, listed, answer)
    };
    let (upload, listed, refused) = send("a.png", "image/png", EXE).await;
    assert_eq!(refused.refused_for("portable-executable"), refusal(400, "file_type_mismatch"));
    assert_eq!(holder.finalize(&upload, &listed).await.refused(), refusal(410, "upload_aborted"));
    let (_, _, refused) = send("a.png", "application/octet-stream", EXE).await;
    assert_eq!(refused.refused(), refusal(400, "file_type_mismatch"), "let in by its file extension");
    assert!(owner.listed("root").await.is_empty());
    send("a.png", "image/png", PNG).await.2.ok();
    assert_eq!(states(&owner, &grant).await, ["finalized", "aborted", "aborted"]);
    wait_for(async || world.object_keys().await.len() == 1).await;
    // The rule is the server's, so it holds for tokens too.
    let (upload, listed) = owner.put_with("a", EXE, &json!({ "mimeType": "image/png" })).await;
    assert_eq!(owner.finalize(&upload, &listed).await.refused(), refusal(400, "file_type_mismatch"));
    owner.upload_with("a", b"", &json!({ "mimeType": "image/png" })).await;
}
