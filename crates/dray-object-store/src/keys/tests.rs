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
    assert!(matches!(read_keys(folder.path()), Err(OpenError::KeysMissing { .. })));
    assert!(matches!(key_of(folder.path(), KeyKind::Tool), Err(OpenError::KeysMissing { .. })));
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
fn whoever_removes_the_file_of_a_store_gets_new_keys_and_an_open_store_accepts_them() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let ring = open(root).unwrap();
    fs::write(root.join("meta.db"), "").unwrap();
    let (server, tool) = (ring.server(now()), key_of(root, KeyKind::Tool).unwrap());
    fs::remove_file(root.join("keys.json")).unwrap();
    assert!(matches!(read_keys(root), Err(OpenError::KeysMissing { .. })));
    let new = key_of(root, KeyKind::Tool).unwrap();
    assert_eq!(known(&ring, &new, 0), Some((KeyKind::Tool, false)));
    assert_eq!((known(&ring, &tool, 0), known(&ring, &server, 0)), (None, None));
    fs::remove_file(root.join("keys.json")).unwrap();
    let newer = rotate_key(root, KeyKind::Server, HOUR).unwrap();
    assert_eq!(read_keys(root).unwrap(), newer);
}

#[test]
fn rotations_of_other_keys_never_end_a_replaced_key() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let ring = open(root).unwrap();
    let server = ring.server(now());
    let (tool, writer) = (key_of(root, KeyKind::Tool).unwrap(), key_of(root, KeyKind::Writer).unwrap());
    for kind in [KeyKind::Server, KeyKind::Tool, KeyKind::Writer] {
        for _ in 0..MAX_FORMER {
            rotate_key(root, kind, HOUR).unwrap();
        }
    }
    for (key, kind) in [(&server, KeyKind::Server), (&tool, KeyKind::Tool), (&writer, KeyKind::Writer)] {
        assert_eq!(known(&ring, key, 1001), Some((kind, true)));
    }
    assert!(fs::metadata(root.join("keys.json")).unwrap().len() < 32 << 10, "half of what is read");
}

#[test]
fn a_rotation_that_would_keep_too_many_old_keys_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    open(root).unwrap();
    for kind in [KeyKind::Tool, KeyKind::Server] {
        let first = key_of(root, kind).unwrap();
        for _ in 0..MAX_FORMER {
            rotate_key(root, kind, HOUR).unwrap();
        }
        let ring = open(root).unwrap();
        let last = key_of(root, kind).unwrap();
        let refused = rotate_key(root, kind, HOUR).unwrap_err();
        assert!(refused.to_string().contains("--grace 0s"), "{refused}");
        assert_eq!(key_of(root, kind).unwrap(), last);
        assert_eq!(known(&ring, &first, 1001), Some((kind, true)));
        rotate_key(root, kind, Duration::ZERO).unwrap();
        assert_eq!((known(&ring, &first, 1001), known(&ring, &last, 1001)), (None, None));
    }
    assert_eq!(KeyFile::read(root).unwrap().others.len(), 1, "what has ended is forgotten");
}
