//! `PATCH /drive/files/{id}`: renaming and moving.

use dray_api::limits::MAX_FOLDER_DEPTH;
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::acts::id;
use crate::world::{Actor, World, refusal};

const ABSENT: &str = "0123456789abcdef01234567";

#[tokio::test]
async fn a_new_name_appears_everywhere_and_changes_nothing_else() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let mut item = owner.item(&owner.file("old words.txt", Some(&folder)).await).await;
    world.pass(SignedDuration::from_secs(5)).await;
    let renamed = owner.change(&id(&item), &json!({ "name": "new ones.md" })).await.ok();
    assert!(renamed["updatedAt"].as_str() > item["updatedAt"].as_str());
    item["name"] = json!("new ones.md");
    item["updatedAt"] = renamed["updatedAt"].clone();
    assert_eq!(renamed, item);
    assert_eq!(owner.item(&id(&item)).await, item);
    assert_eq!(owner.listed(&folder).await, ["new ones.md"]);
    for (query, hits) in [("ones", 1), ("old", 0)] {
        assert_eq!(owner.query("/drive/search", &[("q", query)]).await.ok()["totalHits"], hits, "{query}");
    }
    assert!(owner.download_url(&id(&item)).await.contains("new%2520ones.md"));
}

#[tokio::test]
async fn name_and_folder_change_together_or_not_at_all() {
    let world = World::start().await;
    let owner = world.owner();
    let (from, to) = (owner.folder("from", None).await, owner.folder("to", None).await);
    let file = owner.file("a", Some(&from)).await;
    let before = owner.item(&file).await;
    for (parent, expected) in [
        (json!(ABSENT), refusal(404, "not_found")),
        (json!(file), refusal(400, "not_a_folder")),
        (json!("0123"), refusal(400, "invalid_field")),
        (json!(7), refusal(400, "invalid_field")),
    ] {
        let answer = owner.change(&file, &json!({ "name": "b", "parentId": parent })).await;
        assert_eq!(answer.refused(), expected, "{parent}");
    }
    let answer = owner.change(&from, &json!({ "name": "b", "parentId": from })).await;
    assert_eq!(answer.refused(), refusal(409, "into_itself"));
    for name in ["", "a/b", "..", "a\u{202e}b"] {
        let answer = owner.change(&file, &json!({ "name": name, "parentId": to })).await;
        assert_eq!(answer.refused_for("name"), refusal(400, "invalid_name"), "{name:?}");
    }
    assert_eq!((owner.item(&file).await, owner.item(&from).await["name"].clone()), (before, json!("from")));
    let moved = owner.change(&file, &json!({ "name": "b", "parentId": to })).await.ok();
    assert_eq!((&moved["name"], &moved["parent"], &moved["parentId"]), (&json!("b"), &json!(to), &json!(to)));
    assert_eq!((owner.listed(&from).await.len(), owner.listed(&to).await), (0, vec!["b".to_owned()]));
}

#[tokio::test]
async fn null_means_the_root_and_absent_fields_stay() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let file = owner.file("a", Some(&folder)).await;
    let before = owner.item(&file).await;
    for nothing in [json!({}), json!({ "name": null }), json!({ "other": 1 })] {
        assert_eq!(owner.change(&file, &nothing).await.ok(), before);
    }
    for wrong in [json!([]), json!(["b"]), json!(null), json!("b")] {
        assert_eq!(owner.change(&file, &wrong).await.refused(), refusal(400, "invalid_field"), "{wrong}");
    }
    let moved = owner.move_to(&file, None).await.ok();
    assert_eq!((moved.get("parent"), moved.get("parentId")), (None, None));
    assert_eq!(owner.listed("root").await, ["f", "a"]);
    owner.move_to(&file, None).await.ok();
    owner.move_to(&file, Some(&folder)).await.ok();
    assert_eq!(owner.listed("root").await, ["f"]);
}

#[tokio::test]
async fn a_folder_moves_with_everything_in_it_and_never_below_itself() {
    let world = World::start().await;
    let owner = world.owner();
    let top = owner.folder("top", None).await;
    let middle = owner.folder("middle", Some(&top)).await;
    let bottom = owner.folder("bottom", Some(&middle)).await;
    let file = owner.file("a", Some(&bottom)).await;
    for into in [&top, &middle, &bottom] {
        let answer = owner.move_to(&top, Some(into)).await;
        assert_eq!(answer.refused_for("parentId"), refusal(409, "into_itself"));
    }
    owner.move_to(&middle, None).await.ok();
    owner.move_to(&top, Some(&bottom)).await.ok();
    let ancestors = owner.get(&format!("/drive/files/{top}/ancestors")).await.ok();
    assert_eq!(crate::acts::names(&ancestors["ancestors"]), ["middle", "bottom"]);
    assert_eq!(owner.item(&file).await["parentId"], json!(bottom));
}

