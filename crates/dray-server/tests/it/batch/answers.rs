//! The answers to batches, file by file.

use reqwest::Method;
use serde_json::{Value, json};

use super::{checksum, file, ids_of, known, many, outcome, put, stages, started};
use crate::acts::{id, names};
use crate::world::{Answer, MIB, World, refusal};

#[tokio::test]
async fn a_batch_makes_files_with_their_bytes_and_is_answered_the_same_again() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let files = many(60);
        let wanted: Vec<Value> = files.iter().map(|(file, _)| file.clone()).collect();
        let uploads = owner.start_files(&wanted, &json!({})).await;
        for (upload, (_, bytes)) in uploads.iter().zip(&files) {
            assert_eq!(put(world, upload, bytes).await.status(), 200, "{}", stage.name);
        }
        assert_eq!(world.count("items where kind = 1").await, 0, "nothing is there before finalize");
        let items: Vec<Value> =
            owner.finalize_files(&uploads).await.into_iter().map(Result::unwrap).collect();
        for ((item, upload), (_, bytes)) in items.iter().zip(&uploads).zip(&files) {
            assert_eq!(item["parentId"], upload["parentId"]);
            assert_eq!((&item["mimeType"], &item["size"]), (&json!("text/plain"), &json!(bytes.len())));
        }
        assert_eq!(owner.download(&id(&items[41])).await, b"the bytes of file 41", "{}", stage.name);
        let again: Vec<Value> =
            owner.finalize_files(&uploads).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(names(&json!(again)), names(&json!(items)));
        assert_eq!(world.count("items where kind = 1").await, 60);
        assert_eq!(world.count("uploads where state = 'completed'").await, 60);
        assert_eq!(owner.usage().await.0, 74, "60 files, 7 folders, and one in each");
    }
}

#[tokio::test]
async fn a_file_that_is_refused_hinders_no_other() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let a_file = owner.file("is a file", None).await;
    let mut too_large = file("large", b"");
    too_large["fileSize"] = json!(8 * MIB + 1);
    let mut nowhere = file("a", b"1");
    nowhere["parentId"] = json!("0123456789abcdef01234567");
    let mut in_a_file = file("a", b"1");
    in_a_file["parentId"] = json!(a_file);
    let mut wrong_type = file("a", b"1");
    wrong_type["mimeType"] = json!("text");
    let files = json!([
        file("good", b"1"),
        file("../bad", b"1"),
        file("a//b", b"1"),
        too_large,
        nowhere,
        in_a_file,
        wrong_type,
        file(&"d/".repeat(100), b"1"),
        file(&format!("{}f", "d/".repeat(100)), b"1"),
        file("also good", b"2"),
    ]);
    let body = json!({ "files": files, "parentId": folder });
    let answer = owner.batch("start", &body).await.ok();
    let codes: Vec<&str> = answer["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            assert_eq!(file.as_object().unwrap().len(), 1, "one of the three: {file}");
            let error = &file["error"];
            if error.is_null() { "" } else { error["code"].as_str().unwrap() }
        })
        .collect();
    assert_eq!(
        codes,
        [
            "",
            "invalid_name",
            "invalid_name",
            "file_too_large",
            "not_found",
            "not_a_folder",
            "invalid_field",
            "invalid_name",
            "too_deep",
            ""
        ]
    );
    let too_deep = answer["files"][8]["error"]["message"].as_str().unwrap();
    assert!(too_deep.starts_with("path is too deep"), "{too_deep}");
    assert_eq!(world.count("items where kind = 0").await, 1, "refused files create no folders");
    // One of the two good files is sent.
    let upload = |at: usize| answer["files"][at]["upload"].clone();
    assert_eq!(put(&world, &upload(9), b"2").await.status(), 200);
    let unknown = json!({ "uploadId": "0123456789abcdef01234567", "fileKey": "files/x" });
    let finalized = owner.finalize_files(&[upload(0), unknown, upload(9)]).await;
    assert_eq!(finalized[0], Err("invalid_part".to_owned()));
    assert_eq!(finalized[1], Err("upload_not_found".to_owned()));
    assert_eq!(finalized[2].as_ref().unwrap()["name"], "also good");
    assert_eq!(put(&world, &upload(0), b"1").await.status(), 200, "its upload is still open");
    assert_eq!(owner.finalize_files(&[upload(0)]).await[0].as_ref().unwrap()["name"], "good");
}

