//! What operators set: rate limits.

use crate::drive::{Drive, dray, failed};

#[test]
fn who_asks_too_often_is_told_so_with_an_exit_code_of_its_own() {
    let drive = Drive::start_with(|serve| serve.args(["--rate-limit-per-token", "1/h"]));
    drive.ok(&["mkdir", "first"]);
    let (code, said) = failed(&mut drive.client(&["mkdir", "second"]));
    assert_eq!(code, 6, "{said}");
    assert!(said.contains("Too many requests with this token; ask again in "), "{said}");
}

#[test]
fn an_upload_that_is_held_back_waits_and_goes_on() {
    let drive = Drive::start_with(|serve| serve.args(["--rate-limit-per-token", "4/s"]));
    let names = ["a", "b", "c", "d"];
    for name in names {
        drive.file(name, 100);
    }
    drive.ok(&[&["upload"], &names[..]].concat());
    let found = drive.json(&["tree"]);
    assert_eq!(found["totalItems"], 4, "{found}");
}

#[test]
fn a_rate_that_is_none_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let serve = |arguments: &[&str]| {
        let mut command = dray();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path().join("data"));
        command.args(arguments);
        command
    };
    let (code, said) = failed(&mut serve(&["--rate-limit-per-address", "100"]));
    assert_eq!(code, 2);
    assert!(said.contains("--rate-limit-per-address") && said.contains("such as 100/s or 6000/m"), "{said}");
}
