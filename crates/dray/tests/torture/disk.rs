//! A full disk: a file system of 64 MiB in memory holds the whole drive, both databases and all bytes.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::api_client::{Answer, ApiClient, File, Upload};
use crate::batches::pass_url_life;
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

/// How files are sent.
#[derive(Debug, Clone, Copy)]
enum How {
    /// In parts.
    Parts,
    /// Whole, with one PUT. Until its URL expires, an empty object takes the place of a removed file.
    Whole,
}

pub(crate) async fn run(mut setup: Setup) -> Figures {
    let parts = fill_and_empty(&mut setup, How::Parts).await;
    let whole = fill_and_empty(&mut setup, How::Whole).await;
    Figures {
        rounds: parts.rounds + whole.rounds,
        kills: parts.kills + whole.kills,
        acknowledged: parts.acknowledged + whole.acknowledged,
        lost: parts.lost + whole.lost,
        duplicates: parts.duplicates + whole.duplicates,
        repaired: parts.repaired + whole.repaired,
        note: format!("in parts: {}; whole: {}", parts.note, whole.note),
    }
}

async fn fill_and_empty(setup: &mut Setup, how: How) -> Figures {
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
    let mut drive = Drive::start_in(setup, folder, small.0.join("data")).await;
    let (mut ledger, mut figures) = (Ledger::default(), Figures::default());

    // Uploads fill it until one is refused. Removing files makes space for others.
    let (filled, refused) = fill_with_files(&drive.client(), &mut ledger, &mut setup.rng, how).await;
    ledger.check(&drive, &mut figures, true).await;
    let (first, rest) = filled.split_at(filled.len() / 2);
    // The databases have no room either, so removing uses the reserve. The URLs of the removed files can still write.
    fill_up(&small.0.join("filler of the first"));
    remove(&drive.client(), first, &mut ledger).await;
    let file = File::of_size("after".to_owned(), FILE_BYTES, &mut setup.rng);
    upload_when_there_is_space(&drive.client(), &file, &mut ledger, how).await;
    refused.finish(&drive.client(), &mut ledger).await;
    drive.database.expire_uploads("true").await;
    pass_url_life(&drive).await;
    repaired(&drive, &mut figures).await;

    // A filler takes every last byte, so neither database can be written. The drive can still be read, also after a crash.
    fill_up(&small.0.join("filler"));
    let mut refused_later = Vec::new();
    for attempt in 0..5 {
        let file = File::of_size(format!("none {attempt}"), 1000, &mut setup.rng);
        refused_later.extend(try_upload(&drive.client(), &file, &mut ledger, how).await.err());
    }
    let refusals = 1 + refused_later.len();
    assert!(refusals > 1, "a full disk was never met");
    ledger.check(&drive, &mut figures, true).await;
    drive.kill();
    drive.restart();
    ledger.check(&drive, &mut figures, true).await;

    // Removing still works, and makes space, although what the start has freed is taken as well.
    fill_up(&small.0.join("filler 2"));
    remove(&drive.client(), rest, &mut ledger).await;
    let file = File::of_size("again".to_owned(), FILE_BYTES, &mut setup.rng);
    upload_when_there_is_space(&drive.client(), &file, &mut ledger, how).await;
    for refused in refused_later {
        refused.finish(&drive.client(), &mut ledger).await;
    }
    drive.database.expire_uploads("true").await;
    pass_url_life(&drive).await;
    repaired(&drive, &mut figures).await;
    ledger.check(&drive, &mut figures, true).await;
    let note = format!("{} files fit; {refusals} uploads refused with 507", filled.len());
    drop(drive);
    Figures { rounds: 2, kills: 1, acknowledged: ledger.len(), note, ..figures }
}

/// Removes files permanently.
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
    how: How,
) -> (Vec<String>, Box<Refused>) {
    let mut made = Vec::new();
    for number in 0..TOO_MANY {
        let file = File::of_size(format!("first {number}"), FILE_BYTES, rng);
        match try_upload(client, &file, ledger, how).await {
            Ok(id) => made.push(id),
            Err(refused) => return (made, refused),
        }
    }
    panic!("{TOO_MANY} files fit into what is too small for them");
}

