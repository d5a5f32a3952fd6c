//! `/metrics`, on a listener of its own.

use dray_server::Config;
use jiff::SignedDuration;
use reqwest::Method;

use crate::world::{Place, World, wait_for};

async fn measured_with(change: impl FnOnce(&mut Config)) -> World {
    World::start_at(Place { has_metrics: true, ..Place::default() }, change).await
}

async fn measured() -> World {
    measured_with(|_| {}).await
}

async fn scrape(world: &World) -> String {
    let answer = world.http.get(&world.metrics_url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    answer.text().await.unwrap()
}

/// The value of one series, such as `dray_items` or `dray_uploads{state="open"}`; 0 if it does not exist.
fn value(scraped: &str, series: &str) -> f64 {
    let line = scraped.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

#[track_caller]
fn check(scraped: &str, series: &[(&str, f64)]) {
    for (name, wanted) in series {
        let found = value(scraped, name);
        assert!((found - wanted).abs() < 1e-9, "{name} is {found}, not {wanted}:\n{scraped}");
    }
}

#[tokio::test]
async fn requests_are_counted_by_the_pattern_of_their_route() {
    let world = measured().await;
    let file = world.owner().upload("a", &[b"abc".to_vec()]).await;
    let id = file["id"].as_str().unwrap();
    world.owner().get(&format!("/drive/files/{id}")).await.ok();
    world.owner().get("/drive/files/0123456789abcdef01234567").await.refused();
    world.anonymous().get(&format!("/drive/files/{id}")).await.refused();
    world.owner().download(id).await;
    let scraped = scrape(&world).await;
    let item = |status| {
        format!(
            "dray_http_requests_total{{method=\"GET\",route=\"/public/v1/drive/files/{{id}}\",status=\"{status}\"}}"
        )
    };
    let took =
        "dray_http_request_duration_seconds_count{method=\"GET\",route=\"/public/v1/drive/files/{id}\"}";
    check(&scraped, &[(&item(200), 1.0), (&item(404), 1.0), (&item(401), 1.0), (took, 3.0)]);
    let put = "dray_http_requests_total{method=\"PUT\",route=\"store\",status=\"200\"}";
    let get = "dray_http_requests_total{method=\"GET\",route=\"store\",status=\"200\"}";
    check(&scraped, &[(put, 1.0), (get, 1.0)]);
    assert!(!scraped.contains(id), "an id must not be a label:\n{scraped}");
}

#[tokio::test]
async fn values_that_callers_choose_are_not_labels() {
    let world = measured().await;
    for (method, path) in [("BREW", "/coffee"), ("GET", "/coffee"), ("PROPFIND", "/tea?X-Amz-Algorithm=x")] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        world.http.request(method, format!("{}{path}", world.url)).send().await.unwrap();
    }
    let scraped = scrape(&world).await;
    check(
        &scraped,
        &[
            ("dray_http_requests_total{method=\"other\",route=\"none\",status=\"404\"}", 1.0),
            ("dray_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"}", 1.0),
        ],
    );
    for word in ["BREW", "PROPFIND", "coffee", "tea"] {
        assert!(!scraped.contains(word), "{scraped}");
    }
}

#[tokio::test]
async fn the_content_of_the_drive_and_its_uploads_are_read_at_every_scrape() {
    let world = measured().await;
    let owner = world.owner();
    check(&scrape(&world).await, &[("dray_items", 0.0), ("dray_stored_bytes", 0.0)]);
    owner.folder("f", None).await;
    owner.upload("a", &[b"abc".to_vec()]).await;
    owner.upload("b", &[b"defgh".to_vec()]).await;
    let open = owner.start("c", 1).await;
    let one_open = [
        ("dray_items", 3.0),
        ("dray_stored_bytes", 8.0),
        ("dray_uploads{state=\"open\"}", 1.0),
        ("dray_uploads{state=\"completing\"}", 0.0),
    ];
    let scraped = scrape(&world).await;
    check(&scraped, &one_open);
    assert!(
        scraped.contains("dray_uploads{state=\"completing\"} 0\n"),
        "none is said, not left out:\n{scraped}"
    );
    let listed = owner.put_parts(&open, &[vec![1]]).await;
    owner.finalize(&open, &listed).await.ok();
    let scraped = scrape(&world).await;
    check(
        &scraped,
        &[("dray_items", 4.0), ("dray_stored_bytes", 9.0), ("dray_uploads{state=\"open\"}", 0.0)],
    );
}

#[tokio::test]
async fn a_sweep_counts_what_it_did() {
    let mut world = measured().await;
    world.owner().start("a", 1).await;
    check(&scrape(&world).await, &[("dray_sweep_expired_total", 0.0)]);
    world.stop().await;
    world.pass(SignedDuration::from_hours(25)).await;
    world.serve(|_| {}).await;
    wait_for(async || value(&scrape(&world).await, "dray_sweep_expired_total") > 0.0).await;
    check(&scrape(&world).await, &[("dray_sweep_expired_total", 1.0), ("dray_sweep_finalized_total", 0.0)]);
}

#[tokio::test]
async fn signed_urls_and_refusals_are_counted() {
    let world = measured_with(|config| config.rate_limit_per_token = Some("3/h".parse().unwrap())).await;
    let owner = world.owner();
    let upload = owner.start("a", 20 * crate::world::MIB).await;
    owner.urls(&upload, 4).await;
    owner.urls(&upload, 3).await;
    assert_eq!(owner.get("/workspace/info").await.status, 429);
    check(
        &scrape(&world).await,
        &[
            ("dray_presigned_urls_total{kind=\"part\"}", 7.0),
            ("dray_presigned_urls_total{kind=\"download\"}", 0.0),
            ("dray_rate_limited_total{limit=\"token\"}", 1.0),
            ("dray_rate_limited_total{limit=\"address\"}", 0.0),
        ],
    );
}

#[tokio::test]
async fn calls_to_database_and_store_are_timed() {
    let world = measured().await;
    world.owner().upload("a", &[b"abc".to_vec()]).await;
    let scraped = scrape(&world).await;
    for series in [
        "dray_database_seconds_count{kind=\"read\"}",
        "dray_database_seconds_count{kind=\"write\"}",
        "dray_database_seconds_sum{kind=\"write\"}",
    ] {
        assert!(value(&scraped, series) > 0.0, "{series}:\n{scraped}");
    }
    for operation in ["CreateMultipartUpload", "CompleteMultipartUpload"] {
        check(&scraped, &[(&format!("dray_store_seconds_count{{operation=\"{operation}\"}}"), 1.0)]);
    }
    assert!(scraped.contains("# TYPE dray_database_seconds histogram\n"), "{scraped}");
    assert!(scraped.contains("# HELP dray_database_seconds "), "{scraped}");
}

#[tokio::test]
async fn open_connections_are_counted_and_closed_ones_are_not() {
    let world = measured().await;
    let before = value(&scrape(&world).await, "dray_connections");
    let address = world.url.strip_prefix("http://").unwrap();
    let connections = [(); 3].map(|()| std::net::TcpStream::connect(address).unwrap());
    wait_for(async || value(&scrape(&world).await, "dray_connections") > before + 2.5).await;
    drop(connections);
    wait_for(async || value(&scrape(&world).await, "dray_connections") < before + 0.5).await;
}

#[tokio::test]
async fn servers_in_one_process_have_separate_counters() {
    let (one, other) = (measured().await, measured().await);
    one.owner().get("/workspace/info").await.ok();
    let series =
        "dray_http_requests_total{method=\"GET\",route=\"/public/v1/workspace/info\",status=\"200\"}";
    check(&scrape(&one).await, &[(series, 1.0)]);
    check(&scrape(&other).await, &[(series, 0.0)]);
}

#[tokio::test]
async fn the_metrics_have_their_own_listener_which_serves_nothing_else() {
    let world = measured().await;
    let status = async |method: Method, url: String| {
        let answer = world.http.request(method, url).send().await.unwrap();
        answer.status().as_u16()
    };
    let origin = world.metrics_url.strip_suffix("/metrics").unwrap();
    assert_eq!(status(Method::GET, format!("{}/metrics", world.url)).await, 404);
    for path in ["", "/healthz", "/public/v1/workspace/info", "/dray/"] {
        assert_eq!(status(Method::GET, format!("{origin}{path}")).await, 404, "{path}");
    }
    assert_eq!(status(Method::POST, world.metrics_url.clone()).await, 405);
}

#[tokio::test]
async fn the_metrics_contain_no_secret() {
    let world = measured().await;
    let owner = world.owner();
    let upload = owner.start("a", 1).await;
    let url = owner.urls(&upload, 1).await.remove(0);
    owner.put(&url, vec![1]).await;
    let scraped = scrape(&world).await;
    for secret in ["cp_pat_", "X-Amz", "Signature", &upload.upload_id, &upload.file_key] {
        assert!(!scraped.contains(secret), "{secret} in:\n{scraped}");
    }
}
