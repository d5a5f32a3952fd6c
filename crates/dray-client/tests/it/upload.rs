//! Uploads despite faults.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use dray_client::{Error, Outcome, Uploader};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stage::{Fault, Stage};

fn a_file(bytes: usize) -> (TempDir, PathBuf, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.pdf");
    let content: Vec<u8> = (0..bytes).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
    std::fs::write(&path, &content).unwrap();
    (folder, path, content)
}

fn uploader(stage: &Stage, parallel: usize) -> Uploader {
    Uploader::new(stage.client.clone(), NonZeroUsize::new(parallel).unwrap(), stage.counter.clone())
}

fn refusal(status: u16, retry_after: Option<u64>) -> (u16, Value) {
    let body = json!({ "statusCode": status, "error": "x", "code": "rate_limited", "message": "No.", "retryAfter": retry_after });
    (status, body)
}

#[tokio::test]
async fn the_store_gets_the_files_bytes_and_the_item_is_returned() {
    let stage = Stage::open().await;
    let (_folder, path, content) = a_file(3500);
    let item = uploader(&stage, 2).upload_file(&path, "report.pdf", None).await.unwrap();
    assert_eq!((item.name.as_str(), item.file_size), ("report.pdf", Some(3500)));
    let seen = stage.seen.lock().unwrap();
    assert!(seen.content == content);
    assert_eq!(seen.starts[0].mime_type, "application/pdf");
    let mut parts: Vec<_> = seen.finalized[0]
        .parts
        .iter()
        .flatten()
        .map(|part| (part.part_number, part.e_tag.as_deref().unwrap()))
        .collect();
    parts.sort_unstable();
    assert_eq!(
        parts,
        [
            (1, "\"part 1 of 1000\""),
            (2, "\"part 2 of 1000\""),
            (3, "\"part 3 of 1000\""),
            (4, "\"part 4 of 500\"")
        ]
    );
    assert_eq!(stage.counter.get().1, 3500);
}

#[tokio::test]
async fn urls_are_signed_a_hundred_parts_ahead_and_no_more() {
    let stage = Stage::open().await;
    stage.seen.lock().unwrap().part_size = 10;
    let (_folder, path, content) = a_file(2_405);
    uploader(&stage, 4).upload_file(&path, "a", None).await.unwrap();
    let seen = stage.seen.lock().unwrap();
    assert!(seen.content == content);
    let batches: Vec<_> = seen.signed.iter().map(|batch| (batch[0], batch.len())).collect();
    assert_eq!(batches, [(1, 100), (101, 100), (201, 41)]);
}

#[tokio::test]
async fn an_empty_file_is_one_empty_part() {
    let stage = Stage::open().await;
    let (_folder, path, _) = a_file(0);
    let item = uploader(&stage, 1).upload_file(&path, "empty", None).await.unwrap();
    assert_eq!(item.file_size, Some(0));
    assert_eq!(stage.seen.lock().unwrap().puts, [1]);
}

#[tokio::test]
async fn an_expired_url_is_signed_again_with_those_of_its_age() {
    let stage = Stage::open().await;
    stage.fault(2, Fault::Refuse(403, "AccessDenied"));
    stage.fault(3, Fault::Refuse(400, "ExpiredToken"));
    let (_folder, path, content) = a_file(4000);
    uploader(&stage, 1).upload_file(&path, "a", None).await.unwrap();
    let seen = stage.seen.lock().unwrap();
    assert!(seen.content == content);
    assert_eq!(seen.puts, [1, 2, 2, 3, 3, 4]);
    assert_eq!(seen.signed, [vec![1, 2, 3, 4], vec![2], vec![3, 4], vec![3], vec![4]]);
    assert_eq!(stage.counter.get().1, 4000, "bytes that were sent for nothing no longer count");
}

