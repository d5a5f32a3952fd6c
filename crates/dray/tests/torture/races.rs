//! Many clients that ask for the same thing at the same moment.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use crate::api_client::{ApiClient, File};
use crate::drive::Drive;
use crate::figures::Figures;
use crate::ledger::{Ledger, repaired};
use crate::setup::Setup;

const FINALIZES: usize = 64;
/// How many uploads are raced at the same time.
const RACES: usize = 8;

/// However many clients finalize an upload, all of them get the same item.
pub(crate) async fn many_finalizes(mut setup: Setup) -> Figures {
    let rounds = setup.scale(3, 100);
    let drive = Drive::start(&setup).await;
    let (mut ledger, mut figures) = (Ledger::default(), Figures::default());
    for round in 0..rounds {
        let file = File::random(format!("{round}"), &mut setup.rng);
        let client = drive.client();
        let upload = client.start(&file).await.unwrap();
        let parts = client.put_all(&upload, &file).await.unwrap();
        let mut asked = JoinSet::new();
        for _ in 0..FINALIZES {
            let (client, upload, parts) = (client.clone(), upload.clone(), parts.clone());
            asked.spawn(async move { client.finalize(&upload, &parts).await.expect("an answer").id() });
        }
        for id in asked.join_all().await {
            assert_eq!(id, upload.item());
            ledger.acknowledge(id, &file);
        }
    }
    ledger.check(&drive, &mut figures, false).await;
    repaired(&drive, &mut Figures::default()).await;
    let note = format!("{FINALIZES} at once");
    Figures { rounds, acknowledged: ledger.len(), note, ..figures }
}

/// A finalize and an abort at the same moment: exactly one of them wins.
pub(crate) async fn finalize_against_abort(mut setup: Setup) -> Figures {
    let rounds = setup.scale(50, 1000);
    let drive = Drive::start(&setup).await;
    let (mut ledger, mut figures) = (Ledger::default(), Figures::default());
    for first in (0..rounds).step_by(RACES) {
        let mut races = JoinSet::new();
        for round in first..(first + RACES).min(rounds) {
            let file = File::of_size(format!("{round}"), setup.rng.usize(1..100_000), &mut setup.rng);
            races.spawn(race(drive.client(), file, setup.rng.bool(), setup.rng.u64(..5000)));
        }
        for (id, file) in races.join_all().await.into_iter().flatten() {
            ledger.acknowledge(id, &file);
        }
    }
    ledger.check(&drive, &mut figures, false).await;
    drive.client().sweep_now().await;
    repaired(&drive, &mut Figures::default()).await;
    let finalized = ledger.len();
    let note = format!("{finalized} finalized, {} aborted", rounds - finalized);
    Figures { rounds, acknowledged: finalized, note, ..figures }
}

/// The item, if the finalize won. One of the two requests is sent this many microseconds late.
async fn race(client: ApiClient, file: File, is_abort_late: bool, late_us: u64) -> Option<(String, File)> {
    let upload = client.start(&file).await.unwrap();
    let parts = client.put_all(&upload, &file).await.unwrap();
    let wait = |is_late| Duration::from_micros(if is_late { late_us } else { 0 });
    let finalize = async {
        tokio::time::sleep(wait(!is_abort_late)).await;
        client.finalize(&upload, &parts).await.expect("an answer")
    };
    let abort = async {
        tokio::time::sleep(wait(is_abort_late)).await;
        client.abort(&upload).await.expect("an answer")
    };
    let (finalized, aborted) = tokio::join!(finalize, abort);
    let again = client.finalize(&upload, &parts).await.expect("an answer");
    match (finalized.status, aborted.status) {
        (200, 409) => {
            assert_eq!(again.id(), upload.item());
            Some((finalized.id(), file))
        }
        (410, 204) => {
            assert_eq!((again.status, &again.body["code"]), (410, &json!("upload_aborted")));
            None
        }
        other => panic!("{other:?}: {} {}", finalized.body, aborted.body),
    }
}

/// A part is put again while a finalize that lists the first one is under way. The file must have the listed part.
pub(crate) async fn replaced_part(mut setup: Setup) -> Figures {
    let rounds = setup.scale(50, 1000);
    let drive = Drive::start(&setup).await;
    let (mut ledger, mut figures) = (Ledger::default(), Figures::default());
    let mut refused = 0;
    for first in (0..rounds).step_by(RACES) {
        let mut races = JoinSet::new();
        for round in first..(first + RACES).min(rounds) {
            let size = setup.rng.usize(1..100_000);
            let [old, new] = [0; 2].map(|_| File::of_size(format!("{round}"), size, &mut setup.rng));
            races.spawn(replace(drive.client(), old, new, setup.rng.u64(..6000)));
        }
        for (id, file, is_first) in races.join_all().await {
            ledger.acknowledge(id, &file);
            refused += usize::from(!is_first);
        }
    }
    ledger.check(&drive, &mut figures, false).await;
    repaired(&drive, &mut Figures::default()).await;
    let note = format!("{} of the first part, {refused} of the second", rounds - refused);
    Figures { rounds, acknowledged: ledger.len(), note, ..figures }
}

/// The item, which of the two files it is, and whether that is the first. The finalize is this many microseconds late.
async fn replace(client: ApiClient, old: File, new: File, late_us: u64) -> (String, File, bool) {
    let upload = client.start(&old).await.unwrap();
    let parts = client.put_all(&upload, &old).await.unwrap();
    let finalize = async {
        tokio::time::sleep(Duration::from_micros(late_us)).await;
        client.finalize(&upload, &parts).await.expect("an answer")
    };
    let url = client.sign(&upload, &new).await.unwrap().remove(0);
    let (finalized, put) = tokio::join!(finalize, client.put(&url, new.content.clone()));
    if finalized.status == 200 {
        return (finalized.id(), old, true);
    }
    assert_eq!((finalized.status, &finalized.body["code"]), (400, &json!("invalid_part")));
    let (status, etag) = put.expect("an answer");
    assert_eq!(status, 200, "the part that took the place of the other");
    let parts = json!([{ "partNumber": 1, "eTag": etag }]);
    (client.finalize(&upload, &parts).await.expect("an answer").id(), new, false)
}
