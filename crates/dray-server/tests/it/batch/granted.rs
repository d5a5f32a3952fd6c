//! Batches with a grant: every file is within what the grant says, and what does not fit is refused by itself.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{file, ids_of, known, outcome, put, stages, stages_with};
use crate::acts::id;
use crate::grants::{granted, states, uploads};
use crate::requests::{requested, submitter};
use crate::world::{Actor, Answer, World, refusal};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";
const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0";

fn sized(name: &str, size: u64) -> Value {
    json!({ "path": name, "fileSize": size, "mimeType": "text/plain" })
}

/// The states, sorted. The files of a batch start at the same moment, so a list of them has no fixed order.
async fn sorted_states(maker: &Actor, grant: &Value) -> Vec<String> {
    let mut states = states(maker, grant).await;
    states.sort();
    states
}

/// The code of each file's refusal; empty for a file that was started.
async fn codes(holder: &Actor, files: &[Value], more: &Value) -> Vec<String> {
    let mut body = json!({ "files": files });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = holder.batch("start", &body).await.ok();
    answer["files"].as_array().unwrap().iter().map(|file| outcome(file).err().unwrap_or_default()).collect()
}

#[tokio::test]
async fn a_page_uploads_many_files_with_its_grant_and_its_application_learns_what_arrived() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let folder = owner.folder("inbox", None).await;
        owner.upload_with("a", b"older", &json!({ "parentId": folder })).await;
        let request = json!({
            "folderId": folder, "onConflict": "rename", "externalId": "case 7", "metadata": { "form": 1 }
        });
        let (holder, grant) = granted(world, &owner, &request).await;
        let files = [(file("a", b"one"), &b"one"[..]), (file("b", b"two"), b"two")];
        let items = holder.upload_files(world, &files, &json!({})).await;
        for (item, name) in items.iter().zip(["a", "b"]) {
            assert_eq!((&item["name"], &item["parentId"]), (&json!(name), &json!(folder)), "{}", stage.name);
            assert!(
                item["externalId"].is_null() && item["metadata"].is_null(),
                "the page is not told: {item}"
            );
            let stored = owner.item(&id(item)).await;
            assert_eq!(
                (&stored["grantId"], &stored["externalId"], &stored["metadata"]),
                (&grant["id"], &json!("case 7"), &json!({ "form": 1 }))
            );
        }
        assert_eq!(owner.listed(&folder).await, ["a", "a (2)", "b"]);
        assert_eq!(states(&owner, &grant).await, ["finalized", "finalized"]);
        let used = owner.get(&format!("/drive/grants/{}", id(&grant))).await.ok();
        assert_eq!((&used["usedFiles"], &used["usedBytes"]), (&json!(2), &json!(6)));
    }
}

#[tokio::test]
async fn what_a_grant_does_not_allow_is_refused_file_by_file() {
    let world = World::start().await;
    let owner = world.owner();
    let (folder, other) = (owner.folder("inbox", None).await, owner.folder("other", None).await);
    let request = json!({ "folderId": folder, "maxFileBytes": 10, "types": ["text/*", ".pdf"] });
    let (holder, grant) = granted(&world, &owner, &request).await;
    let mut elsewhere = sized("e", 1);
    elsewhere["parentId"] = json!(other);
    let mut here = sized("h", 1);
    here["parentId"] = json!(folder);
    let files = [
        sized("fits", 10),
        sized("large", 11),
        json!({ "path": "a.exe", "fileSize": 1, "mimeType": "a/b" }),
        json!({ "path": "a.PDF", "fileSize": 1, "mimeType": "a/b" }),
        elsewhere,
        here,
        sized("new/a", 1),
        sized("..", 1),
    ];
    let found = codes(&holder, &files, &json!({})).await;
    let (large, kind) = ("file_too_large", "file_type_not_allowed");
    assert_eq!(found, ["", large, kind, "", "not_found", "", "invalid_field", "invalid_name"]);
    assert_eq!(world.count("items where kind = 0").await, 2, "a grant creates no folders");
    assert_eq!(uploads(&owner, &grant).await.len(), 3);
    for wrong in [&other, "0123456789abcdef01234567"] {
        let found = codes(&holder, &[sized("a", 1)], &json!({ "parentId": wrong })).await;
        assert_eq!(found, ["not_found"], "whatever there is");
    }
    assert_eq!(codes(&holder, &[sized("a", 1)], &json!({ "parentId": folder })).await, [""]);
    for conflict in ["fail", "replace"] {
        let body = json!({ "files": [sized("a", 1)], "onConflict": conflict });
        assert_eq!(holder.batch("start", &body).await.refused(), refusal(400, "invalid_field"));
    }
}

