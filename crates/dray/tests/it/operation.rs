//! Settings and measurements for operators: rate limits and metrics.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::drive::{Drive, dray, failed};

/// An address of this machine that nobody listens on.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A whole answer, its head and its body.
pub(crate) fn http_get(address: &str, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn too_many_requests_have_an_error_and_an_exit_code_of_their_own() {
    let drive = Drive::start_with(|serve| serve.args(["--rate-limit-per-token", "1/h"]));
    drive.ok(&["mkdir", "first"]);
    let (code, said) = failed(&mut drive.client(&["mkdir", "second"]));
    assert_eq!(code, 6, "{said}");
    assert!(
        said.contains(
            "Too many requests with this token and those that come from the same one; ask again in "
        ),
        "{said}"
    );
}

#[test]
fn a_rate_limited_upload_waits_and_continues() {
    let metrics = free_address();
    let drive = Drive::start_with(|serve| {
        serve.args(["--rate-limit-per-token", "4/s", "--metrics-listen", &metrics])
    });
    let names = ["a", "b", "c", "d"];
    for name in names {
        drive.file(name, 100);
    }
    drive.ok(&[&["upload"], &names[..]].concat());
    let scraped = http_get(&metrics, "/metrics", "");
    let refused =
        scraped.lines().find_map(|line| line.strip_prefix("dray_rate_limited_total{limit=\"token\"} "));
    assert_ne!(refused.unwrap(), "0", "twelve calls were not held back by four a second");
    assert!(scraped.contains("\ndray_items 4\n"), "{scraped}");
}

#[test]
fn the_first_start_of_an_empty_drive_speaks_of_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let file = std::fs::File::create(&log).unwrap();
    let mut drive = Drive::start_with(|serve| serve.env("RUST_LOG", "info").stderr(file));
    drive.stop();
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(said.contains("stopping") && !said.contains("names"), "{said}");
}

#[test]
fn an_invalid_rate_and_a_taken_address_are_refused_with_the_name_of_the_setting() {
    let folder = tempfile::tempdir().unwrap();
    let serve = |arguments: &[&str]| {
        let mut command = dray();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path().join("data"));
        command.args(arguments);
        command
    };
    let (code, said) = failed(&mut serve(&["--rate-limit-per-address", "100"]));
    assert_eq!(code, 2);
    assert!(said.contains("--rate-limit-per-address") && said.contains("such as 100/s or 6000/m"), "{said}");
    let (code, said) = failed(&mut serve(&["--log-level", "blah"]));
    assert!(
        code == 2 && said.contains("--log-level") && said.contains("`blah` is not a level"),
        "{code} {said}"
    );
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, said) = failed(&mut serve(&["--metrics-listen", &taken.local_addr().unwrap().to_string()]));
    assert_eq!(code, 1);
    assert!(said.contains("another program listens") && said.contains("--metrics-listen"), "{said}");
    let (code, said) = failed(&mut serve(&["--otlp-endpoint", "collector:4318"]));
    assert_eq!(code, 2);
    assert!(said.contains("--otlp-endpoint must be an address such as http://localhost:4318"), "{said}");
}
