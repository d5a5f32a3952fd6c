//! Who may do what with which key, while keys are made and replaced under a running store.

use std::time::Duration;

use dray_object_store::{KeyKind, key_of, rotate_key};
use dray_s3::Credentials;
use http::HeaderMap;

use crate::harness::{Server, complete_body};

fn key(server: &Server, kind: KeyKind) -> Credentials {
    key_of(server.folder.path(), kind).unwrap()
}

#[tokio::test]
async fn a_tools_key_reads_the_stores_own_bucket_and_changes_nothing_in_it() {
    let server = Server::start().await;
    server.put("k", "there").await;
    let id = server.create("up", &[]).await;
    let etag = server.put_part("up", &id, 1, "part").await.etag();
    let tool = key(&server, KeyKind::Tool);
    let delete = "<Delete><Object><Key>k</Key></Object></Delete>";
    for (method, path, body) in [
        ("PUT", server.path("k"), "evil".to_owned()),
        ("PUT", server.path("new"), "evil".to_owned()),
        ("DELETE", server.path("k"), String::new()),
        ("POST", server.path("?delete"), delete.to_owned()),
        ("POST", server.path("new?uploads"), String::new()),
        ("PUT", server.path(&format!("up?partNumber=1&uploadId={id}")), "evil".to_owned()),
        ("POST", server.path(&format!("up?uploadId={id}")), complete_body(&[(1, etag.clone())])),
        ("DELETE", server.path(&format!("up?uploadId={id}")), String::new()),
        ("PUT", "/dray".to_owned(), String::new()),
        ("DELETE", "/dray".to_owned(), String::new()),
    ] {
        let answer = server.send_as(&tool, method, &path, body).await;
        assert_eq!(answer.code(), "403 AccessDenied", "{method} {path}");
    }
    for path in ["k", "", "?list-type=2", "?uploads", &format!("up?uploadId={id}"), "?location"] {
        assert_eq!(server.send_as(&tool, "GET", &server.path(path), "").await.code(), "200", "{path}");
    }
    assert_eq!(server.send_as(&tool, "GET", "/", "").await.elements("Name"), ["dray"]);
    assert_eq!(server.get("k").await.text(), "there");
    assert_eq!(server.complete("up", &id, &[(1, etag)]).await.code(), "200");
    assert_eq!(server.get("new").await.code(), "404 NoSuchKey");
}

#[tokio::test]
async fn a_tools_key_does_everything_with_other_buckets() {
    let server = Server::start().await;
    let tool = key(&server, KeyKind::Tool);
    for (method, path) in [
        ("PUT", "/tools"),
        ("PUT", "/tools/k"),
        ("GET", "/tools/k"),
        ("DELETE", "/tools/k"),
        ("DELETE", "/tools"),
    ] {
        let answer = server.send_as(&tool, method, path, "").await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn a_presigned_url_has_the_rights_of_the_key_that_signed_it() {
    let server = Server::start().await;
    server.put("k", "x").await;
    let tool = key(&server, KeyKind::Tool);
    let put = server.presign_as(&tool, "PUT", "k");
    assert_eq!(server.send_raw("PUT", &put, HeaderMap::new(), "evil").await.code(), "403 AccessDenied");
    let get = server.presign_as(&tool, "GET", "k");
    assert_eq!(server.send_raw("GET", &get, HeaderMap::new(), "").await.text(), "x");
    let put = server.presign_as(&server.store.credentials(), "PUT", "k");
    assert_eq!(server.send_raw("PUT", &put, HeaderMap::new(), "the server's").await.code(), "200");
}

#[tokio::test]
async fn the_servers_key_in_a_header_from_outside_has_a_tools_rights() {
    let server = Server::start().await;
    let servers = server.store.credentials();
    assert_eq!(server.send_as(&servers, "PUT", &server.path("k"), "x").await.code(), "403 AccessDenied");
    assert_eq!(server.send_as(&servers, "GET", &server.path("?list-type=2"), "").await.code(), "200");
    assert_eq!(server.send_as(&servers, "PUT", "/tools", "").await.code(), "200");
}

#[tokio::test]
async fn nobody_can_remove_the_stores_own_bucket() {
    let server = Server::start().await;
    for keys in [server.keys.clone(), server.store.credentials()] {
        assert_eq!(server.send_as(&keys, "DELETE", "/dray", "").await.code(), "403 AccessDenied");
    }
    let url = server.presign_as(&server.store.credentials(), "DELETE", "");
    assert_eq!(server.send_raw("DELETE", &url, HeaderMap::new(), "").await.code(), "403 AccessDenied");
}

#[tokio::test]
async fn keys_are_made_and_replaced_while_the_store_runs() {
    let server = Server::start().await;
    let list = server.path("?list-type=2");
    let first = key(&server, KeyKind::Tool);
    assert_eq!(server.send_as(&first, "GET", &list, "").await.code(), "200");
    let second = rotate_key(server.folder.path(), KeyKind::Tool, Duration::ZERO).unwrap();
    assert_eq!(server.send_as(&first, "GET", &list, "").await.code(), "403 InvalidAccessKeyId");
    assert_eq!(server.send_as(&second, "GET", &list, "").await.code(), "200");
    let third = rotate_key(server.folder.path(), KeyKind::Tool, Duration::from_hours(1)).unwrap();
    for keys in [&second, &third] {
        assert_eq!(server.send_as(keys, "GET", &list, "").await.code(), "200");
        assert_eq!(server.send_as(keys, "PUT", &server.path("k"), "x").await.code(), "403 AccessDenied");
    }
}

#[tokio::test]
async fn urls_outlive_the_key_that_the_server_signed_them_with() {
    let server = Server::start().await;
    let old = server.store.credentials();
    let url = server.presign_as(&old, "PUT", "k");
    let new = rotate_key(server.folder.path(), KeyKind::Server, Duration::from_hours(1)).unwrap();
    // A key that is not the server's makes the store look at its file of keys.
    assert_eq!(server.send_as(&new, "GET", &server.path("none"), "").await.code(), "404 NoSuchKey");
    assert_eq!(server.store.credentials(), new);
    assert_eq!(server.send_raw("PUT", &url, HeaderMap::new(), "x").await.code(), "200");
    let listed = server.send_as(&old, "GET", &server.path("?list-type=2"), "").await;
    assert_eq!(listed.code(), "403 InvalidAccessKeyId", "a tool's key no longer works");
    rotate_key(server.folder.path(), KeyKind::Server, Duration::ZERO).unwrap();
    assert_eq!(server.send_raw("PUT", &url, HeaderMap::new(), "x").await.code(), "403 InvalidAccessKeyId");
}
