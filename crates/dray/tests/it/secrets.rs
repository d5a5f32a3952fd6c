//! Links, file requests, their passwords and tokens appear in no log and no trace, at any log level.

use std::fs::File;
use std::process::Command;

use serde_json::Value;

use crate::drive::Drive;
use crate::operation::http_get;
use crate::traces::Collector;

#[expect(clippy::disallowed_methods, reason = "the environment says whether there is a Postgres")]
fn postgres() -> Option<String> {
    std::env::var("DRAY_TEST_POSTGRES").ok()
}

/// Requests a link from a server in many ways. Returns the log, the traces, and the secrets that must not be in them.
fn everything_told(database: Option<&str>) -> (String, String, Vec<String>) {
    let (collector, folder) = (Collector::start(), tempfile::tempdir().unwrap());
    let log = folder.path().join("log");
    let mut drive = Drive::start_with(|serve| {
        serve.env("RUST_LOG", "trace").env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
        serve.envs(database.map(|url| ("DRAY_DATABASE_URL", url)));
        serve.stderr(File::create(&log).unwrap())
    });
    drive.file("a.txt", 10);
    let id = drive.ok(&["upload", "a.txt"]).split_whitespace().next().unwrap().to_owned();
    let mut create = drive.client(&["link", "create", &id, "--json"]);
    let made = create.env("DRAY_LINK_PASSWORD", "open sesame").output().unwrap();
    let link: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(link["hasPassword"], true, "{link}");
    let slug = link["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    // The right password and a wrong one: anybody:open sesame, …
    let basic = |encoded: &str| format!("authorization: Basic {encoded}\r\n");
    let (right, wrong) = (basic("YW55Ym9keTpvcGVuIHNlc2FtZQ=="), basic("YW55Ym9keTpvcGVuIHNlc2FtZSE="));
    assert!(http_get(drive.address(), &format!("/l/{slug}"), &right).starts_with("HTTP/1.1 307 "));
    for (path, headers) in [
        (format!("/l/{slug}"), &*wrong),
        (format!("/l/{slug}/"), &*right),
        (format!("/l/{slug}/more?and=more"), ""),
        (format!("/L/{slug}"), ""),
        (format!("/%6c/{slug}"), ""),
        (format!("//l/{slug}"), ""),
        (format!("/public/v1/l/{slug}"), ""),
        (format!("/public/v1/drive/files/{slug}"), ""),
        (format!("/{slug}"), ""),
        (format!("/l/{slug}"), "authorization: Bearer x\r\n"),
    ] {
        http_get(drive.address(), &path, headers);
    }
    drive.ok(&["link", "list", &id]);
    let told = file_request(&drive);
    let token = drive.token.clone();
    assert_eq!(drive.stop(), Some(0));
    let mut secrets =
        vec![slug, "open sesame".into(), "YW55Ym9keTpvcGVuIHNlc2FtZ".into(), token, "argon2id".into()];
    secrets.extend(told);
    (std::fs::read_to_string(log).unwrap(), collector.spans().1, secrets)
}

/// Creates a file request and uses it. Returns its secrets.
fn file_request(drive: &Drive) -> [String; 2] {
    let inbox = drive.json(&["mkdir", "inbox"])["id"].as_str().unwrap().to_owned();
    let mut create = drive.client(&["request", "create", "--folder", &inbox, "--title", "t"]);
    let made = create.env("DRAY_REQUEST_PASSWORD", "open sesame").output().unwrap();
    let url = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let post = |route: &str, more: &[&str], password: &str| {
        let body = format!(r#"{{"password":"open sesame{password}"}}"#);
        let json = ["-sS", "-H", "content-type: application/json", "-d", &body, &format!("{url}/{route}")];
        let answer = Command::new("curl").args(json).args(more).output().unwrap();
        String::from_utf8(answer.stdout).unwrap()
    };
    for route in ["open", "submitters", "open/", "opened", "", "open?and=more"] {
        post(route, &[], "!");
    }
    let joined: Value = serde_json::from_str(&post("submitters", &[], "")).unwrap();
    let grant = joined["grant"].as_str().unwrap().to_owned();
    let bearer = format!("authorization: Bearer {grant}");
    assert!(
        post("open", &["-H", &bearer], "!").contains("maxFiles"),
        "a submitter need not enter the password"
    );
    let sent = Command::new("curl").args(["-sS", "-H", &bearer, &format!("{url}/uploads")]).output().unwrap();
    assert!(String::from_utf8(sent.stdout).unwrap().contains("nextCursor"));
    [url.rsplit('/').next().unwrap().to_owned(), grant]
}

#[test]
fn no_secret_is_logged_or_traced_at_any_level() {
    for database in [None, postgres().as_deref()].into_iter().take(1 + usize::from(postgres().is_some())) {
        let (log, traces, secrets) = everything_told(database);
        assert!(log.contains("answered") && log.contains("/l/{hidden}"), "it logs requests: {log}");
        assert!(traces.contains("GET /l/{slug}"), "it traces them");
        assert!(log.contains("/r/{hidden}") && traces.contains("POST /r/{slug}/open"), "file requests too");
        for secret in secrets {
            let found = log.lines().find(|line| line.contains(&secret));
            assert_eq!(found, None, "{secret} is in the log");
            assert!(!traces.contains(&secret), "{secret} is in a trace");
        }
    }
}
