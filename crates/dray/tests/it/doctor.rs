//! `dray doctor`: its findings about a drive's own folder, and about an external store, which here is the store of
//! another drive.

use std::process::Command;

use serde_json::Value;

use crate::drive::{Drive, dray, succeeded};

/// The findings that are not `ok`, as `verdict check`, and whether it exits with success.
fn findings(command: &mut Command) -> (Vec<String>, bool) {
    let output = command.arg("--json").output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let findings: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!findings.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let bad = findings.iter().filter(|finding| finding["verdict"] != "ok");
    let bad = bad.map(|finding| {
        assert!(finding["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{finding}");
        format!("{} {}", finding["verdict"].as_str().unwrap(), finding["check"].as_str().unwrap())
    });
    (bad.collect(), output.status.success())
}

/// The doctor for a server that would use this drive's store as its external store.
fn doctor_of(store: &Drive, more: &[&str]) -> Command {
    let mut command = dray();
    command
        .envs(store.store_keys())
        .args(["doctor", "--data"])
        .arg(store.here().join("none"))
        .args(["--s3-bucket", "dray", "--s3-endpoint", &store.url, "--s3-path-style"])
        .args(["--trust-proxy", "10.0.0.1", "--host", "drive.example.com"])
        .args(more);
    command
}

#[test]
fn a_drive_in_its_own_folder_passes_before_and_while_it_runs() {
    let drive = Drive::start();
    for folder in [drive.data(), drive.here().join("none")] {
        let mut doctor = dray();
        assert_eq!(findings(doctor.args(["doctor", "--data"]).arg(folder)), (Vec::new(), true));
    }
    assert!(!drive.here().join("none").exists(), "looking makes nothing");
}

#[test]
fn the_doctor_warns_of_a_proxy_that_the_settings_show_but_do_not_name() {
    let drive = Drive::start();
    let found = |more: &[&str]| {
        let mut doctor = dray();
        findings(doctor.args(["doctor", "--data"]).arg(drive.data()).args(more))
    };
    set_quota(&drive);
    let tls_elsewhere = ["--public-url", "https://drive.example.com"];
    assert_eq!(found(&tls_elsewhere), (vec!["warn proxy".to_owned()], true));
    assert_eq!(found(&[&tls_elsewhere[..], &["--trust-proxy", "10.0.0.1"]].concat()), (Vec::new(), true));
}

fn set_quota(drive: &Drive) {
    let mut quota = dray();
    succeeded(&quota.args(["workspace", "quota", "1TiB", "--data"]).arg(drive.data()).output().unwrap());
}

#[test]
fn the_doctor_warns_of_what_strangers_could_use() {
    let drive = Drive::start();
    let found = |more: &[&str]| {
        let mut doctor = dray();
        findings(doctor.args(["doctor", "--listen", "0.0.0.0:26205", "--data"]).arg(drive.data()).args(more))
    };
    let warns = |checks: &[&str]| (checks.iter().map(|check| format!("warn {check}")).collect(), true);
    let plain = ["--public-url", "http://drive.example.com"];
    assert_eq!(found(&[]), warns(&["TLS", "public address", "quotas"]));
    assert_eq!(found(&plain), warns(&["TLS", "quotas"]));
    let all = ["--metrics-listen", "0.0.0.0:26206"];
    assert_eq!(found(&[&plain[..], &all].concat()), warns(&["metrics", "TLS", "quotas"]));
    set_quota(&drive);
    assert_eq!(found(&plain), warns(&["TLS"]));
}

#[test]
fn the_doctor_warns_of_a_bucket_with_the_name_of_the_base_path() {
    let drive = Drive::start();
    let found = |path: &str| {
        let mut doctor = dray();
        let url = format!("http://127.0.0.1{path}");
        findings(doctor.args(["doctor", "--data"]).arg(drive.data()).args(["--public-url", &url]))
    };
    assert_eq!(found("/files/drive"), (Vec::new(), true));
    let store = rusqlite::Connection::open(drive.data().join("store/meta.db")).unwrap();
    store.execute("insert into bucket (name, created_at) values ('files', 0)", []).unwrap();
    assert_eq!(found("/files/drive"), (vec!["warn object store".to_owned()], true));
    assert_eq!(found("/drive/files"), (Vec::new(), true));
}

#[test]
fn the_doctor_warns_of_a_bucket_before_a_host_that_is_another_host() {
    let drive = Drive::start();
    let found = |more: &[&str]| {
        let mut doctor = dray();
        findings(doctor.args(["doctor", "--data"]).arg(drive.data()).args(["--host", "drv.test"]).args(more))
    };
    let store = rusqlite::Connection::open(drive.data().join("store/meta.db")).unwrap();
    store.execute("insert into bucket (name, created_at) values ('files', 0)", []).unwrap();
    let warns = (vec!["warn object store".to_owned()], true);
    assert_eq!(found(&["--host", "files.drv.test"]), warns);
    assert_eq!(found(&["--host", "other.drv.test"]), (Vec::new(), true));
}

#[test]
fn a_good_store_passes_and_is_left_unchanged() {
    let store = Drive::start();
    let files = || {
        let folders = std::fs::read_dir(store.data().join("store/parts")).unwrap();
        folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap()).count()
    };
    let before = files();
    assert_eq!(findings(&mut doctor_of(&store, &[])), (Vec::new(), true));
    // The store releases the files of removed objects soon afterwards.
    for _ in 0..1500 {
        if files() == before {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("{} files, before {before}", files());
}

#[test]
fn faults_of_a_store_are_found_and_exit_with_an_error() {
    let store = Drive::start_with(|serve| serve.args(["--allow-origin", "https://a.example"]));
    let found = |more: &[&str]| findings(&mut doctor_of(&store, more));
    let of = |bad: &[&str]| (bad.iter().map(|&bad| bad.to_owned()).collect::<Vec<_>>(), false);
    assert_eq!(found(&["--public-url", "https://a.example"]), (Vec::new(), true));
    assert_eq!(found(&["--public-url", "https://b.example"]), of(&["fail preflight", "fail ETag exposed"]));
    let nobody = ["--public-url", "https://a.example", "--s3-public-endpoint", "http://127.0.0.1:1"];
    assert_eq!(found(&nobody), of(&["fail public endpoint"]));
    let mut stranger = doctor_of(&store, &[]);
    assert_eq!(findings(stranger.env("AWS_SECRET_ACCESS_KEY", "wrong")), of(&["fail bucket"]));
    let mut down = dray();
    down.args(["doctor", "--s3-bucket", "dray", "--s3-endpoint", "http://127.0.0.1:1", "--s3-path-style"]);
    down.env("AWS_ACCESS_KEY_ID", "a").env("AWS_SECRET_ACCESS_KEY", "b");
    assert_eq!(findings(down.arg("--data").arg(store.here().join("none"))), of(&["fail endpoint"]));
}

#[test]
fn missing_credentials_are_told_in_plain_words_with_what_to_set() {
    let empty = tempfile::tempdir().unwrap();
    let mut doctor = dray();
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        doctor.env_remove(name);
    }
    doctor.env("HOME", empty.path()).env("AWS_EC2_METADATA_DISABLED", "true");
    doctor
        .args([
            "doctor",
            "--s3-bucket",
            "b",
            "--s3-endpoint",
            "http://127.0.0.1:1",
            "--s3-path-style",
            "--data",
        ])
        .arg(empty.path());
    let output = doctor.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("FAIL  credentials: ") && said.contains("set AWS_ACCESS_KEY_ID"), "{said}");
    assert!(!said.contains('{') && !said.contains("ProviderError"), "{said}");
}

