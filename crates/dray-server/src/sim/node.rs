//! Servers: the real [`Service`], each on the shared database and with a clock of its own. They are killed between
//! any two steps, lose the database or the store for a while, stop in an orderly way, and start again.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dray_api::{UserId, WorkspaceId};
use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::network;
use super::world::{World, lock};
use crate::config::Clock;
use crate::db::clock::SteadyClock;
use crate::db::inline::{Gate, Memory};
use crate::db::quiet::Boot;
use crate::db::{Conn, Db};
use crate::drive::access::Caller;
use crate::drive::rules::UploadRules;
use crate::drive::{Error, Result};
use crate::drive_time::DriveTime;
use crate::metrics::Metrics;
use crate::objects::Objects;
use crate::random;
use crate::service::{Parts, Service};
use crate::webhooks::Webhooks;

const TRASH_LIFE: SignedDuration = SignedDuration::from_hours(6);
/// How long a stopping server waits for work under way, like `--shutdown-grace`.
const GRACE: Duration = Duration::from_secs(30);
/// How long a stop may still take after that.
const STOPS_WITHIN: Duration = Duration::from_mins(1);
/// How long a call to a database that does not answer waits.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

/// One run of a server, from its start to its end.
pub(super) struct Life {
    pub(super) name: String,
    /// Set once it has started. Before that, it serves nobody.
    serving: CancellationToken,
    gone: CancellationToken,
    steps_left: AtomicI64,
    database_away_until: AtomicU64,
    store_away_until: AtomicU64,
    started: Instant,
}

impl Life {
    /// Takes the server one step further. A server that is gone never returns from here, so it can do nothing more.
    pub(super) async fn step(&self, world: &World) {
        if !world.is_calm() && self.steps_left.fetch_sub(1, Ordering::Relaxed) == 1 && !self.is_gone() {
            world.tell(&self.name, || "is killed".to_owned());
            self.gone.cancel();
        }
        if self.is_gone() {
            std::future::pending::<()>().await;
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone.is_cancelled()
    }

    fn is_away(&self, until: &AtomicU64) -> bool {
        self.started.elapsed() < Duration::from_millis(until.load(Ordering::Relaxed))
    }

    fn cut(&self, until: &AtomicU64, time: Duration) {
        let end = self.started.elapsed() + time;
        until.store(u64::try_from(end.as_millis()).unwrap(), Ordering::Relaxed);
    }

    pub(super) fn is_cut_from_store(&self) -> bool {
        self.is_away(&self.store_away_until)
    }
}

/// The connection of a server to the database.
struct Way {
    world: Arc<World>,
    life: Arc<Life>,
}

impl Way {
    async fn dawdle(&self) {
        if self.world.goes_wrong(self.world.profile.database_is_slow) {
            return sleep(self.world.millis(50..1500)).await;
        }
        match self.world.below(8) {
            0..4 => {}
            4..6 => tokio::task::yield_now().await,
            _ => sleep(self.world.millis(1..6)).await,
        }
    }

    async fn pass(&self) -> Result<()> {
        self.life.step(&self.world).await;
        self.dawdle().await;
        let unreachable = Err(Error::DatabaseUnreachable { detail: "simulated".into() });
        if self.life.is_away(&self.life.database_away_until) {
            sleep(DATABASE_PATIENCE).await;
            return unreachable;
        }
        if self.life.is_gone() {
            std::future::pending::<()>().await;
        }
        let fails = self.world.profile.database_fails;
        if self.world.goes_wrong(fails) && !self.world.profile.is_alone { unreachable } else { Ok(()) }
    }
}

impl Gate for Way {
    fn arrive(&self) -> BoxFuture<'_, Result<()>> {
        self.world.tell(&self.life.name, || "database".to_owned());
        Box::pin(self.pass())
    }

    fn committed(&self, c: &Conn, asked_at: Instant) {
        let faults = lock(&self.world.monitor).look(c, &lock(&self.world.store), asked_at);
        for fault in faults {
            self.world.fail(fault);
        }
    }

    fn leave(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.pass())
    }
}

/// A machine with a clock of its own, on which a server may run.
pub(super) struct Node {
    number: usize,
    clock_off_ms: Arc<AtomicI64>,
    lives: AtomicU64,
    running: Mutex<Option<Running>>,
}

#[derive(Clone)]
struct Running {
    life: Arc<Life>,
    service: Service,
    stop_sweeping: CancellationToken,
}

