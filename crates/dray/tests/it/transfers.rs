//! Uploads and downloads of bytes.

use crate::drive::{Drive, succeeded};

const MIB: usize = 1024 * 1024;

#[test]
fn files_of_every_size_are_downloaded_as_they_were_uploaded() {
    let drive = Drive::start();
    for bytes in [0, 1, 5 * MIB + 1, 40 * MIB] {
        let content = drive.file("sent", bytes);
        let item = drive.json(&["upload", "sent"]);
        assert_eq!(item["size"], bytes);
        drive.ok(&["download", item["id"].as_str().unwrap(), "-o", "back"]);
        assert!(drive.read("back") == content, "{bytes}");
        std::fs::remove_file(drive.here().join("back")).unwrap();
    }
}

#[test]
fn a_download_takes_the_items_own_name_or_a_folder() {
    let drive = Drive::start();
    let content = drive.file("été.txt", 10);
    let id = drive.json(&["upload", "été.txt"])["id"].as_str().unwrap().to_owned();
    std::fs::remove_file(drive.here().join("été.txt")).unwrap();
    assert_eq!(drive.ok(&["download", &id]), "été.txt\n");
    assert!(drive.read("été.txt") == content);
    std::fs::create_dir(drive.here().join("folder")).unwrap();
    assert_eq!(drive.ok(&["download", &id, "-o", "folder"]), "folder/été.txt\n");
    assert_eq!(drive.names(), ["folder", "été.txt"]);
}

#[test]
fn a_tree_is_uploaded_with_its_folders_and_without_its_links() {
    let drive = Drive::start();
    let root = drive.here().join("tree");
    std::fs::create_dir_all(root.join("a/b")).unwrap();
    std::fs::write(root.join("one.txt"), "1").unwrap();
    std::fs::write(root.join("a/b/two.html"), "22").unwrap();
    std::os::unix::fs::symlink("/etc/hostname", root.join("link")).unwrap();
    let output = drive.client(&["upload", "tree", "--json"]).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "dray: tree/link was skipped: it is neither a file nor a folder\n"
    );
    assert!(output.status.success());
    let items: Vec<serde_json::Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let of = |path: &str| items.iter().find(|item| item["path"] == path).unwrap();
    assert_eq!(items.len(), 5);
    assert_eq!(of("tree").get("parentId"), None);
    assert_eq!(of("tree/a")["parentId"], of("tree")["id"]);
    assert_eq!(of("tree/a/b")["parentId"], of("tree/a")["id"]);
    assert_eq!(of("tree/one.txt")["parentId"], of("tree")["id"]);
    assert_eq!(of("tree/a/b/two.html")["parentId"], of("tree/a/b")["id"]);
    assert_eq!(of("tree/a/b/two.html")["mimeType"], "text/html");
}

#[test]
fn a_name_that_the_drive_refuses_is_reported_and_the_others_are_uploaded() {
    let drive = Drive::start();
    drive.file("good", 3);
    drive.file("bad\\name", 3);
    let output = drive.client(&["upload", "bad\\name", "good"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(stdout.ends_with("  good\n") && stdout.lines().count() == 1, "{stdout}");
    assert!(stderr.starts_with("dray: bad\\name: ") && stderr.ends_with("(invalid_name)\n"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn an_upload_goes_into_the_folder_of_its_parent_flag() {
    let drive = Drive::start();
    let folder = drive.json(&["mkdir", "Reports"]);
    drive.file("a", 1);
    let item = drive.json(&["upload", "a", "--parent", folder["id"].as_str().unwrap()]);
    assert_eq!(item["parentId"], folder["id"]);
}

#[test]
fn an_existing_file_is_replaced_only_by_force() {
    let drive = Drive::start();
    let content = drive.file("a", 1000);
    let id = drive.json(&["upload", "a"])["id"].as_str().unwrap().to_owned();
    std::fs::write(drive.here().join("a"), "mine").unwrap();
    let refused = drive.client(&["download", &id]).output().unwrap();
    assert_eq!(refused.status.code(), Some(5));
    assert_eq!(drive.read("a"), b"mine");
    succeeded(&drive.client(&["download", &id, "--force"]).output().unwrap());
    assert!(drive.read("a") == content);
    assert_eq!(drive.names(), ["a"]);
}

#[test]
fn many_small_files_go_up_together_and_one_that_is_refused_hinders_no_other() {
    // With 60, a batch may not open all its uploads at once; the files that it could not take are uploaded one by one.
    for max_open in ["1000", "60"] {
        let drive = Drive::start_with(|serve| serve.args(["--max-open-uploads", max_open]));
        let root = drive.here().join("tree");
        let bytes_of = |at: usize| vec![u8::try_from(at % 251).unwrap(); at * 13 % 5000];
        for at in 0..300 {
            let folder = root.join(format!("{}", at % 3));
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(format!("{at}")), bytes_of(at)).unwrap();
        }
        std::fs::write(root.join("bad\\name"), "1").unwrap();
        std::fs::write(root.join("large"), vec![7; 9 * MIB]).unwrap();
        let output = drive.client(&["upload", "tree", "--json"]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with("dray: tree/bad\\name: ") && stderr.lines().count() == 1, "{stderr}");
        assert_eq!(output.status.code(), Some(1));
        let items: Vec<serde_json::Value> = output
            .stdout
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        assert_eq!(items.len(), 4 + 301);
        let of = |path: &str| items.iter().find(|item| item["path"] == path).unwrap();
        for at in [0, 1, 150, 299] {
            let item = of(&format!("tree/{}/{at}", at % 3));
            assert_eq!(item["parentId"], of(&format!("tree/{}", at % 3))["id"]);
            drive.ok(&["download", item["id"].as_str().unwrap(), "-o", "back", "--force"]);
            assert!(drive.read("back") == bytes_of(at), "{at}");
        }
        assert_eq!(of("tree/large")["size"], 9 * MIB);
        assert_eq!(drive.ok(&["uploads", "list", "--json"]), "", "none is left open");
    }
}

#[test]
fn the_drive_knows_the_checksum_of_every_file_that_was_uploaded() {
    let drive = Drive::start();
    drive.file("large", 40 * MIB);
    drive.file("empty", 0);
    drive.ok(&["upload", "large", "empty"]);
    std::fs::create_dir(drive.here().join("many")).unwrap();
    for at in 0..8 {
        drive.file(&format!("many/{at}"), at * 1000);
    }
    drive.ok(&["upload", "many"]);
    // The embedded store has compared each of them with the bytes.
    let rows = rusqlite::Connection::open(drive.data().join("drive.db")).unwrap();
    let query = "select count(*), count(crc64nvme) from items where kind = 1";
    let counts: (u32, u32) = rows.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(counts, (10, 10));
}
