//! Two servers on one Postgres and one store, whose clocks are five minutes apart: nobody notices the difference. And
//! a server whose clock differs from that of a backup of its drive.

use dray_ops::Store;
use dray_server::{Clock, Config};
use futures_util::future::join;
use jiff::SignedDuration;

use crate::middle::{Act, Middle};
use crate::world::{World, real_now, wait_for};

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

/// A file is removed for good while a backup is about to copy it; then a server sweeps whose clock is so far off.
async fn check_swept_during_backup(minutes_off: i64) {
    let store = World::start().await;
    let (middle, s3) = Middle::start(&store).await;
    let there = s3.clone();
    let settings = move |config: &mut Config| config.s3 = Some(there);
    let mut drive = World::start_with(settings.clone()).await;
    let owner = drive.owner();
    let file = owner.file("a", None).await;
    // The sweeper looks at what the store has of it after it has removed objects.
    owner.start("open", 3).await;
    drive.execute("update uploads set created_at = created_at - 3600000").await;

    let (admin, folder) = (drive.admin().await, tempfile::tempdir().unwrap());
    let reached = Store::open(drive.data.path(), Some(&s3), "").await.unwrap();
    middle.will(Act::BreaksOff);
    let clock = Clock::from_fn(real_now);
    let backup = admin.backup(&reached, folder.path(), dray_ops::Bytes::New, &clock, |_| {});
    let sweep = async {
        wait_for(async || middle.under_way() == 1).await;
        owner.trash(&file).await;
        owner.purge(&file).await;
        wait_for(async || drive.count("items").await == 0).await;
        drive.stop().await;
        drive.execute("delete from measured_uploads").await;
        drive.pass(SignedDuration::from_mins(minutes_off));
        drive.serve(settings.clone()).await;
        wait_for(async || drive.count("measured_uploads").await == 1).await;
        let left = (drive.count("tombstones").await, store.object_keys().await.len());
        middle.break_off();
        left
    };
    let (backup, left) = join(backup, sweep).await;
    assert_eq!(left, (1, 1), "{minutes_off} minutes off");
    assert!(backup.is_err(), "the backup must fail");
    drive.stop().await;
    drive.serve(settings).await;
    wait_for(async || store.object_keys().await.is_empty()).await;
}

#[tokio::test]
async fn no_clock_makes_a_server_remove_what_a_backup_is_about_to_copy() {
    for minutes_off in [-20, 20] {
        check_swept_during_backup(minutes_off).await;
    }
}
