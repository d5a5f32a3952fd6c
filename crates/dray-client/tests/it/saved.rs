//! A drive that saves a file and does not say so. The file must not be sent again, nor be reported as failed.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use dray_client::{Error, Outcome, Report, Uploader};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stage::{Fault, Stage};

/// As many files as a batch needs at least.
const FILES: usize = 8;

fn refusal(status: u16, code: &str) -> (u16, Value) {
    (status, json!({ "statusCode": status, "error": "x", "code": code, "message": "No.", "retryAfter": 0 }))
}

/// A folder with `files` files of 10 bytes, which the stage expects to get.
async fn stage_and_folder(files: usize) -> (Stage, TempDir, Vec<PathBuf>) {
    let (stage, folder) = (Stage::open().await, tempfile::tempdir().unwrap());
    let paths: Vec<_> = (0..files).map(|at| folder.path().join(format!("{at}"))).collect();
    for path in &paths {
        std::fs::write(path, [7; 10]).unwrap();
    }
    (stage, folder, paths)
}

fn uploader(stage: &Stage) -> Uploader {
    Uploader::new(stage.client.clone(), NonZeroUsize::new(2).unwrap(), stage.counter.clone())
}

async fn upload(stage: &Stage, paths: &[PathBuf]) -> Vec<Report> {
    let mut reports = Vec::new();
    uploader(stage).upload(paths, None, |report| reports.push(report)).await;
    reports
}

fn are_uploaded(reports: &[Report]) -> usize {
    reports.iter().filter(|report| matches!(report.outcome, Outcome::Uploaded(_))).count()
}

/// The answers of a finalize that saves the files: no answer, or the server's own codes, more often than a call is repeated.
fn lost_answers() -> Vec<Vec<Option<(u16, Value)>>> {
    let pending = || Some(refusal(503, "finalize_pending"));
    vec![vec![None; 10], vec![pending(); 10], vec![Some(refusal(503, "store_unreachable")); 9], {
        (0..14).map(|at| if at % 2 == 0 { None } else { pending() }).collect()
    }]
}

#[tokio::test(start_paused = true)]
async fn files_of_a_batch_whose_finalize_has_no_answer_are_saved_once_and_reported_as_saved() {
    for answers in lost_answers() {
        let (stage, _folder, paths) = stage_and_folder(FILES).await;
        stage.seen.lock().unwrap().finalize_faults.extend(answers.clone());
        let reports = upload(&stage, &paths).await;
        assert_eq!(are_uploaded(&reports), FILES, "{answers:?} {reports:?}");
        let seen = stage.seen.lock().unwrap();
        assert_eq!((seen.batch.len(), seen.starts.len()), (FILES, 0), "nothing is sent a second time");
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_file_whose_finalize_has_no_answer_is_reported_as_saved() {
    for (answers, is_kept) in
        lost_answers().into_iter().flat_map(|each| [(each.clone(), false), (each, true)])
    {
        let (stage, _folder, paths) = stage_and_folder(1).await;
        stage.seen.lock().unwrap().finalize_faults.extend(answers.clone());
        let uploader = if is_kept { uploader(&stage).resume() } else { uploader(&stage) };
        let item = uploader.upload_file(&paths[0], "a", None).await;
        assert_eq!(item.unwrap().name, "a", "{answers:?}");
        assert_eq!(stage.seen.lock().unwrap().starts.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_is_still_being_finalized_is_waited_for() {
    let (stage, _folder, paths) = stage_and_folder(FILES).await;
    {
        let mut seen = stage.seen.lock().unwrap();
        seen.finalize_faults.extend(vec![Some(refusal(503, "finalize_pending")); 30]);
        for code in [(409, "finalize_in_progress"), (503, "finalize_pending")] {
            seen.abort_faults.extend(vec![refusal(code.0, code.1); FILES]);
        }
    }
    let reports = upload(&stage, &paths).await;
    assert_eq!(are_uploaded(&reports), FILES, "{reports:?}");
    assert_eq!(stage.seen.lock().unwrap().starts.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_the_drive_never_confirms_is_reported_as_possibly_saved_and_not_sent_again() {
    let (stage, _folder, paths) = stage_and_folder(FILES).await;
    stage.seen.lock().unwrap().finalize_faults.extend(vec![Some(refusal(503, "finalize_pending")); 10_000]);
    let reports = upload(&stage, &paths).await;
    assert_eq!(reports.len(), FILES);
    for report in &reports {
        let Outcome::Failed(error @ Error::MaybeSaved { .. }) = &report.outcome else { panic!("{report:?}") };
        assert!(error.to_string().contains("before you upload it again"), "{error}");
    }
    let seen = stage.seen.lock().unwrap();
    assert_eq!((seen.batch.len(), seen.starts.len()), (FILES, 0));
}

#[tokio::test(start_paused = true)]
async fn a_file_is_sent_again_only_after_its_upload_has_ended() {
    let ended = [None, Some(refusal(404, "upload_not_found")), Some(refusal(410, "upload_aborted"))];
    for (abort, is_sent_again) in
        ended.map(|abort| (abort, true)).into_iter().chain([(Some(refusal(403, "x")), false)])
    {
        let (stage, _folder, paths) = stage_and_folder(FILES).await;
        for _ in 0..8 {
            stage.fault(crate::stage::FIRST_FILE, Fault::Refuse(403, "AccessDenied"));
        }
        stage.seen.lock().unwrap().abort_faults.extend(abort.clone());
        let reports = upload(&stage, &paths).await;
        assert_eq!(are_uploaded(&reports), FILES - usize::from(!is_sent_again), "{abort:?} {reports:?}");
        assert_eq!(stage.seen.lock().unwrap().starts.len(), usize::from(is_sent_again), "{abort:?}");
    }
}

#[tokio::test]
async fn a_cancel_that_comes_after_the_drive_has_saved_the_file_returns_the_item() {
    let (stage, _folder, paths) = stage_and_folder(FILES).await;
    stage.seen.lock().unwrap().holds_finalize = true;
    let (uploader, mut reports) = (uploader(&stage), Vec::new());
    let uploading = uploader.upload(&paths, None, |report| reports.push(report));
    tokio::join!(uploading, async {
        stage.held.notified().await;
        uploader.cancel();
    });
    assert_eq!(are_uploaded(&reports), FILES, "{reports:?}");
}
