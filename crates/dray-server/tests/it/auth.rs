//! Authentication: every route, with every kind of invalid token.

use std::time::Duration;

use dray_ops::OWNER_EMAIL;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use crate::world::{Actor, Answer, World, refusal};

const ROUTES: [(&str, &str); 10] = [
    ("POST", "/drive/files/upload/multipart/start"),
    ("POST", "/drive/files/upload/multipart/presigned-urls"),
    ("POST", "/drive/files/upload/multipart/finalize"),
    ("GET", "/drive/files/0123456789abcdef01234567"),
    ("GET", "/drive/files/0123456789abcdef01234567/download"),
    ("POST", "/drive/folders"),
    ("GET", "/drive/tree"),
    ("GET", "/drive/search?q=a"),
    ("GET", "/workspace/info"),
    ("GET", "/workspace/members"),
];

/// Checks that every route refuses in this way, before it looks at anything else of the request.
async fn check_refused_everywhere(actor: &Actor, status: u16, code: &str) {
    for (method, path) in ROUTES {
        let request = actor.request(method.parse::<Method>().unwrap(), path).body("not JSON");
        assert_eq!(Answer::of(request).await.refused(), refusal(status, code), "{method} {path}");
    }
}

#[tokio::test]
async fn without_a_valid_token_no_route_admits_anyone() {
    let world = World::start().await;
    check_refused_everywhere(&world.anonymous(), 401, "missing_token").await;
    check_refused_everywhere(&world.with_token("cp_pat_short"), 401, "invalid_token").await;
    let unknown = format!("cp_pat_{}43dniw", "0".repeat(30));
    check_refused_everywhere(&world.with_token(&unknown), 401, "invalid_token").await;
    check_refused_everywhere(&world.with_token("cp_key_0123"), 403, "wrong_token_kind").await;
    let scopeless = world.token(OWNER_EMAIL, &[], Duration::from_mins(1)).await;
    check_refused_everywhere(&world.with_token(&scopeless), 403, "missing_scope").await;
}

#[tokio::test]
async fn an_expired_and_a_revoked_token_say_so() {
    let world = World::start().await;
    let short = world.token(OWNER_EMAIL, &["access_drive"], Duration::from_mins(1)).await;
    let actor = world.with_token(&short);
    actor.get("/workspace/info").await.ok();
    world.pass(SignedDuration::from_secs(61)).await;
    check_refused_everywhere(&actor, 401, "expired_token").await;

    let admin = world.admin().await;
    let made = admin
        .create_token(OWNER_EMAIL, &["access_drive".into()], Duration::from_mins(1), world.now())
        .await
        .unwrap();
    world.with_token(&made.token).get("/workspace/info").await.ok();
    assert!(admin.revoke_token(made.id, world.now()).await.unwrap());
    admin.close().await;
    check_refused_everywhere(&world.with_token(&made.token), 401, "revoked_token").await;
}

#[tokio::test]
async fn other_schemes_and_odd_headers_are_not_tokens() {
    let world = World::start().await;
    for header in ["Basic YTpi", "Bearer", "bearer ", "Bearer cp_pat_\u{e9}", "cp_pat_x"] {
        let request = world.anonymous().request(Method::GET, "/workspace/info");
        let answer = Answer::of(request.header("authorization", header.as_bytes())).await;
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        assert_eq!(answer.refused().0, 401, "{header}");
    }
}

#[tokio::test]
async fn the_stores_signature_opens_no_route_of_the_api() {
    let world = World::start().await;
    let upload = world.owner().start("a", 1).await;
    let url = world.owner().urls(&upload, 1).await.remove(0);
    let query = url.split_once('?').unwrap().1;
    let answer = world.anonymous().get(&format!("/workspace/info?{query}")).await;
    assert_eq!(answer.refused(), refusal(401, "missing_token"));
    let body = json!({ "name": "f" });
    assert_eq!(world.anonymous().post("/drive/folders", &body).await.refused().0, 401);
}
