//! What survives restarts, flipped bits, missing files, and crashes between the steps of a write.

use std::{fs, os::unix::fs::FileExt, sync::Arc};

use dray_object_store::{Config, ObjectStore, OpenError, read_keys};

use crate::harness::{MIB, PART, Server, bytes, files_in};

#[tokio::test]
async fn a_restart_keeps_everything() {
    let server = Server::start_with(|_| ()).await;
    let keys = server.store.credentials();
    server.put("small", "small").await;
    server.put("big", bytes(1, MIB)).await;
    let id = server.create("k", &[("x-amz-meta-a", "b")]).await;
    let e1 = server.put_part("k", &id, 1, bytes(2, PART)).await.etag();
    let folder = server.stop().await;

    assert_eq!(read_keys(folder.path()).unwrap(), keys);
    let server = Server::start_in(folder, |_| ()).await;
    assert_eq!(server.store.credentials(), keys);
    assert_eq!(server.get("small").await.body, "small");
    assert_eq!(server.get("big").await.body, bytes(1, MIB));
    let e2 = server.put_part("k", &id, 2, "end").await.etag();
    assert_eq!(server.complete("k", &id, &[(1, e1), (2, e2)]).await.code(), "200");
    assert_eq!(server.get("k").await.header("x-amz-meta-a"), "b");
    let other = server.create("k", &[]).await;
    assert_ne!(other[..16], id[..16]);
}

#[tokio::test]
async fn only_one_process_at_a_time_can_open_a_folder() {
    let server = Server::start_with(|_| ()).await;
    let again = ObjectStore::open(Config::new(server.folder.path()));
    let error = again.err().unwrap();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    assert_eq!(error.to_string().lines().count(), 1);
    let folder = server.stop().await;
    assert!(ObjectStore::open(Config::new(folder.path())).is_ok());
}

