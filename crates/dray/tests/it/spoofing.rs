//! A hostile server that tries to attack the terminal of its client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Output;
use std::thread;

use serde_json::{Value, json};

use crate::drive::dray;

const ID: &str = "65a1b2c3d4e5f60718293a4b";
/// It would clear the screen, set the title, end the line, reorder it, and hide text in it.
const NAME: &str = "a\u{1b}[2J\u{1b}]0;x\u{7}\r\nb\u{9b}31m\u{7f}\u{202e}fdp\u{200b}\u{e0041}.exe";
const TIME: &str = "2026-01-31T12:00:00.000Z";

fn item() -> Value {
    json!({ "id": ID, "name": NAME, "type": "file", "owner": ID, "mimeType": NAME, "fileSize": 3, "createdAt": NAME,
            "updatedAt": TIME, "hasChildren": false, "children": [] })
}

/// The server's answer for a path. A status other than 200 is an error.
fn said(path: &str) -> (u16, Value) {
    let refusal = json!({ "statusCode": 403, "error": NAME, "code": "missing_scope", "message": NAME });
    let link = json!({ "id": ID, "itemId": ID, "url": NAME, "hasPassword": false, "downloads": 0, "createdBy": ID, "createdAt": NAME,
                       "expiresAt": NAME });
    let participant =
        json!({ "userId": ID, "name": NAME, "email": NAME, "role": "member", "createdAt": TIME });
    let upload = json!({ "uploadId": NAME, "fileKey": NAME, "status": "open", "fileName": NAME, "fileSize": 3,
                         "mimeType": NAME, "partSize": 5, "createdAt": NAME, "expiresAt": NAME, "parts": [] });
    let page = |items: Value| json!({ "items": items, "nextCursor": null });
    let answer = match path.split('?').next().unwrap_or_default() {
        "/drive/tree" => {
            json!({ "root": [item()], "totalItems": 1, "truncated": true, "nextParentIds": [ID] })
        }
        "/drive/folders/root/children" | "/drive/shared" => page(json!([item()])),
        "/drive/search" => json!({ "hits": [item()], "totalHits": 1, "totalIsExact": true, "query": NAME }),
        "/drive/trash" => {
            let mut trashed = item();
            trashed["trashedAt"] = NAME.into();
            trashed["removedAt"] = NAME.into();
            page(json!([trashed]))
        }
        "/drive/uploads" => json!({ "uploads": [upload], "nextCursor": null }),
        "/drive/files/upload/multipart/parts" => upload,
        "/drive/usage" => return (403, refusal),
        path if path.ends_with("/links") => json!({ "links": [link] }),
        path if path.ends_with("/participants") => json!({ "participants": [participant] }),
        path if path.starts_with("/drive/files/") => item(),
        _ => return (403, refusal),
    };
    (200, answer)
}

/// Serves until the test's process ends. Returns its address.
fn serve(said: fn(&str) -> (u16, Value)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || answer(stream.unwrap(), said));
        }
    });
    url
}

fn answer(mut stream: TcpStream, said: fn(&str) -> (u16, Value)) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut first, mut length) = (String::new(), 0);
        reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        reader.read_exact(&mut vec![0; length]).ok()?;
        let path = first.split(' ').nth(1)?.strip_prefix("/public/v1")?.to_owned();
        let (status, body) = said(&path);
        let body = body.to_string();
        write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n{body}", body.len()).ok()?;
    }
}

fn run(url: &str, arguments: &[&str]) -> Output {
    let mut command = dray();
    command.env("DRAY_URL", url).env("DRAY_TOKEN", "cp_pat_x").args(arguments).output().unwrap()
}

const COMMANDS: [&[&str]; 11] = [
    &["tree"],
    &["ls"],
    &["shared"],
    &["search", "x"],
    &["get", ID],
    &["trash", "list"],
    &["share", "list", ID],
    &["link", "list", ID],
    &["uploads", "list"],
    &["usage"],
    &["mkdir", "x"],
];

#[test]
fn no_command_prints_characters_that_a_terminal_acts_on() {
    let url = serve(said);
    for arguments in COMMANDS {
        for more in [&[][..], &["--json"]] {
            let output = run(&url, &[arguments, more].concat());
            let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            let harm: Vec<_> = printed
                .chars()
                .filter(|c| (c.is_control() && *c != '\n') || "\u{202e}\u{200b}\u{e0041}".contains(*c))
                .collect();
            assert!(harm.is_empty(), "{arguments:?} {more:?}: {harm:?} in {printed}");
            assert!(
                printed.contains("u{1b}") || printed.contains("u001b"),
                "{arguments:?} {more:?}: {printed}"
            );
            // A line end in a name must not begin a new line.
            assert!(printed.lines().all(|line| !line.starts_with('b')), "{printed}");
        }
    }
}

#[test]
fn programs_get_the_exact_name() {
    let url = serve(said);
    let printed = run(&url, &["get", ID, "--json"]).stdout;
    let item: Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!(item["name"], NAME);
    assert!(printed.is_ascii());
}

#[test]
fn wrong_arguments_are_shown_safely_and_secrets_are_not() {
    let output = run("http://127.0.0.1:1", &["get", "\u{1b}[2Jx"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!output.stderr.contains(&0x1b));
    let output = run("http://127.0.0.1:1", &["serve", "--webhook-secret", "whsec_mine"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!String::from_utf8(output.stderr).unwrap().contains("whsec_mine"));
}

#[test]
fn an_endless_list_is_given_up() {
    let url = serve(|_| (200, json!({ "items": [], "uploads": [], "nextCursor": "again" })));
    for arguments in
        [&["ls"][..], &["shared"], &["trash", "list"], &["uploads", "list"], &["uploads", "abort", "--all"]]
    {
        let output = run(&url, arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && said.contains("does not end"), "{arguments:?}: {said}");
    }
}
