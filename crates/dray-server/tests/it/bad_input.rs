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
        ("parentId", json!("0123456789abcdef0123456"), "invalid_field"),
        ("parentId", json!(7), "invalid_field"),
    ];
    for (field, value, code) in cases {
        let answer = world.owner().post(START, &start(field, value.clone())).await;
        assert_eq!(answer.refused_for(field), refusal(400, code), "{field} {value}");
    }
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
    for (encoding, outcome) in [("gzip", Err(refusal(415, "unsupported_media_type"))), ("identity", Ok(()))] {
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
