//! How many whole uploads of one small part a server completes per second, many at once: start, sign, put, finalize.

use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Server;
use crate::connection::Connection;
use crate::payload::{self, Payload};
use crate::process::cpu_secs;
use crate::target::Target;

const WARM_UP: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(crate) struct Cycles {
    #[command(flatten)]
    server: Server,
    /// Uploads at once, each on a connection of its own
    #[arg(long)]
    at_once: usize,
    /// How long is measured, after a second to warm up
    #[arg(long)]
    secs: u64,
    /// Size of the one part
    #[arg(long)]
    part_bytes: usize,
}

impl Cycles {
    pub(crate) async fn measure(&self) -> anyhow::Result<Value> {
        let part = payload::random(self.part_bytes)?;
        let from = Instant::now() + WARM_UP;
        let until = from + Duration::from_secs(self.secs);
        let mut workers = JoinSet::new();
        for worker in 0..self.at_once {
            workers.spawn(cycle(self.server.target()?, worker, part.clone(), until));
        }
        tokio::time::sleep_until(from.into()).await;
        let cpu_before = cpu_secs(self.server.pid)?;
        tokio::time::sleep_until(until.into()).await;
        let cpu = cpu_secs(self.server.pid)? - cpu_before;
        let mut times = Vec::new();
        while let Some(worker) = workers.join_next().await {
            times.extend(
                worker??.into_iter().filter(|(end, _)| (from..until).contains(end)).map(|(_, time)| time),
            );
        }
        times.sort_unstable();
        let ms = |at: usize| times.get(at).map(|time| time.as_secs_f64() * 1e3);
        #[expect(clippy::cast_precision_loss, reason = "a count of seconds' work is far below 2^52")]
        let (count, secs) = (times.len() as f64, self.secs as f64);
        Ok(json!({
            "cycles_per_sec": count / secs,
            "p50_ms": ms(times.len() / 2),
            "p99_ms": ms(times.len() * 99 / 100),
            "server_cpu_ms_per_cycle": cpu * 1e3 / count,
        }))
    }
}

/// When each upload ended and how long it took.
async fn cycle(
    target: Target,
    worker: usize,
    part: Bytes,
    until: Instant,
) -> anyhow::Result<Vec<(Instant, Duration)>> {
    let mut connection = target.connect().await?;
    let mut done = Vec::new();
    while Instant::now() < until {
        let start = Instant::now();
        one(&target, &mut connection, &format!("cycle-{worker}-{}", done.len()), &part).await?;
        done.push((Instant::now(), start.elapsed()));
    }
    Ok(done)
}

async fn one(target: &Target, connection: &mut Connection, name: &str, part: &Bytes) -> anyhow::Result<()> {
    let upload = target.start(connection, name, part.len() as u64).await?;
    let paths = target.part_paths(connection, &upload, 1).await?;
    let etag = connection.put(&paths[0], Payload::whole(part.clone())).await?;
    let body = target.finish_body(&upload, &[etag])?;
    target.finish(connection, &upload, body).await?;
    Ok(())
}
