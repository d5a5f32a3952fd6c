//! Sharing: `…/participants`, and what a role on an item or on a folder above it allows.

use serde_json::{Value, json};

use crate::acts::ids;
use crate::world::{Actor, World, refusal};

const ABSENT: &str = "0123456789abcdef01234567";

/// Who has which role, and where it comes from.
async fn participants(actor: &Actor, item: &str) -> Vec<(String, String, Option<String>)> {
    let answer = actor.get(&format!("/drive/files/{item}/participants")).await.ok();
    let text = |participant: &Value, field: &str| participant[field].as_str().unwrap().to_owned();
    let read = |participant: &Value| {
        let from = participant["inheritedFrom"].as_str().map(str::to_owned);
        (text(participant, "email"), text(participant, "role"), from)
    };
    answer["participants"].as_array().unwrap().iter().map(read).collect()
}

fn row(email: &str, role: &str, from: Option<&str>) -> (String, String, Option<String>) {
    (format!("{email}@example.com"), role.to_owned(), from.map(str::to_owned))
}

#[tokio::test]
async fn a_given_role_is_returned_listed_and_changed() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let alice = world.user("alice@example.com").await;
    let alice_id = world.user_id("alice@example.com").await;
    for role in ["viewer", "admin", "member"] {
        let given = owner.put_role(&file, &alice_id, role).await.ok();
        let expected =
            json!({ "userId": alice_id, "name": "alice", "email": "alice@example.com", "role": role });
        assert_eq!(given, expected);
        let first = ("owner@localhost".to_owned(), "owner".to_owned(), None);
        assert_eq!(participants(&alice, &file).await, [first, row("alice", role, None)]);
    }
    owner.unshare(&file, &alice_id).await;
    alice.check_absent(&file).await;
    assert_eq!(participants(&owner, &file).await.len(), 1);
}

#[tokio::test]
async fn roles_hold_downwards_and_the_list_says_where_they_come_from() {
    let world = World::start().await;
    let owner = world.user("owner@example.com").await;
    let top = owner.folder("top", None).await;
    let middle = owner.folder("middle", Some(&top)).await;
    let file = owner.file("a", Some(&middle)).await;
    world.participant("admin@example.com", &owner, &middle, "admin").await;
    let viewer = world.participant("viewer@example.com", &owner, &top, "viewer").await;
    let both = world.participant("both@example.com", &owner, &top, "member").await;
    owner.share(&file, &world.user_id("both@example.com").await, "viewer").await;
    let alone = world.participant("alone@example.com", &owner, &file, "viewer").await;
    let seen_by_alone =
        [row("owner", "owner", None), row("both", "viewer", None), row("alone", "viewer", None)];
    assert_eq!(
        participants(&alone, &file).await,
        seen_by_alone,
        "folders they do not see are not theirs to know"
    );
    let expected = [
        row("owner", "owner", None),
        row("owner", "owner", Some(&middle)),
        row("owner", "owner", Some(&top)),
        row("admin", "admin", Some(&middle)),
        row("both", "member", Some(&top)),
        row("both", "viewer", None),
        row("alone", "viewer", None),
        row("viewer", "viewer", Some(&top)),
    ];
    assert_eq!(participants(&viewer, &file).await, expected);
    // The higher of two roles counts.
    both.change(&file, &json!({ "name": "b" })).await.ok();
    assert_eq!(viewer.change(&file, &json!({ "name": "c" })).await.refused(), refusal(403, "role_too_low"));
}

