//! What S3 tools meet on the drive's port: a bucket in the host or in the path, and S3's answers to every S3
//! request. Only with the embedded store.

mod below_a_path;
mod two_readings;

use dray_object_store::{KeyKind, key_of};
use dray_s3::{
    AddressingStyle, Credentials, Endpoint, PayloadHash, PresignScope, SigningScope, presign, sign_request,
};
use dray_server::{BUCKET, Config, REGION, store_folder};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};

use crate::world::{World, real_now};

/// An S3 tool, its keys, and the server that it asks.
struct Tool {
    world: World,
    keys: Credentials,
}

/// An answer: its status, S3's error code if there is one, and its body.
#[derive(Debug, PartialEq, Eq)]
struct Said(u16, String);

impl Tool {
    /// `None` without an embedded store.
    async fn start(change: impl FnOnce(&mut Config)) -> Option<Self> {
        let world = World::start_with(change).await;
        if world.store.is_some() {
            return None;
        }
        let keys = key_of(&store_folder(world.data.path()), KeyKind::Tool).unwrap();
        let tool = Self { world, keys };
        assert_eq!(tool.ask("PUT", "127.0.0.1", "/tools").await.0, 200);
        Some(tool)
    }

    /// Sends a signed request to this host.
    async fn ask(&self, method: &str, host: &str, path: &str) -> Said {
        self.ask_with(method, host, path, "").await
    }

    /// Puts an object.
    async fn put(&self, host: &str, path: &str) -> Said {
        self.ask_with("PUT", host, path, "hello").await
    }

    async fn ask_with(&self, method: &str, host: &str, path: &str, body: &'static str) -> Said {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_str(host).unwrap());
        let uri = format!("http://{host}{path}").parse().unwrap();
        let scope = SigningScope { credentials: &self.keys, region: REGION, now: real_now() };
        let signed = sign_request(&scope, &method, &uri, &headers, &PayloadHash::Unsigned).unwrap();
        headers.extend(signed);
        self.send(method, path, headers, body).await
    }

