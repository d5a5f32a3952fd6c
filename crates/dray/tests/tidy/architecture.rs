//! Compares what the crates and modules import with the tables of ARCHITECTURE.md and docs/modules.md: the code has exactly
//! the imports of the tables, and they form no circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use super::imports::Sources;
use super::root;

/// For each table, what each of its rows imports.
type Page = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// The page and the heading of the table of crates.
const CRATES: (&str, &str) = ("ARCHITECTURE.md", "Crates and modules");
/// The page of the tables of modules, one heading for each crate.
const MODULES: &str = "docs/modules.md";

/// All crates, read once for all tests.
static ALL: LazyLock<Vec<Sources>> = LazyLock::new(crates);

fn crates() -> Vec<Sources> {
    let root = root();
    let mut folders: Vec<_> =
        fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.iter().map(|folder| Sources::read(&root, folder)).collect()
}

/// Reads the tables of a page, each by the heading above it.
fn page(name: &str) -> Page {
    let text = fs::read_to_string(root().join(name)).unwrap();
    let (mut page, mut at) = (Page::new(), String::new());
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            title.trim_matches('`').clone_into(&mut at);
        } else if let Some((name, imports)) = row(line) {
            page.entry(at.clone()).or_default().insert(name, imports);
        }
    }
    page
}

/// A row: the name in its first cell, and the names in its last.
fn row(line: &str) -> Option<(String, BTreeSet<String>)> {
    let cells: Vec<&str> = line.strip_prefix("| `")?.trim_end().trim_end_matches('|').split('|').collect();
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let (name, _) = cells.first()?.split_once('`')?;
    Some((name.to_owned(), names(cells.last()?)))
}

/// The differences between the imports of the code and those of a table.
fn compare(
    place: &str,
    table: &BTreeMap<String, BTreeSet<String>>,
    code: &BTreeMap<(String, String), String>,
) -> Vec<String> {
    let mut faults = Vec::new();
    for ((from, to), line) in code {
        if !table.get(from).is_some_and(|imports| imports.contains(to)) {
            faults.push(format!("{place} lacks the import of {to} by {from} ({line})"));
        }
    }
    for (from, imports) in table {
        for to in imports.iter().filter(|to| !code.contains_key(&(from.clone(), (*to).clone()))) {
            faults.push(format!("{place}: {from} does not import {to}"));
        }
    }
    faults
}

/// A circle of imports, if there is one: it removes modules that no other module needs until none is left.
fn circle(imports: impl Iterator<Item = (String, String)>) -> BTreeSet<String> {
    let imports: Vec<(String, String)> = imports.collect();
    let mut left: BTreeSet<String> =
        imports.iter().flat_map(|(from, to)| [from.clone(), to.clone()]).collect();
    loop {
        let inside = |(from, to): &&(String, String)| left.contains(from) && left.contains(to);
        let leading: BTreeSet<String> = imports.iter().filter(inside).map(|(from, _)| from.clone()).collect();
        let led_to: BTreeSet<String> = imports.iter().filter(inside).map(|(_, to)| to.clone()).collect();
        let kept: BTreeSet<String> = leading.intersection(&led_to).cloned().collect();
        if kept == left {
            return left;
        }
        left = kept;
    }
}

#[test]
fn crates_import_only_the_crates_that_the_architecture_names() {
    let (place, title) = CRATES;
    let mut code = BTreeMap::new();
    for sources in &*ALL {
        for (name, line) in sources.crates(None) {
            let name = name.replace('_', "-");
            if name.starts_with("dray-") && name != sources.name {
                code.insert((sources.name.clone(), name), line);
            }
        }
    }
    let faults = compare(place, &page(place)[title], &code);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(circle(code.into_keys()).is_empty());
}

#[test]
fn modules_import_only_the_modules_that_the_tables_name() {
    let page = page(MODULES);
    let mut faults = Vec::new();
    for sources in &*ALL {
        let place = format!("{MODULES}, {}", sources.name);
        let table = page.get(&sources.name).cloned().unwrap_or_default();
        let missing = sources.modules.iter().filter(|module| !table.contains_key(*module));
        faults.extend(missing.map(|module| format!("{place} lacks the module {module}")));
        let gone = table.keys().filter(|module| !sources.modules.contains(*module));
        faults.extend(gone.map(|module| format!("{place}: there is no module {module}")));
        faults.extend(compare(&place, &table, &sources.between_modules()));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn modules_form_no_circle() {
    for sources in &*ALL {
        let modules = circle(sources.between_modules().into_keys());
        assert!(modules.is_empty(), "{}: these import each other in a circle: {modules:?}", sources.name);
    }
}

#[test]
fn pure_modules_import_nothing_that_reads_writes_or_waits() {
    let io = ["tokio", "axum", "rusqlite", "tokio_postgres", "reqwest", "hyper", "getrandom", "rustix"];
    let pure = [("dray-api", None), ("dray-s3", None), ("dray-drive", None)];
    let database = ["axum", "reqwest", "hyper", "dray_s3"];
    let http = ["rusqlite", "tokio_postgres", "reqwest", "dray_db"];
    let rules = pure.iter().map(|(name, module)| (*name, *module, &io[..])).chain([
        ("dray-db", None, &database[..]),
        ("dray-server", Some("http"), &http[..]),
        ("dray-server", Some("service"), &["axum", "reqwest", "rusqlite", "tokio_postgres"][..]),
        ("dray-client", None, &["clap", "axum", "rusqlite"][..]),
    ]);
    for (name, module, forbidden) in rules {
        let sources = ALL.iter().find(|sources| sources.name == name).unwrap();
        for (used, place) in sources.crates(module) {
            assert!(!forbidden.contains(&used.as_str()), "{name} must not know {used} ({place})");
        }
    }
}

#[test]
fn a_circle_is_found_and_a_chain_is_none() {
    let found_in =
        |list: &[(&str, &str)]| circle(list.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())));
    assert!(found_in(&[("a", "b"), ("b", "c"), ("a", "c")]).is_empty());
    let found = found_in(&[("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["b", "c"]);
}
