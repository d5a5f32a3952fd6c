//! Tokens that tokens create: none may do more than its creator, and each may replace itself.

use std::time::Duration;

use dray_ops::OWNER_EMAIL;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::acts::{id, ids};
use crate::world::{Actor, World, refusal};

/// A token that `maker` created, and its record.
async fn child(world: &World, maker: &Actor, more: &Value) -> (Actor, Value) {
    let mut request = json!({ "name": "child", "scopes": ["access_drive"] });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = maker.post("/tokens", &request).await.ok();
    (world.with_token(made["token"].as_str().unwrap()), made)
}

async fn rotated(world: &World, actor: &Actor, request: &Value) -> (Actor, Value) {
    let made = actor.post("/tokens/rotate", request).await.ok();
    (world.with_token(made["token"].as_str().unwrap()), made)
}

async fn asks(actor: &Actor) -> Result<(), (u16, String)> {
    let answer = actor.get("/drive/tree").await;
    if answer.status == 200 { Ok(()) } else { Err(answer.refused()) }
}

async fn listed(actor: &Actor) -> Vec<String> {
    ids(actor.get("/tokens").await.ok()["tokens"].as_array().unwrap())
}

fn time(record: &Value, field: &str) -> Timestamp {
    record[field].as_str().unwrap().parse().unwrap()
}

fn day() -> SignedDuration {
    SignedDuration::from_hours(24)
}

#[tokio::test]
async fn what_a_token_made_ends_with_it_however_far_down() {
    let world = World::start().await;
    let (parent, record) = child(&world, &world.owner(), &json!({})).await;
    let (kid, made) = child(&world, &parent, &json!({})).await;
    let (grandchild, _) = child(&world, &kid, &json!({ "scopes": ["drive_read"] })).await;
    let (sibling, _) = child(&world, &world.owner(), &json!({})).await;
    assert_eq!((&made["parentId"], time(&made, "expiresAt")), (&record["id"], time(&record, "expiresAt")));
    for actor in [&parent, &kid, &grandchild] {
        assert_eq!(asks(actor).await, Ok(()));
    }
    world.owner().delete(&format!("/tokens/{}", id(&record))).await.done();
    for actor in [&parent, &kid, &grandchild] {
        assert_eq!(asks(actor).await, Err(refusal(401, "revoked_token")));
    }
    assert_eq!(asks(&sibling).await, Ok(()));
    assert_eq!(world.count("tokens where revoked_at is not null").await, 3, "the list says so too");
}

#[tokio::test]
async fn a_token_is_refused_for_what_became_of_one_above_it_even_if_only_that_row_says_so() {
    let world = World::start().await;
    let (parent, record) = child(&world, &world.owner(), &json!({})).await;
    let (kid, _) = child(&world, &parent, &json!({})).await;
    let (grandchild, _) = child(&world, &kid, &json!({})).await;
    let change = async |what: &str| {
        world.execute(&format!("update tokens set {what} where id = '{}'", id(&record))).await;
    };
    for (what, back, code) in [
        ("revoked_at = 1", "revoked_at = null", "revoked_token"),
        ("expires_at = 1", "expires_at = 9000000000000", "expired_token"),
    ] {
        change(what).await;
        for actor in [&kid, &grandchild] {
            assert_eq!(asks(actor).await, Err(refusal(401, code)), "{what}");
        }
        change(back).await;
        assert_eq!(asks(&grandchild).await, Ok(()), "{back}");
    }
    let admin = world.admin().await;
    admin.revoke_token(id(&record).parse().unwrap(), world.now()).await.unwrap();
    admin.close().await;
    assert_eq!(
        asks(&grandchild).await,
        Err(refusal(401, "revoked_token")),
        "an operator's revocation includes descendants too"
    );
}

