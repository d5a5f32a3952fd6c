//! Nobody gets a role that nobody gave them, and nobody takes from others what they have: the rule of `permit.rs` in
//! `dray-drive`, tested from outside.

use serde_json::{Value, json};

use crate::acts::id;
use crate::world::{Actor, World, refusal};

const NOTHING: [&str; 0] = [];

fn into(folder: &str, on_conflict: &str) -> Value {
    json!({ "parentId": folder, "onConflict": on_conflict })
}

/// An owner with a folder, and a member of it.
async fn team(world: &World) -> (Actor, Actor, String, String) {
    let owner = world.owner();
    let folder = owner.folder("team", None).await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    (owner, member, folder, world.user_id("member@example.com").await)
}

#[tokio::test]
async fn a_member_cannot_move_others_items_into_a_folder_of_their_own() {
    let world = World::start().await;
    let (owner, member, team, member_id) = team(&world).await;
    let (file, inner) = (owner.file("plan.txt", Some(&team)).await, owner.folder("inner", Some(&team)).await);
    let tidy = member.folder("tidy", Some(&team)).await;
    let of_guest = {
        let guest = world.participant("guest@example.com", &owner, &team, "member").await;
        guest.folder("a guest's", Some(&team)).await
    };
    for (item, to) in [(&file, &tidy), (&inner, &tidy), (&file, &of_guest)] {
        assert_eq!(member.move_to(item, Some(to)).await.refused(), refusal(403, "role_too_low"));
    }
    member.move_to(&file, Some(&inner)).await.ok();
    let link = member.post(&format!("/drive/files/{file}/links"), &json!({})).await;
    assert_eq!(link.refused(), refusal(403, "role_too_low"));
    owner.unshare(&team, &member_id).await;
    member.check_absent(&file).await;
    member.move_to(&tidy, None).await.ok();
    member.trash(&tidy).await;
    member.purge(&tidy).await;
    assert_eq!(owner.download(&file).await, b"plan.txt");
    assert_eq!(owner.item(&file).await["parentId"], json!(inner));
}

#[tokio::test]
async fn moving_between_folders_that_others_reach_requires_an_admin() {
    let world = World::start().await;
    let (owner, member, from, member_id) = team(&world).await;
    let to = owner.folder("to", None).await;
    owner.share(&to, &member_id, "member").await;
    let file = owner.file("a", Some(&from)).await;
    world.user("viewer@example.com").await;
    let viewer_id = world.user_id("viewer@example.com").await;
    for (with_viewer, without) in [(&from, &to), (&to, &from)] {
        owner.share(with_viewer, &viewer_id, "viewer").await;
        assert_eq!(member.move_to(&file, Some(&to)).await.refused(), refusal(403, "role_too_low"));
        owner.share(without, &viewer_id, "viewer").await;
        member.move_to(&file, Some(&to)).await.ok();
        owner.move_to(&file, Some(&from)).await.ok();
        owner.unshare(&from, &viewer_id).await;
        owner.unshare(&to, &viewer_id).await;
    }
    owner.share(&to, &viewer_id, "viewer").await;
    owner.share(&from, &member_id, "admin").await;
    member.move_to(&file, Some(&to)).await.ok();
}

#[tokio::test]
async fn not_even_an_admin_can_make_somebody_an_owner() {
    let world = World::start().await;
    let (owner, admin, team, admin_id) = team(&world).await;
    owner.share(&team, &admin_id, "admin").await;
    let file = owner.file("a", Some(&team)).await;
    let other = world.user("other@example.com").await;
    let theirs = other.folder("theirs", None).await;
    other.share(&theirs, &admin_id, "admin").await;
    let own = admin.folder("own", None).await;
    for to in [&theirs, &own] {
        assert_eq!(admin.move_to(&file, Some(to)).await.refused(), refusal(403, "role_too_low"));
    }
    // An owner may give away what they own.
    let given = admin.file("given", Some(&team)).await;
    admin.move_to(&given, Some(&theirs)).await.ok();
    owner.check_absent(&given).await;
    assert_eq!(other.get(&format!("/drive/files/{given}")).await.ok()["role"], "owner");
}

#[tokio::test]
async fn every_owner_above_sees_in_their_trash_what_a_member_trashed_and_can_restore_it() {
    let world = World::start().await;
    let (owner, member, team, member_id) = team(&world).await;
    let guest = world.participant("guest@example.com", &owner, &team, "member").await;
    let of_guest = guest.folder("a guest's", Some(&team)).await;
    let file = member.file("deep", Some(&of_guest)).await;
    let other = world.participant("other@example.com", &owner, &team, "member").await;
    other.trash(&file).await;
    for actor in [&owner, &member, &guest, &other] {
        assert_eq!(actor.trashed().await, ["deep"]);
    }
    for actor in [&owner, &guest, &member, &other] {
        assert_eq!(actor.restore(&file).await.ok()["parentId"], json!(of_guest));
        assert_eq!(owner.trashed().await, NOTHING);
        other.trash(&file).await;
    }
    assert_eq!(other.delete(&format!("/drive/trash/{file}")).await.refused(), refusal(403, "role_too_low"));
    // Whoever no longer has a role does not see it.
    owner.unshare(&team, &world.user_id("other@example.com").await).await;
    assert_eq!(other.trashed().await, NOTHING);
    owner.unshare(&team, &member_id).await;
    assert_eq!(member.trashed().await, ["deep"], "the item is in its owner's trash");
    assert_eq!(owner.delete("/drive/trash").await.ok(), json!({ "removed": 1 }));
    assert_eq!((member.trashed().await, guest.trashed().await), (vec![], vec![]));
}