#[tokio::test]
async fn each_role_may_do_what_lower_roles_may_and_no_more() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let guest = {
        world.user("guest@example.com").await;
        world.user_id("guest@example.com").await
    };
    let roles = ["viewer", "member", "admin", "owner"];
    for (rank, role) in roles.into_iter().enumerate() {
        let email = format!("{role}@example.com");
        let actor = if role == "owner" {
            world.owner()
        } else {
            world.participant(&email, &owner, &folder, role).await
        };
        let file = owner.file("a", Some(&folder)).await;
        let path = format!("/drive/files/{file}");
        let start = json!({ "fileName": "b", "fileSize": 1, "mimeType": "a/b", "parentId": folder });
        let acts = [
            (0, actor.get(&path).await),
            (0, actor.get(&format!("{path}/download")).await),
            (0, actor.get(&format!("{path}/participants")).await),
            (1, actor.step("start", &start).await),
            (1, actor.post("/drive/folders", &json!({ "name": "f", "parentId": folder })).await),
            (1, actor.change(&file, &json!({ "name": "c" })).await),
            (2, actor.put_role(&file, &guest, "viewer").await),
            (2, actor.get(&format!("{path}/links")).await),
            (2, actor.post(&format!("{path}/links"), &json!({})).await),
            (2, actor.delete(&format!("{path}/participants/{guest}")).await),
            (1, actor.delete(&path).await),
            (3, actor.delete(&format!("/drive/trash/{file}")).await),
        ];
        for (at, (needs, answer)) in acts.into_iter().enumerate() {
            if rank >= needs {
                assert!(answer.status.is_success(), "{role} {at}: {}", answer.body);
            } else if at == 11 && rank == 0 {
                assert_eq!(answer.refused(), refusal(404, "not_found"), "the item was never in their trash");
            } else {
                assert_eq!(answer.refused(), refusal(403, "role_too_low"), "{role} {at}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let admin = world.participant("admin@example.com", &owner, &folder, "admin").await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let member_id = world.user_id("member@example.com").await;
    for role in ["viewer", "member", "admin"] {
        assert_eq!(member.put_role(&folder, &member_id, role).await.refused(), refusal(403, "role_too_low"));
    }
    for actor in [&owner, &admin] {
        let answer = actor.put_role(&folder, &member_id, "owner").await;
        assert_eq!(answer.refused_for("role"), refusal(400, "invalid_field"));
    }
    for role in [json!("Admin"), json!(""), json!(null), json!(3), json!(["viewer"])] {
        let path = format!("/drive/files/{folder}/participants/{member_id}");
        let request = owner.request(reqwest::Method::PUT, &path).json(&json!({ "role": role }));
        let answer = crate::world::Answer::of(request).await;
        assert_eq!(answer.refused_for("role"), refusal(400, "invalid_field"), "{role}");
    }
    assert_eq!(participants(&owner, &folder).await[2], row("member", "member", None));
    admin.share(&folder, &member_id, "admin").await;
}

#[tokio::test]
async fn the_owner_cannot_be_removed_and_anybody_may_leave() {
    let world = World::start().await;
    let owner = world.owner();
    let owner_id = world.user_id("owner@localhost").await;
    let folder = owner.folder("folder", None).await;
    let admin = world.participant("admin@example.com", &owner, &folder, "admin").await;
    let viewer = world.participant("viewer@example.com", &owner, &folder, "viewer").await;
    let inside = owner.folder("inside", Some(&folder)).await;
    for actor in [&owner, &admin] {
        for item in [&folder, &inside] {
            let path = format!("/drive/files/{item}/participants/{owner_id}");
            assert_eq!(actor.delete(&path).await.refused(), refusal(409, "owner_is_fixed"));
            let lower = actor.put_role(item, &owner_id, "viewer").await;
            assert_eq!(lower.refused(), refusal(409, "owner_is_fixed"));
        }
    }
    let [admin_id, viewer_id] =
        [world.user_id("admin@example.com").await, world.user_id("viewer@example.com").await];
    let of = |item: &str, user: &str| format!("/drive/files/{item}/participants/{user}");
    assert_eq!(viewer.delete(&of(&folder, &admin_id)).await.refused(), refusal(403, "role_too_low"));
    assert_eq!(
        viewer.delete(&of(&inside, &viewer_id)).await.refused(),
        refusal(404, "participant_not_found")
    );
    viewer.unshare(&folder, &viewer_id).await;
    viewer.check_absent(&folder).await;
    assert_eq!(admin.delete(&of(&folder, &viewer_id)).await.refused(), refusal(404, "participant_not_found"));
    admin.unshare(&folder, &admin_id).await;
    admin.check_absent(&folder).await;
}

#[tokio::test]
async fn whoever_owns_a_folder_owns_what_others_create_in_it() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let member_id = world.user_id("member@example.com").await;
    let viewer = world.participant("viewer@example.com", &owner, &folder, "viewer").await;
    let theirs = member.file("zebra", Some(&folder)).await;
    assert_eq!(owner.item(&theirs).await["owner"], json!(member_id));
    owner.change(&theirs, &json!({ "name": "zebra 2" })).await.ok();
    owner.post(&format!("/drive/files/{theirs}/links"), &json!({})).await.ok();
    owner.share(&theirs, &world.user_id("viewer@example.com").await, "admin").await;
    viewer.change(&theirs, &json!({ "name": "zebra 3" })).await.ok();
    owner.unshare(&theirs, &world.user_id("viewer@example.com").await).await;
    // They still own and find it when they no longer have a role there, and when nobody else does.
    owner.unshare(&folder, &member_id).await;
    owner.unshare(&folder, &world.user_id("viewer@example.com").await).await;
    assert_eq!(owner.listed(&folder).await, ["zebra 3"]);
    let hits = owner.query("/drive/search", &[("q", "zebra")]).await.ok();
    assert_eq!((&hits["totalHits"], &hits["hits"][0]), (&json!(1), &owner.item(&theirs).await));
    assert_eq!(member.item(&theirs).await.get("parentId"), None, "it is their own, wherever it is");
}

#[tokio::test]
async fn missing_users_are_not_found() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    assert_eq!(
        owner.put_role(&file, ABSENT, "viewer").await.refused_for("userId"),
        refusal(404, "user_not_found")
    );
    let path = |user: &str| format!("/drive/files/{file}/participants/{user}");
    assert_eq!(owner.delete(&path(ABSENT)).await.refused(), refusal(404, "participant_not_found"));
    for user in ["me", "0123456789abcdef0123456", "%00"] {
        let answer = owner.put_role(&file, user, "viewer").await;
        assert_eq!(answer.refused_for("userId"), refusal(400, "invalid_parameter"), "{user}");
        assert_eq!(owner.delete(&path(user)).await.refused_for("userId"), refusal(400, "invalid_parameter"));
    }
}

/// Search decides for many items at once who sees what. It must agree with single items.
#[tokio::test]
async fn search_finds_what_the_caller_sees_and_its_folder_only_if_they_see_it() {
    let world = World::start().await;
    let (owner, other) = (world.owner(), world.user("other@example.com").await);
    let top = owner.folder("zebra top", None).await;
    let middle = owner.folder("zebra middle", Some(&top)).await;
    let file = owner.file("zebra file", Some(&middle)).await;
    let apart = owner.file("zebra apart", None).await;
    let gone = owner.file("zebra gone", Some(&middle)).await;
    owner.trash(&gone).await;
    let trashed = owner.folder("zebra trashed", Some(&middle)).await;
    owner.file("zebra below", Some(&trashed)).await;
    owner.trash(&trashed).await;
    let viewer = world.participant("viewer@example.com", &owner, &middle, "viewer").await;
    let single = world.participant("single@example.com", &owner, &file, "viewer").await;
    let member = world.participant("member@example.com", &owner, &top, "member").await;
    let theirs = member.file("zebra theirs", Some(&middle)).await;
    let in_middle = world.token_of(&owner, &["drive_read"], Some(&middle)).await;
    let in_apart = world.token_of(&member, &["drive_read"], Some(&middle)).await;
    for (at, (actor, expected)) in [
        (&owner, vec![&top, &middle, &file, &apart, &theirs]),
        (&viewer, vec![&middle, &file, &theirs]),
        (&single, vec![&file]),
        (&member, vec![&top, &middle, &file, &theirs]),
        (&in_middle, vec![&middle, &file, &theirs]),
        (&in_apart, vec![&middle, &file, &theirs]),
        (&other, vec![]),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = actor.query("/drive/search", &[("q", "zebra")]).await.ok();
        let hits = answer["hits"].as_array().unwrap();
        let (mut found, mut expected) = (ids(hits), expected.into_iter().cloned().collect::<Vec<_>>());
        found.sort();
        expected.sort();
        assert_eq!((found, &answer["totalHits"]), (expected.clone(), &json!(expected.len())), "{at}");
        for hit in hits {
            assert_eq!(*hit, actor.item(hit["id"].as_str().unwrap()).await, "as the item itself, {at}");
        }
    }
}
