//! Showing and finding what is in the drive.

use crate::drive::Drive;

fn made(drive: &Drive, name: &str, parent: Option<&str>) -> String {
    let parent = parent.map(|id| ["--parent", id]);
    let arguments: Vec<_> = ["mkdir", name].into_iter().chain(parent.into_iter().flatten()).collect();
    drive.json(&arguments)["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_tree_shows_items_below_their_folders() {
    let drive = Drive::start();
    assert_eq!(drive.ok(&["tree"]), "");
    drive.file("b.txt", 1);
    let file = drive.json(&["upload", "b.txt"])["id"].as_str().unwrap().to_owned();
    let outer = made(&drive, "z", None);
    let inner = made(&drive, "inner", Some(&outer));
    assert_eq!(drive.ok(&["tree"]), format!("{outer}  z/\n{inner}    inner/\n{file}  b.txt\n"));
    assert_eq!(drive.ok(&["tree", "--depth", "1"]), format!("{outer}  z/\n{file}  b.txt\n"));
    assert_eq!(drive.ok(&["tree", "--parent", &outer]), format!("{inner}  inner/\n"));
    let json = drive.json(&["tree"]);
    assert_eq!((&json["totalItems"], &json["root"][0]["children"][0]["id"]), (&3.into(), &inner.into()));
}

#[test]
fn a_search_finds_names_by_their_words_and_says_when_there_is_more() {
    let drive = Drive::start();
    let cafe = made(&drive, "Café_menu-2026", None);
    made(&drive, "other", None);
    assert_eq!(drive.ok(&["search", "CAFE", "20"]), format!("{cafe}  Café_menu-2026\n"));
    assert_eq!(drive.ok(&["search", "nothing"]), "");
    assert_eq!(drive.json(&["search", "menu"])["hits"][0]["id"], cafe);
    let menu = made(&drive, "menu", None);
    let output = drive.client(&["search", "--limit", "1", "menu"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{menu}  menu\n"));
    assert!(String::from_utf8(output.stderr).unwrap().contains("1 more"));
}

#[test]
fn an_impossible_search_is_a_usage_error() {
    let drive = Drive::start();
    for arguments in [
        &["tree", "--depth", "11"][..],
        &["tree", "--parent", "x"],
        &["search"],
        &["search", "a", "--limit", "51"],
    ] {
        assert_eq!(drive.client(arguments).output().unwrap().status.code(), Some(2), "{arguments:?}");
    }
    let absent = drive.client(&["tree", "--parent", "0123456789abcdef01234567"]).output().unwrap();
    assert_eq!(absent.status.code(), Some(3));
}