#[tokio::test]
async fn replaced_bytes_are_in_the_trash_of_their_owner() {
    let world = World::start().await;
    let (owner, member, team, _) = team(&world).await;
    let viewer = world.participant("viewer@example.com", &owner, &team, "viewer").await;
    let file = id(&owner.upload_with("a.txt", b"old", &into(&team, "keep")).await);
    let new = member.upload_with("a.txt", b"newer", &into(&team, "replace")).await;
    assert_eq!((id(&new), owner.usage().await), (file.clone(), (3, 8)));
    assert_eq!((owner.trashed().await, viewer.trashed().await), (vec!["a.txt".to_owned()], vec![]));
    let before = id(&owner.get("/drive/trash").await.ok()["items"][0]);
    assert_eq!(viewer.restore(&before).await.refused(), refusal(404, "not_found"));
    assert_eq!(
        member.delete(&format!("/drive/trash/{before}")).await.refused(),
        refusal(403, "role_too_low")
    );
    assert_eq!(owner.restore(&before).await.ok()["parentId"], json!(team));
    assert_eq!(
        (owner.download(&before).await, owner.download(&file).await),
        (b"old".to_vec(), b"newer".to_vec())
    );
    owner.trash(&before).await;
    owner.purge(&before).await;
    assert_eq!(owner.download(&file).await, b"newer");
}

/// The folder is lost before the finalize, and a file of that name is where the upload goes instead.
#[tokio::test]
async fn an_upload_whose_folder_is_lost_neither_replaces_nor_collides() {
    let world = World::start().await;
    let (owner, member, team, member_id) = team(&world).await;
    let old = member.file("ledger.txt", None).await;
    let mut names = vec!["ledger.txt".to_owned()];
    for (at, on_conflict) in ["replace", "keep", "rename", "fail"].into_iter().enumerate() {
        owner.share(&team, &member_id, "member").await;
        let (upload, listed) = member.put_with("ledger.txt", b"new", &into(&team, on_conflict)).await;
        owner.unshare(&team, &member_id).await;
        let item = member.finalize(&upload, &listed).await.ok();
        assert_ne!(id(&item), old);
        names.insert(at, format!("ledger ({}).txt", at + 2));
        assert_eq!(item.get("parentId"), None);
        assert_eq!(member.listed("root").await, names);
    }
    assert_eq!(member.download(&old).await, b"ledger.txt");
    assert_eq!(member.trashed().await, NOTHING);
}

#[tokio::test]
async fn a_confined_upload_waits_for_its_folder_and_goes_nowhere_else() {
    let mut world = World::start().await;
    let owner = world.owner();
    let outer = owner.folder("outer", None).await;
    let inner = owner.folder("inner", Some(&outer)).await;
    let elsewhere = owner.folder("elsewhere", None).await;
    let confined = world.token_of(&owner, &["access_drive"], Some(&outer)).await;
    let (upload, listed) = confined.put_with("a.txt", b"abc", &into(&inner, "replace")).await;
    let closed = refusal(409, "upload_folder_closed");
    owner.trash(&inner).await;
    // Whoever finalizes the upload, it was started for that folder.
    for actor in [&confined, &owner, &confined] {
        assert_eq!(actor.finalize(&upload, &listed).await.refused(), closed);
    }
    owner.restore(&inner).await.ok();
    owner.move_to(&inner, Some(&elsewhere)).await.ok();
    assert_eq!(
        confined.finalize(&upload, &listed).await.refused(),
        closed,
        "it is not in its folder any more"
    );
    assert_eq!(owner.listed("root").await, ["elsewhere", "outer"]);
    owner.move_to(&inner, Some(&outer)).await.ok();
    owner.move_to(&outer, Some(&elsewhere)).await.ok();
    assert_eq!(confined.finalize(&upload, &listed).await.ok()["parentId"], json!(inner));

    let (_lost, _) = confined.put_with("b.txt", b"abc", &into(&inner, "keep")).await;
    owner.trash(&outer).await;
    world.pass(jiff::SignedDuration::from_hours(25)).await;
    world.restart().await;
    crate::world::wait_for(async || world.uploads_in_store().await == 0).await;
}

