//! `/healthz`, `/readyz`, and the page.

use std::time::Instant;

use futures_util::future::join_all;

use crate::world::{Place, World};

#[tokio::test]
async fn a_running_server_is_alive_and_ready() {
    let world = World::start().await;
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let response = world.http.get(format!("{}{path}", world.url)).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (200, text));
    }
}

#[tokio::test]
async fn the_root_address_shows_the_page() {
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

#[tokio::test]
async fn however_often_strangers_ask_the_database_and_store_are_asked_once_a_second() {
    let place = Place { has_metrics: true, ..Place::default() };
    let world = World::start_at(place, |_| {}).await;
    let asked = async || -> f64 {
        let scraped = world.http.get(&world.metrics_url).send().await.unwrap().text().await.unwrap();
        let line = "dray_store_seconds_count{operation=\"HeadBucket\"} ";
        scraped.lines().find_map(|found| found.strip_prefix(line)).unwrap().parse().unwrap()
    };
    let (before, begun) = (asked().await, Instant::now());
    for _ in 0..20 {
        let answers = (0..20).map(|_| world.http.get(format!("{}/readyz", world.url)).send());
        for answer in join_all(answers).await {
            assert_eq!(answer.unwrap().status(), 200);
        }
    }
    let most = begun.elapsed().as_secs_f64().floor() + 1.0;
    assert!(asked().await - before <= most, "{} probes in {:?}", asked().await - before, begun.elapsed());
}
