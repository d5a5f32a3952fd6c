//! Two servers on one Postgres and one store, whose clocks are five minutes apart: nobody notices the difference. A
//! server whose clock differs from that of a backup of its drive. And a server whose clock is wrong by far.

use std::time::Duration;

use dray_ops::Store;
use dray_server::{Clock, Config};
use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};

use crate::middle::{Act, Middle};
use crate::world::{World, real_now, wait_for};

/// The store, and the two servers; `None` if the database is a file, which has one server.
async fn two_servers() -> Option<(World, World, World)> {
    let store = World::start().await;
    let s3 = store.as_store(store.url.clone());
    let settings = move |config: &mut Config| config.s3 = Some(s3);
    let drive = World::start_with(settings.clone()).await;
    let mut ahead = drive.beside()?;
    ahead.set_clock_off(SignedDuration::from_mins(5));
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

/// A file is removed permanently while a backup is about to copy it; then a server sweeps whose clock is so far off.
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
    let reached = Store::open(&admin, drive.data.path(), Some(&s3), "").await.unwrap();
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
        drive.set_clock_off(SignedDuration::from_mins(minutes_off));
        drive.serve(settings.clone()).await;
        wait_for(async || drive.count("measured_uploads").await == 1).await;
        let left = (drive.count("tombstones").await, store.object_keys().await.len());
        middle.will(Act::Serves);
        middle.break_off();
        left
    };
    let (backup, left) = join(backup, sweep).await;
    assert_eq!(left, (1, 1), "{minutes_off} minutes off");
    let copied = backup.unwrap();
    assert_eq!(
        (copied.objects, copied.missing, copied.failed),
        (1, 0, 0),
        "{minutes_off} minutes off: it is still there"
    );
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

