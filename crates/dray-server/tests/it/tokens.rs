//! `…/tokens`: a user's own tokens, what a narrower scope lets them do, and tokens that are confined to a folder.

use dray_ops::OWNER_EMAIL;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::acts::{id, ids};
use crate::world::{Actor, World, refusal};

async fn make(actor: &Actor, request: &Value) -> Value {
    actor.post("/tokens", request).await.ok()
}

#[tokio::test]
async fn a_token_is_shown_once_and_listed_without_its_secret() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let end = world.now() + SignedDuration::from_hours(24 * 80);
    let request = json!({ "name": "backup ü", "scopes": ["drive_upload", "drive_read", "drive_read"],
                          "folderId": folder, "expiresAt": end.to_string() });
    let mut made = make(&owner, &request).await;
    let secret = made.as_object_mut().unwrap().remove("token").unwrap();
    assert!(secret.as_str().unwrap().starts_with("cp_pat_"));
    assert_eq!(
        (&made["name"], &made["scopes"], &made["folderId"], made.get("revokedAt")),
        (&json!("backup ü"), &json!(["drive_upload", "drive_read"]), &json!(folder), None)
    );
    let listed = owner.get("/tokens").await.ok();
    assert_eq!(listed["tokens"][1], made);
    assert_eq!(listed["tokens"].as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains(secret.as_str().unwrap()));
    world.with_token(secret.as_str().unwrap()).get("/drive/tree").await.ok();
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once_and_only_ones_own_can_be() {
    let world = World::start().await;
    let (owner, other) = (world.owner(), world.user("other@example.com").await);
    let made = make(&owner, &json!({ "name": "a", "scopes": ["access_drive"] })).await;
    let actor = world.with_token(made["token"].as_str().unwrap());
    actor.get("/drive/tree").await.ok();
    let path = format!("/tokens/{}", id(&made));
    let foreign = other.delete(&path).await;
    assert_eq!(foreign.body, other.delete("/tokens/0123456789abcdef01234567").await.body);
    assert_eq!(foreign.refused(), refusal(404, "token_not_found"));
    assert!(!ids(other.get("/tokens").await.ok()["tokens"].as_array().unwrap()).contains(&id(&made)));
    actor.delete(&path).await.done();
    assert_eq!(actor.get("/drive/tree").await.refused(), refusal(401, "revoked_token"));
    let first = owner.get("/tokens").await.ok()["tokens"][1]["revokedAt"].clone();
    assert!(first.is_string());
    world.pass(SignedDuration::from_secs(5)).await;
    owner.delete(&path).await.done();
    assert_eq!(owner.get("/tokens").await.ok()["tokens"][1]["revokedAt"], first, "the first time counts");
}

#[tokio::test]
async fn a_token_ends_in_thirty_days_or_when_it_was_said_to_and_within_a_year() {
    let world = World::start().await;
    let year = std::time::Duration::from_hours(24 * 365);
    let owner = world.with_token(&world.token(OWNER_EMAIL, &["access_drive"], year).await);
    let day = |days: i64| SignedDuration::from_hours(24 * days);
    let life = |made: &Value| {
        let time = |field: &str| made[field].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        time("expiresAt").duration_since(time("createdAt"))
    };
    assert_eq!(life(&make(&owner, &json!({ "name": "a", "scopes": ["drive_read"] })).await), day(30));
    let in_time = (world.now() + day(365) - SignedDuration::from_mins(1)).to_string();
    let made = make(&owner, &json!({ "name": "a", "scopes": ["drive_read"], "expiresAt": in_time })).await;
    assert!(life(&made) <= day(365) && life(&made) > day(364));
    for (wrong, offset) in [(None, day(366)), (None, day(0)), (None, day(-1)), (Some("never"), day(1))] {
        let end = wrong.map_or_else(|| (world.now() + offset).to_string(), str::to_owned);
        let request = json!({ "name": "a", "scopes": ["drive_read"], "expiresAt": end });
        let answer = owner.post("/tokens", &request).await;
        assert_eq!(answer.refused_for("expiresAt"), refusal(400, "invalid_field"), "{end}");
    }
    let short = (world.now() + SignedDuration::from_mins(1)).to_string();
    let made = make(&owner, &json!({ "name": "a", "scopes": ["drive_read"], "expiresAt": short })).await;
    let actor = world.with_token(made["token"].as_str().unwrap());
    actor.get("/drive/tree").await.ok();
    world.pass(SignedDuration::from_mins(2)).await;
    assert_eq!(actor.get("/drive/tree").await.refused(), refusal(401, "expired_token"));
}

