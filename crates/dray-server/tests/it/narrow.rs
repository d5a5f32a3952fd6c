//! What a token with few rights may use up and learn: its own limits end it before its user's limits do, and it sees only
//! the uploads that it began.

use dray_api::limits::{MAX_ROTATIONS, MAX_TOKENS_OF_A_TOKEN};
use dray_ops::OWNER_EMAIL;
use serde_json::{Value, json};

use crate::acts::id;
use crate::batch::{file, outcome};
use crate::grants::granted;
use crate::world::{Actor, Started, World, refusal, wait_for};

async fn child(world: &World, maker: &Actor, scopes: &[&str]) -> Actor {
    let made = maker.post("/tokens", &json!({ "name": "child", "scopes": scopes })).await.ok();
    world.with_token(made["token"].as_str().unwrap())
}

async fn set_quota(world: &World, email: &str, bytes: u64) {
    let admin = world.admin().await;
    admin.set_quota(Some(email), Some(bytes)).await.unwrap();
    admin.close().await;
}

/// The answer to every step that a caller may take with an upload.
async fn steps(actor: &Actor, upload: &Started) -> Vec<(u16, String)> {
    let mut answers = Vec::new();
    for (step, more) in [
        ("presigned-urls", json!({ "parts": 1 })),
        ("parts", json!({})),
        ("finalize", json!({})),
        ("abort", json!({})),
    ] {
        answers.push(actor.step(step, &upload.body(&more)).await.refused());
    }
    answers
}

