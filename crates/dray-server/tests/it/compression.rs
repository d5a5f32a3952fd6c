//! Long answers are compressed for clients that ask for it. Bytes of files never are.

use std::io::Read;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::world::World;

async fn sent_with(request: RequestBuilder, accepted: &str) -> Response {
    let response = request.header("accept-encoding", accepted).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response
}

fn coding(response: &Response) -> Option<&str> {
    response.headers().get("content-encoding").map(|value| value.to_str().unwrap())
}

/// The bytes before compression.
async fn decoded(response: Response) -> Vec<u8> {
    let coding = coding(&response).map(str::to_owned);
    let body = response.bytes().await.unwrap();
    let mut plain = Vec::new();
    match coding.as_deref() {
        None => plain.extend(body),
        Some("zstd") => plain = zstd::decode_all(&*body).unwrap(),
        Some("gzip") => drop(flate2::read::GzDecoder::new(&*body).read_to_end(&mut plain).unwrap()),
        Some(other) => panic!("the client did not ask for {other}"),
    }
    plain
}

#[tokio::test]
async fn a_long_list_is_the_same_in_every_coding() {
    let world = World::start().await;
    let owner = world.owner();
    owner.folders(100, None).await;
    let plain = owner.get("/drive/tree").await.ok();
    for (accepted, chosen) in [
        ("zstd", Some("zstd")),
        ("gzip, deflate, br", Some("gzip")),
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("gzip;q=1, zstd;q=0.5", Some("gzip")),
        ("*;q=0, gzip", Some("gzip")),
        ("Identity;q=0, gzip", Some("gzip")),
        ("gzip;q=0, *;q=0", None),
        ("br", None),
        ("identity", None),
    ] {
        let response = sent_with(owner.request(Method::GET, "/drive/tree"), accepted).await;
        assert_eq!(coding(&response), chosen, "{accepted}");
        if chosen.is_some() {
            assert!(response.headers()["vary"].to_str().unwrap().contains("accept-encoding"));
        }
        let body: Value = serde_json::from_slice(&decoded(response).await).unwrap();
        assert_eq!(body, plain, "{accepted}");
    }
}

#[tokio::test]
async fn a_caller_who_accepts_no_known_coding_gets_the_answer_uncompressed() {
    let world = World::start().await;
    for accepted in ["identity;q=0", "*;q=0", "br;q=1.0, *;q=0.000", "identity; q=0, br"] {
        let response = sent_with(world.owner().request(Method::GET, "/workspace/info"), accepted).await;
        assert_eq!(coding(&response), None, "{accepted}");
    }
}

