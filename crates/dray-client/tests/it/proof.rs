//! Uploads prove that the store has the file's bytes.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dray_api::upload::{Checksum, OpenUpload};
use dray_client::{Error, Progress, Uploader};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stage::{FIRST_FILE, Fault, Seen, Stage, md5_tag};

fn a_file(content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn bytes(count: usize, seed: u8) -> Vec<u8> {
    (0..count).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1] ^ seed).collect()
}

fn uploader(stage: &Stage) -> Uploader {
    Uploader::new(stage.client.clone(), NonZeroUsize::new(3).unwrap(), stage.counter.clone())
}

fn checksum(bytes: &[u8]) -> Checksum {
    Checksum { crc64nvme: STANDARD.encode(crc_fast::crc64_nvme(bytes).to_be_bytes()) }
}

fn refusal(code: &str) -> (u16, Value) {
    (400, json!({ "statusCode": 400, "error": "x", "code": code, "message": "No." }))
}

/// The upload that the stage has, of a file with this many bytes.
fn open_upload(file_size: usize) -> OpenUpload {
    serde_json::from_value(json!({
        "uploadId": "u", "fileKey": "k", "fileName": "a", "fileSize": file_size, "mimeType": "a/b",
        "parentId": null, "partSize": 1000, "onConflict": "keep", "status": "open",
        "createdAt": "2026-01-31T12:00:00.000Z", "expiresAt": "2026-01-31T12:00:00.000Z",
    }))
    .unwrap()
}

/// The store has this part of `content`.
fn store(stage: &Stage, part_number: u32, content: &[u8]) {
    let at = usize::try_from(part_number - 1).unwrap() * 1000;
    let part = &content[at..(at + 1000).min(content.len())];
    let mut seen = stage.seen.lock().unwrap();
    seen.stored.retain(|stored| stored["partNumber"] != part_number);
    seen.stored.push(json!({ "partNumber": part_number, "size": part.len(), "eTag": md5_tag(part) }));
    seen.parts.insert(part_number, part.to_vec().into());
}

#[tokio::test]
async fn the_checksum_is_that_of_the_whole_file_despite_repeated_parts() {
    for count in [0, 1, 1000, 4500] {
        let stage = Stage::open().await;
        stage.fault(1, Fault::Refuse(503, "SlowDown"));
        stage.fault(3, Fault::Refuse(403, "AccessDenied"));
        let content = bytes(count, 0);
        let (_folder, path) = a_file(&content);
        uploader(&stage).upload_file(&path, "a", None).await.unwrap();
        let seen = stage.seen.lock().unwrap();
        let [finalized] = &seen.finalized[..] else { panic!("{:?}", seen.finalized) };
        assert_eq!((&finalized.checksum, finalized.verify), (&Some(checksum(&content)), false), "{count}");
    }
}

#[tokio::test]
async fn every_file_of_a_batch_has_its_checksum() {
    let (stage, folder) = (Stage::open().await, tempfile::tempdir().unwrap());
    let paths: Vec<_> = (0..8).map(|at| folder.path().join(format!("{at}"))).collect();
    for (at, path) in (0..).zip(&paths) {
        std::fs::write(path, bytes(usize::from(at) * 700, at)).unwrap();
    }
    uploader(&stage).upload(&paths, None, |_| ()).await;
    let seen = stage.seen.lock().unwrap();
    assert_eq!(seen.small_checksums.len(), 8);
    for (number, name) in (FIRST_FILE..).zip(&seen.batch) {
        let at: u8 = name.parse().unwrap();
        let expected = Some(checksum(&bytes(usize::from(at) * 700, at)));
        assert_eq!(seen.small_checksums[&number.to_string()], expected, "{name}");
    }
}

