//! Checks JSON bodies and the names in them. The first byte of the input chooses the route, the rest is the body.

use dray_api::item::{ItemChange, NewFolder};
use dray_api::limits::{MAX_NAME_CHARS, MAX_QUERY_CHARS};
use dray_api::sharing::{NewLink, NewRole};
use dray_api::upload::{FinalizeUpload, ListParts, PresignParts, StartUpload, UploadKey};
use dray_drive::body::typed;
use dray_drive::name::{ItemName, name_key, numbered_name};
use dray_drive::parts::{Crc64, WantedParts, parts_to_sign, whole_to_sign};
use dray_drive::search::{Words, words};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The maximum number of bytes of a sort key: an index entry of Postgres is at most a third of a page.
const MOST_KEY_BYTES: usize = 1000;

pub(crate) fn check(input: &[u8]) {
    let Some((route, body)) = input.split_first() else { return };
    // The smallest value is `0,`. It takes 32 bytes in the tree, and more while the list grows.
    let most_bytes = (64 << 10) + 96 * body.len();
    crate::within(most_bytes, || match route % 7 {
        0 => check_start(body),
        1 => check_presign(body),
        2 => check_finalize(body),
        3 => check_keys(body),
        4 => check_folder(body),
        5 => check_sharing(body),
        _ => check_text(body),
    });
}

/// Reads a body. Writing it and reading it again must give the same value.
fn read<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(body: &[u8]) -> Option<T> {
    let value: T = typed(serde_json::from_slice(body).ok()?).ok()?;
    let written = serde_json::to_vec(&value).unwrap();
    let again: T = typed(serde_json::from_slice(&written).unwrap()).unwrap();
    assert_eq!(again, value);
    Some(value)
}

fn check_start(body: &[u8]) {
    if let Some(start) = read::<StartUpload>(body) {
        check_name(&start.file_name);
        if let Some(checksum) = start.checksum {
            check_checksum(checksum);
        }
    }
}

fn check_checksum(checksum: dray_api::upload::Checksum) {
    let text = checksum.crc64nvme.clone();
    if let Ok(crc) = Crc64::parse(checksum) {
        assert_eq!(crc.as_str(), text, "a checksum has one spelling");
        assert_eq!(text.len(), 12);
    }
}

fn check_presign(body: &[u8]) {
    let Some(presign) = read::<PresignParts>(body) else { return };
    let numbers = presign.part_numbers.as_deref();
    let size_bytes = presign.upload_id.len() as u64 * (1 << 20);
    if whole_to_sign(size_bytes, &presign).is_ok() {
        assert!(numbers.is_none_or(|numbers| numbers == [1]), "a whole file is one part");
    }
    if let Ok(signed) = parts_to_sign(size_bytes, &presign) {
        assert!(signed.windows(2).all(|pair| pair[0].0 < pair[1].0), "ascending, and none twice");
        if let Some(listed) = numbers {
            assert_eq!(signed.len(), listed.len());
        }
    }
}

fn check_finalize(body: &[u8]) {
    let Some(finalize) = read::<FinalizeUpload>(body) else { return };
    let mut turned = finalize.parts.clone();
    if let Some(parts) = &mut turned {
        parts.reverse();
    }
    let digest = |parts| WantedParts::parse(parts).ok().map(|parts| parts.digest());
    assert_eq!(digest(finalize.parts), digest(turned), "the order of the list does not matter");
    if let Some(checksum) = finalize.checksum {
        check_checksum(checksum);
    }
}

fn check_keys(body: &[u8]) {
    read::<ListParts>(body);
    read::<UploadKey>(body);
}

fn check_folder(body: &[u8]) {
    if let Some(folder) = read::<NewFolder>(body) {
        check_name(&folder.name);
    }
    if let Some(name) = read::<ItemChange>(body).and_then(|change| change.name) {
        check_name(&name);
    }
}

fn check_sharing(body: &[u8]) {
    read::<NewLink>(body);
    read::<NewRole>(body);
}

/// Checks any text as a name and as a search.
fn check_text(body: &[u8]) {
    if let Ok(text) = str::from_utf8(body) {
        check_name(text);
        let text: String = text.chars().take(MAX_QUERY_CHARS).collect();
        if let Some(query) = Words::parse(&text) {
            assert!(
                query.iter().all(|word| word.chars().all(|c| !c.is_ascii_punctuation() && !c.is_control()))
            );
        }
    }
}

fn check_name(name: &str) {
    let Ok(allowed) = ItemName::parse("fileName", name.to_owned()) else { return };
    assert_eq!(allowed.into_string(), name, "a name is kept as it was given");
    assert!((1..=MAX_NAME_CHARS).contains(&name.chars().count()));
    assert!(!name.contains(['/', '\\', '\0', '\r', '\n', '\u{202e}']) && name != "." && name != "..");
    assert!(name_key(name).len() <= MOST_KEY_BYTES);
    let numbered = numbered_name(name, u64::MAX);
    assert_ne!(numbered, name);
    assert!(ItemName::parse("fileName", numbered.clone()).is_ok(), "{numbered:?} of {name:?}");
    let words = words(name);
    assert!(words.iter().all(|word| !word.is_empty()));
    if let Some(query) = Words::parse(name) {
        let is_found = |query: &str| words.iter().any(|word| word.starts_with(query));
        assert!(query.iter().all(is_found), "{name:?} is not found by itself: {query:?} in {words:?}");
    }
}
