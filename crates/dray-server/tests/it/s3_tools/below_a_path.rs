//! S3 requests to a server below a path of a host: each reaches what it names, or is refused.

use dray_server::Config;

use super::{Tool, said};

const BUCKET_HOST: &str = "tools.drv.test";
const OWN_HOST: &str = "drv.test";

fn below_drive(config: &mut Config) {
    config.public_url = Some("http://drv.test/drive".into());
}

#[tokio::test]
async fn on_a_buckets_host_a_key_may_begin_like_the_base_path() {
    let Some(tool) = Tool::start(below_drive).await else { return };
    for host in [BUCKET_HOST, "tools.localhost:1"] {
        assert_eq!(tool.ask_with("PUT", host, "/x", "precious").await.0, 200);
        for path in ["/drive", "/drive/x", "/drive/", "/drive//x", "/drive/tools/x", "/driver"] {
            assert_eq!(tool.ask("GET", host, path).await, said(404, "NoSuchKey"), "{host}{path}");
            assert_eq!(tool.put(host, path).await.0, 200, "{host}{path}");
            let direct = tool.ask("GET", OWN_HOST, &format!("/drive/tools{path}")).await;
            assert_eq!(direct, said(200, "hello"), "{host}{path}");
            assert_eq!(tool.keys_of("tools").await, format!("{} x", &path[1..]));
            assert_eq!(tool.ask("DELETE", host, path).await.0, 204, "{host}{path}");
        }
        assert_eq!(tool.ask("GET", host, "/x").await, said(200, "precious"));
        assert_eq!((tool.keys_of("tools").await, tool.buckets().await), ("x".into(), "dray tools".into()));
    }
    // A bucket that does not exist is not created, and no other is, by a PUT of a key.
    assert_eq!(tool.put("new.drv.test", "/drive").await, said(404, "NoSuchBucket"));
    assert_eq!(tool.buckets().await, "dray tools");
}

#[tokio::test]
async fn no_bucket_gets_the_name_of_the_base_paths_first_segment() {
    let long = |config: &mut Config| config.public_url = Some("http://drv.test/drive/files".into());
    for (change, base) in [(below_drive as fn(&mut Config), "/drive"), (long, "/drive/files")] {
        let Some(tool) = Tool::start(change).await else { return };
        for (host, path) in [(OWN_HOST, format!("{base}/drive")), ("drive.drv.test", "/".to_owned())] {
            let refused = tool.ask("PUT", host, &path).await;
            assert_eq!(refused, said(400, "InvalidBucketName"), "{host}{path}");
        }
        assert!(tool.ask("PUT", OWN_HOST, "/drive").await.0 >= 400);
        assert_eq!(tool.buckets().await, "dray tools");
        assert_eq!(tool.ask("PUT", OWN_HOST, &format!("{base}/tools/k")).await.0, 200);
        assert_eq!(tool.keys_of("tools").await, "k");
    }
}

#[tokio::test]
async fn a_path_that_could_be_a_bucket_or_the_base_path_is_refused_and_the_drive_works() {
    let Some(mut tool) = Tool::start(|_| ()).await else { return };
    assert_eq!(tool.ask("PUT", "127.0.0.1", "/drive").await.0, 200);
    tool.world.stop().await;
    tool.world.serve(below_drive).await;
    for path in ["/drive", "/drive/", "/drive/tools", "/drive/tools/x", "/drive/new", "/drive/drive/x"] {
        for method in ["PUT", "GET", "DELETE"] {
            let refused = tool.ask(method, OWN_HOST, path).await;
            assert_eq!(refused, said(400, "InvalidRequest"), "{method} {path}");
        }
    }
    assert_eq!(tool.buckets().await, "dray drive tools");
    assert_eq!(tool.put("drive.drv.test", "/drive/x").await.0, 200, "the bucket in the host is clear");
    assert_eq!(
        tool.put(OWN_HOST, "/tools/x").await.0,
        200,
        "and so is a path that is not below the base path"
    );
    let owner = tool.world.owner();
    let upload = owner.start("a.txt", 3).await;
    let part = owner.urls(&upload, 1).await.remove(0);
    assert!(part.starts_with("http://drv.test/drive/dray/"), "{part}");
    let here = part.replace("http://drv.test", &tool.world.url);
    let sent = tool.world.http.put(here).header("host", OWN_HOST).body("abc").send().await.unwrap();
    assert_eq!(sent.status(), 200, "the server's own URLs are read below the base path");
    assert_eq!(tool.ask("DELETE", "drive.drv.test", "/drive/x").await.0, 204);
    assert_eq!(tool.ask("DELETE", "drive.drv.test", "/").await.0, 204);
    assert_eq!(tool.put(OWN_HOST, "/drive/tools/y").await.0, 200);
    assert_eq!(tool.keys_of("tools").await, "x y");
}
