//! Reads whose answer the caller already has.

use reqwest::header::HeaderMap;
use reqwest::{Method, Response};

use crate::world::{Actor, Answer, World, refusal};

async fn read(actor: &Actor, path: &str, known: Option<&str>) -> Response {
    let mut request = actor.request(Method::GET, path);
    if let Some(known) = known {
        request = request.header("if-none-match", known);
    }
    request.send().await.unwrap()
}

fn tag(headers: &HeaderMap) -> String {
    headers["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_answer_that_the_caller_already_has_is_not_sent_again() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let item = format!("/drive/files/{folder}");
    for path in ["/workspace/info", "/workspace/members", "/drive/tree", "/drive/search?q=f", &item] {
        let first = read(&owner, path, None).await;
        let tag = tag(first.headers());
        assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "{tag}");
        assert_eq!(first.headers()["cache-control"], "private, no-cache");
        let again = read(&owner, path, Some(&tag)).await;
        assert_eq!(again.status(), 304, "{path}");
        assert_eq!(again.headers()["etag"], tag.as_str());
        assert!(again.headers().contains_key("x-request-id"));
        assert!(!again.headers().contains_key("content-type"));
        assert_eq!(again.bytes().await.unwrap(), "");
        let other = read(&owner, path, Some("\"another\"")).await;
        assert_eq!((other.status().as_u16(), self::tag(other.headers())), (200, tag), "{path}");
    }
}

#[tokio::test]
async fn a_caller_with_an_old_answer_gets_the_change() {
    let world = World::start().await;
    let owner = world.owner();
    let before = tag(read(&owner, "/drive/tree", None).await.headers());
    owner.folder("f", None).await;
    let after = read(&owner, "/drive/tree", Some(&before)).await;
    assert_eq!(after.status(), 200);
    assert_ne!(tag(after.headers()), before);
}

#[tokio::test]
async fn a_tag_does_not_replace_a_token() {
    let world = World::start().await;
    let folder = world.owner().folder("f", None).await;
    let path = format!("/drive/files/{folder}");
    let tag = tag(read(&world.owner(), &path, None).await.headers());
    assert_eq!(read(&world.user("other@example.com").await, &path, Some(&tag)).await.status(), 404);
    assert_eq!(read(&world.anonymous(), &path, Some("*")).await.status(), 401);
}

#[tokio::test]
async fn a_compressed_answer_has_the_tag_of_the_plain_one() {
    let world = World::start().await;
    let owner = world.owner();
    owner.folders(50, None).await;
    let plain = tag(read(&owner, "/drive/tree", None).await.headers());
    let request = owner.request(Method::GET, "/drive/tree").header("accept-encoding", "zstd");
    let compressed = request.send().await.unwrap();
    assert_eq!(compressed.headers()["content-encoding"], "zstd");
    assert_eq!(tag(compressed.headers()), plain);
}

#[tokio::test]
async fn a_304_has_the_headers_of_its_200_that_caches_need() {
    let world = World::start().await;
    let owner = world.owner();
    let needed = ["vary", "etag", "cache-control", "access-control-allow-origin"];
    let cached = |headers: &HeaderMap| {
        needed.map(|name| {
            headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        })
    };
    for is_long in [false, true] {
        for accepted in ["identity", "gzip"] {
            let read = |known: String| {
                let request = owner.request(Method::GET, "/drive/tree").header("if-none-match", known);
                request.header("accept-encoding", accepted).header("origin", "https://a.example").send()
            };
            let first = read("\"another\"".to_owned()).await.unwrap();
            let again = read(tag(first.headers())).await.unwrap();
            assert_eq!((first.status().as_u16(), again.status().as_u16()), (200, 304));
            assert_eq!(cached(again.headers()), cached(first.headers()), "{accepted}");
            let vary =
                first.headers().get_all("vary").iter().filter(|value| *value == "accept-encoding").count();
            assert_eq!(vary, usize::from(is_long), "{accepted}");
        }
        owner.folders(50, None).await;
    }
}

#[tokio::test]
async fn errors_and_changes_have_no_tag() {
    let world = World::start().await;
    let refused = read(&world.owner(), "/drive/files/0123456789abcdef01234567", Some("*")).await;
    assert_eq!((refused.status().as_u16(), refused.headers().get("etag")), (404, None));
    let request = world.owner().request(Method::POST, "/drive/folders").header("if-none-match", "*");
    let made = request.json(&serde_json::json!({ "name": "f" })).send().await.unwrap();
    assert_eq!((made.status().as_u16(), made.headers().get("etag")), (200, None));
}

