//! A store that clients cannot reach: the drive signs URLs for itself, and passes on only requests with these URLs. The
//! store is another drive's, and a `Middle` that misbehaves may be in front of it.

mod misbehaviour;

use dray_s3::{AddressingStyle, Credentials, Endpoint, PresignScope, presign};
use dray_server::{Config, S3Config};
use jiff::SignedDuration;
use reqwest::{Client, Method, Response, header};
use serde_json::json;

use crate::middle::{Act, Middle};
use crate::world::{Actor, MIB, World, bytes, real_now, wait_for};

/// A drive that relays requests to another drive's store, which clients never see.
async fn relayed() -> (World, World) {
    relayed_with(|_| {}).await
}

async fn relayed_with(change: impl FnOnce(&mut Config)) -> (World, World) {
    let store = World::start().await;
    let s3 = store.as_store(store.url.clone());
    let drive = relaying(s3, change).await;
    (store, drive)
}

async fn relaying(s3: S3Config, change: impl FnOnce(&mut Config)) -> World {
    World::start_with(|config| {
        config.s3 = Some(s3);
        config.s3_relay = true;
        change(config);
    })
    .await
}

/// An item, and a signed URL of its bytes.
async fn stored(owner: &Actor, name: &str, content: &[u8]) -> (String, String) {
    let item = owner.upload(name, &[content.to_vec()]).await;
    let id = item["id"].as_str().unwrap().to_owned();
    let url = owner.download_url(&id).await;
    (id, url)
}

fn text<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The status and S3's code of an error.
async fn refused(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let said = answer.text().await.unwrap();
    let code = said.split("<Code>").nth(1).and_then(|rest| rest.split("</Code>").next());
    (status, code.unwrap_or_else(|| panic!("no code in {said:?}")).to_owned())
}

fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// The key with which the drive signs relayed URLs.
async fn relay_key(drive: &World) -> Credentials {
    let column = async |name: &str| {
        let sql = format!("select {name} from relay_key");
        drive.database.text(drive.data.path(), &sql).await
    };
    Credentials {
        access_key_id: column("access_key_id").await,
        secret_access_key: column("secret_access_key").await,
        session_token: None,
    }
}

/// A URL for an object, or for the bucket, signed with these keys.
fn signed(
    credentials: &Credentials,
    method: &Method,
    (url, bucket, key): (&str, &str, &str),
    query: &[(&str, &str)],
) -> String {
    let endpoint = Endpoint::parse(url, AddressingStyle::Path).unwrap();
    let (region, now, expires_secs) = ("us-east-1", real_now(), 60);
    let scope = PresignScope { credentials, region, endpoint: &endpoint, bucket, key, now, expires_secs };
    presign(method, &scope, query).unwrap()
}

#[tokio::test]
async fn a_file_is_uploaded_and_downloaded_through_the_drive_alone() {
    let (store, drive) = relayed().await;
    let owner = drive.owner();
    let parts = [bytes(5 * MIB, 1), bytes(70_000, 2)];
    let upload = owner.start("a \"b\" ü.bin", 5 * MIB + 70_000).await;
    for url in owner.urls(&upload, 2).await {
        assert!(url.starts_with(&format!("{}/dray/files/", drive.url)), "{url}");
    }
    let listed = owner.put_parts(&upload, &parts).await;
    let item = owner.finalize(&upload, &listed).await.ok();
    let url = owner.download_url(item["id"].as_str().unwrap()).await;
    assert!(url.starts_with(&drive.url) && !url.contains(&store.url), "{url}");
    let whole = drive.http.get(&url).send().await.unwrap();
    assert_eq!(whole.status(), 200);
    assert_eq!(text(&whole, "content-length"), (5 * MIB + 70_000).to_string());
    assert!(text(&whole, "content-disposition").contains("filename*=UTF-8''a%20%22b%22%20%C3%BC.bin"));
    assert_eq!(text(&whole, "content-type"), "application/pdf");
    let etag = text(&whole, "etag").to_owned();
    assert_eq!(whole.bytes().await.unwrap(), parts.concat());
    let part = drive.http.get(&url).header("range", "bytes=5242879-5242880").send().await.unwrap();
    assert_eq!(
        (part.status().as_u16(), text(&part, "content-range")),
        (206, "bytes 5242879-5242880/5312880")
    );
    assert_eq!(part.bytes().await.unwrap(), [parts[0][5 * MIB - 1], parts[1][0]].to_vec());
    let same = drive.http.get(&url).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!((same.status().as_u16(), text(&same, "etag")), (304, etag.as_str()));
    let beyond = drive.http.get(&url).header("range", "bytes=9999999-").send().await.unwrap();
    assert_eq!(text(&beyond, "content-range"), "bytes */5312880");
    assert_eq!(refused(beyond).await, error(416, "InvalidRange"));
}

