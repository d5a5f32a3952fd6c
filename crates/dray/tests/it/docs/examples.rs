//! The examples run: every `sh` block of a page, in order, against a server of the page's own.
//!
//! An example finds `report.pdf`, `big.iso` and `photos/` in its folder, the variables `DRAY_URL`, `DRAY_TOKEN` and
//! `DRAY_DATA`, and `dray` on its path. The test replaces `FILE_ID` and `FOLDER_ID` by the ids
//! of a file and a folder that it makes for the block.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::thread;

use super::page::{Block, Page, pages};
use crate::drive::{Drive, dray};

fn runnable(page: &Page) -> Vec<Block> {
    page.blocks().into_iter().filter(|block| block.language == "sh").collect()
}

/// A server with everything that the examples expect.
fn stage() -> Drive {
    let drive = Drive::start();
    drive.file("report.pdf", 20_000);
    drive.file("big.iso", 12 << 20);
    std::fs::create_dir(drive.here().join("photos")).unwrap();
    drive.file("photos/harbour.jpg", 5000);
    drive.file("photos/pier.jpg", 0);
    drive
}

/// The blocks as one script. If it fails, it says at which line.
fn script(drive: &Drive, blocks: &[Block]) -> String {
    let mut script = "set -euo pipefail\ntrap 'echo \"in the example at line $at\" >&2' ERR\n".to_owned();
    for (number, block) in blocks.iter().enumerate() {
        let mut text = block.text.clone();
        if text.contains("FILE_ID") {
            let name = format!("notes {number}.txt");
            drive.file(&name, 3000);
            let item = drive.json(&["upload", &name]);
            std::fs::remove_file(drive.here().join(&name)).unwrap();
            text = text.replace("FILE_ID", item["id"].as_str().unwrap());
        }
        if text.contains("FOLDER_ID") {
            let item = drive.json(&["mkdir", &format!("Folder {number}")]);
            text = text.replace("FOLDER_ID", item["id"].as_str().unwrap());
        }
        writeln!(script, "at={}\n{text}", block.line).unwrap();
    }
    script
}

/// Runs the examples of a page, and says what went wrong.
fn run(blocks: &[Block]) -> Result<(), String> {
    let drive = stage();
    let binaries = std::path::Path::new(env!("CARGO_BIN_EXE_dray")).parent().unwrap().to_owned();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([binaries].into_iter().chain(std::env::split_paths(&paths))).unwrap();
    let clean = dray();
    let mut bash = Command::new("bash");
    for (name, value) in clean.get_envs() {
        assert!(value.is_none(), "the binary's environment only leaves out");
        bash.env_remove(name);
    }
    let output = bash
        .args(["-c", &script(&drive, blocks)])
        .current_dir(drive.here())
        .env("PATH", path)
        .envs([("DRAY_URL", &drive.url), ("DRAY_TOKEN", &drive.token)])
        .env("DRAY_DATA", drive.data())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    Err(String::from_utf8_lossy(&printed).into_owned())
}

#[test]
fn every_example_runs() {
    let pages: Vec<_> = pages().into_iter().map(|page| (runnable(&page), page)).collect();
    let pages: Vec<_> = pages.into_iter().filter(|(blocks, _)| !blocks.is_empty()).collect();
    assert!(pages.len() >= 4, "{} pages have examples", pages.len());
    thread::scope(|scope| {
        for (blocks, page) in &pages {
            scope.spawn(move || run(blocks).unwrap_or_else(|why| panic!("{}: {why}", page.name)));
        }
    });
}

#[test]
fn an_example_that_fails_is_reported_with_its_line() {
    let wrong = |text: &str| Block { line: 7, language: "sh".to_owned(), text: text.to_owned() };
    let why =
        run(&[wrong("dray get FILE_ID"), wrong("dray get 65a1b2c3d4e5f60718293a4b | cat")]).unwrap_err();
    assert!(why.contains("in the example at line 7"), "{why}");
}
