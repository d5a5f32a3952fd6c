//! A server for one test, and the client that talks to it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

/// A running `dray serve`.
pub(crate) struct Drive {
    server: Child,
    pub(crate) url: String,
    pub(crate) token: String,
    /// Holds the server's data, and `here`, the folder that clients run in.
    folder: TempDir,
}

/// The binary, without the variables of the caller's environment.
pub(crate) fn dray() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dray"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("DRAY_") || name.starts_with("OTEL_") || name == "RUST_LOG" {
            command.env_remove(&*name);
        }
    }
    command
}

impl Drive {
    pub(crate) fn start() -> Self {
        Self::start_with(|serve| serve)
    }

    /// Starts with other flags or variables.
    pub(crate) fn start_with(change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        Self::start_for(None, change)
    }

    /// Starts on a folder with an existing drive, which has this token.
    pub(crate) fn start_for(
        token: Option<String>,
        change: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("here")).unwrap();
        let (server, greeting) = serve(&folder.path().join("data"), "127.0.0.1:0", change);
        let word = |start: &str| {
            greeting.split_whitespace().find(|word| word.starts_with(start)).unwrap().to_owned()
        };
        Self { server, url: word("http://"), token: token.unwrap_or_else(|| word("cp_pat_")), folder }
    }

    /// The folder that clients run in.
    pub(crate) fn here(&self) -> PathBuf {
        self.folder.path().join("here")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// The keys of its store, as the variables in which another server finds them.
    pub(crate) fn store_keys(&self) -> [(&'static str, String); 2] {
        let mut command = dray();
        let printed = command
            .args(["store", "keys", "--write-drive", "--json", "--data"])
            .arg(self.data())
            .output()
            .unwrap();
        let keys: Value = serde_json::from_slice(&printed.stdout).unwrap();
        [("AWS_ACCESS_KEY_ID", "accessKeyId"), ("AWS_SECRET_ACCESS_KEY", "secretAccessKey")]
            .map(|(variable, name)| (variable, keys[name].as_str().unwrap().to_owned()))
    }

    /// A client command that uses `url` instead of the server's address.
    pub(crate) fn client_at(&self, url: &str, arguments: &[&str]) -> Command {
        let mut command = dray();
        command.current_dir(self.here()).env("DRAY_URL", url).env("DRAY_TOKEN", &self.token).args(arguments);
        command
    }

    pub(crate) fn client(&self, arguments: &[&str]) -> Command {
        self.client_at(&self.url, arguments)
    }

    /// The output of a command, which must succeed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        succeeded(&self.client(arguments).output().unwrap())
    }

    /// The one JSON value that a command prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// Creates a file in the clients' folder. Its bytes do not repeat.
    pub(crate) fn file(&self, name: &str, bytes: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut content = Vec::with_capacity(bytes + 8);
        while content.len() < bytes {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            content.extend_from_slice(&state.to_le_bytes());
        }
        content.truncate(bytes);
        std::fs::write(self.here().join(name), &content).unwrap();
        content
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.here().join(name)).unwrap()
    }

    /// Names in the clients' folder.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.here()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Kills the server, as a power cut would, and starts it again at the same address.
    pub(crate) fn crash_and_restart(&mut self) {
        self.kill();
        self.start_on(&self.data(), |serve| serve);
    }

    /// Kills the server, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    /// Starts a server at the address of the one before, on any data.
    pub(crate) fn start_on(&mut self, data: &Path, change: impl FnOnce(&mut Command) -> &mut Command) {
        self.server = serve(data, self.address(), change).0;
    }

    /// Asks the server to stop. Returns its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        signal(&self.server, "TERM");
        self.server.wait().unwrap().code()
    }
}

impl Drop for Drive {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Starts a server, and returns once it has printed its address. Its greeting ends with the first complete line
/// after the address: a token, or how to create one.
fn serve(data: &Path, listen: &str, change: impl FnOnce(&mut Command) -> &mut Command) -> (Child, String) {
    let mut command = dray();
    command.args(["serve", "--listen", listen, "--data"]).arg(data).env("RUST_LOG", "warn");
    change(&mut command);
    let mut server = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap());
    let mut greeting = String::new();
    while !greeting.contains("dray upload FILE\n") && !greeting.contains("dray token create") {
        assert_ne!(lines.read_line(&mut greeting).unwrap(), 0, "the server ended: {greeting}");
    }
    // Further output must not fill the pipe.
    thread::spawn(move || lines.read_to_end(&mut Vec::new()));
    (server, greeting)
}

pub(crate) fn signal(process: &Child, name: &str) {
    let id = process.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
}

pub(crate) fn succeeded(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {stderr}", output.status);
    // On a slow machine, long work says how much there is.
    let said: Vec<_> = stderr.lines().filter(|line| !line.contains(" objects, ")).collect();
    assert!(said.is_empty(), "{stderr}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The exit code and the error message of a command, which must fail and print no result.
pub(crate) fn failed(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}