#[tokio::test]
async fn links_heads_and_empty_files_go_through_the_drive_too() {
    let (store, drive) = relayed().await;
    let owner = drive.owner();
    let (id, _) = stored(&owner, "a.txt", b"abc").await;
    let link = owner.post(&format!("/drive/files/{id}/links"), &json!({})).await.ok();
    let link = link["url"].as_str().unwrap();
    let head = drive.http.head(link).send().await.unwrap();
    assert!(head.url().as_str().starts_with(&format!("{}/dray/", drive.url)), "{}", head.url());
    assert_eq!((head.status().as_u16(), text(&head, "content-length")), (200, "3"));
    assert_eq!(drive.http.get(link).send().await.unwrap().bytes().await.unwrap(), "abc");
    let (empty, _) = stored(&owner, "empty", b"").await;
    assert_eq!(owner.download(&empty).await, b"");
    assert!(store.object_keys().await.len() >= 2);
}

#[tokio::test]
async fn answers_have_the_headers_of_the_embedded_store_whatever_the_store_says() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    let drive = relaying(s3, |_| {}).await;
    let owner = drive.owner();
    middle.will(Act::Babbles);
    let upload = owner.start("a.html", 3).await;
    let url = owner.urls(&upload, 1).await.remove(0);
    let page = "https://page.example";
    let put = drive.http.put(&url).header("origin", page).body("abc").send().await.unwrap();
    assert_eq!(put.status(), 200);
    let etag = text(&put, "etag").to_owned();
    let listed = json!([{ "partNumber": 1, "eTag": etag }]);
    let item = owner.finalize(&upload, &listed).await.ok();
    let url = owner.download_url(item["id"].as_str().unwrap()).await;
    let got = drive.http.get(&url).header("origin", page).send().await.unwrap();
    for answer in [&put, &got] {
        assert_eq!(text(answer, "cache-control"), "private, no-store");
        assert_eq!(text(answer, "content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(text(answer, "x-content-type-options"), "nosniff");
        assert_eq!(text(answer, "access-control-allow-origin"), "*");
        assert!(text(answer, "access-control-expose-headers").starts_with("ETag,"));
        for name in ["set-cookie", "x-amz-meta-other", "x-amz-meta-dray-upload", "server", "location"] {
            assert!(!answer.headers().contains_key(name), "{name}: {answer:?}");
        }
    }
    assert!(text(&got, "content-disposition").starts_with("attachment"));
    let asked = drive.http.request(Method::OPTIONS, &url).header("origin", page);
    let asked = asked.header("access-control-request-method", "PUT").send().await.unwrap();
    assert_eq!((asked.status().as_u16(), text(&asked, "access-control-allow-origin")), (200, "*"));
}

#[tokio::test]
async fn only_requests_that_the_drive_has_signed_are_passed_on() {
    let (store, drive) = relayed().await;
    let owner = drive.owner();
    let (_, url) = stored(&owner, "a", b"abc").await;
    let get = async |url: String| refused(drive.http.get(url).send().await.unwrap()).await;
    let denied = error(403, "AccessDenied");
    let forged = format!("{}0", &url[..url.len() - 1]);
    let forged = if forged == url { format!("{}1", &url[..url.len() - 1]) } else { forged };
    assert_eq!(get(forged).await, error(403, "SignatureDoesNotMatch"));
    assert_eq!(get(format!("{}/dray/files/x", drive.url)).await, denied);
    let copy = drive.http.put(&url).header("x-amz-copy-source", "/dray/x").send().await.unwrap();
    assert_eq!(refused(copy).await.0, 501);
    // With the drive's key, and with the store's.
    let key = relay_key(&drive).await;
    let s3 = store.as_store("http://unused");
    for (credentials, method, bucket, object, query, wanted) in [
        (&key, Method::GET, "dray", "", &[("list-type", "2")][..], &denied),
        (&key, Method::GET, "other", "files/x", &[], &denied),
        (&key, Method::DELETE, "dray", "files/x", &[], &denied),
        (&key, Method::GET, "dray", "files/x", &[("uploadId", "x")], &denied),
        (&key, Method::POST, "dray", "files/x", &[("uploads", "")], &denied),
        (&key, Method::PUT, "other", "files/x", &[], &denied),
        (
            s3.credentials.as_ref().unwrap(),
            Method::GET,
            "dray",
            "files/x",
            &[],
            &error(403, "InvalidAccessKeyId"),
        ),
    ] {
        let url = signed(credentials, &method, (&drive.url, bucket, object), query);
        let answer = drive.http.request(method.clone(), url).body("abc").send().await.unwrap();
        assert_eq!(refused(answer).await, *wanted, "{method} {bucket}/{object} {query:?}");
    }
}

#[tokio::test]
async fn a_url_expires_and_binds_the_method_and_the_length_of_a_part() {
    let (_store, drive) = relayed().await;
    let owner = drive.owner();
    let upload = owner.start("a", 3).await;
    let body = upload.body(&json!({ "parts": 1, "contentLengths": [3] }));
    let answer = owner.step("presigned-urls", &body).await.ok();
    let url = answer["urls"][0].as_str().unwrap();
    let longer = drive.http.put(url).body("abcd").send().await.unwrap();
    assert_eq!(refused(longer).await, error(403, "SignatureDoesNotMatch"));
    assert_eq!(drive.http.get(url).send().await.unwrap().status(), 403);
    let digest = drive.http.put(url).header("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==").body("abc");
    assert_eq!(refused(digest.send().await.unwrap()).await, error(400, "BadDigest"));
    assert_eq!(drive.http.put(url).body("abc").send().await.unwrap().status(), 200);
    drive.pass(SignedDuration::from_hours(-2)).await;
    let old = owner.urls(&upload, 1).await.remove(0);
    assert_eq!(
        refused(drive.http.put(old).body("abc").send().await.unwrap()).await,
        error(403, "AccessDenied")
    );
}

#[tokio::test]
async fn what_the_store_refuses_is_said_as_s3_says_it() {
    let (store, drive) = relayed().await;
    let owner = drive.owner();
    let upload = owner.start("a", 3).await;
    let url = owner.urls(&upload, 1).await.remove(0);
    owner.step("abort", &upload.body(&json!({}))).await.done();
    let answer = drive.http.put(&url).body("abc").send().await.unwrap();
    assert_eq!(refused(answer).await, error(404, "NoSuchUpload"));
    let (_, url) = stored(&owner, "b", b"abc").await;
    let keys = store.as_store("http://unused").credentials.unwrap();
    for object in store.object_keys().await {
        let url = signed(&keys, &Method::DELETE, (&store.url, "dray", &object), &[]);
        assert_eq!(drive.http.delete(url).send().await.unwrap().status(), 204);
    }
    assert_eq!(refused(drive.http.get(&url).send().await.unwrap()).await, error(404, "NoSuchKey"));
}

#[tokio::test]
async fn a_url_outlives_its_server_and_is_valid_at_every_server_of_the_database() {
    let (store, mut drive) = relayed().await;
    let (_, url) = stored(&drive.owner(), "a", b"abc").await;
    let s3 = Some(store.as_store(store.url.clone()));
    let before = drive.url.clone();
    drive.stop().await;
    drive
        .serve(|config| {
            config.s3 = s3;
            config.s3_relay = true;
        })
        .await;
    // It was signed for the host that the client used, so the other server is called under that name.
    let host = before.strip_prefix("http://").unwrap().to_owned();
    let at_other = url.replace(&before, &drive.url);
    let answer = drive.http.get(at_other).header("host", host).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), "abc");
}