#[tokio::test]
async fn files_that_fit_into_what_is_left_are_taken_and_the_others_refused_in_their_order() {
    let world = World::start().await;
    let owner = world.owner();
    let used_up = "grant_used_up";
    let (holder, _) = granted(&world, &owner, &json!({ "maxBytes": 100 })).await;
    let files = [sized("a", 60), sized("b", 50), sized("c", 40), sized("d", 1), sized("e", 0)];
    assert_eq!(codes(&holder, &files, &json!({})).await, ["", used_up, "", used_up, ""]);
    let (holder, grant) = granted(&world, &owner, &json!({ "maxFiles": 3 })).await;
    holder.start("single", 1).await;
    let files: Vec<_> = (0..5).map(|at| sized(&format!("{at}"), 1)).collect();
    assert_eq!(codes(&holder, &files, &json!({})).await, ["", "", used_up, used_up, used_up]);
    // An aborted upload no longer counts.
    let first = uploads(&owner, &grant).await.into_iter().find(|upload| upload["fileName"] == "0").unwrap();
    holder.step("abort", &ids_of(&first)).await.done();
    assert_eq!(codes(&holder, &files, &json!({})).await, ["", used_up, used_up, used_up, used_up]);
}

#[tokio::test]
async fn batches_and_single_starts_at_once_never_exceed_a_grant_together() {
    let world = World::start().await;
    for (request, size, most) in [
        (json!({ "maxFiles": 50 }), 1, 50),
        (json!({ "maxBytes": 10_000 }), 300, 33),
        (json!({ "maxBytes": 0 }), 1, 0),
    ] {
        let (holder, grant) = granted(&world, &world.owner(), &request).await;
        let batches = join_all((0..8).map(|batch| {
            let files: Vec<_> = (0..20).map(|at| sized(&format!("{batch} {at}"), size)).collect();
            let holder = holder.clone();
            async move { codes(&holder, &files, &json!({})).await }
        }));
        let singles = join_all((0..8).map(|at| {
            let body = json!({ "fileName": format!("{at}"), "fileSize": size, "mimeType": "a/b" });
            let holder = holder.clone();
            async move {
                let answer = holder.step("start", &body).await;
                if answer.status == 200 { String::new() } else { answer.refused().1 }
            }
        }));
        let (batches, singles) = futures_util::future::join(batches, singles).await;
        let all: Vec<String> = batches.into_iter().flatten().chain(singles).collect();
        assert!(all.iter().all(|code| code.is_empty() || code == "grant_used_up"), "{all:?}");
        assert_eq!(all.iter().filter(|code| code.is_empty()).count(), most, "{request}");
        let used = world.owner().get(&format!("/drive/grants/{}", id(&grant))).await.ok();
        assert_eq!(used["usedFiles"], json!(most));
    }
}

#[tokio::test]
async fn the_quota_of_its_maker_is_reserved_when_a_batch_is_started() {
    let world = World::start().await;
    let admin = world.admin().await;
    admin.set_quota(Some(dray_ops::OWNER_EMAIL), Some(100)).await.unwrap();
    admin.close().await;
    let (one, grant) = granted(&world, &world.owner(), &json!({ "maxBytes": 1000 })).await;
    // All grants together leave a quarter of it to the maker.
    let files = [sized("a", 40), sized("b", 60), sized("c", 20)];
    assert_eq!(codes(&one, &files, &json!({})).await, ["", "quota_exceeded", ""]);
    assert_eq!(world.owner().get("/drive/usage").await.ok()["reservedBytes"], 60);
    // The file that the quota refused does not count for the grant.
    let used = world.owner().get(&format!("/drive/grants/{}", id(&grant))).await.ok();
    assert_eq!((&used["usedFiles"], &used["usedBytes"]), (&json!(2), &json!(60)));
}

