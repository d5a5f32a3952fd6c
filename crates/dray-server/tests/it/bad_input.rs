//! Invalid input: the answer is a clear 4xx that names the field, at once, and nothing is stored.

use reqwest::Method;
use serde_json::{Value, json};

use crate::requests::visit;
use crate::world::{Answer, World, refusal};

const START: &str = "/drive/files/upload/multipart/start";

fn start(field: &str, value: Value) -> Value {
    let mut body = json!({ "fileName": "a", "fileSize": 1, "mimeType": "a/b" });
    body[field] = value;
    body
}

#[tokio::test]
async fn a_wrong_value_in_start_names_its_field() {
    let world = World::start().await;
    let cases = [
        ("fileSize", json!(-1), "invalid_field"),
        ("fileSize", json!(1.5), "invalid_field"),
        ("fileSize", json!("1"), "invalid_field"),
        ("fileSize", json!(null), "invalid_field"),
        ("fileSize", json!(1e300), "invalid_field"),
        ("fileSize", json!((5_u64 << 40) + 1), "file_too_large"),
        ("fileSize", json!(u64::MAX), "file_too_large"),
        ("fileName", json!(""), "invalid_name"),
        ("fileName", json!("a/b"), "invalid_name"),
        ("fileName", json!("a\\b"), "invalid_name"),
        ("fileName", json!("a\u{0}b"), "invalid_name"),
        ("fileName", json!("a\r\nb"), "invalid_name"),
        ("fileName", json!(".."), "invalid_name"),
        ("fileName", json!("n".repeat(256)), "invalid_name"),
        ("fileName", json!("a\u{202e}b"), "invalid_name"),
        ("fileName", json!(7), "invalid_field"),
        ("mimeType", json!("pdf"), "invalid_field"),
        ("mimeType", json!("a/b\r\nx: y"), "invalid_field"),
        ("mimeType", json!("image/*"), "invalid_field"),
        ("parentId", json!("0123456789abcdef0123456"), "invalid_field"),
        ("parentId", json!(7), "invalid_field"),
    ];
    for (field, value, code) in cases {
        let answer = world.owner().post(START, &start(field, value.clone())).await;
        assert_eq!(answer.refused_for(field), refusal(400, code), "{field} {value}");
    }
}

#[tokio::test]
async fn a_file_where_a_folder_belongs_is_named_by_its_own_field() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    for (path, body) in [
        ("/tokens", json!({ "name": "n", "scopes": ["drive_read"], "folderId": file })),
        ("/drive/grants", json!({ "folderId": file })),
        ("/drive/requests", json!({ "folderId": file, "title": "t" })),
    ] {
        assert_eq!(
            owner.post(path, &body).await.refused_for("folderId"),
            refusal(400, "not_a_folder"),
            "{path}"
        );
    }
    let listed = owner.query("/drive/requests", &[("folderId", &file)]).await;
    assert_eq!(listed.refused_for("folderId is a file"), refusal(400, "not_a_folder"));
    let children = owner.get(&format!("/drive/folders/{file}/children")).await;
    assert_eq!(children.refused_for("id is a file"), refusal(400, "not_a_folder"));
    for answer in [
        owner.post("/drive/folders", &json!({ "name": "a", "parentId": file })).await,
        owner.query("/drive/tree", &[("parentId", &file)]).await,
        owner.post(START, &start("parentId", json!(file))).await,
        owner.change(&owner.folder("f", None).await, &json!({ "parentId": file })).await,
    ] {
        assert_eq!(answer.refused_for("parentId is a file"), refusal(400, "not_a_folder"));
    }
}

#[tokio::test]
async fn a_number_out_of_range_is_told_the_range_of_its_field() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let request = |field: &str| json!({ "folderId": folder, "title": "t", field: -1 });
    for (path, body, message) in [
        (START, start("fileSize", json!(-1)), "fileSize must be a whole number from 0 to 5497558138880."),
        ("/drive/grants", json!({ "maxFiles": -1 }), "maxFiles must be a whole number from 1 to 10000."),
        (
            "/drive/grants",
            json!({ "maxBytes": 1.5 }),
            "maxBytes must be a whole number from 0 to 9007199254740991.",
        ),
        (
            "/drive/requests",
            request("maxSubmitters"),
            "maxSubmitters must be a whole number from 1 to 10000.",
        ),
        (
            "/drive/requests",
            request("maxTotalFiles"),
            "maxTotalFiles must be a whole number from 1 to 1000000.",
        ),
    ] {
        let answer = owner.post(path, &body).await;
        assert_eq!(answer.body["message"], message);
        assert_eq!(answer.refused(), refusal(400, "invalid_field"));
    }
    let whole = r#"{"fileName":"a","fileSize":100.0,"mimeType":"a/b"}"#;
    Answer::of(owner.request(Method::POST, START).header("content-type", "application/json").body(whole))
        .await
        .ok();
}

