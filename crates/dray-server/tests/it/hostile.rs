//! Two hundred hostile names, in every text that somebody can send. The server stores and returns each exactly, or
//! refuses it with a clear 4xx. No header is split, and a download is saved under the file's own name.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::acts::{id, ids};
use crate::world::{Actor, Answer, World, refusal};

/// Characters that are put into the middle of a name, one at a time.
const INSIDE: &str = "/\\:*?\"<>|'`$&;,()[]{}!#%^~=+@\u{a0}\u{ad}\u{300}\u{34f}\u{600}\u{61c}\u{6dd}\u{180e}\
    \u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2024}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\
    \u{202f}\u{2044}\u{2060}\u{2061}\u{2066}\u{2067}\u{2068}\u{2069}\u{206a}\u{2215}\u{3000}\u{fe0f}\u{fe68}\
    \u{feff}\u{ff0e}\u{ff0f}\u{ff3c}\u{fff9}\u{fffc}\u{fffd}\u{fffe}\u{ffff}\u{1d173}\u{e0001}\u{e0041}\
    \u{e000}\u{1fffe}\u{10ffff}";

const WHOLE: [&str; 72] = [
    "",
    " ",
    "\t",
    ".",
    "..",
    "...",
    ". .",
    "a.",
    "a ",
    " a",
    ".a",
    "~",
    "-",
    "-rf",
    "--help",
    "CON",
    "nul.txt",
    "COM1",
    "LPT9.log",
    "$HOME",
    "`id`",
    "$(id)",
    "a;id",
    "a|id",
    "a&&id",
    "../a",
    "..\\a",
    "/etc/passwd",
    "C:\\a",
    "C:",
    "\\\\host\\share",
    "file:///etc/passwd",
    "%2e%2e%2f",
    "%2F",
    "%00",
    "%0d%0aset-cookie: a=b",
    "a\r\nset-cookie: a=b",
    "a\r\n\r\n<script>",
    "a\nb",
    "a\rb",
    "a\"; filename=\"b",
    "a\\\"; filename=\"b",
    "a'; filename*=UTF-8''b",
    "\"",
    "\"\"",
    "a\"",
    "'",
    "''",
    "' or 1=1 --",
    "'; drop table items; --",
    "$1",
    "?1",
    ":a",
    "@a",
    "{{7*7}}",
    "${jndi:ldap://a}",
    "%s%n%x",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&amp;",
    "]]>",
    "<?xml?>",
    "=1+1",
    "null",
    "undefined",
    "true",
    "0",
    "-1",
    "1e999",
    "nai\u{308}ve.txt",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "👨‍👩‍👧‍👦 🇨🇭 文件 отчёт ملف קובץ ไฟล์ 파일",
];

/// Long names, in characters of each size, at the limit and beyond it. Hangul decomposes into three letters each.
fn long_names() -> Vec<String> {
    let mut names = Vec::new();
    for c in ["a", "é", "각", "文", "\u{fdfa}", "🙂", "𝒜", "e\u{301}", "9", " a", "a."] {
        let most = 255 / c.chars().count();
        names.push(c.repeat(most));
        names.push(c.repeat(256));
    }
    names.push(format!("{}.txt", "x".repeat(251)));
    names.push("a".repeat(100_000));
    names
}

fn hostile() -> Vec<String> {
    let controls = (0..0x20).chain(0x7f..0xa0).filter_map(char::from_u32);
    let inside = controls.chain(INSIDE.chars()).map(|c| format!("a{c}b.txt"));
    let names: BTreeSet<_> =
        WHOLE.iter().map(|&name| name.to_owned()).chain(inside).chain(long_names()).collect();
    assert!(names.len() >= 200, "{}", names.len());
    names.into_iter().collect()
}

/// HTTP clients refuse to send addresses of more than 64 KiB.
fn fits_an_address(text: &str) -> bool {
    text.len() < 10_000
}

/// Checks that a refusal is clear and about the name; `true` if the name was accepted.
fn is_taken(answer: &Answer, name: &str, field: &str) -> bool {
    if answer.status == 200 {
        return true;
    }
    let message = answer.body["message"].as_str().unwrap_or_default();
    assert!(message.starts_with(field) && message.contains("must"), "{name:?}: {}", answer.body);
    assert_eq!((answer.status.as_u16(), &answer.body["code"]), (400, &json!("invalid_name")), "{name:?}");
    false
}

