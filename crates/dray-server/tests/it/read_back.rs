//! Reading a file back for `verify`: what was read once is not read again, however often the finalize is interrupted,
//! and whichever server continues it.

use dray_server::{Config, S3Config};
use serde_json::{Value, json};

use crate::middle::{Act, Middle};
use crate::unfinished::crc64;
use crate::world::{Actor, Answer, MIB, Started, World, bytes, refusal};

/// The bytes of a file that is read back in several stretches.
fn content() -> Vec<Vec<u8>> {
    (0..5).map(|seed| bytes(8 * MIB, seed)).collect()
}

fn with(s3: &S3Config) -> impl FnOnce(&mut Config) + use<> {
    let s3 = s3.clone();
    |config: &mut Config| config.s3 = Some(s3)
}

/// An upload of it, and the request that finalizes it with this checksum.
async fn uploaded(owner: &Actor, checksum: &str) -> Value {
    let upload: Started = owner.start("a", 40 * MIB).await;
    let parts = owner.put_parts(&upload, &content()).await;
    let more = json!({ "parts": parts, "checksum": { "crc64nvme": checksum }, "verify": true });
    upload.body(&more)
}

async fn finalize(drive: &World, request: &Value) -> Answer {
    drive.owner().step("finalize", request).await
}

#[tokio::test]
async fn a_finalize_that_is_cut_off_while_it_reads_back_goes_on_from_there_at_another_server() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    middle.will(Act::Gives(2));
    let mut drive = World::start_with(with(&s3)).await;
    let whole = content().concat();
    let request = uploaded(&drive.owner(), &crc64(&whole)).await;
    let cut = finalize(&drive, &request).await;
    assert_eq!(cut.refused(), refusal(503, "store_unreachable"));
    let ranges = ["bytes=0-8388607", "bytes=8388608-16777215", "bytes=16777216-33554431"];
    assert_eq!(middle.reads(), ranges, "the last of these ranges broke off");

    drive.stop().await;
    drive.serve(with(&s3)).await;
    middle.will(Act::Gives(9));
    let item = finalize(&drive, &request).await.ok();
    assert_eq!(middle.reads(), ["bytes=16777216-33554431", "bytes=33554432-41943039"]);
    assert_eq!(drive.count("read_backs").await, 0, "only the result is kept");
    assert_eq!(finalize(&drive, &request).await.ok()["id"], item["id"]);
    assert_eq!(middle.reads(), [""; 0]);
    assert_eq!(drive.owner().download(item["id"].as_str().unwrap()).await, whole);
}

#[tokio::test]
async fn bytes_that_are_others_are_found_wherever_the_reading_was_cut_off() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    middle.will(Act::Gives(1));
    let drive = World::start_with(with(&s3)).await;
    let request = uploaded(&drive.owner(), &crc64(b"other")).await;
    assert_eq!(finalize(&drive, &request).await.refused(), refusal(503, "store_unreachable"));
    middle.will(Act::Gives(9));
    assert_eq!(finalize(&drive, &request).await.refused(), refusal(400, "checksum_mismatch"));
    assert_eq!(drive.count("items").await, 0);
}

#[tokio::test]
async fn an_upload_that_is_open_again_has_no_proof_of_what_its_next_finalize_stores() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    middle.will(Act::Gives(2));
    let drive = World::start_with(with(&s3)).await;
    let owner = drive.owner();
    let folder = owner.folder("f", None).await;
    let confined = drive.token_of(&owner, &["access_drive"], Some(&folder)).await;
    let upload = confined.start_with("a", 40 * MIB, &json!({ "parentId": folder })).await;
    let parts = confined.put_parts(&upload, &content()).await;
    let sum = crc64(&content().concat());
    let request = upload.body(&json!({ "parts": parts, "checksum": { "crc64nvme": sum }, "verify": true }));
    let cut = confined.step("finalize", &request).await;
    assert_eq!((cut.refused(), drive.count("read_backs").await), (refusal(503, "store_unreachable"), 1));
    owner.trash(&folder).await;
    let closed = confined.step("finalize", &request).await;
    assert_eq!(closed.refused(), refusal(409, "upload_folder_closed"));
    assert_eq!(drive.count("read_backs").await, 0);
    owner.restore(&folder).await.ok();
    middle.will(Act::Gives(9));
    confined.step("finalize", &request).await.ok();
    assert_eq!(middle.reads().first().map(String::as_str), Some("bytes=0-8388607"), "it begins anew");
}

/// A finalize of a small file, and what more it says.
async fn small(owner: &Actor, more: &[(&str, Value)]) -> Value {
    let content = SMALL.to_vec();
    let upload: Started = owner.start("a.pdf", content.len()).await;
    let mut body = json!({ "parts": owner.put_parts(&upload, &[content]).await });
    for (name, value) in more {
        body[*name] = value.clone();
    }
    upload.body(&body)
}

const SMALL: &[u8] = b"%PDF-1.7\nnot much";

#[tokio::test]
async fn a_page_instead_of_the_object_proves_nothing_and_the_same_finalize_works_later() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    let settings = |config: &mut Config| {
        config.s3 = Some(s3);
        config.uploads.verify_types = true;
    };
    let drive = World::start_with(settings).await;
    let sum = json!({ "crc64nvme": crc64(SMALL) });
    for more in [vec![], vec![("checksum", sum), ("verify", json!(true))]] {
        let request = small(&drive.owner(), &more).await;
        middle.will(Act::Pages(3));
        assert_eq!(finalize(&drive, &request).await.refused(), refusal(503, "store_unreachable"), "{more:?}");
        let item = finalize(&drive, &request).await.ok();
        assert_eq!(drive.owner().download(item["id"].as_str().unwrap()).await, SMALL);
        middle.reads();
    }
}

#[tokio::test]
async fn one_reading_of_other_bytes_does_not_end_an_upload_and_two_do() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    let drive = World::start_with(with(&s3)).await;
    let more = [("checksum", json!({ "crc64nvme": crc64(SMALL) })), ("verify", json!(true))];
    middle.will(Act::Spoils(1));
    let request = small(&drive.owner(), &more).await;
    finalize(&drive, &request).await.ok();
    middle.reads();
    middle.will(Act::Spoils(2));
    let request = small(&drive.owner(), &more).await;
    assert_eq!(finalize(&drive, &request).await.refused(), refusal(400, "checksum_mismatch"));
    assert_eq!(drive.count("items").await, 1);
}