async fn listed(actor: &Actor) -> Vec<Value> {
    actor.get("/drive/uploads").await.ok()["uploads"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_token_that_replaces_itself_again_and_again_stops_only_itself() {
    let world = World::start().await;
    let other = child(&world, &world.owner(), &["access_drive"]).await;
    let mut narrow = child(&world, &world.owner(), &["drive_upload"]).await;
    for _ in 0..MAX_ROTATIONS {
        let made = narrow.post("/tokens/rotate", &json!({})).await.ok();
        narrow = world.with_token(made["token"].as_str().unwrap());
    }
    for end_old_now in [false, true] {
        let request = json!({ "endOldNow": end_old_now });
        let refused = narrow.post("/tokens/rotate", &request).await;
        assert_eq!(refused.refused_for("Tokens"), refusal(400, "invalid_field"));
    }
    other.post("/tokens/rotate", &json!({})).await.ok();
    world.owner().post("/tokens", &json!({ "name": "a", "scopes": ["drive_read"] })).await.ok();
    world.pass(jiff::SignedDuration::from_hours(25)).await;
    narrow.post("/tokens/rotate", &json!({})).await.ok();
}

#[tokio::test]
async fn a_token_that_makes_tokens_without_end_stops_only_itself() {
    let world = World::start().await;
    let other = child(&world, &world.owner(), &["access_drive"]).await;
    let narrow = child(&world, &world.owner(), &["access_drive"]).await;
    let below = child(&world, &narrow, &["access_drive"]).await;
    for _ in 1..MAX_TOKENS_OF_A_TOKEN {
        child(&world, &below, &["access_drive"]).await;
    }
    for actor in [&narrow, &below] {
        let refused = actor.post("/tokens", &json!({ "name": "a", "scopes": ["access_drive"] })).await;
        assert_eq!(refused.refused_for("Tokens"), refusal(400, "invalid_field"));
    }
    child(&world, &other, &["access_drive"]).await;
    child(&world, &world.owner(), &["access_drive"]).await;
    // A token that replaces itself does not count as another one.
    narrow.post("/tokens/rotate", &json!({})).await.ok();
}

#[tokio::test]
async fn a_token_that_may_only_upload_reaches_what_it_began_and_nothing_of_its_siblings() {
    let world = World::start().await;
    let (one, other) = (
        child(&world, &world.owner(), &["drive_upload"]).await,
        child(&world, &world.owner(), &["drive_upload"]).await,
    );
    let (started, parts) = one.put_with("salaries", b"1", &json!({})).await;
    assert_eq!(listed(&other).await, Vec::<Value>::new());
    for answer in steps(&other, &started).await {
        assert_eq!(answer, refusal(404, "upload_not_found"));
    }
    let made = one.post("/tokens/rotate", &json!({})).await.ok();
    let next = world.with_token(made["token"].as_str().unwrap());
    assert_eq!(next.finalize(&started, &parts).await.ok()["name"], "salaries", "its successor goes on");
    let (wide, narrow) = (child(&world, &world.owner(), &["access_drive"]).await, json!(["drive_upload"]));
    let made = wide.post("/tokens", &json!({ "name": "a", "scopes": narrow })).await.ok();
    let (left, _) = world.with_token(made["token"].as_str().unwrap()).put_with("b", b"1", &json!({})).await;
    assert_eq!(listed(&wide).await.len(), 1, "a token that may read sees all");
    assert_eq!(wide.step("abort", &left.body(&json!({}))).await.status, 204);
}

#[tokio::test]
async fn nobody_finishes_with_their_token_what_it_could_not_start() {
    let world = World::start().await;
    let owner = world.owner();
    let file = id(&owner.upload_with("report", b"good", &json!({})).await);
    let (started, parts) = owner.put_with("report", b"new!", &json!({ "onConflict": "replace" })).await;
    let writer = child(&world, &owner, &["drive_read", "drive_upload"]).await;
    assert_eq!(listed(&writer).await, Vec::<Value>::new());
    for answer in steps(&writer, &started).await {
        assert_eq!(answer, refusal(404, "upload_not_found"));
    }
    assert_eq!(owner.download(&file).await, b"good");
    owner.finalize(&started, &parts).await.ok();
    assert_eq!(owner.download(&file).await, b"new!");
}

#[tokio::test]
async fn whoever_may_only_upload_learns_nothing_from_what_it_is_refused() {
    let world = World::start().await;
    let owner = world.owner();
    let (file, folder) = (owner.file("a", None).await, owner.folder("f", None).await);
    let other = world.participant("other@example.com", &owner, &folder, "viewer").await;
    let narrow = child(&world, &other, &["drive_upload"]).await;
    for parent in [&file, &folder, "0123456789abcdef01234567"] {
        let body = json!({ "fileName": "b", "fileSize": 1, "mimeType": "a/b", "parentId": parent });
        assert_eq!(narrow.step("start", &body).await.refused(), refusal(404, "not_found"), "{parent}");
        let body = json!({ "name": "b", "parentId": parent });
        assert_eq!(narrow.post("/drive/folders", &body).await.refused(), refusal(404, "not_found"));
    }
    set_quota(&world, "other@example.com", 1234).await;
    let body = json!({ "fileName": "b", "fileSize": 999_999, "mimeType": "a/b" });
    let refused = narrow.step("start", &body).await;
    let text = refused.body["message"].to_string();
    assert_eq!(refused.refused(), refusal(507, "quota_exceeded"));
    assert!(!text.chars().any(|digit| digit.is_ascii_digit()), "{text}");
    // Whatever happens to the file, the repeated finalize has the same answer.
    let (started, parts) = narrow.put_with("c", b"1", &json!({})).await;
    let item = narrow.finalize(&started, &parts).await.ok();
    other.trash(&id(&item)).await;
    assert_eq!(narrow.finalize(&started, &parts).await.ok(), item);
    other.purge(&id(&item)).await;
    assert_eq!(narrow.finalize(&started, &parts).await.ok(), item);
}

#[tokio::test]
async fn a_link_of_a_confined_token_leads_only_to_what_is_in_its_folder() {
    let world = World::start().await;
    let owner = world.owner();
    let (inside, outside) = (owner.folder("in", None).await, owner.folder("out", None).await);
    let file = owner.file("a", Some(&inside)).await;
    let confined = world.token_of(&owner, &["access_drive"], Some(&inside)).await;
    let path = format!("/drive/files/{file}/links");
    let (narrow, wide) =
        (confined.post(&path, &json!({})).await.ok(), owner.post(&path, &json!({})).await.ok());
    let follow = async |link: &Value| {
        let url = link["url"].as_str().unwrap();
        world.http.get(url).send().await.unwrap().status().as_u16()
    };
    assert_eq!((follow(&narrow).await, follow(&wide).await), (200, 200));
    owner.move_to(&file, Some(&outside)).await.ok();
    assert_eq!((follow(&narrow).await, follow(&wide).await), (404, 200));
    owner.move_to(&file, Some(&inside)).await.ok();
    assert_eq!(follow(&narrow).await, 200);
}

#[tokio::test]
async fn a_member_cannot_fill_the_quota_of_the_owner_by_replacing_their_files() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let file = id(&owner.upload_with("a", &[1; 100], &json!({ "parentId": folder })).await);
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    set_quota(&world, OWNER_EMAIL, 250).await;
    let into = json!({ "parentId": folder, "onConflict": "replace" });
    // When both start, the quota has room for each. When they finish, it has room for only one.
    let first = member.put_with("a", &[2; 100], &into).await;
    let second = member.put_with("a", &[3; 100], &into).await;
    member.finalize(&first.0, &first.1).await.ok();
    assert_eq!(owner.usage().await, (3, 200), "the new bytes, and the earlier ones in the trash");
    let refused = member.finalize(&second.0, &second.1).await;
    assert_eq!(refused.refused(), refusal(507, "quota_exceeded"));
    let body = json!({ "fileName": "a", "fileSize": 51, "mimeType": "a/b" });
    let mut start = body.as_object().unwrap().clone();
    start.extend(into.as_object().unwrap().clone());
    assert_eq!(member.step("start", &json!(start)).await.refused(), refusal(507, "quota_exceeded"));
    assert_eq!(owner.usage().await, (3, 200));
    set_quota(&world, OWNER_EMAIL, 300).await;
    member.finalize(&second.0, &second.1).await.ok();
    assert_eq!((owner.usage().await, owner.download(&file).await), ((4, 300), vec![3; 100]));
}

#[tokio::test]
async fn the_page_of_one_grant_leaves_room_for_other_grants_and_for_their_maker() {
    let world = World::start_with(|config| config.uploads.max_open_uploads = 8).await;
    let owner = world.owner();
    let full = refusal(409, "too_many_uploads");
    let start = async |actor: &Actor| {
        let body = json!({ "fileName": "a", "fileSize": 1, "mimeType": "a/b" });
        let answer = actor.step("start", &body).await;
        if answer.status == 200 { None } else { Some(answer.refused()) }
    };
    let mut holders = Vec::new();
    for _ in 0..4 {
        let holder = granted(&world, &owner, &json!({})).await.0;
        let answers = [start(&holder).await, start(&holder).await, start(&holder).await];
        holders.push((holder, answers));
    }
    for (_, answers) in &holders[..3] {
        assert_eq!(*answers, [None, None, Some(full.clone())], "a quarter of them for one grant");
    }
    assert_eq!(holders[3].1[0], Some(full.clone()), "three quarters for all that may only upload");
    let narrow = child(&world, &owner, &["drive_upload"]).await;
    assert_eq!(start(&narrow).await, Some(full.clone()));
    assert_eq!([start(&owner).await, start(&owner).await], [None, None]);
    assert_eq!(start(&owner).await, Some(full));
    let files: Vec<Value> = (0..4).map(|at| file(&format!("{at}"), b"1")).collect();
    let other = world.user("other@example.com").await;
    let (holder, _) = granted(&world, &other, &json!({})).await;
    let answer = holder.batch("start", &json!({ "files": files })).await.ok();
    let outcomes: Vec<_> = answer["files"].as_array().unwrap().iter().map(outcome).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2, "a batch takes no more");
}

