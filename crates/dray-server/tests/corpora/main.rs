//! Checks that hold for any input of the parsers that strangers reach: `SigV4`, `aws-chunked`, XML, and JSON with names. These
//! tests run them on the inputs in `fuzz/corpus`, and on seeded changes of each. `make fuzz` runs the same checks in a fuzzer,
//! which looks for new inputs.

#![expect(clippy::unwrap_used, reason = "a panic is how a check fails")]

mod chunked;
mod json;
mod sigv4;
mod xml;

use std::fs;
use std::path::Path;

/// Changed copies of each input.
const CHANGES: usize = 300;
/// Longest changed input, in bytes.
const LONGEST: usize = 16 << 10;

/// Runs `task`. Under the fuzzer it fails if `task` holds more than `most_bytes` of memory at once.
pub(crate) fn within<T>(_most_bytes: usize, task: impl FnOnce() -> T) -> T {
    task()
}

fn replay(name: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let inputs: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(inputs.len() >= 5, "there is a corpus in {}", folder.display());
    let mut rng = fastrand::Rng::with_seed(0);
    for (path, input) in files.iter().zip(&inputs) {
        let failed = |input: &[u8]| format!("{}: {}", path.display(), input.escape_ascii());
        run(check, input, failed);
        for _ in 0..CHANGES {
            let other = &inputs[rng.usize(..inputs.len())];
            run(check, &changed(input, other, &mut rng), failed);
        }
    }
}

/// Runs a check, and names the input if it fails.
fn run(check: fn(&[u8]), input: &[u8], failed: impl Fn(&[u8]) -> String) {
    let checked = std::panic::catch_unwind(|| check(input));
    assert!(checked.is_ok(), "{}", failed(input));
}

/// Makes a few changes: flips a bit, replaces or inserts a byte, removes or doubles a stretch, or takes one from another input.
fn changed(input: &[u8], other: &[u8], rng: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..rng.usize(1..=4) {
        let at = rng.usize(..=bytes.len());
        let end = rng.usize(at..=bytes.len().min(at + 32));
        match rng.u8(..6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(..8),
            1 if at < bytes.len() => bytes[at] = rng.u8(..),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            4 => {
                let from = rng.usize(..=other.len());
                let until = rng.usize(from..=other.len().min(from + 64));
                bytes.splice(at..end, other[from..until].iter().copied());
            }
            _ => bytes.insert(at, rng.u8(..)),
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

#[test]
fn signatures_are_those_of_a_simple_reference_and_none_is_forged() {
    replay("sigv4", sigv4::check);
}

#[test]
fn chunked_bodies_are_decoded_as_a_simple_reference_decodes_them() {
    replay("chunked", chunked::check);
}

#[test]
fn xml_is_read_as_it_is_written() {
    replay("xml", xml::check);
}

#[test]
fn json_bodies_with_names_are_read_as_they_are_written() {
    replay("json", json::check);
}
