//! What signed URLs and crashes leave behind. A URL changes nothing any more once its file is finalized, and everything
//! that ended uploads leave is removed in the end.

use jiff::SignedDuration;
use serde_json::json;

use super::{Stage, file, ids_of, put, stages};
use crate::acts::id;
use crate::world::{World, wait_for};

/// Makes the sweeper retry everything that waits for its next try.
async fn sweep_now(stage: &mut Stage) {
    // The server is stopped first, because it might sweep between the two statements.
    stage.world.stop().await;
    stage.world.execute("update tombstones set next_try_at = null").await;
    stage.world.execute("update uploads set next_try_at = null").await;
    stage.serve().await;
}

#[tokio::test]
async fn after_finalize_the_url_changes_nothing_any_more() {
    for mut stage in stages().await {
        let owner = stage.world.owner();
        let upload = owner.start_files(&[file("a", b"good")], &json!({})).await.remove(0);
        assert_eq!(put(&stage.world, &upload, b"good").await.status(), 200);
        let item = owner.finalize_files(std::slice::from_ref(&upload)).await.remove(0).unwrap();
        let again = put(&stage.world, &upload, b"evil").await.status().as_u16();
        assert_eq!(again, if stage.is_embedded() { 412 } else { 200 }, "{}", stage.name);
        assert_eq!(owner.download(&id(&item)).await, b"good", "{}", stage.name);
        assert_eq!(owner.finalize_files(&[upload]).await[0].as_ref().unwrap()["id"], item["id"]);
        // An object that the PUT wrote under another key is removed, also if it is put again before the URL has
        // expired.
        sweep_now(&mut stage).await;
        wait_for(async || stage.object_keys().await.len() == 1).await;
        assert_eq!(stage.world.owner().download(&id(&item)).await, b"good", "{}", stage.name);
        stage.world.pass(SignedDuration::from_hours(3)).await;
        sweep_now(&mut stage).await;
        wait_for(async || stage.world.count("tombstones").await == 0).await;
    }
}

#[tokio::test]
async fn a_put_that_comes_after_an_abort_leaves_nothing_for_ever() {
    for mut stage in stages().await {
        let owner = stage.world.owner();
        let uploads = owner.start_files(&[file("a", b"good"), file("b", b"good")], &json!({})).await;
        assert_eq!(put(&stage.world, &uploads[0], b"good").await.status(), 200);
        for upload in &uploads {
            owner.step("abort", &ids_of(upload)).await.done();
        }
        let usage = owner.get("/drive/usage").await.ok();
        assert_eq!((&usage["openUploads"], &usage["reservedBytes"]), (&json!(0), &json!(0)));
        stage.restart().await;
        let is_removed = async || stage.world.count("tombstones where next_try_at is not null").await;
        wait_for(async || is_removed().await == stage.world.count("tombstones").await).await;
        for upload in &uploads {
            let late = put(&stage.world, &moved(&stage, upload), b"late").await.status().as_u16();
            assert_eq!(late, if stage.is_embedded() { 412 } else { 200 }, "{}", stage.name);
        }
        sweep_now(&mut stage).await;
        let waits = "tombstones where next_try_at is not null";
        wait_for(async || stage.world.count(waits).await > 0).await;
        stage.world.pass(SignedDuration::from_hours(3)).await;
        sweep_now(&mut stage).await;
        wait_for(async || stage.world.count("tombstones").await == 0).await;
        assert_eq!(stage.object_keys().await, Vec::<String>::new(), "{}", stage.name);
    }
}

/// The upload, with a URL that leads to the server's new address.
fn moved(stage: &Stage, upload: &serde_json::Value) -> serde_json::Value {
    let mut upload = upload.clone();
    if stage.name != "other" {
        // The signature covers the host, so the request keeps the host for which it was signed.
        let url = upload["url"].as_str().unwrap().to_owned();
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        upload["headers"]["host"] = json!(host);
        upload["url"] = json!(format!("{}/{path}", stage.world.url));
    }
    upload
}

#[tokio::test]
async fn what_nobody_finalizes_expires_with_what_was_put() {
    for mut stage in stages().await {
        let owner = stage.world.owner();
        let uploads = owner.start_files(&[file("a", b"good"), file("b", b"good")], &json!({})).await;
        assert_eq!(put(&stage.world, &uploads[0], b"good").await.status(), 200);
        stage.world.pass(SignedDuration::from_hours(25)).await;
        let owner =
            stage.world.with_token(&stage.world.token("owner@localhost", &["access_drive"], HOUR).await);
        let outcomes = owner.finalize_files(&uploads).await;
        assert_eq!(outcomes, [Err("upload_expired".to_owned()), Err("upload_expired".to_owned())]);
        stage.restart().await;
        wait_for(async || {
            stage.world.count("uploads where state = 'expired' and parts_freed_at is not null").await == 2
        })
        .await;
        wait_for(async || stage.object_keys().await.is_empty()).await;
        // A copy may have started at the last moment, so the sweeper looks at these objects once more.
        stage.world.pass(SignedDuration::from_hours(3)).await;
        sweep_now(&mut stage).await;
        wait_for(async || stage.world.count("tombstones").await == 0).await;
    }
}

