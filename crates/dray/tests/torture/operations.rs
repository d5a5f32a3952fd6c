//! Random operations, one after another, on a drive and on a model of it. Sometimes the drive is killed between
//! two operations. After each, both must be the same.

use std::collections::BTreeSet;
use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use crate::api_client::{Answer, ApiClient, File, Upload};
use crate::drive::{Drive, PATIENCE};
use crate::figures::Figures;
use crate::ledger::repaired;
use crate::model::{Conflict, Expected, Model, Place};
use crate::setup::Setup;

/// Few names, so that they collide.
const NAMES: [&str; 6] = ["a.txt", "b.txt", "a (2).txt", "c", "Ä ö", "résumé.pdf"];
/// With more items than this, more are removed than created, because comparing looks at all of them.
const MANY: usize = 150;
/// Operations between two full comparisons.
const COMPARE_EVERY: usize = 50;
/// One in this many operations is followed by `kill -9`.
const KILL_ONE_IN: usize = 100;

pub(crate) async fn run(setup: Setup) -> Figures {
    let operations = setup.scale(300, 10_000);
    let mut drive = Drive::start(&setup).await;
    let mut pair = Pair { client: drive.client(), model: Model::default(), rng: setup.rng, done: Vec::new() };
    let mut figures = Figures::default();
    for number in 1..=operations {
        let did = pair.step().await;
        pair.done.push(did);
        if pair.rng.usize(..KILL_ONE_IN) == 0 {
            drive.kill();
            drive.restart();
            drive.database.end_leases().await;
            figures.kills += 1;
        }
        if number % COMPARE_EVERY == 0 || number == operations {
            pair.compare().await;
            figures.rounds += 1;
        }
    }
    drive.database.expire_uploads("true").await;
    pair.client.delete("/trash").await.unwrap().ok();
    repaired(&drive, &mut figures).await;
    let note = format!("{operations} operations, 0 divergences from the model");
    Figures { acknowledged: operations, note, ..figures }
}

/// The drive and its model.
struct Pair {
    client: ApiClient,
    model: Model,
    rng: fastrand::Rng,
    done: Vec<String>,
}

impl Pair {
    /// Does one random operation. Returns its description.
    async fn step(&mut self) -> String {
        let is_crowded = self.model.live().len() > MANY;
        match self.rng.u8(..100) {
            0..30 => self.upload().await,
            30..45 => self.make_folder().await,
            45..55 => self.rename().await,
            55..70 => self.move_item().await,
            70..82 => self.trash(is_crowded).await,
            82..90 => self.restore().await,
            90..96 => self.purge().await,
            96..98 => self.touch_what_is_gone().await,
            _ => self.empty_trash(is_crowded).await,
        }
    }

    async fn upload(&mut self) -> String {
        let (name, place) = (self.name(), self.place());
        let (text, conflict) = Conflict::ALL[self.rng.usize(..Conflict::ALL.len())];
        let file = File::of_size(name.to_owned(), self.rng.usize(..30_000), &mut self.rng);
        let more = json!({ "parentId": place, "onConflict": text });
        let upload = Upload::of(&self.client.ask_to_start(&file, &more).await.unwrap().ok());
        let parts = self.client.put_all(&upload, &file).await.unwrap();
        let answer = self.client.finalize(&upload, &parts).await.unwrap();
        let said = format!("upload {name} to {place:?}, {text}: {} {}", answer.status, answer.body["id"]);
        match self.model.expect(name, &place, conflict) {
            Expected::NameTaken => {
                self.agree(answer, 409, &said);
                self.client.abort(&upload).await.unwrap().ok();
            }
            Expected::Replaces(id) => {
                let item = self.agree(answer, 200, &said);
                assert_eq!(item["id"], json!(id), "{said}");
                let trash = self.trash_ids().await;
                let before = trash.into_iter().find(|id| !self.model.trashed().contains(id));
                let before = before.unwrap_or_else(|| panic!("{said}: the old bytes are not in the trash"));
                self.model.replace(&id, file.content, before);
            }
            Expected::New(name) => {
                let item = self.agree(answer, 200, &said);
                assert_eq!(item["name"], json!(name), "{said}");
                self.add(&item, &name, place, Some(file.content));
            }
        }
        said
    }

