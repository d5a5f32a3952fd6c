//! Connections that break, servers that crash, people who press Ctrl-C.

use std::process::Stdio;

use crate::drive::{Drive, dray, failed, signal, succeeded};
use crate::proxy::{Proxy, Way};

const MIB: usize = 1024 * 1024;

#[test]
fn an_upload_survives_a_crash_of_the_server() {
    let mut drive = Drive::start();
    let content = drive.file("sent", 40 * MIB);
    let proxy = Proxy::holding(drive.address(), Way::Up, 20 * MIB);
    let upload = drive
        .client_at(&proxy.url, &["upload", "sent", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    proxy.wait_until_held();
    drive.crash_and_restart();
    proxy.let_go();
    let printed = succeeded(&upload.unwrap().wait_with_output().unwrap());
    let item: serde_json::Value = serde_json::from_str(&printed).unwrap();
    drive.ok(&["download", item["id"].as_str().unwrap(), "-o", "back"]);
    assert!(drive.read("back") == content);
}

#[test]
fn a_download_continues_where_its_connection_broke() {
    let drive = Drive::start();
    let content = drive.file("sent", 20 * MIB);
    let id = drive.json(&["upload", "sent"])["id"].as_str().unwrap().to_owned();
    let proxy = Proxy::holding(drive.address(), Way::Down, 10 * MIB);
    let mut download = drive.client_at(&proxy.url, &["download", &id, "-o", "back"]);
    let download = download.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    proxy.wait_until_held();
    assert!(!drive.here().join("back").exists());
    proxy.cut();
    succeeded(&download.wait_with_output().unwrap());
    assert!(drive.read("back") == content);
    assert_eq!(drive.names(), ["back", "sent"]);
}

#[test]
fn ctrl_c_in_a_download_leaves_nothing_behind() {
    let drive = Drive::start();
    drive.file("sent", 20 * MIB);
    let id = drive.json(&["upload", "sent"])["id"].as_str().unwrap().to_owned();
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let proxy = Proxy::holding(drive.address(), Way::Down, 10 * MIB);
        let mut download = drive.client_at(&proxy.url, &["download", &id, "-o", "back"]).spawn().unwrap();
        proxy.wait_until_held();
        assert_eq!(drive.names().len(), 2, "the temporary file");
        signal(&download, name);
        assert_eq!(download.wait().unwrap().code(), Some(code));
        assert_eq!(drive.names(), ["sent"]);
        proxy.cut();
    }
}

#[test]
fn ctrl_c_in_an_upload_ends_it_with_130() {
    let drive = Drive::start();
    drive.file("sent", 20 * MIB);
    let proxy = Proxy::holding(drive.address(), Way::Up, 10 * MIB);
    let mut upload = drive.client_at(&proxy.url, &["upload", "sent"]).spawn().unwrap();
    proxy.wait_until_held();
    signal(&upload, "INT");
    assert_eq!(upload.wait().unwrap().code(), Some(130));
}

#[test]
fn an_interrupted_upload_continues_where_it_stopped() {
    let drive = Drive::start();
    let content = drive.file("sent", 40 * MIB);
    cut_off(&drive, 25 * MIB);
    let proxy = Proxy::holding(drive.address(), Way::Up, usize::MAX);
    let printed =
        succeeded(&drive.client_at(&proxy.url, &["upload", "sent", "--resume", "--json"]).output().unwrap());
    let item: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert!(proxy.passed() < 30 * MIB, "a part was there already");
    drive.ok(&["download", item["id"].as_str().unwrap(), "-o", "back"]);
    assert!(drive.read("back") == content);
    // The upload is finished, so there is nothing to continue: the next one is new.
    assert_ne!(drive.json(&["upload", "sent", "--resume"])["id"], item["id"]);
}

#[test]
fn a_file_that_has_changed_is_sent_from_its_beginning() {
    let drive = Drive::start();
    drive.file("sent", 40 * MIB);
    cut_off(&drive, 25 * MIB);
    let mut content = drive.read("sent");
    content[0] ^= 1;
    std::fs::write(drive.here().join("sent"), &content).unwrap();
    let (id, _) = resumed(&drive);
    drive.ok(&["download", &id, "-o", "back"]);
    assert!(drive.read("back") == content);
    assert_eq!(drive.json(&["search", "sent"])["totalHits"], 1);
    assert_eq!(drive.ok(&["uploads", "list", "--json"]), "", "what was sent before belongs to no file");
}

#[test]
fn of_two_interrupted_uploads_of_one_name_and_size_the_one_of_this_file_is_continued() {
    let drive = Drive::start();
    let first = drive.file("sent", 40 * MIB);
    cut_off(&drive, 25 * MIB);
    let second: Vec<u8> = first.iter().map(|byte| !byte).collect();
    std::fs::write(drive.here().join("sent"), &second).unwrap();
    cut_off(&drive, 25 * MIB);
    std::fs::write(drive.here().join("sent"), &first).unwrap();
    let (id, passed) = resumed(&drive);
    // Both have one part of three. It sends nothing into the wrong one, and two parts into the right one.
    assert!((20..30).contains(&(passed / MIB)), "{passed}");
    drive.ok(&["download", &id, "-o", "back"]);
    assert!(drive.read("back") == first);
    assert_eq!(drive.json(&["search", "sent"])["totalHits"], 1);
    assert_eq!(drive.ok(&["uploads", "list", "--json"]), "");
}

#[test]
fn a_named_upload_is_not_continued_with_another_file() {
    let drive = Drive::start();
    drive.file("sent", 40 * MIB);
    cut_off(&drive, 25 * MIB);
    std::fs::write(drive.here().join("sent"), vec![7; 40 * MIB]).unwrap();
    let upload = drive.json(&["uploads", "list"])["uploadId"].as_str().unwrap().to_owned();
    let (_, said) = failed(&mut drive.client(&["uploads", "resume", &upload, "sent"]));
    assert!(said.contains("differs from what was sent before"), "{said}");
    assert_eq!(drive.json(&["search", "sent"])["totalHits"], 0);
}

/// Resumes the file `sent`. Returns its item's id, and the bytes that were sent.
fn resumed(drive: &Drive) -> (String, usize) {
    let proxy = Proxy::holding(drive.address(), Way::Up, usize::MAX);
    let resume = drive.client_at(&proxy.url, &["upload", "sent", "--resume", "--json"]).output();
    let item: serde_json::Value = serde_json::from_str(&succeeded(&resume.unwrap())).unwrap();
    (item["id"].as_str().unwrap().to_owned(), proxy.passed())
}

#[test]
fn a_resumed_upload_keeps_the_name_that_it_was_started_with() {
    let drive = Drive::start();
    drive.file("sent", 40 * MIB);
    drive.ok(&["upload", "sent"]);
    cut_off_with(&drive, 25 * MIB, &["--on-conflict", "rename"]);
    let anew = drive.json(&["upload", "sent", "--resume"]);
    assert_eq!(anew["name"], "sent", "the earlier upload was for another name");
    let renamed = drive.json(&["upload", "sent", "--resume", "--on-conflict", "rename"]);
    assert_eq!(renamed["name"], "sent (2)");
    assert_eq!(drive.json(&["search", "sent"])["totalHits"], 3);
}

#[test]
fn two_commands_that_resume_one_upload_make_one_item() {
    let drive = Drive::start();
    let content = drive.file("sent", 40 * MIB);
    cut_off(&drive, 25 * MIB);
    let proxy = Proxy::holding(drive.address(), Way::Up, 2 * MIB);
    let mut slow = drive.client_at(&proxy.url, &["upload", "sent", "--resume"]);
    let slow = slow.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    proxy.wait_until_held();
    let item = drive.json(&["upload", "sent", "--resume"]);
    proxy.let_go();
    // It tries to put a part of an upload that has already become a file.
    let end = slow.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&end.stderr);
    assert!(!end.status.success() && said.contains("NoSuchUpload"), "{:?} {said}", end.status);
    assert_eq!(drive.json(&["search", "sent"])["totalHits"], 1);
    drive.ok(&["download", item["id"].as_str().unwrap(), "-o", "back"]);
    assert!(drive.read("back") == content);
}

