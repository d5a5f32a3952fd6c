//! Buckets: their list in pages, their region, names that are taken, and removing one with unfinished uploads.

use dray_s3::{PayloadHash, SigningScope, sign_request};
use http::{HeaderMap, Method, Uri};

use crate::harness::{Server, now};

async fn with_buckets(names: &[&str]) -> Server {
    let server = Server::start().await;
    for name in names {
        assert_eq!(server.send("PUT", &format!("/{name}"), &[], "").await.code(), "200", "{name}");
    }
    server
}

async fn list(server: &Server, query: &str) -> (Vec<String>, String) {
    let answer = server.send("GET", &format!("/?{query}"), &[], "").await;
    assert_eq!(answer.code(), "200", "{query}");
    (answer.elements("Name"), answer.element("ContinuationToken"))
}

#[tokio::test]
async fn buckets_are_listed_in_pages_by_name() {
    let server = with_buckets(&["cats", "ants", "bees"]).await;
    let all = ["ants", "bees", "cats", "dray"].map(str::to_owned).to_vec();
    assert_eq!(list(&server, "").await, (all, String::new()));
    let (mut names, mut token) = (Vec::new(), String::new());
    for at in 0.. {
        let after = if token.is_empty() { String::new() } else { format!("&continuation-token={token}") };
        let (page, next) = list(&server, &format!("max-buckets=1{after}")).await;
        assert_eq!(page.len(), 1);
        names.extend(page);
        token = next;
        assert!(at < 4);
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["ants", "bees", "cats", "dray"]);
    assert_eq!(list(&server, "max-buckets=4").await.1, "", "a full last page names no next page");
}

#[tokio::test]
async fn a_bucket_created_again_keeps_its_objects() {
    let server = with_buckets(&["ants"]).await;
    server.send("PUT", "/ants/k", &[], "x").await;
    let again = server.send("PUT", "/ants", &[], "").await;
    assert_eq!((again.code(), again.header("location")), ("200".into(), "/ants"));
    assert_eq!(server.send("GET", "/ants/k", &[], "").await.body, "x");
    assert_eq!(list(&server, "prefix=ants").await.0, ["ants"]);
}

#[tokio::test]
async fn an_access_control_list_can_only_be_set_to_what_it_already_is() {
    let server = with_buckets(&["ants"]).await;
    server.send("PUT", "/ants/k", &[], "x").await;
    for path in ["/ants?acl", "/ants/k?acl"] {
        let set = async |headers: &[(&str, &str)], body: &'static str| {
            server.send("PUT", path, headers, body).await.code()
        };
        for taken in ["private", "bucket-owner-full-control"] {
            assert_eq!(set(&[("x-amz-acl", taken)], "").await, "200", "{path} {taken}");
        }
        for (headers, body, code) in [
            (&[("x-amz-acl", "public-read")] as &[_], "", "501 NotImplemented"),
            (&[("x-amz-acl", "public-ready")], "", "400 InvalidArgument"),
            (&[("x-amz-acl", "private"), ("x-amz-grant-read", "id=x")], "", "501 NotImplemented"),
            (&[("x-amz-acl", "private")], "<AccessControlPolicy/>", "501 NotImplemented"),
            (&[], "<AccessControlPolicy/>", "501 NotImplemented"),
            (&[], "", "501 NotImplemented"),
        ] {
            assert_eq!(set(headers, body).await, code, "{path} {headers:?} {body}");
        }
    }
    assert_eq!(server.send("GET", "/ants/k", &[], "").await.body, "x", "its list was set, not the object");
    let private = [("x-amz-acl", "private")];
    assert_eq!(server.send("PUT", "/ants/none?acl", &private, "").await.code(), "404 NoSuchKey");
    assert_eq!(server.send("PUT", "/none?acl", &private, "").await.code(), "404 NoSuchBucket");
    assert_eq!(list(&server, "prefix=none").await.0, [""; 0], "the refused request creates no bucket");
}

#[tokio::test]
async fn buckets_are_listed_by_prefix_and_region() {
    let server = with_buckets(&["a-1", "a-2", "a.b"]).await;
    let names = async |query: &str| list(&server, query).await.0;
    assert_eq!(names("prefix=a-").await, ["a-1", "a-2"]);
    assert_eq!(names("prefix=a-&max-buckets=1").await, ["a-1"]);
    assert_eq!(names("prefix=x").await, [""; 0]);
    assert_eq!(names("prefix=%25").await, [""; 0]);
    assert_eq!(names("bucket-region=us-east-1").await.len(), 4);
    assert_eq!(names("bucket-region=eu-west-1").await, [""; 0]);
    let answer = server.send("GET", "/?prefix=a.", &[], "").await;
    assert_eq!((answer.element("Prefix"), answer.element("BucketRegion")), ("a.".into(), "us-east-1".into()));
}

