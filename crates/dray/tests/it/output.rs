//! What commands print, for people and for programs.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::drive::{Drive, dray, succeeded};

#[test]
fn an_item_is_printed_for_programs_as_the_api_returns_it() {
    let drive = Drive::start();
    drive.file("report.pdf", 3);
    let item = drive.json(&["upload", "report.pdf"]);
    let keys: Vec<_> = item.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "_id",
            "createdAt",
            "fileSize",
            "id",
            "mimeType",
            "name",
            "owner",
            "path",
            "size",
            "type",
            "updatedAt"
        ]
    );
    let id = item["id"].as_str().unwrap();
    let mut got = drive.json(&["get", id]);
    got["path"] = "report.pdf".into();
    assert_eq!(got.as_object_mut().unwrap().remove("role"), Some("owner".into()));
    assert_eq!(got, item);
    std::fs::create_dir(drive.here().join("to")).unwrap();
    let mut downloaded = drive.json(&["download", id, "-o", "to"]);
    assert_eq!(downloaded["path"].take(), "to/report.pdf");
    assert_eq!(downloaded["name"], "report.pdf");
}

#[test]
fn an_item_is_printed_for_people_line_by_line() {
    let drive = Drive::start();
    drive.file("report.pdf", 3);
    let printed = drive.ok(&["upload", "report.pdf"]);
    let (id, path) = printed.trim_end().split_once("  ").unwrap();
    assert_eq!(path, "report.pdf");
    let shown = drive.ok(&["get", id]);
    let fields: Vec<_> = shown.lines().map(|line| line[..10].trim_end()).collect();
    assert_eq!(fields, ["id", "name", "type", "size", "mime type", "owner", "created", "updated"]);
    assert!(shown.contains("size       3 bytes\n"), "{shown}");
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = succeeded(&dray().args(["completions", shell]).output().unwrap());
        assert!(script.contains("download"), "{shell}");
    }
}

#[test]
fn a_path_that_is_not_utf8_has_its_line_in_json_too() {
    let drive = Drive::start();
    let odd = OsStr::from_bytes(b"odd\xff");
    let folder = drive.here().join(odd);
    std::fs::create_dir(&folder).unwrap();
    for name in ["one", "two"] {
        std::fs::write(folder.join(name), "1").unwrap();
    }
    let mut upload = drive.client(&["upload", "--json"]);
    let printed =
        succeeded(&upload.arg(Path::new(odd).join("one")).arg(Path::new(odd).join("two")).output().unwrap());
    let lines: Vec<serde_json::Value> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut paths: Vec<_> = lines.iter().map(|line| line["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["odd\u{fffd}/one", "odd\u{fffd}/two"]);
    let mut download = drive.client(&["download", "--json", lines[0]["id"].as_str().unwrap(), "-o"]);
    let printed = succeeded(&download.arg(Path::new(odd).join("back")).output().unwrap());
    assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap()["path"], "odd\u{fffd}/back");
    assert_eq!(std::fs::read(folder.join("back")).unwrap(), b"1");
}