#[test]
fn a_store_that_clients_cannot_reach_may_be_relayed_and_then_needs_no_public_endpoint() {
    let store = Drive::start();
    let nobody = ["--s3-public-endpoint", "http://127.0.0.1:1"];
    let output = doctor_of(&store, &nobody).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("--s3-relay"), "{said}");
    assert_eq!(findings(&mut doctor_of(&store, &["--s3-relay"])), (Vec::new(), true));
    let both = [&nobody[..], &["--s3-relay"]].concat();
    assert_eq!(findings(&mut doctor_of(&store, &both)), (vec!["fail settings".to_owned()], false));
}

#[test]
fn the_address_of_stored_bytes_must_lead_to_this_server() {
    let (drive, other) = (Drive::start(), Drive::start());
    let listen = drive.url.strip_prefix("http://").unwrap();
    let found = |listen: &str, bytes_url: &str| {
        let mut doctor = dray();
        doctor.args(["doctor", "--listen", listen, "--bytes-url", bytes_url, "--data"]).arg(drive.data());
        findings(&mut doctor)
    };
    let here = drive.url.replace("127.0.0.1", "localhost");
    assert_eq!(found(listen, &here), (Vec::new(), true));
    let fails = (vec!["fail bytes address".to_owned()], false);
    assert_eq!(found(listen, &other.url), fails);
    assert_eq!(found(listen, "http://127.0.0.1:1"), fails);
    assert_eq!(found("127.0.0.1:1", &here), (vec!["warn bytes address".to_owned()], true));
}

#[test]
fn missing_cors_rules_are_reported_with_the_document_to_apply() {
    let store = Drive::start_with(|serve| serve.args(["--allow-origin", "https://a.example"]));
    let output = doctor_of(&store, &["--public-url", "https://b.example"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("\"AllowedOrigins\": [\"https://b.example\"]"), "{said}");
    assert!(said.contains(&format!("--endpoint-url {}", store.url)), "{said}");
}
