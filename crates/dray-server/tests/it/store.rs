//! The object store of a world: the embedded one or, if `DRAY_TEST_S3` has the address of another, a new bucket
//! there, with the keys in the AWS variables. If `DRAY_TEST_RELAY` is set, clients reach that one through the drive.
//! `scripts/with-s3` starts one; `tests/stores/run` says which tests run on it.

use dray_s3::{AddressingStyle, Credentials, Endpoint, PresignScope, presign};
use dray_server::S3Config;
use jiff::Timestamp;
use reqwest::{Client, Method};

/// An external store.
#[derive(Clone)]
pub(crate) struct OtherStore {
    pub(crate) config: S3Config,
    /// Whether clients reach it only through the drive.
    pub(crate) is_relayed: bool,
    credentials: Credentials,
}

impl OtherStore {
    /// Creates a bucket, if the tests run on an external store.
    #[expect(clippy::disallowed_methods, reason = "the environment says which store the tests use")]
    pub(crate) async fn create(http: &Client, now: Timestamp) -> Option<Self> {
        let endpoint = std::env::var("DRAY_TEST_S3").ok()?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let store = Self {
            config: S3Config {
                endpoint: Some(endpoint),
                public_endpoint: None,
                bucket: format!("dray-{}", hex::encode(random)),
                region: "us-east-1".into(),
                path_style: true,
                credentials: None,
            },
            is_relayed: std::env::var_os("DRAY_TEST_RELAY").is_some(),
            credentials: Credentials {
                access_key_id: std::env::var("AWS_ACCESS_KEY_ID").unwrap(),
                secret_access_key: std::env::var("AWS_SECRET_ACCESS_KEY").unwrap(),
                session_token: None,
            },
        };
        store.ask(http, Method::PUT, &[], now).await;
        Some(store)
    }

    /// The keys of all objects.
    pub(crate) async fn object_keys(&self, http: &Client, now: Timestamp) -> Vec<String> {
        texts(&self.ask(http, Method::GET, &[("list-type", "2")], now).await, "Key")
    }

    /// How many multipart uploads are open.
    pub(crate) async fn uploads(&self, http: &Client, now: Timestamp) -> usize {
        texts(&self.ask(http, Method::GET, &[("uploads", "")], now).await, "UploadId").len()
    }

    /// Sends a request to the bucket.
    async fn ask(&self, http: &Client, method: Method, query: &[(&str, &str)], now: Timestamp) -> String {
        let endpoint = self.config.endpoint.as_deref().unwrap();
        let scope = PresignScope {
            credentials: &self.credentials,
            region: &self.config.region,
            endpoint: &Endpoint::parse(endpoint, AddressingStyle::Path).unwrap(),
            bucket: &self.config.bucket,
            key: "",
            now,
            expires_secs: 60,
        };
        let url = presign(&method, &scope, query).unwrap();
        let mut answer = None;
        // moto fails if somebody writes meanwhile.
        for _ in 0..10 {
            let request = http.request(method.clone(), &url).header("content-length", 0);
            answer = Some(request.send().await.unwrap());
            if answer.as_ref().is_some_and(|answer| answer.status() == 200) {
                break;
            }
        }
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    }
}

/// The texts between tags with this name.
fn texts(xml: &str, tag: &str) -> Vec<String> {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    xml.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap().to_owned()).collect()
}