#[tokio::test]
async fn a_text_that_is_no_checksum_refuses_the_whole_request() {
    let world = World::start().await;
    let owner = world.owner();
    let mut wrong = file("b", b"1");
    wrong["checksum"] = json!({ "crc64nvme": "short" });
    let started = owner.batch("start", &json!({ "files": [file("a", b"1"), wrong] })).await;
    let invalid = refusal(400, "invalid_field");
    assert_eq!(started.refused_for("files[1].checksum.crc64nvme"), invalid);
    let key = json!({ "uploadId": "x", "fileKey": "y", "checksum": { "crc64nvme": "short" } });
    let finalized = owner.batch("finalize", &json!({ "files": [key] })).await;
    assert_eq!(finalized.refused_for("files[0].checksum.crc64nvme"), invalid);
    assert_eq!(world.count("uploads").await, 0);
}

#[tokio::test]
async fn a_batch_has_between_one_and_a_thousand_files() {
    let world = World::start().await;
    let owner = world.owner();
    let one_too_many: Vec<Value> = (0..1001).map(|at| file(&format!("{at}"), b"1")).collect();
    for files in [json!([]), json!(one_too_many)] {
        let answer = owner.batch("start", &json!({ "files": files })).await;
        assert_eq!(answer.refused_for("files"), refusal(400, "invalid_field"));
        let keys: Vec<Value> =
            files.as_array().unwrap().iter().map(|_| json!({ "uploadId": "a", "fileKey": "b" })).collect();
        let answer = owner.batch("finalize", &json!({ "files": keys })).await;
        assert_eq!(answer.refused_for("files"), refusal(400, "invalid_field"));
    }
    for wrong in [json!({}), json!({ "files": {} }), json!({ "files": [{}] }), json!({ "files": [1] })] {
        assert_eq!(owner.batch("start", &wrong).await.refused(), refusal(400, "invalid_field"), "{wrong}");
        assert_eq!(owner.batch("finalize", &wrong).await.refused(), refusal(400, "invalid_field"), "{wrong}");
    }
    assert_eq!(world.count("uploads").await, 0);
    let most: Vec<Value> = (0..1000).map(|at| file(&format!("{at}"), b"1")).collect();
    let uploads = owner.start_files(&most, &json!({})).await;
    assert_eq!(world.count("uploads where state = 'open'").await, 1000);
    let outcomes = owner.finalize_files(&uploads).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Err("invalid_part".to_owned())));
}

#[tokio::test]
async fn a_repeat_with_the_same_key_answers_the_same_uploads_with_urls_that_work_and_tries_again_what_was_refused()
 {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let folder = owner.folder("f", None).await;
        owner.trash(&folder).await;
        let mut refused = file("b", b"2");
        refused["parentId"] = json!(folder);
        let body = json!({ "files": [file("in/a", b"1"), refused, file("in/c", b"3")] });
        let start = async || {
            let path = "/drive/files/upload/batch/start";
            let request = owner.request(Method::POST, path).header("idempotency-key", "k").json(&body);
            let answer = Answer::of(request).await;
            (answer.headers.contains_key("idempotency-replayed"), answer.ok()["files"].clone())
        };
        let (is_repeat, first) = start().await;
        assert!(!is_repeat);
        assert_eq!(outcome(&first[1]), Err("not_found".to_owned()));
        owner.restore(&folder).await.ok();
        let (is_repeat, second) = start().await;
        assert!(is_repeat);
        for at in [0, 2] {
            assert_eq!(ids_of(&second[at]["upload"]), ids_of(&first[at]["upload"]));
        }
        let (_, third) = start().await;
        assert_eq!(ids_of(&third[1]["upload"]), ids_of(&second[1]["upload"]));
        assert_eq!(world.count("uploads").await, 3, "{}", stage.name);
        for (at, bytes) in [b"1", b"2", b"3"].into_iter().enumerate() {
            assert_eq!(put(world, &third[at]["upload"], bytes).await.status(), 200, "{}", stage.name);
        }
        let uploads: Vec<Value> = (0..3).map(|at| third[at]["upload"].clone()).collect();
        let items: Vec<Value> =
            owner.finalize_files(&uploads).await.into_iter().map(Result::unwrap).collect();
        let (_, fourth) = start().await;
        assert_eq!(fourth[2]["item"]["id"], items[2]["id"], "what was finalized is there");
        assert_eq!(owner.listed("root").await, ["f", "in"]);
    }
}

