//! A server, or an operator's command, that is given another store than the one with the drive's files. Whatever another
//! store lacks would look lost.

use dray_ops::{Bytes, Store};
use dray_server::{Clock, Config, S3Config};
use futures_util::future::join;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::acts::id;
use crate::batch::known;
use crate::middle::{Act, Middle};
use crate::store_down::{Away, Proxy};
use crate::world::{Actor, World, real_now, refusal};

fn with(s3: &S3Config) -> impl FnOnce(&mut Config) + use<> {
    let s3 = s3.clone();
    |config: &mut Config| config.s3 = Some(s3)
}

fn without(config: &mut Config) {
    config.s3 = None;
}

/// A store, and a drive on it that has one file.
async fn drive_on_a_store() -> (World, S3Config, World, String) {
    let store = World::start().await;
    let s3 = store.as_store(store.url.clone());
    let drive = World::start_with(with(&s3)).await;
    let file = id(&drive.owner().upload("a", &[b"precious".to_vec()]).await);
    (store, s3, drive, file)
}

/// Sends the same file again, as a nightly job does. Returns the answer about it.
async fn send_again(owner: &Actor) -> Value {
    owner.batch("start", &json!({ "files": [known("nightly", b"bytes")] })).await.ok()["files"][0].clone()
}

/// Sends the file for the first time, so that its checksum is known.
async fn send(drive: &World) {
    let files = [(known("nightly", b"bytes"), &b"bytes"[..])];
    drive.owner().upload_files(drive, &files, &json!({})).await;
    let crc64 = known("nightly", b"bytes")["checksum"]["crc64nvme"].as_str().unwrap().to_owned();
    drive.execute(&format!("update items set crc64nvme = '{crc64}' where name = 'nightly'")).await;
}

#[tokio::test]
async fn a_server_without_its_s3_settings_does_not_start_and_nothing_is_lost() {
    let (_store, s3, mut drive, file) = drive_on_a_store().await;
    let owner = drive.owner();
    send(&drive).await;
    let there = send_again(&owner).await["item"]["id"].clone();
    assert!(there.is_string());
    let open = owner.start("under way", 3).await;
    let parts = owner.put_parts(&open, &[b"abc".to_vec()]).await;
    drive.stop().await;

    let refused = drive.refuses(without).await;
    assert!(refused.contains("does not have the drive's mark"), "{refused}");
    assert!(refused.contains("--s3-bucket") && refused.contains("dray store adopt"), "{refused}");

    drive.serve(with(&s3)).await;
    let owner = drive.owner();
    assert_eq!(owner.download(&file).await, b"precious");
    assert_eq!(send_again(&owner).await["item"]["id"], there);
    assert_eq!(owner.get("/drive/trash").await.ok()["items"], json!([]));
    owner.finalize(&open, &parts).await.ok();
}

#[tokio::test]
async fn a_second_server_of_a_database_needs_the_same_store() {
    let (_store, s3, drive, file) = drive_on_a_store().await;
    let Some(mut second) = drive.beside() else { return };
    let refused = second.refuses(without).await;
    assert!(refused.contains("does not have the drive's mark"), "{refused}");
    let other = World::start().await;
    let wrong = other.as_store(other.url.clone());
    let refused = second.refuses(with(&wrong)).await;
    assert!(refused.contains("does not have the drive's mark"), "{refused}");
    second.serve(with(&s3)).await;
    assert_eq!(second.owner().download(&file).await, b"precious");
}

