//! The headers that a page of another origin needs to call the drive and the store.

use reqwest::{Method, Response};

use crate::world::World;

async fn preflight(world: &World, url: &str, method: &str, headers: &str) -> Response {
    let request = world.http.request(Method::OPTIONS, url).header("origin", "https://app.example.com");
    let request = request.header("access-control-request-method", method);
    request.header("access-control-request-headers", headers).send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn any_page_may_call_by_default() {
    let world = World::start().await;
    let api = format!("{}/public/v1/drive/folders", world.url);
    let answer = preflight(&world, &api, "POST", "authorization,content-type").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "access-control-allow-origin"), "*");
    assert!(header(&answer, "access-control-allow-headers").contains("authorization"));
}

#[tokio::test]
async fn a_page_can_put_a_part_and_read_its_etag() {
    let world = World::start().await;
    let upload = world.owner().start("a", 1).await;
    let url = world.owner().urls(&upload, 1).await.remove(0);
    let answer = preflight(&world, &url, "PUT", "content-type").await;
    assert!(answer.status().is_success());
    assert!(header(&answer, "access-control-allow-methods").contains("PUT"));
    let put =
        world.http.put(&url).header("origin", "https://app.example.com").body("a").send().await.unwrap();
    assert_eq!(put.status(), 200);
    assert!(!header(&put, "access-control-allow-origin").is_empty());
    assert!(header(&put, "access-control-expose-headers").to_lowercase().contains("etag"));
}

#[tokio::test]
async fn a_page_of_another_origin_may_load_the_kit() {
    let world = World::start().await;
    let ask = async |path: &str| {
        let request = world.http.get(format!("{}/kit/{path}", world.url));
        request.header("origin", "https://app.example.com").send().await.unwrap()
    };
    let entry = ask("upload.js").await;
    if entry.status() == 404 {
        // Built without the page.
        return;
    }
    assert_eq!(header(&entry, "cache-control"), "no-cache");
    let script = entry.text().await.unwrap();
    let build = script.split('"').find_map(|text| text.strip_prefix("./")).unwrap().to_owned();
    let build = ask(&build).await;
    assert_eq!(build.status(), 200);
    assert_eq!(header(&build, "access-control-allow-origin"), "*");
    assert_eq!(header(&build, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header(&build, "x-content-type-options"), "nosniff");
    assert!(header(&build, "content-type").starts_with("text/javascript"));
    assert_eq!(ask("absent.js").await.status(), 404);
}

#[tokio::test]
async fn listed_origins_may_call_and_others_may_not() {
    let world =
        World::start_with(|config| config.allow_origins = vec!["https://good.example.com".into()]).await;
    let upload = world.owner().start("a", 1).await;
    let part = world.owner().urls(&upload, 1).await.remove(0);
    for url in [format!("{}/public/v1/drive/folders", world.url), part] {
        let bad = preflight(&world, &url, "PUT", "content-type").await;
        assert_eq!(header(&bad, "access-control-allow-origin"), "", "{url}");
        let request = world.http.request(Method::OPTIONS, &url).header("origin", "https://good.example.com");
        let good = request.header("access-control-request-method", "PUT").send().await.unwrap();
        assert_eq!(header(&good, "access-control-allow-origin"), "https://good.example.com", "{url}");
    }
}