#[tokio::test]
async fn texts_of_people_that_deceive_or_show_nothing_are_refused() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let asking = json!({ "folderId": folder, "title": "t", "asksName": "required", "asksEmail": "required", "folderEach": true });
    let made = owner.post("/drive/requests", &asking).await.ok();
    let page = format!("/r/{}/submitters", made["url"].as_str().unwrap().rsplit('/').next().unwrap());
    for text in ["\u{200b}", "\u{202e}gpj.exe", "a\u{2066}b", "\u{3164} \u{ad}", "a\u{0}b"] {
        let name = visit(&world, &page, &json!({ "name": text, "email": "a@b.c" })).await;
        assert_eq!(name.refused_for("name"), refusal(400, "invalid_field"), "{text:?}");
        let email = visit(&world, &page, &json!({ "name": "n", "email": format!("{text}@b.c") })).await;
        assert_eq!(email.refused_for("email"), refusal(400, "invalid_field"), "{text:?}");
        for (path, field, body) in [
            ("/drive/requests", "title", json!({ "folderId": folder, "title": text })),
            ("/drive/requests", "message", json!({ "folderId": folder, "title": "t", "message": text })),
            ("/tokens", "name", json!({ "name": text, "scopes": ["drive_read"] })),
            ("/drive/grants", "externalId", json!({ "externalId": text })),
        ] {
            let answer = owner.post(path, &body).await;
            assert_eq!(answer.refused_for(field), refusal(400, "invalid_field"), "{path} {text:?}");
        }
    }
}

#[tokio::test]
async fn a_header_that_decides_something_is_sent_once() {
    let world = World::start().await;
    let owner = world.owner();
    let twice = owner.request(Method::GET, "/workspace/info").header("authorization", "Bearer cp_pat_other");
    assert_eq!(Answer::of(twice).await.refused_for("more than once"), refusal(401, "invalid_token"));
    let body = json!({ "name": "f" }).to_string();
    let folder = || owner.request(Method::POST, "/drive/folders").header("content-type", "application/json");
    let two_types = folder().header("content-type", "text/plain").body(body.clone());
    assert_eq!(Answer::of(two_types).await.refused(), refusal(415, "unsupported_media_type"));
    let two_keys = folder().header("idempotency-key", "a").header("idempotency-key", "a").body(body);
    assert_eq!(Answer::of(two_keys).await.refused_for("Idempotency-Key"), refusal(400, "invalid_parameter"));
    let query = owner.get("/drive/search?q=%FF").await;
    assert_eq!(query.refused_for("UTF-8"), refusal(400, "invalid_parameter"));
}

#[tokio::test]
async fn no_cache_keeps_errors_and_secrets() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let folder = owner.folder("f", None).await;
    let token = json!({ "name": "n", "scopes": ["drive_read"] });
    let request = json!({ "folderId": folder, "title": "t" });
    for answer in [
        owner.get("/drive/files/0123456789abcdef01234567").await,
        owner.get("/no-such-route").await,
        world.anonymous().get("/drive/tree").await,
        owner.post("/tokens", &token).await,
        owner.post("/drive/grants", &json!({})).await,
        owner.post("/drive/requests", &request).await,
        owner.get("/drive/requests").await,
        owner.get(&format!("/drive/files/{file}/links")).await,
        owner.get(&format!("/drive/files/{file}/download")).await,
        owner.post(START, &json!({})).await,
    ] {
        assert_eq!(answer.headers["cache-control"], "no-store", "{}", answer.body);
    }
    assert_eq!(owner.get("/drive/tree").await.headers["cache-control"], "private, no-cache");
}

#[tokio::test]
async fn a_missing_field_is_named() {
    let world = World::start().await;
    for field in ["fileName", "fileSize", "mimeType"] {
        let mut body = start("fileName", json!("a"));
        body.as_object_mut().unwrap().remove(field);
        assert_eq!(world.owner().post(START, &body).await.refused_for(field), refusal(400, "invalid_field"));
    }
}

#[tokio::test]
async fn a_wrong_part_list_names_the_place_and_leaves_the_upload_usable() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    let good = owner.put_parts(&upload, &[b"abc".to_vec()]).await;
    let part = |number: Value| json!([{ "partNumber": number, "eTag": "x" }]);
    let huge: Vec<Value> = (1..=10_001).map(|n| json!({ "partNumber": n, "eTag": "x" })).collect();
    let cases = [
        (part(json!(-1)), "parts[0].partNumber"),
        (part(json!(0)), "parts[0].partNumber"),
        (part(json!(10_001)), "parts[0].partNumber"),
        (part(json!(1_u64 << 31)), "parts[0].partNumber"),
        (part(json!(1_u64 << 63)), "parts[0].partNumber"),
        (part(json!(1.5)), "parts[0].partNumber"),
        (part(json!("1")), "parts[0].partNumber"),
        (json!([{ "eTag": "x" }]), "parts[0].partNumber is required"),
        (json!([[1, "x"]]), "parts[0] must be an object"),
        (json!([]), "parts"),
        (json!([good[0], good[0]]), "parts"),
        (json!(huge), "parts"),
        (json!("all"), "parts"),
    ];
    for (parts, field) in cases {
        let answer = owner.finalize(&upload, &parts).await;
        assert_eq!(answer.refused_for(field), refusal(400, "invalid_field"), "{field}");
    }
    owner.finalize(&upload, &good).await.ok();
}