#[tokio::test]
async fn a_drive_that_was_moved_to_another_database_takes_its_store_along() {
    let (store, s3, mut drive, file) = drive_on_a_store().await;
    drive.stop().await;
    let (mut other, clock) = (drive.elsewhere().await, Clock::from_fn(real_now));
    let (admin, admin_there) = (drive.admin().await, other.admin().await);
    admin.move_rows(&admin_there, drive.data.path(), &clock).await.unwrap();
    admin.close().await;
    admin_there.close().await;
    // Until a server starts there, the drive may stay where it is.
    drive.serve(with(&s3)).await;
    drive.stop().await;
    let marks = store.marks().await;
    other.serve(with(&s3)).await;
    assert_eq!(other.owner().download(&file).await, b"precious");
    let new = id(&other.owner().upload("new", &[b"new".to_vec()]).await);
    let refused = drive.refuses(with(&s3)).await;
    assert!(refused.contains("moved to another database"), "{refused}");
    // What an operator types without the address of the new database.
    let admin = drive.admin().await;
    let refused = Store::open(&admin, drive.data.path(), Some(&s3), "").await.err().unwrap().to_string();
    assert!(refused.contains("moved to another database"), "{refused}");
    admin.close().await;
    assert_eq!(store.marks().await.len(), marks.len());
    assert_ne!(store.marks().await, marks);
    other.stop().await;
    other.serve(with(&s3)).await;
    assert_eq!(other.owner().download(&new).await, b"new");
    assert_eq!(other.count("store_mark where old_id is null").await, 1);
}

#[tokio::test]
async fn a_start_that_was_interrupted_while_it_took_the_store_along_is_continued() {
    let (store, s3, mut drive, file) = drive_on_a_store().await;
    // The mark is the new one, and the old one is still in the store.
    drive.stop().await;
    let (old, marks) = ("0".repeat(32), store.marks().await.len());
    drive.execute(&format!("update store_mark set old_id = '{old}'")).await;
    drive.serve(with(&s3)).await;
    assert_eq!((drive.count("store_mark where old_id is null").await, store.marks().await.len()), (1, marks));
    // The store refuses the new mark for a while.
    drive.stop().await;
    drive.execute("update store_mark set old_id = id").await;
    let (middle, through) = Middle::start(&store).await;
    middle.will(Act::RefusesObjects);
    drive.serve(with(&through)).await;
    assert_eq!(drive.owner().download(&file).await, b"precious");
    assert_eq!(drive.count("store_mark where old_id = id").await, 1);
    drive.stop().await;
    middle.will(Act::Serves);
    drive.serve(with(&through)).await;
    assert_eq!((drive.count("store_mark where old_id is null").await, store.marks().await.len()), (1, marks));
}

#[tokio::test]
async fn a_database_that_was_lost_does_not_take_the_files_of_the_embedded_store_for_those_of_others() {
    let mut drive = World::start().await;
    drive.owner().upload("a", &[b"precious".to_vec()]).await;
    drive.stop().await;
    let mut lost = drive.elsewhere().await;
    std::mem::swap(&mut lost.data, &mut drive.data);
    if lost.data.path().join("drive.db").exists() {
        std::fs::write(lost.data.path().join("drive.db"), "").unwrap();
        for log in ["drive.db-wal", "drive.db-shm"] {
            let _ = std::fs::remove_file(lost.data.path().join(log));
        }
    }
    let refused = lost.refuses(|_| {}).await;
    assert!(refused.contains("the database knows none") && refused.contains("dray restore"), "{refused}");
}

#[tokio::test]
async fn servers_that_start_together_on_a_new_database_agree_on_one_mark() {
    let store = World::start().await;
    let s3 = store.as_store(store.url.clone());
    let mut drive = World::start_with(with(&s3)).await;
    drive.stop().await;
    drive.execute("delete from store_mark").await;
    let before = store.marks().await.len();
    let Some(mut second) = drive.beside() else { return };
    join(drive.serve(with(&s3)), second.serve(with(&s3))).await;
    assert_eq!(store.marks().await.len(), before + 1, "the mark that lost is gone");
}

