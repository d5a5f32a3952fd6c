//! Grants: somebody without a token uploads within what a grant says, and its maker learns what arrived.

mod isolation;
mod limits;

use std::time::Duration;

use dray_ops::OWNER_EMAIL;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::acts::{id, names};
use crate::requests::{requested, submitter};
use crate::world::{Actor, Answer, World, refusal, wait_for};

/// The holder of a grant that `maker` made, and its record.
pub(crate) async fn granted(world: &World, maker: &Actor, request: &Value) -> (Actor, Value) {
    let made = maker.post("/drive/grants", request).await.ok();
    (world.with_token(made["grant"].as_str().unwrap()), made)
}

pub(crate) async fn uploads(maker: &Actor, grant: &Value) -> Vec<Value> {
    let page = maker.get(&format!("/drive/grants/{}/uploads", id(grant))).await.ok();
    page["uploads"].as_array().unwrap().clone()
}

pub(crate) async fn states(maker: &Actor, grant: &Value) -> Vec<String> {
    let all = uploads(maker, grant).await;
    all.iter().map(|upload| upload["state"].as_str().unwrap().to_owned()).collect()
}

/// What a start is answered that is as small as can be.
async fn asks(holder: &Actor) -> Result<(), (u16, String)> {
    let body = json!({ "fileName": "a", "fileSize": 1, "mimeType": "a/b" });
    let answer = holder.step("start", &body).await;
    if answer.status == 200 { Ok(()) } else { Err(answer.refused()) }
}

/// An object of this many levels.
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!({ "a": inner }))
}

#[tokio::test]
async fn metadata_that_nobody_can_read_is_refused_and_left_out_where_it_is_stored() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let request = json!({ "folderId": folder, "metadata": nested(16) });
    let (holder, grant) = granted(&world, &owner, &request).await;
    assert_eq!(grant["metadata"], nested(16));
    let item = id(&holder.upload_with("a.pdf", b"abc", &json!({})).await);
    let children = format!("/drive/folders/{folder}/children");
    assert_eq!(owner.get(&children).await.ok()["items"][0]["metadata"], nested(16));
    // As versions without this limit stored it.
    for table in ["items", "uploads", "grants"] {
        let deep = nested(125);
        world.execute(&format!("update {table} set metadata = '{deep}' where metadata is not null")).await;
    }
    let found = "/drive/search?q=pdf".to_owned();
    let of_grants = ["/drive/grants".to_owned(), format!("/drive/grants/{}/uploads", id(&grant))];
    for path in [children, found, format!("/drive/files/{item}")].into_iter().chain(of_grants) {
        let text = owner.get(&path).await.ok().to_string();
        assert!(text.contains(&item) || text.contains(&id(&grant)), "{path}: {text}");
        assert!(!text.contains("metadata"), "{path}: {text}");
    }
}

#[tokio::test]
async fn a_page_uploads_with_its_grant_and_its_application_learns_what_arrived() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let metadata = json!({ "form": "passport", "n": 1, "deep": { "list": [1, "\u{0}", null] } });
    let request = json!({
        "folderId": folder, "verbs": ["upload"], "maxFiles": 2, "maxFileBytes": 100, "maxBytes": 150,
        "types": [".pdf", "image/*"], "onConflict": "rename", "externalId": "case 7", "metadata": metadata
    });
    let (holder, grant) = granted(&world, &owner, &request).await;
    assert!(grant["grant"].as_str().unwrap().starts_with("cp_grant_"));
    let item = holder.upload_with("a.pdf", b"abc", &json!({})).await;
    assert_eq!((&item["name"], &item["parentId"]), (&json!("a.pdf"), &json!(folder)));
    assert!(item["externalId"].is_null() && item["metadata"].is_null(), "the page is not told: {item}");
    let stored = owner.item(&id(&item)).await;
    assert_eq!(
        (&stored["grantId"], &stored["externalId"], &stored["metadata"]),
        (&grant["id"], &json!("case 7"), &metadata)
    );
    assert_eq!(owner.download(&id(&item)).await, b"abc");
    let open = holder.start_with("b.pdf", 1, &json!({})).await;
    let told = uploads(&owner, &grant).await;
    assert_eq!((&told[0]["state"], &told[0]["uploadId"]), (&json!("open"), &json!(open.upload_id)));
    assert!(told[0].get("itemId").is_none() && told[0].get("item").is_none());
    assert_eq!((&told[1]["state"], &told[1]["item"]), (&json!("finalized"), &stored));
    for upload in &told {
        assert_eq!((&upload["externalId"], &upload["metadata"]), (&json!("case 7"), &metadata));
    }
    let used = owner.get(&format!("/drive/grants/{}", id(&grant))).await.ok();
    assert_eq!((&used["usedFiles"], &used["usedBytes"]), (&json!(2), &json!(4)));
    for field in
        ["folderId", "verbs", "maxFiles", "maxFileBytes", "maxBytes", "types", "onConflict", "metadata"]
    {
        assert_eq!(used[field], request[field], "{field}");
    }
}

