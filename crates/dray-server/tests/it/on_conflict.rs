//! What finalize does when a file of the same name exists, and when the folder has changed meanwhile.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::acts::id;
use crate::world::{Actor, Answer, World, refusal, wait_for};

fn into(folder: &str, on_conflict: &str) -> Value {
    json!({ "parentId": folder, "onConflict": on_conflict })
}

#[tokio::test]
async fn both_stay_by_default() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    for more in [json!({ "parentId": folder }), into(&folder, "keep")] {
        owner.upload_with("report.pdf", b"a", &more).await;
    }
    assert_eq!(owner.listed(&folder).await, ["report.pdf", "report.pdf"]);
    for wrong in [json!("Keep"), json!(""), json!("overwrite"), json!(null), json!(1)] {
        let body = json!({ "fileName": "a", "fileSize": 1, "mimeType": "a/b", "onConflict": wrong });
        let answer = owner.step("start", &body).await;
        assert_eq!(answer.refused_for("onConflict"), refusal(400, "invalid_field"), "{wrong}");
    }
}

#[tokio::test]
async fn rename_takes_the_next_free_number() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let rename = into(&folder, "rename");
    let mut made = Vec::new();
    for _ in 0..4 {
        let item = owner.upload_with("report.pdf", b"a", &rename).await;
        made.push(item["name"].as_str().unwrap().to_owned());
    }
    assert_eq!(made, ["report.pdf", "report (2).pdf", "report (3).pdf", "report (4).pdf"]);
    // A removed name is free; another case is another name; a folder does not count, and neither does another place.
    let third = owner.query("/drive/search", &[("q", "report 3")]).await.ok();
    owner.trash(&id(&third["hits"][0])).await;
    owner.folder("new", Some(&folder)).await;
    for (name, expected) in
        [("report.pdf", "report (3).pdf"), ("Report.pdf", "Report.pdf"), ("new", "new"), ("new", "new (2)")]
    {
        assert_eq!(owner.upload_with(name, b"a", &rename).await["name"], expected);
    }
    let at_root = json!({ "onConflict": "rename" });
    assert_eq!(owner.upload_with("report.pdf", b"a", &at_root).await["name"], "report.pdf");
    assert_eq!(owner.upload_with("report.pdf", b"a", &at_root).await["name"], "report (2).pdf");
    let found = owner.query("/drive/search", &[("q", "report 4")]).await.ok();
    assert_eq!(found["hits"][0]["name"], "report (4).pdf");
    let long = format!("{}.pdf", "é".repeat(251));
    owner.upload_with(&long, b"a", &rename).await;
    let cut = owner.upload_with(&long, b"a", &rename).await;
    assert_eq!(cut["name"], format!("{} (2).pdf", "é".repeat(247)));
}

#[tokio::test]
async fn fail_is_refused_and_the_upload_can_still_be_finalized() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let first = owner.upload_with("a", b"first", &into(&folder, "fail")).await;
    let (upload, listed) = owner.put_with("a", b"second", &into(&folder, "fail")).await;
    for _ in 0..2 {
        assert_eq!(owner.finalize(&upload, &listed).await.refused(), refusal(409, "name_taken"));
    }
    assert_eq!(owner.download(&id(&first)).await, b"first");
    owner.change(&id(&first), &json!({ "name": "b" })).await.ok();
    let second = owner.finalize(&upload, &listed).await.ok();
    assert_eq!((&second["name"], owner.download(&id(&second)).await), (&json!("a"), b"second".to_vec()));
    assert_eq!(owner.finalize(&upload, &listed).await.ok(), second, "its own name does not count as taken");
}

