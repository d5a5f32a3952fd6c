//! The trash: `DELETE /drive/files/{id}`, `GET /drive/trash`, restoring, and removing permanently.

use dray_api::limits::MAX_FOLDER_DEPTH;
use jiff::SignedDuration;
use serde_json::json;

use crate::acts::id;
use crate::world::{World, refusal, wait_for};

const NOTHING: [&str; 0] = [];

#[tokio::test]
async fn a_folder_is_trashed_and_restored_with_everything_below_it() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let inner = owner.folder("inner", Some(&folder)).await;
    let file = owner.file("zebra.txt", Some(&inner)).await;
    let before = owner.get("/drive/tree").await.ok();
    owner.trash(&folder).await;
    for gone in [&folder, &inner, &file] {
        owner.check_absent(gone).await;
        assert_eq!(owner.delete(&format!("/drive/files/{gone}")).await.refused(), refusal(404, "not_found"));
    }
    for route in ["download", "ancestors", "participants", "links"] {
        let answer = owner.get(&format!("/drive/files/{file}/{route}")).await;
        assert_eq!(answer.refused(), refusal(404, "not_found"), "{route}");
    }
    assert_eq!(owner.get("/drive/tree").await.ok()["totalItems"], 0);
    assert_eq!(owner.query("/drive/search", &[("q", "zebra")]).await.ok()["totalHits"], 0);
    let start = json!({ "fileName": "a", "fileSize": 1, "mimeType": "a/b", "parentId": inner });
    assert_eq!(owner.step("start", &start).await.refused(), refusal(404, "not_found"));
    assert_eq!(owner.trashed().await, ["folder"]);

    let restored = owner.restore(&folder).await.ok();
    assert_eq!(restored, owner.item(&folder).await);
    assert_eq!(owner.get("/drive/tree").await.ok(), before);
    assert_eq!(owner.query("/drive/search", &[("q", "zebra")]).await.ok()["totalHits"], 1);
    assert_eq!(owner.download(&file).await, b"zebra.txt");
    assert_eq!(owner.trashed().await, NOTHING);
}

#[tokio::test]
async fn the_trash_says_since_when_and_until_when_and_lists_the_latest_first() {
    let world = World::start_with(|config| config.trash_life = std::time::Duration::from_hours(48)).await;
    let owner = world.owner();
    for name in ["a", "b", "c"] {
        owner.trash(&owner.folder(name, None).await).await;
        world.pass(SignedDuration::from_secs(1)).await;
    }
    let trash = owner.get("/drive/trash").await.ok();
    assert_eq!(crate::acts::names(&trash["items"]), ["c", "b", "a"]);
    let item = &trash["items"][0];
    let time = |field: &str| -> jiff::Timestamp { item[field].as_str().unwrap().parse().unwrap() };
    assert_eq!(time("removedAt").duration_since(time("trashedAt")), SignedDuration::from_hours(48));
    assert_eq!((item["type"].as_str(), &item["_id"]), (Some("folder"), &item["id"]));
    let paged = owner.pages("/drive/trash", &[], 2).await;
    assert_eq!(json!(paged), trash["items"]);
}

#[tokio::test]
async fn items_trashed_at_the_same_moment_are_paged_each_once() {
    let world = World::start().await;
    let owner = world.owner();
    for folder in owner.folders(25, None).await {
        owner.trash(&folder).await;
    }
    world.execute("update items set trashed_at = 1700000000000").await;
    world.execute("update trash_lists set trashed_at = 1700000000000").await;
    let mut found = crate::acts::ids(&owner.pages("/drive/trash", &[], 4).await);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 25);
}

#[tokio::test]
async fn an_item_that_was_trashed_by_itself_stays_when_its_folder_is_restored() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let first = owner.file("first", Some(&folder)).await;
    owner.file("second", Some(&folder)).await;
    owner.trash(&first).await;
    owner.trash(&folder).await;
    assert_eq!(owner.trashed().await, ["folder", "first"]);
    owner.restore(&folder).await.ok();
    assert_eq!(owner.listed(&folder).await, ["second"]);
    owner.restore(&first).await.ok();
    assert_eq!(owner.listed(&folder).await, ["first", "second"]);
}