#[tokio::test]
async fn invalid_pages_are_refused() {
    let server = Server::start().await;
    for query in
        ["max-buckets=0", "max-buckets=10001", "max-buckets=x", "max-buckets=", "continuation-token=%21"]
    {
        assert_eq!(
            server.send("GET", &format!("/?{query}"), &[], "").await.code(),
            "400 InvalidArgument",
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_bucket_is_removed_with_its_unfinished_uploads() {
    let server = with_buckets(&["tools"]).await;
    let begun = server.send("POST", "/tools/k?uploads", &[], "").await.element("UploadId");
    let part = format!("/tools/k?partNumber=1&uploadId={begun}");
    assert_eq!(server.send("PUT", &part, &[], vec![7; 70_000]).await.code(), "200");
    server.wait_for_files(1).await;
    assert!(server.store.has_bucket("tools"));
    assert_eq!(server.send("DELETE", "/tools", &[], "").await.code(), "204");
    assert!(!server.store.has_bucket("tools"));
    server.wait_for_files(0).await;
    assert_eq!(server.send("PUT", &part, &[], "x").await.code(), "404 NoSuchBucket");
    assert_eq!(server.send("PUT", "/tools", &[], "").await.code(), "200");
    assert_eq!(server.send("PUT", &part, &[], "x").await.code(), "404 NoSuchUpload");
    assert_eq!(server.send("GET", "/tools?uploads", &[], "").await.elements("Upload"), [""; 0]);
    server.send("PUT", "/tools/object", &[], "x").await;
    assert_eq!(server.send("DELETE", "/tools", &[], "").await.code(), "409 BucketNotEmpty");
    assert!(server.store.has_bucket("tools"));
}

#[tokio::test]
async fn reserved_names_cannot_be_buckets() {
    let server = Server::start_with(|config| config.reserved_names = vec!["docs".into()]).await;
    assert_eq!(server.send("PUT", "/docs", &[], "").await.code(), "400 InvalidBucketName");
    assert!(!server.store.has_bucket("docs"));
}

#[tokio::test]
async fn a_restarted_store_knows_its_buckets() {
    let server = with_buckets(&["tools"]).await;
    let folder = server.stop().await;
    let server = Server::start_in(folder, |config| config.durable = false).await;
    assert!(
        server.store.has_bucket("tools") && server.store.has_bucket("dray") && !server.store.has_bucket("x")
    );
}

#[tokio::test]
async fn an_error_about_a_wrong_region_names_the_right_one() {
    let server = Server::start().await;
    let signed = |method: Method, path: &str| {
        let uri: Uri = format!("http://{}{path}", server.address).parse().unwrap();
        let scope = SigningScope { credentials: &server.keys, region: "eu-west-1", now: now() };
        sign_request(&scope, &method, &uri, &HeaderMap::new(), &PayloadHash::Unsigned).unwrap()
    };
    let refused =
        server.send_raw("GET", "/dray?list-type=2", signed(Method::GET, "/dray?list-type=2"), "").await;
    assert_eq!(refused.code(), "400 AuthorizationHeaderMalformed");
    assert_eq!(
        (refused.element("Region").as_str(), refused.header("x-amz-bucket-region")),
        ("us-east-1", "us-east-1")
    );
    let head = server.send_raw("HEAD", "/dray", signed(Method::HEAD, "/dray"), "").await;
    assert_eq!((head.status.as_u16(), head.header("x-amz-bucket-region")), (400, "us-east-1"));
    let url = server.presign("GET", "k", &[]).replace("us-east-1", "eu-west-1");
    let refused = server.send_raw("GET", &url, HeaderMap::new(), "").await;
    assert_eq!(refused.code(), "400 AuthorizationQueryParametersError");
    assert_eq!(refused.element("Region"), "us-east-1");
    for path in ["/dray?location", "/dray"] {
        let method = if path == "/dray" { "HEAD" } else { "GET" };
        assert_eq!(server.send(method, path, &[], "").await.header("x-amz-bucket-region"), "us-east-1");
    }
}
