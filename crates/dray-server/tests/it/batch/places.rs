//! Where the files of a batch go, who may put them there, and how much room there is.

use std::collections::BTreeSet;

use dray_server::Config;
use serde_json::{Value, json};

use super::{file, outcome, put, stages};
use crate::acts::id;
use crate::world::{World, refusal};

#[tokio::test]
async fn folders_that_are_there_are_used_and_the_others_are_made_once() {
    let world = World::start().await;
    let owner = world.owner();
    let older = owner.folder("photos", None).await;
    owner.folder("photos", None).await;
    let trashed = owner.folder("trashed", None).await;
    owner.trash(&trashed).await;
    // The same name in NFC and in NFD.
    let files = [
        file("photos/caf\u{e9}/a", b"1"),
        file("photos/cafe\u{301}/b", b"1"),
        file("trashed/c", b"1"),
        file("d", b"1"),
    ];
    let uploads = owner.start_files(&files, &json!({})).await;
    assert_eq!(uploads[0]["parentId"], uploads[1]["parentId"]);
    assert_ne!(uploads[2]["parentId"], json!(trashed));
    assert!(uploads[3].get("parentId").is_none());
    assert_eq!(owner.listed(&older).await, ["caf\u{e9}"]);
    assert_eq!(owner.listed("root").await, ["photos", "photos", "trashed"]);
    let again = owner.start_files(&files, &json!({})).await;
    for (again, first) in again.iter().zip(&uploads) {
        assert_eq!(again["parentId"], first["parentId"]);
    }
    // Below another folder, other folders are created.
    let into = owner.folder("into", None).await;
    let below = owner.start_files(&files[..1], &json!({ "parentId": into })).await;
    assert_eq!(owner.listed(&into).await, ["photos"]);
    assert_ne!(below[0]["parentId"], uploads[0]["parentId"]);
    assert_eq!(world.count("outbox").await, 0);
}

#[tokio::test]
async fn a_batch_goes_where_its_caller_may_put_files_and_nowhere_else() {
    let world = World::start().await;
    let owner = world.owner();
    let shared = owner.folder("shared", None).await;
    let member = world.participant("member@example.com", &owner, &shared, "member").await;
    let viewer = world.participant("viewer@example.com", &owner, &shared, "viewer").await;
    let into = |folder: &str| json!({ "files": [file("new/a", b"1")], "parentId": folder });
    assert_eq!(viewer.batch("start", &into(&shared)).await.refused(), refusal(403, "role_too_low"));
    let stranger = world.user("stranger@example.com").await;
    assert_eq!(stranger.batch("start", &into(&shared)).await.refused(), refusal(404, "not_found"));
    let absent = stranger.batch("start", &into("0123456789abcdef01234567")).await;
    assert_eq!(absent.refused(), refusal(404, "not_found"));
    let confined = world.token_of(&owner, &["access_drive"], Some(&shared)).await;
    let at_root = json!({ "files": [file("a", b"1")] });
    assert_eq!(confined.batch("start", &at_root).await.refused(), refusal(403, "confined_token"));
    let inside =
        confined.upload_files(&world, &[(file("new/a", b"1"), b"1")], &json!({ "parentId": shared })).await;
    assert_eq!(inside[0]["name"], "a");
    let items =
        member.upload_files(&world, &[(file("new/b", b"1"), b"1")], &json!({ "parentId": shared })).await;
    assert_eq!(items[0]["parentId"], inside[0]["parentId"], "the folder that the owner has made");
    let reader = world.token_of(&owner, &["drive_read"], None).await;
    assert_eq!(reader.batch("start", &at_root).await.refused(), refusal(403, "missing_scope"));
    assert_eq!(world.anonymous().batch("start", &at_root).await.refused(), refusal(401, "missing_token"));
    let others = member.start_files(&[file("c", b"1")], &json!({ "parentId": shared })).await;
    assert_eq!(owner.finalize_files(&others).await, [Err("upload_not_found".to_owned())]);
    let outside = world.token_of(&owner, &["access_drive"], Some(&shared)).await;
    let mine = owner.start_files(&[file("c", b"1")], &json!({})).await;
    assert_eq!(outside.finalize_files(&mine).await, [Err("upload_not_found".to_owned())]);
}