#[tokio::test]
async fn a_restored_item_goes_to_the_root_if_its_folder_is_trashed_or_gone() {
    let mut world = World::start().await;
    let owner = world.owner();
    let (trashed, purged) = (owner.folder("trashed", None).await, owner.folder("purged", None).await);
    let (one, two) = (owner.file("one", Some(&trashed)).await, owner.file("two", Some(&purged)).await);
    let lost = owner.file("lost", Some(&purged)).await;
    for item in [&one, &two, &trashed, &purged] {
        owner.trash(item).await;
    }
    owner.purge(&purged).await;
    let three = owner.restore(&one).await.ok();
    assert_eq!(three.get("parentId"), None);
    world.restart().await;
    let owner = world.owner();
    wait_for(async || world.object_keys().await.len() == 2).await;
    assert_eq!(owner.restore(&two).await.ok().get("parentId"), None);
    assert_eq!(owner.listed("root").await, ["one", "two"]);
    assert_eq!(owner.download(&two).await, b"two");
    owner.check_absent(&lost).await;
    assert_eq!(owner.restore(&purged).await.refused(), refusal(404, "not_found"));
    assert_eq!(owner.trashed().await, ["trashed"]);
}

#[tokio::test]
async fn an_item_that_would_be_restored_too_deep_goes_to_the_root() {
    let world = World::start().await;
    let owner = world.owner();
    let parent = owner.folder("parent", None).await;
    let inside = owner.folder("inside", Some(&parent)).await;
    owner.trash(&inside).await;
    let mut deep = owner.folder("0", None).await;
    for level in 1..MAX_FOLDER_DEPTH - 1 {
        deep = owner.folder(&level.to_string(), Some(&deep)).await;
    }
    owner.move_to(&parent, Some(&deep)).await.ok();
    assert_eq!(owner.restore(&inside).await.ok().get("parentId"), None);
}

#[tokio::test]
async fn removing_for_good_removes_all_objects_below() {
    let mut world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let inner = owner.folder("inner", Some(&folder)).await;
    for name in ["a", "b"] {
        owner.file(name, Some(&inner)).await;
    }
    let apart = owner.file("apart", Some(&inner)).await;
    owner.file("c", Some(&folder)).await;
    let kept = owner.file("kept", None).await;
    owner.trash(&apart).await;
    assert_eq!(owner.usage().await, (7, 12));
    let answer = owner.delete(&format!("/drive/trash/{folder}")).await;
    assert_eq!(answer.refused(), refusal(404, "not_found"), "it is not in the trash");
    owner.trash(&folder).await;
    owner.purge(&folder).await;
    assert_eq!(owner.trashed().await, ["apart"]);
    assert_eq!(owner.restore(&folder).await.refused(), refusal(404, "not_found"));
    let again = owner.delete(&format!("/drive/trash/{folder}")).await;
    assert_eq!(again.refused(), refusal(404, "not_found"));
    world.restart().await;
    let owner = world.owner();
    wait_for(async || world.object_keys().await.len() == 2).await;
    let keys = world.object_keys().await;
    assert!([&apart, &kept].iter().all(|id| keys.iter().any(|key| key.ends_with(*id))), "{keys:?}");
    assert_eq!(owner.usage().await, (2, 9));
    owner.check_absent(&inner).await;
}

#[tokio::test]
async fn emptying_removes_everything_of_the_caller_and_nothing_of_others() {
    let mut world = World::start().await;
    let (owner, other) = (world.owner(), world.user("other@example.com").await);
    other.trash(&other.file("theirs", None).await).await;
    for name in ["a", "b"] {
        owner.trash(&owner.file(name, None).await).await;
    }
    let kept = owner.file("kept", None).await;
    assert_eq!(owner.delete("/drive/trash").await.ok(), json!({ "removed": 2 }));
    assert_eq!(owner.delete("/drive/trash").await.ok(), json!({ "removed": 0 }));
    assert_eq!((owner.trashed().await.len(), other.trashed().await), (0, vec!["theirs".to_owned()]));
    world.restart().await;
    wait_for(async || world.object_keys().await.len() == 2).await;
    let owner = world.owner();
    assert_eq!((owner.usage().await, owner.download(&kept).await), ((1, 4), b"kept".to_vec()));
}

