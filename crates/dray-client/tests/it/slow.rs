//! Slow lines, which are waited for, and peers that stand still, which are not.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use dray_client::download::{Destination, download};
use dray_client::{DEFAULT_PARALLEL, Error, Outcome, Uploader};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::stage::{DOWNLOAD, FIRST_FILE, Fault, ID, Stage};

const MIB: usize = 1024 * 1024;

fn files(count: usize, bytes: usize) -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..count).map(|at| folder.path().join(format!("{at}"))).collect();
    for path in &paths {
        std::fs::write(path, vec![7; bytes]).unwrap();
    }
    (folder, paths)
}

fn uploader(stage: &Stage, parallel: NonZeroUsize) -> Uploader {
    Uploader::new(stage.client.clone(), parallel, stage.counter.clone())
}

#[tokio::test(start_paused = true)]
async fn photos_that_share_a_slow_line_arrive_with_one_put_each() {
    let stage = Stage::open().await;
    let (_folder, paths) = files(16, 2 * MIB);
    for at in 0..16 {
        stage.fault(FIRST_FILE + at, Fault::Slow(40));
    }
    let (began, mut saved) = (Instant::now(), 0);
    let report =
        |report: dray_client::Report| saved += u32::from(matches!(report.outcome, Outcome::Uploaded(_)));
    uploader(&stage, DEFAULT_PARALLEL).upload(&paths, None, report).await;
    assert_eq!(saved, 16);
    assert_eq!(stage.seen.lock().unwrap().puts.len(), 16, "none was sent twice");
    assert!(began.elapsed().as_secs() >= 16 * 2 * 40);
}

#[tokio::test(start_paused = true)]
async fn parts_that_share_a_slow_line_arrive_with_one_put_each() {
    let stage = Stage::open().await;
    stage.seen.lock().unwrap().part_size = 8 << 20;
    let (_folder, paths) = files(1, 32 * MIB);
    for part_number in 1..=4 {
        stage.fault(part_number, Fault::Slow(40));
    }
    uploader(&stage, DEFAULT_PARALLEL).upload_file(&paths[0], "a", None).await.unwrap();
    assert_eq!(stage.seen.lock().unwrap().puts.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_takes_a_file_and_never_answers_is_asked_again() {
    let stage = Stage::open().await;
    let (_folder, paths) = files(8, 1000);
    stage.fault(FIRST_FILE, Fault::Hold);
    let mut saved = 0;
    let report =
        |report: dray_client::Report| saved += u32::from(matches!(report.outcome, Outcome::Uploaded(_)));
    uploader(&stage, DEFAULT_PARALLEL).upload(&paths, None, report).await;
    assert_eq!((saved, stage.seen.lock().unwrap().puts.len()), (8, 9));
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_over_a_slow_line_is_read_and_one_that_trickles_is_not() {
    let stage = Stage::open().await;
    let answer = stage.client_below("slow-5000").workspace().await.unwrap();
    assert_eq!(answer.name, "slow");
    let error = stage.client_below("slow-1000").workspace().await.unwrap_err();
    assert!(matches!(&error, Error::Network { cause, .. } if cause == "no answer in time"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_asks_to_wait_is_obeyed() {
    let stage = Stage::open().await;
    let (folder, paths) = files(8, 1000);
    for busy in [1, FIRST_FILE, DOWNLOAD] {
        stage.fault(busy, Fault::Busy(20));
    }
    let began = Instant::now();
    uploader(&stage, DEFAULT_PARALLEL).upload_file(&paths[0], "a", None).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 20, "a part");
    uploader(&stage, DEFAULT_PARALLEL).upload(&paths, None, |_| {}).await;
    assert_eq!(began.elapsed().as_secs(), 40, "a small file");
    let target = Destination::File(folder.path().join("back"));
    let id = ID.parse().unwrap();
    download(&stage.client, id, target, false, stage.counter.clone()).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 60, "a download");
    stage.client_below("busy").workspace().await.unwrap_err();
    assert_eq!(began.elapsed().as_secs(), 60 + 7 * 20, "a proxy, eight times");
}
