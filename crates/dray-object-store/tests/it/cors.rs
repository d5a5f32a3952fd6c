//! Cross-origin requests: a page elsewhere can send parts and read their `ETag`s.

use dray_object_store::CorsOrigins;

use crate::harness::{Server, header_map};

fn asks(origin: &'static str, method: &'static str) -> http::HeaderMap {
    header_map(&[
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", "content-type,x-amz-meta-a"),
    ])
}

#[tokio::test]
async fn a_preflight_is_answered_without_a_signature() {
    let server = Server::start().await;
    let answer = server.send_raw("OPTIONS", "/dray/k", asks("https://a.example", "PUT"), "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-methods"), "GET, PUT, HEAD, POST, DELETE");
    assert_eq!(answer.header("access-control-allow-headers"), "content-type,x-amz-meta-a");
    let patch = server.send_raw("OPTIONS", "/dray/k", asks("https://a.example", "PATCH"), "").await;
    assert_eq!(patch.code(), "403 AccessDenied");
}

#[tokio::test]
async fn only_listed_origins_may_read_answers_and_errors() {
    let listed = CorsOrigins::List(vec!["https://a.example".to_owned()]);
    let server = Server::start_with(|config| config.cors_origins = listed).await;
    assert_eq!(server.send_raw("OPTIONS", "/dray/k", asks("https://a.example", "PUT"), "").await.status, 200);
    assert_eq!(server.send_raw("OPTIONS", "/dray/k", asks("https://b.example", "PUT"), "").await.status, 403);
    for (origin, allowed) in [("https://a.example", "https://a.example"), ("https://b.example", "")] {
        let put = server.send("PUT", &server.path("k"), &[("origin", origin)], "x").await;
        let missing = server.send("GET", &server.path("none"), &[("origin", origin)], "").await;
        for answer in [put, missing] {
            assert_eq!(answer.header("access-control-allow-origin"), allowed);
            assert_eq!(answer.header("access-control-expose-headers").contains("ETag"), !allowed.is_empty());
        }
    }
}
