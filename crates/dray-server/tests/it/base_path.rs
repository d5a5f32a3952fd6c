//! A server below a path of a host: `--public-url https://host/drive`, behind a proxy that passes requests on unchanged.

use std::sync::Arc;

use dray_server::Config;
use reqwest::redirect::Policy;
use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::batch::pipelines::one;
use crate::batch::{file, ids_of};
use crate::world::{Actor, MIB, World, bytes};

/// The world, an actor who reaches it through the proxy, and the address there.
async fn below_a_path() -> (World, Actor, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/drive", listener.local_addr().unwrap());
    let (found, server) = watch::channel(None::<Arc<str>>);
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut server = server.clone();
            tokio::spawn(async move {
                let address = server.wait_for(Option::is_some).await.unwrap().clone().unwrap();
                let mut server = TcpStream::connect(&*address).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    let public_url = url.clone();
    let world = World::start_with(|config: &mut Config| config.public_url = Some(public_url)).await;
    found.send_replace(Some(world.url.strip_prefix("http://").unwrap().into()));
    let owner = world.owner().by(world.http.clone(), url.clone());
    (world, owner, url)
}

#[tokio::test]
async fn a_file_is_uploaded_and_downloaded_below_a_path() {
    let (world, owner, url) = below_a_path().await;
    let parts = [bytes(5 * MIB, 1), bytes(10, 2)];
    let upload = owner.start("a b.bin", 5 * MIB + 10).await;
    if world.store.is_none() {
        for part in owner.urls(&upload, 2).await {
            assert!(part.starts_with(&format!("{url}/dray/files/")), "{part}");
        }
    }
    let listed = owner.put_parts(&upload, &parts).await;
    let item = owner.finalize(&upload, &listed).await.ok();
    let id = item["id"].as_str().unwrap();
    assert_eq!(owner.download(id).await, parts.concat());

    let link = owner.post(&format!("/drive/files/{id}/links"), &json!({})).await.ok();
    let followed = world.http.get(link["url"].as_str().unwrap()).send().await.unwrap();
    assert!(link["url"].as_str().unwrap().starts_with(&format!("{url}/l/")));
    assert_eq!(followed.bytes().await.unwrap(), parts.concat());
}

#[tokio::test]
async fn many_small_files_are_sent_in_one_request_below_a_path() {
    let (world, owner, url) = below_a_path().await;
    if world.store.is_some() {
        return;
    }
    let files = json!({ "files": [file("a", b"abc"), file("b", b"de")] });
    let answer = owner.batch("start", &files).await.ok();
    let address = answer["pipeline"]["url"].as_str().unwrap();
    assert!(address.starts_with(&format!("{url}/dray?")), "{address}");
    let uploads = [&answer["files"][0]["upload"], &answer["files"][1]["upload"]];
    let body = [one(uploads[0], b"abc"), one(uploads[1], b"de")].concat();
    let without = String::from_utf8(body.clone()).unwrap().replace("/drive/dray/", "/dray/");
    for (body, status) in [(body, "200"), (without.into_bytes(), "400")] {
        let said = world.http.post(address).body(body).send().await.unwrap().text().await.unwrap();
        assert_eq!(said.matches(&format!("\"status\":{status}")).count(), 2, "{said}");
    }
    for upload in uploads {
        owner.batch("finalize", &json!({ "files": [ids_of(upload)] })).await.ok();
    }
}

#[tokio::test]
async fn a_signature_is_valid_only_for_the_path_that_it_was_made_for() {
    let (world, owner, url) = below_a_path().await;
    if world.store.is_some() {
        return;
    }
    let file = owner.upload("a", &[b"abc".to_vec()]).await;
    let signed = owner.download_url(file["id"].as_str().unwrap()).await;
    let without = signed.replace("/drive/dray/", "/dray/");
    for (address, status) in
        [(&signed, 200), (&without, 403), (&signed.replace("/drive/", "/drive/drive/"), 403)]
    {
        let answer = world.http.get(address).send().await.unwrap();
        assert_eq!(answer.status(), status, "{address}");
    }
    let direct = without.replace(&url.replace("/drive", ""), &world.url);
    assert_eq!(world.http.get(direct).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn the_pages_and_the_document_name_addresses_below_the_path() {
    let (world, _, url) = below_a_path().await;
    let get = async |path: &str| {
        let answer = world.http.get(format!("{url}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    };
    for page in ["", "/", "/docs"] {
        let html = get(page).await;
        if html.starts_with("Dray is running") {
            continue;
        }
        assert!(html.contains("<meta name=\"base-path\" content=\"/drive\""), "{html}");
        let assets: Vec<_> = html.split("=\"").skip(1).filter(|rest| rest.contains("assets/")).collect();
        let addresses: Vec<_> = assets.iter().filter_map(|rest| rest.split('"').next()).collect();
        assert!(
            addresses.iter().any(|address| address.contains("main-")) || page == "/docs",
            "{addresses:?}"
        );
        for address in addresses.iter().filter(|address| address.starts_with('/')) {
            get(address.strip_prefix("/drive").expect("below the path")).await;
        }
    }
    let document: serde_json::Value = serde_json::from_str(&get("/openapi.json").await).unwrap();
    assert_eq!(document["servers"], json!([{ "url": "/drive" }]));
    get("/healthz").await;
    let direct = world.http.get(format!("{}/healthz", world.url)).send().await.unwrap();
    assert_eq!(direct.status(), 200, "a load balancer does not know the path");
}

#[tokio::test]
async fn a_link_leads_from_below_the_path_to_below_the_path() {
    let (world, owner, url) = below_a_path().await;
    let file = owner.upload("a", &[b"abc".to_vec()]).await;
    let links = format!("/drive/files/{}/links", file["id"].as_str().unwrap());
    let link = owner.post(&links, &json!({})).await.ok();
    let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let answer = http.get(link["url"].as_str().unwrap()).send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap();
    assert!(world.store.is_some() || location.starts_with(&format!("{url}/dray/")), "{location}");
}
