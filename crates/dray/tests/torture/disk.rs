//! A full disk: a file system of 64 MiB in memory holds the whole drive, both databases and all bytes.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::api_client::{ApiClient, File, Upload};
use crate::drive::Drive;
use crate::figures::Figures;
use crate::ledger::{Ledger, repaired};
use crate::setup::Setup;

const FILE_BYTES: usize = 2 << 20;
/// More files than there is space for.
const TOO_MANY: usize = 40;

/// A small file system, unmounted at the end.
struct Small(PathBuf);

impl Small {
    fn mount(at: PathBuf) -> Result<Self, String> {
        fs::create_dir(&at).unwrap();
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=64m", "dray-torture"]).arg(&at).output();
        match mount {
            Ok(output) if output.status.success() => Ok(Self(at)),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "{} stays mounted", self.0.display());
    }
}

pub(crate) async fn run(mut setup: Setup) -> Figures {
    let folder = tempfile::tempdir().unwrap();
    let small = match Small::mount(folder.path().join("small")) {
        Ok(small) => small,
        Err(why) => {
            return Figures {
                note: format!("skipped, mounting is not permitted: {why}"),
                ..Figures::default()
            };
        }
    };
    let mut drive = Drive::start_in(&setup, folder, small.0.join("data")).await;
    let (mut ledger, mut figures) = (Ledger::default(), Figures::default());

    // Uploads fill it until one is refused. Removing files makes space for others.
    let (filled, refused) = fill_with_files(&drive.client(), &mut ledger, &mut setup.rng).await;
    ledger.check(&drive, &mut figures, true).await;
    let (first, rest) = filled.split_at(filled.len() / 2);
    remove(&drive.client(), first, &mut ledger).await;
    let file = File::of_size("after".to_owned(), FILE_BYTES, &mut setup.rng);
    upload_when_there_is_space(&drive.client(), &file, &mut ledger).await;
    refused.finish(&drive.client(), &mut ledger).await;
    drive.database.expire_uploads("true").await;
    drive.client().sweep_now().await;
    repaired(&drive, &mut figures).await;

    // A filler takes every last byte, so neither database can be written. The drive can still be read, also after a crash.
    fill_up(&small.0.join("filler"));
    let mut refused_later = Vec::new();
    for attempt in 0..5 {
        let file = File::of_size(format!("none {attempt}"), 1000, &mut setup.rng);
        refused_later.extend(try_upload(&drive.client(), &file, &mut ledger).await.err());
    }
    let refusals = 1 + refused_later.len();
    assert!(refusals > 1, "a full disk was never met");
    ledger.check(&drive, &mut figures, true).await;
    drive.kill();
    drive.restart();
    ledger.check(&drive, &mut figures, true).await;

    // Removing still works, and makes space.
    remove(&drive.client(), rest, &mut ledger).await;
    let file = File::of_size("again".to_owned(), FILE_BYTES, &mut setup.rng);
    upload_when_there_is_space(&drive.client(), &file, &mut ledger).await;
    for refused in refused_later {
        refused.finish(&drive.client(), &mut ledger).await;
    }
    drive.database.expire_uploads("true").await;
    drive.client().sweep_now().await;
    repaired(&drive, &mut figures).await;
    ledger.check(&drive, &mut figures, true).await;
    let note = format!("{} files fit; {refusals} uploads refused with 507", filled.len());
    drop(drive);
    Figures { rounds: 2, kills: 1, acknowledged: ledger.len(), note, ..figures }
}

/// Removes files for good.
async fn remove(client: &ApiClient, ids: &[String], ledger: &mut Ledger) {
    for id in ids {
        client.delete(&format!("/files/{id}")).await.unwrap().ok();
        ledger.forget(id);
    }
    client.delete("/trash").await.unwrap().ok();
}

/// Uploads until one is refused for lack of space. Returns the created items, and the refused upload.
async fn fill_with_files(
    client: &ApiClient,
    ledger: &mut Ledger,
    rng: &mut fastrand::Rng,
) -> (Vec<String>, Box<Refused>) {
    let mut made = Vec::new();
    for number in 0..TOO_MANY {
        let file = File::of_size(format!("first {number}"), FILE_BYTES, rng);
        match try_upload(client, &file, ledger).await {
            Ok(id) => made.push(id),
            Err(refused) => return (made, refused),
        }
    }
    panic!("{TOO_MANY} files fit into what is too small for them");
}

/// An upload for which there was no space.
struct Refused {
    file: File,
    /// The upload and its list of parts, if it got as far as the finalize, which can then be repeated.
    finalize: Option<(Upload, Value)>,
}

impl Refused {
    /// Repeats the finalize now that there is space.
    async fn finish(self, client: &ApiClient, ledger: &mut Ledger) {
        if let Some((upload, parts)) = self.finalize {
            let id = client.finalize(&upload, &parts).await.expect("an answer").id();
            assert_eq!(id, upload.item());
            ledger.acknowledge(id, &self.file);
        }
    }
}

/// Uploads although there may be no space. Any step may be refused with 507.
async fn try_upload(client: &ApiClient, file: &File, ledger: &mut Ledger) -> Result<String, Box<Refused>> {
    let refused = |status, finalize| {
        assert_eq!(status, 507, "a full disk");
        Err(Box::new(Refused { file: file.clone(), finalize }))
    };
    let started = client.ask_to_start(file, &json!({})).await.expect("an answer");
    if started.status != 200 {
        return refused(started.status, None);
    }
    let upload = Upload::of(&started.body);
    let url = client.sign(&upload, file).await.expect("an answer").remove(0);
    let (status, etag) = client.put(&url, file.content.clone()).await.expect("an answer");
    if status != 200 {
        return refused(status, None);
    }
    let parts = json!([{ "partNumber": 1, "eTag": etag }]);
    let finalized = client.finalize(&upload, &parts).await.expect("an answer");
    if finalized.status != 200 {
        ledger.undecided(upload.item());
        return refused(finalized.status, Some((upload, parts)));
    }
    let id = finalized.id();
    ledger.acknowledge(id.clone(), file);
    Ok(id)
}

/// Uploads as soon as the store has restored its reserve, which it does in the background.
async fn upload_when_there_is_space(client: &ApiClient, file: &File, ledger: &mut Ledger) {
    for _ in 0..1000 {
        if try_upload(client, file, ledger).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("uploads do not work again");
}

/// Takes every free byte.
fn fill_up(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    for size in [1 << 20, 4096, 1] {
        while file.write_all(&vec![1; size]).is_ok() {}
    }
}