async fn clock_trouble(drive: &World) -> String {
    drive.http.get(format!("{}/readyz", drive.url)).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_clock_that_is_wrong_for_a_while_ends_nothing() {
    for days_off in [31, -31] {
        let mut drive = World::start().await;
        let owner = drive.owner();
        let file = owner.file("precious", None).await;
        let open = owner.start("under way", 3).await;
        let off = SignedDuration::from_hours(days_off * 24);
        if days_off > 0 {
            owner.trash(&file).await;
        }
        drive.set_clock_off(off);
        if days_off < 0 {
            owner.trash(&file).await;
        }
        // A server that sweeps at its start, and once more.
        drive.stop().await;
        drive.serve(|_| {}).await;
        drive.see_a_sweep().await;
        assert!(clock_trouble(&drive).await.contains("this machine's clock is wrong"));
        drive.set_clock_off(SignedDuration::ZERO);
        drive.see_a_sweep().await;
        let owner = drive.owner();
        owner.restore(&file).await.ok();
        let parts = owner.put_parts(&open, &[b"abc".to_vec()]).await;
        owner.finalize(&open, &parts).await.ok();
        assert!(clock_trouble(&drive).await.contains("within the last hour"));
        drive.pass(SignedDuration::from_mins(61)).await;
        assert_eq!(clock_trouble(&drive).await, "ready\n");
        owner.trash(&file).await;
        drive.pass(SignedDuration::from_hours(31 * 24)).await;
        drive.see_a_sweep().await;
        assert_eq!(drive.count("items where name = 'precious'").await, 0, "and later all goes its way");
    }
}

#[tokio::test]
async fn a_second_server_with_a_wrong_clock_ends_nothing_and_leaves_the_sweep_to_the_first() {
    let Some((store, mut drive, mut wrong)) = two_servers().await else { return };
    let s3 = store.as_store(store.url.clone());
    let settings = move |config: &mut Config| config.s3 = Some(s3);
    let file = drive.owner().file("precious", None).await;
    drive.owner().trash(&file).await;
    wrong.stop().await;
    wrong.set_clock_off(SignedDuration::from_hours(31 * 24));
    wrong.serve(settings.clone()).await;
    drive.stop().await;
    wrong.see_a_sweep().await;
    assert!(clock_trouble(&wrong).await.contains("this machine's clock is wrong"));
    let folder = wrong.owner().folder("now", None).await;
    let created =
        wrong.owner().item(&folder).await["createdAt"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let off = created.duration_since(real_now()).abs();
    assert!(off < SignedDuration::from_mins(1), "the drive's time counts: {off}");

    drive.serve(settings).await;
    drive.owner().restore(&file).await.ok();
    drive.see_a_sweep().await;
    assert_eq!(clock_trouble(&drive).await, "ready\n");
}

#[tokio::test]
async fn a_removal_is_not_forgotten_if_another_server_sweeps_at_that_moment() {
    let Some((_store, drive, mut other)) = two_servers().await else { return };
    other.stop().await;
    drive.see_a_sweep().await;
    let until = drive.now().as_millisecond() + 4 * 60_000;
    let sweeps = format!("update leases set holder = 'another', held_until = {until} where name = 'sweep'");
    drive.execute(&sweeps).await;
    let owner = drive.owner();
    let folder = owner.folder("removed", None).await;
    owner.trash(&folder).await;
    owner.purge(&folder).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let left = "items where purged_at is not null";
    assert_eq!(drive.count(left).await, 1, "another server sweeps");
    // Long before the next minute.
    drive.execute("delete from leases where name = 'sweep'").await;
    wait_for(async || drive.count(left).await == 0).await;
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_has_stored_blocks_nothing() {
    let mut drive = World::start().await;
    let owner = drive.owner();
    owner.start("ahead", 1000).await;
    let twenty_days = 20 * 86_400_000_i64;
    drive
        .execute(&format!(
            "update uploads set created_at = created_at + {twenty_days}, expires_at = expires_at + {twenty_days}"
        ))
        .await;
    drive.stop().await;
    drive.serve(|_| {}).await;
    let in_two_days = (drive.now() + SignedDuration::from_hours(48)).as_millisecond();
    wait_for(async || drive.count(&format!("uploads where expires_at < {in_two_days}")).await == 1).await;
}

#[tokio::test]
async fn a_server_that_was_off_for_long_waits_an_hour_before_it_ends_anything() {
    let mut drive = World::start().await;
    let owner = drive.owner();
    let file = owner.file("precious", None).await;
    owner.trash(&file).await;
    if !drive.database.is_file() {
        return;
    }
    wait_for(async || drive.count("clock_seen").await == 1).await;
    drive.stop().await;
    drive.pass(SignedDuration::from_hours(31 * 24)).await;
    drive.serve(|_| {}).await;
    drive.see_a_sweep().await;
    assert_eq!(drive.count("items where name = 'precious'").await, 1);
    drive.pass(SignedDuration::from_mins(61)).await;
    drive.see_a_sweep().await;
    wait_for(async || drive.count("items where name = 'precious'").await == 0).await;
}

/// The clock is set by twenty minutes while no server runs. The file's time in the trash ends meanwhile.
#[tokio::test]
async fn a_clock_that_was_set_while_no_server_ran_ends_nothing_within_an_hour() {
    for is_set in [false, true] {
        let mut drive = World::start().await;
        if !drive.database.is_file() {
            return;
        }
        let file = drive.owner().file("precious", None).await;
        drive.owner().trash(&file).await;
        drive.pass(SignedDuration::from_hours(29 * 24)).await;
        drive.see_a_sweep().await;
        drive.stop().await;
        if is_set {
            drive.execute("update watches set started_at = started_at - 20 * 60000").await;
        }
        drive.pass(SignedDuration::from_hours(25)).await;
        drive.serve(|_| {}).await;
        drive.see_a_sweep().await;
        if is_set {
            assert_eq!(drive.count("items where name = 'precious'").await, 1);
            drive.pass(SignedDuration::from_mins(5)).await;
            drive.stop().await;
            drive.serve(|_| {}).await;
            drive.see_a_sweep().await;
            assert_eq!(
                drive.count("items where name = 'precious'").await,
                1,
                "another start changes nothing"
            );
            drive.pass(SignedDuration::from_mins(56)).await;
            drive.see_a_sweep().await;
        }
        wait_for(async || drive.count("items where name = 'precious'").await == 0).await;
    }
}

#[tokio::test]
async fn a_server_notices_that_the_clock_of_its_database_was_set() {
    let drive = World::start().await;
    if drive.database.is_file() {
        return;
    }
    drive.pass(SignedDuration::from_mins(5)).await;
    drive.see_a_sweep().await;
    drive.execute("delete from watches").await;
    drive.see_a_sweep().await;
    assert_eq!(drive.count("watches").await, 0);
    drive.execute("update test_time set passed_ms = passed_ms + 300000").await;
    drive.see_a_sweep().await;
    wait_for(async || drive.count("watches where since > 1").await == 1).await;
}
