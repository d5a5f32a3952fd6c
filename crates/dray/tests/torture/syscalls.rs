//! System calls fail: the Nth fsync, write or unlink of the server fails, for every N of an upload and of the requests
//! after it. `strace` does that to the real process. If the bytes or the commit of a step could not be written, the
//! answer is never a success, and the earlier state stays.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api_client::{ApiClient, File, Upload};
use crate::database::{self, store_file};
use crate::drive::{Drive, PATIENCE};
use crate::figures::Figures;
use crate::ledger::{Ledger, repaired};
use crate::setup::Setup;

/// Which calls fail, and with which error.
const FAULTS: [(&str, &str); 6] = [
    ("fsync,fdatasync", "EIO"),
    ("fsync,fdatasync", "ENOSPC"),
    ("pwrite64", "EIO"),
    ("pwrite64", "ENOSPC"),
    ("unlink,unlinkat", "EIO"),
    ("openat", "EIO"),
];
/// More calls of one thread than a cycle has.
const MOST: usize = 300;

pub(crate) async fn run(mut setup: Setup) -> Figures {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
        return Figures { note: "skipped, there is no strace".to_owned(), ..Figures::default() };
    }
    let mut drive = Drive::start(&setup).await;
    let (mut ledger, mut figures) = (Ledger::default(), Figures::default());
    let (mut counts, mut refused) = (BTreeMap::new(), 0);
    for (calls, error) in FAULTS {
        for nth in 1..=MOST {
            let file = File::of_size(format!("{calls} {error} {nth}"), 100_000, &mut setup.rng);
            let fault = format!("{calls}:error={error}:when={nth}");
            let failed = cycle(&mut drive, &fault, &file, &mut ledger, &mut refused).await;
            ledger.check(&drive, &mut figures, false).await;
            repaired(&drive, &mut figures).await;
            figures.rounds += 1;
            figures.kills += 1;
            if failed == 0 {
                break;
            }
            assert!(nth < MOST, "{calls}: there is no end");
            *counts.entry(calls).or_insert(0) += failed;
        }
    }
    ledger.check(&drive, &mut figures, true).await;
    let counts: Vec<_> = counts.iter().map(|(calls, count)| format!("{count} {calls}")).collect();
    Figures {
        acknowledged: ledger.len(),
        note: format!("{} failed, {refused} requests refused", counts.join(", ")),
        ..figures
    }
}

/// One upload and one removal with a fault, then a crash, then the same without a fault. Returns how many calls failed.
async fn cycle(
    drive: &mut Drive,
    fault: &str,
    file: &File,
    ledger: &mut Ledger,
    refused: &mut usize,
) -> usize {
    let client = drive.client();
    let doomed =
        client.upload(&File { name: format!("{} removed", file.name), ..file.clone() }).await.unwrap();
    repaired(drive, &mut Figures::default()).await;
    let tracer = Tracer::attach(drive, fault).await;
    let mut steps = Vec::new();
    let sent = send(&client, file, &mut steps).await;
    let removals = [format!("/files/{doomed}"), format!("/trash/{doomed}")];
    let mut removed = Vec::new();
    for path in &removals {
        let began = now();
        let status = client.delete(path).await.expect("an answer").status;
        removed.push(status == 204);
        steps.push(Step { name: "removal", began, ended: now(), status });
    }
    settle(drive).await;
    let failed = tracer.detach();
    *refused += steps.iter().filter(|step| step.status >= 500).count();
    for call in &failed {
        let during = steps.iter().find(|step| step.began <= call.at && call.at <= step.ended);
        if let Some(step) = during.filter(|step| step.must_fail(&call.line)) {
            assert!(step.status >= 500, "{} was answered {}, but {}", step.name, step.status, call.line);
        }
    }
    drive.kill();
    drive.restart();
    // Steps that were not acknowledged are repeated; the results of those that were must exist.
    let client = drive.client();
    let id = match sent {
        Sent::Item(id) => id,
        Sent::Listed(upload, parts) => finalize_again(&client, &upload, &parts).await,
        Sent::Started(upload) => {
            let parts = client.put_all(&upload, file).await.unwrap();
            client.finalize(&upload, &parts).await.unwrap().id()
        }
        Sent::Nothing => client.upload(file).await.unwrap(),
    };
    ledger.acknowledge(id, file);
    for (path, was_removed) in removals.iter().zip(removed) {
        let status = client.delete(path).await.unwrap().status;
        let is_expected = status == 404 || (status == 204 && !was_removed);
        assert!(is_expected, "{path} is answered {status}, and was removed before: {was_removed}");
    }
    drive.database.expire_uploads("true").await;
    client.sweep_now().await;
    failed.len()
}

