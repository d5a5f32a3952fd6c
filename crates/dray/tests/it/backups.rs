//! What `dray backup` refuses, what it removes, and how it stops.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::drive::{Drive, dray, failed, signal, succeeded};
use crate::proxy::{Proxy, Way};

fn on(data: &Path, arguments: &[&str]) -> Command {
    let mut command = dray();
    command.args(arguments).arg("--data").arg(data);
    command
}

/// How many files there are in a folder and in all folders below it.
fn files_in(folder: &Path) -> usize {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_in(&path) } else { 1 }).sum()
}

#[test]
fn a_folder_without_a_drive_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    std::fs::create_dir(&data).unwrap();
    for arguments in [&["backup", backup.to_str().unwrap()][..], &["user", "list"], &["store", "keys"]] {
        let (code, said) = failed(&mut on(&data, arguments));
        assert!(code == 3 && said.contains("there is no drive in"), "{code} {said}");
        assert_eq!(files_in(folder.path()), 0);
    }
    let backup_of_nothing = ["backup", backup.to_str().unwrap()];
    std::fs::write(data.join("drive.db"), "").unwrap();
    let (code, said) = failed(&mut on(&data, &backup_of_nothing));
    assert!(code == 2 && said.contains("this one has no drive in it"), "{code} {said}");
    assert!(!backup.exists() && !data.join("store").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_named_as_that_of_the_backup() {
    let drive = Drive::start();
    let (code, said) = failed(&mut on(&drive.data(), &["backup", "/proc/x", "--url", &drive.url]));
    assert!(
        code == 1 && said.starts_with("dray: the backup folder /proc/x cannot be used: "),
        "{code} {said}"
    );
    assert!(said.contains("name another FOLDER") && !said.contains("--data"), "{said}");
}

#[test]
fn a_backup_that_a_signal_stopped_can_be_repeated_at_once() {
    let drive = Drive::start();
    drive.file("big", 20 << 20);
    drive.ok(&["upload", "big"]);
    let folder = tempfile::tempdir().unwrap();
    let backup = ["backup", folder.path().to_str().unwrap()];
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let proxy = Proxy::holding(drive.address(), Way::Down, 10 << 20);
        let mut stopped = on(&drive.data(), &backup);
        let mut stopped = stopped.args(["--url", &proxy.url]).stdout(Stdio::piped()).spawn().unwrap();
        proxy.wait_until_held();
        signal(&stopped, name);
        assert_eq!(stopped.wait().unwrap().code(), Some(code));
        proxy.cut();
    }
    assert_eq!(files_in(&folder.path().join("objects")), 1, "an unfinished file");
    let said = succeeded(&on(&drive.data(), &backup).args(["--url", &drive.url]).output().unwrap());
    assert!(said.contains("1 objects") && said.contains("20.0 MiB copied"), "{said}");
}

#[test]
fn what_no_list_names_leaves_the_folder_of_the_backup() {
    let drive = Drive::start();
    let folder = tempfile::tempdir().unwrap();
    let (backup, objects) = (folder.path().join("backup"), folder.path().join("backup/objects"));
    let run = || {
        let mut command = on(&drive.data(), &["backup", "--json", "--url", &drive.url]);
        let said = succeeded(&command.arg(&backup).output().unwrap());
        serde_json::from_str::<serde_json::Value>(&said).unwrap()
    };
    drive.file("a", 100);
    drive.file("b", 100);
    let id = drive.json(&["upload", "a"])["id"].as_str().unwrap().to_owned();
    drive.ok(&["upload", "b"]);
    assert_eq!(run()["removed"], 0);
    let workspace = objects.join("files").read_dir().unwrap().next().unwrap().unwrap().path();
    std::fs::write(workspace.join("interrupted.new"), "").unwrap();
    std::fs::write(backup.join("mine"), "").unwrap();
    std::fs::write(objects.join("mine"), "").unwrap();
    drive.ok(&["rm", &id]);
    drive.ok(&["trash", "empty"]);
    let removed: u64 =
        (0..200).map(|_| run()["removed"].as_u64().unwrap()).take_while(|n| *n < 3).take(20).sum();
    assert_eq!((removed, files_in(&objects)), (2, 2), "b and the foreign file are there");
    assert!(backup.join("mine").exists() && objects.join("mine").exists());
}

