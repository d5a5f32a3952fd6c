//! Checks the whole repository: what each module must not know, and habits that no lint checks. An error
//! names the rule, the file and the line.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use std::fs;
use std::path::{Path, PathBuf};

mod architecture;
mod imports;
mod sql;

const LONGEST_FILE: usize = 450;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every Rust file under `crates/`, with its path from the root and its text.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&root().join("crates"), &mut found);
    assert!(found.len() > 50, "the walk found too little: {}", found.len());
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Reports lines of code (neither comment nor test) that `breaks` objects to, in files that `applies` selects.
fn check(rule: &str, applies: impl Fn(&str) -> bool, breaks: impl Fn(&str) -> bool) {
    let mut faults = Vec::new();
    for (name, text) in sources().into_iter().filter(|(name, _)| applies(name)) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (at, line) in code.lines().enumerate() {
            if !line.trim_start().starts_with("//") && breaks(line) {
                faults.push(format!("{name}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{rule}:\n{}", faults.join("\n"));
}

fn is_source(name: &str) -> bool {
    name.contains("/src/")
}

#[test]
fn sql_is_only_in_the_database_modules() {
    let folders = ["crates/dray-db/src/", "crates/dray-sqlite/src/", "crates/dray-object-store/src/meta/"];
    let sql = ["select ", "insert into ", "update ", "delete from "];
    check(
        "SQL belongs into dray-db (the drive) and meta/ (the store)",
        |name| is_source(name) && !folders.iter().any(|folder| name.starts_with(folder)),
        |line| sql.iter().any(|word| line.contains(&format!("\"{word}"))) || line.contains("prepare"),
    );
}

#[test]
fn statements_name_their_columns_and_transactions_their_isolation() {
    // If a prepared statement says `*` and its table gets another column, it fails on every server that is already running.
    check(
        "name the columns: `*` is another list after the next migration",
        |name| is_source(name) && name.starts_with("crates/dray-db/src/"),
        |line| {
            let line = line.to_lowercase();
            ["select *", "returning *", ".* from", "insert into schema_version values"]
                .iter()
                .any(|star| line.contains(star))
        },
    );
    check(
        "say the isolation level: the database may have another default",
        |name| is_source(name) && name.starts_with("crates/dray-db/src/postgres/"),
        |line| {
            (line.contains("\"begin") && !line.contains("isolation level")) || line.contains(".transaction()")
        },
    );
}

#[test]
fn the_service_sets_statuses_in_one_file() {
    check(
        "statuses belong into http/error.rs",
        |name| name.starts_with("crates/dray-server/src/") && name != "crates/dray-server/src/http/error.rs",
        |line| line.contains("StatusCode::"),
    );
}

#[test]
fn the_terminal_is_written_to_in_one_file() {
    let outlets = ["println!", "print!(", "eprint!(", "dbg!", "stdout", "stderr"];
    let questions = ["use std::io", "stderr().is_terminal()", "use_stderr()"];
    check(
        "the terminal belongs to output.rs, which makes texts safe for it; the server's log to commands/log.rs",
        |name| {
            ["crates/dray/src/", "crates/dray-client/src/"].iter().any(|folder| name.starts_with(folder))
                && !["crates/dray/src/output.rs", "crates/dray/src/commands/log.rs"].contains(&name)
        },
        |line| {
            outlets.iter().any(|outlet| line.contains(outlet))
                && !questions.iter().any(|question| line.contains(question))
        },
    );
}

#[test]
fn errors_and_logs_show_no_debug_values() {
    // A quoted text (`{name:?}`) is for people; an error's debug value is for programmers.
    let shown = ["{err:?}", "{error:?}", "{cause:?}", "{source:?}", "{why:?}", "{needed:?}", "{set:?}"];
    let is_logged = |line: &str| {
        ["tracing::", "info!(", "warn!(", "error!(", "debug!("].iter().any(|start| line.contains(start))
            && [" = ?", "(?", ", ?"].iter().any(|debug| line.contains(debug))
    };
    check(
        "write errors with Display and their causes (with_causes), and values as fields",
        |name| is_source(name) && !name.contains("/sim/") && !name.ends_with("/tests.rs"),
        |line| is_logged(line) || shown.iter().any(|debug| line.contains(debug)),
    );
}

#[test]
fn pure_modules_use_no_file_and_no_socket_and_never_wait() {
    let forbidden = [
        ("crates/dray-api/src/", &["std::fs", "std::net::Tcp", "async fn"][..]),
        ("crates/dray-s3/src/", &["std::fs", "TcpStream", "UdpSocket", "async fn"]),
        ("crates/dray-drive/src/", &["std::fs", "TcpStream", "UdpSocket", "async fn"]),
        ("crates/dray-object-store/src/", &["workspace"]),
    ];
    for (folder, words) in forbidden {
        for word in words {
            check(
                &format!("{folder} must not know {word}"),
                |name| name.starts_with(folder),
                |line| line.contains(word),
            );
        }
    }
}

#[test]
fn every_file_says_what_it_holds_and_has_a_bounded_length() {
    for (name, text) in sources() {
        assert!(text.starts_with("//!"), "{name} must start by saying what lives there");
        let lines = text.lines().count();
        assert!(
            lines <= LONGEST_FILE,
            "{name} has {lines} lines; over {LONGEST_FILE} it is more than one idea"
        );
    }
}

#[test]
fn no_test_is_ignored_and_no_work_is_left_for_later() {
    let marks = [
        concat!("#[ig", "nore"),
        concat!("to", "do!("),
        concat!("unimpl", "emented!("),
        concat!("FIX", "ME"),
    ];
    for (name, text) in sources() {
        for mark in marks {
            assert!(!text.contains(mark), "{name} has {mark}");
        }
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let folder = root().join("crates/dray-db/migrations");
    let names = |database: &Path| -> Vec<_> {
        let mut names: Vec<_> =
            fs::read_dir(database).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let databases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!databases.is_empty());
    for database in &databases {
        assert_eq!(names(database), names(&databases[0]), "{}", database.display());
    }
}
