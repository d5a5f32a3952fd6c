//! Deterministic simulation of uploads: the real service on simulated time, with several servers on one database,
//! wrong clocks, a store whose every answer may be late, lost or wrong, and kills between any two steps. A seed
//! determines every choice of a schedule, so that a fault can be examined again: `DRAY_SIM_SEED` prints the
//! schedule's events.
//!
//! It does not simulate Postgres or SQLite's threads: statements run on SQLite in memory, one transaction after the other.

mod batch;
mod monitor;
mod network;
mod node;
mod profile;
mod resumed;
mod settle;
mod store;
mod uploader;
mod world;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use dray_api::{UserId, WorkspaceId};
use tokio::task::JoinSet;

use crate::db::inline::Memory;
use crate::random::seeded;
use batch::Batch;
use node::Cluster;
use uploader::Uploader;
use world::{Outcome, World};

/// The default number of schedules: some ten seconds on two processors. `DRAY_SIM_SCHEDULES` sets another.
const SCHEDULES: u64 = 500;
/// How many schedules use one database. It is cleared after each, and replaced before it grows large.
const ON_ONE_DATABASE: u64 = 500;
/// Longer than any schedule takes. Time is paused, so this passes at once when all tasks wait for each other.
const STANDSTILL: std::time::Duration = std::time::Duration::from_hours(24 * 30);
/// How many faults are printed in full.
const TOLD: usize = 3;

fn owner() -> (WorkspaceId, UserId) {
    (WorkspaceId::new(1, [1; 8]), UserId::new(1, [2; 8]))
}

fn database() -> Memory {
    let (workspace, user) = owner();
    Memory::new(workspace, user)
}

/// Plays one schedule.
fn play(seed: u64, memory: &Memory, is_told: bool) -> Outcome {
    memory.clear();
    seeded::follow(Some(seed));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let outcome = runtime.block_on(async {
        let world = Arc::new(World::new(seed, is_told));
        let cluster = Cluster::new(Arc::clone(&world), memory, owner());
        if tokio::time::timeout(STANDSTILL, schedule(&cluster)).await.is_err() {
            world.fail("the schedule stands still: all tasks wait for each other".to_owned());
        }
        world.outcome()
    });
    drop(runtime);
    seeded::follow(None);
    outcome
}

async fn schedule(cluster: &Arc<Cluster>) {
    let world = &cluster.world;
    for node in 0..cluster.nodes.len() {
        cluster.start(node).await;
        let reviving = Arc::clone(cluster);
        tokio::spawn(async move { reviving.revive(node).await });
    }
    let happening = Arc::clone(cluster);
    tokio::spawn(async move { happening.happen().await });
    let mut clients = JoinSet::new();
    for number in 0..world.profile.clients {
        if world.chance(world.profile.batches) {
            clients.spawn(Batch::new(cluster, number).run());
        } else {
            let uploader = Uploader::new(cluster, number);
            clients.spawn(async move { vec![uploader.run().await] });
        }
    }
    let healing = Arc::clone(cluster);
    let healed = tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(healing.world.profile.trouble_ms)).await;
        healing.world.calm();
        healing.heal().await;
    });
    let known = clients.join_all().await.concat();
    healed.await.unwrap();
    settle::settle(cluster, &known).await;
}

#[expect(clippy::disallowed_methods, reason = "the environment says which schedules to play")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// The results of all schedules.
#[derive(Default)]
struct Total {
    bad: Vec<(u64, Vec<String>)>,
    states: HashSet<u64>,
    ways: HashSet<u64>,
    steps: u64,
}

impl Total {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        self.steps += outcome.steps;
        self.states.extend(outcome.states);
        self.ways.insert(outcome.digest);
        if !outcome.faults.is_empty() {
            self.bad.push((seed, outcome.faults));
        }
    }

    fn join(mut self, other: Self) -> Self {
        self.bad.extend(other.bad);
        self.states.extend(other.states);
        self.ways.extend(other.ways);
        Self { steps: self.steps + other.steps, ..self }
    }
}

/// Plays the seeds from `first` on, on all processors.
fn play_all(first: u64, schedules: u64) -> Total {
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let worker = || {
        let (mut total, mut memory) = (Total::default(), database());
        for played in 1.. {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= schedules {
                break;
            }
            let seed = first.wrapping_add(number);
            total.add(seed, play(seed, &memory, false));
            if played % ON_ONE_DATABASE == 0 {
                memory = database();
            }
        }
        total
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).fold(Total::default(), Total::join)
    })
}

#[test]
fn no_schedule_loses_doubles_or_leaves_anything() {
    let seed = setting("DRAY_SIM_SEED");
    let schedules = setting("DRAY_SIM_SCHEDULES").unwrap_or(if seed.is_some() { 1 } else { SCHEDULES });
    let (first, begun) = (seed.unwrap_or(1), Instant::now());
    let mut total = play_all(first, schedules);
    let took_ms = begun.elapsed().as_millis().max(1);
    println!(
        "{schedules} schedules, beginning with seed {first}, in {} s: {} a second, {} steps, {} distinct courses, {} distinct states, {} with faults",
        took_ms / 1000,
        u128::from(schedules) * 1000 / took_ms,
        total.steps,
        total.ways.len(),
        total.states.len(),
        total.bad.len(),
    );
    total.bad.sort();
    for (seed, faults) in total.bad.iter().skip(TOLD).take(100) {
        println!("DRAY_SIM_SEED={seed}: {}", faults[0]);
    }
    for (seed, _) in total.bad.iter().take(TOLD) {
        println!("DRAY_SIM_SEED={seed}\n{}\n", play(*seed, &database(), true).lines.join("\n"));
    }
    assert!(total.bad.is_empty(), "{} of {schedules} schedules have faults", total.bad.len());
}

#[test]
fn one_seed_is_one_story_on_any_database() {
    let (used, other) = (database(), database());
    for seed in 1..20 {
        play(seed + 1000, &used, false);
        let (first, second) = (play(seed, &used, true), play(seed, &other, true));
        let differs = first.lines.iter().zip(&second.lines).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(first, second, "seed {seed}");
    }
}