/// An upload for which there was no space.
struct Refused {
    file: File,
    /// The upload and its list of parts, null for a whole file, if it got as far as the finalize, which can then be
    /// repeated.
    finalize: Option<(Upload, Value)>,
}

impl Refused {
    /// Repeats the finalize now that there is space.
    async fn finish(self, client: &ApiClient, ledger: &mut Ledger) {
        if let Some((upload, parts)) = self.finalize {
            let id = finalize(client, &upload, &parts).await.expect("the file's item");
            assert_eq!(id, upload.item());
            ledger.acknowledge(id, &self.file);
        }
    }
}

/// Uploads although there may be no space. Any step may be refused with 507.
async fn try_upload(
    client: &ApiClient,
    file: &File,
    ledger: &mut Ledger,
    how: How,
) -> Result<String, Box<Refused>> {
    let sent = match how {
        How::Parts => send_parts(client, file).await,
        How::Whole => send_whole(client, file).await,
    };
    let refused = |status, finalize| {
        assert_eq!(status, 507, "a full disk");
        Err(Box::new(Refused { file: file.clone(), finalize }))
    };
    let (upload, parts) = match sent {
        Ok(sent) => sent,
        Err(status) => return refused(status, None),
    };
    match finalize(client, &upload, &parts).await {
        Ok(id) => {
            ledger.acknowledge(id.clone(), file);
            Ok(id)
        }
        Err(status) => {
            ledger.undecided(upload.item());
            refused(status, Some((upload, parts)))
        }
    }
}

/// Sends a file as one part. Returns the upload and its list of parts, or the status of the step that was refused.
async fn send_parts(client: &ApiClient, file: &File) -> Result<(Upload, Value), u16> {
    let started = client.ask_to_start(file, &json!({})).await.expect("an answer");
    if started.status != 200 {
        return Err(started.status);
    }
    let upload = Upload::of(&started.body);
    let url = client.sign(&upload, file).await.expect("an answer").remove(0);
    match client.put(&url, file.content.clone()).await.expect("an answer") {
        (200, etag) => Ok((upload, json!([{ "partNumber": 1, "eTag": etag }]))),
        (status, _) => Err(status),
    }
}

/// Sends a file whole, as a batch of one.
async fn send_whole(client: &ApiClient, file: &File) -> Result<(Upload, Value), u16> {
    let wanted = json!({
        "path": file.name, "fileSize": file.content.len(), "mimeType": "application/octet-stream",
    });
    let body = json!({ "files": [wanted] });
    let answer = client.post("/files/upload/batch/start", &body).await.expect("an answer");
    let upload = &answer.body["files"][0]["upload"];
    let Some(url) = upload["url"].as_str() else { return Err(status_of(&answer)) };
    match client.put_with(url, &upload["headers"], file.content.clone()).await.expect("an answer") {
        (200, _) => Ok((Upload::of(upload), Value::Null)),
        (status, _) => Err(status),
    }
}

/// Finalizes an upload. Returns its item, or the status of the refusal.
async fn finalize(client: &ApiClient, upload: &Upload, parts: &Value) -> Result<String, u16> {
    if !parts.is_null() {
        let answer = client.finalize(upload, parts).await.expect("an answer");
        return if answer.status == 200 { Ok(answer.id()) } else { Err(answer.status) };
    }
    let body = json!({ "files": [{ "uploadId": upload.id, "fileKey": upload.file_key }] });
    let answer = client.post("/files/upload/batch/finalize", &body).await.expect("an answer");
    let id = answer.body["files"][0]["item"]["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| status_of(&answer))
}

/// The status of the one file of a batch, or of the whole answer.
fn status_of(answer: &Answer) -> u16 {
    let of_file = answer.body["files"][0]["error"]["statusCode"].as_u64();
    of_file.and_then(|status| u16::try_from(status).ok()).unwrap_or(answer.status)
}

/// Uploads as soon as the store has restored its reserve, which it does in the background.
async fn upload_when_there_is_space(client: &ApiClient, file: &File, ledger: &mut Ledger, how: How) {
    for _ in 0..1000 {
        if try_upload(client, file, ledger, how).await.is_ok() {
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