#[tokio::test]
async fn a_drive_from_before_marks_is_accepted_where_its_files_are_and_nowhere_else() {
    let (store, s3, mut drive, file) = drive_on_a_store().await;
    drive.stop().await;
    drive.execute("delete from store_mark").await;
    let refused = drive.refuses(without).await;
    assert!(refused.contains("does not have this drive's files"), "{refused}");
    assert_eq!(drive.count("store_mark").await, 0);
    drive.serve(with(&s3)).await;
    assert_eq!((drive.count("store_mark").await, store.marks().await.len()), (1, 3));
    assert_eq!(drive.owner().download(&file).await, b"precious");
}

#[tokio::test]
async fn a_store_that_takes_no_mark_is_used_as_before() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    middle.will(Act::RefusesObjects);
    let mut drive = World::start_with(with(&s3)).await;
    let file = id(&drive.owner().upload("a", &[b"precious".to_vec()]).await);
    drive.stop().await;
    assert_eq!(drive.count("store_mark").await, 0);
    drive.serve(with(&s3)).await;
    assert_eq!(drive.owner().download(&file).await, b"precious");
    drive.stop().await;
    let refused = drive.refuses(without).await;
    assert!(refused.contains("does not have this drive's files"), "{refused}");
}

#[tokio::test]
async fn a_server_that_started_without_its_store_checks_the_store_before_it_believes_it() {
    let (store, s3, mut drive, file) = drive_on_a_store().await;
    let other = World::start().await;
    let open = drive.owner().start("under way", 3).await;
    let parts = drive.owner().put_parts(&open, &[b"abc".to_vec()]).await;
    drive.stop().await;

    let (mut wrong, mut right) = (Proxy::start(&other).await, Proxy::start(&store).await);
    let mistaken = S3Config { endpoint: Some(format!("http://{}", wrong.address)), ..other.as_store("") };
    wrong.cut(Away::Gone).await;
    drive.launch(with(&mistaken)).await;
    assert_eq!(drive.owner().finalize(&open, &parts).await.refused(), refusal(503, "store_unreachable"));
    wrong.mend().await;
    let owner = drive.owner();
    for answer in [
        owner.finalize(&open, &parts).await,
        owner
            .step(
                "start",
                &json!({
                    "fileName": "b", "fileSize": 1, "mimeType": "a/b",
                }),
            )
            .await,
    ] {
        assert!(answer.status.is_server_error(), "{}", answer.body);
    }
    let ready = drive.http.get(format!("{}/readyz", drive.url)).send().await.unwrap();
    assert!(!ready.status().is_success());
    drive.stop().await;

    let s3 = S3Config { endpoint: Some(format!("http://{}", right.address)), ..s3 };
    right.cut(Away::Gone).await;
    drive.launch(with(&s3)).await;
    let owner = drive.owner();
    owner.get("/drive/usage").await.ok();
    right.mend().await;
    owner.finalize(&open, &parts).await.ok();
    assert_eq!(owner.download(&file).await, b"precious");
}

#[tokio::test]
async fn what_a_store_lacks_is_no_proof_when_it_has_lost_its_mark_while_the_server_runs() {
    let (store, _s3, drive, _file) = drive_on_a_store().await;
    send(&drive).await;
    let sql = "delete from object where key like 'files/%'";
    rusqlite::Connection::open(store.data.path().join("store/meta.db")).unwrap().execute(sql, []).unwrap();
    let answer = send_again(&drive.owner()).await;
    assert!(answer.get("upload").is_none() && answer.get("item").is_none(), "{answer}");
    assert_eq!(drive.count("items where trashed_at is not null").await, 0);
}

#[tokio::test]
async fn operators_commands_refuse_another_store_and_create_none() {
    let (_store, s3, drive, _file) = drive_on_a_store().await;
    let (admin, folder) = (drive.admin().await, tempfile::tempdir().unwrap());
    let refused = Store::open(&admin, folder.path(), None, "").await.err().unwrap().to_string();
    assert!(refused.contains("does not exist"), "{refused}");
    assert!(!folder.path().join("store").exists());
    let other = World::start().await;
    let wrong = other.as_store(other.url.clone());
    let refused = Store::open(&admin, folder.path(), Some(&wrong), "").await.err().unwrap().to_string();
    assert!(refused.contains("does not have the drive's mark"), "{refused}");
    Store::open(&admin, folder.path(), Some(&s3), "").await.unwrap().close().await;
    admin.close().await;
}

