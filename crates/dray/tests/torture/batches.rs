//! The same windows for batches of small files, each sent with one PUT: on the embedded store, where the PUT writes the
//! object itself, and on an external store, where finalize copies it. Each file has its own outcome. None is lost, none
//! is there twice, and nothing is left over.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::api_client::{ApiClient, Cut, File, Upload};
use crate::drive::{Drive, PATIENCE};
use crate::figures::Figures;
use crate::ledger::{Ledger, repaired};
use crate::setup::Setup;

/// The number of files in a batch.
const FILES: usize = 5;

/// What the client is doing when the server dies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum During {
    Start,
    Put,
    Finalize,
    Abort,
    Expiry,
    Removal,
}

/// Its name, its failpoint in the code, what the client is doing, and the stores on which a server reaches the
/// failpoint.
struct Window(&'static str, &'static str, During, Stores);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stores {
    Both,
    Embedded,
    Other,
}

const WINDOWS: &[Window] = &[
    Window("W1", "W1", During::Start, Stores::Both),
    Window("W3", "object-stored", During::Put, Stores::Embedded),
    Window("W4", "W4", During::Finalize, Stores::Other),
    Window("W5", "W5", During::Finalize, Stores::Other),
    Window("W6", "W6", During::Finalize, Stores::Both),
    Window("W7", "W7", During::Finalize, Stores::Both),
    Window("W8, abort", "W8-abort", During::Abort, Stores::Both),
    Window("W8, expiry", "W8-expire", During::Expiry, Stores::Both),
    Window("W9", "W9", During::Abort, Stores::Both),
    Window("W10", "W10", During::Removal, Stores::Both),
    Window("W10, deleted", "W10-deleted", During::Removal, Stores::Both),
];

pub(crate) async fn run(setup: Setup) -> Figures {
    let rounds = setup.scale(1, 50);
    let host = Drive::start(&setup).await;
    let other = Drive::start_on(&setup, &host, &host.url()).await;
    let embedded = Drive::start(&setup).await;
    let (mut figures, mut acknowledged) = (Figures::default(), 0);
    let mut rng = setup.rng;
    for (drive, missing) in [(embedded, Stores::Other), (other, Stores::Embedded)] {
        let mut victim = Victim { drive, ledger: Ledger::default(), figures, rng: rng.fork(), batches: 0 };
        for window in WINDOWS.iter().filter(|window| window.3 != missing) {
            for _ in 0..rounds {
                victim.round(window).await;
            }
            victim.ledger.check(&victim.drive, &mut victim.figures, false).await;
        }
        victim.ledger.check(&victim.drive, &mut victim.figures, true).await;
        acknowledged += victim.ledger.len();
        figures = victim.figures;
    }
    let note = format!("{} windows, {rounds} times each, {FILES} files a batch", WINDOWS.len());
    Figures { acknowledged, note, ..figures }
}

struct Victim {
    drive: Drive,
    ledger: Ledger,
    figures: Figures,
    rng: fastrand::Rng,
    batches: usize,
}

impl Victim {
    async fn round(&mut self, window: &Window) {
        self.batches += 1;
        let batch = self.batches;
        let mut file = |at| {
            let name = format!("{} {batch} {at}", window.0);
            File { name, content: Bytes::from(vec![self.rng.u8(..); self.rng.usize(..100_000)]) }
        };
        let files: Vec<File> = (0..FILES).map(&mut file).collect();
        self.drive.kill();
        self.drive.restart_to_die_at(window.1);
        self.drive.database.end_leases().await;
        let puts = self.until_death(window, &files).await;
        self.drive.died().await;
        self.figures.kills += 1;
        self.drive.restart();
        self.drive.database.end_leases().await;
        self.retry(window, &files, puts).await;
        pass_url_life(&self.drive).await;
        repaired(&self.drive, &mut self.figures).await;
        self.figures.rounds += 1;
    }

    /// Works until the server dies. Returns what the client knows about its files by then.
    async fn until_death(&mut self, window: &Window, files: &[File]) -> Vec<Put> {
        let client = self.drive.client();
        if window.2 == During::Start {
            cut(&start(&client, files).await);
            return Vec::new();
        }
        let puts = start(&client, files).await.expect("a start before");
        if window.2 == During::Put {
            cut(&put(&client, &puts[0], files[0].content.clone()).await);
            return puts;
        }
        for (one, file) in puts.iter().zip(files) {
            assert_eq!(put(&client, one, file.content.clone()).await.expect("a PUT before"), 200);
        }
        match window.2 {
            During::Finalize => cut(&finalize(&client, &puts).await),
            During::Abort => cut(&client.abort(&puts[0].upload).await),
            During::Removal => {
                for item in finalize(&client, &puts).await.expect("a finalize before") {
                    let id = item["item"]["id"].as_str().expect("an item").to_owned();
                    client.delete(&format!("/files/{id}")).await.expect("a removal before").ok();
                }
                // The answer and the sweep race.
                let _ = client.delete("/trash").await;
            }
            _ => {
                self.drive.database.expire_uploads("state = 'open'").await;
                let _ = client.delete("/trash").await;
            }
        }
        puts
    }

