//! `GET /openapi.json`: the document and the server agree.

mod numbers;

use std::collections::BTreeSet;

use dray_api::ErrorCode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Actor, Answer, Started, World};

/// Browsers load these. They are not part of the API.
const PAGES: [&str; 5] = ["/", "/docs", "/assets/{*path}", "/kit/{*path}", "/r/{slug}"];

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
async fn every_route_is_described_completely() {
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

/// The codes of the errors that an operation lists.
fn codes(operation: &Value) -> BTreeSet<&str> {
    let mut codes = BTreeSet::new();
    walk(&operation["responses"], "", &mut |_, value| {
        let listed = value["properties"]["code"]["enum"].as_array().into_iter().flatten();
        codes.extend(listed.map(|code| code.as_str().unwrap()));
    });
    codes
}

#[tokio::test]
async fn every_code_can_be_returned_by_some_route() {
    let document = document().await;
    let codes: BTreeSet<_> =
        operations(&document).into_iter().flat_map(|(_, _, operation)| codes(operation)).collect();
    let all: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    let missing: Vec<_> = all.difference(&codes).collect();
    assert_eq!(
        missing,
        [&"method_not_allowed", &"route_not_found"],
        "only an unknown route or method answers these"
    );
    for code in missing {
        assert!(document["info"]["description"].as_str().unwrap().contains(code));
    }
}

#[tokio::test]
async fn a_route_that_needs_a_token_says_so() {
    let document = document().await;
    assert_eq!(document["security"][0]["token"], json!([]));
    for (method, path, operation) in operations(&document) {
        // A submitter of a file request has a grant.
        let is_api = path.starts_with(dray_api::BASE_PATH) && path != "/public/v1/health";
        let wants_token = is_api || path == "/r/{slug}/uploads";
        let listed = operation["security"][0].get("token").is_some();
        assert_eq!(listed, wants_token, "{method} {path}");
        let refused = codes(operation).contains("missing_token");
        assert_eq!(refused, wants_token, "{method} {path}");
    }
}

#[tokio::test]
async fn a_route_accepts_the_scope_that_it_names_and_no_other() {
    let world = World::start().await;
    let document = Answer::of(world.http.get(format!("{}/openapi.json", world.url))).await.ok();
    for scope in ["drive_read", "drive_upload"] {
        let token = json!({ "name": scope, "scopes": [scope] });
        let token = world.owner().post("/tokens", &token).await.ok()["token"].as_str().unwrap().to_owned();
        let actor = world.with_token(&token);
        for (method, path, operation) in operations(&document) {
            let Some(path) = path.strip_prefix(dray_api::BASE_PATH) else { continue };
            if operation["security"][0].get("token").is_none() {
                continue;
            }
            // Without a scope, any token is enough.
            let needed = operation["security"][0]["token"][0].as_str();
            let said = needed.map_or("Any token".to_owned(), |needed| format!("`{needed}`"));
            assert!(operation["description"].as_str().unwrap().contains(&said), "{path}");
            let id = "65ba5c80c3f1a2b4d5e6f708";
            let path = path.replace("{id}", id).replace("{userId}", id).replace("{linkId}", id);
            let answer = Answer::of(actor.request(method.clone(), &path)).await;
            let is_refused = answer.body["code"] == "missing_scope";
            assert_eq!(
                is_refused,
                needed.is_some_and(|needed| needed != scope),
                "{method} {path} with {scope}: {}",
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn every_reference_has_a_target() {
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
    // A map may have values under any name.
    let map = schema.get("additionalProperties").filter(|values| values.is_object());
    let own = schema["properties"].get(name).or(map);
    own.or_else(|| parts.clone().find_map(|part| property(document, part, name)))
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

/// An actor's answers, each with its method and path in the document.
struct Asked {
    actor: Actor,
    answers: Vec<(Method, &'static str, Value)>,
}

impl Asked {
    /// Sends a request, with `ids` for the path's parameters in their order.
    async fn ask(&mut self, method: Method, path: &'static str, ids: &[&str], body: Option<Value>) -> Value {
        let mut whole = path.to_owned();
        for id in ids {
            let (start, end) = (whole.find('{').unwrap(), whole.find('}').unwrap());
            whole.replace_range(start..=end, id);
        }
        let request = self.actor.request(method.clone(), &whole);
        let answer = Answer::of(match body {
            Some(body) => request.json(&body),
            None => request,
        });
        let answer = answer.await.ok();
        self.answers.push((method, path, answer.clone()));
        answer
    }

    async fn get(&mut self, path: &'static str, ids: &[&str]) -> Value {
        self.ask(Method::GET, path, ids, None).await
    }

    async fn post(&mut self, path: &'static str, ids: &[&str], body: Value) -> Value {
        self.ask(Method::POST, path, ids, Some(body)).await
    }

    /// The three calls of an upload, and further calls about it. Returns the file's id.
    async fn upload(&mut self, folder: &str) -> String {
        let start = json!({ "fileName": "report", "fileSize": 1, "mimeType": "a/b", "parentId": folder });
        let started = self.post("/drive/files/upload/multipart/start", &[], start).await;
        let upload = Started {
            upload_id: started["uploadId"].as_str().unwrap().into(),
            file_key: started["fileKey"].as_str().unwrap().into(),
        };
        let one = upload.body(&json!({ "parts": 1 }));
        self.post("/drive/files/upload/multipart/presigned-urls", &[], one).await;
        self.actor.put_parts(&upload, &[vec![1]]).await;
        let key = upload.body(&json!({}));
        self.post("/drive/files/upload/multipart/parts", &[], key.clone()).await;
        self.get("/drive/uploads", &[]).await;
        let item = self.post("/drive/files/upload/multipart/finalize", &[], key.clone()).await;
        self.post("/drive/files/upload/multipart/parts", &[], key).await;
        item["id"].as_str().unwrap().to_owned()
    }

    /// A batch with a file that is sent, one that the drive already has, and one that is refused.
    async fn upload_files(&mut self, world: &World) {
        let checksum = json!({ "crc64nvme": "AAAAAAAAAAA=" });
        let file = json!({ "path": "a", "fileSize": 0, "mimeType": "a/b", "checksum": checksum });
        let refused = json!({ "path": "a/", "fileSize": 0, "mimeType": "a/b" });
        for _ in 0..2 {
            let start = json!({ "files": [file, refused] });
            let started = self.post("/drive/files/upload/batch/start", &[], start).await;
            let upload = &started["files"][0]["upload"];
            if !upload.is_object() {
                break;
            }
            crate::batch::put(world, upload, b"").await;
            let unknown = json!({ "uploadId": "a", "fileKey": "b" });
            let finalize = json!({ "files": [crate::batch::ids_of(upload), unknown] });
            self.post("/drive/files/upload/batch/finalize", &[], finalize).await;
        }
    }

    async fn look_around(&mut self, folder: &str, file: &str) {
        self.get("/drive/files/{id}", &[file]).await;
        self.get("/drive/files/{id}/ancestors", &[file]).await;
        self.get("/drive/files/{id}/download", &[file]).await;
        self.get("/drive/folders/{id}/children", &[folder]).await;
        for path in ["/drive/tree", "/workspace/info", "/workspace/members", "/drive/usage"] {
            self.get(path, &[]).await;
        }
    }

    async fn share(&mut self, file: &str, user: &str) {
        let role = Some(json!({ "role": "viewer" }));
        self.ask(Method::PUT, "/drive/files/{id}/participants/{userId}", &[file, user], role).await;
        self.get("/drive/files/{id}/participants", &[file]).await;
        let link = json!({ "expiresAt": "2100-01-01T00:00:00Z", "password": "open sesame" });
        self.post("/drive/files/{id}/links", &[file], link).await;
        self.get("/drive/files/{id}/links", &[file]).await;
        self.get("/drive/shared", &[]).await;
    }

    async fn throw_away(&mut self, file: &str) {
        for _ in 0..2 {
            let path = format!("/drive/files/{file}");
            Answer::of(self.actor.request(Method::DELETE, &path)).await;
            self.get("/drive/trash", &[]).await;
            self.ask(Method::POST, "/drive/files/{id}/restore", &[file], None).await;
        }
        self.ask(Method::DELETE, "/drive/trash", &[], None).await;
    }
}

#[tokio::test]
async fn an_answer_has_no_undocumented_field() {
    let world = World::start().await;
    let document = Answer::of(world.http.get(format!("{}/openapi.json", world.url))).await.ok();
    world.user("bob@example.com").await;
    let mut asked = Asked { actor: world.owner(), answers: Vec::new() };
    let folder = asked.post("/drive/folders", &[], json!({ "name": "reports" })).await;
    let folder = folder["id"].as_str().unwrap();
    let file = asked.upload(folder).await;
    asked.upload_files(&world).await;
    asked.look_around(folder, &file).await;
    let members = asked.actor.query("/workspace/members", &[("q", "bob")]).await.ok();
    asked.share(&file, members["members"][0]["_id"].as_str().unwrap()).await;
    let change = Some(json!({ "name": "plan", "parentId": null }));
    asked.ask(Method::PATCH, "/drive/files/{id}", &[&file], change).await;
    asked.throw_away(&file).await;
    let token = json!({ "name": "backup", "scopes": ["drive_upload"], "folderId": folder });
    asked.post("/tokens", &[], token).await;
    asked.post("/tokens/rotate", &[], json!({})).await;
    asked.get("/tokens", &[]).await;
    let grant = json!({ "folderId": folder, "maxBytes": 9, "maxFileBytes": 9, "externalId": "e", "metadata": { "a": 1 } });
    let grant = asked.post("/drive/grants", &[], grant).await;
    world.with_token(grant["grant"].as_str().unwrap()).upload_with("a", b"a", &json!({})).await;
    let grant = grant["id"].as_str().unwrap();
    asked.get("/drive/grants", &[]).await;
    asked.get("/drive/grants/{id}", &[grant]).await;
    asked.get("/drive/grants/{id}/uploads", &[grant]).await;
    let request =
        json!({ "folderId": folder, "title": "t", "deadline": "2030-01-01T00:00:00Z", "maxBytes": 9 });
    let request = asked.post("/drive/requests", &[], request).await;
    let request = request["id"].as_str().unwrap();
    let closed = Some(json!({ "closed": true }));
    asked.ask(Method::PATCH, "/drive/requests/{id}", &[request], closed).await;
    asked.get("/drive/requests", &[]).await;
    asked.get("/drive/requests/{id}", &[request]).await;
    asked.get("/drive/requests/{id}/submissions", &[request]).await;
    let found = asked.actor.get("/drive/search?q=rep").await.ok();
    asked.answers.push((Method::GET, "/drive/search", found));
    let found = asked.actor.get("/search?q=rep").await.ok();
    asked.answers.push((Method::GET, "/search", found));

    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for (method, path, answer) in &asked.answers {
        let method = method.as_str().to_lowercase();
        let operation = &document["paths"][format!("/public/v1{path}")][&method];
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        undocumented(&document, schema, answer, path, &mut found);
        seen.insert((method, (*path).to_owned()));
    }
    assert_eq!(found, [""; 0]);
    let answering: BTreeSet<_> = operations(&document)
        .into_iter()
        .filter(|(_, path, operation)| {
            path.starts_with("/public")
                && path != "/public/v1/health"
                && operation["responses"].get("200").is_some()
        })
        .map(|(method, path, _)| (method.as_str().to_lowercase(), path.replace("/public/v1", "")))
        .collect();
    assert_eq!(seen, answering, "some routes that answer with a body got no request");
}

#[tokio::test]
async fn a_link_can_be_followed_as_the_document_says() {
    let world = World::start().await;
    let document = Answer::of(world.http.get(format!("{}/openapi.json", world.url))).await.ok();
    let owner = world.owner();
    let item = owner.upload("report.pdf", &[vec![1]]).await;
    let links = format!("/drive/files/{}/links", item["id"].as_str().unwrap());
    let link = owner.post(&links, &json!({ "password": "open sesame" })).await.ok();
    let http =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = link["url"].as_str().unwrap();
    let documented = &document["paths"]["/l/{slug}"]["get"]["responses"];
    let asked = Answer::of(http.get(url)).await.refused();
    assert_eq!(asked, (401, "link_password".to_owned()));
    let followed = http.get(url).basic_auth("", Some("open sesame")).send().await.unwrap();
    assert_eq!(followed.status(), 307);
    let no_text = Answer::of(http.get(format!("{}/l/%FF", world.url))).await.refused();
    assert_eq!(no_text, (404, "link_not_found".to_owned()));
    for status in ["307", "401", "404", "429"] {
        assert!(documented.get(status).is_some(), "{status}");
    }
    for (name, _) in documented["307"]["headers"].as_object().unwrap() {
        assert!(followed.headers().contains_key(name), "{name}");
    }
}
