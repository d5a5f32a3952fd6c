//! `GET /drive/usage`, and quotas.

use dray_ops::OWNER_EMAIL;
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::json;

use crate::acts::id;
use crate::world::{World, refusal, wait_for};

async fn set_quota(world: &World, email: &str, bytes: Option<u64>) {
    let admin = world.admin().await;
    admin.set_quota(Some(email), bytes).await.unwrap();
    admin.close().await;
}

#[tokio::test]
async fn usage_stays_exact_whatever_happens_to_items() {
    let mut world = World::start().await;
    let owner = world.owner();
    let empty = json!({
        "items": 0, "usedBytes": 0, "quotaBytes": null, "openUploads": 0, "reservedBytes": 0, "uploadingBytes": 0
    });
    assert_eq!(owner.get("/drive/usage").await.ok(), empty);
    let folder = owner.folder("folder", None).await;
    let into = |on_conflict: &str| json!({ "parentId": folder, "onConflict": on_conflict });
    let file = id(&owner.upload_with("a", &[1; 10], &into("keep")).await);
    assert_eq!(owner.usage().await, (2, 10));
    let (open, listed) = owner.put_with("b", &[2; 100], &into("fail")).await;
    assert_eq!(owner.usage().await, (2, 10), "an upload that is not finalized does not count as an item");
    for _ in 0..2 {
        owner.finalize(&open, &listed).await.ok();
        assert_eq!(owner.usage().await, (3, 110));
    }
    owner.upload_with("a", &[3; 7], &into("replace")).await;
    assert_eq!(owner.usage().await, (4, 117), "the replaced bytes are in the trash, which counts");
    owner.upload_with("a", &[3; 1000], &into("replace")).await;
    assert_eq!(owner.usage().await, (5, 1117));
    owner.upload_with("a", &[3; 5], &into("rename")).await;
    owner.change(&file, &json!({ "name": "c", "parentId": null })).await.ok();
    assert_eq!(owner.usage().await, (6, 1122));
    for item in [&file, &folder] {
        owner.trash(item).await;
    }
    assert_eq!(owner.usage().await, (6, 1122), "the trash counts");
    owner.restore(&file).await.ok();
    owner.purge(&folder).await;
    world.restart().await;
    wait_for(async || world.count("items").await == 3).await;
    assert_eq!(
        world.owner().usage().await,
        (3, 1017),
        "an item that was trashed separately stays in the trash"
    );
    world.owner().trash(&file).await;
    world.owner().delete("/drive/trash").await.ok();
    world.restart().await;
    wait_for(async || world.count("items").await == 0).await;
    assert_eq!(world.owner().get("/drive/usage").await.ok(), empty);
}

#[tokio::test]
async fn each_users_usage_is_what_they_own_wherever_it_is() {
    let mut world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let into = |on_conflict: &str| json!({ "parentId": folder, "onConflict": on_conflict });
    member.upload_with("theirs", &[1; 10], &into("keep")).await;
    owner.upload_with("mine", &[1; 100], &into("keep")).await;
    assert_eq!((owner.usage().await, member.usage().await), ((2, 100), (1, 10)));
    member.upload_with("mine", &[1; 300], &into("replace")).await;
    assert_eq!(
        (owner.usage().await, member.usage().await),
        ((3, 400), (1, 10)),
        "the old and the new bytes belong to the owner of the file"
    );
    owner.trash(&folder).await;
    owner.purge(&folder).await;
    world.restart().await;
    wait_for(async || world.count("items").await == 1).await;
    let member = world.user("member@example.com").await;
    assert_eq!(
        (world.owner().usage().await, member.usage().await),
        ((1, 100), (0, 0)),
        "what was replaced was in the trash by itself, and stays there"
    );
}

#[tokio::test]
async fn removing_for_good_releases_the_quota_without_waiting_for_the_next_sweep() {
    let world = World::start().await;
    set_quota(&world, OWNER_EMAIL, Some(100)).await;
    let owner = world.owner();
    let file = id(&owner.upload_with("a", &[1; 100], &json!({})).await);
    owner.trash(&file).await;
    owner.purge(&file).await;
    let begun = std::time::Instant::now();
    wait_for(async || owner.usage().await == (0, 0)).await;
    wait_for(async || world.object_keys().await.is_empty()).await;
    assert!(begun.elapsed().as_secs() < 20, "it took {:?}", begun.elapsed());
    owner.upload_with("b", &[1; 100], &json!({})).await;
}