/// Waits until background work has ended or failed.
async fn settle(drive: &Drive) {
    let garbage = "select (select count(*) from garbage_set) + (select count(*) from garbage_file)";
    for _ in 0..40 {
        let removed = drive.database.number("select count(*) from items where purged_at is not null").await;
        let tombstones = drive.database.number("select count(*) from tombstones").await;
        if removed + tombstones + database::number(&store_file(&drive.store), garbage) == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How far an upload got.
enum Sent {
    Nothing,
    Started(Upload),
    Listed(Upload, Value),
    Item(String),
}

async fn send(client: &ApiClient, file: &File, steps: &mut Vec<Step>) -> Sent {
    let began = now();
    let started = client.ask_to_start(file, &json!({})).await.expect("an answer");
    steps.push(Step { name: "start", began, ended: now(), status: started.status });
    if started.status != 200 {
        return Sent::Nothing;
    }
    let upload = Upload::of(&started.body);
    let urls = client.sign(&upload, file).await.expect("an answer");
    let began = now();
    let (status, etag) = client.put(&urls[0], file.content.clone()).await.expect("an answer");
    steps.push(Step { name: "part", began, ended: now(), status });
    if status != 200 {
        return Sent::Started(upload);
    }
    let parts = json!([{ "partNumber": 1, "eTag": etag }]);
    let began = now();
    let finalized = client.finalize(&upload, &parts).await.expect("an answer");
    steps.push(Step { name: "finalize", began, ended: now(), status: finalized.status });
    if finalized.status == 200 { Sent::Item(finalized.id()) } else { Sent::Listed(upload, parts) }
}

async fn finalize_again(client: &ApiClient, upload: &Upload, parts: &Value) -> String {
    loop {
        let answer = client.finalize(upload, parts).await.expect("an answer");
        if answer.status != 503 {
            return answer.id();
        }
    }
}

/// A step of a client, with the times of its request and its answer, in seconds since 1970.
struct Step {
    name: &'static str,
    began: f64,
    ended: f64,
    status: u16,
}

impl Step {
    /// Whether the step's success depends on this call. The drive repeats its requests to the store, so there only the
    /// drive's own commits count. And work that makes space on a full disk is repeated once, with the space that the store
    /// keeps in reserve for it.
    fn must_fail(&self, call: &str) -> bool {
        let is_bytes = call.contains("/store/parts/") || call.contains("/store/meta.db-wal");
        let is_commit = call.contains("/drive.db-wal");
        match self.name {
            "part" => is_bytes && !call.contains("unlink"),
            "removal" if call.contains("ENOSPC") => false,
            _ => is_commit,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "strace says when calls failed by this clock")]
fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs_f64()
}

/// A failed call, as `strace` prints it.
struct Failed {
    at: f64,
    line: String,
}

/// An `strace` that makes the server's system calls fail.
struct Tracer {
    strace: Child,
    log: PathBuf,
}

impl Tracer {
    async fn attach(drive: &Drive, fault: &str) -> Self {
        let (log, process) = (drive.data.join("../strace"), drive.process_id());
        let calls = fault.split(':').next().unwrap();
        let mut command = Command::new("strace");
        command.args([
            "-f",
            "-q",
            "-y",
            "-ttt",
            "-e",
            &format!("trace={calls}"),
            "-e",
            &format!("inject={fault}"),
        ]);
        command.arg("-o").arg(&log).args(["-p", &process.to_string()]).stderr(Stdio::null());
        let strace = command.spawn().unwrap();
        let began = Instant::now();
        while !is_traced(process) {
            assert!(began.elapsed() < PATIENCE, "strace does not attach");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self { strace, log }
    }

    /// Detaches from the server. Returns the calls that failed.
    fn detach(mut self) -> Vec<Failed> {
        let id = self.strace.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
        self.strace.wait().unwrap();
        let log = fs::read_to_string(&self.log).unwrap();
        log.lines().filter(|line| line.contains("(INJECTED)")).map(Failed::parse).collect()
    }
}

impl Failed {
    /// `1234 1700000000.123456 fsync(5</folder/drive.db-wal>) = -1 EIO (Input/output error) (INJECTED)`
    fn parse(line: &str) -> Self {
        let at = line.split_whitespace().nth(1).and_then(|at| at.parse().ok());
        Self { at: at.unwrap_or_else(|| panic!("no time in {line}")), line: line.to_owned() }
    }
}

/// Whether every thread of a process is traced.
fn is_traced(process: u32) -> bool {
    let threads = fs::read_dir(Path::new("/proc").join(process.to_string()).join("task")).unwrap();
    let status = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("status")));
    status.flatten().all(|status| !status.contains("TracerPid:\t0\n"))
}