#[tokio::test]
async fn a_folder_of_a_newer_version_is_refused() {
    let folder = Server::start().await.stop().await;
    let database = rusqlite::Connection::open(folder.path().join("meta.db")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let error = ObjectStore::open(Config::new(folder.path())).err().unwrap();
    assert!(matches!(error, OpenError::NewerVersion { found: 99, .. }), "{error}");
}

#[tokio::test]
async fn a_damaged_database_or_folder_is_refused_with_advice() {
    let folder = Server::start().await.stop().await;
    fs::write(folder.path().join("meta.db"), vec![b'?'; 8192]).unwrap();
    let error = ObjectStore::open(Config::new(folder.path())).err().unwrap();
    assert!(matches!(error, OpenError::Database { .. }), "{error}");
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = ObjectStore::open(Config::new(file)).err().unwrap();
    assert!(matches!(error, OpenError::Unwritable { .. }), "{error}");
}

#[tokio::test]
async fn a_flipped_bit_is_never_served() {
    let server = Server::start_with(|_| ()).await;
    server.put("k", bytes(1, MIB)).await;
    let file = fs::File::options().write(true).open(&server.files()[0]).unwrap();
    let right = bytes(1, MIB);
    // In the last block: the head of the answer is already sent, so the connection is cut.
    let at = MIB - 10;
    file.write_all_at(&[right[at] ^ 1], at as u64).unwrap();
    let headers = server.sign("GET", &server.path("k"), &[], &dray_s3::PayloadHash::Unsigned);
    assert!(server.try_send("GET", &server.path("k"), headers, "").await.is_err());
    // A range that does not touch the block is served, and one that touches it is refused.
    let intact = server.send("GET", &server.path("k"), &[("range", "bytes=0-700000")], "").await;
    assert!(intact.body == right[..=700_000]);
    let damaged = server.send("GET", &server.path("k"), &[("range", "bytes=800000-800001")], "").await;
    assert_eq!(damaged.code(), "500 ObjectDamaged");
    // In the first block: the request is refused before anything is sent.
    file.write_all_at(&[right[5] ^ 1], 5).unwrap();
    assert_eq!(server.get("k").await.code(), "500 ObjectDamaged");
}

#[tokio::test]
async fn a_file_that_is_gone_or_cut_is_an_error() {
    let server = Server::start_with(|_| ()).await;
    server.put("k", bytes(1, MIB)).await;
    let path = server.files().remove(0);
    fs::File::options().write(true).open(&path).unwrap().set_len(300 << 10).unwrap();
    let headers = server.sign("GET", &server.path("k"), &[], &dray_s3::PayloadHash::Unsigned);
    assert!(server.try_send("GET", &server.path("k"), headers, "").await.is_err());
    fs::remove_file(path).unwrap();
    assert_eq!(server.get("k").await.code(), "500 ObjectDamaged");
    assert_eq!(server.put("k", "again").await.code(), "200");
}

#[tokio::test]
async fn files_that_a_crash_left_behind_are_removed_and_no_others() {
    let server = Server::start_with(|_| ()).await;
    server.put("k", bytes(1, MIB)).await;
    let id = server.create("u", &[]).await;
    server.put_part("u", &id, 1, bytes(2, PART)).await;
    // A copy of the folder as a crash would leave it: not closed, with a file that was never committed.
    let crashed = Arc::new(tempfile::tempdir().unwrap());
    copy(server.folder.path(), crashed.path());
    fs::write(crashed.path().join("parts/07/8001-0000000000000007"), "orphan").unwrap();
    fs::write(crashed.path().join("parts/07/not-ours"), "foreign").unwrap();
    assert_eq!(files_in(crashed.path()).len(), 4);

    let restarted = Server::start_in(crashed, |_| ()).await;
    restarted.wait_for_files(3).await;
    assert!(restarted.files().iter().any(|file| file.ends_with("not-ours")));
    assert_eq!(restarted.get("k").await.body, bytes(1, MIB));
    let listed = restarted.send("GET", &restarted.path(&format!("u?uploadId={id}")), &[], "").await;
    assert_eq!(listed.elements("PartNumber"), ["1"]);
}

#[tokio::test]
async fn a_closed_store_answers_503_and_still_reads() {
    let server = Server::start_with(|_| ()).await;
    server.put("k", "x").await;
    server.store.close().await;
    assert_eq!(server.put("k", "y").await.code(), "503 ServiceUnavailable");
    assert_eq!(server.get("k").await.body, "x");
    server.store.close().await;
}

/// A folder takes the place of a file, because `unlink` refuses a folder, whoever calls it.
#[tokio::test]
async fn a_file_that_cannot_be_removed_does_not_stop_the_removal_of_others() {
    let server = Server::start().await;
    let id = server.create("u", &[]).await;
    server.put_part("u", &id, 1, bytes(1, PART)).await;
    let replaced = server.files().remove(0);
    server.put("k", bytes(2, PART)).await;
    let deleted = server.files().into_iter().find(|file| *file != replaced).unwrap();
    for file in [&replaced, &deleted] {
        fs::remove_file(file).unwrap();
        fs::create_dir(file).unwrap();
    }
    server.put_part("u", &id, 1, bytes(3, PART)).await;
    server.send("DELETE", &server.path("k"), &[], "").await;
    server.put("other", bytes(4, PART)).await;
    server.send("DELETE", &server.path("other"), &[], "").await;
    server.put_part("u", &id, 1, bytes(5, PART)).await;
    server.wait_for_files(3).await;
    // The store stops while the folders are still there, so that no later collection removes them first.
    let folder = server.stop().await;
    let database = rusqlite::Connection::open(folder.path().join("meta.db")).unwrap();
    let garbage: i64 = database
        .query_row(
            "select (select count(*) from garbage_file) + (select count(*) from garbage_set)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(garbage, 2, "the store still knows what it could not remove");
    drop(database);
    for file in [replaced, deleted] {
        fs::remove_dir(&file).unwrap();
        fs::write(file, "in the way no more").unwrap();
    }
    let restarted = Server::start_in(folder, |_| ()).await;
    restarted.wait_for_files(1).await;
}

pub(crate) fn copy(from: &std::path::Path, to: &std::path::Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
