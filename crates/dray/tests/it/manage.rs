//! Organising and sharing items from the terminal.

use std::process::Command;

use serde_json::Value;

use crate::drive::{Drive, dray, failed, succeeded};

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

fn folder(drive: &Drive, name: &str) -> String {
    id(&drive.json(&["mkdir", name]))
}

fn file(drive: &Drive, name: &str, bytes: usize, more: &[&str]) -> Value {
    drive.file(name, bytes);
    drive.json(&[&["upload", name][..], more].concat())
}

/// Names, as `ls` shows them.
fn ls(drive: &Drive, arguments: &[&str]) -> Vec<String> {
    let listed = drive.ok(&[&["ls"][..], arguments].concat());
    listed.lines().map(|line| line.rsplit("  ").next().unwrap().to_owned()).collect()
}

/// A token of another user of the drive.
fn other_user(drive: &Drive, email: &str) -> String {
    let admin = |arguments: &[&str]| {
        let output = dray().args(arguments).arg("--data").arg(drive.data()).output().unwrap();
        succeeded(&output).trim().to_owned()
    };
    admin(&["user", "add", email]);
    admin(&["token", "create", "--user", email])
}

fn as_user(drive: &Drive, token: &str, arguments: &[&str]) -> Command {
    let mut command = drive.client(arguments);
    command.env("DRAY_TOKEN", token);
    command
}

#[test]
fn a_folder_is_listed_renamed_moved_trashed_and_restored() {
    let drive = Drive::start();
    let outer = folder(&drive, "outer");
    let ten = id(&file(&drive, "file 10.txt", 3, &[]));
    file(&drive, "file 9.txt", 5, &[]);
    assert_eq!(ls(&drive, &[]), ["outer/", "file 9.txt", "file 10.txt"]);
    assert_eq!(ls(&drive, &["--sort", "size", "--reverse"]), ["outer/", "file 9.txt", "file 10.txt"]);

    assert_eq!(drive.ok(&["mv", &ten, "--parent", &outer, "--name", "ten"]), format!("{ten}  ten\n"));
    assert_eq!(ls(&drive, &[&outer]), ["ten"]);
    drive.ok(&["mv", &ten, "--root"]);
    assert_eq!(ls(&drive, &[&outer]), [""; 0]);
    assert_eq!(failed(&mut drive.client(&["mv", &ten])).0, 2, "nothing to change");
    assert_eq!(failed(&mut drive.client(&["mv", &outer, "--parent", &outer])).0, 5);

    assert_eq!(drive.ok(&["rm", &ten, &outer]), format!("{ten} is in the trash\n{outer} is in the trash\n"));
    assert_eq!(ls(&drive, &[]), ["file 9.txt"]);
    assert_eq!(failed(&mut drive.client(&["rm", &ten])).0, 3);
    drive.ok(&["trash", "restore", &ten]);
    drive.ok(&["trash", "remove", &outer]);
    assert_eq!(drive.ok(&["trash", "list"]), "");
    drive.ok(&["rm", &ten]);
    assert_eq!(drive.ok(&["trash", "empty"]), "1 removed permanently\n");
}

#[test]
fn a_shared_item_is_visible_until_its_role_is_removed() {
    let drive = Drive::start();
    let token = other_user(&drive, "alice@example.com");
    let shared = folder(&drive, "shared");
    assert_eq!(failed(&mut as_user(&drive, &token, &["get", &shared])).0, 3);
    drive.ok(&["share", "add", &shared, "Alice@example.com", "viewer"]);
    let listed = succeeded(&as_user(&drive, &token, &["shared"]).output().unwrap());
    assert!(listed.ends_with("  shared/\n"), "{listed}");
    assert_eq!(failed(&mut as_user(&drive, &token, &["mkdir", "in", "--parent", &shared])).0, 4);
    drive.ok(&["share", "add", &shared, "alice@example.com", "member"]);
    succeeded(&as_user(&drive, &token, &["mkdir", "in", "--parent", &shared]).output().unwrap());
    let all = drive.ok(&["share", "list", &shared]);
    assert!(all.contains("owner   owner@localhost") && all.contains("member  alice@example.com"), "{all}");
    drive.ok(&["share", "remove", &shared, "alice@example.com"]);
    assert_eq!(failed(&mut as_user(&drive, &token, &["get", &shared])).0, 3);
    assert_eq!(failed(&mut drive.client(&["share", "add", &shared, "nobody@example.com", "viewer"])).0, 3);
}

