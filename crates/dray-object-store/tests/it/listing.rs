//! `ListObjects` in both versions, over HTTP. The order and the groups have their own tests beside their code.

use crate::harness::Server;

async fn filled() -> Server {
    let server = Server::start().await;
    for key in ["a/1", "a/2", "a/b/3", "b", "c/1", "d%20%C3%BC"] {
        assert_eq!(server.put(key, "x").await.code(), "200");
    }
    server
}

fn bucket(server: &Server, query: &str) -> String {
    format!("/{}?{query}", server.store.bucket())
}

#[tokio::test]
async fn version_2_pages_through_keys_and_groups() {
    let server = filled().await;
    let all = server.send("GET", &bucket(&server, "list-type=2"), &[], "").await;
    assert_eq!(all.elements("Key"), ["a/1", "a/2", "a/b/3", "b", "c/1", "d ü"]);
    assert_eq!((all.element("KeyCount"), all.element("IsTruncated")), ("6".into(), "false".into()));

    let (mut token, mut seen) = (String::new(), Vec::new());
    loop {
        let query = format!("list-type=2&delimiter=/&max-keys=1&continuation-token={token}");
        let query = if token.is_empty() { "list-type=2&delimiter=/&max-keys=1".to_owned() } else { query };
        let page = server.send("GET", &bucket(&server, &query), &[], "").await;
        assert_eq!(page.element("KeyCount"), "1");
        seen.extend(page.elements("Key"));
        seen.extend(page.elements("Prefix").into_iter().filter(|prefix| !prefix.is_empty()));
        token = page.element("NextContinuationToken");
        if page.element("IsTruncated") == "false" {
            break;
        }
    }
    assert_eq!(seen, ["a/", "b", "c/", "d ü"]);

    let below = server.send("GET", &bucket(&server, "list-type=2&prefix=a/&delimiter=/"), &[], "").await;
    assert_eq!(below.elements("Key"), ["a/1", "a/2"]);
    assert!(below.text().contains("<Prefix>a/b/</Prefix>"));
    let after =
        server.send("GET", &bucket(&server, "list-type=2&start-after=b&encoding-type=url"), &[], "").await;
    assert_eq!(after.elements("Key"), ["c/1", "d%20%C3%BC"]);
    let none = server.send("GET", &bucket(&server, "list-type=2&max-keys=0"), &[], "").await;
    assert_eq!((none.element("KeyCount"), none.element("IsTruncated")), ("0".into(), "false".into()));
    let bad = server.send("GET", &bucket(&server, "list-type=2&continuation-token=*"), &[], "").await;
    assert_eq!(bad.code(), "400 InvalidArgument");
    assert_eq!(
        server.send("GET", &bucket(&server, "max-keys=-1"), &[], "").await.code(),
        "400 InvalidArgument"
    );
}

#[tokio::test]
async fn version_1_goes_on_from_a_marker() {
    let server = filled().await;
    let first = server.send("GET", &bucket(&server, "delimiter=/&max-keys=2"), &[], "").await;
    assert_eq!((first.elements("Key"), first.element("NextMarker")), (vec!["b".to_owned()], "b".to_owned()));
    let rest = server.send("GET", &bucket(&server, "delimiter=/&marker=b"), &[], "").await;
    assert_eq!(rest.elements("Key"), ["d ü"]);
    assert!(rest.text().contains("<Prefix>c/</Prefix>"));
    assert_eq!(server.send("GET", "/nowhere", &[], "").await.code(), "404 NoSuchBucket");
}
