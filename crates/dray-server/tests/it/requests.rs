//! File requests: people without an account upload files into a folder and see only what they have sent themselves, and the admins
//! of the folder see who sent what.

mod bounds;
mod isolation;
mod networks;
mod powers;

use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::acts::id;
use crate::world::{Actor, Answer, World, refusal, wait_for};

/// A request that `owner` creates, and the path of its address.
pub(crate) async fn requested(owner: &Actor, folder: &str, more: &Value) -> (Value, String) {
    let mut body = json!({ "folderId": folder, "title": "Photos" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = owner.post("/drive/requests", &body).await.ok();
    let path = format!("/r/{}", made["url"].as_str().unwrap().rsplit('/').next().unwrap());
    (made, path)
}

/// The answer to somebody without a token, below a request's address.
pub(crate) async fn visit(world: &World, path: &str, body: &Value) -> Answer {
    Answer::of(world.http.post(format!("{}{path}", world.url)).json(body)).await
}

/// A new submitter of a request.
pub(crate) async fn submitter(world: &World, path: &str, who: &Value) -> Actor {
    let made = visit(world, &format!("{path}/submitters"), who).await.ok();
    world.with_token(made["grant"].as_str().unwrap())
}

/// The names of the files that a submitter has sent.
async fn sent(world: &World, path: &str, holder: &Actor) -> Vec<String> {
    let files = sent_answer(world, path, holder).await.ok()["files"].as_array().unwrap().clone();
    files.iter().map(|file| file["fileName"].as_str().unwrap().to_owned()).collect()
}

async fn sent_answer(world: &World, path: &str, holder: &Actor) -> Answer {
    let token = holder.request(Method::GET, "/").build().unwrap().headers().clone();
    Answer::of(world.http.get(format!("{}{path}/uploads", world.url)).headers(token)).await
}

async fn submissions(owner: &Actor, request: &Value) -> Vec<Value> {
    let page = owner.get(&format!("/drive/requests/{}/submissions", id(request))).await.ok();
    page["submissions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn people_without_an_account_send_files_and_the_owner_sees_who_sent_what() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let more = json!({ "message": "Two lines\nof text", "asksName": "required", "asksEmail": "optional", "maxFiles": 2 });
    let (request, path) = requested(&owner, &folder, &more).await;
    let opened = visit(&world, &format!("{path}/open"), &json!({})).await.ok();
    assert_eq!((&opened["title"], &opened["message"]), (&json!("Photos"), &more["message"]));
    assert!(opened.get("folderId").is_none() && opened.get("createdBy").is_none(), "{opened}");
    let nameless = visit(&world, &format!("{path}/submitters"), &json!({ "name": " " })).await;
    assert_eq!(nameless.refused_for("name"), refusal(400, "invalid_field"));
    let ada = submitter(&world, &path, &json!({ "name": "Ada", "email": "ada@example.com" })).await;
    let bob = submitter(&world, &path, &json!({ "name": "Bob" })).await;
    let item = ada.upload_with("a.jpg", b"abc", &json!({})).await;
    bob.upload_with("a.jpg", b"b", &json!({})).await;
    assert_eq!(owner.listed(&folder).await, ["a.jpg", "a.jpg"]);
    assert_eq!(owner.download(&id(&item)).await, b"abc");
    assert_eq!(sent(&world, &path, &ada).await, ["a.jpg"]);
    let told = submissions(&owner, &request).await;
    let who: Vec<_> =
        told.iter().map(|one| (&one["submitter"]["name"], &one["upload"]["fileSize"])).collect();
    assert_eq!(who, [(&json!("Bob"), &json!(1)), (&json!("Ada"), &json!(3))]);
    assert_eq!(told[1]["submitter"]["email"], "ada@example.com");
    assert_eq!(told[1]["upload"]["item"], owner.item(&id(&item)).await);
    ada.upload_with("b.jpg", b"abc", &json!({})).await;
    let over = json!({ "fileName": "c", "fileSize": 1, "mimeType": "a/b" });
    assert_eq!(ada.step("start", &over).await.refused(), refusal(409, "grant_used_up"));
    bob.upload_with("c.jpg", b"c", &json!({})).await;
    let now = owner.get(&format!("/drive/requests/{}", id(&request))).await.ok();
    assert_eq!(now["submitters"], 2);
    assert_eq!(owner.get("/drive/requests").await.ok()["requests"][0], now);
    assert_eq!(
        owner.get("/drive/grants").await.ok()["grants"],
        json!([]),
        "submitters are no grants of their own"
    );
}

#[tokio::test]
async fn each_submitter_may_have_a_folder_which_is_made_with_their_first_file() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (_, path) = requested(&owner, &folder, &json!({ "folderEach": true, "asksName": "optional" })).await;
    let ada = submitter(&world, &path, &json!({ "name": "Ada/../Lovelace" })).await;
    let nobody = submitter(&world, &path, &json!({})).await;
    assert!(owner.listed(&folder).await.is_empty(), "no folder is made for a submitter who sends nothing");
    let mut items = Vec::new();
    for name in ["a", "b"] {
        let (upload, listed) = ada.put_with(name, b"x", &json!({})).await;
        items.push(ada.finalize(&upload, &listed).await.ok());
        assert_eq!(ada.finalize(&upload, &listed).await.status, StatusCode::OK);
    }
    nobody.upload_with("c", b"x", &json!({})).await;
    let made = owner.listed(&folder).await;
    assert_eq!(made.len(), 2, "{made:?}");
    assert!(made.iter().any(|name| name.starts_with("Ada-..-Lovelace ")), "{made:?}");
    assert_eq!(items[0]["parentId"], items[1]["parentId"]);
    assert_eq!(owner.listed(items[0]["parentId"].as_str().unwrap()).await, ["a", "b"]);
}

#[tokio::test]
async fn a_password_is_asked_for_and_guesses_are_counted() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (request, path) = requested(&owner, &folder, &json!({ "password": "correct horse" })).await;
    assert_eq!(request["hasPassword"], true);
    let asked = async |route: &str, password: Value| {
        visit(&world, &format!("{path}/{route}"), &json!({ "password": password })).await
    };
    for route in ["open", "submitters"] {
        for password in [Value::Null, json!(""), json!("wrong horse")] {
            assert_eq!(asked(route, password).await.refused(), refusal(403, "request_password"), "{route}");
        }
        let long = asked(route, json!("x".repeat(1000))).await;
        assert_eq!(long.refused_for("password"), refusal(400, "invalid_field"), "{route}");
        asked(route, json!("correct horse")).await.ok();
    }
    let holder = submitter(&world, &path, &json!({ "password": "correct horse" })).await;
    let again = async || {
        let token = holder.request(Method::GET, "/").build().unwrap().headers().clone();
        let open = world.http.post(format!("{}{path}/open", world.url)).headers(token);
        Answer::of(open.json(&json!({}))).await
    };
    again().await.ok();
    let mut last = (0, String::new());
    for _ in 0..12 {
        last = asked("open", json!("wrong horse")).await.refused();
    }
    assert_eq!(last, refusal(429, "rate_limited"));
    again().await.ok();
    let change = json!({ "password": "another horse" });
    owner.patch(&format!("/drive/requests/{}", id(&request)), &change).await.ok();
    assert_eq!(again().await.refused(), refusal(403, "request_password"), "a new password is asked for");
    let change = json!({ "password": null });
    owner.patch(&format!("/drive/requests/{}", id(&request)), &change).await.ok();
    asked("open", Value::Null).await.ok();
}

#[tokio::test]
async fn a_request_that_is_closed_or_past_its_deadline_takes_nothing_more_and_keeps_what_arrived() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (request, path) = requested(&owner, &folder, &json!({})).await;
    let holder = submitter(&world, &path, &json!({})).await;
    let item = holder.upload_with("a", b"a", &json!({})).await;
    let (open, listed) = holder.put_with("b", &[1; 100], &json!({})).await;
    let own = format!("/drive/requests/{}", id(&request));
    let closed = owner.patch(&own, &json!({ "closed": true, "title": "Closed photos" })).await.ok();
    assert!(closed["closedAt"].is_string() && closed["title"] == "Closed photos");
    for route in ["open", "submitters"] {
        let refused = visit(&world, &format!("{path}/{route}"), &json!({})).await.refused();
        assert_eq!(refused, refusal(410, "request_closed"), "{route}");
    }
    assert_eq!(holder.finalize(&open, &listed).await.refused(), refusal(410, "request_closed"));
    assert_eq!(sent(&world, &path, &holder).await, ["a"], "closed: a submitter still sees what they sent");
    assert_eq!(owner.get("/drive/usage").await.ok()["reservedBytes"], 0, "what was unfinished is aborted");
    assert_eq!(owner.download(&id(&item)).await, b"a");
    owner.patch(&own, &json!({ "closed": false })).await.ok();
    assert_eq!(sent(&world, &path, &holder).await, ["a"], "opened again");
    let end = (world.now() + SignedDuration::from_hours(1)).to_string();
    owner.patch(&own, &json!({ "deadline": end })).await.ok();
    holder.upload_with("c", b"c", &json!({})).await;
    world.pass(SignedDuration::from_mins(61)).await;
    let refused = visit(&world, &format!("{path}/open"), &json!({})).await.refused();
    assert_eq!(refused, refusal(410, "request_closed"));
    assert_eq!(sent(&world, &path, &holder).await, ["c", "a"]);
    owner.delete(&own).await.done();
    let refused = visit(&world, &format!("{path}/open"), &json!({})).await.refused();
    assert_eq!(refused, refusal(404, "request_not_found"));
    assert_eq!(owner.listed(&folder).await, ["a", "c"], "files stay");
    assert_eq!(world.count("grants").await + world.count("submitters").await, 0);
}