#[tokio::test]
async fn replace_keeps_the_item_and_the_old_bytes_are_in_the_trash_until_they_are_removed() {
    let mut world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let old = owner.upload_with("a.txt", b"old", &into(&folder, "keep")).await;
    let made = owner.post(&format!("/drive/files/{}/links", id(&old)), &json!({})).await.ok();
    let old_keys = world.object_keys().await;
    world.pass(jiff::SignedDuration::from_secs(5)).await;
    let more = json!({ "parentId": folder, "onConflict": "replace", "mimeType": "text/plain" });
    let (upload, listed) = owner.put_with("a.txt", b"newer", &more).await;
    let new = owner.finalize(&upload, &listed).await.ok();
    let mut expected = old.clone();
    expected["mimeType"] = json!("text/plain");
    (expected["size"], expected["fileSize"]) = (json!(5), json!(5));
    assert!(new["updatedAt"].as_str() > old["updatedAt"].as_str());
    expected["updatedAt"] = new["updatedAt"].clone();
    assert_eq!(new, expected);
    assert_eq!((owner.item(&id(&old)).await, owner.listed(&folder).await.len()), (new.clone(), 1));
    assert_eq!(owner.finalize(&upload, &listed).await.ok(), new);
    assert_eq!(owner.download(&id(&old)).await, b"newer");
    let trash = owner.get("/drive/trash").await.ok();
    let before = id(&trash["items"][0]);
    assert_eq!((&trash["items"][0]["name"], &trash["items"][0]["size"]), (&json!("a.txt"), &json!(3)));
    assert_eq!(owner.usage().await, (3, 8));
    owner.restore(&before).await.ok();
    assert_eq!(owner.download(&before).await, b"old");
    owner.trash(&before).await;
    owner.purge(&before).await;
    world.restart().await;
    wait_for(async || world.object_keys().await.len() == 1).await;
    assert_ne!(world.object_keys().await, old_keys);
    let owner = world.owner();
    assert_eq!(owner.usage().await, (2, 5));
    assert_eq!(owner.download(&id(&old)).await, b"newer");
    let links = owner.get(&format!("/drive/files/{}/links", id(&old))).await.ok();
    assert_eq!(links["links"][0]["id"], made["id"]);
}

#[tokio::test]
async fn replace_without_a_file_of_the_name_is_a_new_item() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let there = owner.folder("a", Some(&folder)).await;
    let gone = owner.file("a", Some(&folder)).await;
    owner.trash(&gone).await;
    let made = owner.upload_with("a", b"new", &into(&folder, "replace")).await;
    assert!(id(&made) != there && id(&made) != gone);
    owner.restore(&gone).await.ok();
    assert_eq!(owner.download(&gone).await, b"a");
    assert_eq!(owner.listed(&folder).await, ["a", "a", "a"]);
    // Of several files with the name, the oldest is replaced.
    owner.trash(&gone).await;
    owner.upload_with("a", b"newer", &into(&folder, "replace")).await;
    assert_eq!(owner.download(&id(&made)).await, b"newer");
}

#[tokio::test]
async fn a_member_replaces_another_users_file_which_stays_theirs() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let old = owner.upload_with("a", b"old", &into(&folder, "keep")).await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let new = member.upload_with("a", b"new", &into(&folder, "replace")).await;
    assert_eq!((&new["id"], &new["owner"]), (&old["id"], &old["owner"]));
    assert_eq!(owner.download(&id(&old)).await, b"new");
}

/// Puts this many uploads of one name, and finalizes all at once.
async fn finalize_at_once(actor: &Actor, more: &Value, count: usize) -> Vec<Answer> {
    let mut ready = Vec::new();
    for at in 0..count {
        ready.push(actor.put_with("a.txt", format!("bytes of {at}").as_bytes(), more).await);
    }
    join_all(ready.iter().map(|(upload, listed)| actor.finalize(upload, listed))).await
}

#[tokio::test]
async fn uploads_that_rename_at_once_have_different_names() {
    let world = World::start().await;
    let owner = world.owner();
    for _ in 0..12 {
        let folder = owner.folder("f", None).await;
        for answer in finalize_at_once(&owner, &into(&folder, "rename"), 4).await {
            answer.ok();
        }
        let expected = ["a (2).txt", "a (3).txt", "a (4).txt", "a.txt"];
        assert_eq!(owner.listed(&folder).await, expected);
    }
}

#[tokio::test]
async fn of_uploads_that_fail_on_a_taken_name_at_once_one_wins() {
    let mut world = World::start().await;
    let owner = world.owner();
    for round in 0..12 {
        let folder = owner.folder("f", None).await;
        let answers = finalize_at_once(&owner, &into(&folder, "fail"), 3).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 2), "round {round}");
        for answer in lost {
            assert_eq!(answer.refused(), refusal(409, "name_taken"));
        }
        assert_eq!(owner.listed(&folder).await, ["a.txt"]);
        assert_eq!(owner.download(&id(&won[0].body)).await.len(), 10);
    }
    assert_eq!(owner.usage().await, (24, 120));
    world.restart().await;
    wait_for(async || world.object_keys().await.len() == 12).await;
}