/// All servers, and what they share.
pub(super) struct Cluster {
    pub(super) world: Arc<World>,
    pub(super) memory: Memory,
    pub(super) nodes: Vec<Node>,
    pub(super) caller: Caller,
    /// The database's clock, if several servers share it.
    clock: SteadyClock,
}

impl Cluster {
    pub(super) fn new(
        world: Arc<World>,
        memory: &Memory,
        (workspace, user): (WorkspaceId, UserId),
    ) -> Arc<Self> {
        let node = |number| Node {
            number,
            clock_off_ms: Arc::default(),
            lives: AtomicU64::new(0),
            running: Mutex::default(),
        };
        let nodes: Vec<_> = (0..world.profile.servers).map(node).collect();
        let (clock, caller) = (SteadyClock::at(world.now()), Caller::for_user(user, workspace));
        let cluster = Arc::new(Self { world, memory: memory.clone(), nodes, caller, clock });
        (0..cluster.nodes.len()).for_each(|node| cluster.set_clock(node));
        cluster
    }

    fn set_clock(&self, node: usize) {
        let most = self.world.profile.clock_off_ms;
        let off = i64::try_from(self.world.below(most.unsigned_abs() * 2 + 1)).unwrap() - most;
        self.world.tell(node, || format!("its clock is {off} ms off"));
        self.nodes[node].clock_off_ms.store(off, Ordering::Relaxed);
    }