#[tokio::test]
async fn over_the_quota_nothing_can_be_started_and_open_uploads_count() {
    let mut world = World::start().await;
    set_quota(&world, OWNER_EMAIL, Some(1000)).await;
    let owner = world.owner();
    let start = async |world: &World, size: u64| {
        let body = json!({ "fileName": "a", "fileSize": size, "mimeType": "a/b" });
        world.owner().step("start", &body).await
    };
    assert_eq!(owner.get("/drive/usage").await.ok()["quotaBytes"], 1000);
    let over = start(&world, 1001).await;
    assert!(over.body["message"].as_str().unwrap().contains("1000"), "it says what is left: {}", over.body);
    assert_eq!(over.refused_for("fileSize"), refusal(507, "quota_exceeded"));
    owner.upload_with("a", &[1; 300], &json!({})).await;
    let (open, listed) = owner.put_with("b", &[1; 600], &json!({})).await;
    assert_eq!(start(&world, 101).await.refused(), refusal(507, "quota_exceeded"));
    assert_eq!(start(&world, 100).await.status, 200);
    assert_eq!(start(&world, 1).await.refused(), refusal(507, "quota_exceeded"));
    assert_eq!(start(&world, 0).await.status, 200, "nothing always fits");
    let file = owner.finalize(&open, &listed).await.ok();
    world.user("other@example.com").await.upload_with("theirs", &[1; 10], &json!({})).await;
    assert_eq!(start(&world, 1).await.refused(), refusal(507, "quota_exceeded"));

    // An abandoned upload counts until it has expired.
    world.pass(SignedDuration::from_hours(25)).await;
    world.restart().await;
    wait_for(async || start(&world, 100).await.status == 200).await;
    let owner = world.owner();
    owner.trash(&id(&file)).await;
    assert_eq!(start(&world, 600).await.refused(), refusal(507, "quota_exceeded"), "the trash counts");
    set_quota(&world, OWNER_EMAIL, None).await;
    assert_eq!(start(&world, 1 << 40).await.status, 200);
    set_quota(&world, OWNER_EMAIL, Some(0)).await;
    assert_eq!(start(&world, 1).await.refused(), refusal(507, "quota_exceeded"));
}

#[tokio::test]
async fn the_quota_of_a_workspace_covers_everybody_in_it_together() {
    let world = World::start().await;
    let admin = world.admin().await;
    admin.set_quota(None, Some(1000)).await.unwrap();
    let (owner, other) = (world.owner(), world.user("other@example.com").await);
    owner.upload_with("a", &[1; 600], &json!({})).await;
    set_quota(&world, "other@example.com", Some(500)).await;
    let body = |size: u64| json!({ "fileName": "a", "fileSize": size, "mimeType": "a/b" });
    let over = other.step("start", &body(401)).await;
    let said = over.body["message"].as_str().unwrap();
    assert!(said.contains("400 are left of the workspace's quota"), "{said}");
    assert_eq!(over.refused_for("fileSize"), refusal(507, "quota_exceeded"));
    assert_eq!(other.step("start", &body(400)).await.status, 200);
    assert_eq!(owner.step("start", &body(1)).await.refused(), refusal(507, "quota_exceeded"));
    admin.set_quota(None, None).await.unwrap();
    let over = other.step("start", &body(101)).await;
    assert!(over.body["message"].as_str().unwrap().contains("100 are left of your quota"), "{}", over.body);
    assert_eq!(owner.step("start", &body(1)).await.status, 200);
    admin.close().await;
}

#[tokio::test]
async fn many_starts_at_once_in_a_workspace_cannot_exceed_its_quota() {
    let world = World::start().await;
    let admin = world.admin().await;
    admin.set_quota(None, Some(1000)).await.unwrap();
    admin.close().await;
    let (owner, other) = (world.owner(), world.user("other@example.com").await);
    let body = json!({ "fileName": "a", "fileSize": 100, "mimeType": "a/b" });
    let answers =
        join_all((0..30).map(|n| (if n % 2 == 0 { &owner } else { &other }).step("start", &body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 10);
}

#[tokio::test]
async fn many_starts_at_once_cannot_exceed_the_quota() {
    let world = World::start().await;
    set_quota(&world, OWNER_EMAIL, Some(1000)).await;
    let owner = world.owner();
    let body = json!({ "fileName": "a", "fileSize": 100, "mimeType": "a/b" });
    let answers = join_all((0..30).map(|_| owner.step("start", &body))).await;
    let started = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(started, 10);
    assert!(
        answers
            .into_iter()
            .filter(|a| a.status != 200)
            .all(|a| a.refused() == refusal(507, "quota_exceeded"))
    );
}

/// A finalize moves bytes from open uploads to owned items. A start meanwhile must count them at least once.
#[tokio::test]
async fn starts_and_finalizes_at_once_cannot_exceed_the_quota() {
    let world = World::start().await;
    let owner = world.owner();
    for round in 1..=20 {
        set_quota(&world, OWNER_EMAIL, Some(round * 100)).await;
        let (upload, listed) = owner.put_with("a", &[1; 100], &json!({})).await;
        let body = json!({ "fileName": "b", "fileSize": 1, "mimeType": "a/b" });
        let starts = join_all((0..10).map(|_| owner.step("start", &body)));
        let (finalized, starts) = tokio::join!(owner.finalize(&upload, &listed), starts);
        finalized.ok();
        for answer in starts {
            assert_eq!(answer.refused(), refusal(507, "quota_exceeded"), "round {round}");
        }
    }
    assert_eq!(owner.usage().await, (20, 2000));
}
