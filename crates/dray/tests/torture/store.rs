//! An external store that fails: it times out, loses answers, answers 200 with an error, or completes an upload and then
//! says that it never knew it. The drive must create no item without its bytes, and lose none.

use serde_json::json;
use tokio::task::JoinSet;

use crate::api_client::{ApiClient, File, Upload};
use crate::drive::Drive;
use crate::figures::Figures;
use crate::ledger::{Ledger, repaired};
use crate::proxy::{Mode, Proxy};
use crate::setup::Setup;

const UPLOADERS: usize = 8;

pub(crate) async fn run(mut setup: Setup) -> Figures {
    let rounds = setup.scale(16, 1000);
    let other = Drive::start(&setup).await;
    let proxy = Proxy::start(other.url().strip_prefix("http://").unwrap(), setup.rng.fork()).await;
    let drive = Drive::start_on(&setup, &other, &proxy.url).await;
    let (mut ledger, mut figures) = (Ledger::default(), Figures::default());

    proxy.set(Mode::Faulty);
    let mut uploaders = JoinSet::new();
    for number in 0..UPLOADERS {
        let (client, mut rng) = (drive.client(), setup.rng.fork());
        uploaders.spawn(async move {
            let mut acknowledged = Vec::new();
            for round in (number..rounds).step_by(UPLOADERS) {
                let file = File::of_size(format!("{round}"), rng.usize(1..100_000), &mut rng);
                acknowledged.push((insist(&client, &file).await, file));
            }
            acknowledged
        });
    }
    for (id, file) in uploaders.join_all().await.into_iter().flatten() {
        ledger.acknowledge(id, &file);
    }

    let foreign = setup.scale(5, 50);
    proxy.set(Mode::Foreign);
    for number in 0..foreign {
        let file = File::of_size(format!("foreign {number}"), 3, &mut setup.rng);
        refused(&drive, &file).await;
    }

    proxy.set(Mode::Honest);
    drive.database.expire_uploads("true").await;
    drive.client().sweep_now().await;
    repaired(&drive, &mut figures).await;
    ledger.check(&drive, &mut figures, true).await;
    let note = format!("{}; {foreign} foreign objects refused", proxy.faults());
    Figures { rounds: rounds + foreign, acknowledged: ledger.len(), note, ..figures }
}

/// Uploads a file, and repeats each request until it succeeds. Returns the item.
async fn insist(client: &ApiClient, file: &File) -> String {
    let upload = loop {
        let answer = client.ask_to_start(file, &json!({})).await.expect("an answer");
        match answer.status {
            200 => break Upload::of(&answer.body),
            status => assert_eq!(status, 503, "{}", answer.body),
        }
    };
    let url = client.sign(&upload, file).await.expect("an answer").remove(0);
    let etag = loop {
        match client.put(&url, file.content.clone()).await {
            Ok((200, etag)) => break etag,
            Ok((status, _)) => assert_eq!(status, 503),
            Err(_) => {}
        }
    };
    let parts = json!([{ "partNumber": 1, "eTag": etag }]);
    loop {
        let answer = client.finalize(&upload, &parts).await.expect("an answer");
        if answer.status != 503 {
            let id = answer.id();
            assert_eq!(id, upload.item());
            return id;
        }
    }
}

/// A foreign object of the right size has this upload's key, so there must be no item. That is
/// certain once no Complete has been under way for long.
async fn refused(drive: &Drive, file: &File) {
    let client = &drive.client();
    let upload = client.start(file).await.unwrap();
    let parts = client.put_all(&upload, file).await.unwrap();
    for (status, code) in [(503, "finalize_pending"), (410, "upload_aborted"), (410, "upload_aborted")] {
        let answer = client.finalize(&upload, &parts).await.expect("an answer");
        assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)));
        drive.database.pass_quiet_time().await;
    }
    let answer = client.get(&format!("/files/{}", upload.item())).await.expect("an answer");
    assert_eq!(answer.status, 404);
}