#[tokio::test]
async fn the_answers_of_an_upload_are_too_short_to_be_compressed() {
    let world = World::start().await;
    let owner = world.owner();
    let post = |step: &str, body: Value| {
        let request = owner.request(Method::POST, &format!("/drive/files/upload/multipart/{step}"));
        sent_with(request.json(&body), "gzip, zstd")
    };
    let start = post("start", json!({ "fileName": "a", "fileSize": 3, "mimeType": "text/plain" })).await;
    assert_eq!(coding(&start), None);
    let start: Value = start.json().await.unwrap();
    let ids = |more: Value| {
        let mut body = json!({ "uploadId": start["uploadId"], "fileKey": start["fileKey"] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let urls = post("presigned-urls", ids(json!({ "parts": 1 }))).await;
    assert_eq!(coding(&urls), None);
    let urls: Value = urls.json().await.unwrap();
    let put = world.http.put(urls["urls"][0].as_str().unwrap()).body("abc");
    let put = sent_with(put, "gzip, zstd").await;
    assert_eq!(coding(&put), None);
    let parts = json!([{ "partNumber": 1, "eTag": put.headers()["etag"].to_str().unwrap() }]);
    let finalize = post("finalize", ids(json!({ "parts": parts }))).await;
    assert_eq!(coding(&finalize), None);
}

#[tokio::test]
async fn answers_about_many_small_files_are_never_compressed() {
    let world = World::start().await;
    let owner = world.owner();
    let post = |step: &str, files: Vec<Value>| {
        let request = owner.request(Method::POST, &format!("/drive/files/upload/batch/{step}"));
        sent_with(request.json(&json!({ "files": files })), "gzip, zstd")
    };
    let wanted =
        (0..50).map(|at| json!({ "path": format!("{at}"), "fileSize": 0, "mimeType": "a/b" })).collect();
    let started = post("start", wanted).await;
    assert_eq!(coding(&started), None);
    let length = started.content_length();
    assert!(length > Some(10_000), "a long answer, whose length is known: {length:?}");
    let started: Value = started.json().await.unwrap();
    let uploads =
        started["files"].as_array().unwrap().iter().map(
            |file| json!({ "uploadId": file["upload"]["uploadId"], "fileKey": file["upload"]["fileKey"] }),
        );
    let finalized = post("finalize", uploads.collect()).await;
    assert_eq!(coding(&finalized), None);
    assert!(finalized.content_length() > Some(5_000));
}

#[tokio::test]
async fn a_file_is_never_compressed() {
    let world = World::start().await;
    let text = b"the same words again and again, ".repeat(1000);
    let start = json!({ "fileName": "a.json", "fileSize": text.len(), "mimeType": "application/json" });
    let started = world.owner().step("start", &start).await.ok();
    let upload = crate::world::Started {
        upload_id: started["uploadId"].as_str().unwrap().to_owned(),
        file_key: started["fileKey"].as_str().unwrap().to_owned(),
    };
    let listed = world.owner().put_parts(&upload, std::slice::from_ref(&text)).await;
    let item = world.owner().finalize(&upload, &listed).await.ok();
    let path = format!("/drive/files/{}/download", item["id"].as_str().unwrap());
    let url = world.owner().get(&path).await.ok();
    let response = sent_with(world.http.get(url["url"].as_str().unwrap()), "gzip, zstd").await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!((coding(&response), response.content_length()), (None, Some(text.len() as u64)));
    assert_eq!(response.bytes().await.unwrap(), text);
}

#[tokio::test]
async fn the_page_is_compressed() {
    let world = World::start().await;
    let html = world.http.get(&world.url).send().await.unwrap().text().await.unwrap();
    let script = html.split('"').find(|text| text.starts_with("/assets/") && text.contains(".js")).unwrap();
    let url = format!("{}{script}", world.url);
    let plain = world.http.get(&url).send().await.unwrap().bytes().await.unwrap();
    for (accepted, chosen) in
        [("gzip, zstd", Some("gzip")), ("zstd", Some("zstd")), ("gzip;q=0", None), ("identity", None)]
    {
        let response = sent_with(world.http.get(&url), accepted).await;
        assert_eq!(coding(&response), chosen, "{accepted}");
        assert!(response.headers()["vary"].to_str().unwrap().contains("accept-encoding"), "{accepted}");
        assert_eq!(decoded(response).await, plain, "{accepted}");
    }
}

#[tokio::test]
async fn the_kit_is_sent_as_small_as_its_documentation_says() {
    let world = World::start().await;
    let kit = async |path: &str| {
        let response =
            sent_with(world.http.get(format!("{}/kit/{path}", world.url)), "gzip, deflate, br, zstd").await;
        (coding(&response).map(str::to_owned), response.bytes().await.unwrap())
    };
    let (_, entry) = kit("upload.js").await;
    let entry = String::from_utf8(entry.to_vec()).unwrap();
    let built = entry.split('"').find_map(|text| text.strip_prefix("./")).unwrap();
    let (coding, sent) = kit(built).await;
    assert_eq!(coding.as_deref(), Some("gzip"));
    assert!(sent.len() < 12 * 1024, "{} bytes", sent.len());
    let copy = world.http.get(format!("{}/kit/{built}.gz", world.url)).send().await.unwrap();
    assert_eq!(copy.status(), 404, "a compressed file has no address of its own");
}