#[tokio::test]
async fn uploads_that_replace_at_once_make_one_item_with_the_bytes_of_one() {
    let mut world = World::start().await;
    let owner = world.owner();
    for round in 0..12 {
        let folder = owner.folder("f", None).await;
        if round % 2 == 0 {
            owner.upload_with("a.txt", b"the first", &into(&folder, "keep")).await;
        }
        let items: Vec<_> = finalize_at_once(&owner, &into(&folder, "replace"), 3)
            .await
            .into_iter()
            .map(Answer::ok)
            .collect();
        assert!(items.iter().all(|item| item["id"] == items[0]["id"]), "round {round}: {items:?}");
        assert_eq!(owner.listed(&folder).await, ["a.txt"]);
        let bytes = String::from_utf8(owner.download(&id(&items[0])).await).unwrap();
        assert!(bytes.starts_with("bytes of "), "{bytes}");
    }
    // The replaced bytes are in the trash: two or three files of each round.
    assert_eq!(owner.delete("/drive/trash").await.ok(), json!({ "removed": 30 }));
    world.restart().await;
    wait_for(async || world.object_keys().await.len() == 12).await;
    assert_eq!(world.owner().usage().await, (24, 120));
}

/// The replaced item is moved meanwhile, and others replace it at its new place.
#[tokio::test]
async fn an_item_that_is_replaced_while_it_moves_leaves_no_bytes_behind() {
    let mut world = World::start().await;
    let owner = world.owner();
    let (one, two) = (owner.folder("one", None).await, owner.folder("two", None).await);
    let item = id(&owner.upload_with("a.txt", b"the first", &into(&one, "keep")).await);
    for _ in 0..12 {
        let mut ready = Vec::new();
        for folder in [&one, &two, &one, &two] {
            ready.push(owner.put_with("a.txt", b"the bytes", &into(folder, "replace")).await);
        }
        let finalizes = join_all(ready.iter().map(|(upload, listed)| owner.finalize(upload, listed)));
        let moves = async {
            for folder in [&two, &one, &two, &one] {
                owner.move_to(&item, Some(folder)).await.ok();
            }
        };
        for answer in tokio::join!(finalizes, moves).0 {
            answer.ok();
        }
        assert_eq!(owner.download(&item).await.len(), 9);
    }
    let (items, bytes) = owner.usage().await;
    assert_eq!(bytes, (items - 2) * 9);
    world.restart().await;
    wait_for(async || world.object_keys().await.len() as u64 == items - 2).await;
}

#[tokio::test]
async fn if_its_folder_was_trashed_meanwhile_an_upload_goes_to_the_root() {
    let mut world = World::start().await;
    for purge in [false, true] {
        let owner = world.owner();
        let outer = owner.folder("outer", None).await;
        let folder = owner.folder("f", Some(&outer)).await;
        let (upload, listed) = owner.put_with("a.txt", b"abc", &into(&folder, "rename")).await;
        owner.trash(&outer).await;
        if purge {
            owner.purge(&outer).await;
            world.restart().await;
            wait_for(async || world.count("items where kind = 0 and trashed_at is not null").await == 1)
                .await;
        }
        let owner = world.owner();
        let item = owner.finalize(&upload, &listed).await.ok();
        let name = if purge { "a (2).txt" } else { "a.txt" };
        assert_eq!((item.get("parentId"), &item["name"]), (None, &json!(name)));
        assert_eq!(owner.download(&id(&item)).await, b"abc");
        assert!(owner.listed("root").await.contains(&name.to_owned()));
    }
}

#[tokio::test]
async fn if_the_uploader_lost_their_role_on_its_folder_an_upload_goes_to_their_root() {
    let world = World::start().await;
    let owner = world.owner();
    let member_id = {
        world.user("member@example.com").await;
        world.user_id("member@example.com").await
    };
    let member = world.user("member@example.com").await;
    for (at, on_conflict) in ["keep", "rename", "fail", "replace"].into_iter().enumerate() {
        for role in [None, Some("viewer")] {
            let folder = owner.folder("f", None).await;
            let theirs = owner.upload_with("a.txt", b"the owner's", &into(&folder, "keep")).await;
            owner.share(&folder, &member_id, "member").await;
            let name = format!("{at} {}.txt", role.is_some());
            let (upload, listed) = member.put_with(&name, b"abc", &into(&folder, on_conflict)).await;
            match role {
                Some(role) => owner.share(&folder, &member_id, role).await,
                None => owner.unshare(&folder, &member_id).await,
            }
            let item = member.finalize(&upload, &listed).await.ok();
            assert_eq!((item.get("parentId"), &item["owner"]), (None, &json!(member_id)));
            assert_eq!(member.download(&id(&item)).await, b"abc");
            assert_eq!(owner.listed(&folder).await, ["a.txt"]);
            assert_eq!(owner.download(&id(&theirs)).await, b"the owner's");
            owner.check_absent(&id(&item)).await;
        }
    }
}