#[tokio::test]
async fn numbers_in_metadata_are_kept_exactly_or_refused() {
    let world = World::start().await;
    let owner = world.owner();
    let sent = async |number: &str| {
        let body = format!(r#"{{"metadata":{{"a":[{{"id":{number}}}]}}}}"#);
        let request = owner.request(Method::POST, "/drive/grants").header("content-type", "application/json");
        Answer::of(request.body(body)).await
    };
    for kept in ["0", "-9223372036854775808", "18446744073709551615", "9007199254740993", "1.5", "0.1"] {
        assert_eq!(sent(kept).await.ok()["metadata"]["a"][0]["id"].to_string(), kept);
    }
    for kept in ["1e20", "6.02214076e23", "1.5e300", "-100000000000000000000"] {
        let told = sent(kept).await.ok()["metadata"]["a"][0]["id"].to_string();
        assert_eq!(told.parse::<f64>(), kept.parse::<f64>(), "{kept}");
    }
    for rounded in ["18446744073709551616", "-9223372036854775809", "123456789012345678901234567890"] {
        assert_eq!(sent(rounded).await.refused_for("metadata"), refusal(400, "invalid_field"), "{rounded}");
    }
}

#[tokio::test]
async fn a_list_of_uploads_comes_in_pages() {
    let world = World::start().await;
    let owner = world.owner();
    let (holder, grant) = granted(&world, &owner, &json!({})).await;
    for at in 0..5 {
        holder.start(&format!("{at}"), 1).await;
    }
    let (path, mut cursor, mut found) =
        (format!("/drive/grants/{}/uploads", id(&grant)), None::<String>, Vec::new());
    loop {
        let mut parameters = vec![("limit", "2")];
        parameters.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = owner.query(&path, &parameters).await.ok();
        found.extend(
            page["uploads"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["fileName"].as_str().unwrap().to_owned()),
        );
        match page["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    found.sort();
    assert_eq!(found, ["0", "1", "2", "3", "4"]);
}

#[tokio::test]
async fn the_holder_of_a_grant_is_told_the_name_that_it_gave_whatever_there_is() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    owner.file("a", Some(&folder)).await;
    let (holder, _) = granted(&world, &owner, &json!({ "folderId": folder, "onConflict": "rename" })).await;
    let (upload, listed) = holder.put_with("a", b"b", &json!({})).await;
    let item = holder.finalize(&upload, &listed).await.ok();
    assert_eq!((&item["name"], item.get("role")), (&json!("a"), None));
    assert_eq!(owner.listed(&folder).await, ["a", "a (2)"]);
    owner.move_to(&id(&item), None).await.ok();
    assert_eq!(holder.finalize(&upload, &listed).await.ok(), item, "wherever it is since");
    owner.trash(&id(&item)).await;
    assert_eq!(holder.finalize(&upload, &listed).await.ok(), item);
}

#[tokio::test]
async fn a_grant_that_is_expired_revoked_forged_or_orphaned_is_refused_at_once() {
    let world = World::start().await;
    let owner = world.owner();
    let (expiring, _) = granted(&world, &owner, &json!({})).await;
    let (revoked, record) = granted(&world, &owner, &json!({})).await;
    let maker = owner.post("/tokens", &json!({ "name": "m", "scopes": ["drive_upload"] })).await.ok();
    let (orphaned, _) =
        granted(&world, &world.with_token(maker["token"].as_str().unwrap()), &json!({})).await;
    for holder in [&expiring, &revoked, &orphaned] {
        assert_eq!(asks(holder).await, Ok(()));
    }
    for _ in 0..2 {
        owner.delete(&format!("/drive/grants/{}", id(&record))).await.done();
    }
    owner.delete(&format!("/tokens/{}", id(&maker))).await.done();
    assert_eq!(asks(&revoked).await, Err(refusal(401, "revoked_token")));
    assert_eq!(asks(&orphaned).await, Err(refusal(401, "revoked_token")));
    world.pass(SignedDuration::from_hours(24)).await;
    assert_eq!(asks(&expiring).await, Err(refusal(401, "expired_token")));
    for forged in ["cp_grant_", "cp_grant_000000000000000000000000000000000000", &"cp_grant_".repeat(5)] {
        assert_eq!(asks(&world.with_token(forged)).await, Err(refusal(401, "invalid_token")), "{forged}");
    }
}

#[tokio::test]
async fn revoking_a_grant_aborts_what_is_unfinished_and_keeps_what_has_arrived() {
    let world = World::start().await;
    let owner = world.owner();
    let (holder, grant) = granted(&world, &owner, &json!({})).await;
    let item = holder.upload_with("a", b"abc", &json!({})).await;
    let mut open = Vec::new();
    for at in 0..3 {
        open.push(holder.put_with(&format!("{at}"), &[7; 100], &json!({})).await);
    }
    assert_eq!(owner.get("/drive/usage").await.ok()["reservedBytes"], 300);
    owner.delete(&format!("/drive/grants/{}", id(&grant))).await.done();
    assert_eq!(owner.get("/drive/usage").await.ok()["reservedBytes"], 0, "at once");
    let (upload, listed) = &open[0];
    assert_eq!(holder.finalize(upload, listed).await.refused(), refusal(401, "revoked_token"));
    assert_eq!(owner.finalize(upload, listed).await.refused(), refusal(410, "upload_aborted"));
    assert_eq!(owner.download(&id(&item)).await, b"abc");
    assert_eq!(states(&owner, &grant).await, ["aborted", "aborted", "aborted", "finalized"]);
    wait_for(async || world.uploads_in_store().await == 0).await;
}

#[tokio::test]
async fn a_grant_has_no_more_folder_scope_or_life_than_the_token_that_made_it() {
    let world = World::start().await;
    let owner = world.owner();
    let inside = owner.folder("inside", None).await;
    let (below, outside) = (owner.folder("below", Some(&inside)).await, owner.folder("outside", None).await);
    let confined = world.token_of(&owner, &["drive_upload"], Some(&inside)).await;
    let make = async |maker: &Actor, request: Value| maker.post("/drive/grants", &request).await;
    assert_eq!(make(&confined, json!({})).await.refused(), refusal(403, "confined_token"));
    assert_eq!(make(&confined, json!({ "folderId": outside })).await.refused(), refusal(404, "not_found"));
    let (holder, grant) = granted(&world, &confined, &json!({ "folderId": below })).await;
    let item = holder.upload_with("a", b"a", &json!({})).await;
    assert_eq!(owner.item(&id(&item)).await["parentId"], json!(below));
    assert_eq!(id(&grant), id(&confined.get("/drive/grants").await.ok()["grants"][0]));
    let reader = world.token_of(&owner, &["drive_read"], None).await;
    assert_eq!(make(&reader, json!({})).await.refused(), refusal(403, "missing_scope"));
    let file = owner.file("f", None).await;
    assert_eq!(make(&owner, json!({ "folderId": file })).await.refused(), refusal(400, "not_a_folder"));
    let short = world.with_token(&world.token(OWNER_EMAIL, &["access_drive"], Duration::from_hours(1)).await);
    let later = (world.now() + SignedDuration::from_hours(2)).to_string();
    let refused = make(&short, json!({ "expiresAt": later })).await.refused_for("expiresAt");
    assert_eq!(refused, refusal(400, "invalid_field"));
    let (_, short_lived) = granted(&world, &short, &json!({})).await;
    let end: jiff::Timestamp = short_lived["expiresAt"].as_str().unwrap().parse().unwrap();
    assert!(end <= world.now() + SignedDuration::from_hours(1), "{short_lived}");
}

#[tokio::test]
async fn a_grant_follows_the_token_that_replaces_its_maker() {
    let world = World::start().await;
    let made = world.owner().post("/tokens", &json!({ "name": "m", "scopes": ["drive_upload"] })).await.ok();
    let maker = world.with_token(made["token"].as_str().unwrap());
    let (holder, grant) = granted(&world, &maker, &json!({})).await;
    let next = maker.post("/tokens/rotate", &json!({ "endOldNow": true })).await.ok();
    assert_eq!(asks(&holder).await, Ok(()));
    let successor = world.with_token(next["token"].as_str().unwrap());
    let known = successor.get(&format!("/drive/grants/{}", id(&grant))).await.ok();
    assert_eq!(known["tokenId"], next["id"]);
    successor.delete(&format!("/tokens/{}", id(&next))).await.refused();
    world.owner().delete(&format!("/tokens/{}", id(&next))).await.done();
    assert_eq!(asks(&holder).await, Err(refusal(401, "revoked_token")));
}

#[tokio::test]
async fn a_token_that_only_uploads_knows_of_the_grants_that_come_of_it() {
    let world = World::start().await;
    let owner = world.owner();
    // Made by an operator, so that no token stands above it.
    let token = world.token(OWNER_EMAIL, &["drive_upload"], Duration::from_hours(1)).await;
    let (narrow, other) = (world.with_token(&token), world.user("other@example.com").await);
    let (holder, theirs) = granted(&world, &owner, &json!({})).await;
    let (_, own) = granted(&world, &narrow, &json!({})).await;
    let listed = async |actor: &Actor| {
        let grants = actor.get("/drive/grants").await.ok()["grants"].as_array().unwrap().clone();
        let mut ids: Vec<_> = grants.iter().map(id).collect();
        ids.sort();
        ids
    };
    let mut both = vec![id(&theirs), id(&own)];
    both.sort();
    assert_eq!(listed(&owner).await, both, "an operator's token that may read");
    assert_eq!(listed(&narrow).await, [id(&own)]);
    assert!(listed(&other).await.is_empty());
    for (method, path) in [("GET", ""), ("GET", "/uploads"), ("DELETE", "")] {
        let path = format!("/drive/grants/{}{path}", id(&theirs));
        let answer = if method == "GET" { narrow.get(&path).await } else { narrow.delete(&path).await };
        assert_eq!(answer.refused(), refusal(404, "grant_not_found"), "{method} {path}");
    }
    holder.start("their secret", 1).await;
    assert_eq!(narrow.get("/drive/uploads").await.ok()["uploads"], json!([]), "others' names");
    assert_eq!(names_of(&owner.get("/drive/uploads").await.ok()), ["their secret"]);
    assert_eq!(owner.get("/tokens").await.ok()["tokens"].as_array().unwrap().len(), 2, "a grant is none");
}

fn names_of(page: &Value) -> Vec<String> {
    let uploads = page["uploads"].as_array().unwrap().iter();
    uploads.map(|one| one["fileName"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn without_its_folder_or_the_role_of_its_maker_a_grant_is_closed_and_nothing_goes_astray() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let (holder, _) = granted(&world, &member, &json!({ "folderId": folder })).await;
    let (upload, listed) = holder.put_with("a", b"a", &json!({})).await;
    let closed = || refusal(409, "upload_folder_closed");
    let user = world.user_id("member@example.com").await;
    owner.share(&folder, &user, "viewer").await;
    assert_eq!(asks(&holder).await, Err(closed()));
    assert_eq!(holder.finalize(&upload, &listed).await.refused(), closed());
    owner.share(&folder, &user, "member").await;
    owner.trash(&folder).await;
    assert_eq!(asks(&holder).await, Err(closed()));
    assert_eq!(holder.finalize(&upload, &listed).await.refused(), closed());
    owner.restore(&folder).await.ok();
    holder.finalize(&upload, &listed).await.ok();
    assert_eq!(names(&member.get(&format!("/drive/folders/{folder}/children")).await.ok()["items"]), ["a"]);
}

#[tokio::test]
async fn a_grant_is_forgotten_a_week_after_its_end_and_what_it_brought_stays() {
    let world = World::start().await;
    let (holder, grant) = granted(&world, &world.owner(), &json!({ "externalId": "e" })).await;
    let item = holder.upload_with("a", b"a", &json!({})).await;
    world.pass(SignedDuration::from_hours(6 * 24)).await;
    world.see_a_sweep().await;
    assert_eq!(states(&world.owner(), &grant).await, ["finalized"]);
    world.pass(SignedDuration::from_hours(2 * 24 + 1)).await;
    world.see_a_sweep().await;
    wait_for(async || world.count("grants").await == 0).await;
    let owner = world.owner();
    let path = format!("/drive/grants/{}", id(&grant));
    assert_eq!(owner.get(&path).await.refused(), refusal(404, "grant_not_found"));
    assert_eq!(owner.item(&id(&item)).await["externalId"], "e");
}

#[tokio::test]
async fn a_grant_ends_with_its_folder_and_stays_listed() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let inner = owner.folder("inner", Some(&folder)).await;
    let (holder, grant) = granted(&world, &owner, &json!({ "folderId": inner })).await;
    let (_, path) = requested(&owner, &folder, &json!({})).await;
    let submitter = submitter(&world, &path, &json!({})).await;
    let kept = holder.upload_with("kept", b"a", &json!({})).await;
    owner.move_to(&id(&kept), None).await.ok();
    holder.start("open", 1 << 40).await;
    submitter.start("open", 1 << 40).await;
    owner.trash(&folder).await;
    owner.purge(&folder).await;
    wait_for(async || world.count("items where kind = 0").await == 0).await;
    assert_eq!(asks(&holder).await, Err(refusal(401, "revoked_token")));
    assert_eq!(asks(&submitter).await, Err(refusal(401, "invalid_token")));
    world.pass(SignedDuration::from_mins(11)).await;
    world.see_a_sweep().await;
    let owner = world.owner();
    wait_for(async || owner.get("/drive/usage").await.ok()["reservedBytes"] == 0).await;
    assert_eq!(states(&owner, &grant).await, ["expired", "finalized"]);
    let listed = owner.get(&format!("/drive/grants/{}", id(&grant))).await.ok();
    assert_eq!((&listed["folderId"], listed["revokedAt"].is_string()), (&Value::Null, true), "{listed}");
    assert_eq!(owner.item(&id(&kept)).await["grantId"], grant["id"]);
}

#[tokio::test]
async fn what_a_grant_cannot_be_asked_for_is_refused_with_its_field() {
    let world = World::start().await;
    for (request, field) in [
        (json!({ "verbs": ["read"] }), "verbs"),
        (json!({ "verbs": [] }), "verbs"),
        (json!({ "maxFiles": 0 }), "maxFiles"),
        (json!({ "maxFiles": 10_001 }), "maxFiles"),
        (json!({ "maxFiles": -1 }), "maxFiles"),
        (json!({ "maxFileBytes": "1" }), "maxFileBytes"),
        (json!({ "maxBytes": u64::MAX }), "maxBytes"),
        (json!({ "types": ["png"] }), "types[0]"),
        (json!({ "types": "image/png" }), "types"),
        (json!({ "onConflict": "replace" }), "onConflict"),
        (json!({ "onConflict": "fail" }), "onConflict"),
        (json!({ "expiresAt": "2020-01-01T00:00:00Z" }), "expiresAt"),
        (json!({ "expiresAt": "tomorrow" }), "expiresAt"),
        (json!({ "externalId": "" }), "externalId"),
        (json!({ "externalId": "a\nb" }), "externalId"),
        (json!({ "metadata": [1] }), "metadata"),
        (json!({ "metadata": { "a": "x".repeat(2048) } }), "metadata"),
        (json!({ "metadata": nested(17) }), "metadata"),
    ] {
        let refused = world.owner().post("/drive/grants", &request).await.refused_for(field);
        assert_eq!(refused, refusal(400, "invalid_field"), "{request}");
    }
    assert_eq!(world.count("grants").await, 0);
}