#[tokio::test]
async fn what_a_grant_reserves_ends_with_the_grant_however_it_ends() {
    let mut world = World::start().await;
    let (owner, hour) = (world.owner(), jiff::SignedDuration::from_hours(1));
    let maker = child(&world, &owner, &["access_drive"]).await;
    let soon = (world.now() + hour).to_string();
    let (expiring, _) = granted(&world, &maker, &json!({ "expiresAt": soon })).await;
    let (revoked, _) = granted(&world, &maker, &json!({})).await;
    let upload = expiring.start("a", 100).await;
    revoked.start("b", 100).await;
    world.pass(hour / 2).await;
    expiring.urls(&upload, 1).await;
    let until = expiring.step("parts", &upload.body(&json!({}))).await.ok()["expiresAt"].to_string();
    assert!(until.trim_matches('"').parse::<jiff::Timestamp>().unwrap() <= world.now() + hour / 2, "{until}");
    let reserved = async |owner: &Actor| owner.get("/drive/usage").await.ok()["reservedBytes"].clone();
    assert_eq!(reserved(&owner).await, 200);
    let tokens = owner.get("/tokens").await.ok();
    let tokens = tokens["tokens"].as_array().unwrap();
    let made = tokens.iter().find(|token| token["name"] == "child").unwrap();
    owner.delete(&format!("/tokens/{}", id(made))).await.done();
    // The sweeper waits until all clocks agree that an upload has expired.
    world.pass(jiff::SignedDuration::from_mins(11)).await;
    world.restart().await;
    let owner = world.owner();
    wait_for(async || reserved(&owner).await == 0).await;
}

