//! Two servers on one Postgres and one store, whose clocks are five minutes apart. Nobody notices the difference.

use dray_server::Config;
use futures_util::future::join;
use jiff::SignedDuration;

use crate::world::{World, wait_for};

/// The store, and the two servers; `None` if the database is a file, which has one server.
async fn two_servers() -> Option<(World, World, World)> {
    let store = World::start().await;
    let s3 = store.as_store(store.url.clone());
    let settings = move |config: &mut Config| config.s3 = Some(s3);
    let drive = World::start_with(settings.clone()).await;
    let mut ahead = drive.beside()?;
    ahead.pass(SignedDuration::from_mins(5));
    ahead.serve(settings).await;
    Some((store, drive, ahead))
}

#[tokio::test]
async fn an_upload_may_change_servers_at_each_step() {
    let Some((_store, drive, ahead)) = two_servers().await else { return };
    for (one, other) in [(&drive, &ahead), (&ahead, &drive)] {
        let upload = one.owner().start("a", 3).await;
        let listed = other.owner().put_parts(&upload, &[b"abc".to_vec()]).await;
        let (owner, other_owner) = (one.owner(), other.owner());
        let (first, second) =
            join(owner.finalize(&upload, &listed), other_owner.finalize(&upload, &listed)).await;
        let (first, second) = (first.ok(), second.ok());
        assert_eq!(first["id"], second["id"]);
        assert_eq!(other_owner.download(first["id"].as_str().unwrap()).await, b"abc");
    }
    assert_eq!(drive.count("items").await, 2);
}

#[tokio::test]
async fn the_server_with_the_fast_clock_ends_no_upload_early_and_removes_ended_ones() {
    let Some((store, mut drive, mut ahead)) = two_servers().await else { return };
    drive.owner().start("lives", 3).await;
    drive.owner().start("is over", 3).await;
    let in_two_minutes = (drive.now() + SignedDuration::from_mins(2)).as_millisecond();
    drive.execute(&format!("update uploads set expires_at = {in_two_minutes}")).await;
    // Not long ago, because the same sweep forgets even the rows of uploads that ended a month ago.
    let an_hour_ago = (drive.now() - SignedDuration::from_hours(1)).as_millisecond();
    let ends = format!("update uploads set expires_at = {an_hour_ago} where name = 'is over'");
    drive.execute(&ends).await;
    // Only the server with the fast clock sweeps.
    drive.stop().await;
    ahead.stop().await;
    let s3 = store.as_store(store.url.clone());
    ahead.serve(move |config| config.s3 = Some(s3)).await;
    wait_for(async || ahead.count("uploads where state = 'expired'").await == 1).await;
    wait_for(async || store.uploads_in_store().await == 1).await;
    assert_eq!(ahead.count("uploads where state = 'open' and name = 'lives'").await, 1);
}