#[tokio::test]
async fn a_request_works_while_its_maker_is_an_admin_and_its_folder_is_there() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let admin = world.participant("admin@example.com", &owner, &folder, "admin").await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let body = json!({ "folderId": folder, "title": "t" });
    assert_eq!(member.post("/drive/requests", &body).await.refused(), refusal(403, "role_too_low"));
    let (request, path) = requested(&admin, &folder, &json!({})).await;
    let holder = submitter(&world, &path, &json!({})).await;
    holder.upload_with("a", b"a", &json!({})).await;
    assert_eq!(submissions(&owner, &request).await.len(), 1, "an admin of the folder sees them");
    let own = format!("/drive/requests/{}", id(&request));
    assert_eq!(member.get(&own).await.refused(), refusal(403, "role_too_low"));
    assert_eq!(
        world.user("other@example.com").await.get(&own).await.refused(),
        refusal(404, "request_not_found")
    );
    let over = json!({ "fileName": "b", "fileSize": 1, "mimeType": "a/b" });
    let user = world.user_id("admin@example.com").await;
    let asked = async || visit(&world, &format!("{path}/open"), &json!({})).await;
    owner.share(&folder, &user, "member").await;
    assert_eq!(asked().await.refused(), refusal(404, "request_not_found"));
    assert_eq!(holder.step("start", &over).await.refused(), refusal(404, "request_not_found"));
    owner.share(&folder, &user, "admin").await;
    asked().await.ok();
    owner.trash(&folder).await;
    assert_eq!(asked().await.refused(), refusal(404, "request_not_found"));
    assert_eq!(holder.step("start", &over).await.refused(), refusal(404, "request_not_found"));
    assert_eq!(
        owner.get(&own).await.refused(),
        refusal(404, "request_not_found"),
        "the folder is in the trash"
    );
    owner.restore(&folder).await.ok();
    owner.delete(&own).await.done();
}

