//! Random histories of users, folders, roles, tokens, grants, file requests, moves, trash, restores, links, uploads and
//! batches, played against the
//! real server and the reference model ([`rules`]). After every step the items that it touched must have the model's
//! roles, and from time to time every item for every caller.
//!
//! `DRAY_MODEL_STEPS` sets the number of steps (`make torture`: 1,000,000). `DRAY_MODEL_SEED` repeats a run: a failure
//! prints its seed.

mod acts;
mod batches;
mod drive;
mod lineage;
mod narrow;
mod rules;
mod sending;
mod tokens;
mod uploads;

use std::collections::BTreeMap;

use http::Method;
use serde_json::Value;

use self::drive::{Answer, Drive};
use self::lineage::Lineage;
use self::narrow::{FileRequest, Grant};
use self::rules::{Id, Model, Who};
use self::uploads::Upload;

const USERS: usize = 4;
/// A history ends after this many steps, and another begins on an empty drive.
const STEPS_OF_A_HISTORY: usize = 1000;
/// Every pair of a caller and an item is checked after this many steps.
const CHECK_ALL_AFTER: usize = 125;
/// The maximum number of items at once. More items would make every check longer, and would affect each other less
/// often.
const MOST_ITEMS: usize = 40;
const MOST_TOKENS: usize = 8;
const MOST_UPLOADS: usize = 8;
const MOST_LINKS: usize = 8;
const MOST_GRANTS: usize = 6;
const MOST_REQUESTS: usize = 4;

/// A token besides those of the users, which an operator created and which may do everything.
struct Token {
    who: Who,
    id: String,
    secret: String,
}

struct Begun {
    upload: Upload,
    upload_id: String,
    file_key: String,
    etag: String,
    /// Whether one PUT sent it, as part of a batch.
    is_whole: bool,
    /// The token that began it, unless it is an operator's.
    token: Option<String>,
    /// The item, once it is finalized.
    became: Option<Id>,
}

struct Link {
    /// Whoever made it, and the folder of the token with which they did.
    maker: Who,
    item: Id,
    url: String,
}