    /// Starts a server on a node, if none runs there.
    pub(super) async fn start(self: &Arc<Self>, node: usize) {
        let Some(running) = self.begin(node) else { return };
        let passed_ms = self.world.now().as_millisecond();
        let boot = Boot { id: "one boot".into(), passed_ms, awake_ms: passed_ms };
        let starting = async {
            while let Err(err) = running.service.begin_alone(Some(boot.clone())).await {
                self.world.tell(&running.life.name, || format!("does not start yet: {err}"));
                sleep(Duration::from_secs(1)).await;
            }
        };
        // A killed server answers nobody, not even the code that started it.
        tokio::select! {
            biased;
            () = running.life.gone.cancelled() => return,
            () = starting => running.life.serving.cancel(),
        }
        let (world, sweeping) = (Arc::clone(&self.world), running);
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = sweeping.stop_sweeping.cancelled() => {}
                () = sweep_for_ever(&world, &sweeping) => {}
            }
        });
    }

    fn begin(self: &Arc<Self>, at: usize) -> Option<Running> {
        let node = &self.nodes[at];
        let mut running = lock(&node.running);
        if running.as_ref().is_some_and(|running| !running.life.is_gone()) {
            return None;
        }
        let life = Arc::new(self.new_life(node));
        self.world.tell(&life.name, || "starts".to_owned());
        let service = self.service(node, &life);
        *running = Some(Running { life, service, stop_sweeping: CancellationToken::new() });
        running.clone()
    }

    fn new_life(&self, node: &Node) -> Life {
        let world = &self.world;
        let number = node.lives.fetch_add(1, Ordering::Relaxed);
        let steps = world.profile.steps_of_life;
        let steps_left =
            if steps == 0 { i64::MAX } else { i64::try_from(world.within(2..steps * 2)).unwrap() };
        Life {
            name: format!("n{}.{number}", node.number),
            serving: CancellationToken::new(),
            gone: CancellationToken::new(),
            steps_left: AtomicI64::new(steps_left),
            database_away_until: AtomicU64::new(0),
            store_away_until: AtomicU64::new(0),
            started: Instant::now(),
        }
    }

    fn service(&self, node: &Node, life: &Arc<Life>) -> Service {
        let (world, profile) = (Arc::clone(&self.world), &self.world.profile);
        let (off, time) = (Arc::clone(&node.clock_off_ms), Arc::clone(&self.world));
        let clock = Clock::from_fn(move || {
            time.now().checked_add(SignedDuration::from_millis(off.load(Ordering::Relaxed))).unwrap()
        });
        let steady = if profile.is_alone { SteadyClock::at(clock.now()) } else { self.clock.clone() };
        let gate = Arc::new(Way { world: Arc::clone(&world), life: Arc::clone(life) });
        let db = Db::of_memory(&self.memory, gate, !profile.is_alone, steady);
        service_of(db, Objects::answered_by(network::router(&world, life), profile.is_embedded), clock)
    }

    /// Sends a request to a chosen server; `None` if there is no answer, because the server does not run or is still
    /// starting, is killed meanwhile, or takes longer than `patience`. What the request began continues.
    pub(super) async fn ask<T, F>(
        &self,
        patience: Duration,
        ask: impl FnOnce(Service, Caller) -> F,
    ) -> Option<Result<T>>
    where
        F: Future<Output = Result<T>>,
    {
        let node = usize::try_from(self.world.below(self.nodes.len() as u64)).unwrap();
        let running = lock(&self.nodes[node].running).clone();
        let Running { life, service, .. } = running.filter(|it| it.life.serving.is_cancelled())?;
        let asked = async {
            tokio::select! {
                biased;
                () = life.gone.cancelled() => None,
                answer = timeout(patience, ask(service, self.caller)) => answer.ok(),
            }
        };
        asked.await
    }

    /// Events that happen to a server from time to time, besides being killed at some step.
    pub(super) async fn happen(self: &Arc<Self>) {
        let world = Arc::clone(&self.world);
        loop {
            sleep(world.millis(1000..world.profile.event_every_ms)).await;
            if world.is_calm() {
                return;
            }
            let node = usize::try_from(world.below(self.nodes.len() as u64)).unwrap();
            let Some(running) = lock(&self.nodes[node].running).clone() else { continue };
            let (life, time) = (&running.life, world.millis(1000..90_000));
            match world.below(6) {
                0 | 1 => self.set_clock(node),
                2 if !world.profile.is_alone => {
                    world.tell(&life.name, || format!("does not reach the database for {time:?}"));
                    life.cut(&life.database_away_until, time);
                }
                3 if !world.profile.is_embedded => {
                    world.tell(&life.name, || format!("does not reach the store for {time:?}"));
                    life.cut(&life.store_away_until, time);
                }
                4 => {
                    self.stop(&running).await;
                    self.start(node).await;
                }
                _ => {}
            }
        }
    }

    /// Starts a killed server again after some time.
    pub(super) async fn revive(self: &Arc<Self>, node: usize) {
        while !self.world.is_calm() {
            let running = lock(&self.nodes[node].running).clone();
            if let Some(running) = running {
                running.life.gone.cancelled().await;
            }
            sleep(self.world.millis(100..120_000)).await;
            self.start(node).await;
        }
    }

    /// Stops a server in the order of [`Server::run`](crate::Server::run).
    async fn stop(&self, running: &Running) {
        let (world, Running { life, service, .. }) = (&self.world, running);
        running.stop_sweeping.cancel();
        world.tell(&life.name, || "stops".to_owned());
        let stopped = async {
            if timeout(GRACE + STOPS_WITHIN, service.finish(GRACE)).await.is_err() {
                world.fail(format!("{} does not stop", life.name));
            }
        };
        tokio::select! {
            biased;
            () = life.gone.cancelled() => {}
            () = stopped => {}
        }
        world.tell(&life.name, || "has stopped".to_owned());
        life.gone.cancel();
    }

    /// From now on all servers run and reach everything.
    pub(super) async fn heal(self: &Arc<Self>) {
        for (at, node) in self.nodes.iter().enumerate() {
            let mut is_serving = false;
            while !is_serving {
                self.start(at).await;
                let running = lock(&node.running).clone();
                let life = running.expect("the node was started").life;
                life.database_away_until.store(0, Ordering::Relaxed);
                life.store_away_until.store(0, Ordering::Relaxed);
                tokio::select! {
                    biased;
                    () = life.serving.cancelled() => is_serving = true,
                    () = life.gone.cancelled() => {}
                }
            }
        }
    }

    /// Makes a server sweep.
    pub(super) async fn sweep(&self, node: usize) {
        let Some(running) = lock(&self.nodes[node].running).clone() else { return };
        sweep(&self.world, &running).await;
    }
}

/// A service, wired as a server wires it.
pub(super) fn service_of(db: Db, objects: Objects, clock: Clock) -> Service {
    Service::new(Parts {
        clock: DriveTime::new(clock, db.clone()),
        db,
        objects,
        url_ttl_secs: 3600,
        download_ttl_secs: 3600,
        rules: UploadRules::default(),
        trash_life: TRASH_LIFE,
        server: random::text().unwrap(),
        webhooks: Webhooks::new(None),
        metrics: Arc::new(Metrics::off()),
    })
}

/// Sweeps as a server does, until everything is calm. After that the schedule decides when to sweep.
async fn sweep_for_ever(world: &World, running: &Running) {
    while !world.is_calm() && !running.life.is_gone() {
        sleep(world.millis(1000..world.profile.sweep_every_ms)).await;
        sweep(world, running).await;
    }
}

async fn sweep(world: &World, running: &Running) {
    let service = &running.service;
    let swept = service.sweep(world.profile.sweep_limit).await;
    world.tell(&running.life.name, || format!("swept: {swept:?}"));
}
