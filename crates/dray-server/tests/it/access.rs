//! Access control: every route with every kind of caller, and the status for each. A route without a row fails, and
//! so does a row without a route. A refused request changes nothing. The answer for a thing that does not exist and
//! for somebody else's thing is the same, byte for byte. No answer to a stranger contains a name or an id.

mod revoked;
mod table;

use std::collections::BTreeSet;
use std::time::Duration;

use dray_ops::OWNER_EMAIL;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use self::table::Needs::{self, AnyToken, Deposit, Everything, Nothing, Read, Submitter, Upload};
use self::table::{ROWS, Row, STRANGERS, WHO, routes};
use crate::acts::id;
use crate::world::{Actor, Started, World};

/// What all callers ask for: a shared folder of the owner, and things in it.
#[derive(Clone)]
struct Scene(Vec<(&'static str, String)>);

impl Scene {
    async fn make(cast: &Cast) -> Self {
        let owner = &cast.owner;
        let folder = owner.folder("zebra secret folder", None).await;
        for (user, role) in &cast.roles {
            owner.share(&folder, user, role).await;
        }
        let inner = owner.folder("zebra secret inner", Some(&folder)).await;
        let file = owner.file("zebra secret.txt", Some(&folder)).await;
        owner.share(&file, &cast.guest, "viewer").await;
        let trashed = owner.file("zebra secret trashed", Some(&folder)).await;
        owner.trash(&trashed).await;
        let link = owner.post(&format!("/drive/files/{file}/links"), &json!({})).await.ok();
        let new = json!({ "name": "secret", "scopes": ["drive_read"] });
        let token = id(&owner.post("/tokens", &new).await.ok());
        let request = json!({ "folderId": folder, "title": "shown to all who have the address" });
        let request = owner.post("/drive/requests", &request).await.ok();
        let request_slug = request["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let grant = id(&owner.post("/drive/grants", &json!({ "folderId": folder })).await.ok());
        let (Started { upload_id, file_key }, parts) =
            owner.put_with("zebra secret", b"a", &json!({ "parentId": folder })).await;
        let slug = link["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let etag = parts[0]["eTag"].as_str().unwrap().trim_matches('"').to_owned();
        Self(vec![
            ("folder", folder),
            ("inner", inner),
            ("file", file),
            ("trashed", trashed),
            ("token", token),
            ("grant", grant),
            ("request", id(&request)),
            ("requestSlug", request_slug),
            ("upload", upload_id),
            ("key", file_key),
            ("etag", etag),
            ("slug", slug),
            ("linkId", id(&link)),
            ("userId", cast.guest.clone()),
            ("root", "root".to_owned()),
        ])
    }

    /// The same things, with an upload that `actor` started.
    async fn with_upload_of(mut self, actor: &Actor) -> Self {
        let into = json!({ "parentId": self.get("folder") });
        let (Started { upload_id, file_key }, parts) = actor.put_with("zebra secret", b"a", &into).await;
        let etag = parts[0]["eTag"].as_str().unwrap().trim_matches('"').to_owned();
        for (name, new) in [("upload", upload_id), ("key", file_key), ("etag", etag)] {
            self.0.retain(|(known, _)| *known != name);
            self.0.push((name, new));
        }
        self
    }

    /// The same things, none of which exists.
    fn absent(&self) -> Self {
        let absent = |name: &str, value: &str| match name {
            "root" | "etag" => value.to_owned(),
            // As long and as well-formed as the real one.
            _ => value.chars().map(|c| if c.is_ascii_hexdigit() { '0' } else { c }).collect(),
        };
        Self(self.0.iter().map(|(name, value)| (*name, absent(name, value))).collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == name).map_or("x", |(_, value)| value)
    }

    /// Path and body of a row's request.
    fn request(&self, row: &Row) -> (String, String) {
        // Links and requests have addresses of their own.
        let path = if row.path.starts_with("/r/") {
            row.path.replace("{slug}", "{requestSlug}")
        } else {
            row.path.to_owned()
        };
        let (mut path, mut body) = (path.replace("{id}", self.get(row.about)), row.body.to_owned());
        for (name, value) in &self.0 {
            path = path.replace(&format!("{{{name}}}"), value);
            body = body.replace(&format!("${name}"), value);
        }
        (path.replace("{*path}", "nothing.js"), body)
    }
}

/// All callers.
struct Cast {
    owner: Actor,
    roles: Vec<(String, &'static str)>,
    guest: String,
    /// The callers in the order of [`WHO`], up to the confined tokens.
    known: Vec<Actor>,
    outside: Actor,
    /// Callers without a valid token, and the status and code that they get.
    refused: Vec<(Actor, u16, &'static str)>,
    scopes: [(Needs, Actor); 3],
}

impl Cast {
    async fn gather(world: &World) -> Self {
        let minute = Duration::from_mins(1);
        let expired = world.with_token(&world.token(OWNER_EMAIL, &["access_drive"], minute).await);
        world.pass(jiff::SignedDuration::from_secs(61)).await;
        let owner = world.owner();
        let revoked = world.token_of(&owner, &["access_drive"], None).await;
        let made = owner.get("/tokens").await.ok();
        let last = id(made["tokens"].as_array().unwrap().last().unwrap());
        owner.delete(&format!("/tokens/{last}")).await.done();
        let (mut roles, mut known) = (Vec::new(), vec![world.owner()]);
        for role in ["admin", "member", "viewer"] {
            let email = format!("{role}@example.com");
            known.push(world.user(&email).await);
            roles.push((world.user_id(&email).await, role));
        }
        known.push(world.user("other@example.com").await);
        known.push(in_another_workspace(world).await);
        world.user("guest@example.com").await;
        let elsewhere = owner.folder("elsewhere", None).await;
        Self {
            roles,
            guest: world.user_id("guest@example.com").await,
            known,
            outside: world.token_of(&owner, &["access_drive"], Some(&elsewhere)).await,
            refused: vec![
                (world.anonymous(), 401, "missing_token"),
                (expired, 401, "expired_token"),
                (revoked, 401, "revoked_token"),
            ],
            scopes: [
                (Read, world.token_of(&owner, &["drive_upload"], None).await),
                (Upload, world.token_of(&owner, &["drive_read"], None).await),
                (Everything, world.token_of(&owner, &["drive_read", "drive_upload"], None).await),
            ],
            owner,
        }
    }

    /// All callers with a valid token, for the whole drive or confined.
    async fn asking(&self, world: &World, scene: &Scene) -> Vec<Actor> {
        let inside = world.token_of(&self.owner, &["access_drive"], Some(scene.get("folder"))).await;
        [&self.known[..], &[inside, self.outside.clone()]].concat()
    }
}

/// The user who owns the scene, with a token for another workspace that they are in too.
async fn in_another_workspace(world: &World) -> Actor {
    // A well-formed token that nobody else has.
    let token = format!("cp_pat_{}43dniw", "0".repeat(30));
    let (user, hash) = (world.user_id(OWNER_EMAIL).await, hex::encode(Sha256::digest(&token)));
    let (workspace, until) = ("aaaaaaaaaaaaaaaaaaaaaaaa", world.now().as_millisecond() + 3_600_000);
    let sql = format!(
        "insert into workspaces (id, name, slug, description, created_at, updated_at)
             values ('{workspace}', 'Other', 'other', '', 0, 0);
         insert into memberships (workspace_id, user_id, role, created_at)
             values ('{workspace}', '{user}', 'owner', 0);
         insert into tokens (id, hash, workspace_id, user_id, name, scopes, created_at, expires_at)
             values ('{workspace}', '{hash}', '{workspace}', '{user}', 'other', 'access_drive', 0, {until})"
    );
    world.execute(&sql).await;
    world.with_token(&token)
}

/// An answer byte for byte, without the values that differ with every request.
#[derive(Debug, PartialEq)]
struct Bytes {
    status: u16,
    headers: HeaderMap,
    body: String,
}

async fn ask(world: &World, http: &Client, actor: &Actor, row: &Row, scene: &Scene) -> Bytes {
    let (path, body) = scene.request(row);
    let method = row.method.parse::<Method>().unwrap();
    let token = actor.request(method.clone(), "/").build().unwrap().headers().clone();
    let mut request = http.request(method, format!("{}{path}", world.url)).headers(token);
    if !body.is_empty() {
        request = request.header("content-type", "application/json").body(body);
    }
    let response = request.send().await.unwrap();
    let (status, mut headers) = (response.status().as_u16(), response.headers().clone());
    headers.remove("x-request-id");
    headers.remove("date");
    Bytes { status, headers, body: response.text().await.unwrap() }
}

/// Everything that the owner sees of the scene and has beside it.
async fn state(world: &World, owner: &Actor, scene: &Scene) -> Vec<Value> {
    let file = scene.get("file");
    let mut state = Vec::new();
    for path in [
        "/drive/tree?depth=10".to_owned(),
        format!("/drive/files/{file}"),
        format!("/drive/files/{file}/participants"),
        format!("/drive/files/{file}/links"),
        "/drive/trash".to_owned(),
        "/drive/usage".to_owned(),
        "/tokens".to_owned(),
        "/drive/grants".to_owned(),
        "/drive/requests".to_owned(),
    ] {
        state.push(owner.get(&path).await.ok());
    }
    for table in
        ["items", "items where trashed_at is not null", "uploads where state = 'open'", "participants"]
    {
        state.push(json!(world.count(table).await));
    }
    state
}

#[tokio::test]
async fn every_route_has_its_row() {
    let rows: BTreeSet<_> = ROWS.iter().map(Row::route).collect();
    assert_eq!(rows, routes());
}

#[tokio::test]
async fn every_caller_gets_the_status_in_the_table_and_refused_requests_change_nothing() {
    let world = World::start().await;
    let cast = Cast::gather(&world).await;
    let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let mut scene = Scene::make(&cast).await;
    let mut asking = cast.asking(&world, &scene).await;
    let mut before = state(&world, &cast.owner, &scene).await;
    for row in &ROWS {
        for (who, &expected) in row.expected.iter().enumerate() {
            let what = format!("{} {} {} as {}", row.method, row.path, row.about, WHO[who]);
            let answer = ask(&world, &http, &asking[who], row, &scene).await;
            assert_eq!(answer.status, expected, "{what}: {}", answer.body);
            check_hides(&answer, who, &scene, &what);
            if answer.status == 404 {
                let absent = ask(&world, &http, &asking[who], row, &scene.absent()).await;
                assert_eq!(
                    answer, absent,
                    "{what}: the answers for absent and for foreign things must be the same"
                );
            }
            if answer.status < 400 && row.may_change(who) {
                scene = Scene::make(&cast).await;
                asking = cast.asking(&world, &scene).await;
                before = state(&world, &cast.owner, &scene).await;
            } else {
                assert_eq!(state(&world, &cast.owner, &scene).await, before, "{what}");
            }
        }
    }
}

/// Checks that a stranger learns neither a name nor an id.
fn check_hides(answer: &Bytes, who: usize, scene: &Scene, what: &str) {
    // The document is the same for everybody, and mentions secrets in general.
    let is_document = what.contains(" /openapi.json ");
    if !STRANGERS.contains(&who) || answer.status == 307 || is_document {
        return;
    }
    let told = format!("{:?} {}", answer.headers, answer.body);
    for name in [
        "folder",
        "inner",
        "file",
        "trashed",
        "token",
        "grant",
        "request",
        "upload",
        "key",
        "slug",
        "requestSlug",
        "linkId",
    ] {
        assert!(!told.contains(scene.get(name)), "{what} reveals the {name}: {told}");
    }
    assert!(!told.contains("secret"), "{what}: {told}");
}

#[tokio::test]
async fn a_token_that_is_invalid_or_has_another_scope_is_refused_before_anything_is_looked_up() {
    let world = World::start().await;
    let cast = Cast::gather(&world).await;
    let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let scene = Scene::make(&cast).await;
    let before = state(&world, &cast.owner, &scene).await;
    for row in &ROWS {
        let needs = if row.needs == Deposit { Upload } else { row.needs };
        let of_scope = cast.scopes.iter().filter(|(of, _)| *of == needs);
        let of_scope = of_scope.map(|(_, actor)| (actor.clone(), 403, "missing_scope"));
        for (actor, status, code) in cast.refused.iter().cloned().chain(of_scope) {
            let answer = ask(&world, &http, &actor, row, &scene).await;
            if row.needs == Nothing {
                assert_eq!(answer.status, row.expected[0], "{} {}", row.method, row.path);
                continue;
            }
            assert_eq!(answer.status, status, "{} {}: {}", row.method, row.path, answer.body);
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(body["code"], code, "{} {}", row.method, row.path);
            assert_eq!(answer, ask(&world, &http, &actor, row, &scene.absent()).await);
        }
        if row.needs != Nothing {
            assert_eq!(state(&world, &cast.owner, &scene).await, before, "{} {}", row.method, row.path);
        }
    }
}

/// A narrower scope opens exactly the routes that need it.
#[tokio::test]
async fn a_token_with_the_scope_that_a_route_needs_is_admitted() {
    let world = World::start().await;
    let cast = Cast::gather(&world).await;
    let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let (reader, uploader) = (&cast.scopes[1].1, &cast.scopes[0].1);
    for row in &ROWS {
        let actor = match row.needs {
            Read => reader,
            // Such a token sees only the grants that come from it.
            Upload if row.about == "grant" => continue,
            Upload | Deposit => uploader,
            Nothing | AnyToken | Submitter | Everything => continue,
        };
        // A token that may only upload sees only uploads that such a token started.
        let scene = Scene::make(&cast).await.with_upload_of(uploader).await;
        let answer = ask(&world, &http, actor, row, &scene).await;
        assert_eq!(answer.status, row.expected[0], "{} {}: {}", row.method, row.path, answer.body);
    }
}

#[tokio::test]
async fn a_grant_opens_the_routes_of_its_own_uploads_and_no_other() {
    check_holders(async |world, cast, scene| {
        let grant = json!({ "folderId": scene.get("folder") });
        let grant = cast.owner.post("/drive/grants", &grant).await.ok();
        world.with_token(grant["grant"].as_str().unwrap())
    })
    .await;
}

#[tokio::test]
async fn a_submitter_of_a_file_request_opens_the_routes_of_their_own_uploads_and_no_other() {
    check_holders(async |world, _, scene| {
        let address = format!("{}/r/{}/submitters", world.url, scene.get("requestSlug"));
        let made = world.http.post(address).json(&json!({})).send().await.unwrap();
        world.with_token(made.json::<Value>().await.unwrap()["grant"].as_str().unwrap())
    })
    .await;
}

/// Checks every route with the bearer that `holder` makes for a scene.
async fn check_holders(holder: impl AsyncFn(&World, &Cast, &Scene) -> Actor) {
    let world = World::start().await;
    let cast = Cast::gather(&world).await;
    let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    for row in ROWS.iter().filter(|row| row.needs != Nothing) {
        let what = format!("{} {}", row.method, row.path);
        let scene = Scene::make(&cast).await;
        let holder = holder(&world, &cast, &scene).await;
        let before = state(&world, &cast.owner, &scene).await;
        let is_start = row.path.ends_with("/start");
        let is_submitter =
            row.needs == Submitter && ask(&world, &http, &holder, row, &scene).await.status == 200;
        if !is_start && !is_submitter {
            let answer = ask(&world, &http, &holder, row, &scene).await;
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            // A batch answers each file by itself.
            let (status, error) = match body["files"].get(0) {
                Some(file) => (file["error"]["statusCode"].as_u64().unwrap(), &file["error"]),
                None => (answer.status.into(), &body),
            };
            let expected = match row.needs {
                Submitter => (404, "request_not_found"),
                Deposit => (404, "upload_not_found"),
                _ => (403, "wrong_token_kind"),
            };
            assert_eq!((status, error["code"].as_str().unwrap()), expected, "{what}");
            assert_eq!(answer, ask(&world, &http, &holder, row, &scene.absent()).await, "{what}");
            assert_eq!(state(&world, &cast.owner, &scene).await, before, "{what}");
        }
        if row.needs == Deposit {
            let scene = scene.with_upload_of(&holder).await;
            let answer = ask(&world, &http, &holder, row, &scene).await;
            assert_eq!(answer.status, row.expected[0], "{what}: {}", answer.body);
        }
    }
}
