//! Several servers on one Postgres and one store, each of which may die. `DRAY_TEST_POSTGRES` names the Postgres
//! (`scripts/with-postgres`). Without it, servers cannot share a database, and these tests do nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use dray_api::upload::{FinalizeUpload, OnConflict, PresignParts, StartUpload};
use dray_client::Client;
use serde_json::Value;

use crate::drive::{Drive, dray, succeeded};

const MIB: usize = 1 << 20;

/// Three servers that share a database and a store, and the server whose embedded store that is.
struct Cluster {
    nodes: Vec<Drive>,
    settings: Vec<(&'static str, String)>,
    _host: Drive,
}

impl Cluster {
    #[expect(clippy::disallowed_methods, reason = "the environment says whether there is a Postgres")]
    fn start() -> Option<Self> {
        let cluster = std::env::var("DRAY_TEST_POSTGRES").ok()?;
        let host = Drive::start();
        let keys = dray()
            .args(["store", "keys", "--write-drive", "--json", "--data"])
            .arg(host.data())
            .output()
            .unwrap();
        let keys: Value = serde_json::from_str(&succeeded(&keys)).unwrap();
        let key = |name: &str| keys[name].as_str().unwrap().to_owned();
        let settings = vec![
            ("DRAY_DATABASE_URL", cluster),
            ("DRAY_S3_ENDPOINT", host.url.clone()),
            ("DRAY_S3_BUCKET", "dray".to_owned()),
            ("DRAY_S3_PATH_STYLE", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", key("accessKeyId")),
            ("AWS_SECRET_ACCESS_KEY", key("secretAccessKey")),
        ];
        let share = |serve: &mut Command| {
            serve.envs(settings.clone());
        };
        let mut nodes = Vec::new();
        for _ in 0..3 {
            let token = nodes.first().map(|first: &Drive| first.token.clone());
            nodes.push(Drive::start_for(token, |serve| {
                share(serve);
                serve
            }));
        }
        Some(Self { nodes, settings, _host: host })
    }

    fn client(&self, node: usize) -> Client {
        let Drive { url, token, .. } = &self.nodes[node];
        Client::new(url, token.parse().unwrap()).unwrap()
    }

    fn restart(&mut self, node: usize) {
        let (node, settings) = (&mut self.nodes[node], self.settings.clone());
        node.start_on(&node.data(), |serve| serve.envs(settings));
    }
}

/// Puts a part to its URL.
fn put(url: &str, part: &[u8]) {
    let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    let len = part.len();
    let head = format!(
        "PUT /{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\ncontent-length: {len}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(part).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn an_upload_continues_at_another_server_when_one_dies() {
    let Some(mut cluster) = Cluster::start() else { return };
    let content = cluster.nodes[0].file("content", 6 * MIB);
    for round in 0..5 {
        let start = StartUpload {
            file_name: format!("{round}.bin"),
            file_size: content.len() as u64,
            mime_type: "application/octet-stream".to_owned(),
            parent_id: None,
            on_conflict: OnConflict::Keep,
            checksum: None,
        };
        let started = cluster.client(0).start_upload(&start).await.unwrap();
        cluster.nodes[0].kill();
        let (upload_id, file_key) = (started.upload_id, started.file_key);
        let sign = PresignParts {
            upload_id: upload_id.clone(),
            file_key: file_key.clone(),
            parts: Some(2),
            part_numbers: None,
            content_lengths: None,
        };
        let signed = cluster.client(1).presign_parts(&sign).await.unwrap();
        let (first, second) = content.split_at(5 * MIB);
        for (part, bytes) in signed.parts.iter().zip([first, second]) {
            put(&part.signed_url, bytes);
        }
        cluster.nodes[1].kill();
        let finalize = FinalizeUpload { upload_id, file_key, parts: None, checksum: None, verify: false };
        let item = cluster.client(2).finalize_upload(&finalize).await.unwrap();
        for node in 0..2 {
            cluster.restart(node);
            let again = cluster.client(node).finalize_upload(&finalize).await.unwrap();
            assert_eq!(again.id, item.id, "asked of another");
        }
        for node in &cluster.nodes {
            node.ok(&["download", &item.id.to_string(), "--output", "back", "--force"]);
            assert!(node.read("back") == content, "round {round}");
        }
    }
}