#[test]
fn folders_cannot_be_resumed() {
    let drive = Drive::start();
    std::fs::create_dir(drive.here().join("folder")).unwrap();
    let (code, said) = failed(&mut drive.client(&["upload", "folder", "--resume"]));
    assert_eq!(code, 2);
    assert!(said.contains("--resume"), "{said}");
}

/// Sends this much of the file `sent`, then no more.
fn cut_off(drive: &Drive, bytes: usize) {
    cut_off_with(drive, bytes, &[]);
}

fn cut_off_with(drive: &Drive, bytes: usize, more: &[&str]) {
    let proxy = Proxy::holding(drive.address(), Way::Up, bytes);
    let args = [&["upload", "sent", "--parallel", "1"], more].concat();
    let mut upload = drive.client_at(&proxy.url, &args).spawn().unwrap();
    proxy.wait_until_held();
    signal(&upload, "TERM");
    assert_eq!(upload.wait().unwrap().code(), Some(143));
}

#[test]
fn a_server_stops_when_it_is_asked_to() {
    assert_eq!(Drive::start().stop(), Some(0));
}

#[test]
fn a_taken_port_is_reported_in_one_line() {
    let drive = Drive::start();
    let data = tempfile::tempdir().unwrap();
    let (code, said) = failed(dray().args(["serve", "--listen", drive.address(), "--data"]).arg(data.path()));
    assert_eq!(code, 1);
    let address = drive.address();
    assert_eq!(
        said,
        format!(
            "dray: another program listens on {address}: stop it, or choose another port with --listen\n"
        )
    );
    assert!(std::fs::read_dir(data.path()).unwrap().next().is_none(), "the folder is not touched");
}