    /// Checks what the client's retry sees.
    async fn retry(&mut self, window: &Window, files: &[File], mut puts: Vec<Put>) {
        let client = self.drive.client();
        match window.2 {
            During::Start | During::Put => {
                // The same key returns the same uploads, with new URLs.
                puts = start(&client, files).await.expect("a start, repeated");
                for (one, file) in puts.iter().zip(files) {
                    let status = put(&client, one, file.content.clone()).await.expect("a PUT, repeated");
                    assert!([200, 412].contains(&status), "{}: {status}", window.0);
                }
                self.acknowledge(&client, &puts, files).await;
            }
            During::Finalize => self.acknowledge(&client, &puts, files).await,
            During::Abort | During::Expiry => {
                for one in &puts {
                    client.abort(&one.upload).await.expect("an abort");
                }
                for (one, file) in puts.iter().zip(files) {
                    // This PUT arrives after the end of its upload.
                    let status = put(&client, one, file.content.clone()).await.expect("an answer");
                    assert!([200, 412].contains(&status), "{}: {status}", window.0);
                }
                for answer in finalize(&client, &puts).await.expect("an answer") {
                    assert_eq!(answer["error"]["statusCode"], 410, "{}: {answer}", window.0);
                }
            }
            During::Removal => {
                for (one, file) in puts.iter().zip(files) {
                    let answer =
                        client.get(&format!("/files/{}", one.upload.item())).await.expect("an answer");
                    assert_eq!(answer.status, 404);
                    put(&client, one, file.content.clone()).await.expect("an answer");
                }
            }
        }
    }

    async fn acknowledge(&mut self, client: &ApiClient, puts: &[Put], files: &[File]) {
        for _ in 0..100 {
            let answers = finalize(client, puts).await.expect("a finalize, repeated");
            if answers.iter().any(|answer| answer["error"]["statusCode"] == 503) {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
            for ((answer, one), file) in answers.iter().zip(puts).zip(files) {
                let id = answer["item"]["id"].as_str().unwrap_or_else(|| panic!("{answer}"));
                assert_eq!(id, one.upload.item(), "the item is the one that it would have been");
                self.ledger.acknowledge(id.to_owned(), file);
            }
            return;
        }
        panic!("a finalize that never ends");
    }
}

/// Makes the URLs expire, and the time pass in which a copy of a finalize may still take effect. Until then, the sweeper removes
/// again what may have been written.
pub(crate) async fn pass_url_life(drive: &Drive) {
    let database = &drive.database;
    database.expire_uploads("state = 'open'").await;
    drive.client().sweep_now().await;
    // First the sweep finishes everything except what must wait for that.
    let unswept = "select (select count(*) from uploads
                           where state in ('aborted', 'expired') and parts_freed_at is null)
                          + (select count(*) from tombstones where next_try_at is null)";
    let began = Instant::now();
    while database.number(unswept).await > 0 {
        assert!(began.elapsed() < PATIENCE, "not swept");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let pass = "update uploads set put_until = 1, attempted_at = attempted_at - 12 * 60000;
                update tombstones set next_try_at = null; update watches set since = 1";
    database.execute(pass).await;
    drive.client().sweep_now().await;
}

/// How a file is sent.
struct Put {
    upload: Upload,
    url: String,
    headers: Value,
}

/// Starts a batch, with a key that is the same for the same files.
async fn start(client: &ApiClient, files: &[File]) -> Result<Vec<Put>, Cut> {
    let wanted = files.iter().map(|file| {
        json!({ "path": file.name, "fileSize": file.content.len(), "mimeType": "application/octet-stream" })
    });
    let body = json!({ "files": wanted.collect::<Vec<_>>() });
    let answer = client.post_once("/files/upload/batch/start", &files[0].name, &body).await?.ok();
    let put = |file: &Value| {
        let upload = &file["upload"];
        let url = upload["url"].as_str().unwrap_or_else(|| panic!("{file}")).to_owned();
        Put { upload: Upload::of(upload), url, headers: upload["headers"].clone() }
    };
    Ok(answer["files"].as_array().unwrap().iter().map(put).collect())
}

async fn put(client: &ApiClient, one: &Put, bytes: Bytes) -> Result<u16, Cut> {
    client.put_with(&one.url, &one.headers, bytes).await.map(|(status, _)| status)
}

async fn finalize(client: &ApiClient, puts: &[Put]) -> Result<Vec<Value>, Cut> {
    let key = |one: &Put| json!({ "uploadId": one.upload.id, "fileKey": one.upload.file_key });
    let body = json!({ "files": puts.iter().map(key).collect::<Vec<_>>() });
    let answer = client.post("/files/upload/batch/finalize", &body).await?.ok();
    Ok(answer["files"].as_array().unwrap().clone())
}

/// Checks that the server died before it answered.
fn cut<T>(asked: &Result<T, Cut>) {
    assert!(asked.is_err(), "the server was to die");
}
