//! `POST …/multipart/finalize`.

use dray_server::Config;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::acts::id;
use crate::world::{MIB, World, bytes, refusal};

#[tokio::test]
async fn the_item_has_the_name_the_size_and_the_bytes() {
    let world = World::start().await;
    let owner = world.owner();
    let parts = [bytes(5 * MIB, 1), bytes(5 * MIB, 2), bytes(77, 3)];
    let item = owner.upload("report.pdf", &parts).await;
    assert_eq!(
        (&item["name"], &item["type"], &item["mimeType"]),
        (&json!("report.pdf"), &json!("file"), &json!("application/pdf"))
    );
    assert_eq!((&item["size"], &item["fileSize"]), (&json!(10 * MIB + 77), &json!(10 * MIB + 77)));
    assert_eq!(owner.download(item["id"].as_str().unwrap()).await, parts.concat());
}

#[tokio::test]
async fn an_empty_file_is_one_empty_part() {
    let world = World::start().await;
    let item = world.owner().upload("empty", &[vec![]]).await;
    assert_eq!(item["size"], 0);
    assert_eq!(world.owner().download(item["id"].as_str().unwrap()).await, b"");
}

#[tokio::test]
async fn parts_may_be_listed_in_any_order_and_either_spelling() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 5 * MIB + 1).await;
    let listed = owner.put_parts(&upload, &[bytes(5 * MIB, 1), vec![2]]).await;
    let bare = listed[0]["eTag"].as_str().unwrap().trim_matches('"');
    let theirs = json!([{ "PartNumber": 2, "ETag": listed[1]["eTag"] }, { "PartNumber": 1, "ETag": bare }]);
    let item = owner.finalize(&upload, &theirs).await.ok();
    assert_eq!(owner.finalize(&upload, &listed).await.ok(), item, "the same parts in another spelling");
}

#[tokio::test]
async fn a_part_may_have_all_headers_of_its_answer_and_spellings_that_agree() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    let listed = owner.put_parts(&upload, &[b"abc".to_vec()]).await;
    let quoted = &listed[0]["eTag"];
    let differ = json!([{ "PartNumber": 1, "ETag": quoted, "etag": "other" }]);
    let refused = owner.finalize(&upload, &differ).await;
    assert!(refused.body["message"].as_str().unwrap().contains("`ETag` and `etag`"), "{}", refused.body);
    assert_eq!(refused.refused(), refusal(400, "invalid_field"));
    let bare = quoted.as_str().unwrap().trim_matches('"');
    let all = json!([{
        "PartNumber": 1, "partNumber": 1, "ETag": quoted, "etag": quoted, "eTag": bare, "content-length": "0",
        "location": null, "x-amz-id-2": ["anything"],
    }]);
    assert_eq!(owner.finalize(&upload, &all).await.ok()["name"], "a");
}

#[tokio::test]
async fn finalize_twice_returns_the_same_item() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    let listed = owner.put_parts(&upload, &[b"abc".to_vec()]).await;
    let first = owner.finalize(&upload, &listed).await.ok();
    assert_eq!(owner.finalize(&upload, &listed).await.ok(), first);
    let others = json!([{ "partNumber": 1, "eTag": "other" }]);
    assert_eq!(owner.finalize(&upload, &others).await.refused(), refusal(409, "finalized_differently"));
}

#[tokio::test]
async fn many_finalizes_at_once_make_one_item() {
    let world = World::start().await;
    let owner = world.owner();
    for round in 0..10 {
        let upload = owner.start("a", 3).await;
        let listed = owner.put_parts(&upload, &[vec![round; 3]]).await;
        let answers = join_all((0..64).map(|_| owner.finalize(&upload, &listed))).await;
        let items: Vec<Value> = answers.into_iter().map(crate::world::Answer::ok).collect();
        assert!(items.iter().all(|item| *item == items[0]), "{items:?}");
    }
}

#[tokio::test]
async fn a_finalize_that_lists_no_parts_is_not_refused_for_a_listed_part() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    let refused = owner.finalize(&upload, &Value::Null).await;
    let message = refused.body["message"].as_str().unwrap().to_owned();
    assert_eq!(refused.refused(), refusal(400, "invalid_part"));
    assert!(message.contains("nothing of this upload") && !message.contains("listed"), "{message}");
    let parts = owner.put_parts(&upload, &[b"abc".to_vec()]).await;
    owner.finalize(&upload, &parts).await.ok();
}

#[tokio::test]
async fn a_refused_finalize_leaves_the_upload_usable() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 5 * MIB + 3).await;
    let good = owner.put_parts(&upload, &[bytes(5 * MIB, 1), b"abc".to_vec()]).await;
    let cases = [
        (json!([good[0]]), 400, "size_mismatch"),
        (json!([good[0], { "partNumber": 2, "eTag": "stale" }]), 400, "invalid_part"),
        (json!([good[0], good[1], { "partNumber": 3, "eTag": good[0]["eTag"] }]), 400, "invalid_part"),
    ];
    for (parts, status, code) in cases {
        assert_eq!(owner.finalize(&upload, &parts).await.refused_for("parts"), refusal(status, code));
    }
    let item = owner.finalize(&upload, &good).await.ok();
    assert_eq!(item["size"], 5 * MIB + 3);
}