    async fn trash_ids(&self) -> BTreeSet<String> {
        let trash = self.client.get("/trash?limit=500").await.unwrap().ok();
        trash["items"].as_array().unwrap().iter().map(|item| listed_item(item).0).collect()
    }

    async fn make_folder(&mut self) -> String {
        let (name, place) = (self.name(), self.place());
        let answer = self.client.post("/folders", &json!({ "name": name, "parentId": place })).await.unwrap();
        let said = format!("folder {name} in {place:?}: {} {}", answer.status, answer.body["id"]);
        let item = self.agree(answer, 200, &said);
        self.add(&item, name, place, None);
        said
    }

    async fn rename(&mut self) -> String {
        let Some(id) = self.some_live() else { return "nothing to rename".to_owned() };
        let name = self.name();
        let said = format!("rename {id} to {name}");
        self.change(&id, &json!({ "name": name }), 200, &said).await;
        self.model.rename(&id, name);
        said
    }

    async fn move_item(&mut self) -> String {
        let Some(id) = self.some_live() else { return "nothing to move".to_owned() };
        let place = self.place();
        let said = format!("move {id} to {place:?}");
        let into_itself = place.as_ref().is_some_and(|place| self.model.is_at_or_below(place, &id));
        let expected = if into_itself { 409 } else { 200 };
        self.change(&id, &json!({ "parentId": place }), expected, &said).await;
        if !into_itself {
            self.model.move_to(&id, place);
        }
        said
    }

    async fn trash(&mut self, large: bool) -> String {
        let live = if large {
            self.model.listed(&None).into_iter().map(|(id, ..)| id).collect()
        } else {
            self.model.live()
        };
        let Some(id) = self.choose(live) else { return "nothing to trash".to_owned() };
        let said = format!("trash {id}");
        let answer = self.client.delete(&format!("/files/{id}")).await.unwrap();
        self.agree(answer, 204, &said);
        self.model.trash(&id);
        said
    }

    async fn restore(&mut self) -> String {
        let trashed = self.model.trashed().into_iter().collect();
        let Some(id) = self.choose(trashed) else { return "nothing to restore".to_owned() };
        let answer = self.client.post(&format!("/files/{id}/restore"), &json!({})).await.unwrap();
        let said = format!("restore {id}: {}", answer.body["parentId"]);
        let item = self.agree(answer, 200, &said);
        self.model.restore(&id);
        assert_eq!(item["parentId"], json!(self.model.get(&id).parent), "{said}");
        said
    }

    async fn purge(&mut self) -> String {
        let trashed = self.model.trashed().into_iter().collect();
        let Some(id) = self.choose(trashed) else { return "nothing to purge".to_owned() };
        let said = format!("purge {id}");
        let answer = self.client.delete(&format!("/trash/{id}")).await.unwrap();
        self.agree(answer, 204, &said);
        self.model.purge(&id);
        said
    }

    /// Tries to use something that is in the trash or below it. Only the routes of the trash may find it.
    async fn touch_what_is_gone(&mut self) -> String {
        let trashed = self.model.trashed().into_iter().collect();
        let Some(id) = self.choose(trashed) else { return "nothing is gone".to_owned() };
        let said = format!("touch {id}, which is in the trash");
        self.change(&id, &json!({ "name": "x" }), 404, &said).await;
        let inside = json!({ "name": "x", "parentId": id });
        let answer = self.client.post("/folders", &inside).await.unwrap();
        self.agree(answer, 404, &said);
        for path in [format!("/files/{id}"), format!("/folders/{id}/children")] {
            let answer = self.client.get(&path).await.unwrap();
            self.agree(answer, 404, &said);
        }
        said
    }

    async fn empty_trash(&mut self, is_crowded: bool) -> String {
        if !is_crowded && self.rng.bool() {
            return "left the trash as it is".to_owned();
        }
        let answer = self.client.delete("/trash").await.unwrap();
        let said = format!("empty the trash: {}", answer.body);
        let body = self.agree(answer, 200, &said);
        let trashed = self.model.trashed();
        assert_eq!(body["removed"], json!(trashed.len()), "{said}");
        for id in &trashed {
            self.model.purge(id);
        }
        said
    }

    async fn change(&self, id: &str, change: &Value, status: u16, said: &str) {
        let answer = self.client.call(Method::PATCH, &format!("/files/{id}"), Some(change)).await.unwrap();
        self.agree(answer, status, said);
    }