#[tokio::test]
async fn items_are_removed_after_thirty_days_in_the_trash_and_not_before() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    owner.file("inside", Some(&folder)).await;
    let later = owner.file("later", None).await;
    owner.trash(&folder).await;
    world.pass(SignedDuration::from_hours(24)).await;
    owner.trash(&later).await;
    world.pass(SignedDuration::from_hours(29 * 24) - SignedDuration::from_mins(5)).await;
    // A sweep removes objects after the trash. Once this object is gone, so is the trash.
    world.execute("insert into tombstones (object_key, created_at) values ('files/none', 0)").await;
    world.see_a_sweep().await;
    wait_for(async || world.count("tombstones").await == 0).await;
    assert_eq!(world.owner().trashed().await, ["later", "folder"]);
    world.pass(SignedDuration::from_mins(10)).await;
    world.see_a_sweep().await;
    wait_for(async || world.object_keys().await.len() == 1).await;
    assert_eq!(world.owner().trashed().await, ["later"]);
    assert_eq!(world.owner().usage().await, (1, 5));
}

#[tokio::test]
async fn a_large_folder_is_trashed_in_one_step_and_removed_bit_by_bit() {
    let mut world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let below = owner.folders(1200, Some(&folder)).await;
    owner.folders(600, Some(&below[7])).await;
    owner.file("deep", Some(&below[7])).await;
    owner.trash(&folder).await;
    assert_eq!(owner.get("/drive/tree").await.ok()["totalItems"], 0);
    assert_eq!(owner.trashed().await, ["folder"]);
    owner.purge(&folder).await;
    world.restart().await;
    wait_for(async || world.count("items").await == 0).await;
    wait_for(async || world.object_keys().await.is_empty()).await;
    assert_eq!(world.owner().usage().await, (0, 0));
}

#[tokio::test]
async fn trashing_requires_a_member_of_the_folder_or_the_items_owner() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let viewer = world.participant("viewer@example.com", &owner, &folder, "viewer").await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let file = owner.file("a", Some(&folder)).await;
    let path = format!("/drive/files/{file}");
    assert_eq!(viewer.delete(&path).await.refused(), refusal(403, "role_too_low"));
    for shared in [&folder, &owner.file("alone", None).await] {
        owner.share(shared, &world.user_id("member@example.com").await, "admin").await;
        let answer = member.delete(&format!("/drive/files/{shared}")).await;
        assert_eq!(
            answer.refused(),
            refusal(403, "role_too_low"),
            "only its owner may trash an item that is shared itself"
        );
    }
    member.trash(&file).await;
    assert_eq!((owner.trashed().await, member.trashed().await.len()), (vec!["a".to_owned()], 1));
    assert_eq!(viewer.trashed().await, NOTHING);

    // Their own item, although they only see the folder.
    owner.share(&folder, &world.user_id("member@example.com").await, "member").await;
    let theirs = member.file("theirs", Some(&folder)).await;
    owner.share(&folder, &world.user_id("member@example.com").await, "viewer").await;
    member.trash(&theirs).await;
    assert_eq!(member.restore(&theirs).await.ok().get("parentId"), None, "the root, where they may put it");
}

#[tokio::test]
async fn whoever_trashed_an_item_can_restore_it_and_only_an_owner_removes_it() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let member_id = world.user_id("member@example.com").await;
    let file = owner.file("a", Some(&folder)).await;
    let remove = format!("/drive/trash/{file}");
    member.trash(&file).await;
    assert_eq!(member.delete(&remove).await.refused(), refusal(403, "role_too_low"));
    assert_eq!(member.delete("/drive/trash").await.ok(), json!({ "removed": 0 }));
    assert_eq!(member.restore(&file).await.ok()["parentId"], json!(folder));

    member.trash(&file).await;
    owner.share(&folder, &member_id, "viewer").await;
    assert_eq!(member.trashed().await, ["a"], "they see it as they see the folder");
    assert_eq!(member.restore(&file).await.refused(), refusal(403, "role_too_low"));
    owner.unshare(&folder, &member_id).await;
    assert_eq!(member.trashed().await, NOTHING);
    assert_eq!(member.restore(&file).await.refused(), refusal(404, "not_found"));
    assert_eq!(member.delete(&remove).await.refused(), refusal(404, "not_found"));
    assert_eq!(owner.restore(&file).await.ok()["parentId"], json!(folder));
}