#[tokio::test]
async fn a_small_part_that_is_not_the_last_is_named() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 5 * MIB).await;
    let listed = owner.put_parts(&upload, &[bytes(MIB, 1), bytes(4 * MIB, 1)]).await;
    let answer = owner.finalize(&upload, &listed).await;
    assert_eq!(answer.refused_for("5 MiB"), refusal(400, "part_too_small"));
}

#[tokio::test]
async fn more_bytes_than_announced_are_no_item() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    if world.store.is_none() {
        let url = owner.urls(&upload, 1).await.remove(0);
        let answer = world.http.put(url).body("abcd").send().await.unwrap();
        assert_eq!(answer.status(), 400, "the embedded store accepts no more than was announced");
        return;
    }
    let listed = owner.put_parts(&upload, &[b"abcd".to_vec()]).await;
    assert_eq!(
        owner.finalize(&upload, &listed).await.refused_for("fileSize of 3"),
        refusal(400, "size_mismatch")
    );
}

#[tokio::test]
async fn a_repeated_finalize_whose_item_is_gone_says_so() {
    let world = World::start().await;
    let owner = world.owner();
    let narrow = world.token_of(&owner, &["drive_upload"], None).await;
    let mut finalized = Vec::new();
    for (by, is_told) in [(&owner, true), (&narrow, false)] {
        let upload = by.start("a", 3).await;
        let listed = by.put_parts(&upload, &[b"abc".to_vec()]).await;
        let item = by.finalize(&upload, &listed).await.ok();
        let signed = by.step("presigned-urls", &upload.body(&json!({ "parts": 1 }))).await;
        assert_eq!(signed.refused(), refusal(409, "already_finalized"));
        finalized.push((by, is_told, upload, listed, item));
    }
    // Nothing is uploaded from here on: rclone refuses a PUT while it removes the folder that a deletion has emptied.
    for (by, is_told, upload, listed, item) in finalized {
        for is_purged in [false, true] {
            if is_purged {
                owner.purge(&id(&item)).await;
            } else {
                owner.trash(&id(&item)).await;
            }
            let again = by.finalize(&upload, &listed).await;
            if is_told {
                assert_eq!(again.refused(), refusal(410, "item_gone"));
            } else {
                // Who may only upload learns nothing of what became of the file.
                assert_eq!(again.ok()["id"], item["id"]);
            }
        }
    }
    let other = owner.start("b", 3).await;
    let unknown = json!({ "uploadId": "unknown", "fileKey": other.file_key });
    assert_eq!(owner.step("finalize", &unknown).await.refused(), refusal(404, "upload_not_found"));
}

#[tokio::test]
async fn nothing_is_in_the_drive_before_finalize() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    owner.put_parts(&upload, &[b"abc".to_vec()]).await;
    let item = upload.file_key.rsplit('/').next().unwrap();
    let answer = owner.get(&format!("/drive/files/{item}")).await;
    assert_eq!(answer.refused(), refusal(404, "not_found"));
}

#[tokio::test]
async fn an_upload_that_was_left_alone_is_gone() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    let listed = owner.put_parts(&upload, &[b"abc".to_vec()]).await;
    world.pass(jiff::SignedDuration::from_hours(25)).await;
    // Its token is valid for longer than that.
    assert_eq!(owner.finalize(&upload, &listed).await.refused(), refusal(410, "upload_expired"));
    let signed = owner.step("presigned-urls", &upload.body(&json!({ "parts": 1 }))).await;
    assert_eq!(signed.refused(), refusal(410, "upload_expired"));
}

#[tokio::test]
async fn a_finalize_survives_a_restart_of_the_server() {
    let mut world = World::start().await;
    let upload = world.owner().start("a", 3).await;
    let listed = world.owner().put_parts(&upload, &[b"abc".to_vec()]).await;
    world.stop().await;
    world.serve(|_: &mut Config| {}).await;
    let item = world.owner().finalize(&upload, &listed).await.ok();
    world.stop().await;
    world.serve(|_: &mut Config| {}).await;
    let owner = world.owner();
    assert_eq!(owner.finalize(&upload, &listed).await.ok(), item);
    assert_eq!(owner.download(item["id"].as_str().unwrap()).await, b"abc");
}

#[tokio::test]
async fn a_part_whose_first_put_broke_off_is_sent_again() {
    let world = World::start().await;
    let owner = world.owner();
    for round in 0..3 {
        let upload = owner.start(&format!("{round}"), 5 * MIB).await;
        let part = bytes(5 * MIB, round);
        break_off_put(&owner.urls(&upload, 1).await[0], part.len()).await;
        let mut listed = owner.put_parts(&upload, std::slice::from_ref(&part)).await;
        if round == 1 {
            // Somebody who resumes does not know the ETag.
            listed[0].as_object_mut().unwrap().remove("eTag");
        }
        let item = owner.finalize(&upload, &listed).await.ok();
        assert_eq!(owner.download(item["id"].as_str().unwrap()).await, part);
    }
}

/// Announces a body, and goes away before its first byte. (`SeaweedFS` then has an empty part.)
async fn break_off_put(url: &str, length: usize) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut client = TcpStream::connect(host).await.unwrap();
    let head = format!("PUT /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    // The store must have read the head.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
}
