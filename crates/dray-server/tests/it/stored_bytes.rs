//! How the store receives and serves a drive's bytes: no more than was announced, as bytes and never as a page, and
//! readable only by the server's user.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use jiff::SignedDuration;
use reqwest::Response;
use serde_json::json;

use crate::middle::Middle;
use crate::operate::back_up;
use crate::world::{MIB, World, refusal, wait_for};

#[tokio::test]
async fn no_more_bytes_of_an_upload_are_accepted_than_were_announced() {
    let world = World::start().await;
    if world.store.is_some() {
        return;
    }
    let upload = world.owner().start("a", 1).await;
    for url in world.owner().urls(&upload, 1).await {
        let put = world.http.put(&url).body(vec![0; MIB]).send().await.unwrap();
        assert_eq!(put.status(), 400);
        assert!(put.text().await.unwrap().contains("EntityTooLarge"));
    }
}

#[tokio::test]
async fn stored_bytes_beyond_the_announced_size_count_and_end_the_upload() {
    let mut world = World::start().await;
    let (twice, tenfold) = (world.owner().start("a", 1).await, world.owner().start("b", 1000).await);
    // As with a store that accepts any part.
    if world.store.is_none() {
        let store = rusqlite::Connection::open(world.data.path().join("store/meta.db")).unwrap();
        store.execute("update upload set announced_bytes = null", []).unwrap();
    }
    let owner = world.owner();
    owner.put_parts(&twice, &[vec![1; 1]]).await;
    owner.put_parts(&tenfold, &[vec![1; 100_000]]).await;
    let usage = owner.get("/drive/usage").await.ok();
    assert_eq!((&usage["openUploads"], &usage["reservedBytes"]), (&json!(2), &json!(1001)));

    world.pass(SignedDuration::from_mins(6)).await;
    world.restart().await;
    let owner = world.owner();
    wait_for(async || owner.get("/drive/usage").await.ok()["openUploads"] == 1).await;
    wait_for(async || owner.get("/drive/usage").await.ok()["uploadingBytes"] == 1).await;
    wait_for(async || world.uploads_in_store().await == 1).await;
    let key = json!({ "uploadId": tenfold.upload_id, "fileKey": tenfold.file_key });
    assert_eq!(owner.step("parts", &key).await.refused(), refusal(410, "upload_aborted"));
}

#[tokio::test]
async fn the_unfinished_uploads_of_a_user_are_bounded() {
    let world = World::start_with(|config| config.uploads.max_open_uploads = 3).await;
    let owner = world.owner();
    let body = json!({ "fileName": "a", "fileSize": 1, "mimeType": "a/b" });
    let answers = join_all((0..10).map(|_| owner.step("start", &body))).await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((taken.len(), refused.len()), (3, 7));
    for answer in refused {
        assert_eq!(answer.refused(), refusal(409, "too_many_uploads"));
    }
    assert_eq!(world.user("other@example.com").await.step("start", &body).await.status, 200);
    let first = &taken[0].body;
    let key = json!({ "uploadId": first["uploadId"], "fileKey": first["fileKey"] });
    assert_eq!(owner.step("abort", &key).await.status, 204);
    assert_eq!(owner.step("start", &body).await.status, 200);
}