#[tokio::test]
async fn a_grant_reaches_no_further_than_the_token_that_made_it() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let sub = owner.folder("sub", Some(&folder)).await;
    let confined = world.token_of(&owner, &["access_drive"], Some(&folder)).await;
    let (holder, _) = granted(&world, &confined, &json!({ "folderId": sub })).await;
    let (early, parts) = holder.put_with("early", b"1", &json!({})).await;
    owner.move_to(&sub, None).await.ok();
    let body = json!({ "fileName": "late", "fileSize": 1, "mimeType": "a/b" });
    assert_eq!(holder.step("start", &body).await.refused(), refusal(409, "upload_folder_closed"));
    assert_eq!(holder.finalize(&early, &parts).await.refused(), refusal(409, "upload_folder_closed"));
    owner.move_to(&sub, Some(&folder)).await.ok();
    holder.finalize(&early, &parts).await.ok();
    assert_eq!(owner.listed(&sub).await, ["early"]);
}

#[tokio::test]
async fn a_confined_token_cannot_use_up_the_file_requests_of_its_user() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let confined = world.token_of(&owner, &["access_drive"], Some(&folder)).await;
    let body = json!({ "folderId": folder, "title": "a" });
    for _ in 0..dray_api::limits::MAX_REQUESTS_OF_A_FOLDER {
        confined.post("/drive/requests", &body).await.ok();
    }
    let refused = confined.post("/drive/requests", &body).await;
    assert_eq!(refused.refused_for("File requests"), refusal(400, "invalid_field"));
    owner.post("/drive/requests", &body).await.ok();
}

#[tokio::test]
async fn a_confined_token_is_not_told_how_much_of_a_quota_is_used() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    owner.file("outside", None).await;
    let body = json!({ "fileName": "b", "fileSize": 999_999, "mimeType": "a/b", "parentId": folder });
    let files = json!({ "parentId": folder, "files": [file("b", &[0; 99_999])] });
    for email in [Some(OWNER_EMAIL), None] {
        let admin = world.admin().await;
        admin.set_quota(email, Some(1234)).await.unwrap();
        admin.close().await;
        for scopes in [&["access_drive"][..], &["drive_read", "drive_upload"]] {
            let confined = world.token_of(&owner, scopes, Some(&folder)).await;
            let refused = confined.step("start", &body).await;
            let in_batch = confined.batch("start", &files).await.ok()["files"][0]["error"].clone();
            for told in [&refused.body, &in_batch] {
                let text = told["message"].as_str().unwrap();
                assert_eq!(told["code"], "quota_exceeded");
                assert!(!text.chars().any(|digit| digit.is_ascii_digit()), "{scopes:?}: {text}");
            }
        }
        let whole = owner.step("start", &body).await;
        assert!(whole.body["message"].to_string().contains("are left"), "{}", whole.body);
    }
}