/// A second implementation of the rules: which of the two hundred may be a name.
fn may_be_a_name(name: &str) -> bool {
    // Characters that reorder the text around them. Direction marks (U+061C, U+200E, U+200F) do not.
    let bidi = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}');
    let forbidden = |c: char| c.is_control() || "/\\\u{2028}\u{2029}".contains(c) || bidi(c);
    !name.trim().is_empty()
        && name != "."
        && name != ".."
        && name.chars().count() <= 255
        && !name.contains(forbidden)
}

#[tokio::test]
async fn a_folders_name_is_stored_and_returned_exactly_or_refused() {
    let world = World::start().await;
    let owner = world.owner();
    let parent = owner.folder("parent", None).await;
    let mut made = BTreeSet::new();
    for name in hostile() {
        let answer = owner.post("/drive/folders", &json!({ "name": name, "parentId": parent })).await;
        let is_taken = is_taken(&answer, &name, "name ");
        assert_eq!(is_taken, may_be_a_name(&name), "{name:?}");
        if is_taken {
            assert_eq!(answer.body["name"], json!(name));
            assert_eq!(owner.item(&id(&answer.body)).await, answer.body, "{name:?}");
            check_found(&owner, &name, &id(&answer.body)).await;
            made.insert(name);
        }
    }
    assert_eq!(owner.listed(&parent).await.into_iter().collect::<BTreeSet<_>>(), made);
    let tree = owner.query("/drive/tree", &[("parentId", &parent)]).await.ok();
    assert_eq!(crate::acts::names(&tree["root"]).into_iter().collect::<BTreeSet<_>>(), made);
    let by_page = owner.pages(&format!("/drive/folders/{parent}/children"), &[], 3).await;
    assert_eq!(by_page.len(), made.len(), "cursors carry every name");
}

/// A name with a letter or a digit is found by the whole name.
async fn check_found(actor: &Actor, name: &str, id: &str) {
    let found = actor.query("/drive/search", &[("q", name), ("limit", "50")]).await.ok();
    assert_eq!(found["query"], json!(name));
    if name.contains(char::is_alphanumeric) && found["totalHits"].as_u64().unwrap() <= 50 {
        assert!(ids(found["hits"].as_array().unwrap()).contains(&id.to_owned()), "{name:?} {found}");
    }
}

#[tokio::test]
async fn a_new_name_is_returned_exactly_or_refused_and_then_the_old_one_stays() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("before", None).await;
    let mut before = json!("before");
    for name in hostile() {
        let answer = owner.change(&folder, &json!({ "name": name })).await;
        if is_taken(&answer, &name, "name ") {
            before = json!(name);
        }
        assert_eq!(owner.item(&folder).await["name"], before);
    }
}

#[tokio::test]
async fn a_download_is_saved_under_the_files_own_name_and_no_header_is_split() {
    let world = World::start().await;
    let owner = world.owner();
    let plain = headers_of(&world, &owner, &owner.file("plain", None).await).await;
    let plain: BTreeSet<_> = plain.keys().map(|name| name.as_str().to_owned()).collect();
    for name in hostile() {
        let body =
            json!({ "fileName": name, "fileSize": 1, "mimeType": "text/html", "onConflict": "rename" });
        let answer = owner.step("start", &body).await;
        let is_taken = is_taken(&answer, &name, "fileName ");
        assert_eq!(is_taken, may_be_a_name(&name), "{name:?}");
        if !is_taken {
            continue;
        }
        let upload = crate::world::Started::of(&answer.body);
        let listed = owner.put_parts(&upload, &[vec![7]]).await;
        let item = owner.finalize(&upload, &listed).await.ok();
        assert_eq!(item["name"], json!(name));
        let headers = headers_of(&world, &owner, &id(&item)).await;
        assert_eq!(
            headers.keys().map(|name| name.as_str().to_owned()).collect::<BTreeSet<_>>(),
            plain,
            "{name:?}"
        );
        check_disposition(&headers, &name);
    }
}

async fn headers_of(world: &World, actor: &Actor, id: &str) -> HeaderMap {
    let response = world.http.get(actor.download_url(id).await).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.headers().clone()
}

