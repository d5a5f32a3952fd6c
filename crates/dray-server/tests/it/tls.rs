//! TLS in the server itself, and in a proxy that reports it.

use std::path::Path;

use dray_server::{Config, TlsFiles};
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};

use crate::world::{Answer, World, refusal, wait_for};

/// Writes a new certificate for this machine. Returns it.
fn write_certificate(folder: &Path) -> Certificate {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    Certificate::from_pem(made.cert.pem().as_bytes()).unwrap()
}

fn trusting(certificate: Certificate) -> Client {
    // An error means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().tls_certs_only([certificate]).build().unwrap()
}

fn with_files(folder: &Path) -> impl FnOnce(&mut Config) {
    let files = TlsFiles { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
    move |config| config.tls = Some(files)
}

#[tokio::test]
async fn the_whole_upload_uses_tls_and_urls_are_signed_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = write_certificate(folder.path());
    let world = World::start_with(with_files(folder.path())).await;
    let secure = world.owner().by(trusting(certificate), world.url.replace("http:", "https:"));
    let upload = secure.start("a", 3).await;
    let url = secure.urls(&upload, 1).await.remove(0);
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let etag = secure.put(&url, b"abc".to_vec()).await;
    let item = secure.finalize(&upload, &json!([{ "partNumber": 1, "eTag": etag }])).await.ok();
    assert_eq!(secure.download(item["id"].as_str().unwrap()).await, b"abc");
    assert!(
        world.http.get(format!("{}/healthz", world.url)).send().await.is_err(),
        "nothing is said in the clear"
    );
}

#[tokio::test]
async fn a_renewed_certificate_is_used_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_certificate(folder.path());
    let world = World::start_with(with_files(folder.path())).await;
    let health = format!("{}/healthz", world.url.replace("http:", "https:"));
    // A new connection each time, because an open one keeps the certificate that it was opened with.
    let is_shown =
        async |certificate: &Certificate| trusting(certificate.clone()).get(&health).send().await.is_ok();
    assert!(is_shown(&first).await);
    std::fs::write(folder.path().join("cert.pem"), "half a certificate").unwrap();
    let second = write_certificate(folder.path());
    wait_for(async || is_shown(&second).await).await;
    assert!(!is_shown(&first).await);
    std::fs::write(folder.path().join("key.pem"), "broken").unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    assert!(is_shown(&second).await, "the server keeps the old certificate if the new files cannot be used");
}

#[tokio::test]
async fn files_that_cannot_be_used_stop_the_start_and_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let start = async || {
        let data = folder.path().join("data");
        let mut config = Config { data, ..Config::default() };
        with_files(folder.path())(&mut config);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        dray_server::run(config, listener, std::future::ready(())).await.map_err(|err| err.to_string())
    };
    assert!(start().await.unwrap_err().starts_with("--tls-cert cannot be used"));
    write_certificate(folder.path());
    let key = std::fs::read(folder.path().join("key.pem")).unwrap();
    write_certificate(folder.path());
    assert_eq!(start().await, Ok(()));
    std::fs::write(folder.path().join("key.pem"), key).unwrap();
    let error = start().await.unwrap_err();
    assert!(error.contains("the certificate does not belong to --tls-key"), "{error}");
    std::fs::write(folder.path().join("key.pem"), "no key").unwrap();
    let error = start().await.unwrap_err();
    assert!(error.starts_with("--tls-key cannot be used"), "{error}");
}

/// The answer to a request that claims to come through a proxy.
async fn signed_url_and_limit(world: &World, client: &str) -> (Value, Value) {
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    let answer = owner
        .request(Method::POST, "/drive/files/upload/multipart/presigned-urls")
        .header("x-forwarded-for", client)
        .header("x-forwarded-host", "drive.example.com")
        .header("x-forwarded-proto", "https")
        .json(&upload.body(&json!({ "parts": 1 })));
    let answer = answer.send().await.unwrap();
    let limit = answer.headers().get("ratelimit-remaining").map(|value| value.to_str().unwrap().to_owned());
    let body: Value = answer.json().await.unwrap();
    (body["urls"][0].clone(), json!(limit))
}

#[tokio::test]
async fn only_a_trusted_proxy_is_believed() {
    let world = World::start_with(|config: &mut Config| {
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        config.hosts = ["drive.example.com", "127.0.0.1"].map(|host| host.parse().unwrap()).into();
    })
    .await;
    let (url, remaining) = signed_url_and_limit(&world, "203.0.113.1").await;
    let url = url.as_str().unwrap();
    assert!(url.starts_with("https://drive.example.com/"), "{url}");
    assert!(remaining.is_string(), "behind a proxy, clients are limited even on a loopback address");
    // The proxy passes the part on, and the store sees that it was signed for the host that the client used.
    let inside = url.replace("https://drive.example.com", &world.url);
    let put = async |host: Option<&str>| {
        let request = world.http.put(&inside).body("abc");
        let request =
            host.into_iter().fold(request, |request, host| request.header("x-forwarded-host", host));
        request.send().await.unwrap().status()
    };
    assert_eq!(put(Some("drive.example.com")).await, 200);
    assert_eq!(put(None).await, 403);

    let world = World::start().await;
    let (url, remaining) = signed_url_and_limit(&world, "203.0.113.1").await;
    assert!(url.as_str().unwrap().starts_with(&world.url), "{url}");
    assert!(remaining.is_null());
}

#[tokio::test]
async fn behind_a_proxy_the_limit_of_an_address_is_the_clients() {
    let world = World::start_with(|config: &mut Config| {
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        config.rate_limit_per_address = Some("1/h".parse().unwrap());
        config.rate_limit_per_token = Some(dray_server::RateLimit::Off);
    })
    .await;
    let ask = async |client: &str| {
        let request = world.owner().request(Method::GET, "/workspace/info");
        Answer::of(request.header("x-forwarded-for", client)).await
    };
    assert_eq!(ask("203.0.113.1").await.status, 200);
    assert_eq!(ask("203.0.113.1").await.refused(), refusal(429, "rate_limited"));
    assert_eq!(ask("203.0.113.2").await.status, 200, "another client");
    assert_eq!(
        ask("203.0.113.2, 203.0.113.1").await.status,
        429,
        "what a client writes itself does not count"
    );
}
