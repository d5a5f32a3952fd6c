//! Backup, restore, migrate and sweep on a whole drive.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::drive::{Drive, dray, failed, succeeded};

/// A command on the machine that has the server's data.
fn on(data: &Path, arguments: &[&str]) -> Command {
    let mut command = dray();
    command.args(arguments).arg("--data").arg(data).arg("--json");
    command
}

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&succeeded(&command.output().unwrap())).unwrap()
}

#[test]
fn a_backup_of_a_running_drive_becomes_a_drive_elsewhere() {
    let mut drive = Drive::start();
    let content = drive.file("big.bin", 20 << 20);
    let id = drive.json(&["upload", "big.bin"])["id"].as_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let (backup, data) = (folder.path().join("backup"), folder.path().join("data"));
    let made = json(on(&drive.data(), &["backup"]).arg(&backup).args(["--url", &drive.url]));
    assert_eq!((&made["objects"], &made["bytes"]), (&Value::from(1), &Value::from(20 << 20)));
    let (code, said) = failed(on(&data, &["restore"]).arg(folder.path().join("nowhere")));
    assert_eq!(code, 2, "{said}");
    assert_eq!(json(on(&data, &["restore"]).arg(&backup)), made);
    drive.file("later", 1);
    drive.json(&["upload", "later"]);
    let mut again = on(&drive.data(), &["restore"]);
    again.arg(&backup);
    for command in [&mut again, &mut on(&drive.data(), &["store", "adopt"])] {
        let (code, said) = failed(command);
        assert!(code == 1 && said.contains("in use by another process"), "{code} {said}");
    }
    drive.stop();
    let (code, said) = failed(&mut again);
    assert!(code == 5 && said.contains("already has a drive in it"), "{code} {said}");
    drive.start_on(&data, |serve| serve);
    drive.ok(&["download", &id, "--output", "back.bin"]);
    assert!(drive.read("back.bin") == content);
}

#[test]
fn an_interrupted_backup_leaves_the_earlier_one_or_the_new_one_complete() {
    for (place, names) in [("backup-listed", "a, b"), ("backup-replaced", "b, c")] {
        let mut drive = Drive::start();
        let folder = tempfile::tempdir().unwrap();
        let (backup, data) = (folder.path().join("backup"), folder.path().join("data"));
        for name in ["a", "b", "c"] {
            drive.file(name, 100);
        }
        let first = drive.json(&["upload", "a"])["id"].as_str().unwrap().to_owned();
        drive.ok(&["upload", "b"]);
        json(on(&drive.data(), &["backup"]).arg(&backup).args(["--url", &drive.url]));
        drive.ok(&["rm", &first]);
        drive.ok(&["trash", "empty"]);
        let elsewhere = folder.path().join("elsewhere");
        let left =
            || json(on(&drive.data(), &["backup", "--no-bytes"]).arg(&elsewhere).args(["--url", &drive.url]));
        assert!((0..200).any(|_| left()["objects"] == 1), "the sweeper removes it");
        drive.ok(&["upload", "c"]);
        let mut interrupted = on(&drive.data(), &["backup"]);
        interrupted.arg(&backup).args(["--url", &drive.url]).env("DRAY_DIE_AT", place);
        assert_eq!(interrupted.output().unwrap().status.code(), None, "it dies");

        let restored = json(on(&data, &["restore"]).arg(&backup));
        assert_eq!(
            (&restored["objects"], &restored["missing"]),
            (&Value::from(2), &Value::from(0)),
            "{place}"
        );
        drive.stop();
        drive.start_on(&data, |serve| serve);
        let listed = drive.ok(&["ls"]);
        let listed: Vec<_> = listed.lines().filter_map(|line| line.rsplit(' ').next()).collect();
        assert_eq!(listed.join(", "), names, "{place}");
    }
}

