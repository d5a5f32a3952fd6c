//! The files of a batch sent in one request, through this server's address: to the embedded store, and through the relay.

use dray_server::Config;
use reqwest::{Client, Url};
use serde_json::{Value, json};

use super::{Stage, file, ids_of, known, many, put, stages};
use crate::world::{Actor, World, bytes};

/// The PUT of a file, as it is in a pipeline.
pub(crate) fn one(upload: &Value, bytes: &[u8]) -> Vec<u8> {
    let url: Url = upload["url"].as_str().unwrap().parse().unwrap();
    let host = url.host_str().unwrap();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let headers = upload["headers"].as_object().unwrap().iter();
    let lines = headers.map(|(name, value)| format!("{name}: {}\r\n", value.as_str().unwrap()));
    let headers = lines.collect::<Vec<_>>().concat();
    let (path, query, length) = (url.path(), url.query().unwrap(), bytes.len());
    let head =
        format!("PUT {path}?{query} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), bytes].concat()
}

/// Starts files. Returns their uploads, and where they can be sent together.
async fn begin(owner: &Actor, files: &[Value]) -> (Vec<Value>, Value) {
    let answer = owner.batch("start", &json!({ "files": files })).await.ok();
    let uploads = answer["files"].as_array().unwrap().iter().map(|file| file["upload"].clone()).collect();
    (uploads, answer["pipeline"].clone())
}

/// The statuses that are answered to the requests in a pipeline.
async fn send(http: &Client, url: &str, body: Vec<u8>) -> Vec<u64> {
    let request = http.post(url).header("content-type", "application/http;msgtype=request");
    let answer = request.header("content-length", body.len()).body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    answer["answers"].as_array().unwrap().iter().map(|one| one["status"].as_u64().unwrap()).collect()
}

/// The stages whose clients reach the store through the drive.
async fn reached_through_the_drive() -> Vec<Stage> {
    stages().await.into_iter().filter(|stage| stage.is_embedded() || stage.name == "relayed").collect()
}

#[tokio::test]
async fn all_files_of_a_batch_can_be_sent_in_one_request() {
    for stage in reached_through_the_drive().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let files = many(100);
        let wanted: Vec<Value> = files.iter().map(|(file, _)| file.clone()).collect();
        let (uploads, pipeline) = begin(&owner, &wanted).await;
        assert_eq!((&pipeline["maxFiles"], &pipeline["maxBytes"]), (&json!(256), &json!(16 << 20)));
        let url = pipeline["url"].as_str().unwrap();
        let body: Vec<u8> =
            uploads.iter().zip(&files).flat_map(|(upload, (_, bytes))| one(upload, bytes)).collect();
        assert_eq!(send(&world.http, url, body.clone()).await, [200; 100], "{}", stage.name);
        let again = if stage.is_embedded() { 412 } else { 200 };
        assert_eq!(send(&world.http, url, body).await, [again; 100], "{}", stage.name);
        let items = owner.insist_on_files(&uploads).await;
        let id = items[41]["id"].as_str().unwrap();
        assert_eq!(owner.download(id).await, b"the bytes of file 41", "{}", stage.name);
    }
}

#[tokio::test]
async fn a_store_of_its_own_address_has_no_pipelines_and_nothing_to_send_needs_none() {
    for stage in stages().await {
        let owner = stage.world.owner();
        let (_, pipeline) = begin(&owner, &[file("a", b"a")]).await;
        let is_offered = stage.is_embedded() || stage.name == "relayed";
        assert_eq!(pipeline.is_object(), is_offered, "{}", stage.name);
        owner.upload_files(&stage.world, &[(known("there", b"there"), b"there")], &json!({})).await;
        let answer = owner.batch("start", &json!({ "files": [known("there", b"there")] })).await.ok();
        assert!(answer["files"][0]["item"].is_object() && answer.get("pipeline").is_none(), "{answer}");
    }
}

#[tokio::test]
async fn a_file_in_a_pipeline_is_refused_exactly_if_it_is_refused_alone() {
    for stage in reached_through_the_drive().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let names = ["good", "too long", "other header", "aborted", "finalized", "last"];
        let files: Vec<Value> = names.iter().map(|name| file(name, b"12345")).collect();
        let mut statuses = Vec::new();
        for is_alone in [true, false] {
            let (mut uploads, pipeline) = begin(&owner, &files).await;
            uploads[2]["headers"]["content-type"] = json!("text/html");
            owner.step("abort", &ids_of(&uploads[3])).await.done();
            assert_eq!(put(world, &uploads[4], b"12345").await.status(), 200);
            owner.insist_on_files(&uploads[4..5]).await;
            let sent = |at: usize| if at == 1 { &b"123456"[..] } else { b"12345" };
            let mut answers = Vec::new();
            if is_alone {
                for (at, upload) in uploads.iter().enumerate() {
                    answers.push(put(world, upload, sent(at)).await.status().as_u16().into());
                }
            } else {
                let body = uploads.iter().enumerate().flat_map(|(at, upload)| one(upload, sent(at)));
                answers = send(&world.http, pipeline["url"].as_str().unwrap(), body.collect()).await;
            }
            assert_eq!((answers[0], answers[1], answers[5]), (200, 403, 200), "{}", stage.name);
            statuses.push(answers);
        }
        assert_eq!(statuses[0], statuses[1], "{}", stage.name);
    }
}

#[tokio::test]
async fn a_pipelines_url_is_good_for_nothing_else() {
    let world = World::start().await;
    if world.store.is_some() {
        return;
    }
    let (uploads, pipeline) = begin(&world.owner(), &[file("a", b"a")]).await;
    let url = pipeline["url"].as_str().unwrap().to_owned();
    for request in [world.http.get(&url), world.http.put(&url), world.http.delete(&url)] {
        assert_eq!(request.send().await.unwrap().status(), 403);
    }
    let other = url.replace("dray-pipeline", "delete");
    assert_eq!(world.http.post(other).body("<Delete/>").send().await.unwrap().status(), 403);
    let unsigned = format!("{}?dray-pipeline", url.split('?').next().unwrap());
    let answer = world.http.post(unsigned).body(one(&uploads[0], b"a")).send().await.unwrap();
    assert_eq!(answer.status(), 403);
}

#[tokio::test]
async fn pipelines_go_to_the_address_of_stored_bytes() {
    let change = |config: &mut Config| config.bytes_url = Some("http://bytes.example.test".into());
    let world = World::start_with(|config| {
        if config.s3.is_none() {
            change(config);
        }
    })
    .await;
    if world.store.is_some() {
        return;
    }
    let owner = world.owner();
    let bytes = bytes(1000, 1);
    let (uploads, pipeline) = begin(&owner, &[file("a", &bytes)]).await;
    let path = pipeline["url"].as_str().unwrap().strip_prefix("http://bytes.example.test").unwrap();
    let body = one(&uploads[0], &bytes);
    let request = world.http.post(format!("{}{path}", world.url)).header("host", "bytes.example.test");
    let answer = request.body(body.clone()).send().await.unwrap().text().await.unwrap();
    assert!(answer.starts_with(r#"{"answers":[{"status":200"#), "{answer}");
    let elsewhere = world.http.post(format!("{}{path}", world.url)).body(body).send().await.unwrap();
    assert_eq!(elsewhere.status(), 403, "the signature covers the host");
    owner.insist_on_files(&uploads).await;
}