#[tokio::test]
async fn a_file_that_the_caller_has_already_is_not_sent_again() {
    for mut stage in stages().await {
        let owner = stage.world.owner();
        let bytes = b"the same bytes";
        let first = owner.upload_files(&stage.world, &[(known("d/a", bytes), bytes)], &json!({})).await;
        let start = async |file: Value| {
            let answer = owner.batch("start", &json!({ "files": [file] })).await.ok();
            let file = answer["files"][0].clone();
            if file["upload"].is_object() { None } else { Some(file["item"]["id"].clone()) }
        };
        assert_eq!(start(known("d/a", bytes)).await, Some(first[0]["id"].clone()), "{}", stage.name);
        assert_eq!(start(file("d/a", bytes)).await, None, "without a checksum it must be sent");
        assert_eq!(start(known("d/b", bytes)).await, None, "another name");
        assert_eq!(start(known("a", bytes)).await, None, "another place");
        assert_eq!(start(known("d/a", b"other bytes!!!")).await, None);
        // The file counts only for its owner, and not for a token of the owner that may not read.
        let other = stage.world.user("other@example.com").await;
        let answer = other.batch("start", &json!({ "files": [known("d/a", bytes)] })).await.ok();
        assert!(answer["files"][0]["upload"].is_object());
        let blind = stage.world.token_of(&owner, &["drive_upload"], None).await;
        let answer = blind.batch("start", &json!({ "files": [known("d/a", bytes)] })).await.ok();
        assert!(answer["files"][0]["upload"].is_object());
        // The file is still found long after its upload's row is gone, but not while it is in the trash.
        stage.world.execute("update uploads set expires_at = 1000").await;
        stage.restart().await;
        let owner = stage.world.owner();
        crate::world::wait_for(async || stage.world.count("uploads where state = 'completed'").await == 0)
            .await;
        let files = json!({ "files": [known("d/a", bytes)] });
        let answer = owner.batch("start", &files).await.ok();
        assert_eq!(answer["files"][0]["item"]["id"], first[0]["id"]);
        owner.trash(&id(&first[0])).await;
        let answer = owner.batch("start", &files).await.ok();
        assert!(answer["files"][0]["upload"].is_object());
    }
}

#[tokio::test]
async fn a_file_whose_bytes_the_store_has_lost_is_sent_again_and_is_whole_afterwards() {
    for stage in stages().await {
        let owner = stage.world.owner();
        let (lost, kept) = (b"lost bytes", b"kept");
        let files = [(known("d/a", lost), &lost[..])];
        let first = owner.upload_files(&stage.world, &files, &json!({})).await;
        stage.store.as_ref().unwrap_or(&stage.world).lose_objects().await;
        let other = owner.upload_files(&stage.world, &[(known("d/b", kept), &kept[..])], &json!({})).await;
        let body = json!({ "files": [known("d/b", kept), known("d/a", lost)], "onConflict": "fail" });
        let start = async || {
            let path = "/drive/files/upload/batch/start";
            let request = owner.request(Method::POST, path).header("idempotency-key", "k").json(&body);
            Answer::of(request).await.ok()["files"].clone()
        };
        let begun = start().await;
        assert_eq!(begun[0]["item"]["id"], other[0]["id"], "{}", stage.name);
        assert_eq!(
            ids_of(&start().await[1]["upload"]),
            ids_of(&begun[1]["upload"]),
            "one upload, {}",
            stage.name
        );
        assert_eq!(put(&stage.world, &begun[1]["upload"], lost).await.status(), 200);
        let items = owner.finalize_files(&[begun[1]["upload"].clone()]).await;
        assert_eq!(items[0].as_ref().unwrap()["id"], first[0]["id"], "the same item, {}", stage.name);
        assert_eq!(owner.download(&id(&first[0])).await, lost);
        assert_eq!(start().await[1]["item"]["id"], first[0]["id"]);
        let again = owner.batch("start", &body).await.ok();
        assert_eq!(again["files"][1]["item"]["id"], first[0]["id"], "now it is there, {}", stage.name);
    }
}