#[tokio::test]
async fn a_grant_that_is_revoked_or_closed_starts_and_finalizes_nothing() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let folder = owner.folder("inbox", None).await;
        let (holder, grant) = granted(world, &owner, &json!({ "folderId": folder })).await;
        let started =
            holder.start_files(&[file("a", b"1"), file("b", b"1"), file("c", b"1")], &json!({})).await;
        for upload in &started[..2] {
            assert_eq!(put(world, upload, b"1").await.status(), 200);
        }
        holder.finalize_files(&started[..1]).await[0].as_ref().unwrap();
        owner.trash(&folder).await;
        let closed = "upload_folder_closed".to_owned();
        assert_eq!(codes(&holder, &[sized("d", 1), sized("e", 1)], &json!({})).await, [&*closed, &*closed]);
        assert_eq!(holder.finalize_files(&started[1..2]).await, [Err(closed)], "{}", stage.name);
        owner.restore(&folder).await.ok();
        owner.delete(&format!("/drive/grants/{}", id(&grant))).await.done();
        for (step, body) in [
            ("start", json!({ "files": [sized("d", 1)] })),
            ("finalize", json!({ "files": [ids_of(&started[1])] })),
        ] {
            assert_eq!(holder.batch(step, &body).await.refused(), refusal(401, "revoked_token"));
        }
        assert_eq!(sorted_states(&owner, &grant).await, ["aborted", "aborted", "finalized"]);
        assert_eq!(owner.listed(&folder).await, ["a"]);
        assert_eq!(owner.get("/drive/usage").await.ok()["reservedBytes"], 0);
        put(world, &started[2], b"1").await;
        assert_eq!(
            owner.finalize_files(&started[1..]).await,
            ["upload_aborted", "upload_aborted"].map(|code| Err(code.to_owned()))
        );
    }
}

#[tokio::test]
async fn the_holder_of_a_grant_is_told_the_name_that_it_gave_whatever_became_of_the_file() {
    let world = World::start().await;
    let owner = world.owner();
    let (holder, _) = granted(&world, &owner, &json!({ "onConflict": "rename" })).await;
    let start = async |key: &str| {
        let path = "/drive/files/upload/batch/start";
        let body = json!({ "files": [file("a", b"1"), sized("b", 1)] });
        Answer::of(holder.request(Method::POST, path).header("idempotency-key", key).json(&body)).await.ok()
    };
    let first = start("k").await["files"].as_array().unwrap().clone();
    let upload = &first[0]["upload"];
    assert_eq!(put(&world, upload, b"1").await.status(), 200);
    let item = holder.finalize_files(std::slice::from_ref(upload)).await.remove(0).unwrap();
    owner.change(&id(&item), &json!({ "name": "secret" })).await.ok();
    owner.move_to(&id(&item), Some(&owner.folder("private", None).await)).await.ok();
    let again = async || holder.finalize_files(std::slice::from_ref(upload)).await.remove(0).unwrap();
    assert_eq!(again().await, item);
    let repeat = start("k").await["files"].as_array().unwrap().clone();
    assert_eq!(
        (&repeat[0]["item"], &repeat[1]["upload"]["uploadId"]),
        (&item, &first[1]["upload"]["uploadId"])
    );
    owner.trash(&id(&item)).await;
    assert_eq!(again().await, item);
    assert_eq!(start("k").await["files"][0]["item"], item);
}