/// A drive, its model, and the story so far.
struct History {
    rng: fastrand::Rng,
    drive: Drive,
    model: Model,
    /// The server's ids of items.
    ids: BTreeMap<Id, String>,
    tokens: Vec<Token>,
    lineage: Lineage,
    grants: BTreeMap<usize, Grant>,
    requests: BTreeMap<usize, FileRequest>,
    uploads: Vec<Begun>,
    links: Vec<Link>,
    told: Vec<String>,
    made: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn random_histories_have_the_roles_of_the_reference_model() {
    let (seed, steps) = settings();
    let mut left = steps;
    for number in 0_u64.. {
        let seed = seed.wrapping_add(number);
        let of_this = left.min(STEPS_OF_A_HISTORY);
        let mut history = History::begin(seed).await;
        for step in 1..=of_this {
            history.step(step).await;
        }
        history.check_all("the end").await;
        history.drive.stop().await;
        left -= of_this;
        if left == 0 {
            return;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment says what to play")]
fn settings() -> (u64, usize) {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let on_postgres = std::env::var("DRAY_TEST_POSTGRES").is_ok();
    let steps = number("DRAY_MODEL_STEPS").unwrap_or(if on_postgres { 1000 } else { 10_000 });
    (
        number("DRAY_MODEL_SEED").unwrap_or_else(|| fastrand::u64(..1_000_000_000)),
        usize::try_from(steps).unwrap(),
    )
}

impl History {
    async fn begin(seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            drive: Drive::start(USERS).await,
            model: Model::of(USERS),
            ids: BTreeMap::new(),
            tokens: Vec::new(),
            lineage: Lineage::default(),
            grants: BTreeMap::new(),
            requests: BTreeMap::new(),
            uploads: Vec::new(),
            links: Vec::new(),
            told: vec![format!("DRAY_MODEL_SEED={seed}")],
            made: 0,
        }
    }

    async fn step(&mut self, step: usize) {
        let before = self.model.clone();
        let (actor, touched) = self.act().await;
        let last = self.told.last().cloned().unwrap_or_default();
        let is_lawful = before.is_lawful(&self.model, actor);
        assert!(
            is_lawful,
            "step {step}: the model itself gave somebody a role that nobody gave: {}",
            self.story()
        );
        self.follow_links(&touched).await;
        for id in touched {
            for caller in 0..USERS {
                self.check(Who::all_of(caller), &self.drive.users[caller].1, id, &last).await;
            }
        }
        if step.is_multiple_of(CHECK_ALL_AFTER) {
            self.check_all(&format!("step {step}")).await;
            // Removed items are checked once more.
            let items = &self.model.items;
            self.ids.retain(|id, _| items.contains_key(id));
        }
    }

    /// Checks that somebody sees an item as the model says, with that role on it.
    async fn check(&self, who: Who, token: &str, id: Id, when: &str) {
        let answer =
            self.drive.ask(token, Method::GET, &format!("/drive/files/{}", self.ids[&id]), None).await;
        let is_known = self.model.items.contains_key(&id);
        let expected = if is_known && who.reads { self.model.sees(who, id) } else { None };
        let expected = expected.map(|role| format!("{role:?}").to_lowercase());
        let status = if who.reads { 404 } else { 403 };
        let story = || format!("{who:?} and {id} after {when}: {}", self.story());
        assert!(
            answer.is_done() || answer.status == status,
            "{} {}: {}",
            answer.status,
            answer.body,
            story()
        );
        let found = answer.body["role"].as_str().map(str::to_owned);
        assert_eq!(found, expected, "the role of {}", story());
        if is_known && answer.is_done() {
            let item = &self.model.items[&id];
            assert_eq!(answer.body["name"], item.name.as_str(), "the name for {}", story());
            let owner = self.drive.users[item.owner].0.as_str();
            assert_eq!(answer.body["owner"], owner, "the owner for {}", story());
        }
    }

    async fn check_all(&self, when: &str) {
        self.follow_links(&self.ids.keys().copied().collect::<Vec<_>>()).await;
        let own = self.drive.users.iter().enumerate().map(|(user, (_, secret))| (Who::all_of(user), secret));
        let callers: Vec<_> = own.chain(self.tokens.iter().map(|token| (token.who, &token.secret))).collect();
        for &(who, secret) in &callers {
            for &id in self.ids.keys() {
                self.check(who, secret, id, when).await;
            }
        }
        for &(who, secret) in &callers[..USERS] {
            let answer = self.drive.ask(secret, Method::GET, "/drive/trash?limit=200", None).await;
            let found: std::collections::BTreeSet<_> = answer.body["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].as_str().unwrap())
                .collect();
            let expected: std::collections::BTreeSet<_> =
                self.model.trash_of(who).iter().map(|id| self.ids[id].as_str()).collect();
            assert_eq!(found, expected, "the trash of {who:?} after {when}: {}", self.story());
            self.check_bytes(who, secret, when).await;
        }
    }

    /// Checks that whoever sees a file reads the bytes that were put into it.
    async fn check_bytes(&self, who: Who, secret: &str, when: &str) {
        for (&id, item) in &self.model.items {
            if let Some(bytes) = item.bytes.as_ref().filter(|_| self.model.sees(who, id).is_some()) {
                let path = format!("/drive/files/{}/download", self.ids[&id]);
                let answer = self.drive.ask(secret, Method::GET, &path, None).await;
                let found = self.drive.read(answer.body["url"].as_str().unwrap()).await;
                assert_eq!(&found, bytes, "what is in {id} after {when}: {}", self.story());
            }
        }
    }

    /// Checks that the server did what the model says. Whoever does not see an item gets "not found".
    #[track_caller]
    fn agree(&mut self, act: &str, is_allowed: bool, answer: &Answer) {
        let outcome = format!("{act} -> {} {}", answer.status.as_u16(), answer.body["code"]);
        self.told.push(outcome);
        assert!(answer.status.as_u16() < 500, "{}", self.story());
        assert_eq!(answer.is_done(), is_allowed, "the model says {is_allowed}: {}", self.story());
    }

    fn story(&self) -> String {
        let last = self.told.iter().skip(1).rev().take(25).rev();
        let last: Vec<_> = last.map(String::as_str).collect();
        format!("{} ({} steps), at last:\n{}\n", self.told[0], self.told.len() - 1, last.join("\n"))
    }
}

/// The id in an answer, or an empty text.
fn text<'a>(answer: &'a Answer, field: &str) -> &'a str {
    answer.body.get(field).and_then(Value::as_str).unwrap_or_default()
}
