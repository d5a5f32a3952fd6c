//! Tokens, users and the store's keys, while the server runs.

use std::process::Command;

use crate::drive::{Drive, dray, failed, succeeded};

fn command(drive: &Drive, arguments: &[&str]) -> Command {
    let mut command = dray();
    command.args(arguments).arg("--data").arg(drive.data());
    command
}

fn ok(drive: &Drive, arguments: &[&str]) -> String {
    succeeded(&command(drive, arguments).output().unwrap())
}

#[test]
fn a_token_works_until_it_is_revoked() {
    let mut drive = Drive::start();
    ok(&drive, &["user", "add", "alice@example.com", "--name", "Alice"]);
    assert!(ok(&drive, &["user", "list"]).contains("alice@example.com  member  Alice\n"));
    let made = ok(&drive, &["token", "create", "--user", "alice@example.com", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    drive.token = made["token"].as_str().unwrap().to_owned();
    drive.ok(&["mkdir", "Hers"]);
    let id = made["id"].as_str().unwrap();
    assert_eq!(ok(&drive, &["token", "revoke", id]), format!("{id} is revoked\n"));
    assert_eq!(failed(&mut drive.client(&["mkdir", "Again"])).0, 4);
    let list = ok(&drive, &["token", "list"]);
    let line = list.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(line.contains("  revoked 2"), "{line}");
    assert!(!list.contains("cp_pat_"), "no secret is listed");
}

#[test]
fn revoking_a_token_says_what_it_made_and_ends_that_too_if_asked() {
    let mut drive = Drive::start();
    let made = ok(&drive, &["token", "create", "--user", "owner@localhost", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let own = std::mem::replace(&mut drive.token, made["token"].as_str().unwrap().to_owned());
    let id = made["id"].as_str().unwrap();
    let folder: serde_json::Value = serde_json::from_str(&drive.ok(&["mkdir", "In", "--json"])).unwrap();
    let folder = folder["id"].as_str().unwrap();
    for title in ["Photos", "Films"] {
        drive.ok(&["request", "create", "--folder", folder, "--title", title]);
    }
    let line = |list: String| list.lines().find(|line| line.starts_with(id)).unwrap().to_owned();
    assert!(line(ok(&drive, &["token", "list"])).ends_with("  2 file requests"));
    let told = ok(&drive, &["token", "revoke", id]);
    assert!(
        told.contains("still works: 2 file requests") && told.contains("--with-links-and-requests"),
        "{told}"
    );
    let told = ok(&drive, &["token", "revoke", id, "--with-links-and-requests"]);
    assert_eq!(told, format!("{id} is revoked, and what it has made is over: 2 file requests\n"));
    assert!(line(ok(&drive, &["token", "list"])).ends_with("  access_drive"));
    drive.token = own;
    assert_eq!(drive.ok(&["request", "list", "--folder", folder]).matches("  closed ").count(), 2);
}

#[test]
fn a_token_replaces_itself() {
    let mut drive = Drive::start();
    let create =
        ["token", "create", "--user", "owner@localhost", "--expires-in", "7d", "--rotate-for", "30d"];
    let old = ok(&drive, &create).trim().to_owned();
    drive.token.clone_from(&old);
    let new = drive.ok(&["token", "rotate", "--end-old-now"]);
    assert!(new.starts_with("cp_pat_") && new.split_whitespace().count() == 1 && new.trim() != old, "{new}");
    assert_eq!(failed(&mut drive.client(&["mkdir", "f"])).0, 4);
    new.trim().clone_into(&mut drive.token);
    drive.ok(&["mkdir", "f"]);
    let made = drive.json(&["token", "rotate", "--expires-in", "29d"]);
    assert!(
        made["token"].as_str().unwrap().starts_with("cp_pat_") && made["rotateUntil"].is_string(),
        "{made}"
    );
    assert_eq!(failed(&mut drive.client(&["token", "rotate"])).0, 5, "once");
    made["token"].as_str().unwrap().clone_into(&mut drive.token);
    let (code, said) = failed(&mut drive.client(&["token", "rotate", "--expires-in", "31d"]));
    assert!(code == 1 && said.contains("--expires-in"), "{code} {said}");
    let list = ok(&drive, &["token", "list"]);
    let line = list.lines().find(|line| line.contains("rotated, until ")).unwrap();
    let rotated = line.split_whitespace().next().unwrap();
    let told = ok(&drive, &["token", "revoke", rotated]);
    let lines: Vec<_> = told.lines().collect();
    assert!(lines.len() == 2 && lines[0] == format!("{rotated} is revoked"), "{told}");
    assert!(
        lines[1].contains("still works") && lines[1].ends_with("repeat this with --with-replacements"),
        "{told}"
    );
    drive.ok(&["mkdir", "g"]);
    let told = ok(&drive, &["token", "revoke", rotated, "--with-replacements"]);
    assert_eq!(told, format!("{rotated} is revoked\n"));
    assert_eq!(failed(&mut drive.client(&["mkdir", "h"])).0, 4);
}

#[test]
fn only_the_token_is_printed() {
    let drive = Drive::start();
    let users = ok(&drive, &["user", "list", "--json"]);
    let owner: serde_json::Value = serde_json::from_str(&users).unwrap();
    let printed = ok(&drive, &["token", "create", "--user", owner["email"].as_str().unwrap()]);
    assert!(printed.starts_with("cp_pat_") && printed.split_whitespace().count() == 1, "{printed}");
}

#[test]
fn impossible_requests_are_refused_with_the_usual_codes() {
    let drive = Drive::start();
    for (arguments, code) in [
        (&["token", "create", "--user", "nobody@example.com"][..], 3),
        (&["token", "create", "--user", "owner@localhost", "--expires-in", "366d"], 2),
        (&["token", "create", "--user", "owner@localhost", "--scope", "rule_the_world"], 2),
        (&["token", "revoke", "65a1b2c3d4e5f60718293a4b"], 3),
        (&["user", "add", "no address"], 2),
        (&["user", "add", "owner@localhost"], 5),
    ] {
        let (got, said) = failed(&mut command(&drive, arguments));
        assert_eq!(got, code, "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn the_stores_keys_are_variables_that_a_shell_reads() {
    let drive = Drive::start();
    drive.ok(&["mkdir", "answered once the store is open"]);
    let keys = ok(&drive, &["store", "keys", "--url", &drive.url]);
    let script = format!("{keys}\nprintf '%s %s' \"$AWS_ENDPOINT_URL\" \"${{#AWS_SECRET_ACCESS_KEY}}\"");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let (endpoint, secret_chars) = {
        let printed = succeeded(&output);
        let (endpoint, chars) = printed.split_once(' ').unwrap();
        (endpoint.to_owned(), chars.parse::<usize>().unwrap())
    };
    assert_eq!(endpoint, drive.url);
    assert!(secret_chars >= 32);
}
