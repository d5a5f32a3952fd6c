//! Which hosts URLs are signed for, and how long URLs are valid.

use std::time::Duration;

use dray_server::Config;
use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{Actor, Answer, World, refusal};

async fn signed(owner: &Actor, file: &str, headers: &[(&str, &str)]) -> Answer {
    let request = owner.request(Method::GET, &format!("/drive/files/{file}/download"));
    Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

fn url(answer: Answer) -> String {
    answer.ok()["url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn urls_are_signed_only_for_named_hosts() {
    let world = World::start_with(|config: &mut Config| {
        config.hosts = vec!["127.0.0.1".parse().unwrap(), "drive.example.com".parse().unwrap()];
    })
    .await;
    if world.store.is_some() {
        return;
    }
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let named = signed(&owner, &file, &[("host", "Drive.Example.com:8443")]).await;
    assert!(url(named).to_lowercase().starts_with("http://drive.example.com:8443/"));
    let foreign = signed(&owner, &file, &[("host", "evil.example")]).await;
    assert_eq!(foreign.refused_for("--host"), refusal(400, "invalid_parameter"));
}

#[tokio::test]
async fn a_trusted_proxy_may_report_named_hosts_only() {
    for (hosts, said, expected) in [
        (&["drive.example.com", "127.0.0.1"][..], "drive.example.com", "drive.example.com"),
        (&["drive.example.com", "127.0.0.1"], "evil.example", "127.0.0.1"),
        (&[], "drive.example.com", "127.0.0.1"),
    ] {
        let world = World::start_with(|config: &mut Config| {
            config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
            config.hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
        })
        .await;
        if world.store.is_some() {
            return;
        }
        let owner = world.owner();
        let file = owner.file("a", None).await;
        let signed = url(signed(&owner, &file, &[("x-forwarded-host", said)]).await);
        assert!(signed.starts_with(&format!("http://{expected}")), "{hosts:?} {said}: {signed}");
    }
}

fn life(url: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    query.split('&').find_map(|pair| pair.strip_prefix("X-Amz-Expires=")).unwrap().to_owned()
}

#[tokio::test]
async fn the_life_of_a_signed_download_is_a_setting_and_a_links_is_no_longer() {
    for (ttl, file_life, link_life) in [
        (None, "10800", "900"),
        (Some(Duration::from_mins(1)), "60", "60"),
        (Some(Duration::from_hours(168)), "604800", "900"),
    ] {
        let world = World::start_with(|config: &mut Config| {
            config.download_ttl = ttl.unwrap_or(config.download_ttl);
        })
        .await;
        let owner = world.owner();
        let file = owner.file("a", None).await;
        assert_eq!(life(&url(signed(&owner, &file, &[]).await)), file_life);
        let link: Value =
            owner.post(&format!("/drive/files/{file}/links"), &serde_json::json!({})).await.ok();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let answer = http.get(link["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(life(answer.headers()["location"].to_str().unwrap()), link_life);
    }
}

#[tokio::test]
async fn a_life_that_s3_does_not_take_is_refused_at_start() {
    for ttl in [Duration::from_secs(59), Duration::from_hours(168) + Duration::from_secs(1)] {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data: folder.path().to_owned(), download_ttl: ttl, ..Config::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let error = dray_server::run(config, listener, async {}).await.unwrap_err();
        assert!(error.to_string().starts_with("--download-ttl must be"), "{error}");
    }
}

/// The answer to a request of these first lines, in lower case.
async fn answer(world: &World, head: &str) -> String {
    let mut stream = TcpStream::connect(world.url.strip_prefix("http://").unwrap()).await.unwrap();
    let request = format!("{head}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.to_lowercase()
}

#[tokio::test]
async fn a_request_names_one_host_whichever_service_it_is_for() {
    let world = World::start().await;
    for path in ["/healthz", "/", "/public/v1/drive/usage", "/dray/files/a?uploadId=b"] {
        for hosts in ["X: y", "Host: a\r\nHost: a", "Host: a\r\nhost: b", "Host:", "Host: a b", "Host: a@b"] {
            let refused = answer(&world, &format!("GET {path} HTTP/1.1\r\n{hosts}")).await;
            assert!(refused.starts_with("http/1.1 400 "), "{path} {hosts}: {refused}");
            assert!(refused.contains("\"code\":\"invalid_parameter\""), "{path} {hosts}: {refused}");
        }
    }
    let refused = answer(&world, "GET http://a/healthz HTTP/1.1\r\nHost: b").await;
    assert!(refused.starts_with("http/1.1 400 "), "{refused}");
    for taken in ["GET /healthz HTTP/1.1\r\nHost: a", "GET http://a/healthz HTTP/1.1\r\nHost: a"] {
        let answer = answer(&world, taken).await;
        assert!(answer.starts_with("http/1.1 200 "), "{answer}");
    }
    // Probes of load balancers speak HTTP/1.0, which has no such header.
    let answer = answer(&world, "GET /healthz HTTP/1.0\r\nX: y").await;
    assert!(answer.starts_with("http/1.0 200 "), "{answer}");
}

#[tokio::test]
async fn no_answer_of_the_drive_is_sniffed() {
    let world = World::start().await;
    for path in ["/healthz", "/", "/l/none", "/nothing", "/public/v1/drive/usage", "/public/v1/openapi.json"]
    {
        let answer = answer(&world, &format!("GET {path} HTTP/1.1\r\nHost: a")).await;
        assert_eq!(answer.matches("\r\nx-content-type-options: nosniff\r\n").count(), 1, "{path}: {answer}");
    }
}