#[tokio::test]
async fn no_holder_finalizes_or_learns_of_what_another_put() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (holder, _) = granted(&world, &owner, &json!({ "folderId": folder })).await;
    let others = [
        granted(&world, &owner, &json!({ "folderId": folder })).await.0,
        granted(&world, &owner, &json!({})).await.0,
        world.token_of(&owner, &["drive_upload"], Some(&folder)).await,
        world.user("other@example.com").await,
    ];
    let started = holder.start_files(&[file("open", b"1"), file("done", b"1")], &json!({})).await;
    for upload in &started {
        assert_eq!(put(&world, upload, b"1").await.status(), 200);
    }
    holder.finalize_files(&started[1..]).await[0].as_ref().unwrap();
    for other in &others {
        for upload in &started {
            let asked = |id: &Value| json!({ "files": [{ "uploadId": id, "fileKey": upload["fileKey"] }] });
            let answer = other.batch("finalize", &asked(&upload["uploadId"])).await.ok();
            let absent = other.batch("finalize", &asked(&json!("0".repeat(24)))).await.ok();
            assert_eq!(
                (&answer, outcome(&answer["files"][0])),
                (&absent, Err("upload_not_found".to_owned()))
            );
        }
        // Knowing the checksum of an existing file does not return the file.
        let known = known("done", b"1");
        let answer = other.batch("start", &json!({ "files": [known], "parentId": null })).await.body;
        assert!(answer["files"][0].get("item").is_none(), "{answer}");
    }
    assert_eq!(owner.listed(&folder).await, ["done"]);
}

#[tokio::test]
async fn a_type_by_another_name_is_refused_at_finalize_and_hinders_no_other_file() {
    for stage in stages_with(|config| config.uploads.verify_types = true).await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let (holder, grant) = granted(world, &owner, &json!({ "types": ["image/png", ".png"] })).await;
        let typed = |name: &str, mime_type: &str, bytes: &[u8]| json!({ "path": name, "fileSize": bytes.len(), "mimeType": mime_type });
        let files = [
            (typed("a.png", "image/png", PNG), PNG),
            (typed("b.png", "image/png", EXE), EXE),
            // Admitted because of its file extension.
            (typed("c.png", "application/octet-stream", EXE), EXE),
        ];
        let wanted: Vec<Value> = files.iter().map(|(file, _)| file.clone()).collect();
        let started = holder.start_files(&wanted, &json!({})).await;
        for (upload, (_, bytes)) in started.iter().zip(&files) {
            assert_eq!(put(world, upload, bytes).await.status(), 200);
        }
        let found = holder.finalize_files(&started).await;
        assert_eq!(found[0].as_ref().unwrap()["name"], "a.png");
        let mismatch = Err("file_type_mismatch".to_owned());
        assert_eq!(found[1..], [mismatch.clone(), mismatch], "{}", stage.name);
        assert_eq!(sorted_states(&owner, &grant).await, ["aborted", "aborted", "finalized"]);
        assert_eq!(owner.listed("root").await, ["a.png"]);
    }
}

#[tokio::test]
async fn a_file_of_a_grant_or_a_request_never_stands_for_the_owners_own() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (holder, _) = granted(&world, &owner, &json!({ "folderId": folder })).await;
    let (_, path) = requested(&owner, &folder, &json!({})).await;
    let submitter = submitter(&world, &path, &json!({})).await;
    let into = json!({ "parentId": folder });
    // Whoever knows the size and the CRC of a file can make other bytes with both.
    for (name, sender) in [("granted", &holder), ("requested", &submitter)] {
        sender.upload_files(&world, &[(known(name, b"bytes"), b"bytes")], &json!({})).await;
    }
    owner.upload_files(&world, &[(known("in the folder", b"bytes"), b"bytes")], &into).await;
    let files = ["granted", "requested", "in the folder"].map(|name| known(name, b"bytes"));
    let begun = owner.batch("start", &json!({ "files": files, "parentId": folder })).await.ok();
    let has: Vec<bool> =
        begun["files"].as_array().unwrap().iter().map(|file| file["item"].is_object()).collect();
    assert_eq!(has, [false, false, true], "{begun}");
}