#[tokio::test]
async fn a_token_that_may_only_upload_learns_nothing_of_what_is_there() {
    let world = World::start().await;
    let owner = world.owner();
    let known = owner.folder("secret", None).await;
    owner.upload_with("a", b"1", &json!({ "parentId": known })).await;
    let blind = world.token_of(&owner, &["drive_upload"], None).await;
    let files = [file("secret/a", b"1"), file("secret/b", b"1")];
    let uploads = blind.start_files(&files, &json!({ "onConflict": "rename" })).await;
    assert_ne!(
        uploads[0]["parentId"],
        json!(known),
        "it must not learn that there is a folder with this name"
    );
    assert_eq!(uploads[0]["parentId"], uploads[1]["parentId"], "it finds the folder that it created");
    for conflict in ["fail", "replace"] {
        let body = json!({ "files": files, "onConflict": conflict });
        assert_eq!(blind.batch("start", &body).await.refused(), refusal(403, "missing_scope"));
    }
    for upload in &uploads {
        assert_eq!(put(&world, upload, b"1").await.status(), 200);
    }
    let mut renamed = uploads.clone();
    renamed.extend(
        blind.start_files(&[file("a", b"1")], &json!({ "parentId": known, "onConflict": "rename" })).await,
    );
    assert_eq!(put(&world, &renamed[2], b"1").await.status(), 200);
    let items = blind.finalize_files(&renamed).await;
    assert_eq!(items[2].as_ref().unwrap()["name"], "a", "the requested name");
    assert_eq!(owner.listed(&known).await, ["a", "a (2)"]);
    assert_eq!(blind.finalize_files(&owner.start_files(&[file("x", b"1")], &json!({})).await).await.len(), 1);
}

#[tokio::test]
async fn each_file_does_about_its_name_what_the_batch_says() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let folder = owner.folder("f", None).await;
        let into = |conflict: &str| json!({ "parentId": folder, "onConflict": conflict });
        let files = [(file("a", b"first"), &b"first"[..]), (file("b", b"first"), b"first")];
        let first = owner.upload_files(world, &files, &into("fail")).await;
        let files =
            [(file("a", b"2nd"), &b"2nd"[..]), (file("c", b"2nd"), b"2nd"), (file("c", b"3rd"), b"3rd")];
        let renamed = owner.upload_files(world, &files, &into("rename")).await;
        assert_eq!(
            renamed.iter().map(|item| item["name"].clone()).collect::<Vec<_>>(),
            ["a (2)", "c", "c (2)"]
        );
        let replaced = owner.upload_files(world, &files[..1], &into("replace")).await;
        assert_eq!(
            (&replaced[0]["id"], owner.download(&id(&first[0])).await),
            (&first[0]["id"], b"2nd".to_vec())
        );
        let uploads = owner.start_files(&[file("b", b"2"), file("new", b"2")], &into("fail")).await;
        for upload in &uploads {
            assert_eq!(put(world, upload, b"2").await.status(), 200);
        }
        let outcomes = owner.finalize_files(&uploads).await;
        assert_eq!(outcomes[0], Err("name_taken".to_owned()), "{}", stage.name);
        assert_eq!(outcomes[1].as_ref().unwrap()["name"], "new");
        owner.change(&id(&first[1]), &json!({ "name": "other" })).await.ok();
        assert_eq!(
            owner.finalize_files(&uploads).await[0].as_ref().unwrap()["name"],
            "b",
            "it was open still"
        );
        assert_eq!(owner.trashed().await, ["a"]);
        owner.trash(&folder).await;
        let lost = owner.start_files(&[file("lost", b"1")], &json!({})).await;
        assert_eq!(lost.len(), 1);
    }
}

#[tokio::test]
async fn a_folder_that_is_lost_meanwhile_loses_no_file_and_a_confined_one_waits_for_it() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let folder = owner.folder("f", None).await;
        let confined = world.token_of(&owner, &["access_drive"], Some(&folder)).await;
        let into = json!({ "parentId": folder });
        let free = owner.start_files(&[file("x/free", b"1")], &into).await.remove(0);
        let bound = confined.start_files(&[file("x/bound", b"1")], &into).await.remove(0);
        for upload in [&free, &bound] {
            assert_eq!(put(world, upload, b"1").await.status(), 200);
        }
        owner.trash(&folder).await;
        let outcomes = owner.finalize_files(&[free, bound.clone()]).await;
        assert_eq!(outcomes[0].as_ref().unwrap().get("parentId"), None, "{}", stage.name);
        assert_eq!(outcomes[1], Err("upload_folder_closed".to_owned()));
        owner.restore(&folder).await.ok();
        assert_eq!(confined.finalize_files(&[bound]).await[0].as_ref().unwrap()["name"], "bound");
    }
}

