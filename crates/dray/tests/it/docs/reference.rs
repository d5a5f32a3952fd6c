//! The reference is complete: its pages have every setting, route, error code and command that exists, and no others.

use std::collections::BTreeSet;
use std::process::Command;

use dray_api::ErrorCode;
use serde_json::Value;

use super::help::Commands;
use super::page::{Page, root};
use crate::drive::{Drive, succeeded};

/// Pieces of inline code of a page of the reference.
fn code(page: &str) -> BTreeSet<String> {
    Page::named(&format!("docs/src/reference/{page}.md")).code().into_iter().map(|code| code.text).collect()
}

#[test]
fn settings_has_every_flag_and_variable_of_the_server() {
    let (commands, code) = (Commands::ask(), code("settings"));
    let serve = commands.named(&["serve"]);
    for name in serve.flags.iter().chain(&serve.variables).filter(|name| *name != "--help") {
        assert!(code.contains(name), "docs/src/reference/settings.md does not name {name}");
    }
}

#[test]
fn commands_has_every_command() {
    let (commands, code) = (Commands::ask(), code("commands"));
    for command in commands.leaves() {
        let name = format!("dray {}", command.words.join(" "));
        assert!(code.contains(&name), "docs/src/reference/commands.md does not name `{name}`");
    }
}

/// The rows of a table whose first cell is code, with the texts of their cells.
fn rows(page: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join(format!("docs/src/reference/{page}.md"))).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches(['|', ' ']).split(" | ").map(str::to_owned).collect()).collect()
}

#[test]
fn errors_has_every_code_with_its_status_its_meaning_and_advice() {
    let (page, codes) = (rows("errors"), ErrorCode::ALL);
    for code in codes {
        let name = code.as_str();
        let row = page.iter().find(|row| row[0] == format!("`{name}`"));
        let row = row.unwrap_or_else(|| panic!("docs/src/reference/errors.md lacks {name}"));
        assert_eq!(format!("{}: {}.", row[1], row[2]), code.description(), "{name}");
        assert!(row.len() == 4 && !row[3].is_empty(), "{name}: what to do is missing");
    }
    assert_eq!(page.len(), codes.len(), "docs/src/reference/errors.md has codes that do not exist");
}

/// The routes of a server's OpenAPI document, without the path that all API routes share, and whether each creates
/// something.
fn routes() -> Vec<(String, bool)> {
    let drive = Drive::start();
    let answer =
        Command::new("curl").args(["-sS", "--fail", &format!("{}/openapi.json", drive.url)]).output();
    let document: Value = serde_json::from_str(&succeeded(&answer.unwrap())).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, route) in methods.as_object().unwrap() {
            let path = path.strip_prefix("/public/v1").unwrap_or(path);
            let parameters = route["parameters"].as_array().into_iter().flatten();
            let creates = parameters.into_iter().any(|parameter| parameter["name"] == "Idempotency-Key");
            routes.push((format!("{} {path}", method.to_uppercase()), creates));
        }
    }
    assert!(routes.len() > 30, "{routes:?}");
    routes
}

#[test]
fn routes_has_every_route_and_marks_those_that_create() {
    let text = std::fs::read_to_string(root().join("docs/src/reference/routes.md")).unwrap();
    let rows: BTreeSet<_> =
        text.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next()).collect();
    let known: Vec<_> = routes()
        .into_iter()
        .map(|(route, creates)| if creates { format!("{route}` ¹") } else { format!("{route}`") })
        .collect();
    let known: BTreeSet<_> = known.iter().map(String::as_str).collect();
    let missing: Vec<_> = known.difference(&rows).collect();
    let stale: Vec<_> = rows.difference(&known).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "docs/src/reference/routes.md lacks {missing:?} and has {stale:?}, which do not exist (¹: creates another thing)"
    );
}