#[tokio::test]
async fn a_move_does_not_nest_folders_too_deep() {
    let world = World::start().await;
    let owner = world.owner();
    let mut deep = vec![owner.folder("0", None).await];
    for level in 1..MAX_FOLDER_DEPTH {
        let above = deep.last().unwrap().clone();
        deep.push(owner.folder(&level.to_string(), Some(&above)).await);
    }
    let outer = owner.folder("outer", None).await;
    let inner = owner.folder("inner", Some(&outer)).await;
    let [above_last, last] = [&deep[98], &deep[99]];
    assert_eq!(owner.move_to(&outer, Some(last)).await.refused_for("parentId"), refusal(400, "too_deep"));
    assert_eq!(owner.move_to(&outer, Some(above_last)).await.refused(), refusal(400, "too_deep"));
    owner.move_to(&inner, Some(above_last)).await.ok();
    owner.move_to(&inner, Some(&outer)).await.ok();
    owner.move_to(&outer, Some(&deep[97])).await.ok();
    let file = owner.file("a", None).await;
    owner.move_to(&file, Some(last)).await.ok();
}

/// Moves folders into each other, many at once, over several connections. Whatever the answers are, every folder has
/// a way up to the root.
#[tokio::test]
async fn folders_that_move_at_once_never_form_a_cycle() {
    let world = World::start().await;
    let owner = world.owner();
    let folders = owner.folders(5, None).await;
    let mut done = 0;
    for round in 0..25_usize {
        let moves = (0..folders.len() * 3).map(|at| {
            let (from, to) = (&folders[at % 5], &folders[(at + 1 + (round + at / 5) % 4) % 5]);
            owner.move_to(from, Some(to))
        });
        for answer in join_all(moves).await {
            match answer.status.as_u16() {
                200 => done += 1,
                _ => assert_eq!(answer.refused(), refusal(409, "into_itself")),
            }
        }
        for folder in &folders {
            owner.item(folder).await;
            assert_eq!(way_up(&owner, folder).await.last(), Some(&None), "round {round}");
        }
        if round % 5 == 4 {
            join_all(folders.iter().map(|folder| owner.move_to(folder, None))).await;
        }
    }
    assert!(done > 25, "only {done} of the moves succeeded");
}

/// The folder above, the one above that and so on, as the items themselves say.
async fn way_up(actor: &Actor, from: &str) -> Vec<Option<String>> {
    let mut way = vec![Some(from.to_owned())];
    while let Some(Some(folder)) = way.last() {
        assert!(way.len() <= 10, "a cycle: {way:?}");
        way.push(actor.item(folder).await["parentId"].as_str().map(str::to_owned));
    }
    way
}

#[tokio::test]
async fn moving_requires_a_member_of_both_folders() {
    let world = World::start().await;
    let owner = world.owner();
    let (from, to) = (owner.folder("from", None).await, owner.folder("to", None).await);
    let file = owner.file("a", Some(&from)).await;
    let mover = world.user("mover@example.com").await;
    let mover_id = world.user_id("mover@example.com").await;
    for (on_from, on_to, expected) in [
        ("viewer", "member", Some(refusal(403, "role_too_low"))),
        ("member", "viewer", Some(refusal(403, "role_too_low"))),
        ("member", "member", None),
        ("admin", "member", None),
    ] {
        owner.share(&from, &mover_id, on_from).await;
        owner.share(&to, &mover_id, on_to).await;
        let answer = mover.move_to(&file, Some(&to)).await;
        match expected {
            Some(expected) => assert_eq!(answer.refused(), expected, "{on_from} {on_to}"),
            None => assert_eq!(answer.ok()["parentId"], json!(to)),
        }
        owner.move_to(&file, Some(&from)).await.ok();
    }
    owner.unshare(&to, &mover_id).await;
    assert_eq!(mover.move_to(&file, Some(&to)).await.refused(), refusal(404, "not_found"));
}

