//! A full disk: a file system of 64 MiB in memory, filled to the last block.

use std::{fs, io::Write, path::Path, process::Command, sync::Arc};

use dray_object_store::Config;

use crate::harness::{MIB, Server, bytes};

/// A small file system, unmounted at the end.
struct Small(Arc<tempfile::TempDir>);

impl Small {
    /// `None` if mounting is not permitted; then it prints the reason.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = ["-t", "tmpfs", "-o", "size=64m", "dray-test"];
        match Command::new("mount").args(options).arg(folder.path()).output() {
            Ok(output) if output.status.success() => Some(Self(Arc::new(folder))),
            refused => {
                #[expect(clippy::print_stdout, reason = "nobody should take a skipped test for a passed one")]
                {
                    println!("skipped: a file system cannot be mounted here: {refused:?}");
                }
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.path()).status();
        assert!(
            unmounted.is_ok_and(|status| status.success()),
            "{} could not be unmounted",
            self.path().display()
        );
    }
}

/// Fills the space that the store has left, to the last byte.
fn fill(folder: &Path) {
    let mut file = fs::File::options().create(true).append(true).open(folder.join("filler")).unwrap();
    for size in [MIB, 4096, 1] {
        while file.write_all(&vec![1; size]).is_ok() {}
    }
}

async fn start(small: &Small) -> Server {
    Server::start_in(Arc::clone(&small.0), |config: &mut Config| config.durable = true).await
}

#[tokio::test]
async fn a_full_disk_refuses_uploads_and_serves_the_rest() {
    let Some(small) = Small::mount() else { return };
    let server = start(&small).await;
    server.put("kept", bytes(1, 3 * MIB)).await;
    let id = server.create("u", &[]).await;
    let mut number = 0;
    let refused = loop {
        number += 1;
        let answer = server.put_part("u", &id, number, bytes(2, 2 * MIB)).await;
        if answer.code() != "200" {
            break answer;
        }
    };
    assert_eq!(refused.code(), "507 InsufficientStorage");
    assert!(number > 20, "{number}");
    // A refused request leaves nothing behind: neither the object's file nor those of the parts.
    server.wait_for_files(number as usize).await;
    fill(small.path());
    // Small bodies go into the database, whose log cannot grow forever either.
    let mut small_bodies = 0;
    while server.put(&format!("small/{small_bodies}"), bytes(3, 16 << 10)).await.code() == "200" {
        small_bodies += 1;
        assert!(small_bodies < 1000);
    }
    let stored = refused_commits_leave_no_files(&server, number as usize).await;
    assert_eq!(server.put("kept", bytes(4, MIB)).await.code(), "507 InsufficientStorage");
    assert_eq!(server.get("kept").await.body, bytes(1, 3 * MIB));

    let aborted = server.send("DELETE", &server.path(&format!("u?uploadId={id}")), &[], "").await;
    assert_eq!(aborted.code(), "204");
    server.wait_for_files(1 + stored).await;
    uploads_work_again(&server).await;
    assert_eq!(server.get("kept").await.body, bytes(1, 3 * MIB));
    server.stop().await;
}

/// There is room for a file but not for the commit that names it. Returns how many files were stored nevertheless.
async fn refused_commits_leave_no_files(server: &Server, files: usize) -> usize {
    let filler = fs::File::options().write(true).open(server.folder.path().join("filler")).unwrap();
    let (mut stored, mut refused) = (0, 0);
    for page in 0..12 {
        filler.set_len(filler.metadata().unwrap().len() - 4096).unwrap();
        let answer = server.put(&format!("page/{page}"), bytes(4, 20 << 10)).await;
        stored += usize::from(answer.code() == "200");
        refused += usize::from(answer.code() == "507 InsufficientStorage");
        server.wait_for_files(files + stored).await;
    }
    assert!(refused > 5, "{refused}");
    stored
}

#[tokio::test]
async fn a_store_starts_on_a_full_disk_and_can_be_emptied() {
    let Some(small) = Small::mount() else { return };
    let server = start(&small).await;
    for key in ["a", "b"] {
        server.put(key, bytes(1, 8 * MIB)).await;
    }
    server.stop().await;
    // SQLite removes it when the last connection closes.
    let _ = fs::remove_file(small.path().join("meta.db-shm"));
    fill(small.path());

    let server = start(&small).await;
    assert_eq!(server.get("a").await.body, bytes(1, 8 * MIB));
    assert_eq!(server.put("c", bytes(2, MIB)).await.code(), "507 InsufficientStorage");
    assert_eq!(server.send("DELETE", &server.path("a"), &[], "").await.code(), "204");
    server.wait_for_files(1).await;
    uploads_work_again(&server).await;
    server.stop().await;
}

/// The reserve is restored in the background, after the files are gone.
async fn uploads_work_again(server: &Server) {
    let stored = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        while server.put("again", bytes(5, 2 * MIB)).await.code() != "200" {
            tokio::task::yield_now().await;
        }
    });
    assert!(stored.await.is_ok());
    assert_eq!(server.get("again").await.body, bytes(5, 2 * MIB));
}