#[tokio::test]
async fn wrong_requests_are_named() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let good = json!({ "name": "a", "scopes": ["drive_read"] });
    let long = "n".repeat(101);
    for (field, value, named) in [
        ("name", json!(""), "name"),
        ("name", json!("  "), "name"),
        ("name", json!(long), "name"),
        ("name", json!("a\nb"), "name"),
        ("name", json!("a\u{0}"), "name"),
        ("name", json!(null), "name"),
        ("scopes", json!([]), "scopes"),
        ("scopes", json!("drive_read"), "scopes"),
        ("scopes", json!(["drive_read", "everything"]), "scopes[1]"),
        ("scopes", json!(["drive_read drive_upload"]), "scopes[0]"),
        ("scopes", json!(["ACCESS_DRIVE"]), "scopes[0]"),
        ("folderId", json!("root"), "folderId"),
    ] {
        let mut request = good.clone();
        request[field] = value.clone();
        let answer = owner.post("/tokens", &request).await;
        assert_eq!(answer.refused_for(named), refusal(400, "invalid_field"), "{field} {value}");
    }
    let confined = |folder: &str| json!({ "name": "a", "scopes": ["drive_read"], "folderId": folder });
    assert_eq!(owner.post("/tokens", &confined(&file)).await.refused(), refusal(400, "not_a_folder"));
    let theirs = world.user("other@example.com").await.folder("f", None).await;
    let foreign = owner.post("/tokens", &confined(&theirs)).await;
    assert_eq!(foreign.body, owner.post("/tokens", &confined("0123456789abcdef01234567")).await.body);
    assert_eq!(foreign.refused(), refusal(404, "not_found"));
    assert_eq!(owner.get("/tokens").await.ok()["tokens"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_narrower_scope_lets_read_or_upload_and_nothing_else() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let reader = world.token_of(&owner, &["drive_read"], None).await;
    let uploader = world.token_of(&owner, &["drive_upload"], None).await;
    let missing = || refusal(403, "missing_scope");
    assert_eq!(reader.download(&file).await, b"a");
    let start = json!({ "fileName": "b", "fileSize": 1, "mimeType": "a/b" });
    assert_eq!(reader.step("start", &start).await.refused_for("drive_upload"), missing());
    let made = uploader.upload_with("b", b"b", &json!({})).await;
    uploader.folder("f", None).await;
    for path in [format!("/drive/files/{}", id(&made)), "/drive/tree".into(), "/drive/usage".into()] {
        assert_eq!(uploader.get(&path).await.refused_for("drive_read"), missing(), "{path}");
    }
    let both = world.token_of(&owner, &["drive_read", "drive_upload"], None).await;
    both.upload_with("c", b"c", &json!({})).await;
    both.item(&file).await;
    let new = json!({ "name": "a", "scopes": ["access_drive"] });
    for answer in [
        both.change(&file, &json!({ "name": "b" })).await,
        both.delete(&format!("/drive/files/{file}")).await,
        both.get("/tokens").await,
        both.post("/tokens", &new).await,
        both.post(&format!("/drive/files/{file}/links"), &json!({})).await,
    ] {
        assert_eq!(answer.refused_for("access_drive"), missing());
    }
}

#[tokio::test]
async fn a_confined_token_uploads_into_its_folder_and_nowhere_else() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let inner = owner.folder("inner", Some(&folder)).await;
    let outside = owner.folder("outside", None).await;
    let confined = world.token_of(&owner, &["access_drive"], Some(&folder)).await;
    for into in [&folder, &inner] {
        let item = confined.upload_with("a", b"abc", &json!({ "parentId": into })).await;
        assert_eq!((&item["parentId"], confined.download(&id(&item)).await), (&json!(into), b"abc".to_vec()));
    }
    let start =
        |parent: Value| json!({ "fileName": "b", "fileSize": 1, "mimeType": "a/b", "parentId": parent });
    let new = |parent: Value| json!({ "name": "f", "parentId": parent });
    for (parent, expected) in [
        (json!(null), refusal(403, "confined_token")),
        (json!(outside), refusal(404, "not_found")),
        (json!("0123456789abcdef01234567"), refusal(404, "not_found")),
    ] {
        assert_eq!(confined.step("start", &start(parent.clone())).await.refused(), expected);
        assert_eq!(confined.post("/drive/folders", &new(parent)).await.refused(), expected);
    }
    // Uploads that its user began elsewhere are not its own.
    for more in [json!({}), json!({ "parentId": outside })] {
        let (upload, listed) = owner.put_with("c", b"c", &more).await;
        assert_eq!(confined.finalize(&upload, &listed).await.refused(), refusal(404, "upload_not_found"));
        let signed = confined.step("presigned-urls", &upload.body(&json!({ "parts": 1 }))).await;
        assert_eq!(signed.refused(), refusal(404, "upload_not_found"));
        owner.finalize(&upload, &listed).await.ok();
    }
}

