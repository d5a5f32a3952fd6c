//! Hosts that have two readings: they belong to the server and to a bucket, or to two buckets. What a tool sends there
//! reaches what it names, or is refused.

use dray_server::Config;

use super::{Tool, said};

/// Each way in which a host of the server, `bytes.drv.test`, can also be the host of a bucket `bytes`.
const WAYS: [fn(&mut Config); 3] = [
    |config| {
        config.public_url = Some("http://drv.test".into());
        config.bytes_url = Some("http://bytes.drv.test".into());
    },
    |config| {
        config.hosts = vec!["drv.test".parse().unwrap()];
        config.public_url = Some("http://bytes.drv.test".into());
    },
    |config| config.bytes_url = Some("http://bytes.drv.test".into()),
];

#[tokio::test]
async fn no_bucket_gets_a_name_that_makes_a_host_of_the_server_unclear() {
    for way in WAYS {
        let Some(tool) = Tool::start(way).await else { return };
        assert_eq!(tool.ask("PUT", "127.0.0.1", "/bytes").await, said(400, "InvalidBucketName"));
        // So the host is the server's, and has the bucket in the path.
        assert_eq!(tool.put("bytes.drv.test", "/tools/k").await.0, 200);
        assert_eq!(tool.keys_of("tools").await, "k");
    }
}

#[tokio::test]
async fn at_a_host_that_is_also_an_older_buckets_tools_are_refused_and_the_servers_urls_work() {
    for way in WAYS {
        let Some(mut tool) = Tool::start(|_| ()).await else { return };
        for bucket in ["/bytes", "/empty"] {
            assert_eq!(tool.ask("PUT", "127.0.0.1", bucket).await.0, 200);
        }
        tool.world.stop().await;
        tool.world.serve(way).await;
        for host in ["bytes.drv.test", "Bytes.drv.test.", "bytes.drv.test:80", "bytes.drv.test:"] {
            for (method, path) in
                [("PUT", "/tools/k"), ("PUT", "/photos"), ("DELETE", "/empty"), ("GET", "/?list-type=2")]
            {
                let refused = tool.ask(method, host, path).await;
                assert_eq!(refused, said(400, "InvalidRequest"), "{method} {host}{path}");
            }
        }
        assert_eq!(
            (tool.buckets().await, tool.keys_of("tools").await),
            ("bytes dray empty tools".into(), String::new())
        );
        assert_eq!(tool.put("127.0.0.1", "/bytes/k").await.0, 200, "the path is clear");

        let owner = tool.world.owner();
        let upload = owner.start("a.txt", 3).await;
        let part = owner.urls(&upload, 1).await.remove(0);
        assert!(part.starts_with("http://bytes.drv.test/dray/"), "{part}");
        let here = part.replace("http://bytes.drv.test", &tool.world.url);
        let sent =
            tool.world.http.put(here).header("host", "bytes.drv.test").body("abc").send().await.unwrap();
        assert_eq!(sent.status(), 200);
    }
}

#[tokio::test]
async fn below_two_hosts_the_longer_one_counts_unless_the_other_bucket_exists() {
    let hosts = |config: &mut Config| {
        config.hosts = vec!["drv.test".parse().unwrap(), "sub.drv.test".parse().unwrap()];
    };
    let Some(tool) = Tool::start(hosts).await else { return };
    assert_eq!(tool.ask("PUT", "aaa.sub.drv.test", "/").await.0, 200);
    assert_eq!(tool.put("aaa.sub.drv.test", "/k").await.0, 200);
    assert_eq!((tool.buckets().await, tool.keys_of("aaa").await), ("aaa dray tools".into(), "k".into()));
    assert_eq!(tool.ask("PUT", "drv.test", "/aaa.sub").await.0, 200);
    for (method, path) in [("PUT", "/x"), ("DELETE", "/k"), ("PUT", "/"), ("DELETE", "/")] {
        let refused = tool.ask(method, "aaa.sub.drv.test", path).await;
        assert_eq!(refused, said(400, "InvalidRequest"), "{method} {path}");
    }
    assert_eq!((tool.keys_of("aaa").await, tool.keys_of("aaa.sub").await), ("k".into(), String::new()));
    assert_eq!(tool.put("aaa.drv.test", "/x").await.0, 200, "this host has one reading");
}

#[tokio::test]
async fn without_a_named_host_a_bucket_with_dots_in_its_name_is_not_taken_for_the_server() {
    let Some(tool) = Tool::start(|_| ()).await else { return };
    assert_eq!(tool.ask("PUT", "127.0.0.1", "/my.tools").await.0, 200);
    for (method, path) in [("PUT", "/tools/k"), ("PUT", "/new"), ("DELETE", "/tools")] {
        let refused = tool.ask(method, "my.tools.drv.test", path).await;
        assert_eq!(refused, said(400, "InvalidRequest"), "{method} {path}");
    }
    assert_eq!(tool.buckets().await, "dray my.tools tools");
}

#[tokio::test]
async fn a_host_may_have_an_empty_port_and_a_wrong_one_is_refused_as_s3_does() {
    let named = |config: &mut Config| config.hosts = vec!["drv.test".parse().unwrap()];
    let Some(tool) = Tool::start(named).await else { return };
    assert_eq!(tool.put("tools.drv.test:", "/k").await.0, 200);
    assert_eq!(tool.put("drv.test:", "/tools/l").await.0, 200);
    assert_eq!(tool.keys_of("tools").await, "k l");
    assert_eq!(tool.ask_unsigned("GET", "drv.test:", "/healthz", &[]).await.0, 200);
    for (method, headers) in [
        ("PUT", &[("authorization", "AWS4-HMAC-SHA256 Credential=x")][..]),
        ("GET", &[("x-amz-date", "20260101T000000Z")]),
    ] {
        let refused = tool.ask_unsigned(method, "a b", "/tools/k", headers).await;
        assert_eq!(refused, said(400, "InvalidRequest"), "{method}");
    }
    let of_drive = tool.ask_unsigned("GET", "a b", "/healthz", &[]).await;
    assert!(of_drive.0 == 400 && of_drive.1.contains("\"invalid_parameter\""), "{of_drive:?}");
}