#[test]
fn a_link_leads_to_the_file_until_it_is_revoked() {
    let drive = Drive::start();
    let file = id(&file(&drive, "a.txt", 7, &[]));
    let url = drive.ok(&["link", "create", &file, "--expires-in", "1h", "--password", "open sesame"]);
    let get = |password: &str| {
        let login = format!(":{password}");
        let arguments = ["-sS", "-L", "-o", "/dev/null", "-w", "%{http_code}", "-u", &login, url.trim()];
        String::from_utf8(Command::new("curl").args(arguments).output().unwrap().stdout).unwrap()
    };
    assert_eq!((get("wrong"), get("open sesame")), ("401".into(), "200".into()));
    let list = drive.ok(&["link", "list", &file]);
    assert!(list.contains("  1 downloads  with a password  until "), "{list}");
    drive.ok(&["link", "revoke", &file, list.split_whitespace().next().unwrap()]);
    assert_eq!(get("open sesame"), "404");
}

/// The answer to a POST of somebody without a token.
fn post(url: &str, body: &str) -> Value {
    let json = ["-H", "content-type: application/json", "-d", body, url];
    let answer = Command::new("curl").arg("-sS").args(json).output().unwrap();
    serde_json::from_slice(&answer.stdout).unwrap()
}

#[test]
fn a_file_request_takes_files_of_people_without_an_account_until_it_is_closed() {
    let drive = Drive::start();
    let inbox = folder(&drive, "inbox");
    let create = [
        "request",
        "create",
        "--folder",
        &inbox,
        "--title",
        "Photos",
        "--ask-name",
        "required",
        "--closes-in",
        "1h",
    ];
    let url = drive.ok(&[&create[..], &["--max-files", "3", "--password", "open sesame"]].concat());
    let url = url.trim();
    let list = drive.ok(&["request", "list", "--folder", &inbox]);
    assert!(list.contains(url) && list.contains("  with a password  0 submitters  Photos"), "{list}");
    let request = list.split_whitespace().next().unwrap();

    let join = format!("{url}/submitters");
    assert_eq!(post(&join, r#"{"name":"Ada","password":"wrong one"}"#)["code"], "request_password");
    let made = post(&join, r#"{"name":"Ada","password":"open sesame"}"#);
    let grant = made["grant"].as_str().unwrap();
    for name in ["a.jpg", "b.jpg", "c.jpg"] {
        drive.file(name, 3);
        succeeded(&as_user(&drive, grant, &["upload", name]).output().unwrap());
    }
    let sent = drive.ok(&["request", "uploads", request]);
    assert_eq!(sent.lines().count(), 3, "{sent}");
    assert!(sent.lines().all(|line| line.contains("  finalized ") && line.contains("  Ada  ")), "{sent}");
    let mut names = ls(&drive, &[&inbox]);
    names.sort();
    assert_eq!(names, ["a.jpg", "b.jpg", "c.jpg"]);

    let changed =
        drive.ok(&["request", "change", request, "--title", "More", "--no-deadline", "--no-password"]);
    assert!(changed.contains("  open  1 submitters  More"), "{changed}");
    assert!(drive.ok(&["request", "close", request]).contains("  closed "));
    assert_eq!(post(&format!("{url}/open"), "{}")["code"], "request_closed");
    drive.ok(&["request", "reopen", request]);
    assert_eq!(post(&format!("{url}/open"), "{}")["title"], "More");
    drive.ok(&["request", "delete", request]);
    assert_eq!(post(&format!("{url}/open"), "{}")["code"], "request_not_found");
    assert_eq!(ls(&drive, &[&inbox]).len(), 3, "files stay");
}

#[test]
fn a_taken_name_is_handled_as_on_conflict_says_and_quotas_hold() {
    let drive = Drive::start();
    let first = file(&drive, "a.txt", 3, &[]);
    assert_eq!(file(&drive, "a.txt", 4, &["--on-conflict", "rename"])["name"], "a (2).txt");
    let replaced = file(&drive, "a.txt", 5, &["--on-conflict", "replace"]);
    assert_eq!((&replaced["id"], &replaced["size"]), (&first["id"], &5.into()));
    assert_eq!(failed(&mut drive.client(&["upload", "a.txt", "--on-conflict", "fail"])).0, 5);
    assert_eq!(drive.ok(&["usage"]), "12 B in 3 files and folders\n", "what was replaced is in the trash");

    let quota = |size: &str| {
        let mut command = dray();
        command.args(["user", "quota", "owner@localhost", size, "--data"]).arg(drive.data());
        succeeded(&command.output().unwrap())
    };
    assert_eq!(quota("1KiB"), "owner@localhost  1024 bytes\n");
    assert_eq!(drive.ok(&["usage"]), "12 B of 1.0 KiB in 3 files and folders\n");
    drive.file("large", 2000);
    let (code, said) = failed(&mut drive.client(&["upload", "large"]));
    assert!(code == 1 && said.contains("quota"), "{code} {said}");
    quota("none");
    drive.ok(&["upload", "large"]);
}
