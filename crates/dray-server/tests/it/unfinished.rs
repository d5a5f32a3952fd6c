//! Unfinished uploads: resumed from anywhere, aborted, or proved by a checksum.

use serde_json::{Value, json};

use crate::world::{Actor, MIB, Started, World, bytes, refusal};

/// CRC-64/NVME of the bytes, as S3 writes it.
pub(crate) fn crc64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, bytes);
    base64::engine::general_purpose::STANDARD.encode(crc.to_be_bytes())
}

async fn parts_of(actor: &Actor, upload: &Started) -> Value {
    actor.step("parts", &upload.body(&json!({}))).await.ok()
}

#[tokio::test]
async fn an_upload_is_resumed_without_having_kept_anything_but_its_key() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a.bin", 5 * MIB + 3).await;
    let urls = owner.urls(&upload, 2).await;
    let etag = owner.put(&urls[1], b"abc".to_vec()).await;
    let state = parts_of(&owner, &upload).await;
    assert_eq!(
        (&state["status"], &state["fileName"], &state["fileSize"], &state["partSize"]),
        (&json!("open"), &json!("a.bin"), &json!(5 * MIB + 3), &json!(16 * MIB))
    );
    assert_eq!(state["parts"], json!([{ "partNumber": 2, "size": 3, "eTag": etag }]));

    let short = owner.step("finalize", &upload.body(&json!({}))).await;
    assert_eq!(short.refused(), refusal(400, "size_mismatch"), "part 1 is missing");
    let missing = json!({ "parts": [{ "partNumber": 1 }, { "partNumber": 2, "eTag": etag }] });
    let missing = owner.step("finalize", &upload.body(&missing)).await;
    assert_eq!(missing.refused_for("part 1"), refusal(400, "invalid_part"));

    owner.put(&urls[0], bytes(5 * MIB, 1)).await;
    let item = owner.step("finalize", &upload.body(&json!({}))).await.ok();
    assert_eq!(item["size"], 5 * MIB + 3);
    assert_eq!(owner.step("finalize", &upload.body(&json!({}))).await.ok(), item, "again, the same");
    let state = parts_of(&owner, &upload).await;
    assert_eq!((&state["status"], &state["itemId"]), (&json!("finalized"), &item["id"]));
}

#[tokio::test]
async fn looking_at_an_upload_does_not_keep_it_alive() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a.bin", 3).await;
    let before = owner.get("/drive/uploads").await.ok()["uploads"][0]["expiresAt"].clone();
    world.pass(jiff::SignedDuration::from_hours(1)).await;
    let looked = owner.step("parts", &upload.body(&json!({ "keepAlive": false }))).await.ok();
    assert_eq!(looked["expiresAt"], before);
    assert_eq!(owner.get("/drive/uploads").await.ok()["uploads"][0]["expiresAt"], before);
    for asked in [json!({}), json!({ "keepAlive": null })] {
        let kept = owner.step("parts", &upload.body(&asked)).await.ok();
        assert_ne!(kept["expiresAt"], before, "listing parts extends the upload's expiry");
    }
}

#[tokio::test]
async fn more_parts_than_a_page_of_the_store_are_all_listed() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a.bin", 5 * MIB * 1500).await;
    let numbers: Vec<_> = (1..=1001).collect();
    let signed = upload.body(&json!({ "partNumbers": numbers }));
    let signed = owner.step("presigned-urls", &signed).await.ok();
    for url in signed["urls"].as_array().unwrap() {
        owner.put(url.as_str().unwrap(), vec![1]).await;
    }
    let state = parts_of(&owner, &upload).await;
    let listed: Vec<_> =
        state["parts"].as_array().unwrap().iter().map(|part| part["partNumber"].clone()).collect();
    assert_eq!(json!(listed), json!(numbers));
}

