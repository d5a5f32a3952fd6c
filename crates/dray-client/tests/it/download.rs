//! Downloads despite faults.

use std::path::Path;

use dray_client::Error;
use dray_client::download::{Destination, Downloaded, download};
use tempfile::TempDir;

use crate::stage::{DOWNLOAD, Fault, ID, Stage};

async fn fetch(stage: &Stage, folder: &TempDir) -> Result<Downloaded, Error> {
    let destination = Destination::Folder(folder.path().to_owned());
    download(&stage.client, ID.parse().unwrap(), destination, false, stage.counter.clone()).await
}

async fn stage_with(bytes: usize) -> (Stage, TempDir, Vec<u8>) {
    let stage = Stage::open().await;
    let content: Vec<u8> = (0..bytes).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
    stage.seen.lock().unwrap().content.clone_from(&content);
    (stage, tempfile::tempdir().unwrap(), content)
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[tokio::test]
async fn a_file_is_downloaded_under_its_name_made_safe() {
    let (stage, folder, content) = stage_with(3_000_000).await;
    let downloaded = fetch(&stage, &folder).await.unwrap();
    assert_eq!(downloaded.path, folder.path().join(".._report.pdf"));
    assert!(std::fs::read(&downloaded.path).unwrap() == content);
    assert_eq!(stage.counter.get(), (3_000_000, 3_000_000));
}

#[tokio::test]
async fn a_broken_connection_is_resumed_where_it_broke_and_only_for_the_same_bytes() {
    let (stage, folder, content) = stage_with(500_000).await;
    stage.fault(DOWNLOAD, Fault::BreakAfter(200_000));
    let downloaded = fetch(&stage, &folder).await.unwrap();
    assert!(std::fs::read(&downloaded.path).unwrap() == content);
    let gets = &stage.seen.lock().unwrap().gets;
    assert_eq!(gets.len(), 2);
    assert_eq!(gets[1].1.as_deref(), Some("\"one\""));
    let range = gets[1].0.as_deref().unwrap();
    assert_ne!(range, "bytes=0-");
    assert_eq!(stage.counter.get().1, 500_000);
}

#[tokio::test]
async fn a_store_that_ignores_the_range_is_read_from_the_start() {
    let (stage, folder, content) = stage_with(500_000).await;
    stage.fault(DOWNLOAD, Fault::BreakAfter(200_000));
    stage.fault(DOWNLOAD, Fault::IgnoreRange);
    let downloaded = fetch(&stage, &folder).await.unwrap();
    assert!(std::fs::read(&downloaded.path).unwrap() == content);
    assert_eq!(stage.counter.get().1, 500_000);
}

#[tokio::test]
async fn a_store_that_calls_a_range_200_is_understood() {
    let (stage, folder, content) = stage_with(500_000).await;
    stage.fault(DOWNLOAD, Fault::BreakAfter(200_000));
    stage.fault(DOWNLOAD, Fault::RangeAsOk);
    let downloaded = fetch(&stage, &folder).await.unwrap();
    assert!(std::fs::read(&downloaded.path).unwrap() == content);
}

#[tokio::test]
async fn an_expired_url_is_replaced() {
    let (stage, folder, content) = stage_with(10).await;
    stage.fault(DOWNLOAD, Fault::Refuse(403, "AccessDenied"));
    stage.fault(DOWNLOAD, Fault::Refuse(400, "ExpiredToken"));
    let downloaded = fetch(&stage, &folder).await.unwrap();
    assert!(std::fs::read(&downloaded.path).unwrap() == content);
}

#[tokio::test]
async fn bytes_that_changed_between_two_connections_are_not_saved() {
    let (stage, folder, _) = stage_with(500_000).await;
    stage.fault(DOWNLOAD, Fault::BreakAfter(200_000));
    stage.fault(DOWNLOAD, Fault::Refuse(412, "PreconditionFailed"));
    let error = fetch(&stage, &folder).await.unwrap_err();
    assert!(matches!(error, Error::ChangedWhileDownloading { .. }), "{error:?}");
    assert!(is_empty(folder.path()));
}

#[tokio::test]
async fn a_refusal_leaves_nothing_behind() {
    let (stage, folder, _) = stage_with(10).await;
    stage.fault(DOWNLOAD, Fault::Refuse(404, "NoSuchKey"));
    let error = fetch(&stage, &folder).await.unwrap_err();
    assert!(matches!(&error, Error::Store { error, .. } if error.status == 404), "{error:?}");
    assert!(is_empty(folder.path()));
}

#[tokio::test]
async fn an_existing_target_costs_no_transfer() {
    let (stage, folder, _) = stage_with(10).await;
    fetch(&stage, &folder).await.unwrap();
    let error = fetch(&stage, &folder).await.unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
    assert_eq!(stage.seen.lock().unwrap().gets.len(), 1);
}

#[tokio::test]
async fn a_download_never_exceeds_the_announced_size() {
    let (stage, folder, _) = stage_with(1000).await;
    stage.fault(DOWNLOAD, Fault::RefuseForEver);
    let error = fetch(&stage, &folder).await.unwrap_err();
    assert!(matches!(error, Error::WrongSize { expected: 1000, .. }), "{error}");
    stage.seen.lock().unwrap().said_size = Some(serde_json::Value::Null);
    let error = fetch(&stage, &folder).await.unwrap_err();
    assert!(matches!(error, Error::NotDray { .. }), "a file without a size could be any amount: {error}");
    assert!(is_empty(folder.path()));
}