#[tokio::test]
async fn no_token_lives_longer_than_the_one_that_made_it() {
    let world = World::start().await;
    let short = world.token(OWNER_EMAIL, &["access_drive"], Duration::from_hours(48)).await;
    let (short, end) = (world.with_token(&short), world.now() + 2 * day());
    let later = (end + SignedDuration::from_mins(1)).to_string();
    for field in ["expiresAt", "rotateUntil"] {
        let request = json!({ "name": "a", "scopes": ["drive_read"], field: later });
        assert_eq!(short.post("/tokens", &request).await.refused_for(field), refusal(400, "invalid_field"));
    }
    let (kid, made) = child(&world, &short, &json!({})).await;
    for field in ["expiresAt", "rotateUntil"] {
        assert!(time(&made, field) <= end, "{made}");
    }
    let request = json!({ "expiresAt": later });
    assert_eq!(
        kid.post("/tokens/rotate", &request).await.refused_for("expiresAt"),
        refusal(400, "invalid_field")
    );
    let (next, made) = rotated(&world, &kid, &json!({})).await;
    assert!(time(&made, "expiresAt") <= end, "{made}");
    world.pass(2 * day()).await;
    assert_eq!(asks(&next).await, Err(refusal(401, "expired_token")));
}

#[tokio::test]
async fn a_token_that_another_made_knows_of_nothing_beside_and_above_it() {
    let world = World::start().await;
    let owner = world.owner();
    let (thief, stolen) = child(&world, &owner, &json!({})).await;
    let (_, sibling) = child(&world, &owner, &json!({})).await;
    let (_, own) = child(&world, &thief, &json!({})).await;
    assert_eq!(listed(&thief).await, [id(&stolen), id(&own)]);
    let all = listed(&owner).await;
    assert_eq!(all.len(), 4, "a token that an operator created sees all tokens of its user");
    let absent = thief.delete("/tokens/0123456789abcdef01234567").await.body;
    for other in [&all[0], &id(&sibling)] {
        let refused = thief.delete(&format!("/tokens/{other}")).await;
        assert_eq!(refused.body, absent);
        assert_eq!(refused.refused(), refusal(404, "token_not_found"));
    }
    assert_eq!(asks(&owner).await, Ok(()));
    thief.delete(&format!("/tokens/{}", id(&own))).await.done();
    thief.delete(&format!("/tokens/{}", id(&stolen))).await.done();
    assert_eq!(asks(&thief).await, Err(refusal(401, "revoked_token")));
}

#[tokio::test]
async fn descending_has_an_end() {
    let world = World::start().await;
    let mut actor = world.owner();
    for _ in 1..dray_api::limits::MAX_TOKEN_DEPTH {
        actor = child(&world, &actor, &json!({})).await.0;
    }
    assert_eq!(asks(&actor).await, Ok(()));
    let request = json!({ "name": "a", "scopes": ["drive_read"] });
    assert_eq!(actor.post("/tokens", &request).await.refused_for("16"), refusal(400, "invalid_field"));
}

#[tokio::test]
async fn a_token_replaces_itself_with_one_that_may_do_the_same() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let file = owner.file("a", Some(&folder)).await;
    let more = json!({ "scopes": ["drive_read"], "folderId": folder, "name": "reader" });
    let (old, record) = child(&world, &owner, &more).await;
    let (new, made) = rotated(&world, &old, &json!({})).await;
    for field in ["name", "scopes", "folderId", "parentId", "rotateUntil"] {
        assert_eq!(made[field], record[field], "{field}");
    }
    assert_eq!(new.download(&file).await, b"a");
    assert_eq!(asks(&old).await, Ok(()), "the old token stays valid for a day");
    assert_eq!(old.post("/tokens/rotate", &json!({})).await.refused(), refusal(409, "token_rotated"));
    assert_eq!(
        new.post("/drive/folders", &json!({ "name": "f" })).await.refused(),
        refusal(403, "missing_scope")
    );
    world.pass(day()).await;
    assert_eq!(asks(&old).await, Err(refusal(401, "expired_token")));
    assert_eq!(asks(&new).await, Ok(()));
    let (newest, _) = rotated(&world, &new, &json!({ "endOldNow": true })).await;
    assert_eq!(asks(&new).await, Err(refusal(401, "revoked_token")));
    assert_eq!(asks(&newest).await, Ok(()));
}