#[tokio::test]
async fn an_abort_frees_the_parts_and_can_be_repeated() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    let url = owner.urls(&upload, 1).await.remove(0);
    owner.put(&url, b"abc".to_vec()).await;
    for _ in 0..2 {
        assert_eq!(owner.step("abort", &upload.body(&json!({}))).await.status, 204);
    }
    let late = world.http.put(&url).body("abc").send().await.unwrap();
    // Among stores, moto answers 500.
    assert!(!late.status().is_success(), "the store no longer has the upload");
    for step in ["parts", "finalize"] {
        let gone = owner.step(step, &upload.body(&json!({}))).await;
        assert_eq!(gone.refused(), refusal(410, "upload_aborted"), "{step}");
    }
    let other = world.user("other@example.com").await;
    assert_eq!(
        other.step("abort", &upload.body(&json!({}))).await.refused(),
        refusal(404, "upload_not_found")
    );
}

#[tokio::test]
async fn a_finalized_upload_cannot_be_aborted() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    let parts = owner.put_parts(&upload, &[b"abc".to_vec()]).await;
    let item = owner.finalize(&upload, &parts).await.ok();
    let answer = owner.step("abort", &upload.body(&json!({}))).await;
    assert_eq!(answer.refused(), refusal(409, "already_finalized"));
    assert_eq!(owner.download(item["id"].as_str().unwrap()).await, b"abc");
}

/// One of the two wins, and both answers say which.
#[tokio::test]
async fn a_finalize_against_an_abort_has_one_winner() {
    let world = World::start().await;
    let owner = world.owner();
    for _ in 0..40 {
        let upload = owner.start("a", 3).await;
        let parts = owner.put_parts(&upload, &[b"abc".to_vec()]).await;
        let body = upload.body(&json!({}));
        let (finalized, aborted) = tokio::join!(owner.finalize(&upload, &parts), owner.step("abort", &body));
        match (finalized.status.as_u16(), aborted.status.as_u16()) {
            (200, 409) => {
                let id = finalized.body["id"].as_str().unwrap();
                assert_eq!(owner.download(id).await, b"abc");
            }
            (410, 204) => assert_eq!(owner.finalize(&upload, &parts).await.status, 410),
            other => panic!("{other:?} {} {}", finalized.body, aborted.body),
        }
    }
}

#[tokio::test]
async fn open_uploads_are_listed_page_by_page_the_latest_first() {
    let world = World::start().await;
    let owner = world.owner();
    for at in 0..5 {
        owner.start(&format!("f{at}"), 1).await;
        world.pass(jiff::SignedDuration::from_secs(1)).await;
    }
    let done = owner.start("done", 1).await;
    let parts = owner.put_parts(&done, &[vec![1]]).await;
    owner.finalize(&done, &parts).await.ok();
    let (mut names, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let cursor_given = cursor.iter().map(|cursor| ("cursor", cursor.as_str()));
        let query: Vec<_> = [("limit", "2")].into_iter().chain(cursor_given).collect();
        let page = owner.query("/drive/uploads", &query).await.ok();
        names.extend(page["uploads"].as_array().unwrap().iter().map(|one| one["fileName"].clone()));
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = Some(next.to_owned());
    }
    assert_eq!(json!(names), json!(["f4", "f3", "f2", "f1", "f0"]));
    let body = json!({ "fileName": "r", "fileSize": 1, "mimeType": "a/b", "onConflict": "replace" });
    owner.step("start", &body).await.ok();
    let page = owner.query("/drive/uploads", &[("limit", "2")]).await.ok();
    assert_eq!([0, 1].map(|at| page["uploads"][at]["onConflict"].clone()), ["replace", "keep"]);
    let other = world.user("other@example.com").await;
    assert_eq!(other.get("/drive/uploads").await.ok()["uploads"], json!([]));
    assert_eq!(owner.query("/drive/uploads", &[("cursor", "x")]).await.refused_for("cursor").0, 400);
}