#[tokio::test]
async fn a_restore_onto_the_rows_of_a_drive_writes_only_to_its_own_store() {
    let (store, s3, mut drive, file) = drive_on_a_store().await;
    let backup = tempfile::tempdir().unwrap();
    let (folder, clock) = (drive.data.path().to_owned(), Clock::from_fn(real_now));
    drive.stop().await;
    let admin = drive.admin().await;
    let own = Store::open(&admin, &folder, Some(&s3), "").await.unwrap();
    admin.backup(&own, backup.path(), Bytes::New, &clock, |_| {}).await.unwrap();
    own.close().await;

    let other = World::start().await;
    let (wrong, before) = (other.as_store(other.url.clone()), other.object_keys().await);
    let opened = Store::open_alone(&folder, Some(&wrong)).await.unwrap();
    let refused = admin.restore(&opened, backup.path(), |_| {}).await.unwrap_err().to_string();
    assert!(refused.contains("does not have the drive's mark"), "{refused}");
    opened.close().await;
    assert_eq!(other.object_keys().await, before);

    let marks = store.marks().await;
    let own = Store::open_alone(&folder, Some(&s3)).await.unwrap();
    let copied = admin.restore(&own, backup.path(), |_| {}).await.unwrap();
    own.close().await;
    admin.close().await;
    assert_eq!((copied.objects, copied.kept, store.marks().await), (1, 1, marks), "no second mark");
    drive.serve(with(&s3)).await;
    assert_eq!(drive.owner().download(&file).await, b"precious");
}

#[tokio::test]
async fn a_drive_that_moved_leaves_its_store_when_a_server_starts_in_the_new_one() {
    let mut drive = World::start().await;
    if drive.store.is_some() {
        return;
    }
    let file = id(&drive.owner().upload("a", &[b"precious".to_vec()]).await);
    drive.stop().await;
    let host = World::start().await;
    let s3 = host.as_store(host.url.clone());
    let folder = drive.data.path().to_owned();
    let (admin, clock) = (drive.admin().await, Clock::from_fn(real_now));
    let from = Store::open(&admin, &folder, None, "").await.unwrap();
    let to = Store::open_alone(&folder, Some(&s3)).await.unwrap();
    for _ in 0..2 {
        admin.move_objects(&from, &to, &folder, &clock, |_| {}).await.unwrap();
    }
    from.close().await;
    to.close().await;
    admin.close().await;
    assert_eq!(host.marks().await.len(), 2, "one of its own drive, and one although it was moved twice");

    drive.serve(without).await;
    assert_eq!(drive.owner().download(&file).await, b"precious", "it may still start where it was");
    drive.stop().await;
    drive.serve(with(&s3)).await;
    assert_eq!(drive.owner().download(&file).await, b"precious");
    drive.stop().await;
    let refused = drive.refuses(without).await;
    assert!(refused.contains("does not have the drive's mark"), "{refused}");
}

#[tokio::test]
async fn an_operator_can_say_that_another_store_is_the_drives() {
    let (_store, old, mut drive, _file) = drive_on_a_store().await;
    drive.stop().await;
    let other = World::start().await;
    let s3 = other.as_store(other.url.clone());
    drive.adopt(&s3).await;
    drive.serve(with(&s3)).await;
    let file = id(&drive.owner().upload("b", &[b"again".to_vec()]).await);
    drive.pass(SignedDuration::from_secs(1)).await;
    assert_eq!(drive.owner().download(&file).await, b"again");
    drive.stop().await;
    let refused = drive.refuses(with(&old)).await;
    assert!(refused.contains("does not have the drive's mark"), "{refused}");
}