/// This value with one of its values replaced by one of another kind, in every way. Each comes with whether a list of the
/// values of an object took the object's place.
fn of_another_kind(value: &Value) -> Vec<(Value, bool)> {
    let mut changed: Vec<(Value, bool)> =
        [json!(null), json!({}), json!([]), json!([[]]), json!("\u{0}"), json!(-1), json!(1.5), json!(true)]
            .map(|other| (other, false))
            .into();
    match value {
        Value::Object(members) => {
            changed.push((members.values().cloned().collect(), true));
            for (key, inner) in members {
                changed.extend(of_another_kind(inner).into_iter().map(|(other, is_list)| {
                    let mut members = members.clone();
                    members.insert(key.clone(), other);
                    (Value::Object(members), is_list)
                }));
            }
        }
        Value::Array(values) => {
            for (at, inner) in values.iter().enumerate() {
                changed.extend(of_another_kind(inner).into_iter().map(|(other, is_list)| {
                    let mut values = values.clone();
                    values[at] = other;
                    (Value::Array(values), is_list)
                }));
            }
        }
        _ => {}
    }
    changed
}

/// The routes that have a body, each with an example of it, by the API's own document.
async fn bodies(world: &World) -> Vec<(Method, String, Value)> {
    let document = Answer::of(world.http.get(format!("{}/openapi.json", world.url))).await.ok();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, route) in methods.as_object().unwrap() {
            let example = &route["requestBody"]["content"]["application/json"]["example"];
            if !example.is_null() {
                let path = path.replace("{userId}", "{id}").replace("{id}", "0123456789abcdef01234567");
                let path = path.replace("/public/v1", "");
                found.push((method.to_uppercase().parse().unwrap(), path, example.clone()));
            }
        }
    }
    found
}

#[tokio::test]
async fn a_value_of_another_kind_anywhere_in_a_body_is_refused_in_words_that_are_not_rusts() {
    let world = World::start().await;
    let owner = world.owner();
    let bodies = bodies(&world).await;
    assert!(bodies.len() >= 15, "{}", bodies.len());
    let mut refused = 0;
    for (method, path, example) in bodies.into_iter().filter(|(_, path, _)| !path.starts_with("/r/")) {
        for (body, is_list) in of_another_kind(&example) {
            let answer = Answer::of(owner.request(method.clone(), &path).json(&body)).await;
            let message = answer.body["message"].as_str().unwrap_or_default().to_owned();
            let what = format!("{method} {path} {body}: {}", answer.body);
            assert!(answer.status.as_u16() < 500, "{what}");
            assert!(!is_list || (answer.status == 400 && message.ends_with("must be an object.")), "{what}");
            let words = [
                "struct",
                "enum",
                "u8",
                "u16",
                "u32",
                "u64",
                "i64",
                "Option",
                "invalid type",
                "expected",
                "variant",
            ];
            let told =
                message.split(|c: char| !c.is_ascii_alphanumeric() && c != ' ').collect::<Vec<_>>().join(" ");
            let is_told = |word: &str| format!(" {told} ").contains(&format!(" {word} "));
            assert!(!words.into_iter().any(is_told), "{what}");
            refused += usize::from(answer.status == 400);
        }
    }
    assert!(refused > 300, "{refused}");
}

async fn raw(world: &World, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = world.owner().request(Method::POST, START);
    Answer::of(request.header("content-type", content_type).body(body)).await
}

