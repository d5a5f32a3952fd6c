//! Many abandoned uploads, and some that clients still use: the sweeper removes the former only.

use std::time::Instant;

use tokio::task::JoinSet;

use crate::api_client::{ApiClient, File, Upload};
use crate::drive::{Drive, PATIENCE};
use crate::figures::Figures;
use crate::ledger::{Ledger, repaired};
use crate::setup::Setup;

/// Clients that start uploads at the same time.
const CLIENTS: usize = 16;

pub(crate) async fn run(mut setup: Setup) -> Figures {
    let (abandoned, alive) = (setup.scale(300, 10_000), setup.scale(20, 100));
    let mut drive = Drive::start(&setup).await;
    let alive_started = start_many(&drive.client(), "alive", alive, &mut setup.rng).await;
    start_many(&drive.client(), "abandoned", abandoned, &mut setup.rng).await;
    drive.kill();
    drive.restart();
    drive.database.end_leases().await;
    // A day passes for the abandoned uploads.
    drive.database.expire_uploads("name like 'abandoned%'").await;
    let took = sweep_until_gone(&drive).await;

    let (mut ledger, mut figures) = (Ledger::default(), Figures::default());
    for (file, upload) in alive_started {
        let parts = drive.client().put_all(&upload, &file).await.expect("its parts are taken");
        let id = drive.client().finalize(&upload, &parts).await.expect("an answer").id();
        ledger.acknowledge(id, &file);
    }
    ledger.check(&drive, &mut figures, false).await;
    repaired(&drive, &mut figures).await;
    let note = format!("{abandoned} abandoned, all removed in {took} s; {alive} alive, none touched");
    Figures { rounds: 1, kills: 1, acknowledged: ledger.len(), note, ..figures }
}

/// One sweep removes a thousand uploads. This starts the next at once, and not a minute later.
async fn sweep_until_gone(drive: &Drive) -> u64 {
    let (began, mut last, mut last_at) = (Instant::now(), i64::MAX, Instant::now());
    let unfreed = "select count(*) from uploads where name like 'abandoned%' and parts_freed_at is null";
    loop {
        let left = drive.database.number(unfreed).await;
        if left == 0 {
            return began.elapsed().as_secs();
        }
        if left < last {
            (last, last_at) = (left, Instant::now());
        }
        assert!(last_at.elapsed() < PATIENCE, "the sweeper stands still: {left} are left");
        drive.client().sweep_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// Starts this many uploads. Half of them get their parts.
async fn start_many(
    client: &ApiClient,
    name: &str,
    count: usize,
    rng: &mut fastrand::Rng,
) -> Vec<(File, Upload)> {
    let mut clients = JoinSet::new();
    for first in 0..CLIENTS.min(count) {
        let (client, name, mut rng) = (client.clone(), name.to_owned(), rng.fork());
        clients.spawn(async move {
            let mut started = Vec::new();
            for number in (first..count).step_by(CLIENTS) {
                let file = File::of_size(format!("{name} {number}"), rng.usize(1..40_000), &mut rng);
                let upload = client.start(&file).await.expect("an answer");
                if rng.bool() {
                    client.put_all(&upload, &file).await.expect("an answer");
                }
                started.push((file, upload));
            }
            started
        });
    }
    clients.join_all().await.into_iter().flatten().collect()
}
