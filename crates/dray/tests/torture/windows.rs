//! The server dies in each window of the reliability rules (W1 to W10), at a given line, again and again. Then it
//! starts, sweeps once, and the client asks again.

use serde_json::json;

use crate::api_client::{ApiClient, Cut, File, Upload};
use crate::drive::Drive;
use crate::figures::Figures;
use crate::ledger::{Ledger, repaired};
use crate::setup::Setup;

/// What the client is doing when the server dies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum During {
    Start,
    Put,
    Finalize,
    Abort,
    /// Nothing: an upload expires.
    Expiry,
    /// Nothing: an item that was removed permanently is being removed.
    Removal,
}

struct Window {
    /// The row of the table in the rules.
    name: &'static str,
    /// The name of the failpoint in the code.
    failpoint: &'static str,
    during: During,
    /// Whether the recovery passes the same failpoint, so that the server can be killed there a second time.
    is_passed_again: bool,
}

const fn window(name: &'static str, failpoint: &'static str, during: During) -> Window {
    Window { name, failpoint, during, is_passed_again: false }
}

const fn passed_again(name: &'static str, failpoint: &'static str, during: During) -> Window {
    Window { is_passed_again: true, ..window(name, failpoint, during) }
}

const WINDOWS: &[Window] = &[
    window("W1", "W1", During::Start),
    window("W2", "W2", During::Start),
    window("W3", "part-stored", During::Put),
    passed_again("W4", "W4", During::Finalize),
    passed_again("W5, not done", "complete-received", During::Finalize),
    window("W5, done", "complete-done", During::Finalize),
    passed_again("W6", "W6", During::Finalize),
    window("W7", "W7", During::Finalize),
    window("W8, abort", "W8-abort", During::Abort),
    window("W8, expiry", "W8-expire", During::Expiry),
    passed_again("W9", "W9", During::Abort),
    passed_again("W10", "W10", During::Removal),
    passed_again("W10, deleted", "W10-deleted", During::Removal),
];

pub(crate) async fn run(setup: Setup) -> Figures {
    let rounds = setup.scale(2, 50);
    let drive = Drive::start(&setup).await;
    let mut victim =
        Victim { drive, setup, ledger: Ledger::default(), figures: Figures::default(), files: 0 };
    for window in WINDOWS {
        for _ in 0..rounds {
            victim.round(window).await;
        }
        victim.ledger.check(&victim.drive, &mut victim.figures, false).await;
    }
    victim.ledger.check(&victim.drive, &mut victim.figures, true).await;
    let note = format!("{} windows, {rounds} times each", WINDOWS.len());
    Figures { acknowledged: victim.ledger.len(), note, ..victim.figures }
}

struct Victim {
    drive: Drive,
    setup: Setup,
    ledger: Ledger,
    figures: Figures,
    files: usize,
}

/// What the client still knows when the server is gone.
enum Left {
    /// Nothing: the server had not yet told it of an upload.
    Nothing,
    Upload(Upload, Vec<String>),
    /// An upload, and what its finalize listed.
    Listed(Upload, serde_json::Value),
    /// The item that it has removed.
    Item(String),
}

impl Victim {
    async fn round(&mut self, window: &Window) {
        self.files += 1;
        let file = File::random(format!("{} {}", window.name, self.files), &mut self.setup.rng);
        let left = self.until_death(window, &file).await;
        if window.is_passed_again && self.setup.cluster().is_none() && self.setup.rng.bool() {
            self.drive.restart_to_die_at(window.failpoint);
            self.drive.died().await;
            self.figures.kills += 1;
        }
        self.drive.restart();
        self.drive.database.end_leases().await;
        let is_impatient = self.setup.rng.bool();
        if is_impatient {
            self.retry(window, &file, &left).await;
        }
        if window.during == During::Start {
            self.drive.database.expire_uploads("state = 'opening'").await;
        }
        if window.during == During::Start || self.setup.cluster().is_some() {
            self.drive.client().sweep_now().await;
        }
        repaired(&self.drive, &mut self.figures).await;
        if !is_impatient {
            self.retry(window, &file, &left).await;
            // The retry leaves nothing behind either.
            repaired(&self.drive, &mut Figures::default()).await;
        }
        self.figures.rounds += 1;
    }