#[tokio::test]
async fn bodies_that_are_not_json_are_refused() {
    let world = World::start().await;
    for body in ["", "{", "{\"fileName\": \"a\"} x", "\u{feff}{}", "{'a': 1}"] {
        let answer = raw(&world, "application/json", body).await;
        assert_eq!(answer.refused().0, 400, "{body}");
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep = format!("{{\"fileName\": \"a\", \"fileSize\": 1, \"mimeType\": \"a/b\", \"x\": {deep}}}");
    assert_eq!(raw(&world, "application/json", deep).await.refused(), refusal(400, "invalid_json"));
    let surrogate = r#"{"fileName": "\ud800", "fileSize": 1, "mimeType": "a/b"}"#;
    assert_eq!(raw(&world, "application/json", surrogate).await.refused().0, 400);
    for body in ["[]", "7", "null", "\"a\""] {
        assert_eq!(
            raw(&world, "application/json", body).await.refused(),
            refusal(400, "invalid_field"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_list_is_refused_as_a_body_even_with_the_fields_in_order() {
    let world = World::start().await;
    let list = json!(["report.pdf", 1, "application/pdf", null, "keep", null]);
    assert_eq!(
        world.owner().step("start", &list).await.refused_for("The body"),
        refusal(400, "invalid_field")
    );
}

#[tokio::test]
async fn who_has_no_token_sends_little() {
    let world = World::start().await;
    for (name, status) in [("n".repeat(10_000), 404), ("n".repeat(20_000), 413)] {
        let path = format!("/r/{}/submitters", "0".repeat(32));
        let answer = visit(&world, &path, &serde_json::json!({ "name": name })).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_another_type_415() {
    let world = World::start().await;
    let answer = raw(&world, "application/json", vec![b' '; 10_000_000]).await;
    assert_eq!(answer.refused(), refusal(413, "body_too_large"));
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        assert_eq!(raw(&world, content_type, "{}").await.refused(), refusal(415, "unsupported_media_type"));
    }
    for (encoding, outcome) in [
        ("gzip", Err(refusal(415, "unsupported_media_type"))),
        ("identity", Ok(())),
        ("", Ok(())),
        (" identity, ", Ok(())),
    ] {
        let request =
            world.owner().request(Method::POST, "/drive/folders").header("content-encoding", encoding);
        let answer = Answer::of(request.json(&json!({ "name": "a" }))).await;
        assert_eq!(if answer.status == 200 { Ok(()) } else { Err(answer.refused()) }, outcome, "{encoding}");
    }
    let body = start("fileName", json!("a")).to_string();
    assert_eq!(raw(&world, "Application/JSON; charset=utf-8", body).await.status, 200);
}

#[tokio::test]
async fn a_path_that_is_not_utf_8_is_not_an_id() {
    let world = World::start().await;
    for path in ["/drive/files/%ff", "/drive/files/%ff/download", "/drive/files/%ff/participants/%ff"] {
        let method = if path.ends_with("participants/%ff") { Method::DELETE } else { Method::GET };
        let answer = Answer::of(world.owner().request(method, path)).await;
        assert_eq!(answer.body["message"], "id must be 24 hexadecimal characters.", "{path}");
        assert_eq!(answer.refused(), refusal(400, "invalid_parameter"));
    }
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_answer_in_the_envelope() {
    let world = World::start().await;
    for path in ["/nothing", "/drive", "/drive/files", "/drive/files/0123456789abcdef01234567/nothing"] {
        assert_eq!(world.owner().get(path).await.refused(), refusal(404, "route_not_found"), "{path}");
    }
    let response = world.http.get(format!("{}/nothing", world.url)).send().await.unwrap();
    assert_eq!(response.json::<Value>().await.unwrap()["code"], "route_not_found");
    let answer = Answer::of(world.owner().request(Method::DELETE, "/drive/folders")).await;
    assert_eq!(answer.headers["allow"], "POST");
    assert_eq!(answer.refused(), refusal(405, "method_not_allowed"));
}

#[tokio::test]
async fn a_strange_host_is_refused_where_urls_are_signed() {
    let world = World::start().await;
    let owner = world.owner();
    let upload = owner.start("a", 1).await;
    for host in ["user@evil.example.com", "a b", "", "evil.example.com/x"] {
        let request = owner.request(Method::POST, "/drive/files/upload/multipart/presigned-urls");
        let request = request.header("host", host).json(&upload.body(&json!({ "parts": 1 })));
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 400, "{host:?} {}", answer.body);
    }
}

#[tokio::test]
async fn a_key_that_is_given_twice_has_one_value() {
    let world = World::start().await;
    let post = async |path: &str, body: &str| {
        let request = world.owner().request(Method::POST, path).header("content-type", "application/json");
        Answer::of(request.body(body.to_owned())).await
    };
    let twice =
        |other: &str| format!(r#"{{"fileName":"a","fileSize":1,"mimeType":"a/b","fileName":"{other}"}}"#);
    for body in [twice("b"), twice("A")] {
        assert_eq!(post(START, &body).await.refused_for("fileName"), refusal(400, "invalid_json"), "{body}");
    }
    post(START, &twice("a")).await.ok();
    let nested = r#"{"uploadId":"u","fileKey":"k","parts":[{"partNumber":1,"eTag":"a","eTag":"b"}]}"#;
    let finalize = "/drive/files/upload/multipart/finalize";
    assert_eq!(post(finalize, nested).await.refused_for("eTag"), refusal(400, "invalid_json"));
}
