//! Batches whose drive changes around them: it moves to another store, or an announced checksum turns out to be wrong.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{checksum, file, ids_of, outcome, put, stages};
use crate::acts::id;
use crate::world::{Answer, World, refusal};

#[tokio::test]
async fn a_file_that_was_started_before_a_move_to_another_store_begins_anew() {
    let mut world = World::start().await;
    if world.store.is_some() {
        return;
    }
    let body = json!({ "files": [file("a", b"good")] });
    let start = async |world: &World| {
        let path = "/drive/files/upload/batch/start";
        let request = world.owner().request(Method::POST, path).header("idempotency-key", "k").json(&body);
        Answer::of(request).await.ok()["files"][0].clone()
    };
    let upload = start(&world).await["upload"].clone();
    world.stop().await;
    let host = World::start().await;
    let s3 = host.as_store(host.url.clone());
    world.adopt(&s3).await;
    world.serve(|config| config.s3 = Some(s3)).await;

    let owner = world.owner();
    let gone = Err("upload_expired".to_owned());
    assert_eq!(outcome(&start(&world).await), gone, "the same request again");
    assert_eq!(owner.finalize_files(std::slice::from_ref(&upload)).await, [gone]);
    for step in ["presigned-urls", "finalize"] {
        let mut body = ids_of(&upload);
        body["parts"] = json!(1);
        if step == "finalize" {
            body["parts"] = Value::Null;
        }
        assert_eq!(owner.step(step, &body).await.refused(), refusal(410, "upload_expired"), "{step}");
    }
    let files = [(file("a", b"good"), &b"good"[..])];
    let item = owner.upload_files(&world, &files, &json!({})).await.remove(0);
    assert_eq!(owner.download(&id(&item)).await, b"good");
}

#[tokio::test]
async fn an_empty_file_with_the_checksum_of_other_bytes_is_refused() {
    for stage in stages().await {
        let owner = stage.world.owner();
        let (mut wrong, mut right) = (file("wrong", b""), file("right", b""));
        (wrong["checksum"], right["checksum"]) = (checksum(b"not empty"), checksum(b""));
        let uploads = owner.start_files(&[wrong, right], &json!({})).await;
        for upload in &uploads {
            assert_eq!(put(&stage.world, upload, b"").await.status(), 200, "{}", stage.name);
        }
        let finalized = owner.finalize_files(&uploads).await;
        assert_eq!(finalized[0], Err("checksum_mismatch".to_owned()), "{}", stage.name);
        assert!(finalized[1].is_ok(), "{}: {finalized:?}", stage.name);
    }
}

#[tokio::test]
async fn a_start_that_is_repeated_with_its_key_extends_the_uploads_expiry() {
    let world = World::start().await;
    let body = json!({ "files": [file("a", b"good")] });
    let start = async || {
        let path = "/drive/files/upload/batch/start";
        let request = world.owner().request(Method::POST, path).header("idempotency-key", "k").json(&body);
        Answer::of(request).await.ok()["files"][0]["upload"].clone()
    };
    let expires_at =
        async || world.owner().get("/drive/uploads").await.ok()["uploads"][0]["expiresAt"].clone();
    let upload = start().await;
    let first = expires_at().await;
    world.pass(SignedDuration::from_hours(20)).await;
    assert_eq!(ids_of(&start().await), ids_of(&upload));
    assert_ne!(expires_at().await, first);
    world.pass(SignedDuration::from_hours(20)).await;
    let found = world.owner().get("/drive/uploads").await.ok();
    assert_eq!(found["uploads"][0]["uploadId"], upload["uploadId"], "its first day is over");
}