const HOUR: std::time::Duration = std::time::Duration::from_hours(1);

#[tokio::test]
async fn a_put_after_the_file_was_removed_for_good_brings_nothing_back() {
    for mut stage in stages().await {
        let owner = stage.world.owner();
        let upload = owner.start_files(&[file("a", b"good")], &json!({})).await.remove(0);
        assert_eq!(put(&stage.world, &upload, b"good").await.status(), 200);
        let item = owner.finalize_files(std::slice::from_ref(&upload)).await.remove(0).unwrap();
        owner.trash(&id(&item)).await;
        owner.purge(&id(&item)).await;
        let waits = "tombstones where next_try_at is not null";
        let keys = if stage.is_embedded() { 1 } else { 2 };
        wait_for(async || stage.world.count(waits).await == keys).await;
        let late = put(&stage.world, &upload, b"late").await.status().as_u16();
        assert_eq!(late, if stage.is_embedded() { 412 } else { 200 }, "{}", stage.name);
        stage.world.pass(SignedDuration::from_hours(3)).await;
        sweep_now(&mut stage).await;
        wait_for(async || stage.world.count("tombstones").await == 0).await;
        assert_eq!(stage.object_keys().await, Vec::<String>::new(), "{}", stage.name);
    }
}

/// Puts the database where a crash leaves it after the lease was taken: W4 to W6.
async fn cut_off(world: &mut World) {
    world.stop().await;
    world.execute("delete from tombstones").await;
    world.execute("delete from items where kind = 1").await;
    world
        .execute(
            "update uploads set state = 'completing', lease_holder = 'dead', lease_until = 9000000000000
             where state = 'completed'",
        )
        .await;
}

#[tokio::test]
async fn a_finalize_that_a_crash_cut_off_becomes_the_same_items_whoever_asks_first() {
    for is_asked in [true, false] {
        for mut stage in stages().await {
            let owner = stage.world.owner();
            let uploads = owner.start_files(&[file("a", b"good"), file("b", b"fine")], &json!({})).await;
            for (upload, bytes) in uploads.iter().zip([b"good", b"fine"]) {
                assert_eq!(put(&stage.world, upload, bytes).await.status(), 200);
            }
            let before: Vec<_> =
                owner.finalize_files(&uploads).await.into_iter().map(|item| id(&item.unwrap())).collect();
            cut_off(&mut stage.world).await;
            stage.serve().await;
            let owner = stage.world.owner();
            if is_asked {
                let after: Vec<_> =
                    owner.finalize_files(&uploads).await.into_iter().map(|item| id(&item.unwrap())).collect();
                assert_eq!(after, before, "{}", stage.name);
            }
            wait_for(async || stage.world.count("items where kind = 1").await == 2).await;
            assert_eq!(owner.download(&before[0]).await, b"good", "{}", stage.name);
            assert_eq!(owner.download(&before[1]).await, b"fine", "{}", stage.name);
            assert_eq!(stage.world.count("uploads where state = 'completed'").await, 2);
        }
    }
}

#[tokio::test]
async fn the_url_of_an_upload_that_was_given_up_stores_nothing_beyond_the_quota() {
    // On other stores a PUT overwrites, and the next sweeps remove what it wrote.
    for stage in stages().await.into_iter().filter(Stage::is_embedded) {
        let owner = stage.world.owner();
        let (early, late) = (file("early", &[1; 1000]), file("late", &[1; 1000]));
        let uploads = owner.start_files(&[early, late], &json!({})).await;
        assert_eq!(put(&stage.world, &uploads[0], &[1; 1000]).await.status(), 200);
        for upload in &uploads {
            owner.step("abort", &ids_of(upload)).await.done();
        }
        let store = rusqlite::Connection::open(stage.world.data.path().join("store/meta.db")).unwrap();
        let sql = "select coalesce(sum(size), 0) from object where key not like '%/.dray-store/%'";
        let stored = store.query_row(sql, [], |row| row.get::<_, i64>(0));
        assert_eq!(stored.unwrap(), 0, "the bytes that had arrived are gone");
        for upload in &uploads {
            assert_eq!(put(&stage.world, upload, &[1; 1000]).await.status(), 412);
        }
    }
}
