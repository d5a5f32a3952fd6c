//! Compares the rooms that ARCHITECTURE.md draws with what the code imports: the code has exactly the arrows that the
//! page draws, and they form no circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use super::imports::Sources;
use super::root;

/// For each crate that has a table, what each of its rooms may use.
type Page = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// The heading of the table of crates.
const CRATES: &str = "Rooms";

/// All crates, read once for all tests.
static ALL: LazyLock<Vec<Sources>> = LazyLock::new(crates);

fn crates() -> Vec<Sources> {
    let root = root();
    let mut folders: Vec<_> =
        fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.iter().map(|folder| Sources::read(&root, folder)).collect()
}

/// Reads the tables of the section: `## Rooms` has the table of crates, `### dray-x` the table of one crate's rooms.
fn page() -> Page {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (mut page, mut at) = (Page::new(), None);
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            at = (title == CRATES).then(|| CRATES.to_owned());
        } else if let (Some(title), true) = (line.strip_prefix("### "), at.is_some()) {
            at = Some(title.trim_matches('`').to_owned());
        } else if let (Some(at), Some((room, uses))) = (&at, row(line)) {
            page.entry(at.clone()).or_default().insert(room, uses);
        }
    }
    page
}

/// A row: the name in its first cell, and the names in its last.
fn row(line: &str) -> Option<(String, BTreeSet<String>)> {
    let cells: Vec<&str> = line.strip_prefix("| `")?.trim_end().trim_end_matches('|').split('|').collect();
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let (room, _) = cells.first()?.split_once('`')?;
    Some((room.to_owned(), names(cells.last()?)))
}

/// The differences between the arrows of the code and those of the page.
fn compare(
    name: &str,
    drawn: &BTreeMap<String, BTreeSet<String>>,
    real: &BTreeMap<(String, String), String>,
) -> Vec<String> {
    let mut faults = Vec::new();
    for ((from, to), place) in real {
        if !drawn.get(from).is_some_and(|uses| uses.contains(to)) {
            faults.push(format!("{name}: {from} -> {to} is not in ARCHITECTURE.md ({place})"));
        }
    }
    for (from, uses) in drawn {
        for to in uses.iter().filter(|to| !real.contains_key(&(from.clone(), (*to).clone()))) {
            faults
                .push(format!("{name}: ARCHITECTURE.md draws {from} -> {to}, which the code does not need"));
        }
    }
    faults
}

/// A circle of arrows, if there is one: it removes rooms that no other room needs until none is left.
fn circle(arrows: impl Iterator<Item = (String, String)>) -> BTreeSet<String> {
    let arrows: Vec<(String, String)> = arrows.collect();
    let mut left: BTreeSet<String> =
        arrows.iter().flat_map(|(from, to)| [from.clone(), to.clone()]).collect();
    loop {
        let inside = |(from, to): &&(String, String)| left.contains(from) && left.contains(to);
        let leading: BTreeSet<String> = arrows.iter().filter(inside).map(|(from, _)| from.clone()).collect();
        let led_to: BTreeSet<String> = arrows.iter().filter(inside).map(|(_, to)| to.clone()).collect();
        let kept: BTreeSet<String> = leading.intersection(&led_to).cloned().collect();
        if kept == left {
            return left;
        }
        left = kept;
    }
}

#[test]
fn crates_know_only_the_crates_that_the_architecture_draws() {
    let page = page();
    let mut real = BTreeMap::new();
    for sources in &*ALL {
        for (name, place) in sources.crates(None) {
            let name = name.replace('_', "-");
            if name.starts_with("dray-") && name != sources.name {
                real.insert((sources.name.clone(), name), place);
            }
        }
    }
    let faults = compare("crates", &page[CRATES], &real);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(circle(real.into_keys()).is_empty());
}

#[test]
fn rooms_know_only_the_rooms_that_the_architecture_draws() {
    let page = page();
    let mut faults = Vec::new();
    for sources in &*ALL {
        let drawn = page.get(&sources.name).cloned().unwrap_or_default();
        let undrawn = sources.rooms.iter().filter(|room| !drawn.contains_key(*room));
        faults.extend(undrawn.map(|room| format!("{}: {room} is not in ARCHITECTURE.md", sources.name)));
        let gone = drawn.keys().filter(|room| !sources.rooms.contains(*room));
        faults.extend(
            gone.map(|room| format!("{}: ARCHITECTURE.md has {room}, which is no room", sources.name)),
        );
        faults.extend(compare(&sources.name, &drawn, &sources.arrows()));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn rooms_form_no_circle() {
    for sources in &*ALL {
        let rooms = circle(sources.arrows().into_keys());
        assert!(rooms.is_empty(), "{}: these know each other in a circle: {rooms:?}", sources.name);
    }
}

#[test]
fn pure_rooms_import_nothing_that_reads_writes_or_waits() {
    let io = ["tokio", "axum", "rusqlite", "tokio_postgres", "reqwest", "hyper", "getrandom", "rustix"];
    let pure = [("dray-api", None), ("dray-s3", None), ("dray-drive", None)];
    let database = ["axum", "reqwest", "hyper", "dray_s3"];
    let http = ["rusqlite", "tokio_postgres", "reqwest", "dray_db"];
    let rules = pure.iter().map(|(name, room)| (*name, *room, &io[..])).chain([
        ("dray-db", None, &database[..]),
        ("dray-server", Some("http"), &http[..]),
        ("dray-server", Some("service"), &["axum", "reqwest", "rusqlite", "tokio_postgres"][..]),
        ("dray-client", None, &["clap", "axum", "rusqlite"][..]),
    ]);
    for (name, room, forbidden) in rules {
        let sources = ALL.iter().find(|sources| sources.name == name).unwrap();
        for (used, place) in sources.crates(room) {
            assert!(!forbidden.contains(&used.as_str()), "{name} must not know {used} ({place})");
        }
    }
}

#[test]
fn a_circle_is_found_and_a_chain_is_none() {
    let arrows =
        |list: &[(&str, &str)]| circle(list.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())));
    assert!(arrows(&[("a", "b"), ("b", "c"), ("a", "c")]).is_empty());
    let found = arrows(&[("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["b", "c"]);
}
