//! Stopping, and starts that must fail.

use std::time::Duration;

use dray_server::{Config, UploadRules};
use serde_json::json;
use tokio::net::TcpListener;

use crate::world::{MIB, World, bytes};

#[tokio::test]
async fn a_transfer_under_way_finishes_before_the_server_stops() {
    let mut world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 5 * MIB).await;
    let url = owner.urls(&upload, 1).await.remove(0);
    let (first, rest) = (bytes(MIB, 1), bytes(4 * MIB, 2));
    let (send, body) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let stream =
        futures_util::stream::unfold(body, |mut body| async { body.recv().await.map(|item| (item, body)) });
    let put = world.http.put(&url).header("content-length", 5 * MIB).body(reqwest::Body::wrap_stream(stream));
    let put = tokio::spawn(put.send());
    send.send(Ok(first)).await.unwrap();
    // The second piece is read only once the first is on its way.
    send.send(Ok(rest[..MIB].to_vec())).await.unwrap();
    world.ask_to_stop();
    send.send(Ok(rest[MIB..].to_vec())).await.unwrap();
    drop(send);
    let answer = put.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    let etag = answer.headers()["etag"].to_str().unwrap().to_owned();
    world.stop().await;

    world.serve(|_: &mut Config| {}).await;
    let item = world.owner().finalize(&upload, &json!([{ "partNumber": 1, "eTag": etag }])).await.ok();
    assert_eq!(item["size"], 5 * MIB);
}

#[tokio::test]
async fn a_client_that_never_ends_does_not_keep_the_server_from_stopping() {
    let mut world = World::start_with(|config| config.shutdown_grace = Duration::from_millis(100)).await;
    let owner = world.owner();
    let upload = owner.start("a", 5 * MIB).await;
    let url = owner.urls(&upload, 1).await.remove(0);
    let (send, body) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let endless =
        futures_util::stream::unfold(body, |mut body| async { body.recv().await.map(|item| (item, body)) });
    let put =
        world.http.put(&url).header("content-length", 5 * MIB).body(reqwest::Body::wrap_stream(endless));
    let put = tokio::spawn(put.send());
    // The second piece is read only once the first is on its way. The rest never comes.
    send.send(Ok(bytes(MIB, 1))).await.unwrap();
    send.send(Ok(bytes(MIB, 2))).await.unwrap();
    let gone = tokio::time::timeout(Duration::from_secs(20), world.stop()).await;
    assert!(gone.is_ok(), "the server must stop within its grace");
    assert!(put.await.unwrap().is_err());
}

async fn start_error(config: Config) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = dray_server::run(config, listener, std::future::pending()).await.unwrap_err().to_string();
    assert!(!error.contains('\n'), "one line: {error}");
    error
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_refused() {
    let world = World::start().await;
    let error = start_error(Config { data: world.data.path().to_owned(), ..Config::default() }).await;
    assert!(error.contains("another"), "{error}");
}

#[tokio::test]
async fn nobody_else_on_the_machine_can_read_the_drive() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::start().await;
    let mode =
        |file: &str| std::fs::metadata(world.data.path().join(file)).unwrap().permissions().mode() & 0o777;
    let files = [("store", 0o700), ("store/keys.json", 0o600), ("drive.db", 0o600), ("drive.db-wal", 0o600)];
    let files = if world.database.is_file() { &files[..] } else { &files[..2] };
    for (file, expected) in files {
        assert_eq!(format!("{:o}", mode(file)), format!("{expected:o}"), "{file}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_created_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let data = file.path().join("data");
    let error = start_error(Config { data: data.clone(), ..Config::default() }).await;
    assert!(error.contains(data.to_str().unwrap()) && error.contains("--data"), "{error}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_not_changed() {
    let mut world = World::start().await;
    world.stop().await;
    let newer = if world.database.is_file() {
        "pragma user_version = 9999"
    } else {
        "insert into schema_version values (9999)"
    };
    world.execute(newer).await;
    let (data, database_url) = (world.data.path().to_owned(), world.database.url());
    let error = start_error(Config { data, database_url, ..Config::default() }).await;
    assert!(error.contains("newer version"), "{error}");
}

#[tokio::test]
async fn settings_that_cannot_work_are_named() {
    let data = tempfile::tempdir().unwrap();
    let base = || Config { data: data.path().to_owned(), ..Config::default() };
    let with_uploads = |change: fn(&mut UploadRules)| {
        let mut config = Config { url_ttl: Duration::from_mins(89), ..base() };
        change(&mut config.uploads);
        config
    };
    for (config, setting) in [
        (Config { public_url: Some("drive.example.com".into()), ..base() }, "--public-url"),
        (Config { public_url: Some("https://example.com/public/drive".into()), ..base() }, "--public-url"),
        (Config { allow_origins: vec!["https://a.example.com/".into()], ..base() }, "--allow-origin"),
        (Config { url_ttl: Duration::ZERO, ..base() }, "--url-ttl"),
        (Config { url_ttl: Duration::from_hours(24), ..base() }, "--url-ttl"),
        (with_uploads(|uploads| uploads.idle_life = Duration::from_mins(90)), "--url-ttl"),
        (with_uploads(|uploads| uploads.idle_life = Duration::from_mins(9)), "--upload-life"),
        (with_uploads(|uploads| uploads.whole_life = Duration::from_hours(23)), "--upload-max-life"),
        (with_uploads(|uploads| uploads.max_file_bytes = u64::MAX), "--max-file-size"),
    ] {
        let error = start_error(config).await;
        assert!(error.starts_with(setting), "{error}");
    }
}