#[tokio::test]
async fn the_page_differs_each_time_because_its_nonce_does() {
    let world = World::start().await;
    let page = world.http.get(&world.url).send().await.unwrap();
    assert_eq!(page.headers()["cache-control"], "no-cache");
    let again = world.http.get(&world.url).header("if-none-match", tag(page.headers())).send().await.unwrap();
    assert_eq!(again.status(), 200);
    let policy = |page: &Response| page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert_ne!(policy(&again), policy(&page));
}

#[tokio::test]
async fn a_page_of_another_origin_may_send_and_read_the_tag() {
    let world = World::start().await;
    let ask =
        |method| world.owner().request(method, "/drive/tree").header("origin", "https://app.example.com");
    let preflight = ask(Method::OPTIONS)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization,if-none-match");
    let preflight = preflight.send().await.unwrap();
    let allowed = preflight.headers()["access-control-allow-headers"].to_str().unwrap().to_lowercase();
    assert!(allowed.contains("if-none-match"), "{allowed}");
    let answer = ask(Method::GET).send().await.unwrap();
    let exposed = answer.headers()["access-control-expose-headers"].to_str().unwrap().to_lowercase();
    assert!(exposed.contains("etag"), "{exposed}");
}

#[tokio::test]
async fn a_condition_makes_no_other_answer_of_a_route_that_does_not_exist() {
    let world = World::start().await;
    let owner = world.owner();
    for (method, path, status, code) in [
        (Method::PUT, "/workspace/info", 405, "method_not_allowed"),
        (Method::DELETE, "/drive/folders", 405, "method_not_allowed"),
        (Method::PATCH, "/nothing", 404, "route_not_found"),
    ] {
        for header in ["if-match", "if-none-match", "if-unmodified-since"] {
            let answer = Answer::of(owner.request(method.clone(), path).header(header, "\"a\"")).await;
            assert_eq!(answer.refused(), refusal(status, code), "{method} {path} {header}");
        }
    }
}

#[tokio::test]
async fn a_write_with_a_condition_is_refused_and_changes_nothing() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let path = format!("/drive/files/{folder}");
    let current = tag(read(&owner, &path, None).await.headers());
    let change = serde_json::json!({ "name": "g" });
    let date = "Fri, 31 Jan 2025 12:00:00 GMT";
    for (header, value) in [
        ("if-match", "\"stale\""),
        ("if-match", current.as_str()),
        ("if-none-match", "*"),
        ("if-none-match", "\"x\""),
        ("if-unmodified-since", date),
    ] {
        for method in [Method::PATCH, Method::DELETE] {
            let request = owner.request(method.clone(), &path).header(header, value);
            let refused = Answer::of(request.json(&change)).await.refused();
            assert_eq!(refused, refusal(400, "invalid_parameter"), "{method} {header}: {value}");
        }
        let participant = format!("{path}/participants/1");
        let put = owner.request(Method::PUT, &participant).header(header, value).json(&change);
        assert_eq!(put.send().await.unwrap().status(), 400, "{header}: {value}");
    }
    assert_eq!(owner.item(&folder).await["name"], "f");
    let any = owner.request(Method::PATCH, &path).header("if-match", "*").json(&change);
    assert_eq!(any.send().await.unwrap().status(), 200);
    assert_eq!(owner.item(&folder).await["name"], "g");
}

#[tokio::test]
async fn a_head_is_answered_as_the_get_without_its_body() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let item = format!("/drive/files/{folder}");
    let ask = async |method, path: &str, known: &str| {
        let request = owner.request(method, path).header("if-none-match", known);
        request.send().await.unwrap()
    };
    for path in [
        "/workspace/info",
        "/drive/tree",
        "/drive/search?q=f",
        &item,
        "/drive/files/0123456789abcdef01234567",
    ] {
        for known in ["", "*"] {
            let get = ask(Method::GET, path, known).await;
            let head = ask(Method::HEAD, path, known).await;
            assert_eq!(head.status(), get.status(), "{path} {known}");
            for name in ["etag", "cache-control", "content-type", "content-length"] {
                assert_eq!(head.headers().get(name), get.headers().get(name), "{path} {known} {name}");
            }
            assert_eq!(head.bytes().await.unwrap(), "", "{path} {known}");
        }
    }
    assert_eq!(ask(Method::HEAD, "/drive/folders", "").await.status(), 405);
    let page = world.http.head(&world.url).send().await.unwrap();
    assert!(page.status() == 200 && page.headers().contains_key("etag"), "{:?}", page.headers());
}
