//! Exit codes and error messages that scripts and people rely on.

use crate::drive::{Drive, dray, failed};

const NOWHERE: &str = "65a1b2c3d4e5f60718293a4b";

#[test]
fn no_token_is_a_usage_error_that_says_how_to_make_one() {
    let (code, said) = failed(dray().args(["get", NOWHERE]));
    assert_eq!(code, 2);
    assert!(said.contains("DRAY_TOKEN") && said.contains("dray token create --user"), "{said}");
    assert_eq!(said.lines().count(), 1);
}

#[test]
fn an_invalid_id_is_a_usage_error() {
    let (code, said) = failed(dray().args(["get", "42", "--token", "t"]));
    assert_eq!(code, 2);
    assert!(said.contains("must be 24 hexadecimal characters"), "{said}");
}

#[test]
fn standard_input_is_refused_with_the_reason() {
    let (code, said) = failed(dray().args(["upload", "-", "--token", "t"]));
    assert_eq!(code, 2);
    assert!(said.contains("size must be known"), "{said}");
}

#[test]
fn an_item_that_is_not_there_is_3_and_a_token_that_is_not_good_4() {
    let drive = Drive::start();
    for command in [["get", NOWHERE], ["download", NOWHERE]] {
        assert_eq!(failed(&mut drive.client(&command)).0, 3);
    }
    let (code, said) = failed(drive.client(&["get", NOWHERE]).env("DRAY_TOKEN", "cp_pat_wrong"));
    assert_eq!(code, 4, "{said}");
    assert!(!said.contains("cp_pat_wrong"), "{said}");
}

#[test]
fn a_refusal_is_told_as_a_person_at_a_terminal_knows_things() {
    let drive = Drive::start();
    drive.file("report.pdf", 10);
    drive.ok(&["upload", "report.pdf"]);
    for (arguments, code, says) in [
        (&["upload", "--on-conflict", "fail", "report.pdf"][..], 5, "--on-conflict"),
        (&["search", ""], 1, "The search has no words"),
    ] {
        let (found, said) = failed(&mut drive.client(arguments));
        assert!(found == code && said.contains(says), "{found} {said}");
        for word in ["finalize", "fileName", "onConflict", "q is"] {
            assert!(!said.contains(word), "{said}");
        }
    }
    let (code, said) = failed(drive.client(&["usage"]).env("DRAY_TOKEN", "cp_pat_wrong"));
    assert!(code == 4 && said.contains("DRAY_TOKEN") && said.contains("dray token create"), "{code} {said}");
    let (code, said) = failed(&mut drive.client_at(&format!("{}/drive", drive.url), &["usage"]));
    assert!(code == 3 && said.contains("DRAY_URL"), "{code} {said}");
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let drive = Drive::start();
    let (code, said) = failed(&mut drive.client(&["upload", "absent"]));
    assert_eq!((code, &*said), (1, "dray: absent: No such file or directory (os error 2)\n"));
}

#[test]
fn a_folder_cannot_be_downloaded() {
    let drive = Drive::start();
    let id = drive.json(&["mkdir", "a"])["id"].as_str().unwrap().to_owned();
    let (code, said) = failed(&mut drive.client(&["download", &id]));
    assert_eq!(code, 1);
    assert!(said.ends_with("(not_a_file)\n"), "{said}");
}

#[test]
fn a_missing_data_folder_is_not_created() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("typo");
    for command in [
        &["token", "list"][..],
        &["user", "list"],
        &["token", "create", "--user", "a@b.c"],
        &["store", "keys"],
    ] {
        let (code, said) = failed(dray().args(command).arg("--data").arg(&data));
        assert_eq!(code, 3, "{said}");
        assert!(!data.exists());
    }
}