#[test]
fn a_backup_says_where_a_backup_is_damaged_and_replaces_an_empty_one() {
    let drive = Drive::start();
    let folder = tempfile::tempdir().unwrap();
    let (backup, data) = (folder.path().join("backup"), folder.path().join("data"));
    let run =
        || on(&drive.data(), &["backup", backup.to_str().unwrap(), "--url", &drive.url]).output().unwrap();
    succeeded(&run());
    let rows = backup.join("drive.jsonl");
    let whole = std::fs::read_to_string(&rows).unwrap();
    std::fs::write(&rows, &whole[..whole.len() - 10]).unwrap();
    let (code, said) = failed(&mut on(&data, &["restore", backup.to_str().unwrap()]));
    let place = format!("line {} of {}", whole.lines().count(), rows.display());
    assert!(code == 1 && said.contains(&place), "{code} {said}");
    std::fs::write(&rows, "").unwrap();
    succeeded(&run());
    assert_eq!(std::fs::read_to_string(&rows).unwrap().lines().count(), whole.lines().count());
}

#[test]
fn a_backup_at_the_wrong_address_names_the_address_and_its_flag() {
    let drive = Drive::start();
    let folder = tempfile::tempdir().unwrap();
    let (code, said) =
        failed(on(&drive.data(), &["backup", "--url", "http://127.0.0.1:1"]).arg(folder.path()));
    assert!(code == 1 && said.contains("--url") && said.contains("http://127.0.0.1:1"), "{code} {said}");
}

#[test]
fn a_server_without_tls_is_named_as_such() {
    let drive = Drive::start();
    let (code, said) = failed(&mut drive.client_at(&drive.url.replace("http:", "https:"), &["mkdir", "a"]));
    assert!(code == 1 && said.contains("does not speak TLS") && said.contains("http://"), "{code} {said}");
}

#[test]
fn codes_of_operators_commands() {
    let drive = Drive::start();
    for (arguments, wanted) in [
        (&["user", "add", "owner@localhost"][..], 5),
        (&["user", "quota", "nobody@example.com", "1GB"], 3),
        (&["token", "create", "--user", "nobody@example.com"], 3),
        (&["serve", "--upload-life", "3000000d"], 2),
    ] {
        let (code, said) = failed(&mut on(&drive.data(), arguments));
        assert_eq!(code, wanted, "{said}");
    }
}

#[test]
fn a_setting_that_cannot_be_is_refused_before_anything_is_created() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("bad"));
    std::fs::write(&file, "bad").unwrap();
    let file = file.to_str().unwrap();
    for (arguments, named) in [
        (&["--tls-cert", file, "--tls-key", file][..], "--tls-"),
        (&["--upload-life", "2h", "--url-ttl", "3h"], "--url-ttl"),
        (&["--upload-life", "9h", "--upload-max-life", "8h"], "--upload-max-life"),
        (&["--public-url", "nowhere"], "--public-url"),
        (&["--public-url", "http://a.example", "--bytes-url", "http://a.example"], "--bytes-url"),
        (&["--allow-origin", "a.example"], "--allow-origin"),
        (&["--s3-relay"], "--s3-relay"),
        (&["--s3-bucket", "b", "--s3-endpoint", "nowhere"], "--s3-endpoint"),
        (&["--s3-bucket", "b", "--s3-region", "x y/z"], "--s3-region"),
        (&["--s3-bucket", ""], "--s3-bucket"),
        (&["--s3-bucket", "A b/.."], "--s3-bucket"),
    ] {
        let mut serve = on(&data, &["serve", "--listen", "127.0.0.1:0"]);
        let (code, said) = failed(serve.args(arguments));
        assert!(code == 2 && said.contains(named), "{arguments:?}: {code} {said}");
        assert!(!data.exists(), "{arguments:?}");
    }
}