#[tokio::test]
async fn a_store_that_proves_no_checksum_is_asked_once() {
    let stage = Stage::open().await;
    stage.seen.lock().unwrap().finalize_faults.push_back(Some(refusal("checksum_unproven")));
    let (_folder, path) = a_file(&bytes(2500, 0));
    let uploader = uploader(&stage);
    for _ in 0..2 {
        uploader.upload_file(&path, "a", None).await.unwrap();
    }
    let seen = stage.seen.lock().unwrap();
    let sent: Vec<_> = seen.finalized.iter().map(|sent| (sent.checksum.is_some(), sent.verify)).collect();
    assert_eq!(sent, [(true, false), (false, false), (false, false)]);
}

/// Lets the next request to the drive fail once the first bytes are on their way.
struct Mismatch(Arc<Mutex<Seen>>, Once);

impl Progress for Mismatch {
    fn expect(&self, _: u64) {}
    fn moved(&self, _: u64) {
        self.1.call_once(|| self.0.lock().unwrap().api_faults.push_back(refusal("checksum_mismatch")));
    }
    fn undone(&self, _: u64) {}
}

#[tokio::test]
async fn a_file_that_the_store_has_wrong_is_an_error_and_is_not_sent_again() {
    let stage = Stage::open().await;
    let (_folder, path) = a_file(&bytes(2500, 0));
    let progress = Arc::new(Mismatch(Arc::clone(&stage.seen), Once::new()));
    let uploader = Uploader::new(stage.client.clone(), NonZeroUsize::MIN, progress);
    let error = uploader.upload_file(&path, "a", None).await.unwrap_err();
    assert!(matches!(error, Error::StoredDiffers { .. }), "{error:?}");
    let seen = stage.seen.lock().unwrap();
    assert_eq!((seen.starts.len(), seen.puts.len(), seen.aborted.len()), (1, 3, 1));
}

#[tokio::test]
async fn another_file_is_refused_after_one_part_if_the_stores_e_tags_are_md5s() {
    let stage = Stage::open().await;
    stage.seen.lock().unwrap().has_md5 = true;
    let (right, wrong) = (bytes(4500, 0), bytes(4500, 1));
    let ((_folder, wrong_path), (_other, path)) = (a_file(&wrong), a_file(&right));
    store(&stage, 1, &right);
    store(&stage, 2, &right);
    // The part that was sent shows the next time that the first part is another file's.
    for sent in [&[5][..], &[]] {
        let error = uploader(&stage).resume_upload(open_upload(4500), &wrong_path).await.unwrap_err();
        assert!(matches!(error, Error::SentBeforeDiffers { .. }), "{error:?}");
        assert_eq!(std::mem::take(&mut stage.seen.lock().unwrap().puts), sent);
        assert_eq!(stage.counter.get().1, 0);
        store(&stage, 5, &wrong);
    }
    uploader(&stage).resume_upload(open_upload(4500), &path).await.unwrap();
    let seen = stage.seen.lock().unwrap();
    assert!(seen.content == right);
    assert_eq!(seen.finalized.len(), 1);
    assert_eq!((&seen.finalized[0].checksum, seen.finalized[0].verify), (&Some(checksum(&right)), true));
    assert_eq!(stage.counter.get().1, 4500);
}

#[tokio::test]
async fn parts_whose_e_tags_prove_nothing_are_kept_and_proven_by_the_checksum() {
    let stage = Stage::open().await;
    let content = bytes(2500, 0);
    let (_folder, path) = a_file(&content);
    store(&stage, 1, &content);
    // It looks like an MD5 and is none, as on a store that encrypts.
    stage.seen.lock().unwrap().stored[0]["eTag"] = json!(md5_tag(b"encrypted"));
    uploader(&stage).resume_upload(open_upload(2500), &path).await.unwrap();
    let mut seen = stage.seen.lock().unwrap();
    seen.puts.sort_unstable();
    assert_eq!(seen.puts, [2, 3]);
    assert_eq!((&seen.finalized[0].checksum, seen.finalized[0].verify), (&Some(checksum(&content)), true));
    assert_eq!(stage.counter.get().1, 2500);
}