/// RFC 6266: a plain form that contains nothing outside of its quotes, and the exact name in the extended form
/// (RFC 8187), in its allowed characters.
fn check_disposition(headers: &HeaderMap, name: &str) {
    let values: Vec<_> = headers.get_all("content-disposition").iter().collect();
    assert_eq!(values.len(), 1);
    let rest = values[0].to_str().unwrap().strip_prefix("attachment; filename=\"").unwrap();
    let (quoted, extended) = rest.split_once("\"; filename*=UTF-8''").unwrap();
    assert!(quoted.chars().all(|c| (' '..='~').contains(&c) && !"\"\\%".contains(c)), "{quoted}");
    assert_eq!(quoted.chars().count(), name.chars().count());
    let attr_char = |c: char| c.is_ascii_alphanumeric() || "!#$&+-.^_`|~%".contains(c);
    assert!(extended.chars().all(attr_char), "{extended}");
    assert_eq!(percent_decode_str(extended).decode_utf8().unwrap(), name);
    assert_eq!(headers["content-type"], "text/html");
    assert_eq!(headers["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn a_tokens_name_is_listed_exactly_or_refused() {
    let world = World::start().await;
    let owner = world.owner();
    let mut made = BTreeSet::new();
    for name in hostile() {
        let answer = owner.post("/tokens", &json!({ "name": name, "scopes": ["drive_read"] })).await;
        if answer.status == 200 {
            assert_eq!(answer.body["name"], json!(name));
            made.insert(name);
        } else {
            assert_eq!(answer.refused_for("name must"), refusal(400, "invalid_field"), "{name:?}");
        }
    }
    let listed = owner.get("/tokens").await.ok();
    let listed: BTreeSet<_> = crate::acts::names(&listed["tokens"])[1..].iter().cloned().collect();
    assert_eq!(listed, made);
}

#[tokio::test]
async fn every_search_text_is_returned_exactly_or_refused() {
    let world = World::start().await;
    let owner = world.owner();
    owner.folder("a", None).await;
    for text in hostile().into_iter().filter(|text| fits_an_address(text)) {
        for (path, name) in [("/drive/search", "q"), ("/workspace/members", "q")] {
            let answer = owner.query(path, &[(name, &text)]).await;
            if answer.status == 200 {
                assert!(path != "/drive/search" || answer.body["query"] == json!(text), "{text:?}");
            } else {
                assert_eq!(answer.refused_for("q "), refusal(400, "invalid_parameter"), "{text:?}");
            }
        }
    }
}

/// Texts that are not stored: each is a clear 4xx, or has no effect.
#[tokio::test]
async fn every_other_text_that_is_hostile_is_a_clear_4xx() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let (upload, listed) = owner.put_with("b", b"b", &json!({})).await;
    for text in hostile() {
        let mut finalize = upload.body(&json!({ "parts": listed }));
        for field in ["uploadId", "fileKey"] {
            let whole = std::mem::replace(&mut finalize[field], json!(text));
            for step in ["finalize", "presigned-urls", "parts", "abort"] {
                let answer = owner.step(step, &finalize).await;
                // Signing needs a number of parts, and looks for the upload before or after that check.
                assert!(matches!(answer.refused(), (400 | 404, _)), "{field} {text:?}");
            }
            finalize[field] = whole;
        }
        let etag = json!([{ "partNumber": 1, "eTag": text }]);
        assert_eq!(owner.finalize(&upload, &etag).await.refused().0, 400, "{text:?}");
        for (field, body) in [
            ("mimeType", json!({ "fileName": "c", "fileSize": 1, "mimeType": text })),
            ("onConflict", json!({ "fileName": "c", "fileSize": 1, "mimeType": "a/b", "onConflict": text })),
            ("parentId", json!({ "fileName": "c", "fileSize": 1, "mimeType": "a/b", "parentId": text })),
            (
                "checksum",
                json!({ "fileName": "c", "fileSize": 1, "mimeType": "a/b", "checksum": { "crc64nvme": text } }),
            ),
        ] {
            let answer = owner.step("start", &body).await;
            let is_type = field == "mimeType" && ["", "a/b.txt", "../a"].contains(&&*text);
            assert!(is_type || answer.refused().0 == 400, "{field} {text:?}");
        }
        for (method, path, body) in [
            ("PATCH", format!("/drive/files/{file}"), json!({ "parentId": text })),
            ("POST", "/drive/folders".to_owned(), json!({ "name": "f", "parentId": text })),
            ("POST", format!("/drive/files/{file}/links"), json!({ "expiresAt": text })),
            ("PUT", format!("/drive/files/{file}/participants/{file}"), json!({ "role": text })),
            ("POST", "/tokens".to_owned(), json!({ "name": "t", "scopes": [text] })),
            (
                "POST",
                "/tokens".to_owned(),
                json!({ "name": "t", "scopes": ["drive_read"], "folderId": text }),
            ),
            (
                "POST",
                "/tokens".to_owned(),
                json!({ "name": "t", "scopes": ["drive_read"], "expiresAt": text }),
            ),
        ] {
            let request = owner.request(method.parse::<Method>().unwrap(), &path).json(&body);
            assert_eq!(Answer::of(request).await.refused().0, 400, "{method} {path} {body}");
        }
        if !fits_an_address(&text) {
            continue;
        }
        for parameter in ["cursor", "limit", "sortBy", "sortOrder"] {
            let answer = owner.query("/drive/folders/root/children", &[(parameter, &text)]).await;
            let is_number = parameter == "limit" && text.parse::<u32>().is_ok_and(|n| n > 0);
            assert!(is_number || answer.refused_for(parameter).0 == 400, "{parameter} {text:?}");
        }
        for path in ["/drive/uploads", "/drive/trash", "/drive/shared"] {
            let answer = owner.query(path, &[("cursor", &text)]).await;
            assert_eq!(answer.refused_for("cursor"), refusal(400, "invalid_parameter"), "{path} {text:?}");
        }
    }
    assert_eq!(owner.finalize(&upload, &listed).await.ok()["name"], "b");
    assert_eq!(owner.get("/tokens").await.ok()["tokens"].as_array().unwrap().len(), 1);
}

/// In an address, the text takes the place of an id, a slug or the name of a file.
#[tokio::test]
async fn whatever_is_in_a_path_is_a_clear_4xx_in_the_envelope() {
    let world = World::start().await;
    let encoded = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let texts = hostile().into_iter().filter(|text| fits_an_address(text) && text != "." && text != "..");
    let paths = texts.map(|text| encoded(&text)).chain([
        "%ff".to_owned(),
        "%c0%af".to_owned(),
        "%ed%a0%80".to_owned(),
    ]);
    for text in paths {
        for path in [
            format!("/public/v1/drive/files/{text}"),
            format!("/public/v1/drive/files/{text}/links"),
            format!("/public/v1/drive/files/0123456789abcdef01234567/participants/{text}"),
            format!("/public/v1/drive/files/0123456789abcdef01234567/links/{text}"),
            format!("/public/v1/drive/folders/{text}/children"),
            format!("/public/v1/drive/trash/{text}"),
            format!("/public/v1/tokens/{text}"),
            format!("/public/v1/{text}"),
            format!("/l/{text}"),
            format!("/assets/{text}"),
            format!("/kit/{text}"),
        ] {
            for method in [Method::GET, Method::DELETE] {
                let url = format!("{}{path}", world.url);
                let token = world.owner().request(Method::GET, "/").build().unwrap();
                let request = world.http.request(method, url).headers(token.headers().clone());
                let answer = Answer::of(request).await;
                assert!(answer.headers.get("set-cookie").is_none());
                assert!(matches!(answer.refused().0, 400 | 404 | 405), "{path}");
            }
        }
    }
}

/// A password may be anything that is neither too short nor too long, and is compared exactly.
#[tokio::test]
async fn a_links_password_is_exactly_what_it_was_made_with() {
    let world = World::start().await;
    let owner = world.owner();
    let (mut file, mut links) = (owner.file("a", None).await, 0);
    for password in hostile().into_iter().step_by(4) {
        let is_short = (1..8).contains(&password.chars().count());
        let password = if is_short { format!("{password}padding") } else { password };
        let path = format!("/drive/files/{file}/links");
        let answer = owner.post(&path, &json!({ "password": password })).await;
        if !(8..=200).contains(&password.chars().count()) {
            assert_eq!(answer.refused_for("password"), refusal(400, "invalid_field"), "{password:?}");
            continue;
        }
        let url: Value = answer.ok()["url"].clone();
        let get =
            |password: &str| world.http.get(url.as_str().unwrap()).basic_auth("", Some(password.to_owned()));
        assert_eq!(get(&password).send().await.unwrap().status(), 200, "{password:?}");
        let wrong = Answer::of(get(&format!("{password}x"))).await;
        assert_eq!(wrong.refused(), refusal(401, "link_password"), "{password:?}");
        links += 1;
        if links % 90 == 0 {
            file = owner.file("a", None).await;
        }
    }
    assert!(links > 30, "{links}");
}