#[tokio::test]
async fn a_request_with_an_impossible_value_is_refused_and_the_field_is_named() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    for (more, field) in [
        (json!({ "title": "" }), "title"),
        (json!({ "title": "a\nb" }), "title"),
        (json!({ "title": "x".repeat(201) }), "title"),
        (json!({ "message": "x".repeat(4001) }), "message"),
        (json!({ "message": "a\u{0}" }), "message"),
        (json!({ "deadline": "2020-01-01T00:00:00Z" }), "deadline"),
        (json!({ "password": "short" }), "password"),
        (json!({ "asksName": "maybe" }), "asksName"),
        (json!({ "maxSubmitters": 0 }), "maxSubmitters"),
        (json!({ "maxSubmitters": 10_001 }), "maxSubmitters"),
        (json!({ "maxTotalFiles": 0 }), "maxTotalFiles"),
        (json!({ "maxTotalFiles": 1_000_001 }), "maxTotalFiles"),
        (json!({ "maxTotalBytes": 1_u64 << 53 }), "maxTotalBytes"),
        (json!({ "maxFiles": 10_001 }), "maxFiles"),
        (json!({ "onConflict": "replace" }), "onConflict"),
        (json!({ "types": ["*"] }), "types[0]"),
    ] {
        let mut body = json!({ "folderId": folder, "title": "t" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let refused = owner.post("/drive/requests", &body).await.refused_for(field);
        assert_eq!(refused, refusal(400, "invalid_field"), "{more}");
    }
    assert_eq!(world.count("requests").await, 0);
}

#[tokio::test]
async fn the_page_of_a_request_is_the_same_whatever_its_address_and_names_its_scripts() {
    let world = World::start().await;
    let page = async |slug: &str| world.http.get(format!("{}/r/{slug}", world.url)).send().await.unwrap();
    let answer = page("0123456789abcdef0123456789abcdef").await;
    assert_eq!(
        (answer.status(), &answer.headers()["x-robots-tag"]),
        (StatusCode::OK, &"noindex".parse().unwrap())
    );
    assert_eq!(page("x").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn admins_find_the_requests_of_a_folder_and_their_pages_follow_each_other() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let admin = world.participant("admin@example.com", &owner, &folder, "admin").await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let mut made = Vec::new();
    for actor in [&owner, &admin, &owner] {
        made.insert(0, id(&requested(actor, &folder, &json!({})).await.0));
        world.pass(SignedDuration::from_secs(1)).await;
    }
    let of_folder = format!("/drive/requests?folderId={folder}");
    let listed = async |actor: &Actor, path: &str| {
        let page = actor.get(path).await.ok();
        crate::acts::ids(page["requests"].as_array().unwrap())
    };
    assert_eq!(listed(&owner, &of_folder).await, made);
    assert_eq!(listed(&admin, &of_folder).await, made);
    assert_eq!(listed(&owner, "/drive/requests").await, [made[0].clone(), made[2].clone()]);
    assert_eq!(member.get(&of_folder).await.refused(), refusal(403, "role_too_low"));
    let first = owner.get("/drive/requests?limit=1").await.ok();
    let cursor = first["nextCursor"].as_str().unwrap();
    assert_eq!(listed(&owner, &format!("/drive/requests?limit=1&cursor={cursor}")).await, made[2..]);
}

#[tokio::test]
async fn requests_and_submitters_are_not_listed_among_tokens_and_cannot_be_revoked_there() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let before = owner.get("/tokens").await.ok();
    let (request, path) = requested(&owner, &folder, &json!({})).await;
    submitter(&world, &path, &json!({})).await.upload_with("a", b"a", &json!({})).await;
    assert_eq!(owner.get("/tokens").await.ok(), before);
    let refused = owner.delete(&format!("/tokens/{}", id(&request))).await.refused();
    assert_eq!(refused, refusal(404, "token_not_found"));
}

#[tokio::test]
async fn who_sent_what_is_known_as_long_as_the_request_exists() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (request, path) = requested(&owner, &folder, &json!({ "asksName": "required" })).await;
    let ada = submitter(&world, &path, &json!({ "name": "Ada" })).await;
    let item = ada.upload_with("a", b"a", &json!({})).await;
    assert!(item["requestId"].is_null(), "a submitter does not learn the request's id");
    assert_eq!(owner.item(&id(&item)).await["requestId"], request["id"]);
    world.pass(SignedDuration::from_hours(24 * 60)).await;
    world.see_a_sweep().await;
    let owner = world.owner();
    let idle = submitter(&world, &path, &json!({ "name": "Idle" })).await;
    drop(idle);
    world.pass(SignedDuration::from_mins(61)).await;
    world.see_a_sweep().await;
    wait_for(async || world.count("submitters").await == 1).await;
    let told = submissions(&world.owner(), &request).await;
    assert_eq!((&told[0]["submitter"]["name"], &told[0]["upload"]["fileName"]), (&json!("Ada"), &json!("a")));
    drop(owner);
}

#[tokio::test]
async fn a_submitter_whose_folder_was_removed_gets_another() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (_, path) = requested(&owner, &folder, &json!({ "folderEach": true })).await;
    let holder = submitter(&world, &path, &json!({})).await;
    let first = holder.upload_with("a", b"a", &json!({})).await;
    let own = first["parentId"].as_str().unwrap();
    owner.trash(own).await;
    let second = holder.upload_with("b", b"b", &json!({})).await;
    assert_ne!(second["parentId"], first["parentId"]);
    assert_eq!(owner.listed(second["parentId"].as_str().unwrap()).await, ["b"]);
}