#[tokio::test]
async fn nobody_moves_a_shared_item_to_where_they_have_more_rights() {
    let world = World::start().await;
    let owner = world.owner();
    let shared = owner.folder("shared", None).await;
    let inner = owner.folder("inner", Some(&shared)).await;
    let file = owner.file("a", Some(&shared)).await;
    let member = world.participant("member@example.com", &owner, &shared, "member").await;
    let own = member.folder("own", None).await;
    for item in [&inner, &file] {
        // In their own folder they would own it, and could share it or remove it permanently.
        assert_eq!(member.move_to(item, Some(&own)).await.refused(), refusal(403, "role_too_low"));
        assert_eq!(member.move_to(item, None).await.refused(), refusal(403, "role_too_low"));
    }
    // A shared item itself stays where its owner put it.
    for to in [&own, &inner] {
        assert!(matches!(member.move_to(&shared, Some(to)).await.refused().0, 403 | 409));
    }
    member.move_to(&file, Some(&inner)).await.ok();
    let theirs = member.file("theirs", Some(&inner)).await;
    member.move_to(&theirs, Some(&own)).await.ok();
    assert_eq!(owner.get(&format!("/drive/files/{theirs}")).await.refused(), refusal(404, "not_found"));
}

/// The answer must not tell whether it is in its owner's root or in a folder that they cannot see.
#[tokio::test]
async fn moving_a_shared_item_to_the_root_does_not_tell_where_it_is() {
    let world = World::start().await;
    let owner = world.owner();
    let hidden = owner.folder("hidden", None).await;
    let member = world.user("member@example.com").await;
    let member_id = world.user_id("member@example.com").await;
    for folder in [None, Some(hidden.as_str())] {
        let shared = owner.folder("shared", folder).await;
        owner.share(&shared, &member_id, "member").await;
        let before = owner.item(&shared).await;
        let seen = member.item(&shared).await;
        assert_eq!(seen.get("parentId"), None);
        assert_eq!(member.move_to(&shared, None).await.ok(), seen);
        assert_eq!(owner.item(&shared).await, before);
        owner.share(&shared, &member_id, "viewer").await;
        assert_eq!(member.move_to(&shared, None).await.refused(), refusal(403, "role_too_low"));
    }
}

#[tokio::test]
async fn an_owner_moves_an_item_to_their_root_from_anywhere() {
    let world = World::start().await;
    let owner = world.owner();
    let shared = owner.folder("shared", None).await;
    let member = world.participant("member@example.com", &owner, &shared, "member").await;
    let theirs = member.file("theirs", Some(&shared)).await;
    // The folder's owner owns everything in it, but cannot put items into the other user's root.
    assert_eq!(owner.move_to(&theirs, None).await.refused(), refusal(403, "role_too_low"));
    owner.unshare(&shared, &world.user_id("member@example.com").await).await;
    assert_eq!(member.item(&theirs).await.get("parentId"), None, "a folder that they do not see any more");
    member.move_to(&theirs, None).await.ok();
    assert_eq!(member.listed("root").await, ["theirs"]);
    owner.check_absent(&theirs).await;
    assert_eq!(owner.listed(&shared).await, [""; 0]);
}

#[tokio::test]
async fn trashed_items_cannot_be_moved_and_nothing_can_be_moved_into_them() {
    let world = World::start().await;
    let owner = world.owner();
    let (folder, file) = (owner.folder("f", None).await, owner.file("a", None).await);
    let inside = owner.folder("inside", Some(&folder)).await;
    owner.trash(&folder).await;
    for (item, to) in [(&folder, None), (&inside, None), (&file, Some(&*folder)), (&file, Some(&*inside))] {
        assert_eq!(owner.move_to(item, to).await.refused(), refusal(404, "not_found"));
    }
    let answer = owner.change(&inside, &json!({ "name": "b" })).await;
    assert_eq!(answer.refused(), refusal(404, "not_found"));
}

/// Folders are moved and trashed at once. No item may be below the trash and visible at the same time.
#[tokio::test]
async fn a_folder_that_is_trashed_while_others_move_into_it_takes_them_along_or_leaves_them() {
    let world = World::start().await;
    let owner = world.owner();
    for _ in 0..10 {
        let (target, folders) = (owner.folder("target", None).await, owner.folders(4, None).await);
        let trashing = async { owner.trash(&target).await };
        let moves = join_all(folders.iter().map(|folder| owner.move_to(folder, Some(&target))));
        let ((), answers) = tokio::join!(trashing, moves);
        for (answer, folder) in answers.into_iter().zip(&folders) {
            let is_moved = answer.status == 200;
            if !is_moved {
                assert_eq!(answer.refused(), refusal(404, "not_found"));
            }
            let seen: Value = owner.get(&format!("/drive/files/{folder}")).await.body;
            assert_eq!(seen["code"] == "not_found", is_moved, "{seen}");
        }
        owner.restore(&target).await.ok();
        for folder in folders {
            owner.item(&folder).await;
        }
    }
}
