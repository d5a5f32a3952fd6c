//! `GET /openapi.json`: the document and the server say the same.

use std::collections::BTreeSet;

use dray_api::ErrorCode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, Started, World};

/// Browsers load these; they are not the API.
const PAGES: [&str; 3] = ["/", "/docs", "/assets/{*path}"];

async fn document() -> Value {
    let world = World::start().await;
    let answer = Answer::of(world.http.get(format!("{}/openapi.json", world.url))).await;
    assert_eq!(answer.headers["content-type"], "application/json");
    answer.ok()
}

/// Each operation, with its method and path.
fn operations(document: &Value) -> Vec<(Method, String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .iter()
                .map(|(method, operation)| (method.to_uppercase().parse().unwrap(), path.clone(), operation))
        })
        .collect()
}

/// Every value below `value`, itself included, with its place in the document.
fn walk<'a>(value: &'a Value, place: &str, visit: &mut impl FnMut(&str, &'a Value)) {
    visit(place, value);
    match value {
        Value::Object(map) => {
            for (key, below) in map {
                walk(below, &format!("{place}/{key}"), visit);
            }
        }
        Value::Array(list) => list.iter().for_each(|below| walk(below, place, visit)),
        _ => {}
    }
}

#[tokio::test]
async fn every_route_is_in_the_document_and_nothing_else_is() {
    let document = document().await;
    let documented: BTreeSet<_> =
        operations(&document).into_iter().map(|(method, path, _)| (method.to_string(), path)).collect();
    let routes: BTreeSet<_> = dray_server::route_table()
        .into_iter()
        .filter(|(_, path)| !PAGES.contains(&path.as_str()))
        .map(|(method, path)| (method.to_string(), path))
        .collect();
    assert_eq!(documented, routes);
    assert!(documented.len() > 10);
}

#[tokio::test]
async fn every_route_is_described_whole() {
    let document = document().await;
    let mut ids = BTreeSet::new();
    let tags: BTreeSet<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    for (method, path, operation) in operations(&document) {
        let route = format!("{method} {path}");
        for text in ["summary", "description"] {
            assert!(operation[text].as_str().is_some_and(|text| text.len() > 5), "{route} needs a {text}");
        }
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap()),
            "{route}: the operationId is another route's"
        );
        assert!(
            tags.contains(operation["tags"][0].as_str().unwrap()),
            "{route}: a tag that nobody described"
        );
        let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        for parameter in parameters {
            assert!(parameter["description"].is_string(), "{route}: {parameter}");
        }
        let named = parameters.iter().filter(|parameter| parameter["in"] == "path").count();
        assert_eq!(named, path.matches('{').count(), "{route}: a parameter of the path is not described");
    }
}

#[tokio::test]
async fn every_body_has_an_example() {
    let document = document().await;
    let mut bodies = 0;
    walk(&document["paths"], "", &mut |place, value| {
        if let Some(content) = value.get("content") {
            for body in content.as_object().unwrap().values() {
                bodies += 1;
                assert!(body.get("example").or(body.get("examples")).is_some(), "{place} needs an example");
            }
        }
    });
    assert!(bodies > 50);
}

#[tokio::test]
async fn every_code_is_one_that_some_route_answers() {
    let document = document().await;
    let mut codes = BTreeSet::new();
    for (_, _, operation) in operations(&document) {
        walk(&operation["responses"], "", &mut |_, value| {
            let listed = value["properties"]["code"]["enum"].as_array().into_iter().flatten();
            codes.extend(listed.map(|code| code.as_str().unwrap()));
        });
    }
    let all: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    let missing: Vec<_> = all.difference(&codes).collect();
    assert_eq!(missing, [&"method_not_allowed", &"route_not_found"], "what is no route answers these");
    for code in missing {
        assert!(document["info"]["description"].as_str().unwrap().contains(code));
    }
}

#[tokio::test]
async fn a_route_that_wants_a_token_says_so() {
    let document = document().await;
    assert_eq!(document["security"][0]["token"], json!([]));
    for (method, path, operation) in operations(&document) {
        let wants_token = path.starts_with(dray_api::BASE_PATH);
        assert_eq!(operation.get("security").is_none(), wants_token, "{method} {path}");
        assert_eq!(operation["responses"].get("401").is_some(), wants_token, "{method} {path}");
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let document = document().await;
    let mut references = 0;
    walk(&document, "", &mut |place, value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            references += 1;
            let target = document.pointer(reference.strip_prefix('#').unwrap());
            assert!(target.is_some(), "{place} refers to {reference}, which is not there");
        }
    });
    assert!(references > 50);
}

/// A schema, or the one that it refers to.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => resolved(document, document.pointer(&reference[1..]).unwrap()),
        None => schema,
    }
}

fn property<'a>(document: &'a Value, schema: &'a Value, name: &str) -> Option<&'a Value> {
    let schema = resolved(document, schema);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    schema["properties"].get(name).or_else(|| parts.clone().find_map(|part| property(document, part, name)))
}

/// Collects the fields of `value` that its schema does not have.
fn undocumented(document: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, below) in map {
                let place = format!("{place}/{name}");
                match property(document, schema, name) {
                    Some(schema) => undocumented(document, schema, below, &place, found),
                    None => found.push(place),
                }
            }
        }
        Value::Array(list) => {
            let items = &resolved(document, schema)["items"];
            for below in list {
                undocumented(document, items, below, place, found);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn an_answer_has_no_field_that_the_document_does_not_have() {
    let world = World::start().await;
    let document = Answer::of(world.http.get(format!("{}/openapi.json", world.url))).await.ok();
    let owner = world.owner();
    let folder = owner.folder("reports", None).await;
    let start = json!({ "fileName": "report", "fileSize": 1, "mimeType": "a/b", "parentId": folder });
    let started = owner.step("start", &start).await.ok();
    let upload = Started {
        upload_id: started["uploadId"].as_str().unwrap().into(),
        file_key: started["fileKey"].as_str().unwrap().into(),
    };
    let signed = owner.step("presigned-urls", &upload.body(&json!({ "parts": 1 }))).await.ok();
    let parts = owner.put_parts(&upload, &[vec![1]]).await;
    let item = owner.finalize(&upload, &parts).await.ok();
    let download = owner.get(&format!("/drive/files/{}/download", item["id"].as_str().unwrap())).await.ok();
    let mut found = Vec::new();
    for (method, path, answer) in [
        ("post", "/drive/files/upload/multipart/start", started),
        ("post", "/drive/files/upload/multipart/presigned-urls", signed),
        ("post", "/drive/files/upload/multipart/finalize", item),
        ("get", "/drive/files/{id}/download", download),
        ("get", "/drive/tree", owner.get("/drive/tree").await.ok()),
        ("get", "/drive/search", owner.get("/drive/search?q=rep").await.ok()),
        ("get", "/workspace/info", owner.get("/workspace/info").await.ok()),
        ("get", "/workspace/members", owner.get("/workspace/members").await.ok()),
    ] {
        let operation = &document["paths"][format!("/public/v1{path}")][method];
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        undocumented(&document, schema, &answer, path, &mut found);
    }
    assert_eq!(found, [""; 0]);
}
