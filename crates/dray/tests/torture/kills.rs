//! `kill -9` at any moment, while many clients upload: everything that was acknowledged stays.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::api_client::{ApiClient, Cut, File};
use crate::drive::Drive;
use crate::figures::Figures;
use crate::ledger::{Ledger, repaired};
use crate::setup::Setup;

const UPLOADERS: usize = 8;
/// The server lives for less than this, which is enough for some files of each uploader.
const LONGEST_LIFE_MS: u64 = 700;
/// In every round of this number, the test reads everything that was ever acknowledged, and not only the latest files.
const THOROUGH_EVERY: usize = 50;

pub(crate) async fn run(mut setup: Setup) -> Figures {
    let rounds = setup.scale(5, 200);
    let mut drive = Drive::start(&setup).await;
    let (mut ledger, mut figures) = (Ledger::default(), Figures::default());
    for round in 1..=rounds {
        let (phase, seen) = watch::channel(Phase::Alive);
        let mut uploaders = JoinSet::new();
        for number in 0..UPLOADERS {
            let (client, phase, rng) = (drive.client(), seen.clone(), setup.rng.fork());
            let uploader = Uploader { client, phase, rng, name: format!("{round}.{number}") };
            uploaders.spawn(uploader.run());
        }
        tokio::time::sleep(Duration::from_millis(setup.rng.u64(..LONGEST_LIFE_MS))).await;
        phase.send_replace(Phase::Dead);
        drive.kill();
        drive.restart();
        drive.database.end_leases().await;
        phase.send_replace(Phase::Back);
        for (id, file) in uploaders.join_all().await.into_iter().flatten() {
            ledger.acknowledge(id, &file);
        }
        drive.database.expire_uploads("true").await;
        drive.client().sweep_now().await;
        repaired(&drive, &mut figures).await;
        let is_thorough = round % THOROUGH_EVERY == 0 || round == rounds;
        ledger.check(&drive, &mut figures, is_thorough).await;
        figures.rounds += 1;
        figures.kills += 1;
    }
    Figures { acknowledged: ledger.len(), note: format!("{UPLOADERS} uploaders"), ..figures }
}

/// What the uploaders know about the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Alive,
    Dead,
    /// It has started again: finish the current file, and begin no other.
    Back,
}

/// Asks until there is an answer. After a death, it continues once the server is back.
macro_rules! insist {
    ($uploader:ident, $ask:expr) => {
        loop {
            let asked_in = *$uploader.phase.borrow();
            match $ask.await {
                Ok(answer) => break answer,
                Err(Cut) => $uploader.until_back(asked_in).await,
            }
        }
    };
}

struct Uploader {
    client: ApiClient,
    phase: watch::Receiver<Phase>,
    rng: fastrand::Rng,
    name: String,
}

impl Uploader {
    /// Uploads one file after another until the server has died. Returns those that were acknowledged.
    async fn run(mut self) -> Vec<(String, File)> {
        let mut acknowledged = Vec::new();
        for number in 0.. {
            if *self.phase.borrow() == Phase::Back {
                break;
            }
            let file = File::random(format!("{}.{number}", self.name), &mut self.rng);
            acknowledged.extend(self.upload(&file).await.map(|id| (id, file)));
        }
        acknowledged
    }

    /// Sends a file. It leaves one in eight unfinished, or aborts it.
    async fn upload(&mut self, file: &File) -> Option<String> {
        let upload = insist!(self, self.client.start(file));
        if self.rng.u8(..16) == 0 {
            return None;
        }
        let parts = insist!(self, self.client.put_all(&upload, file));
        if self.rng.u8(..16) == 0 {
            let aborted = insist!(self, self.client.abort(&upload));
            assert_eq!(aborted.status, 204, "{}", aborted.body);
            return None;
        }
        loop {
            let answer = insist!(self, self.client.finalize(&upload, &parts));
            // Another server may still be working on it: ask again.
            if answer.status != 503 {
                let id = answer.id();
                assert_eq!(id, upload.item(), "the item is the one that it would have been");
                return Some(id);
            }
        }
    }

    /// A request of this phase got no answer: waits until there is a server again.
    async fn until_back(&mut self, asked_in: Phase) {
        assert!(asked_in != Phase::Back, "a server that lives does not answer");
        self.phase.wait_for(|phase| *phase == Phase::Back).await.expect("a server that comes back");
    }
}