#[tokio::test]
async fn stored_bytes_may_have_a_separate_address() {
    let (_store, drive) =
        relayed_with(|config| config.bytes_url = Some("http://bytes.example.com".to_owned())).await;
    let bytes_host = Client::builder()
        .no_proxy()
        .resolve("bytes.example.com", drive.url.strip_prefix("http://").unwrap().parse().unwrap())
        .build()
        .unwrap();
    let port = drive.url.rsplit(':').next().unwrap();
    let owner = drive.owner();
    let upload = owner.start("a", 3).await;
    let url = owner.urls(&upload, 1).await.remove(0);
    assert!(url.starts_with("http://bytes.example.com/dray/"), "{url}");
    // The signature covers the host without the port, because it is the default port of the address.
    let at = url.replacen("bytes.example.com", &format!("bytes.example.com:{port}"), 1);
    let put = bytes_host.put(at).header(header::HOST, "bytes.example.com").body("abc").send().await.unwrap();
    assert_eq!(put.status(), 200);
    let page = bytes_host.get(format!("http://bytes.example.com:{port}/"));
    let page = page.header(header::HOST, "bytes.example.com").send().await.unwrap();
    assert_eq!(refused(page).await, error(403, "AccessDenied"));
}

#[tokio::test]
async fn below_a_path_signatures_cover_the_path_that_was_sent() {
    let (_store, drive) =
        relayed_with(|config| config.public_url = Some("http://drive.example.com/base".to_owned())).await;
    let owner = drive.owner();
    let upload = owner.start("a", 3).await;
    let url = owner.urls(&upload, 1).await.remove(0);
    let (_, path) = url.split_once("http://drive.example.com").unwrap();
    assert!(path.starts_with("/base/dray/files/"), "{url}");
    let put = drive.http.put(format!("{}{path}", drive.url)).header(header::HOST, "drive.example.com");
    assert_eq!(put.body("abc").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn transfers_of_a_client_and_puts_of_a_part_are_bounded() {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    let drive = relaying(s3, |config| config.transfers_per_address = Some(2)).await;
    let owner = drive.owner();
    let urls = owner.urls(&owner.start("a", 20 * MIB).await, 3).await;
    middle.will(Act::TakesNothing);
    let put = |url: &str| drive.http.put(url).body(bytes(6 * MIB, 1)).send();
    let held: Vec<_> = urls[..2].iter().map(|url| tokio::spawn(put(url))).collect();
    wait_for(async || middle.under_way() == 2).await;
    let answer = put(&urls[2]).await.unwrap();
    assert_eq!(text(&answer, "retry-after"), "1");
    assert_eq!(refused(answer).await, error(503, "SlowDown"));
    held.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_refused() {
    let (store, drive) = relayed().await;
    let s3 = store.as_store(store.url.clone());
    for (config, said) in [
        (Config { s3_relay: true, ..Config::default() }, "--s3-bucket"),
        (
            Config {
                s3: Some(S3Config { public_endpoint: Some(drive.url.clone()), ..s3.clone() }),
                s3_relay: true,
                ..Config::default()
            },
            "--s3-public-endpoint",
        ),
        (
            Config { s3: Some(s3), bytes_url: Some("http://b.example".into()), ..Config::default() },
            "--s3-relay",
        ),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = Config { data: drive.data.path().join("none"), ..config };
        let error = dray_server::run(config, listener, async {}).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    assert!(!drive.data.path().join("none").exists());
}
