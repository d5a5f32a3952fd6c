//! `GET /drive/shared`, and where listings show what others share.

use serde_json::json;

use crate::acts::{id, names};
use crate::world::{Actor, World, refusal};

async fn shared(actor: &Actor) -> Vec<String> {
    names(&actor.get("/drive/shared").await.ok()["items"])
}

#[tokio::test]
async fn a_shared_tree_is_listed_by_its_top_and_without_its_folder() {
    let world = World::start().await;
    let owner = world.owner();
    let hidden = owner.folder("hidden", None).await;
    let folder = owner.folder("folder", Some(&hidden)).await;
    let inside = owner.file("inside", Some(&folder)).await;
    let file = owner.file("file", None).await;
    let alice = world.user("alice@example.com").await;
    let alice_id = world.user_id("alice@example.com").await;
    assert_eq!(alice.get("/drive/shared").await.ok(), json!({ "items": [], "nextCursor": null }));
    for item in [&folder, &inside, &file] {
        owner.share(item, &alice_id, "viewer").await;
    }
    let answer = alice.get("/drive/shared").await.ok();
    assert_eq!(names(&answer["items"]), ["folder", "file"], "items inside are found in their folder");
    for item in answer["items"].as_array().unwrap() {
        assert_eq!((item.get("parent"), item.get("parentId")), (None, None));
        assert_eq!(*item, alice.item(&id(item)).await);
    }
    assert_eq!(alice.listed("root").await, ["folder", "file"]);
    assert_eq!(alice.get("/drive/tree").await.ok()["totalItems"], 3);
    assert_eq!(shared(&owner).await, [""; 0], "a user's own items are not shared with them");

    owner.unshare(&folder, &alice_id).await;
    assert_eq!(
        shared(&alice).await,
        ["file", "inside"],
        "without the folder, the file inside is listed by itself"
    );
}

#[tokio::test]
async fn trashed_and_unshared_items_are_not_listed() {
    let world = World::start().await;
    let owner = world.owner();
    let outer = owner.folder("outer", None).await;
    let folder = owner.folder("folder", Some(&outer)).await;
    let alice = world.participant("alice@example.com", &owner, &folder, "member").await;
    for trashed in [&folder, &outer] {
        owner.trash(trashed).await;
        assert_eq!((shared(&alice).await.len(), alice.listed("root").await.len()), (0, 0));
        alice.check_absent(&folder).await;
        owner.restore(trashed).await.ok();
        assert_eq!(shared(&alice).await, ["folder"]);
    }
    owner.unshare(&folder, &world.user_id("alice@example.com").await).await;
    assert_eq!(shared(&alice).await, [""; 0]);
}

#[tokio::test]
async fn what_others_put_into_ones_own_folder_is_there_but_not_in_the_list() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("mine", None).await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let theirs = member.folder("theirs", Some(&folder)).await;
    member.share(&theirs, &world.user_id("owner@localhost").await, "viewer").await;
    assert_eq!((shared(&owner).await.len(), owner.listed("root").await), (0, vec!["mine".to_owned()]));
    assert_eq!(owner.listed(&folder).await, ["theirs"]);
    assert_eq!(member.listed("root").await, ["mine"]);
}

#[tokio::test]
async fn a_confined_token_sees_its_folder_and_nothing_that_is_shared() {
    let world = World::start().await;
    let owner = world.owner();
    let outer = owner.folder("outer", None).await;
    let folder = owner.folder("folder", Some(&outer)).await;
    owner.file("inside", Some(&folder)).await;
    let alice = world.participant("alice@example.com", &owner, &outer, "member").await;
    alice.folder("own", None).await;
    let confined = world.token_of(&alice, &["access_drive"], Some(&folder)).await;
    assert_eq!(confined.get("/drive/shared").await.refused(), refusal(403, "confined_token"));
    assert_eq!(confined.listed("root").await, ["folder"]);
    let tree = confined.get("/drive/tree").await.ok();
    assert_eq!((names(&tree["root"]), &tree["totalItems"]), (vec!["folder".to_owned()], &json!(2)));
    assert_eq!(tree["root"][0].get("parentId"), None);
}
