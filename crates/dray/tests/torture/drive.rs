//! A `dray serve` process that is killed, told where to die, and started again, always on the same folder and port.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use dray_object_store::KeyKind;
use tempfile::TempDir;

use crate::api_client::ApiClient;
use crate::database::Database;
use crate::setup::Setup;

/// How long a server may take for something that an idle machine does at once. It is less than a minute, after which the
/// server sweeps a second time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) struct Drive {
    process: Option<Child>,
    port: u16,
    token: String,
    pub(crate) data: PathBuf,
    pub(crate) database: Database,
    /// The folder of the object store: the embedded one's, or that of the drive whose store it uses.
    pub(crate) store: PathBuf,
    /// Further arguments of `dray serve`.
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
    /// Holds the log and, unless they are elsewhere, the data.
    folder: TempDir,
}

impl Drive {
    /// A new running drive.
    pub(crate) async fn start(setup: &Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Self::start_in(setup, folder, data).await
    }

    /// The same, with the data in another folder than the log.
    pub(crate) async fn start_in(setup: &Setup, folder: TempDir, data: PathBuf) -> Self {
        let mut drive = Self::new(setup, folder, data).await;
        drive.first_start();
        drive
    }

    /// A new drive that keeps its objects in the store of another drive, which it reaches at `endpoint`.
    pub(crate) async fn start_on(setup: &Setup, other: &Self, endpoint: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut drive = Self::new(setup, folder, data).await;
        let arguments = ["--s3-bucket", dray_server::BUCKET, "--s3-path-style", "--s3-endpoint", endpoint];
        drive.arguments = arguments.map(str::to_owned).to_vec();
        let keys = dray_object_store::key_of(&other.store, KeyKind::Writer).unwrap();
        drive.environment = vec![
            ("AWS_ACCESS_KEY_ID", keys.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", keys.secret_access_key),
        ];
        drive.store.clone_from(&other.store);
        drive.first_start();
        drive
    }

    async fn new(setup: &Setup, folder: TempDir, data: PathBuf) -> Self {
        Self {
            process: None,
            port: free_port(),
            token: String::new(),
            database: Database::create(setup.cluster(), &data).await,
            store: data.join("store"),
            data,
            arguments: Vec::new(),
            environment: Vec::new(),
            folder,
        }
    }

    fn first_start(&mut self) {
        let greeting = self.launch(None).expect("a first start");
        let token = greeting.split_whitespace().find(|word| word.starts_with("cp_pat_"));
        token.expect("a first token").clone_into(&mut self.token);
    }

    /// The address of the server.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn client(&self) -> ApiClient {
        ApiClient::new(&self.url(), &self.token)
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.as_ref().expect("a server that runs").id()
    }

    /// Starts the server again.
    pub(crate) fn restart(&mut self) {
        self.launch(None).expect("a server that starts");
    }

    /// Starts the server such that it dies as soon as it reaches `failpoint`, perhaps at once.
    pub(crate) fn restart_to_die_at(&mut self, failpoint: &str) {
        let _ = self.launch(Some(failpoint));
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().expect("a server that runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Waits until the server has died at its failpoint.
    pub(crate) async fn died(&mut self) {
        let mut process = self.process.take().expect("a server that was armed");
        for _ in 0..PATIENCE.as_millis() / 5 {
            if let Some(status) = process.try_wait().unwrap() {
                assert!(!status.success(), "it was to die: {status}");
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the server did not come to where it was to die");
    }

    /// Starts the server and returns when it has printed its address; `None` if it died before.
    fn launch(&mut self, failpoint: Option<&str>) -> Option<String> {
        assert!(self.process.is_none(), "one server a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_dray"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DRAY_") || name.to_string_lossy().starts_with("OTEL_") {
                command.env_remove(&name);
            }
        }
        let address = format!("127.0.0.1:{}", self.port);
        command.args(["serve", "--log-level", "warn", "--listen", &address, "--data"]).arg(&self.data);
        command.args(self.database.url().iter().flat_map(|url| ["--database-url", url]));
        command.args(&self.arguments).envs(self.environment.iter().cloned());
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        command.envs(failpoint.map(|place| ("DRAY_DIE_AT", place))).stdout(Stdio::piped()).stderr(log);
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        self.process = Some(process);
        let mut greeting = String::new();
        while !greeting.contains("dray upload FILE\n") && !greeting.contains("dray token create") {
            if lines.read_line(&mut greeting).unwrap() == 0 {
                return None;
            }
        }
        // Further output must not fill the pipe.
        thread::spawn(move || lines.read_to_end(&mut Vec::new()));
        Some(greeting)
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The files that hold the bytes of parts.
    pub(crate) fn part_files(&self) -> usize {
        files_below(&self.store.join("parts"))
    }
}

impl Drop for Drive {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // An error means that it has ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
        if thread::panicking() {
            let log = std::fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<_> = log.lines().rev().take(20).collect();
            println!("the end of the server's log:");
            for line in lines.iter().rev() {
                println!("  {line}");
            }
        }
    }
}

/// A port that nobody listens on. It is not one of those that systems give to outgoing connections: while the server is
/// dead, one of its own clients could get such a port.
fn free_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| fastrand::u16(10_000..30_000)).find(is_free).unwrap()
}

fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}