    /// The body of an answer, whose status must be the one that the model expects.
    fn agree(&self, answer: Answer, status: u16, said: &str) -> Value {
        if answer.status != status {
            self.diverged(&format!("{said}: {} for {status}: {}", answer.status, answer.body));
        }
        answer.body
    }

    fn diverged(&self, how: &str) -> ! {
        let last: Vec<_> = self.done.iter().rev().take(30).rev().cloned().collect();
        panic!("after {} operations\n{}\n{how}", self.done.len(), last.join("\n"));
    }

    /// Compares everything.
    async fn compare(&mut self) {
        let folders = self.model.live_folders().into_iter().map(Some);
        for place in [None].into_iter().chain(folders) {
            let listed = self.client.children(place.as_deref().unwrap_or("root")).await;
            let listed: BTreeSet<_> = listed.iter().map(listed_item).collect();
            if listed != self.model.listed(&place) {
                self.diverged(&format!("in {place:?}: {listed:?}, not {:?}", self.model.listed(&place)));
            }
        }
        let trash = self.trash_ids().await;
        if trash != self.model.trashed() {
            self.diverged(&format!("in the trash: {trash:?}, not {:?}", self.model.trashed()));
        }
        self.compare_tree().await;
        self.compare_usage().await;
        let live = self.model.live().into_iter();
        let files = live.filter(|id| self.model.get(id).content.is_some()).collect();
        if let Some(id) = self.choose(files) {
            let bytes = self.client.download(&id).await.unwrap().unwrap();
            assert!(Some(&bytes) == self.model.get(&id).content.as_ref(), "{id} has other bytes");
        }
    }

    /// Compares the tree with the folders, as deep as the tree goes.
    async fn compare_tree(&self) {
        let tree = self.client.get("/tree?depth=10").await.unwrap().ok();
        let mut nodes: Vec<_> = tree["root"].as_array().unwrap().iter().collect();
        let mut seen = 0;
        while let Some(node) = nodes.pop() {
            let (id, name, _) = listed_item(node);
            let item = self.model.get(&id);
            if !self.model.is_live(&id) || item.name != name || json!(item.parent) != node["parentId"] {
                self.diverged(&format!("in the tree: {node}, not {item:?}"));
            }
            nodes.extend(node["children"].as_array().unwrap());
            seen += 1;
        }
        let is_deep = self.model.live().iter().any(|id| self.model.depth(id) > 10);
        assert!(is_deep || tree["truncated"] == json!(true) || seen == self.model.live().len(), "{seen}");
    }

    /// Items that are removed permanently count until the sweeper has removed them, which does not take long.
    async fn compare_usage(&self) {
        let began = Instant::now();
        loop {
            let usage = self.client.get("/usage").await.unwrap().ok();
            let (items, bytes) = self.model.usage();
            if (&usage["items"], &usage["usedBytes"]) == (&json!(items), &json!(bytes)) {
                return;
            }
            if began.elapsed() > PATIENCE {
                self.diverged(&format!("usage: {usage}, not {items} items of {bytes} bytes"));
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    fn add(&mut self, item: &Value, name: &str, place: Place, content: Option<bytes::Bytes>) {
        let text = |name: &str| item[name].as_str().unwrap();
        self.model.add(text("id").to_owned(), name, place, content, text("createdAt"));
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.rng.usize(..NAMES.len())]
    }

    /// The root, or a random folder.
    fn place(&mut self) -> Place {
        let folders = self.model.live_folders();
        if self.rng.u8(..4) == 0 { None } else { self.choose(folders) }
    }

    fn some_live(&mut self) -> Option<String> {
        let live = self.model.live();
        self.choose(live)
    }

    fn choose(&mut self, mut from: Vec<String>) -> Option<String> {
        // Ids are random. A repeated run has only the order of creation in common.
        from.sort_by_key(|id| self.model.order(id));
        if from.is_empty() { None } else { Some(from.swap_remove(self.rng.usize(..from.len()))) }
    }
}

/// (id, name, size) of an item in an answer.
fn listed_item(item: &Value) -> (String, String, Option<u64>) {
    let text = |name: &str| item[name].as_str().unwrap().to_owned();
    (text("id"), text("name"), item["size"].as_u64())
}
