//! `/healthz`, `/readyz`, and the page.

use crate::world::World;

#[tokio::test]
async fn a_running_server_is_alive_and_ready() {
    let world = World::start().await;
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let response = world.http.get(format!("{}{path}", world.url)).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (200, text));
    }
}

#[tokio::test]
async fn the_address_itself_is_the_page() {
    let world = World::start().await;
    let response = world.http.get(&world.url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let html = response.text().await.unwrap();
    let script =
        html.split('"').find(|text| text.starts_with("/assets/") && text.contains(".js")).expect("a script");
    let script = world.http.get(format!("{}{script}", world.url)).send().await.unwrap();
    assert_eq!(script.status(), 200);
    assert!(script.headers()["content-type"].to_str().unwrap().starts_with("text/javascript"));
}