#[test]
fn an_item_that_is_newer_than_the_restored_backup_leaves_an_orphan() {
    let mut drive = Drive::start();
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    json(on(&drive.data(), &["backup"]).arg(&backup).args(["--url", &drive.url]));
    drive.file("a", 100);
    drive.ok(&["upload", "a"]);
    drive.stop();
    for file in std::fs::read_dir(drive.data()).unwrap().map(|entry| entry.unwrap().path()) {
        if file.is_file() {
            std::fs::remove_file(file).unwrap();
        }
    }
    json(on(&drive.data(), &["restore"]).arg(&backup));
    let sweep = ["sweep", "--orphans", "--older-than", "0s"];
    let found = json(&mut on(&drive.data(), &sweep));
    assert_eq!((&found["size"], &found["removed"]), (&Value::from(100), &Value::from(false)));
    assert_eq!(json(on(&drive.data(), &sweep).arg("--delete"))["removed"], true);
    assert_eq!(succeeded(&on(&drive.data(), &sweep).output().unwrap()), "");
}

#[test]
fn a_drive_moves_to_another_store_and_is_served_from_there() {
    let (mut drive, host) = (Drive::start(), Drive::start());
    let content = drive.file("a", 100_000);
    let id = drive.json(&["upload", "a"])["id"].as_str().unwrap().to_owned();
    let keys = json(&mut on(&host.data(), &["store", "keys", "--write-drive"]));
    let with_keys = |command: &mut Command| {
        command.env("AWS_ACCESS_KEY_ID", keys["accessKeyId"].as_str().unwrap());
        command.env("AWS_SECRET_ACCESS_KEY", keys["secretAccessKey"].as_str().unwrap());
    };
    let to = ["migrate", "--to-s3-bucket", "dray", "--to-s3-endpoint", &host.url, "--to-s3-path-style"];
    let mut migrate = on(&drive.data(), &to);
    with_keys(&mut migrate);
    let (code, said) = failed(&mut migrate);
    assert!(code == 1 && said.contains("in use by another process"), "{said}");
    drive.stop();
    let moved = json(&mut migrate);
    assert_eq!((&moved["objects"], &moved["bytes"]), (&Value::from(1), &Value::from(100_000)));
    let data = drive.data();
    drive.start_on(&data, |serve| {
        with_keys(serve);
        serve.args(["--s3-bucket", "dray", "--s3-endpoint", &host.url, "--s3-path-style"])
    });
    drive.ok(&["download", &id, "--output", "back"]);
    assert!(drive.read("back") == content);
}

#[test]
fn only_one_server_runs_on_a_data_folder_whatever_its_store_is() {
    let host = Drive::start();
    let (keys, url) = (host.store_keys(), host.url.clone());
    let on_host = |serve: &mut Command| {
        serve.envs(keys.clone());
        serve.args(["--s3-bucket", "dray", "--s3-endpoint", &url, "--s3-path-style"]);
    };
    let mut drive = Drive::start_with(|serve| {
        on_host(serve);
        serve
    });
    let mut second = dray();
    second.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(drive.data());
    on_host(&mut second);
    let (code, said) = failed(&mut second);
    assert!(code == 1 && said.contains("in use by another process"), "{code} {said}");
    let mut adopt = on(&drive.data(), &["store", "adopt"]);
    on_host(&mut adopt);
    for refused in [&mut adopt, &mut on(&drive.data(), &["migrate", "--to-database", "postgres://nowhere"])] {
        let (code, said) = failed(refused);
        assert!(code == 1 && said.contains("in use by another process"), "{code} {said}");
    }
    succeeded(&on(&drive.data(), &["user", "list"]).output().unwrap());
    drive.kill();
    drive.start_on(&drive.data(), |serve| {
        on_host(serve);
        serve
    });
}

#[test]
fn an_external_store_is_reached_directly_whatever_proxy_the_machine_has() {
    let store = Drive::start();
    let nowhere = [("HTTP_PROXY", "http://127.0.0.1:1"), ("ALL_PROXY", "http://127.0.0.1:1")];
    let drive = Drive::start_with(|serve| {
        serve.envs(store.store_keys()).envs(nowhere).args([
            "--s3-bucket",
            "dray",
            "--s3-endpoint",
            &store.url,
            "--s3-path-style",
        ])
    });
    let content = drive.file("sent", 1000);
    let item = drive.json(&["upload", "sent"]);
    drive.ok(&["download", item["id"].as_str().unwrap(), "-o", "back"]);
    assert!(drive.read("back") == content);
}