#[tokio::test]
async fn what_is_replaced_is_known_by_its_new_bytes() {
    let world = World::start().await;
    let owner = world.owner();
    let replace = json!({ "onConflict": "replace" });
    let first = owner.upload_files(&world, &[(known("a", b"first"), b"first")], &replace).await;
    let second = owner.upload_files(&world, &[(known("a", b"second"), b"second")], &replace).await;
    assert_eq!(first[0]["id"], second[0]["id"]);
    let files = json!({ "files": [known("a", b"first"), known("a", b"second")] });
    let answer = owner.batch("start", &files).await.ok();
    assert!(answer["files"][0]["upload"].is_object());
    assert_eq!(answer["files"][1]["item"]["id"], second[0]["id"]);
    owner.upload_files(&world, &[(file("a", b"third"), b"third")], &replace).await;
    let answer = owner.batch("start", &files).await.ok();
    assert!(answer["files"][1]["upload"].is_object(), "the third file was uploaded without a checksum");
}

#[tokio::test]
async fn bytes_with_another_checksum_are_no_file() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let mut wrong = file("a", b"abc");
        wrong["checksum"] = checksum(b"abd");
        let single = wrong.clone();
        let uploads = owner.start_files(&[wrong, file("b", b"abc"), file("c", b"abc")], &json!({})).await;
        for upload in &uploads {
            assert_eq!(put(world, upload, b"abc").await.status(), 200);
        }
        let mut files: Vec<Value> = uploads.iter().map(ids_of).collect();
        files[1]["checksum"] = checksum(b"abd");
        files[2]["checksum"] = checksum(b"abc");
        let answer = owner.batch("finalize", &json!({ "files": files })).await.ok();
        let outcomes: Vec<_> = answer["files"].as_array().unwrap().iter().map(outcome).collect();
        let message = answer["files"][0]["error"]["message"].as_str().unwrap();
        assert!(message.ends_with("the upload has ended. Start a new upload."), "{}: {message}", stage.name);
        assert_eq!(outcomes[0], Err("checksum_mismatch".to_owned()), "{}", stage.name);
        assert_eq!(outcomes[1], Err("checksum_mismatch".to_owned()), "{}", stage.name);
        assert_eq!(outcomes[2].as_ref().unwrap()["name"], "c");
        assert_eq!(owner.listed("root").await, ["c"]);
        // The route of single uploads does the same.
        let upload = owner.start_files(&[single], &json!({})).await.remove(0);
        assert_eq!(put(world, &upload, b"abc").await.status(), 200, "{}", stage.name);
        let answer = owner.step("finalize", &started(&upload).body(&json!({}))).await;
        let told = "the upload has ended. Start a new upload.";
        assert_eq!(answer.refused_for(told), refusal(400, "checksum_mismatch"), "{}", stage.name);
        assert_eq!(owner.get("/drive/uploads").await.ok()["uploads"], json!([]), "{}", stage.name);
    }
}

