//! Headers that the holder of an upload URL adds to its request. They decide nothing about the download.

use reqwest::Response;
use serde_json::{Value, json};

use super::{file, put_with_header, stages};
use crate::acts::id;
use crate::world::{Actor, World};

/// Headers that an S3 store keeps with an object. The type of a whole file is signed, so no other can be sent.
const KEPT: [(&str, &str); 5] = [
    ("cache-control", "public, max-age=31536000"),
    ("content-disposition", "inline"),
    ("content-encoding", "gzip"),
    ("content-language", "xx"),
    ("expires", "Thu, 01 Jan 2099 00:00:00 GMT"),
];

async fn check_download(world: &World, owner: &Actor, item: &Value, bytes: &[u8], name: &str) {
    let url = owner.download_url(&id(item)).await;
    let answer: Response = world.http.get(url).send().await.unwrap();
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    for absent in ["content-encoding", "content-language", "expires"] {
        assert_eq!(header(absent), None, "{name}");
    }
    assert_eq!(header("cache-control").as_deref(), Some("private, no-store"), "{name}");
    assert!(header("content-disposition").unwrap().starts_with("attachment"), "{name}");
    assert_eq!(answer.bytes().await.unwrap(), bytes, "{name}");
}

#[tokio::test]
async fn whoever_holds_the_url_of_a_file_does_not_decide_how_others_decode_and_cache_it() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        for header in KEPT {
            let name = format!("{} {}", stage.name, header.0);
            let upload = owner.start_files(&[file(&name, b"abc")], &json!({})).await.remove(0);
            let sent = put_with_header(world, &upload, b"abc", Some(header)).await.status();
            if stage.is_embedded() && header.0 != "cache-control" {
                assert_eq!(sent, 403, "{name}");
                assert_eq!(put_with_header(world, &upload, b"abc", None).await.status(), 200, "{name}");
            } else {
                assert_eq!(sent, 200, "{name}: browsers add it themselves, or another store takes it");
            }
            match owner.finalize_files(&[upload]).await.remove(0) {
                Ok(item) => check_download(world, &owner, &item, b"abc", &name).await,
                Err(code) => {
                    assert_eq!((stage.name, header.0, &*code), ("other", "content-encoding", "invalid_part"));
                }
            }
        }
    }
}

#[tokio::test]
async fn whoever_holds_the_url_of_a_part_does_not_decide_it_either() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        for (header, value) in KEPT {
            let name = format!("{} {header}", stage.name);
            let upload = owner.start(&name, 3).await;
            let url = owner.urls(&upload, 1).await.remove(0);
            let sent = world.http.put(url).header(header, value).body("abc").send().await.unwrap();
            assert_eq!(sent.status(), 200, "{name}");
            let etag = sent.headers()["etag"].to_str().unwrap().trim_matches('"').to_owned();
            let item = owner.finalize(&upload, &json!([{ "partNumber": 1, "eTag": etag }])).await.ok();
            check_download(world, &owner, &item, b"abc", &name).await;
        }
    }
}

/// A folder of an earlier version may have an object with such headers.
#[tokio::test]
async fn what_was_stored_with_such_headers_before_is_answered_without_them() {
    let stage = stages().await.remove(0);
    if !stage.is_embedded() {
        return;
    }
    let (world, owner) = (&stage.world, stage.world.owner());
    let item = owner.upload("a", &[b"abc".to_vec()]).await;
    let store = rusqlite::Connection::open(world.data.path().join("store/meta.db")).unwrap();
    let headers: Vec<_> = KEPT.iter().filter(|(name, _)| *name != "content-disposition").collect();
    let sql = "update object set headers = ?1 where key not like '%/.dray-store/%'";
    let changed = store.execute(sql, [json!(headers).to_string()]).unwrap();
    assert_eq!(changed, 1);
    check_download(world, &owner, &item, b"abc", "earlier").await;
}
