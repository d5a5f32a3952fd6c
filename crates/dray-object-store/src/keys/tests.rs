//! Making, replacing and following keys, on real files.

use std::{fs, os::unix::fs::PermissionsExt};

use super::*;

const HOUR: Duration = Duration::from_hours(1);

fn now() -> i64 {
    clock::now().as_millisecond()
}

/// What an open store knows about a key, this many milliseconds from now.
fn known(ring: &KeyRing, key: &Credentials, in_ms: i64) -> Option<(KeyKind, bool)> {
    ring.find(&key.access_key_id, now() + in_ms).map(|known| {
        assert_eq!(known.credentials, *key);
        (known.kind, known.is_former)
    })
}

#[test]
fn keys_are_made_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let made = open(root).unwrap().server(0);
    assert_eq!((made.access_key_id.len(), made.secret_access_key.len()), (20, 40));
    assert_eq!(open(root).unwrap().server(0), made);
    assert_eq!(read_keys(root).unwrap(), made);
    let tool = key_of(root, KeyKind::Tool).unwrap();
    assert_eq!(key_of(root, KeyKind::Tool).unwrap(), tool);
    let writer = key_of(root, KeyKind::Writer).unwrap();
    assert!(tool != made && writer != made && writer != tool);
    assert_eq!(read_keys(root).unwrap(), made, "making others leaves it");
    assert!(!tools_may_have_the_servers_key(root).unwrap());
    let permissions = fs::metadata(root.join("keys.json")).unwrap().permissions().mode();
    assert_eq!(permissions & 0o777, 0o600);
}

#[test]
fn keys_that_are_open_corrupt_or_absent_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(read_keys(folder.path()), Err(OpenError::KeysUnreadable { .. })));
    assert!(matches!(key_of(folder.path(), KeyKind::Tool), Err(OpenError::KeysUnreadable { .. })));
    open(folder.path()).unwrap();
    let path = folder.path().join("keys.json");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(open(folder.path()), Err(OpenError::KeysTooOpen { .. })));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let entry = r#"{"access_key_id":"a","secret_access_key":"","kind":"tool"}"#;
    let with_entry = format!(r#"{{"access_key_id":"a","secret_access_key":"b","others":[{entry}]}}"#);
    for text in ["", "{}", r#"{"access_key_id":"","secret_access_key":"x"}"#, &with_entry] {
        fs::write(&path, text).unwrap();
        assert!(matches!(open(folder.path()), Err(OpenError::KeysCorrupt { .. })), "{text}");
    }
}

#[test]
fn the_only_key_of_an_earlier_version_becomes_the_servers() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).unwrap();
    let old = r#"{"access_key_id":"DRAYOLD","secret_access_key":"secret"}"#;
    fs::write(folder.path().join("keys.json"), old).unwrap();
    assert_eq!(open(folder.path()).unwrap().server(0).access_key_id, "DRAYOLD");
    assert!(tools_may_have_the_servers_key(folder.path()).unwrap());
    key_of(folder.path(), KeyKind::Tool).unwrap();
    assert!(tools_may_have_the_servers_key(folder.path()).unwrap(), "tools may have it still");
    rotate_key(folder.path(), KeyKind::Server, HOUR).unwrap();
    assert!(!tools_may_have_the_servers_key(folder.path()).unwrap());
}

#[test]
fn an_open_store_accepts_a_new_key_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let ring = open(folder.path()).unwrap();
    assert_eq!(ring.find("DRAYUNKNOWN", now()), None);
    let tool = key_of(folder.path(), KeyKind::Tool).unwrap();
    assert_eq!(known(&ring, &tool, 0), Some((KeyKind::Tool, false)));
    let writer = key_of(folder.path(), KeyKind::Writer).unwrap();
    assert_eq!(known(&ring, &writer, 0), Some((KeyKind::Writer, false)));
}

#[test]
fn a_replaced_key_is_accepted_until_its_grace_ends() {
    let folder = tempfile::tempdir().unwrap();
    let ring = open(folder.path()).unwrap();
    let first = key_of(folder.path(), KeyKind::Tool).unwrap();
    let second = rotate_key(folder.path(), KeyKind::Tool, HOUR).unwrap();
    assert_eq!(known(&ring, &first, 0), Some((KeyKind::Tool, true)));
    assert_eq!(known(&ring, &first, 3_600_001), None);
    assert_eq!(key_of(folder.path(), KeyKind::Tool).unwrap(), second);
    let third = rotate_key(folder.path(), KeyKind::Tool, Duration::ZERO).unwrap();
    assert_eq!(known(&ring, &first, 0), None, "a later end would outlive a rotation without grace");
    assert_eq!(known(&ring, &second, 0), None);
    assert_eq!(known(&ring, &third, 0), Some((KeyKind::Tool, false)));
}

#[test]
fn a_new_key_of_the_server_is_used_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let ring = open(folder.path()).unwrap();
    let first = ring.server(now());
    let second = rotate_key(folder.path(), KeyKind::Server, HOUR).unwrap();
    assert_eq!(ring.server(now() + 1001), second);
    assert_eq!(known(&ring, &first, 1001), Some((KeyKind::Server, true)));
    assert_eq!(known(&ring, &second, 1001), Some((KeyKind::Server, false)));
}

#[test]
fn keys_stay_as_they_were_while_the_file_is_not_readable() {
    let folder = tempfile::tempdir().unwrap();
    let ring = open(folder.path()).unwrap();
    let tool = key_of(folder.path(), KeyKind::Tool).unwrap();
    assert!(known(&ring, &tool, 0).is_some());
    fs::write(folder.path().join("keys.json"), "{").unwrap();
    assert!(known(&ring, &tool, 0).is_some());
}

#[test]
fn the_number_of_replaced_keys_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).unwrap();
    for _ in 0..MAX_FORMER + 5 {
        rotate_key(folder.path(), KeyKind::Tool, HOUR).unwrap();
    }
    assert_eq!(KeyFile::read(folder.path()).unwrap().others.len(), MAX_FORMER + 1);
    for _ in 0..3 {
        rotate_key(folder.path(), KeyKind::Server, Duration::ZERO).unwrap();
    }
    assert_eq!(
        KeyFile::read(folder.path()).unwrap().others.len(),
        MAX_FORMER + 1,
        "what has ended is forgotten"
    );
}