/// The answer to a finalize may be lost, and much may happen before it is sent again.
#[tokio::test]
async fn a_finalize_that_is_repeated_later_returns_the_item_as_it_is_then() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let (upload, listed) = owner.put_with("a.txt", b"abc", &into(&folder, "keep")).await;
    let item = id(&owner.finalize(&upload, &listed).await.ok());
    owner.change(&item, &json!({ "name": "b.txt" })).await.ok();
    assert_eq!(owner.finalize(&upload, &listed).await.ok()["name"], "b.txt");
    owner.move_to(&item, None).await.ok();
    assert_eq!(owner.finalize(&upload, &listed).await.ok(), owner.item(&item).await);
    let (second, second_listed) =
        owner.put_with("b.txt", b"abcdef", &json!({ "onConflict": "replace" })).await;
    let replaced = owner.finalize(&second, &second_listed).await.ok();
    assert_eq!((&replaced["id"], &replaced["size"]), (&json!(item), &json!(6)));
    for (upload, listed) in [(&upload, &listed), (&second, &second_listed)] {
        assert_eq!(owner.finalize(upload, listed).await.ok(), replaced);
    }
    assert_eq!(owner.listed("root").await, ["f", "b.txt"]);
    owner.trash(&item).await;
    assert_eq!(owner.finalize(&upload, &listed).await.refused(), refusal(410, "item_gone"));
    owner.restore(&item).await.ok();
    assert_eq!(owner.finalize(&second, &second_listed).await.ok()["id"], json!(item));
}

/// Finalizes that a crash interrupted. The sweep does what they had to do about a name.
#[tokio::test]
async fn a_replacement_that_a_crash_interrupted_is_completed_by_the_sweep() {
    let mut world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let old = owner.upload_with("a.txt", b"old", &into(&folder, "keep")).await;
    let (upload, listed) = owner.put_with("a.txt", b"newest", &into(&folder, "replace")).await;
    owner.finalize(&upload, &listed).await.ok();
    world.stop().await;
    // As if the server had died after the store completed the object, before the item had it.
    world
        .execute(
            "update items set upload_id = null, size_bytes = 3,
                    object_key = (select t.object_key from items t where t.trashed_at is not null)
                    where kind = 1 and trashed_at is null;
             delete from items where trashed_at is not null;
             update uploads set state = 'completing', lease_holder = 'dead', lease_until = 9000000000000
                    where state = 'completed' and on_conflict = 'replace'",
        )
        .await;
    world.serve(|_| {}).await;
    let owner = world.owner();
    wait_for(async || owner.download(&id(&old)).await == b"newest").await;
    assert_eq!(owner.trashed().await, ["a.txt"]);
    assert_eq!(world.object_keys().await.len(), 2);
    assert_eq!(owner.finalize(&upload, &listed).await.ok()["id"], old["id"]);
}

/// The store had made the object, the database did not know it yet, and meanwhile the name was taken.
#[tokio::test]
async fn an_upload_that_is_given_up_after_its_object_was_made_leaves_no_object() {
    for is_aborted in [true, false] {
        let mut world = World::start().await;
        let (upload, listed) =
            world.owner().put_with("a.txt", b"abc", &json!({ "onConflict": "fail" })).await;
        world.owner().finalize(&upload, &listed).await.ok();
        world.stop().await;
        world.execute("delete from items; update uploads set state = 'open', digest = null").await;
        world.serve(|_| {}).await;
        let first = world.owner().file("a.txt", None).await;
        let refused = world.owner().finalize(&upload, &listed).await;
        assert_eq!((refused.refused(), world.object_keys().await.len()), (refusal(409, "name_taken"), 2));
        if is_aborted {
            world.owner().step("abort", &upload.body(&json!({}))).await.done();
        } else {
            world.pass(jiff::SignedDuration::from_hours(25)).await;
        }
        // The quiet time after a Complete, which an external store may still be working on, is over.
        world
            .execute("update uploads set attempted_at = 1, next_try_at = null; update watches set since = 1")
            .await;
        world.restart().await;
        wait_for(async || world.object_keys().await.len() == 1).await;
        assert!(world.object_keys().await[0].ends_with(&first));
    }
}
