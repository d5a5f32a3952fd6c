//! Many clients send the same request at once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{file, ids_of, many, put, stages};
use crate::acts::id;

#[tokio::test]
async fn many_finalizes_of_one_batch_at_once_make_each_file_once() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let files = many(12);
        let wanted: Vec<Value> = files.iter().map(|(file, _)| file.clone()).collect();
        let uploads = owner.start_files(&wanted, &json!({ "onConflict": "rename" })).await;
        for (upload, (_, bytes)) in uploads.iter().zip(&files) {
            assert_eq!(put(world, upload, bytes).await.status(), 200);
        }
        // Half of the requests list the files in another order, and some files twice.
        let mut turned = uploads.clone();
        turned.reverse();
        turned.extend_from_slice(&uploads[..3]);
        let asked = (0..16).map(|at| owner.insist_on_files(if at % 2 == 0 { &uploads } else { &turned }));
        for (at, items) in join_all(asked).await.into_iter().enumerate() {
            let mut ids: Vec<String> = items.iter().map(id).collect();
            if at % 2 == 1 {
                ids.truncate(12);
                ids.reverse();
            }
            let keys: Vec<_> = uploads.iter().map(|upload| upload["fileKey"].as_str().unwrap()).collect();
            assert!(ids.iter().zip(keys).all(|(id, key)| key.ends_with(id.as_str())), "{}", stage.name);
        }
        assert_eq!(world.count("items where kind = 1").await, 12, "{}", stage.name);
    }
}

#[tokio::test]
async fn an_abort_and_a_finalize_have_one_winner() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        let files: Vec<Value> = (0..40).map(|at| file(&format!("{at}"), b"good")).collect();
        let uploads = owner.start_files(&files, &json!({})).await;
        for upload in &uploads {
            assert_eq!(put(world, upload, b"good").await.status(), 200);
        }
        let aborts = join_all(uploads.iter().map(async |upload| {
            let answer = owner.step("abort", &ids_of(upload)).await;
            answer.status.as_u16()
        }));
        let (aborted, finalized) = futures_util::future::join(aborts, owner.finalize_files(&uploads)).await;
        for (aborted, finalized) in aborted.into_iter().zip(finalized) {
            match finalized {
                Ok(item) => {
                    assert_eq!(aborted, 409, "{}", stage.name);
                    assert_eq!(owner.download(&id(&item)).await, b"good");
                }
                Err(code) => assert_eq!((aborted, code.as_str()), (204, "upload_aborted"), "{}", stage.name),
            }
        }
    }
}

#[tokio::test]
async fn batches_that_need_the_same_folders_at_once_make_each_once() {
    for stage in stages().await {
        let owner = stage.world.owner();
        let starts = join_all((0..8).map(async |at| {
            let files = [file(&format!("a/b/{at}"), b"1"), file(&format!("a/c/{at}"), b"1")];
            owner.start_files(&files, &json!({})).await
        }));
        let parents: std::collections::BTreeSet<String> =
            starts.await.iter().flatten().map(|upload| upload["parentId"].to_string()).collect();
        assert_eq!(parents.len(), 2);
        assert_eq!(stage.world.count("items where kind = 0").await, 3);
    }
}

#[tokio::test]
async fn the_bytes_of_a_file_are_those_of_one_put_whatever_is_put_meanwhile() {
    for stage in stages().await {
        let (world, owner) = (&stage.world, stage.world.owner());
        for round in 0..10 {
            let upload =
                owner.start_files(&[file(&format!("{round}"), &[0; 4096])], &json!({})).await.remove(0);
            assert_eq!(put(world, &upload, &[0; 4096]).await.status(), 200);
            let puts = join_all((1..=6).map(|byte| {
                let upload = upload.clone();
                async move { put(world, &upload, &[byte; 4096]).await.status().as_u16() }
            }));
            let (_, outcome) =
                futures_util::future::join(puts, owner.finalize_files(std::slice::from_ref(&upload))).await;
            let item = match outcome.into_iter().next().unwrap() {
                Ok(item) => item,
                // The object was overwritten between the check and the copy.
                Err(code) => {
                    assert_eq!((code.as_str(), stage.is_embedded()), ("invalid_part", false));
                    continue;
                }
            };
            let bytes = owner.download(&id(&item)).await;
            assert!(bytes.iter().all(|byte| *byte == bytes[0]) && bytes.len() == 4096);
            put(world, &upload, &[99; 4096]).await;
            assert_eq!(owner.download(&id(&item)).await, bytes, "{}", stage.name);
        }
    }
}