#[tokio::test]
async fn a_url_of_a_certain_length_takes_no_other() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 5 * MIB + 3).await;
    let body = json!({ "partNumbers": [2, 1], "contentLengths": [3, 5 * MIB] });
    let signed = owner.step("presigned-urls", &upload.body(&body)).await.ok();
    let url = |at: usize| signed["urls"][at].as_str().unwrap().to_owned();
    let longer = world.http.put(url(1)).body("abcd").send().await.unwrap();
    assert_eq!(longer.status(), 403);
    owner.put(&url(1), b"abc".to_vec()).await;
    owner.put(&url(0), bytes(5 * MIB, 1)).await;
    owner.step("finalize", &upload.body(&json!({}))).await.ok();
    for (body, field) in [
        (json!({ "parts": 2, "contentLengths": [1] }), "contentLengths"),
        (json!({ "parts": 1, "contentLengths": [5 * MIB + 4] }), "contentLengths[0]"),
        (json!({ "parts": 1, "contentLengths": [-1] }), "contentLengths[0]"),
    ] {
        let upload = owner.start("b", 5 * MIB + 3).await;
        let answer = owner.step("presigned-urls", &upload.body(&body)).await;
        assert_eq!(answer.refused_for(field), refusal(400, "invalid_field"));
    }
}

#[tokio::test]
async fn an_item_appears_only_with_the_checksum_that_was_announced() {
    let world = World::start().await;
    let owner = world.owner();
    let (first, second) = (bytes(5 * MIB, 1), b"the rest".to_vec());
    let whole = [first.clone(), second.clone()].concat();
    let right = json!({ "crc64nvme": crc64(&whole) });
    let wrong = json!({ "crc64nvme": crc64(b"other") });

    let upload = owner.start("a", whole.len()).await;
    let parts = owner.put_parts(&upload, &[first.clone(), second.clone()]).await;
    let refused = owner.step("finalize", &upload.body(&json!({ "parts": parts, "checksum": wrong }))).await;
    if world.store.is_some() {
        assert_eq!(refused.refused_for("verify"), refusal(400, "checksum_unproven"));
        return;
    }
    assert_eq!(refused.refused(), refusal(400, "checksum_mismatch"));
    let body = upload.body(&json!({ "parts": parts, "checksum": right }));
    let item = owner.step("finalize", &body).await.ok();
    assert_eq!(owner.download(item["id"].as_str().unwrap()).await, whole);

    let start = json!({ "fileName": "a", "fileSize": whole.len(), "mimeType": "a/b", "checksum": right });
    let started = owner.step("start", &start).await.ok();
    let upload = Started {
        upload_id: started["uploadId"].as_str().unwrap().to_owned(),
        file_key: started["fileKey"].as_str().unwrap().to_owned(),
    };
    let damaged = [vec![0], first[1..].to_vec()].concat();
    let parts = owner.put_parts(&upload, &[damaged, second.clone()]).await;
    assert_eq!(owner.finalize(&upload, &parts).await.refused(), refusal(400, "checksum_mismatch"));
    let other = upload.body(&json!({ "parts": parts, "checksum": wrong }));
    assert_eq!(owner.step("finalize", &other).await.refused_for("checksum").0, 400);
    let parts = owner.put_parts(&upload, &[first, second]).await;
    owner.finalize(&upload, &parts).await.ok();

    let malformed =
        json!({ "fileName": "a", "fileSize": 1, "mimeType": "a/b", "checksum": { "crc64nvme": "x" } });
    assert_eq!(owner.step("start", &malformed).await.refused_for("checksum.crc64nvme").0, 400);
}

#[tokio::test]
async fn with_verify_any_store_proves_a_checksum() {
    let world = World::start().await;
    let owner = world.owner();
    // rclone removes a folder that becomes empty, even while something is put into it: refused bytes leave nothing there.
    owner.file("stays", None).await;
    let whole = [bytes(5 * MIB, 1), b"the rest".to_vec()];
    let finalize = async |name: &str, checksum: String| {
        let upload = owner.start(name, 5 * MIB + 8).await;
        let parts = owner.put_parts(&upload, &whole).await;
        let more = json!({ "parts": parts, "checksum": { "crc64nvme": checksum }, "verify": true });
        owner.step("finalize", &upload.body(&more)).await
    };
    let refused = finalize("other", crc64(b"other")).await;
    assert_eq!(refused.refused_for("checksum"), refusal(400, "checksum_mismatch"));
    let item = finalize("same", crc64(&whole.concat())).await.ok();
    assert_eq!(owner.download(item["id"].as_str().unwrap()).await, whole.concat());
    assert_eq!(owner.get("/drive/tree").await.ok()["totalItems"], 2, "there is no item of other bytes");
}