    /// Everything up to the moment at which the server dies.
    async fn until_death(&mut self, window: &Window, file: &File) -> Left {
        self.drive.kill();
        self.drive.restart_to_die_at(window.failpoint);
        self.drive.database.end_leases().await;
        let client = self.drive.client();
        let left = match window.during {
            During::Start => {
                cut(client.start(file).await);
                Left::Nothing
            }
            During::Removal => {
                let id = client.upload(file).await.expect("an upload before");
                client.delete(&format!("/files/{id}")).await.expect("a removal before").ok();
                // The answer and the sweep race.
                let _ = client.delete(&format!("/trash/{id}")).await;
                Left::Item(id)
            }
            _ => self.in_upload(window, &client, file).await,
        };
        self.drive.died().await;
        self.figures.kills += 1;
        left
    }

    async fn in_upload(&self, window: &Window, client: &ApiClient, file: &File) -> Left {
        let upload = client.start(file).await.expect("a start before");
        let urls = client.sign(&upload, file).await.expect("URLs before");
        if window.during == During::Put {
            cut(client.put_all(&upload, file).await);
            return Left::Upload(upload, urls);
        }
        let parts = client.put_all(&upload, file).await.expect("parts before");
        match window.during {
            During::Finalize => {
                cut(client.finalize(&upload, &parts).await);
                Left::Listed(upload, parts)
            }
            During::Abort => {
                cut(client.abort(&upload).await);
                Left::Upload(upload, urls)
            }
            _ => {
                self.drive.database.expire_uploads("state = 'open'").await;
                // The answer and the sweep race.
                let _ = client.delete("/trash").await;
                Left::Upload(upload, urls)
            }
        }
    }

    /// What the client's retry must see, as the table says.
    async fn retry(&mut self, window: &Window, file: &File, left: &Left) {
        let client = self.drive.client();
        match (window.during, left) {
            (During::Start, _) => {
                let id = client.upload(file).await.expect("a new start");
                self.ledger.acknowledge(id, file);
            }
            (During::Put, Left::Upload(upload, _)) => {
                let parts = client.put_all(upload, file).await.expect("parts, put again");
                let id = client.finalize(upload, &parts).await.expect("a finalize").id();
                self.ledger.acknowledge(id, file);
            }
            (During::Finalize, Left::Listed(upload, parts)) => {
                let id = self.finalize_again(&client, upload, parts).await;
                assert_eq!(id, upload.item(), "{}: the item is the one that it would have been", window.name);
                self.ledger.acknowledge(id, file);
                let others = json!([{ "partNumber": 1, "eTag": "0123456789abcdef0123456789abcdef" }]);
                let answer = client.finalize(upload, &others).await.expect("an answer");
                assert_eq!((answer.status, &answer.body["code"]), (409, &json!("finalized_differently")));
            }
            (_, Left::Upload(upload, urls)) => {
                // A PUT arrives late, perhaps before the sweep that removes the parts.
                let late = client.put(&urls[0], file.parts().next().unwrap().1).await;
                let (status, _) = late.expect("an answer");
                assert!([200, 404].contains(&status), "{}: a late PUT is answered {status}", window.name);
                let parts = json!([{ "partNumber": 1, "eTag": "0123456789abcdef0123456789abcdef" }]);
                let gone = client.finalize(upload, &parts).await.expect("an answer");
                assert_eq!(gone.status, 410, "{}: {}", window.name, gone.body);
                if window.during == During::Abort {
                    assert_eq!(client.abort(upload).await.expect("an answer").status, 204);
                }
            }
            (_, Left::Item(id)) => {
                for path in [format!("/files/{id}"), format!("/files/{id}/download")] {
                    assert_eq!(client.get(&path).await.expect("an answer").status, 404);
                }
                let again = client.delete(&format!("/trash/{id}")).await.expect("an answer");
                assert_eq!(again.status, 404, "{}: {}", window.name, again.body);
            }
            _ => unreachable!("each window leaves what its retry needs"),
        }
    }

    /// The item. Answers with "ask again" may come before it.
    async fn finalize_again(&self, client: &ApiClient, upload: &Upload, parts: &serde_json::Value) -> String {
        loop {
            let answer = client.finalize(upload, parts).await.expect("an answer");
            if answer.status != 503 {
                return answer.id();
            }
        }
    }
}

/// The server died before it answered.
#[track_caller]
fn cut<T: std::fmt::Debug>(asked: Result<T, Cut>) {
    asked.expect_err("the server was to die before it answered");
}