#[tokio::test]
async fn a_store_that_always_refuses_is_reported_without_the_signature() {
    let stage = Stage::open().await;
    for _ in 0..5 {
        stage.fault(1, Fault::Refuse(403, "SignatureDoesNotMatch"));
    }
    let (_folder, path, _) = a_file(10);
    let error = uploader(&stage, 1).upload_file(&path, "a", None).await.unwrap_err();
    assert!(matches!(&error, Error::Store { error, .. } if error.status == 403), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret"));
    assert_eq!(stage.seen.lock().unwrap().puts.len(), 5);
    assert_eq!(stage.seen.lock().unwrap().finalized, []);
}

#[tokio::test]
async fn a_busy_store_is_asked_again() {
    let stage = Stage::open().await;
    stage.fault(1, Fault::Refuse(503, "SlowDown"));
    let (_folder, path, content) = a_file(10);
    uploader(&stage, 1).upload_file(&path, "a", None).await.unwrap();
    assert!(stage.seen.lock().unwrap().content == content);
}

#[tokio::test]
async fn a_permanent_refusal_is_not_repeated() {
    let stage = Stage::open().await;
    stage.fault(1, Fault::Refuse(404, "NoSuchUpload"));
    let (_folder, path, _) = a_file(10);
    let error = uploader(&stage, 1).upload_file(&path, "a", None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the object store refused part 1 of {}: 404 NoSuchUpload, On purpose.", path.display())
    );
    assert_eq!(stage.seen.lock().unwrap().puts, [1]);
}

#[tokio::test]
async fn a_part_without_an_etag_is_an_error() {
    let stage = Stage::open().await;
    stage.fault(1, Fault::NoETag);
    let (_folder, path, _) = a_file(10);
    let error = uploader(&stage, 1).upload_file(&path, "a", None).await.unwrap_err();
    assert!(matches!(error, Error::NoETag { part_number: 1 }), "{error:?}");
}

#[tokio::test]
async fn a_rate_limit_is_waited_for_and_a_start_that_may_have_begun_is_repeated_with_its_key() {
    let stage = Stage::open().await;
    let (_folder, path, _) = a_file(10);
    stage.seen.lock().unwrap().api_faults.push_back(refusal(429, Some(0)));
    uploader(&stage, 1).upload_file(&path, "a", None).await.unwrap();
    stage.seen.lock().unwrap().api_faults.push_back(refusal(503, Some(0)));
    uploader(&stage, 1).upload_file(&path, "a", None).await.unwrap();
    let seen = stage.seen.lock().unwrap();
    let [first, again, second, repeated] = &seen.start_keys[..] else { panic!("{:?}", seen.start_keys) };
    assert_eq!((first, second), (again, repeated));
    assert_ne!(first, second, "each upload has its own key");
}

/// Changes the file when its first bytes are on their way.
struct Meddler(PathBuf, std::sync::Once);

impl dray_client::Progress for Meddler {
    fn expect(&self, _: u64) {}
    fn moved(&self, _: u64) {
        self.1.call_once(|| std::fs::write(&self.0, [1; 1500]).unwrap());
    }
    fn undone(&self, _: u64) {}
}

#[tokio::test]
async fn a_file_that_changes_during_its_upload_is_not_saved() {
    for bytes in [1000, 3000] {
        let stage = Stage::open().await;
        let (_folder, path, _) = a_file(bytes);
        let meddler = Arc::new(Meddler(path.clone(), std::sync::Once::new()));
        let uploader = Uploader::new(stage.client.clone(), NonZeroUsize::MIN, meddler);
        let error = uploader.upload_file(&path, "a", None).await.unwrap_err();
        assert!(matches!(error, Error::ChangedWhileUploading { .. }), "{error:?}");
        assert_eq!(stage.seen.lock().unwrap().finalized, []);
    }
}

#[tokio::test]
async fn one_failure_in_a_tree_stops_only_what_is_below_it() {
    let stage = Stage::open().await;
    let (folder, _, _) = a_file(10);
    std::fs::create_dir(folder.path().join("refused")).unwrap();
    std::fs::write(folder.path().join("refused/below"), "x").unwrap();
    let mut reports = Vec::new();
    uploader(&stage, 1).upload(&[folder.path().to_owned()], None, |report| reports.push(report)).await;
    let of = |name: &str| &reports.iter().find(|report| report.path.ends_with(name)).unwrap().outcome;
    assert!(matches!(of("report.pdf"), Outcome::Uploaded(_)));
    assert!(matches!(of("refused"), Outcome::Failed(Error::Api { status: 400, .. })));
    assert!(matches!(of("below"), Outcome::Failed(Error::NoFolder { .. })));
    assert_eq!(reports.len(), 4);
    assert_eq!(stage.counter.get(), (11, 10));
}

#[tokio::test]
async fn an_upload_that_fails_for_good_is_aborted_on_the_server() {
    let stage = Stage::open().await;
    stage.fault(1, Fault::Refuse(400, "InvalidArgument"));
    let (_folder, path, _) = a_file(10);
    let error = uploader(&stage, 1).upload_file(&path, "a", None).await.unwrap_err();
    assert!(matches!(error, Error::Store { .. }), "{error}");
    let aborted = stage.seen.lock().unwrap().aborted.clone();
    assert_eq!(aborted.iter().map(|key| key.upload_id.as_str()).collect::<Vec<_>>(), ["u"]);
}

#[tokio::test]
async fn an_upload_that_cannot_be_aborted_says_how_to_continue() {
    let stage = Stage::open().await;
    stage.fault(1, Fault::Refuse(400, "InvalidArgument"));
    let (_folder, path, _) = a_file(10);
    let body = json!({ "statusCode": 403, "error": "x", "code": "missing_scope", "message": "No." });
    {
        let mut seen = stage.seen.lock().unwrap();
        seen.abort_faults.push_back((403, body));
    }
    let error = uploader(&stage, 1).upload_file(&path, "a", None).await.unwrap_err();
    let said = error.to_string();
    assert!(said.contains("InvalidArgument") && said.contains("dray uploads resume u FILE"), "{said}");
}

#[tokio::test]
async fn a_cancelled_upload_is_aborted_unless_it_can_be_resumed() {
    let stage = Stage::open().await;
    let (_folder, path, _) = a_file(10);
    let cancelled = uploader(&stage, 1);
    cancelled.cancel();
    assert!(matches!(cancelled.upload_file(&path, "a", None).await, Err(Error::Cancelled)));
    assert!(stage.seen.lock().unwrap().starts.is_empty(), "no upload begins after the cancel");

    for is_kept in [false, true] {
        stage.fault(1, Fault::Hold);
        let uploader = uploader(&stage, 1);
        let uploader = if is_kept { uploader.resume() } else { uploader };
        let (result, ()) = tokio::join!(uploader.upload_file(&path, "a", None), async {
            stage.held.notified().await;
            uploader.cancel();
        });
        assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
        assert_eq!(stage.seen.lock().unwrap().aborted.len(), 1, "the first alone");
    }
}

#[tokio::test]
async fn a_store_that_never_stops_sending_is_cut_off() {
    let stage = Stage::open().await;
    stage.fault(1, Fault::RefuseForEver);
    let (_folder, path, _) = a_file(10);
    let error = uploader(&stage, 1).upload_file(&path, "a", None).await.unwrap_err();
    assert!(matches!(error, Error::Store { .. }), "{error}");
    stage.fault(1, Fault::LongETag(4000));
    let error = uploader(&stage, 1).upload_file(&path, "a", None).await.unwrap_err();
    assert!(matches!(error, Error::NoETag { part_number: 1 }), "{error}");
}

#[tokio::test]
async fn a_server_that_never_stops_sending_is_cut_off() {
    let stage = Stage::open().await;
    for (path, limit) in [("tree", 16 * 1024 * 1024), ("refused", 64 * 1024)] {
        let client = stage.client_below(path);
        let error = client.workspace().await.unwrap_err();
        assert!(matches!(error, Error::AnswerTooLong { limit: read, .. } if read == limit), "{error}");
    }
}

#[tokio::test]
async fn a_differently_composed_name_counts_as_the_sent_name() {
    let stage = Stage::open().await;
    stage.seen.lock().unwrap().saved_name = Some("Caf\u{e9}".into());
    let (_folder, path, _) = a_file(10);
    let item = uploader(&stage, 1).upload_file(&path, "Cafe\u{301}", None).await.unwrap();
    assert_eq!(item.name, "Caf\u{e9}");
}