#[tokio::test]
async fn a_confined_token_sees_its_folder_and_never_gets_out_of_it() {
    let world = World::start().await;
    let owner = world.owner();
    let above = owner.folder("zebra above", None).await;
    let folder = owner.folder("zebra folder", Some(&above)).await;
    let inner = owner.folder("zebra inner", Some(&folder)).await;
    let outside = owner.file("zebra outside", Some(&above)).await;
    let confined = world.token_of(&owner, &["access_drive"], Some(&folder)).await;
    assert_eq!(confined.listed("root").await, ["zebra folder"]);
    assert_eq!(confined.item(&folder).await.get("parentId"), None);
    let found = confined.query("/drive/search", &[("q", "zebra")]).await.ok();
    assert_eq!(found["totalHits"], 2);
    for hidden in [&above, &outside] {
        confined.check_absent(hidden).await;
        assert_eq!(confined.move_to(&inner, Some(hidden)).await.refused(), refusal(404, "not_found"));
        assert_eq!(confined.move_to(hidden, Some(&folder)).await.refused(), refusal(404, "not_found"));
    }
    assert_eq!(confined.move_to(&inner, None).await.refused(), refusal(403, "confined_token"));
    for to in [Some(inner.as_str()), None] {
        assert!(confined.move_to(&folder, to).await.refused().0 >= 403);
    }
    assert_eq!(confined.get("/tokens").await.refused(), refusal(403, "confined_token"));
    let new = json!({ "name": "wider", "scopes": ["access_drive"] });
    assert_eq!(confined.post("/tokens", &new).await.refused(), refusal(403, "confined_token"));
    // It goes where its folder goes, and ends with it.
    owner.move_to(&folder, None).await.ok();
    assert_eq!(confined.listed("root").await, ["zebra folder"]);
    owner.trash(&folder).await;
    assert_eq!(confined.listed("root").await, [""; 0]);
    confined.check_absent(&inner).await;
}

#[tokio::test]
async fn a_confined_token_learns_nothing_of_where_its_upload_went() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let secret = owner.folder("secret", None).await;
    let confined = world.token_of(&owner, &["drive_upload"], Some(&folder)).await;
    let (upload, listed) = confined.put_with("a", b"a", &json!({ "parentId": folder })).await;
    let item = confined.finalize(&upload, &listed).await.ok();
    assert_eq!(confined.finalize(&upload, &listed).await.ok(), item);
    owner.change(&id(&item), &json!({ "name": "secret name", "parentId": secret })).await.ok();
    assert_eq!(confined.finalize(&upload, &listed).await.ok(), item, "as it announced it");
    assert_eq!(owner.finalize(&upload, &listed).await.ok()["name"], "secret name");
}

#[tokio::test]
async fn a_confined_token_has_no_more_than_its_user() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let file = owner.file("a", Some(&folder)).await;
    let viewer = world.participant("viewer@example.com", &owner, &folder, "viewer").await;
    let confined = world.token_of(&viewer, &["access_drive"], Some(&folder)).await;
    assert_eq!(confined.download(&file).await, b"a");
    assert_eq!(confined.change(&file, &json!({ "name": "b" })).await.refused(), refusal(403, "role_too_low"));
    owner.unshare(&folder, &world.user_id("viewer@example.com").await).await;
    confined.check_absent(&file).await;
    assert_eq!(confined.listed("root").await, [""; 0]);
}
