//! Unfinished uploads: aborted when they fail or are cancelled, listed, and resumed.

use std::process::Stdio;

use serde_json::Value;

use crate::drive::{Drive, failed, signal, succeeded};
use crate::proxy::{Proxy, Way};

const MIB: usize = 1024 * 1024;

fn open_uploads(drive: &Drive) -> Vec<Value> {
    let printed = drive.ok(&["uploads", "list", "--json"]);
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Sends this much of the file `sent`, and leaves its upload open.
fn cut_off(drive: &Drive, bytes: usize) -> String {
    let proxy = Proxy::holding(drive.address(), Way::Up, bytes);
    let mut upload = drive.client_at(&proxy.url, &["upload", "sent", "--parallel", "1"]).spawn().unwrap();
    proxy.wait_until_held();
    signal(&upload, "TERM");
    assert_eq!(upload.wait().unwrap().code(), Some(143));
    open_uploads(drive)[0]["uploadId"].as_str().unwrap().to_owned()
}

#[test]
fn an_upload_that_fails_for_good_leaves_nothing_open() {
    let drive = Drive::start();
    drive.file("sent", 3);
    drive.ok(&["upload", "sent"]);
    let (code, said) = failed(&mut drive.client(&["upload", "sent", "--on-conflict", "fail"]));
    assert_eq!(code, 5, "{said}");
    assert!(open_uploads(&drive).is_empty());
}

#[test]
fn ctrl_c_leaves_nothing_open_unless_the_upload_can_be_resumed() {
    let drive = Drive::start();
    drive.file("sent", 40 * MIB);
    for (more, open) in [(&[][..], 0), (&["--resume"], 1)] {
        let proxy = Proxy::holding(drive.address(), Way::Up, 20 * MIB);
        let arguments = [&["upload", "sent"], more].concat();
        let mut upload = drive.client_at(&proxy.url, &arguments).stderr(Stdio::piped()).spawn().unwrap();
        proxy.wait_until_held();
        signal(&upload, "INT");
        if open == 0 {
            proxy.let_go();
        }
        assert_eq!(upload.wait().unwrap().code(), Some(130));
        assert_eq!(open_uploads(&drive).len(), open, "{more:?}");
    }
}

#[test]
fn an_upload_is_listed_with_its_stored_bytes_and_resumed_by_its_id() {
    let drive = Drive::start();
    let content = drive.file("sent", 40 * MIB);
    let id = cut_off(&drive, 25 * MIB);
    let listed = open_uploads(&drive);
    assert_eq!((&listed[0]["fileName"], &listed[0]["fileSize"]), (&"sent".into(), &(40 * MIB).into()));
    assert_eq!(listed[0]["storedBytes"], 16 * MIB);
    let line = drive.ok(&["uploads", "list"]);
    assert!(
        line.contains(&id) && line.contains("16.0 MiB of 40.0 MiB") && line.contains("expires in 23h"),
        "{line}"
    );

    std::fs::rename(drive.here().join("sent"), drive.here().join("elsewhere")).unwrap();
    drive.file("short", 3);
    let (_, said) = failed(&mut drive.client(&["uploads", "resume", &id, "short"]));
    assert!(said.contains("has 3 bytes"), "{said}");

    let proxy = Proxy::holding(drive.address(), Way::Up, usize::MAX);
    let resumed = drive.client_at(&proxy.url, &["uploads", "resume", &id, "elsewhere", "--json"]).output();
    let item: Value = serde_json::from_str(&succeeded(&resumed.unwrap())).unwrap();
    assert_eq!(item["name"], "sent", "it becomes what it was begun for");
    assert!(proxy.passed() < 30 * MIB, "a part was there already");
    drive.ok(&["download", item["id"].as_str().unwrap(), "-o", "back"]);
    assert!(drive.read("back") == content);
    assert!(open_uploads(&drive).is_empty());
}

#[test]
fn another_file_of_the_same_size_does_not_complete_an_upload() {
    let drive = Drive::start();
    let mut content = drive.file("sent", 40 * MIB);
    let id = cut_off(&drive, 25 * MIB);
    content[0] ^= 1;
    std::fs::write(drive.here().join("other"), &content).unwrap();
    let proxy = Proxy::holding(drive.address(), Way::Up, usize::MAX);
    let (_, said) = failed(&mut drive.client_at(&proxy.url, &["uploads", "resume", &id, "other"]));
    assert!(said.contains("sent before"), "{said}");
    assert!(proxy.passed() < MIB, "nothing of it is sent");
    assert_eq!(drive.json(&["search", "sent"])["totalHits"], 0);

    drive.ok(&["uploads", "resume", &id, "sent"]);
    assert_eq!(drive.json(&["search", "sent"])["totalHits"], 1);
}

#[test]
fn parts_of_another_file_do_not_keep_an_upload_from_its_own() {
    let drive = Drive::start();
    let content = drive.file("sent", 40 * MIB);
    let id = cut_off(&drive, 25 * MIB);
    // Its first part, which the store has, is the same. Its second part is not.
    let mut other = content.clone();
    other[20 * MIB] ^= 1;
    std::fs::write(drive.here().join("other"), &other).unwrap();
    let proxy = Proxy::holding(drive.address(), Way::Up, 20 * MIB);
    let arguments = ["uploads", "resume", &id, "other", "--parallel", "1"];
    let mut resumed = drive.client_at(&proxy.url, &arguments).spawn().unwrap();
    proxy.wait_until_held();
    resumed.kill().unwrap();
    resumed.wait().unwrap();
    assert_eq!(open_uploads(&drive)[0]["storedBytes"], 32 * MIB);

    let item = drive.json(&["uploads", "resume", &id, "sent"]);
    drive.ok(&["download", item["id"].as_str().unwrap(), "-o", "back"]);
    assert!(drive.read("back") == content);
}

#[test]
fn uploads_are_aborted_by_id_or_all_at_once() {
    let drive = Drive::start();
    drive.file("sent", 40 * MIB);
    let first = cut_off(&drive, 5 * MIB);
    let second = cut_off(&drive, 5 * MIB);
    cut_off(&drive, 5 * MIB);
    drive.ok(&["uploads", "abort", &first, &second]);
    assert_eq!(open_uploads(&drive).len(), 1);
    let (code, said) = failed(&mut drive.client(&["uploads", "abort", &first]));
    assert!(code == 3 && said.contains("no open upload"), "{code} {said}");
    drive.ok(&["uploads", "abort", "--all"]);
    assert!(open_uploads(&drive).is_empty());
    assert_eq!(drive.ok(&["uploads", "list"]), "");
}

#[test]
fn secrets_come_from_files_too() {
    let drive = Drive::start();
    std::fs::write(drive.here().join("token"), format!("{}\n", drive.token)).unwrap();
    let mut command = drive.client(&["ls", "--token-file", "token"]);
    assert_eq!(succeeded(&command.env_remove("DRAY_TOKEN").output().unwrap()), "");
    let mut command = drive.client(&["ls"]);
    command.env_remove("DRAY_TOKEN").env("DRAY_TOKEN_FILE", "token");
    assert_eq!(succeeded(&command.output().unwrap()), "");
    let (code, said) = failed(drive.client(&["ls", "--token-file", "absent"]).env_remove("DRAY_TOKEN"));
    assert!(code == 2 && said.contains("absent"), "{said}");
}
