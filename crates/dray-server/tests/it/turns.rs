//! Long transactions of one user take turns, so that other people do not wait for all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use dray_api::limits::{MAX_BATCH_FOLDERS, MAX_BATCH_LOOKUPS};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::acts::id;
use crate::batch::known;
use crate::world::{Actor, Answer, World};

/// How many long requests one user sends at once.
const REQUESTS: usize = 64;

/// Requests of one user, and how many of them are answered.
struct Long {
    requests: JoinSet<u16>,
    answered: Arc<(AtomicUsize, Notify)>,
}

impl Long {
    /// Sends batches that are refused, because too many uploads are open. The drive looks each file up first.
    async fn send(actor: &Actor) -> Self {
        actor.start("open", 1).await;
        let files: Vec<Value> = (0..100).map(|n| known(&format!("{n}"), b"1")).collect();
        let body = Arc::new(json!({ "files": files }));
        Self::of(REQUESTS, || {
            let (actor, body) = (actor.clone(), body.clone());
            async move { actor.batch("start", &body).await }
        })
        .await
    }

    /// Sends this many of these requests at once. Returns when one of them is answered.
    async fn of<F>(count: usize, send: impl Fn() -> F) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let mut long = Self { requests: JoinSet::new(), answered: Arc::default() };
        for _ in 0..count {
            let (asked, answered) = (send(), long.answered.clone());
            long.requests.spawn(async move {
                let answer = asked.await;
                answered.0.fetch_add(1, Relaxed);
                answered.1.notify_one();
                answer.status.as_u16()
            });
        }
        long.answered.1.notified().await;
        long
    }
}

#[tokio::test]
async fn long_requests_of_one_user_keep_others_waiting_for_a_few_of_them_only() {
    let world = World::start_with(|config| config.uploads.max_open_uploads = 1).await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let long = Long::send(&member).await;
    owner.folder("g", None).await;
    let answered = long.answered.0.load(Relaxed);
    assert!(answered < REQUESTS / 2, "{answered} of {REQUESTS} long requests were answered first");
    assert_eq!(long.requests.join_all().await, [200; REQUESTS]);
}

#[tokio::test]
async fn long_reads_of_one_user_keep_others_waiting_for_a_few_of_them_only() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    for number in 0..40 {
        let below = owner.folder(&format!("{number}"), Some(&folder)).await;
        owner.folder("g", Some(&below)).await;
    }
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let path = format!("/drive/tree?parentId={folder}&depth=10");
    let long = Long::of(150, || {
        let (member, path) = (member.clone(), path.clone());
        async move { member.get(&path).await }
    })
    .await;
    owner.get(&path).await.ok();
    let answered = long.answered.0.load(Relaxed);
    assert!(answered < 75, "{answered} of 150 long reads were answered first");
    assert_eq!(long.requests.join_all().await, [200; 150]);
}

#[tokio::test]
async fn many_short_writes_of_one_user_keep_others_waiting_for_a_few_of_them_only() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let member = world.participant("member@example.com", &owner, &folder, "admin").await;
    let of_member = owner.folder("g", Some(&folder)).await;
    let path = format!("/drive/files/{of_member}");
    let long = Long::of(150, || {
        let (member, path) = (member.clone(), path.clone());
        async move { member.patch(&path, &json!({ "name": "h" })).await }
    })
    .await;
    owner.get(&format!("/drive/files/{folder}")).await.ok();
    let answered = long.answered.0.load(Relaxed);
    // SQLite commits so many at a time that most are answered at once.
    let is_right = answered < 75 || world.database.is_file();
    assert!(is_right, "{answered} of 150 renames were answered first");
    let answers = long.requests.join_all().await;
    // On a busy machine with Postgres, the last ones may have waited for too long.
    assert!(answers.iter().all(|status| [200, 503].contains(status)), "{answers:?}");
}

#[tokio::test]
async fn a_token_that_ends_while_its_long_request_waits_does_nothing() {
    let world = World::start_with(|config| config.uploads.max_open_uploads = 1).await;
    let owner = world.owner();
    let new = json!({ "name": "child", "scopes": ["access_drive"] });
    let child = owner.post("/tokens", &new).await.ok();
    let long = Long::send(&world.with_token(child["token"].as_str().unwrap())).await;
    assert_eq!(owner.delete(&format!("/tokens/{}", id(&child))).await.status, 204);
    let answers = long.requests.join_all().await;
    assert!(
        answers.contains(&401) && answers.iter().all(|status| [200, 401].contains(status)),
        "{answers:?}"
    );
}

#[tokio::test]
async fn the_paths_of_one_batch_name_a_limited_number_of_folders() {
    let world = World::start().await;
    let owner = world.owner();
    let path = |n: usize| format!("{}f", format!("{n}/").repeat(100));
    let files: Vec<Value> = (0..=MAX_BATCH_LOOKUPS / 100).map(|n| known(&path(n), b"1")).collect();
    for new in files.chunks(MAX_BATCH_FOLDERS / 100) {
        owner.start_files(new, &json!({})).await;
    }
    let begun = owner.batch("start", &json!({ "files": files })).await.ok();
    let (last, others) = begun["files"].as_array().unwrap().split_last().unwrap();
    assert_eq!(last["error"]["code"], "invalid_field", "{last}");
    assert!(others.iter().all(|file| file["upload"].is_object()));
    owner.start_files(&files[others.len()..], &json!({})).await;
}

#[tokio::test]
async fn one_user_who_sets_passwords_without_end_keeps_nobody_from_setting_one() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let (busy, other) = (owner.file("busy", Some(&folder)).await, owner.file("other", None).await);
    let member = world.participant("member@example.com", &owner, &folder, "admin").await;
    let body = json!({ "password": "long enough" });
    let mut links = JoinSet::new();
    for _ in 0..40 {
        let (member, path, body) = (member.clone(), format!("/drive/files/{busy}/links"), body.clone());
        links.spawn(async move { member.post(&path, &body).await.status.as_u16() });
    }
    links.join_next().await.unwrap().unwrap();
    owner.post(&format!("/drive/files/{other}/links"), &body).await.ok();
    let answers = links.join_all().await;
    assert!(answers.iter().all(|status| *status != 503), "{answers:?}");
}
