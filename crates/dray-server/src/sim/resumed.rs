//! Many finalizes that a stopped server has left behind, in a store that takes long for each Complete. The sweeper
//! continues only some of them at once, and still sweeps everything else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use dray_api::upload::{FinalizeUpload, OnConflict, StartUpload, StartedUpload};
use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::time::Instant;

use super::network::{read, response};
use super::node::service_of;
use super::store::{Call, Store};
use super::world::lock;
use super::{database, owner};
use crate::config::Clock;
use crate::db::clock::SteadyClock;
use crate::db::inline::{self, Gate, Memory};
use crate::db::{Conn, Db};
use crate::drive::access::Caller;
use crate::drive::{Error, Result};
use crate::objects::Objects;
use crate::service::{MAX_RESUMED, Once, Service};

/// How many finalizes are left behind: more than sweeps continue at once.
const LEFT: usize = MAX_RESUMED + 8;

/// A database that always answers, after this time.
struct After(Duration);

impl Gate for After {
    fn arrive(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            tokio::time::sleep(self.0).await;
            Ok(())
        })
    }

    fn committed(&self, _: &Conn, _: Instant) {}

    fn leave(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

/// A store whose Completes take until they are let go.
#[derive(Clone)]
struct Slow {
    store: Arc<std::sync::Mutex<Store>>,
    lets_go: Arc<watch::Sender<bool>>,
    completing: Arc<AtomicUsize>,
}

/// Counts a Complete for as long as somebody waits for it.
struct Completing(Arc<AtomicUsize>);

impl Drop for Completing {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Slow {
    fn new() -> Self {
        let (store, completing) = (Arc::default(), Arc::default());
        Self { store, lets_go: Arc::new(watch::Sender::new(false)), completing }
    }

    fn completing(&self) -> usize {
        self.completing.load(Ordering::SeqCst)
    }

    /// A server on this store and that database.
    fn served(&self, memory: &Memory) -> Service {
        self.served_after(memory, Duration::ZERO)
    }

    /// The same, if the database takes that long for each answer.
    fn served_after(&self, memory: &Memory, takes: Duration) -> Service {
        let router = Router::new().fallback(answer).with_state(self.clone());
        let began = Instant::now();
        let clock = Clock::from_fn(move || {
            jiff::Timestamp::UNIX_EPOCH
                + SignedDuration::try_from(Duration::from_hours(24) + began.elapsed()).unwrap()
        });
        let db = Db::of_memory(memory, Arc::new(After(takes)), false, SteadyClock::at(clock.now()));
        service_of(db, Objects::answered_by(router, false), clock)
    }
}

async fn answer(State(slow): State<Slow>, request: Request) -> Response {
    let call = read(request).await;
    if matches!(call, Call::Complete { .. }) {
        slow.completing.fetch_add(1, Ordering::SeqCst);
        let _counted = Completing(Arc::clone(&slow.completing));
        let _ = slow.lets_go.subscribe().wait_for(|lets_go| *lets_go).await;
        return response(lock(&slow.store).answer(&call));
    }
    response(lock(&slow.store).answer(&call))
}

fn caller() -> Caller {
    let (workspace, user) = owner();
    Caller::for_user(user, workspace)
}

/// An upload whose one part is there.
async fn upload(service: &Service, slow: &Slow, name: String) -> (StartedUpload, FinalizeUpload) {
    let request = StartUpload {
        file_name: name,
        file_size: 3,
        mime_type: "a/b".into(),
        parent_id: None,
        on_conflict: OnConflict::Keep,
        checksum: None,
    };
    let started =
        service.start_upload(&caller(), request, Once::default(), service.now()).await.unwrap().answer;
    lock(&slow.store).put_part(&started.upload_id, 1, 3).unwrap();
    let finalize = FinalizeUpload {
        upload_id: started.upload_id.clone(),
        file_key: started.file_key.clone(),
        parts: None,
        checksum: None,
        verify: false,
    };
    (started, finalize)
}

/// A database in which a stopped server has left that many finalizes behind.
async fn left_by_another(slow: &Slow) -> Memory {
    let memory = database();
    let service = slow.served(&memory);
    for number in 0..LEFT {
        let (_, request) = upload(&service, slow, format!("file {number}")).await;
        let asked = service.clone();
        tokio::spawn(async move { asked.finalize(&caller(), request).await });
    }
    until(|| slow.completing() == LEFT).await;
    service.finish(Duration::from_millis(100)).await;
    until(|| slow.completing() == 0).await;
    memory
}

/// Time is paused, so it passes as soon as nobody has anything to do.
async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn items(memory: &Memory) -> usize {
    memory.look(inline::items_seen).len()
}

#[tokio::test(start_paused = true)]
async fn only_so_many_finalizes_are_continued_at_once_and_they_keep_nothing_else_waiting() {
    let slow = Slow::new();
    let memory = left_by_another(&slow).await;
    let service = slow.served(&memory);
    service.begin_alone(None).await.unwrap();
    upload(&service, &slow, "left alone".to_owned()).await;
    tokio::time::sleep(Duration::from_hours(25)).await;
    let swept = service.sweep(1000).await.unwrap().unwrap();
    assert_eq!((swept.expired, swept.finalized, slow.completing()), (1, 0, MAX_RESUMED));

    // No other finalize is continued while these are under way.
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_mins(1)).await;
        service.sweep(1000).await.unwrap();
        assert_eq!(slow.completing(), MAX_RESUMED);
    }
    // A client that finalizes does not have to wait for a place.
    let (_, request) = upload(&service, &slow, "new".to_owned()).await;
    let asked = service.clone();
    let finalized = tokio::spawn(async move { asked.finalize(&caller(), request).await });
    until(|| slow.completing() == MAX_RESUMED + 1).await;

    slow.lets_go.send_replace(true);
    finalized.await.unwrap().unwrap();
    until(|| items(&memory) == MAX_RESUMED + 1).await;
    let swept = service.sweep(1000).await.unwrap().unwrap();
    assert_eq!((swept.finalized, items(&memory)), (8, LEFT + 1));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_another_finalize_is_answered_in_time_and_holds_no_server_up() {
    let (slow, memory) = (Slow::new(), database());
    let first = slow.served(&memory);
    let (_, request) = upload(&first, &slow, "once".to_owned()).await;
    let (asked, wanted) = (first.clone(), request.clone());
    tokio::spawn(async move { asked.finalize(&caller(), wanted).await });
    until(|| slow.completing() == 1).await;

    let other = slow.served_after(&memory, Duration::from_secs(3));
    let begun = Instant::now();
    let outcome = other.finalize(&caller(), request.clone()).await;
    assert!(matches!(outcome, Err(Error::FinalizePending)), "{outcome:?}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());

    let asked = other.clone();
    let waiting = tokio::spawn(async move { asked.finalize(&caller(), request).await });
    tokio::time::sleep(Duration::from_secs(8)).await;
    let begun = Instant::now();
    other.finish(Duration::ZERO).await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert!(matches!(waiting.await.unwrap(), Err(Error::FinalizePending)));
}

#[tokio::test(start_paused = true)]
async fn more_finalizes_than_a_sweep_reads_hide_no_other_work() {
    let slow = Slow::new();
    let memory = left_by_another(&slow).await;
    let service = slow.served(&memory);
    service.begin_alone(None).await.unwrap();
    upload(&service, &slow, "left alone".to_owned()).await;
    let limit = 10;
    tokio::time::sleep(Duration::from_hours(25)).await;
    let swept = service.sweep(limit).await.unwrap().unwrap();
    assert_eq!((swept.expired, slow.completing()), (1, limit as usize));
    slow.lets_go.send_replace(true);
}
