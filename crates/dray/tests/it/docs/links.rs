//! No link of the documentation is dead: files, anchors, and the book's table of contents.

use std::fs;
use std::path::{Path, PathBuf};

use super::page::{Page, pages, root};

/// Links that lead to this repository, seen from outside.
const SELF: &str = "https://github.com/dray-drive/dray/blob/main/";

/// What is wrong with a link from a page in this folder, if anything is.
fn fault(folder: &Path, page: &Path, link: &str) -> Option<String> {
    let (base, link) = match link.strip_prefix(SELF) {
        Some(rest) => (root(), rest),
        None => (folder.to_owned(), link),
    };
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target: PathBuf = if path.is_empty() { page.to_owned() } else { base.join(path) };
    let Ok(target) = target.canonicalize() else { return Some(format!("{link}: no such file")) };
    if anchor.is_empty() || Page::read(&target).anchors().iter().any(|known| known == anchor) {
        None
    } else {
        Some(format!("{link}: no such heading"))
    }
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_exist() {
    let mut faults = Vec::new();
    for page in pages() {
        for link in page.links() {
            if let Some(fault) = fault(&page.folder(), &root().join(&page.name), &link.text) {
                faults.push(format!("{}:{}: {fault}", page.name, link.line));
            }
        }
    }
    assert!(faults.is_empty(), "dead links:\n{}", faults.join("\n"));
}

#[test]
fn a_link_to_a_file_or_heading_that_does_not_exist_is_found() {
    let (folder, page) = (root(), root().join("README.md"));
    assert_eq!(fault(&folder, &page, "docs/src/start.md#run-it"), None);
    assert!(fault(&folder, &page, "docs/src/start.md#no-such-heading").is_some());
    assert!(fault(&folder, &page, "docs/src/no-such-page.md").is_some());
    assert!(fault(&folder, &page, &format!("{SELF}no-such-page.md")).is_some());
    assert!(fault(&folder, &page, "#no-such-heading").is_some());
}

#[test]
fn the_table_of_contents_has_every_page_of_the_book() {
    let summary = Page::named("docs/src/SUMMARY.md");
    let listed: Vec<_> = summary.links().into_iter().map(|link| summary.folder().join(link.text)).collect();
    for page in pages().iter().filter(|page| page.name.starts_with("docs/src/")) {
        let path = root().join(&page.name);
        assert!(
            page.name.ends_with("SUMMARY.md") || listed.contains(&path),
            "docs/src/SUMMARY.md does not list {}",
            page.name
        );
    }
}

#[test]
fn pages_that_include_others_include_files_that_exist() {
    for page in pages() {
        let text = fs::read_to_string(root().join(&page.name)).unwrap();
        for rest in text.split("{{#include ").skip(1) {
            let file = rest.split(['}', ':']).next().unwrap().trim();
            assert!(page.folder().join(file).is_file(), "{} includes {file}", page.name);
        }
    }
}