#[tokio::test]
async fn the_routes_of_single_uploads_know_a_file_of_a_batch() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let uploads = owner.start_files(&[file("a", b"abc"), file("b", b"abc")], &json!({})).await;
        let listed = owner.get("/drive/uploads").await.ok();
        assert_eq!(listed["uploads"].as_array().unwrap().len(), 2);
        let upload = started(&uploads[0]);
        let parts = async || owner.step("parts", &upload.body(&json!({}))).await.ok()["parts"].clone();
        assert_eq!(parts().await, json!([]));
        for (wrong, field) in [
            (json!({ "parts": 0 }), "parts"),
            (json!({ "parts": 2 }), "parts"),
            (json!({ "parts": 1, "partNumbers": [2] }), "partNumbers[0]"),
            (json!({ "parts": 1, "contentLengths": [4] }), "contentLengths[0]"),
        ] {
            let answer = owner.step("presigned-urls", &upload.body(&wrong)).await;
            assert_eq!(answer.refused_for(field), refusal(400, "invalid_field"), "{wrong}");
        }
        let signed = owner.step("presigned-urls", &upload.body(&json!({ "parts": 1 }))).await.ok();
        let to_put = json!({ "url": signed["urls"][0], "headers": signed["headers"] });
        assert_eq!(put(world, &to_put, b"abc").await.status(), 200, "{}", stage.name);
        assert_eq!(parts().await[0]["size"], 3);
        let item = owner.step("finalize", &upload.body(&json!({}))).await.ok();
        assert_eq!((&item["name"], owner.download(&id(&item)).await), (&json!("a"), b"abc".to_vec()));
        assert_eq!(owner.finalize_files(&uploads[..1]).await[0].as_ref().unwrap()["id"], item["id"]);
        owner.step("abort", &ids_of(&uploads[1])).await.done();
        assert_eq!(owner.finalize_files(&uploads[1..]).await, [Err("upload_aborted".to_owned())]);
        let in_parts = owner.start("c", 3).await;
        let answer = owner.batch("finalize", &json!({ "files": [in_parts.body(&json!({}))] })).await.ok();
        assert_eq!(outcome(&answer["files"][0]), Err("invalid_field".to_owned()));
    }
}

#[tokio::test]
async fn the_url_takes_exactly_this_file_and_its_headers() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let upload = owner.start_files(&[file("a", b"abc")], &json!({})).await.remove(0);
        for (bytes, name) in [(&b"abcd"[..], "longer"), (b"ab", "shorter")] {
            assert_eq!(put(world, &upload, bytes).await.status(), 403, "{} {name}", stage.name);
        }
        for header in upload["headers"].as_object().unwrap().keys() {
            for change in [Value::Null, json!("other")] {
                let mut other = upload.clone();
                if change.is_null() {
                    other["headers"].as_object_mut().unwrap().remove(header);
                } else {
                    other["headers"][header] = change;
                }
                let status = put(world, &other, b"abc").await.status().as_u16();
                assert!(matches!(status, 400 | 403), "{} {header}: {status}", stage.name);
            }
        }
        assert!(stage.object_keys().await.is_empty());
        assert_eq!(put(world, &upload, b"abc").await.status(), 200);
    }
}

#[tokio::test]
async fn an_empty_file_is_a_file_of_a_batch_too() {
    for stage in stages().await {
        let owner = stage.world.owner();
        let items = owner.upload_files(&stage.world, &[(known("empty", b""), b"")], &json!({})).await;
        assert_eq!((&items[0]["size"], owner.download(&id(&items[0])).await), (&json!(0), Vec::new()));
    }
}

#[tokio::test]
async fn bytes_of_another_type_are_no_file_where_types_are_verified() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0";
    for stage in super::stages_with(|config| config.uploads.verify_types = true).await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let mut right = file("right.png", png);
        right["mimeType"] = json!("image/png");
        let mut wrong = file("wrong.jpg", png);
        wrong["mimeType"] = json!("image/jpeg");
        let uploads = owner.start_files(&[right, wrong], &json!({})).await;
        for upload in &uploads {
            assert_eq!(put(world, upload, png).await.status(), 200);
        }
        let outcomes = owner.finalize_files(&uploads).await;
        assert_eq!(outcomes[0].as_ref().unwrap()["name"], "right.png", "{}", stage.name);
        assert_eq!(outcomes[1], Err("file_type_mismatch".to_owned()), "{}", stage.name);
        assert_eq!(
            owner.finalize_files(&uploads).await[1],
            Err("upload_aborted".to_owned()),
            "{}",
            stage.name
        );
        assert_eq!(owner.listed("root").await, ["right.png"]);
    }
}