    /// Sends a request to this host with only these headers.
    async fn ask_unsigned(
        &self,
        method: &str,
        host: &str,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Said {
        let mut all = HeaderMap::new();
        all.insert("host", HeaderValue::from_str(host).unwrap());
        for (name, value) in headers {
            all.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        self.send(Method::from_bytes(method.as_bytes()).unwrap(), path, all, "").await
    }

    async fn send(&self, method: Method, path: &str, headers: HeaderMap, body: &'static str) -> Said {
        let request = self.world.http.request(method, format!("{}{path}", self.world.url)).headers(headers);
        let answer = request.header("content-length", body.len()).body(body).send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        let code = text.split("<Code>").nth(1).and_then(|rest| rest.split('<').next());
        let is_listing = text.contains("<ListBucketResult") || text.contains("<ListAllMyBucketsResult");
        Said(
            status,
            code.map_or_else(|| if is_listing { keys_in(&text) } else { text.clone() }, str::to_owned),
        )
    }

    /// The keys in a bucket.
    async fn keys_of(&self, bucket: &str) -> String {
        self.ask("GET", "127.0.0.1", &format!("/{bucket}?list-type=2")).await.1
    }

    async fn buckets(&self) -> String {
        self.ask("GET", "127.0.0.1", "/").await.1
    }
}

fn keys_in(listing: &str) -> String {
    let names = listing.split("<Key>").skip(1).chain(listing.split("<Bucket><Name>").skip(1));
    names.map(|rest| rest.split('<').next().unwrap()).collect::<Vec<_>>().join(" ")
}

fn said(status: u16, code: &str) -> Said {
    Said(status, code.to_owned())
}

fn own_host(config: &mut Config) {
    config.public_url = Some("https://drive.example.com".into());
}

#[tokio::test]
async fn an_object_sent_to_a_bucket_in_the_host_is_stored_in_that_bucket() {
    for (host, change) in
        [("tools.localhost:1", (|_| ()) as fn(&mut Config)), ("TOOLS.drive.example.com.", own_host)]
    {
        let Some(tool) = Tool::start(change).await else { return };
        for path in ["/empty.txt", "/dray/note.txt", "/public/v1/drive/usage", "/docs", "//slash", "/tools"] {
            assert_eq!(tool.put(host, path).await.0, 200, "{host}{path}");
            assert_eq!(tool.ask("GET", host, path).await, said(200, "hello"), "{host}{path}");
        }
        assert_eq!(
            tool.keys_of("tools").await,
            "/slash docs dray/note.txt empty.txt public/v1/drive/usage tools"
        );
        // The drive's bucket has the mark that says whose it is, and nothing else.
        let of_drive = tool.keys_of(BUCKET).await;
        assert!(of_drive.starts_with("files/.dray-store/") && !of_drive.contains(' '), "{of_drive}");
        assert_eq!(tool.buckets().await, "dray tools");
        assert_eq!(tool.ask("GET", host, "/?list-type=2&prefix=dray").await.1, "dray/note.txt");
        assert_eq!(tool.ask("DELETE", host, "/dray/note.txt").await.0, 204);
        assert!(!tool.keys_of("tools").await.contains("note"));
    }
}

#[tokio::test]
async fn a_bucket_is_created_and_removed_by_its_host() {
    let Some(tool) = Tool::start(own_host).await else { return };
    assert_eq!(tool.ask("PUT", "new.bucket.drive.example.com", "/").await.0, 200);
    assert_eq!(tool.buckets().await, "dray new.bucket tools");
    assert_eq!(tool.put("none.drive.example.com", "/note.txt").await, said(404, "NoSuchBucket"));
    assert_eq!(tool.ask("DELETE", "new.bucket.drive.example.com", "/").await.0, 204);
    assert_eq!(tool.ask("DELETE", "dray.drive.example.com", "/").await, said(403, "AccessDenied"));
    assert_eq!(tool.put("dray.drive.example.com", "/k").await, said(403, "AccessDenied"));
    assert_eq!(tool.buckets().await, "dray tools");
}

#[tokio::test]
async fn a_host_that_could_name_a_bucket_or_the_server_is_refused_and_nothing_is_stored() {
    for (hosts, change) in [
        (["tools.example.com", "tools.drive.example.com", "tools..localhost"], (|_| ()) as fn(&mut Config)),
        (["drive.example.org", "tools.example.com", "example.com:8080"], own_host),
    ] {
        let Some(tool) = Tool::start(change).await else { return };
        for host in hosts {
            for (method, path) in [("PUT", "/tools/k"), ("PUT", "/new"), ("DELETE", "/tools"), ("GET", "/")] {
                assert_eq!(
                    tool.ask(method, host, path).await,
                    said(400, "InvalidRequest"),
                    "{method} {host}{path}"
                );
            }
            let unsigned = tool.ask_unsigned("PUT", host, "/tools/k", &[]).await;
            assert_eq!(unsigned, said(403, "AccessDenied"), "{host}");
            assert_eq!(
                tool.ask_unsigned("GET", host, "/healthz", &[]).await.0,
                200,
                "the drive's routes stay"
            );
        }
        assert_eq!((tool.keys_of("tools").await, tool.buckets().await), (String::new(), "dray tools".into()));
    }
}

#[tokio::test]
async fn on_addresses_and_single_labels_the_bucket_is_in_the_path() {
    for change in [(|_| ()) as fn(&mut Config), own_host] {
        let Some(tool) = Tool::start(change).await else { return };
        assert_eq!(tool.ask("PUT", "127.0.0.1", "/localhost").await.0, 200);
        for (at, host) in
            ["127.0.0.1:9", "[::1]:9", "localhost", "LocalHost.:9", "dray", "tools"].iter().enumerate()
        {
            assert_eq!(tool.put(host, &format!("/tools/{at}")).await.0, 200, "{host}");
        }
        assert_eq!(tool.keys_of("tools").await, "0 1 2 3 4 5");
    }
}

#[tokio::test]
async fn any_name_that_is_not_a_bucket_shows_the_page() {
    let Some(tool) = Tool::start(own_host).await else { return };
    let home = async |host: &str| tool.ask_unsigned("GET", host, "/healthz", &[]).await.0;
    for host in
        ["drive.example.com", "www.drive.example.com", "drive.localhost", "other.example.org", "127.0.0.1"]
    {
        assert_eq!(home(host).await, 200, "{host}");
    }
    assert_eq!(home("tools.drive.example.com").await, 403, "the path is a key of the bucket");
    let info = tool.ask_unsigned(
        "GET",
        "tools.localhost",
        "/public/v1/workspace/info",
        &[("authorization", "Bearer x")],
    );
    assert_eq!(info.await, said(400, "AuthorizationHeaderMalformed"));
}

#[tokio::test]
async fn a_drive_accepts_uploads_under_any_name_that_reaches_it() {
    let world = World::start().await;
    if world.store.is_some() {
        return;
    }
    let keys = dray_object_store::read_keys(&store_folder(world.data.path())).unwrap();
    key_of(&store_folder(world.data.path()), KeyKind::Tool).unwrap();
    for host in ["drive.localhost", "tools.example.com", "localhost"] {
        let scope = PresignScope {
            credentials: &keys,
            region: REGION,
            endpoint: &Endpoint::parse(&format!("http://{host}"), AddressingStyle::Path).unwrap(),
            bucket: BUCKET,
            key: "files/a",
            now: real_now(),
            expires_secs: 60,
        };
        let url = presign(&Method::PUT, &scope, &[]).unwrap();
        let path = url.strip_prefix(&format!("http://{host}")).unwrap();
        let put = world.http.put(format!("{}{path}", world.url)).header("host", host).body("x");
        assert_eq!(put.send().await.unwrap().status(), StatusCode::OK, "{host}");
    }
}

#[tokio::test]
async fn whatever_looks_like_s3_is_answered_as_s3() {
    let Some(tool) = Tool::start(|_| ()).await else { return };
    let v2 = "AWSAccessKeyId=a&Expires=9999999999&Signature=s";
    let ask = async |method: &str, path: &str, headers: &[(&'static str, &str)]| {
        tool.ask_unsigned(method, "127.0.0.1", path, headers).await
    };
    for path in ["/tools/leaf", "/dray/leaf", "/absent/leaf", "/docs/leaf", "/"] {
        for method in ["GET", "PUT", "DELETE"] {
            let signed_so = ask(method, &format!("{path}?{v2}"), &[]).await;
            assert_eq!(signed_so, said(400, "InvalidRequest"), "{method} {path}");
        }
        assert_eq!(
            ask("GET", path, &[("authorization", "AWS a:b")]).await,
            said(400, "InvalidRequest"),
            "{path}"
        );
        for scheme in
            ["AWS4-ECDSA-P256-SHA256 x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=x", "AWS5 x"]
        {
            let broken = ask("GET", path, &[("authorization", scheme)]).await;
            assert_eq!(broken, said(400, "AuthorizationHeaderMalformed"), "{path} {scheme}");
        }
        let half = ask("GET", &format!("{path}?X-Amz-Signature=x"), &[]).await;
        assert_eq!(half, said(400, "AuthorizationQueryParametersError"), "{path}");
        let dated = ask("GET", path, &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]).await;
        assert_eq!(dated, said(403, "AccessDenied"), "{path}");
    }
    for path in [
        "/tools",
        "/tools/",
        "/tools/leaf",
        "/t%6fols/leaf",
        "/dray",
        "/absent?list-type=2",
        "/absent/k?uploads",
    ] {
        assert_eq!(ask("GET", path, &[]).await, said(403, "AccessDenied"), "{path}");
    }
    assert_eq!(ask("GET", "/tools/leaf", &[("authorization", "Bearer x")]).await.0, 400);
}

#[tokio::test]
async fn a_path_that_names_no_bucket_is_not_the_list_of_all_buckets() {
    let Some(tool) = Tool::start(own_host).await else { return };
    for host in ["127.0.0.1", "drive.example.com"] {
        for (method, path) in
            [("GET", "//tools/k"), ("GET", "//"), ("PUT", "//tools/k"), ("DELETE", "//tools")]
        {
            assert_eq!(
                tool.ask(method, host, path).await,
                said(400, "InvalidBucketName"),
                "{method} {host}{path}"
            );
        }
    }
    assert_eq!((tool.buckets().await, tool.keys_of("tools").await), ("dray tools".into(), String::new()));
}

/// Uploads an object in one part and returns the address that the answer names.
async fn location(tool: &Tool, host: &str, path: &str) -> String {
    let between = |text: &str, name: &str| {
        let rest = text.split(&format!("<{name}>")).nth(1).unwrap_or_else(|| panic!("no {name} in {text}"));
        rest.split('<').next().unwrap().to_owned()
    };
    let id = between(&tool.ask("POST", host, &format!("{path}?uploads")).await.1, "UploadId");
    let part = tool.ask_with("PUT", host, &format!("{path}?partNumber=1&uploadId={id}"), "hello").await;
    assert_eq!(part.0, 200);
    let list = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>\
                <ETag>5d41402abc4b2a76b9719d911017c592</ETag></Part></CompleteMultipartUpload>";
    between(&tool.ask_with("POST", host, &format!("{path}?uploadId={id}"), list).await.1, "Location")
}

#[tokio::test]
async fn an_answer_names_the_address_by_which_its_client_reached_the_object() {
    let below_a_path = |config: &mut Config| {
        config.public_url = Some("https://drive.example.com/base".into());
        config.bytes_url = Some("https://bytes.example.com".into());
    };
    let Some(tool) = Tool::start(below_a_path).await else { return };
    for (host, path, expected) in [
        ("drive.example.com", "/tools/a%20b", "https://drive.example.com/tools/a%20b"),
        ("drive.example.com", "/base/tools/k", "https://drive.example.com/base/tools/k"),
        ("tools.drive.example.com:8443", "/k", "https://tools.drive.example.com:8443/k"),
        ("bytes.example.com", "/tools/k", "https://bytes.example.com/tools/k"),
        ("127.0.0.1", "/tools/k", "http://127.0.0.1/tools/k"),
    ] {
        assert_eq!(location(&tool, host, path).await, expected);
    }
}

#[tokio::test]
async fn requests_for_the_drive_are_never_taken_for_s3() {
    let Some(tool) = Tool::start(|_| ()).await else { return };
    let ask = async |path: &str, headers: &[(&'static str, &str)]| {
        let Said(status, text) = tool.ask_unsigned("GET", "127.0.0.1", path, headers).await;
        assert!(!text.contains("AccessDenied"), "{path}: {text}");
        status
    };
    assert_eq!(ask("/absent", &[]).await, 404);
    assert_eq!(ask("/toolsx/leaf", &[]).await, 404);
    assert_eq!(ask("/public/v1/nothing?uploads", &[]).await, 404);
    assert_eq!(
        ask("/public/v1/drive/usage", &[("x-amz-date", "x"), ("authorization", "Bearer x")]).await,
        401
    );
    assert_eq!(ask("/public/v1/drive/usage?X-Amz-Algorithm=x", &[]).await, 401);
    assert_eq!(ask("/healthz", &[("x-amz-cf-id", "x"), ("x-amzn-trace-id", "x")]).await, 200);
    assert_eq!(ask("/healthz?location", &[]).await, 200);
    for name in ["public", "docs", "assets", "kit", "healthz", "readyz", "openapi.json"] {
        assert_eq!(
            tool.ask("PUT", "127.0.0.1", &format!("/{name}")).await,
            said(400, "InvalidBucketName"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_page_may_call_a_bucket_in_the_host() {
    let Some(tool) = Tool::start(|_| ()).await else { return };
    let headers = [("origin", "https://app.example.com"), ("access-control-request-method", "PUT")];
    let preflight = tool.ask_unsigned("OPTIONS", "tools.localhost", "/public/v1/k", &headers).await;
    assert_eq!(preflight, said(200, ""));
}