#[tokio::test]
async fn only_its_owner_can_restore_an_item_to_the_root() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let file = owner.file("a", Some(&folder)).await;
    member.trash(&file).await;
    owner.trash(&folder).await;
    assert_eq!(member.restore(&file).await.refused(), refusal(403, "role_too_low"));
    assert_eq!(owner.restore(&file).await.ok().get("parentId"), None);
}

#[tokio::test]
async fn the_owner_of_a_folder_removes_what_others_created_in_it() {
    let mut world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    for name in ["one", "two"] {
        owner.trash(&member.file(name, Some(&folder)).await).await;
    }
    assert_eq!(owner.trashed().await, ["two", "one"]);
    assert_eq!(member.trashed().await, ["two", "one"]);
    let two = id(&owner.get("/drive/trash").await.ok()["items"][0]);
    owner.purge(&two).await;
    assert_eq!(owner.delete("/drive/trash").await.ok(), json!({ "removed": 1 }));
    assert_eq!(member.trashed().await, NOTHING);
    world.restart().await;
    wait_for(async || world.object_keys().await.is_empty()).await;
    assert_eq!(world.user("member@example.com").await.usage().await, (0, 0));
}

#[tokio::test]
async fn a_confined_token_can_trash_but_has_no_trash() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let file = owner.file("a", Some(&folder)).await;
    let confined = world.token_of(&owner, &["access_drive"], Some(&folder)).await;
    confined.trash(&file).await;
    for answer in [
        confined.get("/drive/trash").await,
        confined.delete("/drive/trash").await,
        confined.delete(&format!("/drive/trash/{file}")).await,
        confined.restore(&file).await,
    ] {
        assert_eq!(answer.refused(), refusal(403, "confined_token"));
    }
    assert_eq!(confined.delete(&format!("/drive/files/{folder}")).await.refused().0, 403);
    assert_eq!(owner.trashed().await, ["a"]);
    owner.trash(&folder).await;
    assert_eq!(confined.listed("root").await, NOTHING);
    confined.check_absent(&folder).await;
}

#[tokio::test]
async fn an_object_that_cannot_be_removed_does_not_delay_others() {
    let mut world = World::start().await;
    world.owner().file("a", None).await;
    world.stop().await;
    // Longer than a key may be.
    let keys: Vec<_> = (0..5).map(|at| format!("('{}{at}', {at})", "x".repeat(2000))).collect();
    let sql = format!(
        "insert into tombstones (object_key, created_at) values {};
         insert into tombstones (object_key, created_at) select object_key, 10 from items",
        keys.join(",")
    );
    world.execute(&sql).await;
    world.serve(|_| {}).await;
    wait_for(async || world.object_keys().await.is_empty()).await;
    wait_for(async || world.count("tombstones where tries = 1").await == 5).await;
    world.restart().await;
    let owner = world.owner();
    let file = owner.file("b", None).await;
    owner.trash(&file).await;
    owner.purge(&file).await;
    wait_for(async || world.object_keys().await.is_empty()).await;
    assert_eq!(world.count("tombstones where tries = 1").await, 5, "each waits for its own next try");
}

/// An item is restored and removed permanently at once. One of them wins, and the other says so.
#[tokio::test]
async fn of_restoring_and_removing_at_once_one_wins() {
    let world = World::start().await;
    let owner = world.owner();
    for round in 0..25 {
        let folder = owner.folder("f", None).await;
        owner.trash(&folder).await;
        let path = format!("/drive/trash/{folder}");
        let (restored, removed) = tokio::join!(owner.restore(&folder), owner.delete(&path));
        let is_there = owner.get(&format!("/drive/files/{folder}")).await.status == 200;
        let statuses = (restored.status.as_u16(), removed.status.as_u16());
        assert_eq!(statuses, if is_there { (200, 404) } else { (404, 204) }, "round {round}");
    }
}

#[tokio::test]
async fn a_part_of_the_sweep_that_fails_keeps_no_other_from_its_work() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    owner.trash(&file).await;
    world.execute("alter table outbox rename to no_outbox").await;
    owner.purge(&file).await;
    wait_for(async || world.object_keys().await.is_empty()).await;
    world.execute("alter table no_outbox rename to outbox").await;
}