#[tokio::test]
async fn rotation_lengthens_a_life_only_as_far_as_its_maker_said() {
    let world = World::start().await;
    let now = world.now();
    let more =
        json!({ "expiresAt": (now + 2 * day()).to_string(), "rotateUntil": (now + 5 * day()).to_string() });
    let (first, record) = child(&world, &world.owner(), &more).await;
    world.pass(day()).await;
    let (second, made) = rotated(&world, &first, &json!({})).await;
    assert!(
        time(&made, "expiresAt") > time(&record, "expiresAt"),
        "the new token lives as long as the first"
    );
    let mut last = second;
    for _ in 0..3 {
        world.pass(day()).await;
        let (next, made) = rotated(&world, &last, &json!({})).await;
        assert!(time(&made, "expiresAt") <= now + 5 * day(), "{made}");
        assert_eq!(made["rotateUntil"], record["rotateUntil"]);
        last = next;
    }
    world.pass(day()).await;
    assert_eq!(asks(&last).await, Err(refusal(401, "expired_token")));
}

#[tokio::test]
async fn what_a_token_made_goes_on_with_the_one_that_takes_its_place() {
    let world = World::start().await;
    let (parent, _) = child(&world, &world.owner(), &json!({})).await;
    let (kid, _) = child(&world, &parent, &json!({})).await;
    let (successor, made) = rotated(&world, &parent, &json!({ "endOldNow": true })).await;
    assert_eq!(asks(&kid).await, Ok(()));
    let (late, _) = child(&world, &successor, &json!({})).await;
    let (_, next) = rotated(&world, &successor, &json!({})).await;
    assert_eq!(listed(&kid).await.len(), 1);
    world.owner().delete(&format!("/tokens/{}", id(&next))).await.done();
    for actor in [&kid, &late, &successor] {
        assert_eq!(asks(actor).await, Err(refusal(401, "revoked_token")), "{made}");
    }
}

#[tokio::test]
async fn a_revoked_token_takes_its_replacements_along_if_asked_to() {
    let world = World::start().await;
    let owner = world.owner();
    let (leaked, record) = child(&world, &owner, &json!({})).await;
    let (kid, _) = child(&world, &leaked, &json!({})).await;
    let (stolen, _) = rotated(&world, &leaked, &json!({})).await;
    let (again, _) = rotated(&world, &stolen, &json!({})).await;
    let (late, _) = child(&world, &again, &json!({})).await;
    let (other, _) = child(&world, &owner, &json!({})).await;
    let path = format!("/tokens/{}", id(&record));
    let with = |value: &str| format!("{path}?withReplacements={value}");
    assert_eq!(
        owner.delete(&with("yes")).await.refused_for("withReplacements"),
        refusal(400, "invalid_parameter")
    );
    // Whoever has only the token that was replaced cannot end its replacement.
    assert_eq!(leaked.delete(&with("true")).await.refused(), refusal(409, "token_rotated"));
    for (value, lives) in [("false", Ok(())), ("true", Err(refusal(401, "revoked_token")))] {
        owner.delete(&with(value)).await.done();
        assert_eq!(asks(&leaked).await, Err(refusal(401, "revoked_token")));
        for actor in [&again, &kid, &late] {
            assert_eq!(asks(actor).await, lives, "{value}");
        }
    }
    assert_eq!(asks(&stolen).await, Err(refusal(401, "revoked_token")));
    assert_eq!(asks(&other).await, Ok(()));
    owner.delete(&with("true")).await.done();
}

#[tokio::test]
async fn a_token_is_not_made_with_one_that_is_revoked_meanwhile() {
    let world = World::start().await;
    for _ in 0..20 {
        let (parent, record) = child(&world, &world.owner(), &json!({})).await;
        let request = json!({ "name": "race", "scopes": ["access_drive"] });
        let (path, owner) = (format!("/tokens/{}", id(&record)), world.owner());
        let (made, _) = tokio::join!(parent.post("/tokens", &request), owner.delete(&path));
        if made.status == 200 {
            let kid = world.with_token(made.body["token"].as_str().unwrap());
            assert_eq!(asks(&kid).await, Err(refusal(401, "revoked_token")));
        }
    }
    let good = "tokens t join tokens p on p.id = t.parent_id where p.revoked_at is not null and t.revoked_at is null";
    assert_eq!(world.count(good).await, 0);
}