#[tokio::test]
async fn an_error_about_the_quota_says_what_unfinished_uploads_hold() {
    let world = World::start().await;
    let admin = world.admin().await;
    admin.set_quota(Some(dray_ops::OWNER_EMAIL), Some(1000)).await.unwrap();
    let owner = world.owner();
    owner.start("a", 900).await;
    let over = owner.step("start", &json!({ "fileName": "b", "fileSize": 200, "mimeType": "a/b" })).await;
    let said = over.body["message"].as_str().unwrap();
    assert!(said.contains("1 unfinished uploads reserve 900 bytes"), "{said}");
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn the_answer_to_a_signed_url_is_private_and_does_not_tell_whose_it_is() {
    let world = World::start().await;
    if world.store.is_some() {
        return;
    }
    let owner = world.owner();
    let item = owner.upload("a.js", &[b"alert(1)".to_vec()]).await;
    let url = owner.get(&format!("/drive/files/{}/download", item["id"].as_str().unwrap())).await.ok();
    let url = url["url"].as_str().unwrap();
    let whole = world.http.get(url).send().await.unwrap();
    // The same URL, with a name of its query spelled differently.
    let other_spelling =
        world.http.get(url.replace("X-Amz-Signature=", "X-Amz%2DSignature=")).send().await.unwrap();
    let refused = world.http.get(format!("{url}0")).send().await.unwrap();
    assert_eq!((whole.status().as_u16(), refused.status().as_u16()), (200, 400));
    for answer in [&whole, &other_spelling, &refused] {
        assert_eq!(header(answer, "cache-control"), "private, no-store");
        assert_eq!(header(answer, "content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(header(answer, "x-content-type-options"), "nosniff");
        assert!(!answer.headers().keys().any(|name| name.as_str().starts_with("x-amz-meta-")), "{answer:?}");
    }
}

#[tokio::test]
async fn a_page_runs_only_its_own_scripts() {
    let world = World::start().await;
    // The page computes checksums, which needs WebAssembly and a worker, but nothing that could run a user's file.
    let more = [("/", " 'wasm-unsafe-eval'", Some("worker-src blob:")), ("/docs", "", None)];
    for (path, wasm, worker) in more {
        let page = world.http.get(format!("{}{path}", world.url)).send().await.unwrap();
        let policy = header(&page, "content-security-policy").to_owned();
        let html = page.text().await.unwrap();
        if !html.contains("<script") {
            continue;
        }
        let nonce = policy.split("script-src 'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        assert!(html.contains(&format!("<script nonce=\"{nonce}\"")), "{html}");
        let scripts = policy.split("; ").find(|rule| rule.starts_with("script-src")).unwrap();
        assert_eq!(
            scripts,
            format!("script-src 'nonce-{nonce}'{wasm}"),
            "no origin, as files of users have the same"
        );
        assert_eq!(policy.split("; ").find(|rule| rule.starts_with("worker-src")), worker);
        assert!(
            policy.starts_with("default-src 'none'; ") && policy.contains("connect-src 'self'"),
            "{policy}"
        );
    }
}

#[tokio::test]
async fn stored_bytes_can_have_a_separate_host_that_serves_nothing_else() {
    let world = World::start_with(|config| {
        if config.s3.is_none() {
            config.bytes_url = Some("http://bytes.example.test".into());
        }
    })
    .await;
    if world.store.is_some() {
        return;
    }
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    let url = owner.urls(&upload, 1).await.remove(0);
    let path = url.strip_prefix("http://bytes.example.test").unwrap();
    let at = |method, path: &str| {
        world.http.request(method, format!("{}{path}", world.url)).header("host", "Bytes.Example.test:80")
    };
    let put = world.http.put(format!("{}{path}", world.url)).header("host", "bytes.example.test").body("abc");
    let put = put.send().await.unwrap();
    assert_eq!(put.status(), 200);
    for path in ["/", "/public/v1/drive/tree", "/docs", "/healthz", "/l/abcdefgh"] {
        let answer = at(reqwest::Method::GET, path).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{path}");
        assert!(answer.text().await.unwrap().starts_with("<?xml"), "{path} is answered as S3 does");
    }
    let page = world.http.get(&world.url).send().await.unwrap();
    let policy = header(&page, "content-security-policy");
    assert!(
        policy.is_empty() || policy.contains("connect-src 'self' http://bytes.example.test;"),
        "{policy}"
    );
}

/// Everything in a folder with another mode than it should have.
fn open_to_others(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        if fs::metadata(&path).unwrap().permissions().mode() & 0o777 != expected {
            found.push(path.clone());
        }
        if path.is_dir() {
            found.extend(open_to_others(&path));
        }
    }
    found
}

fn open_all(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            open_all(&path);
        } else {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        }
    }
}

#[tokio::test]
async fn only_the_servers_user_can_read_the_data_folder_whatever_its_modes_were() {
    let mut world = World::start().await;
    world.owner().upload("large", &[vec![1; MIB]]).await;
    world.stop().await;
    open_all(world.data.path());
    world.serve(|_| {}).await;
    world.owner().upload("another", &[vec![2; MIB]]).await;
    assert_eq!(open_to_others(world.data.path()), Vec::<PathBuf>::new());
    let mode = fs::metadata(world.data.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn only_its_maker_can_read_a_backup_whatever_its_modes_were() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    world.owner().upload("first", &[vec![1; 10]]).await;
    back_up(&world, folder.path()).await;
    open_all(folder.path());
    world.owner().upload("second", &[vec![2; 10]]).await;
    back_up(&world, folder.path()).await;
    assert_eq!(open_to_others(folder.path()), Vec::<PathBuf>::new());
    assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn an_upload_whose_parts_cannot_be_listed_hides_no_other_from_being_measured() {
    let store = World::start().await;
    if store.store.is_some() {
        return;
    }
    let (middle, s3) = Middle::start(&store).await;
    let there = s3.clone();
    let mut drive = World::start_with(|config| config.s3 = Some(there)).await;
    let (unlisted, tenfold) = (drive.owner().start("first", 1).await, drive.owner().start("b", 1000).await);
    let connection = rusqlite::Connection::open(store.data.path().join("store/meta.db")).unwrap();
    connection.execute("update upload set announced_bytes = null", []).unwrap();
    drive.owner().put_parts(&tenfold, &[vec![1; 100_000]]).await;
    middle.lists_no_parts_of(&unlisted.upload_id);
    drive.pass(SignedDuration::from_mins(6)).await;
    drive.stop().await;
    drive.serve(|config| config.s3 = Some(s3)).await;
    let owner = drive.owner();
    wait_for(async || owner.get("/drive/usage").await.ok()["openUploads"] == 1).await;
    wait_for(async || drive.count("measured_uploads").await == 1).await;
}