#[tokio::test]
async fn a_quota_takes_the_files_that_fit() {
    let world = World::start().await;
    let owner = world.owner();
    world.execute("update memberships set quota_bytes = 10").await;
    let files = [file("a", b"1234"), file("b", b"12345"), file("c", b"12"), file("d/e/f", b"1")];
    let answer = owner.batch("start", &json!({ "files": files })).await.ok();
    let outcomes: Vec<bool> =
        answer["files"].as_array().unwrap().iter().map(|file| file["upload"].is_object()).collect();
    assert_eq!(outcomes, [true, true, false, true]);
    assert_eq!(outcome(&answer["files"][2]), Err("quota_exceeded".to_owned()));
    let usage = owner.get("/drive/usage").await.ok();
    assert_eq!((&usage["openUploads"], &usage["reservedBytes"]), (&json!(3), &json!(10)));
    let single = json!({ "fileName": "g", "fileSize": 1, "mimeType": "a/b" });
    assert_eq!(owner.step("start", &single).await.refused(), refusal(507, "quota_exceeded"));
    for (at, bytes) in [(0, &b"1234"[..]), (1, b"12345"), (3, b"1")] {
        assert_eq!(put(&world, &answer["files"][at]["upload"], bytes).await.status(), 200);
    }
    let uploads: Vec<Value> = [0, 1, 3].map(|at: usize| answer["files"][at]["upload"].clone()).to_vec();
    assert!(owner.finalize_files(&uploads).await.iter().all(Result::is_ok));
    let usage = owner.get("/drive/usage").await.ok();
    assert_eq!((&usage["usedBytes"], &usage["reservedBytes"]), (&json!(10), &json!(0)));
}

#[tokio::test]
async fn no_more_files_are_open_than_one_user_may_have() {
    let world = World::start_with(|config: &mut Config| config.uploads.max_open_uploads = 5).await;
    let owner = world.owner();
    owner.start("single", 1).await;
    let files: Vec<Value> = (0..6).map(|at| file(&format!("{at}"), b"1")).collect();
    let answer = owner.batch("start", &json!({ "files": files })).await.ok();
    let outcomes: Vec<_> = answer["files"].as_array().unwrap().iter().map(outcome).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 4);
    assert_eq!(outcomes[4..], [Err("too_many_uploads".to_owned()), Err("too_many_uploads".to_owned())]);
    let other = world.user("other@example.com").await;
    other.start_files(&files[..5], &json!({})).await;
}

#[tokio::test]
async fn a_request_creates_only_so_many_folders_and_those_of_a_file_or_none() {
    let world = World::start().await;
    let owner = world.owner();
    let deep = "d/".repeat(99);
    let files: Vec<Value> = (0..12).map(|at| file(&format!("{at}/{deep}f"), b"1")).collect();
    let answer = owner.batch("start", &json!({ "files": files })).await.ok();
    let outcomes: Vec<_> = answer["files"].as_array().unwrap().iter().map(outcome).collect();
    assert!(outcomes[..10].iter().all(Result::is_ok));
    assert_eq!(outcomes[10..], [Err("invalid_field".to_owned()), Err("invalid_field".to_owned())]);
    assert_eq!(world.count("items").await, 1000);
    // Folders that are there count for nothing, and the next request may create others.
    owner.start_files(&files, &json!({})).await;
    assert_eq!(world.count("items").await, 1200);
}

#[tokio::test]
async fn no_file_goes_by_its_path_into_the_folder_of_a_fellow_member() {
    let world = World::start().await;
    let owner = world.owner();
    let shared = owner.folder("shared", None).await;
    let member = world.participant("member@example.com", &owner, &shared, "member").await;
    let theirs = member.folder("photos", Some(&shared)).await;
    let into = json!({ "parentId": shared });
    let upload = owner.start_files(&[file("photos/a", b"1")], &into).await.remove(0);
    assert_ne!(upload["parentId"], json!(theirs), "its owner could remove what is in it");
    assert_eq!(owner.listed(&shared).await, ["photos", "photos"]);
    let own = owner.start_files(&[file("photos/b", b"1")], &into).await.remove(0);
    assert_eq!(own["parentId"], upload["parentId"]);
    let of_member = member.start_files(&[file("photos/c", b"1")], &into).await.remove(0);
    assert_eq!(of_member["parentId"], json!(theirs), "the oldest of theirs and of the owner's");
}

#[tokio::test]
async fn any_number_of_files_of_one_name_are_renamed() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let folder = owner.folder("f", None).await;
        let into = json!({ "parentId": folder, "onConflict": "rename" });
        // Numbers far from the others are taken too.
        let far: Vec<_> = (4..48)
            .map(|power| (file(&format!("image ({}).jpg", 1_u64 << power), b"1"), &b"1"[..]))
            .collect();
        owner.upload_files(world, &far, &into).await;
        let mut names = BTreeSet::new();
        for _ in 0..2 {
            let files = vec![(file("image.jpg", b"1"), &b"1"[..]); 100];
            for item in owner.upload_files(world, &files, &into).await {
                assert!(names.insert(item["name"].to_string()), "{item}");
            }
        }
    }
}
