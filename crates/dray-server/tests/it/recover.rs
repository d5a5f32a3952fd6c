//! What a crash leaves, and what happens to it. Each test stands for a window (W1 to W10) of the reliability rules:
//! it puts the database into the state that a crash would have left, then starts the server.

use dray_server::Config;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::middle::{Act, Middle};
use crate::world::{MIB, Started, World, bytes, real_now, refusal, wait_for};

async fn world_with_parts() -> (World, Started, Value) {
    let world = World::start().await;
    let upload = world.owner().start("a", 3).await;
    let listed = world.owner().put_parts(&upload, &[b"abc".to_vec()]).await;
    (world, upload, listed)
}

/// Kills a server after it has taken the lease of a finalize and before the item is in the database.
async fn kill_in_finalize(world: &mut World) {
    world.stop().await;
    world.execute("delete from items").await;
    world
        .execute(
            "update uploads set state = 'completing', lease_holder = 'dead', lease_until = 9000000000000
             where state in ('open', 'completed')",
        )
        .await;
}

#[tokio::test]
async fn a_finalize_that_was_interrupted_after_complete_makes_the_same_item() {
    let (mut world, upload, listed) = world_with_parts().await;
    let before = world.owner().finalize(&upload, &listed).await.ok();
    kill_in_finalize(&mut world).await;
    world.serve(|_: &mut Config| {}).await;
    let after = world.owner().finalize(&upload, &listed).await.ok();
    assert_eq!(
        (&after["id"], &after["size"], &after["name"]),
        (&before["id"], &before["size"], &before["name"])
    );
    assert_eq!(world.owner().download(after["id"].as_str().unwrap()).await, b"abc");
}

#[tokio::test]
async fn the_item_appears_even_if_the_client_never_returns() {
    let (mut world, upload, listed) = world_with_parts().await;
    let item = world.owner().finalize(&upload, &listed).await.ok();
    kill_in_finalize(&mut world).await;
    world.serve(|_: &mut Config| {}).await;
    let path = format!("/drive/files/{}", item["id"].as_str().unwrap());
    wait_for(async || world.owner().get(&path).await.status == 200).await;
}

#[tokio::test]
async fn an_expired_upload_is_aborted_in_the_store_too() {
    let mut world = World::start().await;
    let upload = world.owner().start("a", MIB).await;
    world.owner().put_parts(&upload, &[bytes(MIB, 1)]).await;
    assert_eq!(world.uploads_in_store().await, 1);
    world.stop().await;
    world.pass(SignedDuration::from_hours(25)).await;
    world.serve(|_: &mut Config| {}).await;
    let gone = world.owner().step("presigned-urls", &upload.body(&json!({ "parts": 1 }))).await;
    assert_eq!(gone.refused(), refusal(410, "upload_expired"));
    wait_for(async || world.uploads_in_store().await == 0).await;
}

#[tokio::test]
async fn an_upload_that_only_the_store_knows_is_aborted_once_its_row_expires() {
    let mut world = World::start().await;
    world.owner().start("a", 1).await;
    world.stop().await;
    world.execute("update uploads set state = 'opening', store_upload_id = null").await;
    world.pass(SignedDuration::from_hours(25)).await;
    world.serve(|_: &mut Config| {}).await;
    wait_for(async || world.uploads_in_store().await == 0).await;
}

#[tokio::test]
async fn nobody_waits_for_a_lease_from_a_fast_clock() {
    let (mut world, upload, listed) = world_with_parts().await;
    world.stop().await;
    world.serve(|_: &mut Config| {}).await;
    // Its next try keeps the first sweep of this server, which may come late, from ending it.
    let next_try = (real_now() + SignedDuration::from_hours(1)).as_millisecond();
    let taken = format!(
        "update uploads set state = 'completing', lease_holder = 'ahead', lease_until = 9000000000000,
                  digest = 'other', next_try_at = {next_try}"
    );
    world.execute(&taken).await;
    let answer = world.owner().finalize(&upload, &listed).await;
    assert_eq!(answer.refused(), refusal(409, "finalize_in_progress"), "the sweeper must end it");
    world.stop().await;
    world.execute("update uploads set next_try_at = null").await;
    world.serve(|_: &mut Config| {}).await;
    wait_for(async || world.owner().finalize(&upload, &listed).await.status == 200).await;
}

#[tokio::test]
async fn an_upload_that_a_lost_request_begins_late_is_found_by_the_sweeper() {
    let store = World::start().await;
    if store.store.is_some() {
        return;
    }
    let (middle, s3) = Middle::start(&store).await;
    let settings = |config: &mut Config| config.s3 = Some(s3.clone());
    let mut drive = World::start_with(settings).await;
    let owner = drive.owner();
    let mut started = Vec::new();
    for name in ["finalized", "aborted", "open"] {
        middle.will(Act::KeepsBegin);
        started.push(owner.start(name, 3).await);
        middle.let_arrive().await;
    }
    let parts = owner.put_parts(&started[0], &[b"abc".to_vec()]).await;
    owner.finalize(&started[0], &parts).await.ok();
    owner.step("abort", &started[1].body(&json!({}))).await.done();
    wait_for(async || store.uploads_in_store().await == 4).await;
    drive.stop().await;
    drive.pass(SignedDuration::from_mins(11)).await;
    drive.serve(settings).await;
    wait_for(async || store.uploads_in_store().await == 1).await;
    let owner = drive.owner();
    let parts = owner.put_parts(&started[2], &[b"abc".to_vec()]).await;
    owner.finalize(&started[2], &parts).await.ok();
    assert_eq!((store.uploads_in_store().await, drive.count("tombstones").await), (0, 0));
}