/// The store had completed the object when the folder was lost. A finalize that the sweep continues must end too.
#[tokio::test]
async fn a_confined_upload_that_a_crash_interrupted_is_open_again_and_still_succeeds() {
    let mut world = World::start().await;
    let owner = world.owner();
    let outer = owner.folder("outer", None).await;
    let confined = world.token_of(&owner, &["drive_upload"], Some(&outer)).await;
    let (upload, listed) = confined.put_with("a.txt", b"abc", &into(&outer, "keep")).await;
    let item = id(&confined.finalize(&upload, &listed).await.ok());
    owner.trash(&outer).await;
    world.stop().await;
    world
        .execute(&format!(
            "delete from items where id = '{item}';
             update uploads set state = 'completing', lease_holder = 'dead', lease_until = 0"
        ))
        .await;
    world.serve(|_| {}).await;
    crate::world::wait_for(async || world.count("uploads where state = 'open'").await == 1).await;
    let (owner, closed) = (world.owner(), refusal(409, "upload_folder_closed"));
    let confined = confined.by(world.http.clone(), world.url.clone());
    assert_eq!(confined.finalize(&upload, &listed).await.refused(), closed);
    owner.restore(&outer).await.ok();
    assert_eq!(id(&confined.finalize(&upload, &listed).await.ok()), item);
    assert_eq!(owner.download(&item).await, b"abc");
}

#[tokio::test]
async fn a_token_that_only_uploads_cannot_destroy_or_learn_anything() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let there = id(&owner.upload_with("a.txt", b"old", &into(&folder, "keep")).await);
    let uploader = world.token_of(&owner, &["drive_upload"], None).await;
    let both = world.token_of(&owner, &["drive_upload", "drive_read"], None).await;
    let start = |name: &str, on_conflict: &str| json!({ "fileName": name, "fileSize": 1, "mimeType": "a/b", "parentId": folder, "onConflict": on_conflict });
    for (actor, on_conflict) in [(&uploader, "replace"), (&uploader, "fail"), (&both, "replace")] {
        for name in ["a.txt", "free"] {
            let answer = actor.step("start", &start(name, on_conflict)).await;
            assert_eq!(answer.refused(), refusal(403, "missing_scope"), "{on_conflict}");
        }
    }
    both.step("start", &start("a.txt", "fail")).await.ok();

    let (upload, listed) = uploader.put_with("a.txt", b"new", &into(&folder, "rename")).await;
    let told = uploader.finalize(&upload, &listed).await.ok();
    assert_eq!((&told["name"], told["parentId"].clone()), (&json!("a.txt"), json!(folder)));
    assert_eq!(owner.item(&id(&told)).await["name"], "a (2).txt");
    owner.change(&id(&told), &json!({ "name": "secret", "parentId": null })).await.ok();
    assert_eq!(
        uploader.finalize(&upload, &listed).await.ok(),
        told,
        "a repeated finalize gets the same answer"
    );
    assert_eq!(owner.download(&there).await, b"old");

    // It cannot see what other tokens upload.
    let others = owner.put_with("private.txt", b"x", &into(&folder, "replace")).await;
    assert_eq!(uploader.finalize(&others.0, &others.1).await.refused(), refusal(404, "upload_not_found"));
    let open = uploader.get("/drive/uploads").await.ok();
    assert_eq!(open["uploads"], json!([]), "{open}");
}

#[tokio::test]
async fn a_link_ends_when_its_maker_may_no_longer_make_it() {
    let world = World::start().await;
    let (owner, admin, team, admin_id) = team(&world).await;
    owner.share(&team, &admin_id, "admin").await;
    let file = owner.file("a", Some(&team)).await;
    let made = admin.post(&format!("/drive/files/{file}/links"), &json!({})).await.ok();
    let url = made["url"].as_str().unwrap().to_owned();
    let status = async || world.http.get(&url).send().await.unwrap().status().as_u16();
    assert_eq!(status().await, 200);
    owner.share(&team, &admin_id, "member").await;
    assert_eq!(status().await, 404);
    owner.share(&team, &admin_id, "admin").await;
    assert_eq!(status().await, 200);
    owner.unshare(&team, &admin_id).await;
    assert_eq!(status().await, 404);
    owner.share(&team, &admin_id, "admin").await;
    owner.trash(&team).await;
    assert_eq!(status().await, 404, "in the trash");
    owner.restore(&team).await.ok();
    world.execute(&format!("delete from tokens where user_id = '{admin_id}'")).await;
    world.execute(&format!("delete from usage where user_id = '{admin_id}'")).await;
    world.execute(&format!("delete from memberships where user_id = '{admin_id}'")).await;
    assert_eq!(status().await, 404, "the link's creator has left");
}

#[tokio::test]
async fn a_confined_token_sees_no_member_except_its_own_user() {
    let world = World::start().await;
    let owner = world.owner();
    world.user("other@example.com").await;
    let folder = owner.folder("f", None).await;
    let confined = world.token_of(&owner, &["drive_read"], Some(&folder)).await;
    for (path, expected) in
        [("/workspace/members", 1), ("/workspace/members?q=other", 0), ("/workspace/members?q=owner", 1)]
    {
        let found = confined.get(path).await.ok();
        assert_eq!(
            (&found["total"], found["members"].as_array().unwrap().len()),
            (&json!(expected), expected)
        );
    }
    assert_eq!(owner.get("/workspace/members").await.ok()["total"], 2);
}
